/* SPDX-License-Identifier: MPL-2.0 */
/* The data directory: found, locked, and who we are by it. */
#include <libgen.h>
#include <sys/random.h>
#include <unistd.h>

#include "disk.h"
#include "shell.h"

/* `data` is relative to the file that names it, wherever heliosd is started. */
static int find_dir(struct shell *s)
{
    const char *data = s->config->data_dir.at;
    _autofree_ char *file = realpath(s->file, NULL);
    _autofree_ char *given =
        data[0] == '/' || file == NULL ? xdup(data) : disk_path(dirname(file), data);
    int r = disk_make_dir(given, 0755);
    if (r == 0 && (s->data_dir = realpath(given, NULL)) == NULL)
        r = -errno;
    return r;
}

/* Drawn once for a data directory, so that a restart need not wait for itself (L1). */
static int know_ourselves(struct shell *s)
{
    _autofree_ char *path = disk_path(s->data_dir, "controller.id");
    if (disk_read_line(path, s->id, sizeof(s->id)) == 0 && s->id[0])
        return 0;
    uint64_t drawn[2];
    if (getrandom(drawn, sizeof(drawn), 0) != sizeof(drawn))
        return -EIO;
    snprintf(s->id, sizeof(s->id), "%016llx%016llx", (unsigned long long)drawn[0],
             (unsigned long long)drawn[1]);
    return disk_write(path, bytes_of(s->id), 0644);
}

int data_open(struct shell *s, const char **ret_what)
{
    *ret_what = s->config->data_dir.at;
    int r = find_dir(s);
    if (r < 0)
        return r;
    _autofree_ char *lock = disk_path(s->data_dir, "lock");
    r = disk_lock(lock, &s->lock_fd);
    if (r < 0)
        return r;
    _autofree_ char *endpoints = disk_path(s->data_dir, "endpoints.json");
    unlink(endpoints); /* of an earlier process: who waits for it must see ours */
    return know_ourselves(s);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the zones that were read. Refuses names that lead out of the directory of tzdata. */
#include "zones.h"

#include <ctype.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/list.h"

#define DIRECTORY "/usr/share/zoneinfo/"
#define NAME_MOST 64
#define FILE_MOST 65536
#define ZONES_MOST 2000 /* there are some 600; only files that are there count */

struct known {
    struct list link;
    char name[NAME_MOST + 1];
    struct zone *zone; /* owned */
};
static struct list known = {&known, &known}; /* struct known.link, the newest found first: mostly it is asked for again */
static size_t n_known;

static bool is_name(struct bytes name)
{
    if (name.n == 0 || name.n > NAME_MOST || !isalpha((unsigned char)name.at[0]))
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!isalnum((unsigned char)name.at[i]) && strchr("_+-/", name.at[i]) == NULL)
            return false; /* a point is in no name: no way up */
    return true;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static int read_zone(const char *name, struct zone **ret)
{
    _cleanup_(buf_done) struct buf file = {0};
    char path[sizeof(DIRECTORY) + NAME_MOST];
    struct stat about;
    snprintf(path, sizeof(path), DIRECTORY "%s", name);
    _cleanup_(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) < 0 || !S_ISREG(about.st_mode))
        return -ENOENT;
    if (about.st_size > FILE_MOST)
        return -EINVAL;
    for (ssize_t n = 1; n > 0 && file.n <= FILE_MOST;) {
        char piece[4096];
        n = read(fd, piece, sizeof(piece));
        buf_add(&file, piece, n > 0 ? (size_t)n : 0);
    }
    return zone_parse(buf_bytes(&file), ret);
}

static struct known *find(struct bytes name)
{
    list_each (k, &known, struct known, link)
        if (bytes_is(name, k->name)) {
            list_out(&k->link);
            list_push_front(&known, &k->link);
            return k;
        }
    return NULL;
}

int zones_find(struct bytes name, const struct zone **ret)
{
    *ret = NULL;
    if (name.n == 0 || bytes_is(name, "UTC"))
        return 0;
    if (!is_name(name))
        return -EINVAL;
    struct known *k = find(name);
    if (k == NULL) {
        struct zone *zone;
        _autofree_ char *text = bytes_dup(name);
        int r = n_known < ZONES_MOST ? read_zone(text, &zone) : -ENOENT;
        if (r < 0)
            return r;
        k = NEW(struct known);
        memcpy(k->name, text, name.n);
        k->zone = zone;
        list_push_front(&known, &k->link);
        n_known++;
    }
    *ret = k->zone;
    return 0;
}

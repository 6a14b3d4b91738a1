/* SPDX-License-Identifier: MPL-2.0 */
/* Owns DATA/reports. Refuses to know what a report says. */
#include "reports.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "orchestrator/core/helios.h"

struct found {
    struct timespec at;
    char name[256];
};

static int oldest_first(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    if (a->at.tv_sec != b->at.tv_sec)
        return a->at.tv_sec < b->at.tv_sec ? -1 : 1;
    if (a->at.tv_nsec != b->at.tv_nsec)
        return a->at.tv_nsec < b->at.tv_nsec ? -1 : 1;
    return strcmp(a->name, b->name);
}

static struct found *find_all(DIR *dir, size_t *ret_n)
{
    struct found *all = NULL;
    size_t n = 0, room = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        struct stat about;
        if (fstatat(dirfd(dir), e->d_name, &about, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(about.st_mode))
            continue;
        if (n == room) {
            room = MAX((size_t)64, room * 2);
            all = xrealloc(all, room * sizeof(*all));
        }
        all[n].at = about.st_mtim;
        snprintf(all[n++].name, sizeof(all->name), "%s", e->d_name);
    }
    *ret_n = n;
    return all;
}

static void remove_oldest(const char *path, size_t keep)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return;
    size_t n;
    _autofree_ struct found *all = find_all(dir, &n);
    if (n > keep) {
        qsort(all, n, sizeof(*all), oldest_first);
        for (size_t i = 0; i < n - keep; i++)
            unlinkat(dirfd(dir), all[i].name, 0);
    }
    closedir(dir);
}

static int write_one(const char *dir, const struct wanted_file *file)
{
    if (strchr(file->name, '/') || file->name[0] == '.')
        return -EINVAL;
    _autofree_ char *path = disk_path(dir, file->name);
    if (file->append)
        return disk_append_line(path, bytes_of(file->text), 0644);
    return disk_write(path, bytes_of(file->text), 0644);
}

int reports_write(struct helios *h, const char *data_dir, size_t keep)
{
    struct wanted_file *file = helios_take_file(h);
    if (file == NULL)
        return 0;
    _autofree_ char *dir = disk_path(data_dir, "reports");
    int result = disk_make_dir(dir, 0755);
    for (; file; file = helios_take_file(h)) {
        int r = write_one(dir, file);
        if (r < 0)
            result = r;
        free(file->name);
        free(file->text);
        free(file);
    }
    remove_oldest(dir, keep);
    return result;
}

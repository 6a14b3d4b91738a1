/* SPDX-License-Identifier: MPL-2.0 */
/* Owns how files come to disk. Refuses to know what is in them. */
#include "disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

char *disk_path(const char *dir, const char *name)
{
    struct buf path = {0};
    buf_text(&path, dir);
    if (name)
        buf_printf(&path, "/%s", name);
    return buf_take(&path);
}

static int make_one(const char *path, unsigned mode)
{
    return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int disk_make_dir(const char *path, unsigned mode)
{
    _autofree_ char *copy = xdup(path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int r = make_one(copy, 0755);
        if (r < 0)
            return r;
        *slash = '/';
    }
    return make_one(copy, mode);
}

static int write_all(int fd, struct bytes content)
{
    while (content.n) {
        ssize_t n = write(fd, content.at, content.n);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            content.at += n;
            content.n -= (size_t)n;
        }
    }
    return 0;
}

int disk_write(const char *path, struct bytes content, unsigned mode)
{
    _cleanup_(buf_done) struct buf part = {0};
    buf_printf(&part, "%s.part", path);
    int fd = open(buf_str(&part), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, content);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && rename(buf_str(&part), path) < 0)
        r = -errno;
    if (r < 0)
        unlink(buf_str(&part));
    return r;
}

bool disk_there(const char *path)
{
    return access(path, F_OK) == 0;
}

int disk_remove(const char *path)
{
    return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int disk_read_line(const char *path, char *ret, size_t room)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return -errno;
    int r = fgets(ret, (int)room, f) ? 0 : -ENODATA;
    if (r == 0)
        ret[strcspn(ret, "\r\n")] = '\0';
    fclose(f);
    return r;
}

int disk_lock(const char *path, int *ret_fd)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

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

/* end_of_lines finds the newline before `end`, and answers the place behind it: 0 when there is none. */
static off_t end_of_lines(int fd, off_t end)
{
    char part[4096];
    while (end > 0) {
        off_t begin = MAX(end - (off_t)sizeof(part), (off_t)0);
        ssize_t n = pread(fd, part, (size_t)(end - begin), begin);
        const char *newline = n > 0 ? memrchr(part, '\n', (size_t)n) : NULL;
        if (newline)
            return begin + (newline - part) + 1;
        end = begin;
    }
    return 0;
}

static bool ends_with(int fd, off_t end, struct bytes line)
{
    off_t begin = end - (off_t)line.n - 1;
    _autofree_ char *last = xalloc(line.n + 2);
    if (begin < 0)
        return false;
    bool starts = begin == 0 || (pread(fd, last, 1, begin - 1) == 1 && *last == '\n');
    return starts && pread(fd, last, line.n + 1, begin) == (ssize_t)line.n + 1 &&
           memcmp(last, line.at, line.n) == 0 && last[line.n] == '\n';
}

static int append(int fd, struct bytes line)
{
    struct stat about;
    if (fstat(fd, &about) < 0)
        return -errno;
    off_t end = end_of_lines(fd, about.st_size);
    if (end < about.st_size && ftruncate(fd, end) < 0)
        return -errno;
    if (ends_with(fd, end, line))
        return 0;
    _cleanup_(buf_done) struct buf text = {0};
    buf_printf(&text, BYTES_F "\n", BYTES_A(line));
    int r = write_all(fd, buf_bytes(&text));
    return r < 0 ? r : fdatasync(fd) < 0 ? -errno : 0;
}

int disk_append_line(const char *path, struct bytes line, unsigned mode)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    int r = append(fd, line);
    return close(fd) < 0 && r == 0 ? -errno : r;
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

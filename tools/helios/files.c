/* SPDX-License-Identifier: MPL-2.0 */
/* Owns how a pair of key files is written. Refuses to overwrite anything. */
#include "files.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_join(const char *dir, const char *name, const char *ending)
{
    char *path;
    if (asprintf(&path, "%s/%s%s", dir, name, ending) < 0)
        abort();
    return path;
}

int file_create(const char *path, const struct buf *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    bool good = fchmod(fd, mode) == 0 && /* whatever the umask */
                write(fd, text->at, text->n) == (ssize_t)text->n && fsync(fd) == 0;
    int error = good ? 0 : -errno;
    close(fd);
    return error;
}

int file_key_pair(const char *stem, const char *secret, const char *public, const struct key *k,
                  char **ret_why)
{
    struct buf text[2] = {0}, path[2] = {0};
    const char *const endings[2] = {secret, public};
    int error = 0;
    for (int i = 0; i < 2 && error == 0; i++) {
        buf_printf(&path[i], "%s%s", stem, endings[i]);
        key_print(k, i == 0, &text[i]);
        error = file_create(buf_str(&path[i]), &text[i], i == 0 ? 0600 : 0644);
        if (error) {
            struct buf why = {0};
            buf_printf(&why, "%s: %s%s", buf_str(&path[i]), strerror(-error),
                       error == -EEXIST ? "; choose another name, or move it away first" : "");
            *ret_why = buf_take(&why);
        }
    }
    explicit_bzero(text[0].at, text[0].n);
    for (int i = 0; i < 2; i++) {
        buf_done(&text[i]);
        buf_done(&path[i]);
    }
    return error;
}

int complain(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("helios: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

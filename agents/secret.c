/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way of a secret from its file or variable to a process. Refuses to keep or to show it. */
#include "agents/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/agent.h"

static int refuse(char **ret_why, const struct set_secret *s, const char *wrong, const char *detail)
{
    struct buf sentence = {0};
    buf_printf(&sentence, "the secret %s %s%s", s->name.at, wrong, detail);
    *ret_why = buf_take(&sentence);
    return -EINVAL;
}

static int check_file(int fd, const struct set_secret *s, char **ret_why)
{
    struct stat about;
    if (fd < 0)
        return refuse(ret_why, s, "cannot be read: its file: ", strerror(errno));
    if (fstat(fd, &about))
        return refuse(ret_why, s, "cannot be read: its file: ", strerror(errno));
    if (!S_ISREG(about.st_mode))
        return refuse(ret_why, s, "cannot be read: what it names is no file", "");
    if (about.st_mode & 077)
        return refuse(ret_why, s, "is not used: its file can be read by others; make it mode 0600", "");
    return 0;
}

/* read_file waits for nobody: what is no plain file is refused before it is read. */
static int read_file(const struct agent *a, const struct set_secret *s, struct buf *value,
                     char **ret_why)
{
    _autofree_ char *path = agent_path(a, s->file.at);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int error = check_file(fd, s, ret_why);
    buf_room(value, SECRET_MAX + 2); /* at once: a buffer that moves leaves a copy behind */
    for (ssize_t n = 1; !error && n > 0 && value->n <= SECRET_MAX;) {
        n = read(fd, value->at + value->n, SECRET_MAX + 1 - value->n);
        if (n < 0)
            error = refuse(ret_why, s, "cannot be read: its file: ", strerror(errno));
        else
            value->n += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    return error;
}

static int read_variable(const struct set_secret *s, struct buf *value, char **ret_why)
{
    const char *found = getenv(s->env.at);
    if (found == NULL)
        return refuse(ret_why, s, "is missing: this process has no variable ", s->env.at);
    buf_text(value, found);
    return 0;
}

/* trim: editors and `echo` end a file with a newline, which no secret means. */
static void trim(struct buf *value)
{
    while (value->n && strchr("\r\n", value->at[value->n - 1]))
        value->n--;
}

static int judge(const struct set_secret *s, const struct buf *value, char **ret_why)
{
    if (value->n == 0)
        return refuse(ret_why, s, "is empty", "");
    if (value->n > SECRET_MAX)
        return refuse(ret_why, s, "is longer than 32 KiB", "");
    if (memchr(value->at, '\0', value->n))
        return refuse(ret_why, s, "holds a NUL byte, which no environment can", "");
    return 0;
}

static int read_one(const struct agent *a, const struct set_secret *s, struct words *env,
                    struct mask *mask, char **ret_why)
{
    _cleanup_(buf_done) struct buf value = {0};
    int error = s->file.n ? read_file(a, s, &value, ret_why) : read_variable(s, &value, ret_why);
    trim(&value);
    if (!error)
        error = judge(s, &value, ret_why);
    if (!error && mask_add(mask, buf_bytes(&value)))
        error = refuse(ret_why, s, "has too many lines to be kept out of what is printed", "");
    if (!error)
        words_env(env, s->name.at, buf_bytes(&value));
    if (value.at)
        explicit_bzero(value.at, value.room);
    return error;
}

int secrets_read(const struct agent *a, const struct action *action, struct words *env,
                 struct mask *mask, char **ret_why)
{
    int error = 0;
    for (size_t i = 0; i < action->n_secrets && !error; i++)
        error = read_one(a, action->secrets[i], env, mask, ret_why);
    return error;
}

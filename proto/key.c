/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the form of key files. Refuses to know what a key is used for. */
#include "key.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"

enum { FILE_MAX = 4096 };

static int fail(char **ret_why, int error, const char *format, ...) FORMAT_LIKE(3, 4);
static int fail(char **ret_why, int error, const char *format, ...)
{
    struct buf why = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&why, format, args);
    va_end(args);
    *ret_why = buf_take(&why);
    return error;
}

bool key_is_text(struct bytes text)
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    if (text.n != KEY_TEXT - 1)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] == '\0' || strchr(letters, text.at[i]) == NULL)
            return false;
    return true;
}

static bool copy(char *to, size_t room, struct bytes value)
{
    if (value.n >= room)
        return false;
    memcpy(to, value.at, value.n);
    to[value.n] = '\0';
    return true;
}

static bool take_name(struct key *k, struct bytes value)
{
    return text_is_name(value) && copy(k->name, sizeof(k->name), value);
}

static bool take_role(struct key *k, struct bytes value)
{
    int role = enum_find(&enum_key_role, value);
    k->role = MAX(role, 0);
    return role >= 0;
}

static bool take_agents(struct key *k, struct bytes value)
{
    return copy(k->agents, sizeof(k->agents), value);
}

static bool take_public(struct key *k, struct bytes value)
{
    return key_is_text(value) && copy(k->public, sizeof(k->public), value);
}

static bool take_secret(struct key *k, struct bytes value)
{
    return key_is_text(value) && copy(k->secret, sizeof(k->secret), value);
}

static const struct {
    const char *name;
    bool needed;
    bool (*take)(struct key *k, struct bytes value);
} lines[] = {{"name", true, take_name},
             {"role", true, take_role},
             {"agents", false, take_agents},
             {"public", true, take_public},
             {"secret", false, take_secret}};

static struct bytes trimmed(const char *from, const char *end)
{
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && strchr(" \t\r\n", end[-1]))
        end--;
    return (struct bytes){from, (size_t)(end - from)};
}

/* take_line: one line is `word: value`, a comment, or nothing. */
static int take_line(struct key *k, const char *path, unsigned number, const char *line,
                     unsigned *found, char **ret_why)
{
    const char *colon = strchr(line, ':'), *end = line + strlen(line);
    struct bytes word = trimmed(line, colon ? colon : end);
    if (word.n == 0 || word.at[0] == '#')
        return 0;
    for (size_t i = 0; colon && i < ARRAY_SIZE(lines); i++) {
        if (!bytes_is(word, lines[i].name))
            continue;
        if (*found >> i & 1)
            return fail(ret_why, -EINVAL, "%s:%u: a second line `%s:`", path, number, lines[i].name);
        if (!lines[i].take(k, trimmed(colon + 1, end)))
            return fail(ret_why, -EINVAL, "%s:%u: this is no good %s", path, number, lines[i].name);
        *found |= 1u << i;
        return 0;
    }
    return fail(ret_why, -EINVAL,
                "%s:%u: a key file has the lines name, role, agents, public and secret", path,
                number);
}

static int parse(FILE *f, const char *path, bool secret, struct key *k, char **ret_why)
{
    char line[FILE_MAX];
    unsigned found = 0, number = 0;
    int error = 0;
    while (!error && number < 64 && fgets(line, sizeof(line), f))
        error = take_line(k, path, ++number, line, &found, ret_why);
    for (size_t i = 0; !error && i < ARRAY_SIZE(lines); i++)
        if (lines[i].needed && !(found >> i & 1))
            error = fail(ret_why, -EINVAL, "%s: the line `%s:` is missing", path, lines[i].name);
    if (!error && secret && k->secret[0] == '\0')
        error = fail(ret_why, -EINVAL, "%s holds no secret: name the file NAME.key, not NAME.pub",
                     path);
    explicit_bzero(line, sizeof(line));
    return error;
}

int key_read(const char *path, bool secret, struct key *ret, char **ret_why)
{
    struct key k = {0};
    struct stat file;
    FILE *f = fopen(path, "re");
    *ret_why = NULL;
    if (f == NULL)
        return fail(ret_why, -errno, "%s cannot be read: %s", path, strerror(errno));
    setvbuf(f, NULL, _IONBF, 0); /* no second copy of a secret */
    int error = fstat(fileno(f), &file) ? -errno : 0;
    if (error)
        fail(ret_why, error, "%s: %s", path, strerror(-error));
    else if (secret && (file.st_mode & 077))
        error = fail(ret_why, -EPERM, "%s is readable by others (mode %03o): chmod 600 it", path,
                     (unsigned)file.st_mode & 0777);
    else
        error = parse(f, path, secret, &k, ret_why);
    fclose(f);
    if (error == 0)
        *ret = k;
    key_forget(&k);
    return error;
}

void key_print(const struct key *k, bool secret, struct buf *out)
{
    buf_printf(out, "# Helios key of %s.%s\nname: %s\nrole: %s\n", k->name,
               secret ? " Secret: whoever reads it can act as it."
                      : " Public: give it to who is to trust it.",
               k->name, enum_text(&enum_key_role, (int)k->role));
    if (k->agents[0])
        buf_printf(out, "agents: %s\n", k->agents);
    buf_printf(out, "public: %s\n", k->public);
    if (secret)
        buf_printf(out, "secret: %s\n", k->secret);
}

bool key_may_be(const struct key *k, struct bytes agent)
{
    char pattern[KEY_AGENTS];
    if (k->agents[0] == '\0') {
        snprintf(pattern, sizeof(pattern), "%s-*", k->name);
        return bytes_is(agent, k->name) || text_match(pattern, agent);
    }
    snprintf(pattern, sizeof(pattern), "%s", k->agents);
    char *rest = pattern;
    for (char *word; (word = strsep(&rest, " \t"));)
        if (*word && text_match(word, agent))
            return true;
    return false;
}

void key_forget(struct key *k)
{
    explicit_bzero(k, sizeof(*k));
}

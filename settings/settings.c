/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/settings.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings/loaded.h"
#include "settings/value.h"
#include "settings/yaml.h"

void section_fill(struct keep *keep, const struct section *section, void *base)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct setting *s = &section->settings[i];
        void *member = setting_member(s, base);
        if (s->kind == SETTING_IN)
            section_fill(keep, s->part, member);
        else
            value_default(keep, s, member);
    }
}

struct settings *settings_new(const struct section *root, const char *file)
{
    struct settings *s = NEW(struct settings);
    s->root = root;
    s->file = xdup(file);
    s->at = keep_room(&s->keep, root->size);
    section_fill(&s->keep, root, s->at);
    return s;
}

struct settings *settings_defaults(const struct section *root)
{
    return settings_new(root, "defaults");
}

void settings_free(struct settings *s)
{
    if (s == NULL)
        return;
    keep_done(&s->keep);
    free(s->origins);
    free(s->file);
    free(s);
}

const void *settings_root(const struct settings *s)
{
    return s->at;
}

const char *settings_file(const struct settings *s)
{
    return s->file;
}

void settings_note(struct settings *s, const void *member, enum origin_kind kind,
                   struct place place)
{
    if (s->n_origins == s->room_origins) {
        s->room_origins = MAX((size_t)64, s->room_origins * 2);
        s->origins = xrealloc(s->origins, s->room_origins * sizeof *s->origins);
    }
    s->origins[s->n_origins++] = (struct origin){member, kind, place};
}

/* By member; of one member the strongest kind first, so that it is the one that is found. */
static int by_member(const void *a, const void *b)
{
    const struct origin *one = a, *two = b;
    if (one->member != two->member)
        return (uintptr_t)one->member < (uintptr_t)two->member ? -1 : 1;
    return (int)two->kind - (int)one->kind;
}

void settings_sort_origins(struct settings *s)
{
    size_t kept = 0;
    if (s->n_origins)
        qsort(s->origins, s->n_origins, sizeof *s->origins, by_member);
    for (size_t i = 0; i < s->n_origins; i++)
        if (kept == 0 || s->origins[kept - 1].member != s->origins[i].member)
            s->origins[kept++] = s->origins[i];
    s->n_origins = kept;
}

const struct origin *settings_origin(const struct settings *s, const void *member)
{
    for (size_t from = 0, to = s->n_origins; from < to;) {
        size_t middle = from + (to - from) / 2;
        if (s->origins[middle].member == member)
            return &s->origins[middle];
        if ((uintptr_t)s->origins[middle].member < (uintptr_t)member)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

struct place settings_place(const struct settings *s, const void *member, const void *otherwise)
{
    const struct origin *origin = settings_origin(s, member);
    if (origin == NULL && otherwise)
        origin = settings_origin(s, otherwise);
    return origin ? origin->place : (struct place){0};
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Reads one byte more than is allowed, so that what is too large is seen to be so. */
static int read_file(const char *file, struct buf *out)
{
    _cleanup_(close_fd) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) < 0)
        return -errno;
    if (S_ISDIR(about.st_mode))
        return -EISDIR;
    while (out->n <= YAML_MAX_BYTES) {
        char piece[16384];
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        buf_add(out, piece, (size_t)n);
    }
    return 0;
}

static void check(const struct settings *s, struct mistakes *m)
{
    if (s->root == section_config)
        check_config(s, m);
    else if (s->root == section_agent_config)
        check_agent(s, m);
    else if (s->root == section_up)
        check_up(s, m);
}

static void load(struct settings *s, const char *const *flags, size_t n_flags, struct mistakes *m)
{
    const struct yaml *tree = yaml_parse(&s->keep, m);
    if (tree)
        section_read(s, tree, m);
    override_from_environment(s, m);
    override_from_flags(s, flags, n_flags, m);
    settings_sort_origins(s);
    if (m->n == 0) /* what is judged then is what was written */
        check(s, m);
}

/* A file that changed meanwhile shows another line: the sentence says what is meant. */
void settings_blame(struct buf *report, const struct settings *s, const void *member, const char *format, ...)
{
    _cleanup_(buf_done) struct buf source = {0}, sentence = {0};
    struct mistakes m = {.file = s->file};
    va_list args;
    va_start(args, format);
    buf_vprintf(&sentence, format, args);
    va_end(args);
    if (read_file(s->file, &source) == 0)
        m.source = buf_bytes(&source);
    mistake(&m, settings_place(s, member, NULL), "%s", buf_str(&sentence));
    _autofree_ char *text = mistakes_take(&m);
    buf_text(report, text);
}

int settings_load(const struct section *root, const char *file, const char *const *flags,
                  size_t n_flags, struct settings **ret, char **ret_report)
{
    _cleanup_(buf_done) struct buf source = {0};
    struct mistakes m = {.file = file};
    int r = read_file(file, &source);
    if (r < 0) {
        mistake(&m, (struct place){0}, "cannot be read: %s", strerror(-r));
        *ret_report = mistakes_take(&m);
        return r;
    }
    m.source = buf_bytes(&source);
    struct settings *s = settings_new(root, file);
    load(s, flags, n_flags, &m);
    if (m.n) {
        *ret_report = mistakes_take(&m);
        settings_free(s);
        return -EINVAL;
    }
    *ret = s;
    *ret_report = NULL;
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the commands of the model: a table of them, and what each answers. Refuses to know what our functions do
 * (redis_functions.c). */
#include <ctype.h>
#include <strings.h>

#include "redis_inside.h"

/* ---- requests ---- */

static bool read_line(struct bytes *in, char mark, size_t *ret)
{
    const char *end = in->n ? memchr(in->at, '\n', in->n) : NULL;
    if (end == NULL || in->at[0] != mark)
        return false;
    *ret = strtoul(in->at + 1, NULL, 10);
    in->n -= (size_t)(end + 1 - in->at);
    in->at = end + 1;
    return true;
}

bool words_read(struct bytes *in, struct words *ret)
{
    struct bytes rest = *in;
    size_t n, length;
    ret->n = 0;
    if (!read_line(&rest, '*', &n) || n > ARRAY_SIZE(ret->at))
        return false;
    for (; n; n--) {
        if (!read_line(&rest, '$', &length) || rest.n < length + 2)
            return false;
        ret->at[ret->n++] = (struct bytes){rest.at, length};
        rest.at += length + 2;
        rest.n -= length + 2;
    }
    *in = rest;
    return true;
}

/* ---- answers ---- */

void say_status(struct buf *out, const char *text)
{
    buf_printf(out, "+%s\r\n", text);
}

void say_error(struct buf *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_text(out, "-");
    buf_vprintf(out, format, args);
    buf_text(out, "\r\n");
    va_end(args);
}

void say_number(struct buf *out, size_t n)
{
    buf_printf(out, ":%zu\r\n", n);
}

void say_bulk(struct buf *out, struct bytes text)
{
    if (text.at == NULL) {
        buf_text(out, "$-1\r\n");
        return;
    }
    buf_printf(out, "$%zu\r\n", text.n);
    buf_add(out, text.at, text.n);
    buf_text(out, "\r\n");
}

void say_list(struct buf *out, size_t n)
{
    buf_printf(out, "*%zu\r\n", n);
}

/* ---- keys ---- */

struct thing *thing_find(struct model *m, struct bytes key)
{
    struct thing *t;
    HASH_FIND(hh, m->things, key.at, key.n, t);
    return t;
}

struct thing *thing_make(struct model *m, struct bytes key, enum thing_type type)
{
    struct thing *t = thing_find(m, key);
    if (t)
        return t;
    t = NEW(struct thing);
    t->type = type;
    t->key = bytes_dup(key);
    HASH_ADD_KEYPTR(hh, m->things, t->key, key.n, t);
    return t;
}

static void field_free(struct thing *t, struct field *f)
{
    HASH_DEL(t->fields, f);
    free(f->name);
    free(f->value);
    free(f);
}

void thing_free(struct model *m, struct thing *t)
{
    struct field *f, *next;
    HASH_DEL(m->things, t);
    HASH_ITER(hh, t->fields, f, next)
    field_free(t, f);
    for (size_t i = 0; i < t->n_entries; i++)
        free(t->entries[i].value);
    free(t->entries);
    free(t->key);
    free(t);
}

static struct field *field_find(const struct thing *t, struct bytes name)
{
    struct field *f = NULL;
    if (t)
        HASH_FIND(hh, t->fields, name.at, name.n, f);
    return f;
}

bool thing_set(struct thing *t, struct bytes name, struct bytes value)
{
    struct field *f = field_find(t, name);
    bool is_new = f == NULL;
    if (is_new) {
        f = NEW(struct field);
        f->name = bytes_dup(name);
        HASH_ADD_KEYPTR(hh, t->fields, f->name, name.n, f);
    }
    free(f->value);
    f->value = bytes_dup(value);
    f->n = value.n;
    return is_new;
}

void thing_unset(struct thing *t, struct bytes name)
{
    struct field *f = field_find(t, name);
    if (f)
        field_free(t, f);
}

struct bytes thing_get(const struct thing *t, struct bytes name)
{
    const struct field *f = field_find(t, name);
    return f ? (struct bytes){f->value, f->n} : (struct bytes){0};
}

struct bytes model_field(struct model *m, struct bytes key, struct bytes field)
{
    return thing_get(thing_find(m, key), field);
}

/* ---- commands ---- */

static void ask_hmget(struct model *m, const struct words *w, struct buf *out)
{
    const struct thing *t = thing_find(m, w->at[1]);
    say_list(out, w->n - 2);
    for (size_t i = 2; i < w->n; i++)
        say_bulk(out, thing_get(t, w->at[i]));
}

static void ask_hset(struct model *m, const struct words *w, struct buf *out)
{
    struct thing *t = thing_make(m, w->at[1], THING_hash);
    size_t n = 0;
    for (size_t i = 2; i + 1 < w->n; i += 2)
        n += thing_set(t, w->at[i], w->at[i + 1]);
    say_number(out, n);
}

static void ask_hgetall(struct model *m, const struct words *w, struct buf *out)
{
    const struct thing *t = thing_find(m, w->at[1]);
    say_list(out, t ? 2 * HASH_COUNT(t->fields) : 0);
    for (const struct field *f = t ? t->fields : NULL; f; f = f->hh.next) {
        say_bulk(out, (struct bytes){f->name, f->hh.keylen});
        say_bulk(out, (struct bytes){f->value, f->n});
    }
}

static uint64_t drawn(struct model *m, uint64_t n)
{
    return m->calls->draw ? m->calls->draw(m->user, n) : 0;
}

/* A page may begin with a pair of the page before: a real table that shrinks meanwhile does that. */
static void ask_hscan(struct model *m, const struct words *w, struct buf *out)
{
    const struct thing *t = thing_find(m, w->at[1]);
    size_t all = t ? HASH_COUNT(t->fields) : 0, from = strtoul(w->at[2].at, NULL, 10), i = 0;
    size_t most = strtoul(w->at[4].at, NULL, 10);
    size_t page = m->calls->draw ? 1 + drawn(m, MIN(most, MAX(all, (size_t)1))) : most;
    from -= from && drawn(m, 8) == 1;
    size_t end = MIN(all, from + MAX(page, (size_t)2));
    char cursor[24];
    snprintf(cursor, sizeof(cursor), "%zu", end == all ? 0 : end);
    say_list(out, 2);
    say_bulk(out, bytes_of(cursor));
    say_list(out, 2 * (end - MIN(from, end)));
    for (const struct field *f = t ? t->fields : NULL; f && i < end; f = f->hh.next, i++)
        if (i >= from) {
            say_bulk(out, (struct bytes){f->name, f->hh.keylen});
            say_bulk(out, (struct bytes){f->value, f->n});
        }
}

/* XREVRANGE key (end|+ - COUNT n */
static void ask_xrevrange(struct model *m, const struct words *w, struct buf *out)
{
    const struct thing *t = thing_find(m, w->at[1]);
    size_t n = t ? t->n_entries : 0, most = strtoul(w->at[5].at, NULL, 10);
    if (w->at[2].at[0] == '(') {
        struct entry before = {0};
        sscanf(w->at[2].at + 1, "%lld-%lld", &before.ms, &before.seq);
        while (n && (t->entries[n - 1].ms > before.ms ||
                     (t->entries[n - 1].ms == before.ms && t->entries[n - 1].seq >= before.seq)))
            n--;
    }
    say_list(out, MIN(n, most));
    for (size_t i = 0; i < MIN(n, most); i++) {
        const struct entry *e = &t->entries[n - 1 - i];
        char id[48];
        snprintf(id, sizeof(id), "%lld-%lld", e->ms, e->seq);
        say_list(out, 2);
        say_bulk(out, bytes_of(id));
        say_list(out, 2);
        say_bulk(out, BYTES("e"));
        say_bulk(out, (struct bytes){e->value, e->n});
    }
}

static void ask_config(struct model *m, const struct words *w, struct buf *out)
{
    static const char *const values[][2] = {{"appendonly", "yes"},
                                            {"appendfsync", "always"},
                                            {"maxmemory", "0"},
                                            {"maxmemory-policy", "noeviction"}};
    (void)m;
    say_list(out, 2 * (w->n - 2));
    for (size_t i = 2; i < w->n; i++)
        for (size_t k = 0; k < ARRAY_SIZE(values); k++)
            if (word_is(w->at[i], values[k][0])) {
                say_bulk(out, w->at[i]);
                say_bulk(out, bytes_of(values[k][1]));
            }
}

static void ask_type(struct model *m, const struct words *w, struct buf *out)
{
    static const char *const names[] = {"hash", "stream", "string"};
    const struct thing *t = thing_find(m, w->at[1]);
    say_status(out, t ? names[t->type] : "none");
}

static void ask_del(struct model *m, const struct words *w, struct buf *out)
{
    struct thing *t = thing_find(m, w->at[1]);
    say_number(out, t != NULL);
    if (t)
        thing_free(m, t);
}

static void ask_set(struct model *m, const struct words *w, struct buf *out)
{
    struct thing *before = thing_find(m, w->at[1]);
    if (before)
        thing_free(m, before);
    thing_make(m, w->at[1], THING_string);
    say_status(out, "OK");
}

static void ask_function(struct model *m, const struct words *w, struct buf *out)
{
    static const char mark[] = "local VERSION = '";
    struct bytes text = w->at[w->n - 1];
    const char *at = memmem(text.at, text.n, mark, strlen(mark));
    m->version = 0;
    for (at = at ? at + strlen(mark) : NULL; at && at < text.at + text.n && isdigit((unsigned char)*at); at++)
        m->version = 10 * m->version + *at - '0';
    say_bulk(out, BYTES("helios_v1"));
}

enum needs { READS, WRITES, GROWS };
enum { ANY = -1 };
static const struct command {
    const char *name;
    size_t words; /* at least */
    enum needs needs;
    int type; /* that the thing under its key must have */
    void (*ask)(struct model *m, const struct words *w, struct buf *out);
} commands[] = {
    {"FCALL", 3, READS, ANY, function_call}, /* what it needs its own table says */
    {"HMGET", 3, READS, THING_hash, ask_hmget},
    {"HSCAN", 5, READS, THING_hash, ask_hscan},
    {"XREVRANGE", 6, READS, THING_stream, ask_xrevrange},
    {"FUNCTION", 3, GROWS, ANY, ask_function},
    {"CONFIG", 3, READS, ANY, ask_config},
    {"HGETALL", 2, READS, THING_hash, ask_hgetall},
    {"HSET", 4, GROWS, THING_hash, ask_hset},
    {"TYPE", 2, READS, ANY, ask_type},
    {"DEL", 2, WRITES, ANY, ask_del},
    {"SET", 3, GROWS, ANY, ask_set},
};

bool model_refuses(const struct model *m, bool writes, bool grows)
{
    return m->refuse == REFUSE_all || (m->refuse == REFUSE_writes && writes) ||
           (m->refuse == REFUSE_growth && grows);
}

static void keep_request(struct model *m, struct bytes request)
{
    if (m->n_writes == m->room_writes) {
        m->room_writes = MAX((size_t)256, 2 * m->room_writes);
        m->writes = xrealloc(m->writes, m->room_writes * sizeof(*m->writes));
    }
    m->writes[m->n_writes++] =
        (struct write){bytes_dup(request), request.n, m->now, m->committed};
}

static void answer(struct model *m, const struct words *w, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        const struct command *c = &commands[i];
        if (!word_is(w->at[0], c->name) || w->n < c->words)
            continue;
        const struct thing *t = thing_find(m, w->at[1]);
        if (model_refuses(m, c->needs >= WRITES, c->needs == GROWS))
            say_error(out, "%s", m->error);
        else if (c->type != ANY && t && (int)t->type != c->type)
            say_error(out, "WRONGTYPE Operation against a key holding the wrong kind of value");
        else
            c->ask(m, w, out);
        return;
    }
    say_error(out, "ERR unknown command '" BYTES_F "'", BYTES_A(w->at[0]));
}

void model_ask(struct model *m, struct bytes request, int64_t now, struct buf *out)
{
    static struct words words;
    struct bytes rest = request;
    m->now = now;
    m->wrote = m->committed = false;
    if (!words_read(&rest, &words) || words.n == 0) {
        say_error(out, "ERR Protocol error");
        return;
    }
    answer(m, &words, out);
    if (m->wrote)
        keep_request(m, request);
}

/* ---- its life ---- */

struct model *model_new(const struct model_calls *calls, void *user)
{
    struct model *m = NEW(struct model);
    m->calls = calls;
    m->user = user;
    return m;
}

static void forget_things(struct model *m)
{
    struct thing *t, *next;
    HASH_ITER(hh, m->things, t, next)
    thing_free(m, t);
}

void model_free(struct model *m)
{
    forget_things(m);
    for (size_t i = 0; i < m->n_writes; i++)
        free(m->writes[i].request);
    free(m->writes);
    free(m);
}

void model_refuse(struct model *m, enum refuse what, const char *error)
{
    m->refuse = what;
    snprintf(m->error, sizeof(m->error), "%s", error ? error : "");
}

void model_forget_functions(struct model *m)
{
    m->version = 0;
}

size_t model_writes(const struct model *m)
{
    return m->n_writes;
}

size_t model_rewind(struct model *m, size_t n)
{
    static const struct model_calls silent = {0};
    struct model kept = *m;
    _cleanup_(buf_done) struct buf out = {0};
    size_t commits = 0, left = m->n_writes - MIN(n, m->n_writes);
    forget_things(m);
    for (size_t i = left; i < m->n_writes; i++) {
        commits += m->writes[i].commit;
        free(m->writes[i].request);
    }
    struct write *writes = m->writes;
    *m = (struct model){.calls = &silent, .version = 1};
    for (size_t i = 0; i < left; i++) {
        buf_clear(&out);
        model_ask(m, (struct bytes){writes[i].request, writes[i].n}, writes[i].now, &out);
        free(writes[i].request); /* it was kept again */
    }
    free(writes);
    m->calls = kept.calls;
    m->user = kept.user;
    m->version = kept.version;
    m->refuse = kept.refuse;
    memcpy(m->error, kept.error, sizeof(m->error));
    return commits;
}

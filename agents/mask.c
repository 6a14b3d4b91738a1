/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the copies of values and the look for them. Refuses to judge what is a secret. */
#include "agents/mask.h"

#include <ctype.h>

#include "proto/json.h"

static const char stars[] = "***";

static int add_one(struct mask *m, struct bytes value)
{
    if (value.n < MASK_LEAST)
        return 0;
    if (m->n == MASK_MOST)
        return -E2BIG;
    m->values = xrealloc(m->values, (m->n + 1) * sizeof(*m->values));
    m->values[m->n++] = (struct bytes){bytes_dup(value), value.n};
    m->longest = MAX(m->longest, value.n);
    m->first[(unsigned char)value.at[0]] = true;
    return 0;
}

static void lower_escapes(char *text)
{
    for (char *at = text; (at = strchr(at, '\\')); at += at[1] ? 2 : 1)
        for (size_t i = 2; at[1] == 'u' && i < 6 && at[i]; i++)
            at[i] = (char)tolower((unsigned char)at[i]);
}

/* add_as adds one way in which programs write it as a JSON string. */
static int add_as(struct mask *m, struct bytes value, size_t flags, void (*change)(char *text))
{
    json_t *string = json_stringn(value.at, value.n); /* NULL: no UTF-8, so nobody writes it so */
    char *text = string ? json_dumps(string, JSON_ENCODE_ANY | flags) : NULL;
    int error = 0;
    if (text) {
        change(text);
        struct bytes inside = {text + 1, strlen(text) - 2};
        if (!bytes_eq(inside, value))
            error = add_one(m, inside);
        explicit_bzero(text, strlen(text));
    }
    free(text);
    json_decref(string);
    return error;
}

static void leave_it(char *text)
{
    (void)text;
}

/* add_quoted: a program that prints JSON escapes what it prints. */
static int add_quoted(struct mask *m, struct bytes value)
{
    int error = add_as(m, value, 0, leave_it);
    if (!error)
        error = add_as(m, value, JSON_ENSURE_ASCII, leave_it);
    if (!error)
        error = add_as(m, value, JSON_ENSURE_ASCII, lower_escapes);
    return error ? error : add_as(m, value, JSON_ESCAPE_SLASH, leave_it);
}

/* add_lines: what speaks in lines says such a value in several. */
static int add_lines(struct mask *m, struct bytes value)
{
    const char *at = value.at, *end = value.at + value.n;
    int error = 0;
    if (memchr(at, '\n', value.n) == NULL)
        return 0;
    while (at < end && !error) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline ? newline : end) - at);
        error = add_one(m, (struct bytes){at, n && at[n - 1] == '\r' ? n - 1 : n});
        at += n + 1;
    }
    return error;
}

int mask_add(struct mask *m, struct bytes value)
{
    int error = add_one(m, value);
    if (!error)
        error = add_quoted(m, value);
    return error ? error : add_lines(m, value);
}

void mask_done(struct mask *m)
{
    for (size_t i = 0; i < m->n; i++) {
        explicit_bzero((char *)m->values[i].at, m->values[i].n);
        free((char *)m->values[i].at);
    }
    free(m->values);
    *m = (struct mask){0};
}

/* occurs gives the length of the longest value that begins here; 0 = none. */
static size_t occurs(const struct mask *m, const char *at, size_t left)
{
    size_t found = 0;
    if (!m->first[(unsigned char)*at])
        return 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct bytes *v = &m->values[i];
        if (v->n <= left && v->n > found && memcmp(at, v->at, v->n) == 0)
            found = v->n;
    }
    return found;
}

/* Every place is looked at, also inside what is hidden already: of two occurrences that overlap
 * nothing may stay. */
void mask_text(const struct mask *m, struct bytes text, size_t from, size_t to, struct buf *out)
{
    size_t hidden = 0; /* up to here */
    if (m == NULL || m->n == 0) {
        buf_add(out, text.at + from, to - from);
        return;
    }
    for (size_t i = 0; i < to; i++) {
        size_t n = occurs(m, text.at + i, text.n - i);
        if (i >= from && i >= hidden && n)
            buf_text(out, stars);
        hidden = MAX(hidden, i + n);
        if (i >= from && i >= hidden)
            buf_add(out, text.at + i, 1);
    }
}

void mask_buf(const struct mask *m, struct buf *text)
{
    struct buf masked = {0};
    if (m->n == 0 || text->n == 0)
        return;
    mask_text(m, buf_bytes(text), 0, text->n, &masked);
    explicit_bzero(text->at, text->n);
    buf_done(text);
    *text = masked;
}

/* ---- data ---- */

static void put(const struct mask *m, struct pack *p, const struct value *v);

static void put_text(const struct mask *m, struct pack *p, const struct value *v)
{
    _cleanup_(buf_done) struct buf text = {0};
    mask_text(m, v->text, 0, v->text.n, &text);
    if (v->type == VALUE_BIN)
        pack_bin(p, buf_bytes(&text));
    else
        pack_str(p, buf_bytes(&text));
}

/* Numbers and the rest: as people see them. */
static void put_plain(const struct mask *m, struct pack *p, const struct value *v)
{
    _cleanup_(buf_done) struct buf shown = {0}, text = {0};
    json_print(&shown, v->whole, false);
    mask_text(m, buf_bytes(&shown), 0, shown.n, &text);
    if (bytes_eq(buf_bytes(&shown), buf_bytes(&text)))
        pack_raw(p, v->whole);
    else
        pack_str(p, buf_bytes(&text));
}

static void put_list(const struct mask *m, struct pack *p, const struct value *v)
{
    struct value item;
    pack_list(p);
    for (struct walk w = walk_of(v->whole); walk_item(&w, &item);)
        put(m, p, &item);
    pack_end(p);
}

/* Keys that were hidden are numbered: no two of a map may be the same. */
static void put_map(const struct mask *m, struct pack *p, const struct value *v)
{
    struct value key, item;
    unsigned hidden = 0;
    pack_map(p);
    for (struct walk w = walk_of(v->whole); walk_pair(&w, &key, &item);) {
        _cleanup_(buf_done) struct buf name = {0};
        mask_text(m, key.text, 0, key.text.n, &name);
        if (!bytes_eq(key.text, buf_bytes(&name)) && hidden++)
            buf_printf(&name, " %u", hidden);
        pack_key_bytes(p, buf_bytes(&name));
        put(m, p, &item);
    }
    pack_end(p);
}

static void put(const struct mask *m, struct pack *p, const struct value *v)
{
    if (v->type == VALUE_MAP)
        put_map(m, p, v);
    else if (v->type == VALUE_LIST)
        put_list(m, p, v);
    else if (v->type == VALUE_STR || v->type == VALUE_BIN)
        put_text(m, p, v);
    else
        put_plain(m, p, v);
}

void mask_data(const struct mask *m, struct buf *data)
{
    struct buf masked = {0};
    struct pack p;
    if (m->n == 0 || data->n == 0)
        return;
    struct cursor c = cursor_of(buf_bytes(data));
    struct value whole = read_whole(&c);
    pack_init(&p, &masked);
    put(m, &p, &whole);
    explicit_bzero(data->at, data->n);
    buf_done(data);
    *data = masked;
}

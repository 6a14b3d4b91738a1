/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the reading of msgpack. It is our own cursor and not msgpack_unpack: that one builds a tree
 * of objects (an allocation a container) of which we would copy all into our structs, and it
 * reserves memory for what a header *claims*: the five bytes df 0f ff ff ff cost 16 GiB. A cursor
 * allocates nothing, reads each byte once and leaves strings where they are. The guard reads with
 * the same read_head, so that both can never differ on what the bytes mean. */
#include "read.h"

/* What follows the first bytes 0xc0…0xdf: a number of `width` bytes, which is the value itself or
 * the length of it. */
static const struct form {
    enum value_type type; /* VALUE_END: never valid on our wire (0xc1 and the ext types) */
    uint8_t width;
    enum { PLAIN, SIGNED, FLOATING } as;
} forms[32] = {
    [0x00] = {VALUE_NIL, 0, PLAIN},    [0x02] = {VALUE_BOOL, 0, PLAIN},
    [0x03] = {VALUE_BOOL, 0, PLAIN},   [0x04] = {VALUE_BIN, 1, PLAIN},
    [0x05] = {VALUE_BIN, 2, PLAIN},    [0x06] = {VALUE_BIN, 4, PLAIN},
    [0x0a] = {VALUE_NUM, 4, FLOATING}, [0x0b] = {VALUE_NUM, 8, FLOATING},
    [0x0c] = {VALUE_INT, 1, PLAIN},    [0x0d] = {VALUE_INT, 2, PLAIN},
    [0x0e] = {VALUE_INT, 4, PLAIN},    [0x0f] = {VALUE_INT, 8, PLAIN},
    [0x10] = {VALUE_INT, 1, SIGNED},   [0x11] = {VALUE_INT, 2, SIGNED},
    [0x12] = {VALUE_INT, 4, SIGNED},   [0x13] = {VALUE_INT, 8, SIGNED},
    [0x19] = {VALUE_STR, 1, PLAIN},    [0x1a] = {VALUE_STR, 2, PLAIN},
    [0x1b] = {VALUE_STR, 4, PLAIN},    [0x1c] = {VALUE_LIST, 2, PLAIN},
    [0x1d] = {VALUE_LIST, 4, PLAIN},   [0x1e] = {VALUE_MAP, 2, PLAIN},
    [0x1f] = {VALUE_MAP, 4, PLAIN},
};

#define SIXTEEN(n) n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n
const uint8_t read_sizes[256] = {
    SIXTEEN(1), SIXTEEN(1), SIXTEEN(1), SIXTEEN(1), SIXTEEN(1), SIXTEEN(1), SIXTEEN(1),
    SIXTEEN(1), SIXTEEN(0), SIXTEEN(0), SIXTEEN(0), SIXTEEN(0), /* maps, lists, strings */
    [0xc0] = 1, [0xc2] = 1, 1,          [0xca] = 5, 9,          2,          3,
    5,          9,          2,          3,          5,          9,          [0xe0] = SIXTEEN(1),
    SIXTEEN(1),
};

static struct value at_end(struct cursor *c)
{
    c->at = c->end;
    return (struct value){.type = VALUE_END};
}

static uint64_t big_endian(const char *at, unsigned width)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++)
        v = v << 8 | (unsigned char)at[i];
    return v;
}

static void set_number(struct value *v, struct form form, uint64_t raw)
{
    if (form.as == SIGNED) {
        unsigned unused = 64 - 8u * form.width;
        v->integer = (int64_t)(raw << unused) >> unused;
    } else if (form.as == FLOATING && form.width == 4) {
        uint32_t bits = (uint32_t)raw;
        float f;
        memcpy(&f, &bits, sizeof(f));
        v->number = f;
    } else if (form.as == FLOATING) {
        memcpy(&v->number, &raw, sizeof(v->number));
    } else if (raw > INT64_MAX) {
        v->type = VALUE_NUM;
        v->number = (double)raw;
    } else {
        v->integer = (int64_t)raw;
    }
}

/* set_fixed reads the first bytes that hold a value or length themselves; false for 0xc0…0xdf. */
static bool set_fixed(struct value *v, unsigned char first, uint64_t *ret_length)
{
    if (first <= 0x7f || first >= 0xe0) {
        v->type = VALUE_INT;
        v->integer = (signed char)first;
    } else if (first >= 0xc0) {
        return false;
    } else if (first >= 0xa0) {
        v->type = VALUE_STR;
        *ret_length = first & 0x1f;
    } else {
        v->type = first >= 0x90 ? VALUE_LIST : VALUE_MAP;
        *ret_length = first & 0x0f;
    }
    return true;
}

struct value read_head(struct cursor *c)
{
    struct value v = {.type = VALUE_END};
    const char *start = c->at;
    uint64_t length = 0;
    if (c->at >= c->end)
        return at_end(c);
    unsigned char first = (unsigned char)*c->at++;
    if (!set_fixed(&v, first, &length)) {
        struct form form = forms[first & 0x1f];
        if (form.type == VALUE_END || c->end - c->at < form.width)
            return at_end(c);
        v.type = form.type;
        length = big_endian(c->at, form.width);
        c->at += form.width;
        if (v.type == VALUE_BOOL)
            v.boolean = first & 1;
        else if (v.type == VALUE_INT || v.type == VALUE_NUM)
            set_number(&v, form, length);
    }
    if (v.type == VALUE_LIST || v.type == VALUE_MAP) {
        v.count = length;
    } else if (v.type == VALUE_STR || v.type == VALUE_BIN) {
        if (length > (uint64_t)(c->end - c->at))
            return at_end(c);
        v.text = (struct bytes){c->at, length};
        c->at += length;
    }
    v.whole = (struct bytes){start, (size_t)(c->at - start)};
    return v;
}

/* inside says how many values follow the head on the cursor as its content. */
static uint64_t inside(const struct value *v)
{
    return v->type == VALUE_LIST ? v->count : v->type == VALUE_MAP ? 2 * (uint64_t)v->count : 0;
}

struct value read_whole(struct cursor *c)
{
    struct value v = read_head(c);
    struct bytes text;
    for (uint64_t left = inside(&v); left; left--) {
        if (skip_plain(c) || read_short(c, &text) || read_medium(c, &text))
            continue;
        struct value item = read_head(c);
        if (item.type == VALUE_END)
            return at_end(c);
        left += inside(&item);
    }
    if (v.type != VALUE_END)
        v.whole.n = (size_t)(c->at - v.whole.at);
    return v;
}

struct value read_value(struct cursor *c)
{
    struct cursor ahead = *c;
    struct value v = read_whole(&ahead);
    if (v.type == VALUE_END)
        return at_end(c);
    read_head(c);
    return v;
}

struct walk walk_of(struct bytes container)
{
    struct walk w = {.cursor = cursor_of(container)};
    struct value head = read_head(&w.cursor);
    if (head.type == VALUE_LIST || head.type == VALUE_MAP)
        w.left = head.count;
    return w;
}

bool walk_item(struct walk *w, struct value *ret_item)
{
    if (w->left == 0)
        return false;
    struct value item = read_whole(&w->cursor);
    w->left = item.type == VALUE_END ? 0 : w->left - 1;
    if (item.type == VALUE_END)
        return false;
    *ret_item = item;
    return true;
}

bool walk_pair(struct walk *w, struct value *ret_key, struct value *ret_item)
{
    struct value key;
    if (w->left == 0 || !walk_item(w, &key))
        return false;
    w->left++; /* the key was counted, the pair is */
    if (!walk_item(w, ret_item))
        return false;
    *ret_key = key;
    return true;
}

struct value map_get(struct bytes map, const char *key)
{
    struct cursor c = cursor_of(map);
    if (read_head(&c).type != VALUE_MAP)
        return (struct value){.type = VALUE_END};
    struct walk w = walk_of(map);
    struct value k, item;
    while (walk_pair(&w, &k, &item))
        if (k.type == VALUE_STR && bytes_is(k.text, key))
            return item;
    return (struct value){.type = VALUE_END};
}

struct bytes map_str(struct bytes map, const char *key, const char *otherwise)
{
    struct value v = map_get(map, key);
    return v.type == VALUE_STR || v.type == VALUE_BIN ? v.text : bytes_of(otherwise);
}

double map_num(struct bytes map, const char *key, double otherwise)
{
    struct value v = map_get(map, key);
    return v.type == VALUE_NUM ? v.number : v.type == VALUE_INT ? (double)v.integer : otherwise;
}

int64_t map_int(struct bytes map, const char *key, int64_t otherwise)
{
    struct value v = map_get(map, key);
    return v.type == VALUE_INT ? v.integer : otherwise;
}

bool map_bool(struct bytes map, const char *key, bool otherwise)
{
    struct value v = map_get(map, key);
    return v.type == VALUE_BOOL ? v.boolean : otherwise;
}

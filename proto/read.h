/* SPDX-License-Identifier: MPL-2.0 */
/* Reading msgpack that guard_check has passed (or that we wrote ourselves), without copies: a
 * cursor gives value after value; strings are views into the bytes. Reading past the end gives
 * VALUE_END, never a fault. */
#ifndef HELIOS_PROTO_READ_H
#define HELIOS_PROTO_READ_H

#include "common/base.h"

enum value_type {
    VALUE_END,
    VALUE_NIL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_NUM,
    VALUE_STR,
    VALUE_BIN,
    VALUE_LIST,
    VALUE_MAP
};

struct value {
    enum value_type type;
    union {
        bool boolean;
        int64_t integer; /* unsigned ones over INT64_MAX come as VALUE_NUM */
        double number;
        size_t count; /* of LIST and MAP: items or pairs, which follow on the cursor */
    };
    struct bytes text;  /* of STR and BIN */
    struct bytes whole; /* the value's own bytes; of LIST and MAP with all that is inside */
};

struct cursor {
    const char *at, *end;
};

static inline struct cursor cursor_of(struct bytes b)
{
    return (struct cursor){b.at, b.n ? b.at + b.n : b.at};
}

/* The commonest values without a struct value; false and nothing taken for any other, also when
 * bytes are missing: then read_head says what it is. */
static inline bool read_short(struct cursor *c, struct bytes *ret_text) /* a string of up to 31 */
{
    size_t left = (size_t)(c->end - c->at);
    unsigned char first = left ? (unsigned char)*c->at : 0;
    size_t n = first & 0x1f;
    if ((first & 0xe0) != 0xa0 || n >= left)
        return false;
    *ret_text = (struct bytes){c->at + 1, n};
    c->at += 1 + n;
    return true;
}

/* A string or bytes that count in the byte behind the first. */
static inline bool read_medium(struct cursor *c, struct bytes *ret)
{
    enum { BIN_8 = 0xc4, STR_8 = 0xd9 };
    size_t left = (size_t)(c->end - c->at);
    unsigned first = left > 1 ? (unsigned char)*c->at : 0;
    if (first != BIN_8 && first != STR_8)
        return false;
    size_t n = (unsigned char)c->at[1];
    if (n > left - 2)
        return false;
    *ret = (struct bytes){c->at + 2, n};
    c->at += 2 + n;
    return true;
}

extern const uint8_t read_sizes[256]; /* by first byte: bytes of a value of constant size, or 0 */

static inline bool skip_plain(struct cursor *c) /* nil, a boolean or a number */
{
    size_t n = c->at < c->end ? read_sizes[(unsigned char)*c->at] : 0;
    if (n == 0 || n > (size_t)(c->end - c->at))
        return false;
    c->at += n;
    return true;
}

/* read_eight gives eight bytes as the number that they are on the wire. */
static inline uint64_t read_eight(const char *at)
{
    uint64_t raw;
    memcpy(&raw, at, sizeof(raw));
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(raw) : raw;
}

/* An integer that is not negative, with eight bytes behind its first one: most are. */
static inline bool read_natural(struct cursor *c, uint64_t *ret)
{
    enum { UINT_8 = 0xcc, UINT_64 = 0xcf };
    if (c->end - c->at < 9)
        return false;
    unsigned first = (unsigned char)*c->at;
    if (first <= 0x7f) {
        *ret = first;
        c->at++;
        return true;
    }
    if (first < UINT_8 || first > UINT_64)
        return false;
    unsigned width = 1u << (first - UINT_8);
    *ret = read_eight(c->at + 1) >> (64 - 8 * width);
    c->at += 1 + width;
    return true;
}

static inline bool read_double(struct cursor *c, double *ret)
{
    if (c->end - c->at < 9 || (unsigned char)*c->at != 0xcb)
        return false;
    uint64_t raw = read_eight(c->at + 1);
    memcpy(ret, &raw, sizeof(*ret));
    c->at += 9;
    return true;
}

/* The head of a map or a list that counts in its first byte or in the two behind it. */
static inline bool read_open(struct cursor *c, bool *ret_map, size_t *ret_count)
{
    enum { LIST_16 = 0xdc, MAP_16 = 0xde };
    if (c->end - c->at < 3)
        return false;
    const unsigned char *at = (const unsigned char *)c->at;
    if ((*at & 0xe0) == 0x80) {
        *ret_map = !(*at & 0x10);
        *ret_count = *at & 0x0f;
        c->at++;
        return true;
    }
    if (*at != LIST_16 && *at != MAP_16)
        return false;
    *ret_map = *at == MAP_16;
    *ret_count = (size_t)at[1] << 8 | at[2];
    c->at += 3;
    return true;
}

/* read_head is read_value at constant cost: `whole` of a LIST or MAP is its head alone. Bytes that
 * are no msgpack, are cut off or are of an ext type give VALUE_END and put the cursor at the end.
 */
struct value read_head(struct cursor *c);
/* read_value takes the head of the next value: for LIST and MAP the cursor then stands on the first
 * item. */
struct value read_value(struct cursor *c);
/* read_whole takes the next value with all that is inside it. */
struct value read_whole(struct cursor *c);
/* map_get finds a key of a map; VALUE_END when it is not there or `map` is no map. O(size of the
 * map). */
struct value map_get(struct bytes map, const char *key);
/* The same with a type and an answer for what is missing or of another type. */
struct bytes map_str(struct bytes map, const char *key, const char *otherwise);
double map_num(struct bytes map, const char *key, double otherwise); /* INT and NUM */
int64_t map_int(struct bytes map, const char *key, int64_t otherwise);
bool map_bool(struct bytes map, const char *key, bool otherwise);

/* Walking a map or a list:
 *   struct walk w = walk_of(bytes); struct value key, item;
 *   while (walk_pair(&w, &key, &item)) …        while (walk_item(&w, &item)) … */
struct walk {
    struct cursor cursor;
    size_t left;
};
struct walk walk_of(struct bytes container);
bool walk_pair(struct walk *w, struct value *ret_key, struct value *ret_item);
bool walk_item(struct walk *w, struct value *ret_item);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way from bytes to structs. The bytes have passed guard_check or were written by us.
 * Strings stay views into the bytes. The walker tries the field that the schema expects next first:
 * a peer that writes in the table's order costs one compare a field, any other order is right as
 * well. */
#include "codec.h"

#define LARGEST (UINT64_C(1) << 53)
enum { MAX_ITEMS = 1000, MAX_NAMES = 256 };

struct decoding {
    struct arena *arena;
    struct decode_error *err;
};

/* What take_struct has met so far of the fields of one struct. */
struct met {
    const struct field *next; /* expected */
    uint64_t found;           /* bit i: field i is needed and was there; a test checks that 64 are enough */
    size_t missing;           /* needed ones */
};

/* In a record a needed text of no letters is not there: nobody has an empty id. */
static bool says_something(const struct schema *s, const struct field *f, const void *ret)
{
    bool of_record = s >= schema_records && s < schema_records + REC_COUNT;
    return !of_record || f->kind != KIND_STR ||
           ((const struct bytes *)((const char *)ret + f->offset))->n > 0;
}

static bool take_struct(struct decoding *d, const struct schema *s, struct cursor *c, void *ret);

static bool take_str(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    (void)d, (void)f;
    if (read_short(c, ret))
        return true;
    struct value v = read_head(c);
    *(struct bytes *)ret = v.text;
    return v.type == VALUE_STR;
}

static bool take_bin(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    (void)d, (void)f;
    if (read_short(c, ret) || read_medium(c, ret))
        return true;
    struct value v = read_head(c);
    *(struct bytes *)ret = v.text;
    return v.type == VALUE_BIN || v.type == VALUE_STR;
}

static bool take_map(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    (void)d, (void)f;
    struct value v = read_whole(c);
    *(struct bytes *)ret = v.whole;
    return v.type == VALUE_MAP;
}

static bool take_uint(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    (void)d, (void)f;
    if (read_natural(c, ret))
        return *(uint64_t *)ret < LARGEST;
    struct value v = read_head(c);
    if (v.type != VALUE_INT || v.integer < 0 || (uint64_t)v.integer >= LARGEST)
        return false;
    *(uint64_t *)ret = (uint64_t)v.integer;
    return true;
}

static bool take_int(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    (void)d, (void)f;
    if (read_natural(c, ret))
        return *(uint64_t *)ret < LARGEST;
    struct value v = read_head(c);
    if (v.type != VALUE_INT || v.integer <= -(int64_t)LARGEST || v.integer >= (int64_t)LARGEST)
        return false;
    *(int64_t *)ret = v.integer;
    return true;
}

/* NaN and Inf pass here: a source's one bad reading is refused and counted by itself (H1), not with
 * its whole message. */
static bool take_num(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    (void)d, (void)f;
    if (read_double(c, ret))
        return true;
    struct value v = read_head(c);
    *(double *)ret = v.type == VALUE_INT ? (double)v.integer : v.number;
    return v.type == VALUE_INT || v.type == VALUE_NUM;
}

static bool take_bool(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    (void)d, (void)f;
    struct value v = read_head(c);
    if (v.type != VALUE_BOOL)
        return false;
    *(bool *)ret = v.boolean;
    return true;
}

static bool take_enum(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    struct bytes name;
    if (!take_str(d, f, c, &name))
        return false;
    int found = enum_find(f->enumeration, name);
    *(int *)ret = MAX(found, 0);
    return found >= 0;
}

static bool take_names(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    (void)f;
    struct value v = read_head(c);
    if (v.type != VALUE_LIST || v.count > MAX_NAMES)
        return false;
    struct bytes *names = v.count ? arena_raw(d->arena, v.count * sizeof(*names)) : NULL;
    for (size_t i = 0; i < v.count; i++) {
        struct value name = read_head(c);
        if (name.type != VALUE_STR)
            return false;
        names[i] = name.text;
    }
    *(struct seq *)ret = (struct seq){names, v.count};
    return true;
}

static bool take_list(struct decoding *d, const struct field *f, struct cursor *c, void *ret)
{
    struct value v = read_head(c);
    if (v.type != VALUE_LIST || v.count > MAX_ITEMS)
        return false;
    char *items = v.count ? arena_raw(d->arena, v.count * f->part->size) : NULL;
    for (size_t i = 0; i < v.count; i++)
        if (!take_struct(d, f->part, c, items + i * f->part->size))
            return false;
    *(struct seq *)ret = (struct seq){items, v.count};
    return true;
}

static const struct {
    bool (*take)(struct decoding *d, const struct field *f, struct cursor *c, void *ret);
    const char *expected;
} kinds[] = {
    [KIND_STR] = {take_str, "a string"},
    [KIND_UINT] = {take_uint, "an integer from 0 to 2^53-1"},
    [KIND_INT] = {take_int, "an integer between -2^53 and 2^53"},
    [KIND_NUM] = {take_num, "a number"},
    [KIND_BOOL] = {take_bool, "true or false"},
    [KIND_BIN] = {take_bin, "bytes or a string"},
    [KIND_MAP] = {take_map, "a map"},
    [KIND_NAMES] = {take_names, "a list of at most 256 strings"},
    [KIND_ENUM] = {take_enum, "one of its names"},
    [KIND_LIST] = {take_list, "a list of at most 1000 maps"},
};

/* explain keeps the first, innermost reason: the outer ones only follow from it. */
static bool explain(struct decoding *d, const char *schema, const char *field, const char *what,
                    const char *more)
{
    if (d->err->text[0] == '\0')
        snprintf(d->err->text, sizeof(d->err->text), "%s%s%s %s%s", schema, *field ? "." : "",
                 field, what, more);
    return false;
}

/* is_key says whether a field's name with its head is at this place, behind which the room of a name is. */
static inline bool is_key(const struct field *f, const char *at)
{
    const char *key = (const char *)&f->key;
    size_t left = 1 + f->name_n;
    if (*key != *at)
        return false;
    for (; left > 8; left -= 8, key += 8, at += 8)
        if (read_eight(key) != read_eight(at))
            return false;
    return (read_eight(key) ^ read_eight(at)) >> (64 - 8 * left) == 0;
}

/* take_next takes the key of one of the fields from the expected one on, the usual case. */
static const struct field *take_next(const struct schema *s, struct cursor *c, const struct field *next)
{
    if ((size_t)(c->end - c->at) < sizeof(next->key))
        return NULL;
    for (const struct field *f = next; f != s->fields + s->n; f++)
        if (is_key(f, c->at)) {
            c->at += 1 + f->name_n;
            return f;
        }
    return NULL;
}

static const struct field *find_field(const struct schema *s, struct bytes key)
{
    for (const struct field *f = s->fields; f != s->fields + s->n; f++)
        if (f->name_n == key.n && memcmp(f->name, key.at, key.n) == 0)
            return f;
    return NULL;
}

static bool take_field(struct decoding *d, const struct schema *s, const struct field *f,
                       struct cursor *c, void *ret)
{
    if (kinds[f->kind].take(d, f, c, (char *)ret + f->offset))
        return true;
    return explain(d, s->name, f->name, "must be ", kinds[f->kind].expected);
}

/* have_needed names the first that is missing. */
static bool have_needed(struct decoding *d, const struct schema *s, uint64_t found)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->fields[i].needed && !(found >> i & 1))
            return explain(d, s->name, s->fields[i].name, "is missing", "");
    return true;
}

/* A nil is a field that is not there: languages without optional fields write one. */
static bool take_nil(struct cursor *c)
{
    if (c->at == c->end || (unsigned char)*c->at != 0xc0)
        return false;
    c->at++;
    return true;
}

/* take_name takes a key; NULL when no field is named so. */
static const struct field *take_name(const struct schema *s, struct cursor *c)
{
    struct bytes name;
    if (!read_short(c, &name)) {
        struct value key = read_head(c);
        if (key.type != VALUE_STR)
            return NULL;
        name = key.text;
    }
    return find_field(s, name);
}

static bool take_pair(struct decoding *d, const struct schema *s, struct cursor *c, void *ret, struct met *met)
{
    const struct field *f = take_next(s, c, met->next);
    if (f == NULL)
        f = take_name(s, c);
    if (f == NULL)
        return read_whole(c).type != VALUE_END || explain(d, s->name, "", "is cut off", "");
    met->next = f + 1;
    if (take_nil(c))
        return true;
    if (!take_field(d, s, f, c, ret))
        return false;
    if (f->needed && says_something(s, f, ret)) {
        uint64_t bit = UINT64_C(1) << (f - s->fields);
        met->missing -= !(met->found & bit);
        met->found |= bit;
    }
    return true;
}

/* take_open takes the head of a map or a list. */
static inline bool take_open(struct cursor *c, bool map, size_t *ret_count)
{
    bool is_map;
    if (read_open(c, &is_map, ret_count))
        return is_map == map;
    struct value head = read_head(c);
    *ret_count = head.count;
    return head.type == (map ? VALUE_MAP : VALUE_LIST);
}

static bool take_struct(struct decoding *d, const struct schema *s, struct cursor *c, void *ret)
{
    size_t count;
    if (!take_open(c, true, &count))
        return explain(d, s->name, "", "must be a map", "");
    struct met met = {.next = s->fields, .missing = s->n_needed};
    struct_defaults(s, ret);
    for (size_t i = 0; i < count; i++)
        if (!take_pair(d, s, c, ret, &met))
            return false;
    return met.missing == 0 || have_needed(d, s, met.found);
}

int message_which(struct bytes b)
{
    struct cursor c = cursor_of(b);
    if (read_head(&c).type != VALUE_MAP)
        return -EPROTO;
    struct value key = read_head(&c), name = read_head(&c);
    if (key.type != VALUE_STR || !bytes_is(key.text, "type") || name.type != VALUE_STR)
        return -EPROTO;
    for (int i = 0; i < MSG_COUNT; i++)
        if (bytes_is(name.text, schema_messages[i].name))
            return i;
    return -ENOENT;
}

int message_decode(enum msg which, struct bytes b, void *ret, struct arena *arena,
                   struct decode_error *err)
{
    return struct_decode(&schema_messages[which], b, ret, arena, err);
}

int struct_decode(const struct schema *s, struct bytes b, void *ret, struct arena *arena,
                  struct decode_error *err)
{
    struct decode_error unused;
    struct decoding d = {arena, err ? err : &unused};
    struct cursor c = cursor_of(b);
    d.err->text[0] = '\0';
    return take_struct(&d, s, &c, ret) ? 0 : -EPROTO;
}

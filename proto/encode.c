/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way from structs to bytes. A field that equals its default is left out, unless it is
 * needed: batches get smaller, and a reader fills it in from its own table. One pass, nothing
 * allocated but the growth of the buf. */
#include <math.h>

#include "codec.h"
#include "write.h"

/* Bits of an integer on the wire: more is lost by readers whose numbers are doubles. */
enum { LARGEST = 53 };

static void put_struct(struct buf *out, const struct schema *s, const char *type, const void *from);

static bool text_is_default(const struct field *f, const void *at)
{
    const struct bytes *text = at;
    return *f->dflt_text == '\0' ? text->n == 0 : bytes_is(*text, f->dflt_text);
}

static bool map_is_default(const struct field *f, const void *at)
{
    (void)f;
    enum { EMPTY_MAX = 5 }; /* bytes of the longest empty map */
    const struct bytes *map = at;
    return map->n == 0 || (map->n <= EMPTY_MAX && walk_of(*map).left == 0);
}

static bool seq_is_default(const struct field *f, const void *at)
{
    (void)f;
    return ((const struct seq *)at)->n == 0;
}

/* Of UINT and INT: what may be written is exact as a double. */
static bool int_is_default(const struct field *f, const void *at)
{
    return (double)*(const int64_t *)at == f->dflt;
}

static bool num_is_default(const struct field *f, const void *at)
{
    return *(const double *)at == f->dflt;
}

static bool bool_is_default(const struct field *f, const void *at)
{
    return *(const bool *)at == (f->dflt != 0);
}

static bool enum_is_default(const struct field *f, const void *at)
{
    return *(const int *)at == (int)f->dflt;
}

static void put_str(struct buf *out, const struct field *f, const void *at)
{
    (void)f;
    write_text(out, *(const struct bytes *)at);
}

static void put_bin(struct buf *out, const struct field *f, const void *at)
{
    (void)f;
    write_bytes(out, *(const struct bytes *)at);
}

static void put_map(struct buf *out, const struct field *f, const void *at)
{
    (void)f;
    write_raw(out, *(const struct bytes *)at);
}

static void put_uint(struct buf *out, const struct field *f, const void *at)
{
    (void)f;
    assert(*(const uint64_t *)at >> LARGEST == 0);
    write_uint64(out, *(const uint64_t *)at);
}

static void put_int(struct buf *out, const struct field *f, const void *at)
{
    (void)f;
    write_int64(out, *(const int64_t *)at);
}

static void put_num(struct buf *out, const struct field *f, const void *at)
{
    (void)f;
    double v = *(const double *)at;
    if (isfinite(v))
        write_double(out, v);
    else
        write_nil(out); /* as pack_num does */
}

static void put_bool(struct buf *out, const struct field *f, const void *at)
{
    (void)f;
    if (*(const bool *)at)
        write_true(out);
    else
        write_false(out);
}

static void put_enum(struct buf *out, const struct field *f, const void *at)
{
    write_text(out, bytes_of(enum_text(f->enumeration, *(const int *)at)));
}

static void put_names(struct buf *out, const struct field *f, const void *at)
{
    (void)f;
    write_array(out, ((const struct seq *)at)->n);
    SEQ_EACH (name, const struct bytes, *(const struct seq *)at)
        write_text(out, *name);
}

static void put_list(struct buf *out, const struct field *f, const void *at)
{
    const struct seq *items = at;
    write_array(out, items->n);
    for (size_t i = 0; i < items->n; i++)
        put_struct(out, f->part, NULL, (const char *)items->at + i * f->part->size);
}

static const struct {
    bool (*is_default)(const struct field *f, const void *at);
    void (*put)(struct buf *out, const struct field *f, const void *at);
} kinds[] = {
    [KIND_STR] = {text_is_default, put_str},   [KIND_UINT] = {int_is_default, put_uint},
    [KIND_INT] = {int_is_default, put_int},    [KIND_NUM] = {num_is_default, put_num},
    [KIND_BOOL] = {bool_is_default, put_bool}, [KIND_BIN] = {text_is_default, put_bin},
    [KIND_MAP] = {map_is_default, put_map},    [KIND_NAMES] = {seq_is_default, put_names},
    [KIND_ENUM] = {enum_is_default, put_enum}, [KIND_LIST] = {seq_is_default, put_list},
};

bool field_is_default(const struct field *f, const void *from)
{
    return kinds[f->kind].is_default(f, (const char *)from + f->offset);
}

/* put_fields answers how many it wrote. */
static unsigned put_fields(struct buf *out, const struct schema *s, const void *from)
{
    unsigned n = 0;
    for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
        const void *at = (const char *)from + f->offset;
        if (!f->needed && kinds[f->kind].is_default(f, at))
            continue;
        buf_add_of(out, &f->key, sizeof(f->key), 1 + f->name_n);
        kinds[f->kind].put(out, f, at);
        n++;
    }
    return n;
}

/* The head of a map is filled in at the end: it takes one byte when all fields and the type would fit its count of 15, else three. */
static void put_struct(struct buf *out, const struct schema *s, const char *type, const void *from)
{
    enum { SHORT_MAX = 15, SHORT_MAP = 0x80, MAP_16 = 0xde };
    size_t at = out->n;
    bool is_short = s->n < SHORT_MAX;
    buf_grow(out, is_short ? 1 : 3);
    if (type) {
        write_text(out, BYTES("type"));
        write_text(out, bytes_of(type));
    }
    unsigned n = put_fields(out, s, from) + (type != NULL);
    unsigned char *head = (unsigned char *)out->at + at;
    if (is_short) {
        *head = (unsigned char)(SHORT_MAP | n);
        return;
    }
    *head++ = MAP_16;
    *head++ = 0; /* a schema has at most 64 fields */
    *head = (unsigned char)n;
}

void message_encode(struct buf *out, enum msg which, const void *message)
{
    put_struct(out, &schema_messages[which], schema_messages[which].name, message);
}

void struct_encode(struct buf *out, const struct schema *s, const void *from)
{
    put_struct(out, s, NULL, from);
}

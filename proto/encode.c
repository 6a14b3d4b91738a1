/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way from structs to bytes. A field that equals its default is left out, unless it is
 * needed: batches get smaller, and a reader fills it in from its own table. One pass, nothing
 * allocated but the growth of the buf. */
#include "codec.h"

/* Bits of an integer on the wire: more is lost by readers whose numbers are doubles. */
enum { LARGEST = 53 };

static void put_fields(struct pack *p, const struct schema *s, const void *from);

static bool text_is_default(const struct field *f, const void *at)
{
    return bytes_is(*(const struct bytes *)at, f->dflt_text);
}

static bool map_is_default(const struct field *f, const void *at)
{
    (void)f;
    return walk_of(*(const struct bytes *)at).left == 0;
}

static bool seq_is_default(const struct field *f, const void *at)
{
    (void)f;
    return ((const struct seq *)at)->n == 0;
}

static bool uint_is_default(const struct field *f, const void *at)
{
    return *(const uint64_t *)at == (uint64_t)f->dflt;
}

static bool int_is_default(const struct field *f, const void *at)
{
    return *(const int64_t *)at == (int64_t)f->dflt;
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

static void put_str(struct pack *p, const struct field *f, const void *at)
{
    (void)f;
    pack_str(p, *(const struct bytes *)at);
}

static void put_bin(struct pack *p, const struct field *f, const void *at)
{
    (void)f;
    pack_bin(p, *(const struct bytes *)at);
}

static void put_map(struct pack *p, const struct field *f, const void *at)
{
    (void)f;
    pack_raw(p, *(const struct bytes *)at);
}

static void put_uint(struct pack *p, const struct field *f, const void *at)
{
    (void)f;
    assert(*(const uint64_t *)at >> LARGEST == 0);
    pack_uint(p, *(const uint64_t *)at);
}

static void put_int(struct pack *p, const struct field *f, const void *at)
{
    (void)f;
    pack_int(p, *(const int64_t *)at);
}

static void put_num(struct pack *p, const struct field *f, const void *at)
{
    (void)f;
    pack_num(p, *(const double *)at);
}

static void put_bool(struct pack *p, const struct field *f, const void *at)
{
    (void)f;
    pack_bool(p, *(const bool *)at);
}

static void put_enum(struct pack *p, const struct field *f, const void *at)
{
    pack_text(p, enum_text(f->enumeration, *(const int *)at));
}

static void put_names(struct pack *p, const struct field *f, const void *at)
{
    (void)f;
    pack_list(p);
    SEQ_EACH (name, const struct bytes, *(const struct seq *)at)
        pack_str(p, *name);
    pack_end(p);
}

static void put_list(struct pack *p, const struct field *f, const void *at)
{
    const struct seq *items = at;
    pack_list(p);
    for (size_t i = 0; i < items->n; i++) {
        pack_map(p);
        put_fields(p, f->part, (const char *)items->at + i * f->part->size);
        pack_end(p);
    }
    pack_end(p);
}

static const struct {
    bool (*is_default)(const struct field *f, const void *at);
    void (*put)(struct pack *p, const struct field *f, const void *at);
} kinds[] = {
    [KIND_STR] = {text_is_default, put_str},   [KIND_UINT] = {uint_is_default, put_uint},
    [KIND_INT] = {int_is_default, put_int},    [KIND_NUM] = {num_is_default, put_num},
    [KIND_BOOL] = {bool_is_default, put_bool}, [KIND_BIN] = {text_is_default, put_bin},
    [KIND_MAP] = {map_is_default, put_map},    [KIND_NAMES] = {seq_is_default, put_names},
    [KIND_ENUM] = {enum_is_default, put_enum}, [KIND_LIST] = {seq_is_default, put_list},
};

bool field_is_default(const struct field *f, const void *from)
{
    return kinds[f->kind].is_default(f, (const char *)from + f->offset);
}

static void put_fields(struct pack *p, const struct schema *s, const void *from)
{
    for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
        if (!f->needed && field_is_default(f, from))
            continue;
        pack_key_bytes(p, (struct bytes){f->name, f->name_n});
        kinds[f->kind].put(p, f, (const char *)from + f->offset);
    }
}

void message_encode(struct buf *out, enum msg which, const void *message)
{
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    pack_put_text(&p, "type", schema_messages[which].name);
    put_fields(&p, &schema_messages[which], message);
    pack_end(&p);
}

void struct_encode(struct buf *out, const struct schema *s, const void *from)
{
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    put_fields(&p, s, from);
    pack_end(&p);
}

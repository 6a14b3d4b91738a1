/* SPDX-License-Identifier: MPL-2.0 */
/* What the tests of the wire share: every table by number, and structs filled with the examples of
 * the tables. */
#ifndef HELIOS_TESTS_WIRE_H
#define HELIOS_TESTS_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/codec.h"
#include "proto/guard.h"

/* wire_schema gives message, part or record i, NULL after the last. */
static inline const struct schema *wire_schema(size_t i)
{
    if (i < MSG_COUNT)
        return &schema_messages[i];
    i -= MSG_COUNT;
    if (i < schema_parts_n)
        return schema_parts[i];
    i -= schema_parts_n;
    return i < REC_COUNT ? &schema_records[i] : NULL;
}

#define WIRE_EACH(s)                                                                               \
    for (size_t s##_i = 0; wire_schema(s##_i); s##_i++)                                            \
        for (const struct schema *s = wire_schema(s##_i); s; s = NULL)

/* {"undo": {"n": 1}, "list": [1, 2.5, nil, true, "x"]} */
#define WIRE_MAP                                                                                   \
    BYTES("\x82\xa4undo\x81\xa1n\x01\xa4list\x95\x01\xcb\x40\x04\0\0\0\0\0\0\xc0\xc3\xa1x")

static inline void wire_fill(struct arena *arena, const struct schema *s, void *ret);

static inline struct seq wire_fill_list(struct arena *arena, const struct schema *part)
{
    char *items = arena_take(arena, 2 * part->size);
    wire_fill(arena, part, items);
    wire_fill(arena, part, items + part->size);
    return (struct seq){items, 2};
}

static inline struct seq wire_fill_names(struct arena *arena)
{
    struct bytes *names = arena_take(arena, 3 * sizeof(*names));
    names[0] = BYTES("t-1/1");
    names[1] = BYTES("");
    names[2] = BYTES("ünïcode");
    return (struct seq){names, 3};
}

static inline void wire_fill_field(struct arena *arena, const struct field *f, void *at)
{
    long long whole = strtoll(f->example, NULL, 10);
    switch (f->kind) {
    case KIND_STR:
        *(struct bytes *)at = bytes_of(*f->example ? f->example : "some text");
        break;
    case KIND_BIN:
        *(struct bytes *)at = BYTES("\0\xff bytes");
        break;
    case KIND_MAP:
        *(struct bytes *)at = WIRE_MAP;
        break;
    case KIND_UINT:
        *(uint64_t *)at = whole ? (uint64_t)whole : (1ull << 53) - 1;
        break;
    case KIND_INT:
        *(int64_t *)at = whole ? whole : -1790000000000;
        break;
    case KIND_NUM:
        *(double *)at = strtod(f->example, NULL) + 0.125;
        break;
    case KIND_BOOL:
        *(bool *)at = f->dflt == 0;
        break;
    case KIND_ENUM:
        *(int *)at = enum_find(f->enumeration, bytes_of(f->example));
        break;
    case KIND_NAMES:
        *(struct seq *)at = wire_fill_names(arena);
        break;
    case KIND_LIST:
        *(struct seq *)at = wire_fill_list(arena, f->part);
        break;
    }
}

/* wire_fill sets every field to its example, or to a value of its kind where the example is the
 * default. */
static inline void wire_fill(struct arena *arena, const struct schema *s, void *ret)
{
    struct_defaults(s, ret);
    for (const struct field *f = s->fields; f != s->fields + s->n; f++)
        wire_fill_field(arena, f, (char *)ret + f->offset);
}

/* wire_encode appends s as it travels: messages with their type, parts and records bare. */
static inline void wire_encode(struct buf *out, const struct schema *s, const void *from)
{
    if (s >= schema_messages && s < schema_messages + MSG_COUNT)
        message_encode(out, (enum msg)(s - schema_messages), from);
    else
        struct_encode(out, s, from);
}

#endif

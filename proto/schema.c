/* SPDX-License-Identifier: MPL-2.0 */
/* Makes the descriptors of schema.h from the .def tables. Owns no logic. */
#include "schema.h"

#define ENUM_OF(e) static const char *const values_##e[] = {
#define VALUE(e, v, doc) #v,
#define ENUM_END(e) };
#include "proto/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

#define ENUM_OF(e) static const char *const docs_##e[] = {
#define VALUE(e, v, doc) doc,
#define ENUM_END(e) };
#include "proto/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

#define ENUM_OF(e)
#define VALUE(e, v, doc)
#define ENUM_END(e) const struct enumeration enum_##e = {#e, values_##e, docs_##e, e##_COUNT};
#include "proto/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

const char *enum_text(const struct enumeration *e, int value)
{
    return value >= 0 && (size_t)value < e->n ? e->values[value] : "?";
}

int enum_find(const struct enumeration *e, struct bytes name)
{
    for (size_t i = 0; i < e->n; i++)
        if (bytes_is(name, e->values[i]))
            return (int)i;
    return -1;
}

#define NEED .needed = true
#define OR(number) .dflt = (number)
#define ORS(text) .dflt_text = (text)
#define FIELD(m, f, k, ex, d, ...)                                                                 \
    {.key = {(char)(0xa0 | (sizeof(#f) - 1)), #f}, .name = #f, .name_n = sizeof(#f) - 1, .kind = k, .offset = offsetof(struct PREFIX(m), f), .example = ex, .doc = d, __VA_ARGS__},
#define STR(m, f, d, ex, doc) FIELD(m, f, KIND_STR, ex, doc, d)
#define BIN(m, f, d, ex, doc) FIELD(m, f, KIND_BIN, ex, doc, d)
#define MAP(m, f, d, ex, doc) FIELD(m, f, KIND_MAP, ex, doc, d)
#define UINT(m, f, d, ex, doc) FIELD(m, f, KIND_UINT, #ex, doc, d)
#define INT(m, f, d, ex, doc) FIELD(m, f, KIND_INT, #ex, doc, d)
#define NUM(m, f, d, ex, doc) FIELD(m, f, KIND_NUM, #ex, doc, d)
#define BOOL(m, f, d, ex, doc) FIELD(m, f, KIND_BOOL, #ex, doc, d)
#define NAMES(m, f, doc) FIELD(m, f, KIND_NAMES, "", doc, .dflt = 0)
#define ENUM(m, f, e, d, ex, doc) FIELD(m, f, KIND_ENUM, #ex, doc, d, .enumeration = &enum_##e)
#define LIST(m, f, p, doc) FIELD(m, f, KIND_LIST, "", doc, .part = &part_##p)
#define END(m) };                                                                                  \
    ROW(m)

#define PREFIX(m) msg_##m
#define MSG(m, fr, ep, d) static const struct field fields_msg_##m[] = {
#define PART(m, d)                                                                                 \
    static const char doc_##m[] = d;                                                               \
    static const struct schema part_##m;                                                           \
    static const struct field fields_msg_##m[] = {
/* A part's schema follows its fields; a message's ROW only counts them. */
#define ROW(m) enum { n_msg_##m = ARRAY_SIZE(fields_msg_##m) };
#include "proto/messages.def"
#undef PREFIX
#undef MSG
#undef PART
#undef ROW

#define PREFIX(m) rec_##m
#define REC(m, d) static const struct field fields_rec_##m[] = {
#define ROW(m) enum { n_rec_##m = ARRAY_SIZE(fields_rec_##m) };
#include "proto/records.def"
#undef REC
#undef ROW

#undef STR
#undef BIN
#undef MAP
#undef UINT
#undef INT
#undef NUM
#undef BOOL
#undef NAMES
#undef ENUM
#undef LIST
#undef END
#undef NEED
#undef OR
#undef ORS

/* The defaults, as the C struct that has them all. What is needed begins as nothing. */
#define NEED 0
#define OR(number) number
#define ORS(text) sizeof(text) > 1 ? (text) : NULL, sizeof(text) - 1
#define STR(m, f, d, ex, doc) .f = {d},
#define BIN STR
#define MAP STR
#define UINT(m, f, d, ex, doc) .f = d,
#define INT UINT
#define NUM UINT
#define BOOL UINT
#define NAMES(m, f, doc)
#define ENUM(m, f, e, d, ex, doc) .f = d,
#define LIST(m, f, p, doc)
#define END(m) };
#define MSG(m, fr, ep, d) static const struct msg_##m defaults_msg_##m = {
#define PART(m, d) MSG(m, , , )
#define REC(m, d) static const struct rec_##m defaults_rec_##m = {
#include "proto/messages.def"
#include "proto/records.def"
#undef NEED
#undef OR
#undef ORS
#undef STR
#undef UINT
#undef ENUM
#undef END
#undef MSG
#undef REC

/* How many fields are needed. */
#define NEED 1
#define OR(number) 0
#define ORS(text) 0
#define STR(m, f, d, ex, doc) +d
#define UINT STR
#define ENUM(m, f, e, d, ex, doc) +d
#define END(m) };
#define MSG(m, fr, ep, d) enum { needed_msg_##m = 0
#define REC(m, d) enum { needed_rec_##m = 0
#include "proto/messages.def"
#include "proto/records.def"
#undef MSG
#undef PART
#undef REC
#undef STR
#undef BIN
#undef MAP
#undef UINT
#undef INT
#undef NUM
#undef BOOL
#undef NAMES
#undef ENUM
#undef LIST
#undef END

#define STR(m, f, d, ex, doc)
#define BIN(m, f, d, ex, doc)
#define MAP(m, f, d, ex, doc)
#define UINT(m, f, d, ex, doc)
#define INT(m, f, d, ex, doc)
#define NUM(m, f, d, ex, doc)
#define BOOL(m, f, d, ex, doc)
#define NAMES(m, f, doc)
#define ENUM(m, f, e, d, ex, doc)
#define LIST(m, f, p, doc)
#define END(m)

#define SHAPE(s, name) name, fields_##s, n_##s, sizeof(struct s), needed_##s, &defaults_##s
#define MSG(m, fr, ep, d)
#define PART(m, d)                                                                                 \
    static const struct schema part_##m = {                                                        \
        SHAPE(msg_##m, #m), FROM_NOBODY, ENDPOINTS, doc_##m};
#include "proto/messages.def"
#undef MSG
#undef PART

#define PART(m, d)
const struct schema schema_messages[MSG_COUNT] = {
#define MSG(m, fr, ep, d)                                                                          \
    {SHAPE(msg_##m, #m), FROM_##fr, ENDPOINT_##ep, d},
#include "proto/messages.def"
#undef MSG
};
#undef PART

#define MSG(m, fr, ep, d)
#define PART(m, d) &part_##m,
const struct schema *const schema_parts[] = {
#include "proto/messages.def"
};
const size_t schema_parts_n = ARRAY_SIZE(schema_parts);

const struct schema *ended_schema(void)
{
    static const struct schema *found;
    if (found == NULL)
        found = part_schema("ended");
    return found;
}

const struct schema *part_schema(const char *name)
{
    for (size_t i = 0; i < schema_parts_n; i++)
        if (strcmp(schema_parts[i]->name, name) == 0)
            return schema_parts[i];
    return NULL;
}

const struct schema schema_records[REC_COUNT] = {
#define REC(m, d) {SHAPE(rec_##m, #m), FROM_NOBODY, ENDPOINTS, d},
#include "proto/records.def"
};

const struct event_kind event_kinds[EVENT_COUNT] = {
#define EVENT(name, topic, level, durable, doc) {#name, topic, level_##level, durable, doc},
#include "proto/events.def"
};

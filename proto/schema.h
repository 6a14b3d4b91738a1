/* SPDX-License-Identifier: MPL-2.0 */
/* The tables of enums.def, messages.def and records.def as C: one struct a message (struct msg_NAME) and a record
 * (struct rec_NAME), one enum an enumeration, and descriptors by which codec, printer, document and tests walk them.
 * To add a field: one line in the .def file, with a default. Nothing else. */
#ifndef HELIOS_PROTO_SCHEMA_H
#define HELIOS_PROTO_SCHEMA_H

#include "common/base.h"

enum kind { KIND_STR, KIND_UINT, KIND_INT, KIND_NUM, KIND_BOOL, KIND_BIN, KIND_MAP, KIND_NAMES, KIND_ENUM, KIND_LIST };

/* What a NAMES field (items are struct bytes) and a LIST field (items are the part's struct) hold. */
struct seq {
    void *at;
    size_t n;
};
#define SEQ_EACH(it, type, s) /* walks a struct seq */                                             \
    for (type *it = (s).at, *it##_end = it ? it + (s).n : it; it != it##_end; it++)

struct enumeration {
    const char *name;
    const char *const *values; /* values[i] is the name of value i */
    const char *const *docs;
    size_t n;
};

/* A field's name as msgpack writes it, with room behind it: it is written and compared eight bytes a step. */
enum { KEY_NAME_MAX = 31 };
struct key_bytes {
    char head; /* says how long the name is */
    char name[KEY_NAME_MAX];
};

struct schema;
struct field {
    struct key_bytes key;
    const char *name;
    size_t name_n;
    enum kind kind;
    bool needed;
    double dflt;           /* of UINT, INT, NUM, BOOL, ENUM */
    const char *dflt_text; /* of STR, BIN ("" or a text); a MAP's default is always the empty map */
    size_t offset;         /* of the C member */
    const struct schema *part;     /* of LIST */
    const struct enumeration *enumeration; /* of ENUM */
    const char *example, *doc;
};

enum from { FROM_AGENT, FROM_CONTROLLER, FROM_CLIENT, FROM_SOURCE, FROM_NOBODY };
enum endpoint { ENDPOINT_agents, ENDPOINT_control, ENDPOINT_kpi, ENDPOINT_events, ENDPOINTS };

struct schema {
    const char *name;
    const struct field *fields;
    size_t n, size; /* fields; bytes of the C struct */
    size_t n_needed; /* fields */
    const void *defaults; /* a C struct with every field at its default */
    enum from from; /* FROM_NOBODY: a part or a record */
    enum endpoint endpoint;
    const char *doc;
};

/* The enums: enum task_state { TASK_STATE_PENDING, … }, names in enum_task_state. */
#define ENUM_OF(e) enum e {
#define VALUE(e, v, doc) e##_##v,
#define ENUM_END(e) e##_COUNT };
#include "proto/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

#define ENUM_OF(e) extern const struct enumeration enum_##e;
#define VALUE(e, v, doc)
#define ENUM_END(e)
#include "proto/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

const char *enum_text(const struct enumeration *e, int value); /* "?" for one that is none */
int enum_find(const struct enumeration *e, struct bytes name); /* -1 when there is none */

/* The structs. */
#define MSG(m, from, endpoint, doc) struct msg_##m {
#define PART(m, doc) struct msg_##m {
#define REC(m, doc) struct rec_##m {
#define STR(m, f, d, ex, doc) struct bytes f;
#define BIN(m, f, d, ex, doc) struct bytes f;
#define MAP(m, f, d, ex, doc) struct bytes f; /* a msgpack map, or nothing */
#define UINT(m, f, d, ex, doc) uint64_t f;
#define INT(m, f, d, ex, doc) int64_t f;
#define NUM(m, f, d, ex, doc) double f;
#define BOOL(m, f, d, ex, doc) bool f;
#define NAMES(m, f, doc) struct seq f; /* of struct bytes */
#define ENUM(m, f, e, d, ex, doc) enum e f;
#define LIST(m, f, part, doc) struct seq f; /* of struct msg_PART or rec_PART */
#define END(m) };
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

/* enum msg { MSG_hello, … }: index into schema_messages. A PART has no number. */
#define PART(m, doc)
#define REC(m, doc)
#define STR(m, f, d, ex, doc)
#define BIN(m, f, d, ex, doc)
#define MAP(m, f, d, ex, doc)
#define UINT(m, f, d, ex, doc)
#define INT(m, f, d, ex, doc)
#define NUM(m, f, d, ex, doc)
#define BOOL(m, f, d, ex, doc)
#define NAMES(m, f, doc)
#define ENUM(m, f, e, d, ex, doc)
#define LIST(m, f, part, doc)
#define END(m)
enum msg {
#define MSG(m, from, endpoint, doc) MSG_##m,
#include "proto/messages.def"
#undef MSG
    MSG_COUNT
};
/* enum rec { REC_task, … }: index into schema_records; also the order in which they are loaded. */
#define MSG(m, from, endpoint, doc)
#undef REC
enum rec {
#define REC(m, doc) REC_##m,
#include "proto/records.def"
#undef REC
    REC_COUNT
};
#undef MSG
#undef PART
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

extern const struct schema schema_messages[MSG_COUNT];
extern const struct schema schema_records[REC_COUNT];
extern const struct schema *const schema_parts[];
extern const size_t schema_parts_n;
const struct schema *part_schema(const char *name); /* a part of messages.def; NULL */
const struct schema *ended_schema(void);            /* of struct msg_ended, without the search */

/* Events: topic, level and doc of each; see events.def. */
enum event {
#define EVENT(name, topic, level, durable, doc) EVENT_##name,
#include "proto/events.def"
#undef EVENT
    EVENT_COUNT
};
struct event_kind {
    const char *name, *topic;
    enum level level;
    bool durable; /* kept in the ledger: `helios why` finds it */
    const char *doc;
};
extern const struct event_kind event_kinds[EVENT_COUNT];

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* The model's own data, shared by redis*.c alone. */
#ifndef HELIOS_SIM_REDIS_INSIDE_H
#define HELIOS_SIM_REDIS_INSIDE_H

#include <uthash.h>

#include "redis.h"

enum thing_type { THING_hash, THING_stream, THING_string };
struct field {
    UT_hash_handle hh; /* in thing.fields, key name */
    char *name, *value; /* owned */
    size_t n;
};
struct entry {
    long long ms, seq;
    char *value; /* owned; of its one field `e` */
    size_t n;
};
struct thing { /* what lies under a key */
    UT_hash_handle hh;
    char *key; /* owned */
    enum thing_type type;
    struct field *fields;
    struct entry *entries; /* owned; oldest first */
    size_t n_entries, room_entries;
};
struct write {
    char *request; /* owned */
    size_t n;
    int64_t now;
    bool commit;
};
struct model {
    const struct model_calls *calls; /* borrowed */
    void *user;
    struct thing *things;
    long version; /* of our functions; 0 = they are not loaded */
    enum refuse refuse;
    char error[128];
    int64_t now;
    bool wrote, committed; /* the request under way did */
    struct write *writes;  /* owned; all that wrote, oldest first */
    size_t n_writes, room_writes;
};

void say_status(struct buf *out, const char *text);
void say_error(struct buf *out, const char *format, ...) FORMAT_LIKE(2, 3);
void say_number(struct buf *out, size_t n);
void say_bulk(struct buf *out, struct bytes text); /* {NULL, 0} = nil */
void say_list(struct buf *out, size_t n);

struct thing *thing_find(struct model *m, struct bytes key); /* NULL */
struct thing *thing_make(struct model *m, struct bytes key, enum thing_type type);
void thing_free(struct model *m, struct thing *t);
bool thing_set(struct thing *t, struct bytes name, struct bytes value); /* it is new */
void thing_unset(struct thing *t, struct bytes name);
struct bytes thing_get(const struct thing *t, struct bytes name);

bool model_refuses(const struct model *m, bool writes, bool grows);
void function_call(struct model *m, const struct words *w, struct buf *out); /* FCALL */

#endif

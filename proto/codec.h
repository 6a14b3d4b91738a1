/* SPDX-License-Identifier: MPL-2.0 */
/* Structs of the tables to bytes and back, by walking the descriptors. */
#ifndef HELIOS_PROTO_CODEC_H
#define HELIOS_PROTO_CODEC_H

#include "common/buf.h"
#include "pack.h"
#include "read.h"
#include "schema.h"

/* Memory of decoded lists, given back all at once. Zero it to begin. */
struct arena {
    struct arena_block *blocks; /* owned */
};
void *arena_take(struct arena *a, size_t n); /* zeroed */
void *arena_raw(struct arena *a, size_t n);  /* for who writes all of it */
void arena_done(struct arena *a);

struct decode_error {
    char text[200]; /* one sentence: which message, which field, what was expected */
};

/* message_encode appends one whole message: {"type": name, fields…}. */
void message_encode(struct buf *out, enum msg which, const void *message);
/* message_which finds the type of bytes that guard_check has passed; -EPROTO when "type" is not the
 * first key, -ENOENT for an unknown name. */
int message_which(struct bytes b);
/* message_decode fills *ret (the struct of `which`) with views into b; lists live in the arena.
 * -EPROTO with the reason in err when a needed field is missing or of a wrong type; err may be
 * NULL. */
int message_decode(enum msg which, struct bytes b, void *ret, struct arena *arena,
                   struct decode_error *err);

/* The same for records and for parts that are packed alone: a map of the fields, without a type. */
void struct_encode(struct buf *out, const struct schema *s, const void *from);
int struct_decode(const struct schema *s, struct bytes b, void *ret, struct arena *arena,
                  struct decode_error *err);
/* struct_defaults sets every field to its default; strings point to constants, empty ones are
 * {NULL, 0}. For a record that will own its fields, record_own comes next. */
void struct_defaults(const struct schema *s, void *ret);
bool field_is_default(const struct field *f, const void *from); /* from: the whole struct */

/* Records that live longer than the bytes they came from own what they point to:
 * record_own copies every string and list of names of a decoded record, record_free frees them. An
 * owned field is changed by own_set and own_names only. */
void record_own(const struct schema *s, void *record);
void record_free(const struct schema *s, void *record);
void own_set(struct bytes *field, struct bytes value); /* value may point into the field itself */
void own_text(struct bytes *field, const char *value);
void own_printf(struct bytes *field, const char *format, ...) FORMAT_LIKE(2, 3);
void own_names(struct seq *field, const struct bytes *values, size_t n);
void own_names_add(struct seq *field, struct bytes value);
void own_names_drop(struct seq *field, struct bytes value); /* nothing when it is not there */
bool names_have(struct seq names, struct bytes value);

/* struct_show appends the fields as text for people and logs: `result task=t-81 attempt=1 …`,
 * everything escaped. */
void struct_show(struct buf *out, const struct schema *s, const void *from);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns defaults, and what records that outlive their bytes point to. An owned string is
 * NUL-terminated, an owned empty one is {NULL, 0}. */
#include "codec.h"

void struct_defaults(const struct schema *s, void *ret)
{
    memcpy(ret, s->defaults, s->size);
}

static bool holds_bytes(const struct field *f)
{
    return f->kind == KIND_STR || f->kind == KIND_BIN || f->kind == KIND_MAP;
}

static struct bytes own(struct bytes value)
{
    return value.n ? (struct bytes){bytes_dup(value), value.n} : (struct bytes){0};
}

static void disown(struct bytes *field)
{
    free((char *)field->at);
    *field = (struct bytes){0};
}

static struct seq own_seq(const struct bytes *values, size_t n)
{
    struct bytes *names = n ? xalloc(n * sizeof(*names)) : NULL;
    for (size_t i = 0; i < n; i++)
        names[i] = own(values[i]);
    return (struct seq){names, n};
}

static void disown_seq(struct seq *field)
{
    SEQ_EACH (name, struct bytes, *field)
        disown(name);
    free(field->at);
    *field = (struct seq){0};
}

void record_own(const struct schema *s, void *record)
{
    for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
        void *at = (char *)record + f->offset;
        assert(f->kind != KIND_LIST); /* records.def has none */
        if (holds_bytes(f))
            *(struct bytes *)at = own(*(struct bytes *)at);
        else if (f->kind == KIND_NAMES)
            *(struct seq *)at = own_seq(((struct seq *)at)->at, ((struct seq *)at)->n);
    }
}

void record_free(const struct schema *s, void *record)
{
    for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
        void *at = (char *)record + f->offset;
        if (holds_bytes(f))
            disown(at);
        else if (f->kind == KIND_NAMES)
            disown_seq(at);
    }
}

void own_set(struct bytes *field, struct bytes value)
{
    struct bytes copy = own(value);
    disown(field);
    *field = copy;
}

void own_text(struct bytes *field, const char *value)
{
    own_set(field, bytes_of(value));
}

void own_printf(struct bytes *field, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    own_set(field, buf_bytes(&text));
    buf_done(&text);
}

void own_names(struct seq *field, const struct bytes *values, size_t n)
{
    struct seq copy = own_seq(values, n);
    disown_seq(field);
    *field = copy;
}

void own_names_add(struct seq *field, struct bytes value)
{
    struct bytes copy = own(value); /* before the array moves: value may lie in it */
    struct bytes *names = xrealloc(field->at, (field->n + 1) * sizeof(*names));
    names[field->n] = copy;
    *field = (struct seq){names, field->n + 1};
}

void own_names_drop(struct seq *field, struct bytes value)
{
    struct bytes *names = field->at;
    for (size_t i = 0; i < field->n; i++) {
        if (!bytes_eq(names[i], value))
            continue;
        disown(&names[i]);
        field->n--;
        memmove(&names[i], &names[i + 1], (field->n - i) * sizeof(*names));
        return;
    }
}

bool names_have(struct seq names, struct bytes value)
{
    SEQ_EACH (name, struct bytes, names)
        if (bytes_eq(*name, value))
            return true;
    return false;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way between msgpack and JSON. Refuses to know what is said. */
#include "json.h"

#include <math.h>

#include "common/text.h"

enum { DEEPEST = 8 };

static json_t *from_value(struct cursor *c, unsigned depth);

/* printable gives text as it is, or with \xNN escapes when JSON could not hold it. The caller frees
 * *ret_owned. */
static struct bytes printable(struct bytes text, struct buf *owned)
{
    if (text_is_utf8(text))
        return text;
    text_safe(owned, text);
    return buf_bytes(owned);
}

static json_t *from_text(struct bytes text)
{
    _cleanup_(buf_done) struct buf owned = {0};
    text = printable(text, &owned);
    return json_stringn(text.at ? text.at : "", text.n);
}

static json_t *from_list(struct cursor *c, size_t count, unsigned depth)
{
    json_t *list = json_array();
    for (; count && c->at < c->end; count--)
        json_array_append_new(list, from_value(c, depth));
    return list;
}

static json_t *from_map(struct cursor *c, size_t count, unsigned depth)
{
    json_t *map = json_object();
    for (; count && c->at < c->end; count--) {
        _cleanup_(buf_done) struct buf owned = {0};
        struct value key = read_whole(c);
        json_t *item = from_value(c, depth);
        /* A key with a NUL inside ends there. */
        char *name = bytes_dup(printable(key.text, &owned));
        json_object_set_new_nocheck(map, name, item);
        free(name);
    }
    return map;
}

static json_t *from_value(struct cursor *c, unsigned depth)
{
    struct cursor before = *c;
    struct value v = read_head(c);
    if ((v.type == VALUE_LIST || v.type == VALUE_MAP) && depth == 2 * DEEPEST) {
        *c = before;
        read_whole(c);
        return json_string("too deep");
    }
    switch (v.type) {
    case VALUE_BOOL:
        return json_boolean(v.boolean);
    case VALUE_INT:
        return json_integer(v.integer);
    case VALUE_NUM:
        return isfinite(v.number) ? json_real(v.number) : json_null();
    case VALUE_STR:
    case VALUE_BIN:
        return from_text(v.text);
    case VALUE_LIST:
        return from_list(c, v.count, depth + 1);
    case VALUE_MAP:
        return from_map(c, v.count, depth + 1);
    case VALUE_NIL:
    case VALUE_END:
        break;
    }
    return json_null();
}

json_t *json_from_msgpack(struct bytes b)
{
    struct cursor c = cursor_of(b);
    return b.n ? from_value(&c, 0) : json_object();
}

static int to_value(struct pack *p, const json_t *value, unsigned depth);

static int to_list(struct pack *p, const json_t *value, unsigned depth)
{
    size_t i;
    json_t *item;
    int error = 0;
    pack_list(p);
    json_array_foreach (value, i, item)
        if (!error)
            error = to_value(p, item, depth);
    pack_end(p);
    return error;
}

static int to_map(struct pack *p, const json_t *value, unsigned depth)
{
    const char *key;
    json_t *item;
    int error = 0;
    pack_map(p);
    json_object_foreach ((json_t *)value, key, item) {
        if (error)
            continue;
        pack_key(p, key);
        error = to_value(p, item, depth);
    }
    pack_end(p);
    return error;
}

static int to_value(struct pack *p, const json_t *value, unsigned depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return depth == DEEPEST ? -ELOOP : to_map(p, value, depth + 1);
    case JSON_ARRAY:
        return depth == DEEPEST ? -ELOOP : to_list(p, value, depth + 1);
    case JSON_STRING:
        pack_str(p, (struct bytes){json_string_value(value), json_string_length(value)});
        break;
    case JSON_INTEGER:
        pack_int(p, json_integer_value(value));
        break;
    case JSON_REAL:
        pack_num(p, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        pack_bool(p, json_is_true(value));
        break;
    case JSON_NULL:
        pack_nil(p);
        break;
    }
    return 0;
}

int json_to_msgpack(struct buf *out, const json_t *value)
{
    struct pack p;
    size_t before = out->n;
    pack_init(&p, out);
    int error = to_value(&p, value, 0);
    if (error)
        out->n = before;
    return error;
}

int json_text_to_msgpack(struct buf *out, struct bytes text, char *err_text, size_t err_room)
{
    json_error_t where;
    json_t *value = json_loadb(text.at ? text.at : "", text.n,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (value == NULL) {
        snprintf(err_text, err_room, "line %d, column %d: %s", where.line, where.column,
                 where.text);
        return -EBADMSG;
    }
    int error = json_to_msgpack(out, value);
    json_decref(value);
    if (error) {
        snprintf(err_text, err_room, "nested deeper than %d", DEEPEST);
        return -EBADMSG;
    }
    return 0;
}

static int print_to_buf(const char *text, size_t n, void *out)
{
    buf_add(out, text, n);
    return 0;
}

void json_print(struct buf *out, struct bytes msgpack, bool pretty)
{
    json_t *value = json_from_msgpack(msgpack);
    size_t style = pretty ? JSON_INDENT(2) : JSON_COMPACT;
    json_dump_callback(value, print_to_buf, out, style | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    json_decref(value);
}

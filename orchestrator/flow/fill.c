/* SPDX-License-Identifier: MPL-2.0 */
#include "fill.h"

#include <inttypes.h>

#include "common/text.h"
#include "part.h"
#include "proto/json.h"
#include "settings/expr.h"
#include "settings/reference.h"

static int missing(char *err, struct bytes inside, const char *format, ...) FORMAT_LIKE(3, 4);
static int missing(char *err, struct bytes inside, const char *format, ...)
{
    va_list args;
    int n = snprintf(err, FILL_ERR, "${" BYTES_F "} ", (int)MIN(inside.n, (size_t)80), inside.at);
    va_start(args, format);
    vsnprintf(err + n, FILL_ERR - (size_t)n, format, args);
    va_end(args);
    return -ENOENT;
}

/* ---- values ---- */

static struct value first_of(struct bytes packed)
{
    struct cursor c = cursor_of(packed);
    return read_whole(&c);
}

static struct value item_at(struct value list, struct bytes word)
{
    int64_t place;
    struct value item = {.type = VALUE_END};
    struct walk w = walk_of(list.whole);
    if (text_parse_int(word, &place) < 0 || place < 0 || (uint64_t)place >= list.count)
        return item;
    while (place-- >= 0)
        if (!walk_item(&w, &item))
            return (struct value){.type = VALUE_END};
    return item;
}

static struct value key_at(struct value map, struct bytes word)
{
    struct walk w = walk_of(map.whole);
    struct value key, item;
    while (walk_pair(&w, &key, &item))
        if (bytes_eq(key.text, word))
            return item;
    return (struct value){.type = VALUE_END};
}

static struct value down(struct value at, struct bytes path)
{
    for (struct bytes word; at.type != VALUE_END && path_next(&path, &word);)
        at = at.type == VALUE_MAP    ? key_at(at, word)
             : at.type == VALUE_LIST ? item_at(at, word)
                                     : (struct value){.type = VALUE_END};
    return at;
}

static int found_below(struct bytes packed, struct bytes path, struct bytes inside, struct value *ret, char *err)
{
    *ret = down(packed.n ? first_of(packed) : (struct value){.type = VALUE_END}, path);
    return ret->type == VALUE_END ? missing(err, inside, "is not there") : 0;
}

/* made_text gives a text that nobody has packed yet. */
static int made_text(struct buf *scratch, struct bytes text, struct value *ret)
{
    struct pack p;
    size_t before = scratch->n;
    pack_init(&p, scratch);
    pack_str(&p, text);
    *ret = first_of((struct bytes){scratch->at + before, scratch->n - before});
    return 0;
}

/* ---- what steps have come to ---- */

/* Of a fan-out: the list of its parts' values in order; nothing for those that did not complete (P5). */
static int get_parts(const struct step *s, const struct reference *r, struct bytes inside, struct buf *scratch,
                     struct value *ret, char *err)
{
    struct pack p;
    size_t before = scratch->n;
    pack_init(&p, scratch);
    pack_list(&p);
    for (size_t i = 0; i < fan_size(s); i++) {
        const struct rec_step *part = fan_part(s, i);
        struct value v = {.type = VALUE_END};
        if (part == NULL || part->state != step_state_COMPLETED)
            pack_nil(&p);
        else if (r->kind == REFERENCE_output)
            pack_str(&p, part->output);
        else if (r->path.n == 0)
            pack_raw(&p, part->data);
        else if (found_below(part->data, r->path, inside, &v, err) < 0)
            return -ENOENT;
        else
            pack_raw(&p, v.whole);
        if (scratch->n - before > FILL_MOST)
            return missing(err, inside, "is over %d bytes", FILL_MOST);
    }
    pack_end(&p);
    *ret = first_of((struct bytes){scratch->at + before, scratch->n - before});
    return 0;
}

static int get_part(const struct step *s, const struct reference *r, struct bytes inside, struct value *ret, char *err)
{
    struct bytes path = r->path, word;
    int64_t n;
    if (!path_next(&path, &word) || text_parse_int(word, &n) < 0 || n < 0)
        return -EINVAL;
    const struct rec_step *part = (uint64_t)n < fan_size(s) ? fan_part(s, (size_t)n) : NULL;
    if (part == NULL || part->state != step_state_COMPLETED)
        return missing(err, inside, "is not there: that part has not completed");
    return found_below(part->data, path, inside, ret, err);
}

static int get_step(const struct fill *fill, const struct reference *r, struct bytes inside, struct buf *scratch,
                    struct value *ret, char *err)
{
    const struct plan_step *plan = plan_find(fill->run->plan, r->step);
    if (plan == NULL)
        return missing(err, inside, "names no step");
    const struct step *s = &fill->run->steps[plan->index];
    const char *state = enum_text(&enum_step_state, (int)s->r.state);
    if (r->kind == REFERENCE_state)
        return made_text(scratch, bytes_of(state), ret);
    bool ran = s->r.state == step_state_COMPLETED || s->r.state == step_state_FAILED;
    if (!ran && s->r.data.n == 0)
        return missing(err, inside, "is not there: " BYTES_F " is %s", BYTES_A(r->step), state);
    if (s->plan->set->each.n) {
        int one = get_part(s, r, inside, ret, err);
        return one == -EINVAL ? get_parts(s, r, inside, scratch, ret, err) : one;
    }
    if (r->kind == REFERENCE_output)
        return made_text(scratch, s->r.output, ret);
    if (s->r.data.n == 0 && r->path.n == 0) {
        *ret = first_of(BYTES("\x80"));
        return 0;
    }
    return found_below(s->r.data, r->path, inside, ret, err);
}

/* ---- the others ---- */

void run_dir(const struct run *r, struct buf *out)
{
    const struct set_pipeline *set = &r->plan->set;
    if (set->dir.n)
        buf_printf(out, "%s/%s/%s", set->dir.at, r->r.pipeline.at, r->r.id.at);
}

static int get_run(const struct run *run, enum reference_kind kind, struct bytes inside, struct buf *scratch,
                   struct value *ret, char *err)
{
    _cleanup_(buf_done) struct buf text = {0};
    if (kind == REFERENCE_run_id)
        return made_text(scratch, run->r.id, ret);
    if (kind == REFERENCE_run_dir)
        run_dir(run, &text);
    else
        text_time(&text, run->r.time);
    return text.n ? made_text(scratch, buf_bytes(&text), ret)
                  : missing(err, inside, "is not there: the pipeline has no `dir`");
}

int fill_name(const struct fill *fill, struct bytes inside, struct buf *scratch, struct value *ret, char *err)
{
    struct reference r;
    if (reference_parse(inside, &r) < 0)
        return missing(err, inside, "is no name");
    switch (r.kind) {
    case REFERENCE_params:
        return found_below(fill->run->r.params, r.path, inside, ret, err);
    case REFERENCE_item:
        return found_below(fill->item, r.path, inside, ret, err);
    case REFERENCE_data:
    case REFERENCE_output:
    case REFERENCE_state:
        return get_step(fill, &r, inside, scratch, ret, err);
    default:
        return get_run(fill->run, r.kind, inside, scratch, ret, err);
    }
}

/* ---- templates ---- */

static void add_as_text(struct buf *out, const struct value *v)
{
    if (v->type == VALUE_STR || v->type == VALUE_BIN)
        buf_add(out, v->text.at, v->text.n);
    else if (v->type == VALUE_INT)
        buf_printf(out, "%" PRId64, v->integer);
    else if (v->type != VALUE_NIL)
        json_print(out, v->whole, false);
}

static int fill_text(const struct fill *fill, struct bytes text, struct pack *p, char *err)
{
    _cleanup_(buf_done) struct buf out = {0}, scratch = {0};
    struct bytes inside;
    struct value v;
    struct piece piece;
    int r = 0;
    if (piece_alone(text, &inside)) {
        if ((r = fill_name(fill, inside, &scratch, &v, err)) == 0)
            pack_raw(p, v.whole);
        return r;
    }
    while (r == 0 && piece_next(&text, &piece) == 1) {
        if (piece.plain)
            buf_add(&out, piece.text.at, piece.text.n);
        else if ((r = fill_name(fill, piece.text, &scratch, &v, err)) == 0)
            add_as_text(&out, &v);
        if (r == 0 && out.n > FILL_MOST) {
            snprintf(err, FILL_ERR, "one of its parameters is over %d bytes", FILL_MOST);
            r = -E2BIG;
        }
    }
    pack_str(p, buf_bytes(&out));
    return r;
}

static int fill_value(const struct fill *fill, const struct value *v, struct pack *p, char *err)
{
    struct walk w = walk_of(v->whole);
    struct value key, item;
    int r = 0;
    if (v->type == VALUE_STR)
        return fill_text(fill, v->text, p, err);
    if (v->type != VALUE_MAP && v->type != VALUE_LIST) {
        pack_raw(p, v->whole);
        return 0;
    }
    if (v->type == VALUE_MAP)
        pack_map(p);
    else
        pack_list(p);
    while (r == 0 && (v->type == VALUE_MAP ? walk_pair(&w, &key, &item) : walk_item(&w, &item))) {
        if (v->type == VALUE_MAP)
            pack_key_bytes(p, key.text);
        r = fill_value(fill, &item, p, err);
    }
    pack_end(p);
    return r;
}

/* ---- conditions ---- */

struct asking {
    const struct fill *fill;
    struct buf scratch[8]; /* a comparison has two names: the texts of both are there, whatever was asked before */
    size_t n;
};

static int find(void *context, struct bytes name, struct expr_value *ret, char *err)
{
    struct asking *a = context;
    struct buf *scratch = &a->scratch[a->n++ % ARRAY_SIZE(a->scratch)];
    struct value v;
    buf_clear(scratch);
    int r = fill_name(a->fill, name, scratch, &v, err);
    if (r < 0)
        return r;
    switch (v.type) {
    case VALUE_BOOL:
        *ret = (struct expr_value){.type = EXPR_BOOL, .yes = v.boolean};
        break;
    case VALUE_INT:
        *ret = (struct expr_value){.type = EXPR_NUMBER, .number = (double)v.integer};
        break;
    case VALUE_NUM:
        *ret = (struct expr_value){.type = EXPR_NUMBER, .number = v.number};
        break;
    case VALUE_STR:
    case VALUE_BIN:
        *ret = (struct expr_value){.type = EXPR_TEXT, .text = v.text};
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        *ret = (struct expr_value){.type = EXPR_MANY, .yes = v.count > 0};
        break;
    default:
        *ret = (struct expr_value){.type = EXPR_NOTHING};
    }
    return 0;
}

int fill_when(const struct fill *fill, struct bytes when, bool *ret, char *err)
{
    struct asking a = {.fill = fill};
    int r = expr_eval(when, find, &a, ret, err);
    for (size_t i = 0; i < ARRAY_SIZE(a.scratch); i++)
        buf_done(&a.scratch[i]);
    return r;
}

bool fill_fits(struct bytes value)
{
    size_t left[FILL_DEPTH + 1] = {1}, depth = 0, nodes = 0;
    struct cursor c = cursor_of(value);
    while (left[0] || depth) {
        if (left[depth] == 0) {
            depth--;
            continue;
        }
        left[depth]--;
        struct value v = read_head(&c);
        if (v.type == VALUE_END || ++nodes > FILL_NODES)
            return false;
        bool opens = v.type == VALUE_MAP || v.type == VALUE_LIST;
        if (opens && depth == FILL_DEPTH)
            return false;
        if (opens)
            left[++depth] = v.type == VALUE_MAP ? 2 * v.count : v.count;
        if (v.type == VALUE_MAP && v.count > 64)
            return false;
    }
    return value.n <= FILL_MOST;
}

int fill_map(const struct fill *fill, struct bytes map, struct buf *out, char *err)
{
    struct pack p;
    size_t before = out->n;
    struct value v = first_of(map.n ? map : BYTES("\x80"));
    pack_init(&p, out);
    int r = fill_value(fill, &v, &p, err);
    if (r == 0 && !fill_fits((struct bytes){out->at + before, out->n - before})) {
        snprintf(err, FILL_ERR, "its parameters are over %d bytes, deeper than %d levels or of more than %d values",
                 FILL_MOST, FILL_DEPTH, FILL_NODES);
        r = -E2BIG;
    }
    return r;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the check of typed parameters and the sentences that refuse them. Refuses to guess: "5" is
 * not 5. */
#include "agents/params.h"

#include <math.h>

#include "common/text.h"
#include "proto/json.h"

enum { USUAL_LENGTH = 1024, MANY_LENGTH = 1024 * 1024, SHOWN = 64 };

void params_add(struct params *p, struct param_rule rule)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->rules[i].name, rule.name) == 0) {
            p->rules[i] = rule;
            return;
        }
    p->rules = xrealloc(p->rules, (p->n + 1) * sizeof(rule));
    p->rules[p->n++] = rule;
}

void params_add_set(struct params *p, const struct set_param *set)
{
    params_add(p, (struct param_rule){.name = set->name.at,
                                      .kind = set->kind,
                                      .required = set->required,
                                      .dflt = set->dflt.at,
                                      .limited = true,
                                      .min = set->min,
                                      .max = set->max,
                                      .length = set->length,
                                      .one_of = set->one_of});
}

void params_done(struct params *p)
{
    free(p->rules);
    *p = (struct params){0};
}

const struct param_rule *params_find(const struct params *p, struct bytes name)
{
    for (size_t i = 0; i < p->n; i++)
        if (bytes_is(name, p->rules[i].name))
            return &p->rules[i];
    return NULL;
}

void param_text(struct buf *out, const struct value *v)
{
    if (v->type == VALUE_STR)
        buf_add(out, v->text.at, v->text.n);
    else if (v->type != VALUE_END && v->type != VALUE_NIL)
        json_print(out, v->whole, false);
}

/* ---- does a value fit its rule? Each answers NULL, or what is wrong as the end of a sentence.
 * ---- */

static bool whole_number(const struct value *v)
{
    return v->type == VALUE_INT ||
           (v->type == VALUE_NUM && fabs(v->number) < 0x1p53 && v->number == floor(v->number));
}

static double number_of(const struct value *v)
{
    return v->type == VALUE_INT ? (double)v->integer : v->number;
}

static const char *check_range(const struct param_rule *r, const struct value *v, struct buf *why)
{
    double x = number_of(v);
    if (!r->limited || (x >= r->min && x <= r->max))
        return NULL;
    buf_printf(why, "must lie between %.15g and %.15g, not %.15g", r->min, r->max, x);
    return buf_str(why);
}

static const char *check_length(const struct param_rule *r, size_t n, struct buf *why)
{
    int64_t limit = r->many ? MANY_LENGTH : r->length ? r->length : USUAL_LENGTH;
    if ((int64_t)n <= limit)
        return NULL;
    buf_printf(why, "may have at most %lld bytes, not %zu", (long long)limit, n);
    return buf_str(why);
}

static const char *check_string(const struct param_rule *r, const struct value *v, struct buf *why)
{
    if (v->type != VALUE_STR)
        return "must be a string";
    if (v->text.n && memchr(v->text.at, '\0', v->text.n))
        return "must not hold a NUL byte";
    return check_length(r, v->text.n, why);
}

static const char *check_int(const struct param_rule *r, const struct value *v, struct buf *why)
{
    return whole_number(v) ? check_range(r, v, why) : "must be a whole number";
}

static const char *check_number(const struct param_rule *r, const struct value *v, struct buf *why)
{
    if (v->type != VALUE_INT && (v->type != VALUE_NUM || !isfinite(v->number)))
        return "must be a finite number";
    return check_range(r, v, why);
}

static const char *check_bool(const struct param_rule *r, const struct value *v, struct buf *why)
{
    (void)r, (void)why;
    return v->type == VALUE_BOOL ? NULL : "must be true or false";
}

static const char *check_name(const struct param_rule *r, const struct value *v, struct buf *why)
{
    (void)r, (void)why;
    return v->type == VALUE_STR && text_is_name(v->text)
               ? NULL
               : "must be a name: 1 to 64 letters, digits and _.:- that begin with a letter or "
                 "digit";
}

static const char *check_json(const struct param_rule *r, const struct value *v, struct buf *why)
{
    if (v->type != VALUE_MAP && v->type != VALUE_LIST)
        return "must be a map or a list";
    return check_length(r, v->whole.n, why);
}

static const struct kind_row {
    const char *(*check)(const struct param_rule *r, const struct value *v, struct buf *why);
    bool quoted; /* its default is text as it stands, not JSON */
} kinds[] = {
    [param_kind_string] = {check_string, true},  [param_kind_int] = {check_int, false},
    [param_kind_number] = {check_number, false}, [param_kind_bool] = {check_bool, false},
    [param_kind_name] = {check_name, true},      [param_kind_json] = {check_json, false},
};
_Static_assert(ARRAY_SIZE(kinds) == param_kind_COUNT, "a kind of parameter without a check");

static bool allowed(const struct param_rule *r, const struct value *v)
{
    _cleanup_(buf_done) struct buf text = {0};
    if (r->one_of.n == 0)
        return true;
    param_text(&text, v);
    SEQ_EACH(one, struct bytes, r->one_of)
    if (bytes_eq(*one, buf_bytes(&text)))
        return true;
    return false;
}

static void say_allowed(struct buf *why, const struct param_rule *r)
{
    buf_text(why, "must be one of ");
    SEQ_EACH(one, struct bytes, r->one_of)
    buf_printf(why, "%s" BYTES_F, one == r->one_of.at ? "" : ", ", BYTES_A(*one));
}

static const char *check_value(const struct param_rule *r, const struct value *v, struct buf *why)
{
    const char *wrong = kinds[r->kind].check(r, v, why);
    if (wrong == NULL && !allowed(r, v)) {
        say_allowed(why, r);
        wrong = buf_str(why);
    }
    return wrong;
}

/* ---- the whole map ---- */

static int refuse(char **ret_why, const char *action, const char *param, const char *wrong)
{
    struct buf sentence = {0};
    buf_printf(&sentence, "%s: parameter %s %s", action, param, wrong);
    *ret_why = buf_take(&sentence);
    return -EINVAL;
}

static int refuse_unknown(char **ret_why, const struct params *p, const char *action,
                          struct bytes name)
{
    struct buf sentence = {0};
    buf_printf(&sentence, "%s has no parameter ", action);
    text_safe(&sentence, (struct bytes){name.at, MIN(name.n, SHOWN)});
    buf_text(&sentence, p->n ? "; it has " : "; it has none");
    for (size_t i = 0; i < p->n; i++)
        buf_printf(&sentence, "%s%s", i ? ", " : "", p->rules[i].name);
    *ret_why = buf_take(&sentence);
    return -EINVAL;
}

/* add_default packs the rule's default, which was written as text. -EBADMSG when it is not of its
 * kind. */
static int add_default(struct pack *p, const struct param_rule *r)
{
    _cleanup_(buf_done) struct buf packed = {0};
    char ignored[128];
    if (kinds[r->kind].quoted) {
        pack_text(p, r->dflt);
        return 0;
    }
    int error = json_text_to_msgpack(&packed, bytes_of(r->dflt), ignored, sizeof(ignored));
    if (!error)
        pack_raw(p, buf_bytes(&packed));
    return error;
}

static int check_default(const struct param_rule *r, const char *action, char **ret_why)
{
    _cleanup_(buf_done) struct buf packed = {0}, why = {0};
    struct pack p;
    pack_init(&p, &packed);
    if (add_default(&p, r))
        return refuse(ret_why, action, r->name, "has a default of another type");
    struct cursor c = cursor_of(buf_bytes(&packed));
    struct value v = read_whole(&c);
    const char *wrong = check_value(r, &v, &why);
    return wrong ? refuse(ret_why, action, r->name, wrong) : 0;
}

int params_check_defaults(const struct params *p, const char *action, char **ret_why)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->rules[i].dflt && *p->rules[i].dflt && check_default(&p->rules[i], action, ret_why))
            return -EINVAL;
    return 0;
}

static int check_unknown(const struct params *p, const char *action, struct bytes given,
                         char **ret_why)
{
    struct walk w = walk_of(given);
    struct value key, item;
    while (walk_pair(&w, &key, &item))
        if (params_find(p, key.text) == NULL)
            return refuse_unknown(ret_why, p, action, key.text);
    return 0;
}

static void pack_checked(struct pack *p, const struct param_rule *r, const struct value *v)
{
    if (r->kind == param_kind_int)
        pack_int(p, v->type == VALUE_INT ? v->integer : (int64_t)v->number);
    else
        pack_raw(p, v->whole);
}

static int take_one(struct pack *p, const struct param_rule *r, const char *action,
                    struct bytes given, char **ret_why)
{
    _cleanup_(buf_done) struct buf why = {0};
    struct value v = map_get(given, r->name);
    bool absent = v.type == VALUE_END || v.type == VALUE_NIL;
    if (absent && r->required)
        return refuse(ret_why, action, r->name, "is missing");
    if (absent && (r->dflt == NULL || *r->dflt == '\0'))
        return 0;
    const char *wrong = absent ? NULL : check_value(r, &v, &why);
    if (wrong)
        return refuse(ret_why, action, r->name, wrong);
    pack_key(p, r->name);
    if (absent)
        return add_default(p, r) ? refuse(ret_why, action, r->name, "has a default of another type")
                                 : 0;
    pack_checked(p, r, &v);
    return 0;
}

int params_check(const struct params *p, const char *action, struct bytes given, struct buf *out,
                 char **ret_why)
{
    struct pack packer;
    int error = check_unknown(p, action, given, ret_why);
    pack_init(&packer, out);
    pack_map(&packer);
    for (size_t i = 0; i < p->n && !error; i++)
        error = take_one(&packer, &p->rules[i], action, given, ret_why);
    if (!error)
        pack_end(&packer);
    return error;
}

/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/expr.h"

#include <ctype.h>
#include <stdarg.h>

#include "common/text.h"

struct parser {
    struct bytes text;
    size_t at;
    unsigned depth;
    bool check;    /* names have no values */
    unsigned idle; /* inside of what `and` or `or` does not need */
    expr_find *find;
    void *context;
    char *err;
};

static int wrong(struct parser *p, const char *format, ...) FORMAT_LIKE(2, 3);
static int wrong(struct parser *p, const char *format, ...)
{
    va_list args;
    int n = snprintf(p->err, EXPR_ERR, "at character %zu: ", p->at + 1);
    va_start(args, format);
    vsnprintf(p->err + n, EXPR_ERR - (size_t)n, format, args);
    va_end(args);
    return -EINVAL;
}

/* ---- words ---- */

static struct bytes rest(const struct parser *p)
{
    return (struct bytes){p->text.at + p->at, p->text.n - p->at};
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->text.n && isspace((unsigned char)p->text.at[p->at]))
        p->at++;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == ':' || c == '-';
}

static struct bytes word(const struct parser *p)
{
    struct bytes r = rest(p);
    size_t n = 0;
    while (n < r.n && is_name_char(r.at[n]))
        n++;
    return (struct bytes){r.at, n};
}

static bool take(struct parser *p, const char *sign)
{
    struct bytes r = rest(p);
    size_t n = strlen(sign);
    if (r.n < n || memcmp(r.at, sign, n) != 0)
        return false;
    p->at += n;
    skip_blanks(p);
    return true;
}

static bool take_word(struct parser *p, const char *wanted)
{
    struct bytes w = word(p);
    if (!bytes_is(w, wanted))
        return false;
    p->at += w.n;
    skip_blanks(p);
    return true;
}

/* ---- values ---- */

static bool is_true(const struct expr_value *v)
{
    return v->type == EXPR_NUMBER ? v->number < 0 || v->number > 0 : v->type == EXPR_TEXT ? v->text.n > 0 : v->yes;
}

static struct expr_value truth(bool yes)
{
    return (struct expr_value){.type = EXPR_BOOL, .yes = yes};
}

static int order(const struct expr_value *a, const struct expr_value *b)
{
    if (a->type == EXPR_NUMBER)
        return a->number < b->number ? -1 : a->number > b->number;
    int r = memcmp(a->text.at ? a->text.at : "", b->text.at ? b->text.at : "", MIN(a->text.n, b->text.n));
    return r ? r : a->text.n < b->text.n ? -1 : a->text.n > b->text.n;
}

static bool equal(const struct expr_value *a, const struct expr_value *b)
{
    if (a->type != b->type || a->type == EXPR_MANY)
        return false;
    return a->type == EXPR_NOTHING || (a->type == EXPR_BOOL ? a->yes == b->yes : order(a, b) == 0);
}

enum sign { EQUAL, UNEQUAL, AT_MOST, AT_LEAST, BELOW, ABOVE, SIGNS };
static const char *const signs[SIGNS] = {"==", "!=", "<=", ">=", "<", ">"};

static int compare(struct parser *p, enum sign sign, struct expr_value *left, const struct expr_value *right)
{
    if (sign <= UNEQUAL) {
        *left = truth(equal(left, right) == (sign == EQUAL));
        return 0;
    }
    if (p->check || p->idle) {
        *left = truth(false);
        return 0;
    }
    if (left->type != right->type || (left->type != EXPR_NUMBER && left->type != EXPR_TEXT))
        return wrong(p, "%s needs two numbers or two texts", signs[sign]);
    int o = order(left, right);
    *left = truth(sign == AT_MOST ? o <= 0 : sign == AT_LEAST ? o >= 0 : sign == BELOW ? o < 0 : o > 0);
    return 0;
}

/* ---- the grammar ---- */

static int parse_or(struct parser *p, struct expr_value *ret);

static int parse_name(struct parser *p, struct bytes name, struct expr_value *ret)
{
    *ret = truth(false);
    if (p->idle && !p->check)
        return 0;
    int r = p->find(p->context, name, ret, p->err);
    return r < 0 ? r : 0;
}

static int parse_text(struct parser *p, struct expr_value *ret)
{
    struct bytes r = rest(p);
    const char *end = memchr(r.at + 1, r.at[0], r.n - 1);
    if (end == NULL)
        return wrong(p, "a text without its end");
    *ret = (struct expr_value){.type = EXPR_TEXT, .text = {r.at + 1, (size_t)(end - r.at) - 1}};
    p->at += (size_t)(end - r.at) + 1;
    skip_blanks(p);
    return 0;
}

static int parse_number(struct parser *p, struct bytes w, struct expr_value *ret)
{
    *ret = (struct expr_value){.type = EXPR_NUMBER};
    if (text_parse_number(w, &ret->number) < 0)
        return wrong(p, "'" BYTES_F "' is no number", (int)MIN(w.n, (size_t)40), w.at);
    p->at += w.n;
    skip_blanks(p);
    return 0;
}

static int parse_braces(struct parser *p, struct expr_value *ret)
{
    struct bytes r = rest(p);
    const char *end = memchr(r.at, '}', r.n);
    if (end == NULL)
        return wrong(p, "${ without }");
    struct bytes name = {r.at + 2, (size_t)(end - r.at) - 2};
    p->at += (size_t)(end - r.at) + 1;
    skip_blanks(p);
    return parse_name(p, name, ret);
}

static int parse_word(struct parser *p, struct bytes w, struct expr_value *ret)
{
    static const struct {
        const char *word;
        struct expr_value value;
    } words[] = {{"true", {.type = EXPR_BOOL, .yes = true}}, {"false", {.type = EXPR_BOOL}}, {"null", {.type = EXPR_NOTHING}}};
    static const char *const reserved[] = {"and", "or", "not"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (take_word(p, words[i].word)) {
            *ret = words[i].value;
            return 0;
        }
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
        if (bytes_is(w, reserved[i]))
            return wrong(p, "a value is missing before '%s'", reserved[i]);
    p->at += w.n;
    skip_blanks(p);
    return parse_name(p, w, ret);
}

static int parse_value(struct parser *p, struct expr_value *ret)
{
    struct bytes w = word(p), r = rest(p);
    if (r.n == 0)
        return wrong(p, "a value is missing");
    if (r.at[0] == '(') {
        if (p->depth++ == EXPR_DEPTH)
            return wrong(p, "deeper than %d", EXPR_DEPTH);
        take(p, "(");
        int failed = parse_or(p, ret);
        if (failed)
            return failed;
        p->depth--;
        return take(p, ")") ? 0 : wrong(p, "a ) is missing");
    }
    if (r.at[0] == '\'' || r.at[0] == '"')
        return parse_text(p, ret);
    if (r.n > 1 && r.at[0] == '$' && r.at[1] == '{')
        return parse_braces(p, ret);
    if (w.n == 0)
        return wrong(p, "'%c' is neither a value nor a name", isprint((unsigned char)r.at[0]) ? r.at[0] : '?');
    return isdigit((unsigned char)w.at[0]) || w.at[0] == '-' || w.at[0] == '.' ? parse_number(p, w, ret) : parse_word(p, w, ret);
}

static int parse_comparison(struct parser *p, struct expr_value *ret)
{
    struct expr_value right;
    int failed = parse_value(p, ret);
    for (int sign = 0; !failed && sign < SIGNS; sign++)
        if (take(p, signs[sign])) {
            failed = parse_value(p, &right);
            return failed ? failed : compare(p, (enum sign)sign, ret, &right);
        }
    return failed;
}

static int parse_not(struct parser *p, struct expr_value *ret)
{
    bool not = false;
    while (take_word(p, "not"))
        not = !not;
    int failed = parse_comparison(p, ret);
    if (!failed && not)
        *ret = truth(!is_true(ret));
    return failed;
}

/* What does not matter any more is read all the same: a mistake in it is one. */
static int parse_and(struct parser *p, struct expr_value *ret)
{
    int failed = parse_not(p, ret);
    while (!failed && take_word(p, "and")) {
        struct expr_value right;
        bool left = is_true(ret);
        p->idle += !left;
        failed = parse_not(p, &right);
        p->idle -= !left;
        *ret = truth(left && !failed && is_true(&right));
    }
    return failed;
}

static int parse_or(struct parser *p, struct expr_value *ret)
{
    int failed = parse_and(p, ret);
    while (!failed && take_word(p, "or")) {
        struct expr_value right;
        bool left = is_true(ret);
        p->idle += left;
        failed = parse_and(p, &right);
        p->idle -= left;
        *ret = truth(left || (!failed && is_true(&right)));
    }
    return failed;
}

static int parse(struct parser *p, bool *ret)
{
    struct expr_value v;
    if (p->text.n > EXPR_MOST)
        return wrong(p, "a condition has at most %d characters", EXPR_MOST);
    skip_blanks(p);
    int failed = parse_or(p, &v);
    if (failed)
        return failed;
    if (p->at < p->text.n)
        return wrong(p, "nothing is expected here any more");
    *ret = is_true(&v);
    return 0;
}

int expr_eval(struct bytes text, expr_find *find, void *context, bool *ret, char *err)
{
    struct parser p = {.text = text, .find = find, .context = context, .err = err};
    return parse(&p, ret);
}

int expr_check(struct bytes text, expr_find *find, void *context, char *err)
{
    bool ignored;
    struct parser p = {.text = text, .check = true, .find = find, .context = context, .err = err};
    return parse(&p, &ignored);
}

/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/reference.h"

bool path_next(struct bytes *path, struct bytes *ret_word)
{
    if (path->n == 0)
        return false;
    const char *point = memchr(path->at, '.', path->n);
    size_t n = point ? (size_t)(point - path->at) : path->n;
    *ret_word = (struct bytes){path->at, n};
    *path = point ? (struct bytes){point + 1, path->n - n - 1} : (struct bytes){0};
    return true;
}

/* Every word of a path has at least one character, and no point is left over at the end. */
static bool is_path(struct bytes path)
{
    for (size_t i = 0, before = 0; i <= path.n && path.n; i++)
        if (i == path.n || path.at[i] == '.') {
            if (i == before)
                return false;
            before = i + 1;
        }
    return true;
}

static int parse_step(struct bytes rest, struct reference *ret)
{
    static const struct {
        const char *word;
        enum reference_kind kind;
    } parts[] = {{"data", REFERENCE_data}, {"output", REFERENCE_output}, {"state", REFERENCE_state}};
    struct reference r = {0};
    struct bytes word;
    if (!path_next(&rest, &r.step) || !path_next(&rest, &word))
        return -EINVAL;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (!bytes_is(word, parts[i].word) || (rest.n && parts[i].kind != REFERENCE_data))
            continue;
        r.kind = parts[i].kind;
        r.path = rest;
        *ret = r;
        return 0;
    }
    return -EINVAL;
}

static int parse_run(struct bytes rest, struct reference *ret)
{
    static const struct {
        const char *word;
        enum reference_kind kind;
    } parts[] = {{"id", REFERENCE_run_id}, {"dir", REFERENCE_run_dir}, {"time", REFERENCE_run_time}};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (bytes_is(rest, parts[i].word)) {
            *ret = (struct reference){.kind = parts[i].kind};
            return 0;
        }
    return -EINVAL;
}

int reference_parse(struct bytes inside, struct reference *ret)
{
    struct bytes rest = inside, word;
    if (!is_path(inside) || !path_next(&rest, &word))
        return -EINVAL;
    if (bytes_is(word, "steps"))
        return parse_step(rest, ret);
    if (bytes_is(word, "run"))
        return parse_run(rest, ret);
    if (bytes_is(word, "params") && rest.n)
        *ret = (struct reference){.kind = REFERENCE_params, .path = rest};
    else if (bytes_is(word, "item"))
        *ret = (struct reference){.kind = REFERENCE_item, .path = rest};
    else
        return -EINVAL;
    return 0;
}

int piece_next(struct bytes *text, struct piece *ret)
{
    if (text->n == 0)
        return 0;
    size_t n = 0;
    while (n < text->n && (text->n - n < 2 || memcmp(text->at + n, "${", 2) != 0))
        n++;
    if (n == 0) {
        const char *end = memchr(text->at, '}', text->n);
        if (end == NULL)
            return -EINVAL;
        size_t whole = (size_t)(end - text->at) + 1;
        *ret = (struct piece){.text = {text->at + 2, whole - 3}};
        *text = (struct bytes){text->at + whole, text->n - whole};
        return 1;
    }
    bool escaped = n < text->n && text->at[n - 1] == '$';
    *ret = (struct piece){.plain = true, .text = {text->at, escaped ? n - 1 : n}};
    *text = (struct bytes){text->at + n, text->n - n};
    if (escaped && ret->text.n == 0) { /* the two characters themselves, and what follows them up to the next */
        *ret = (struct piece){.plain = true, .text = {text->at, 2}};
        *text = (struct bytes){text->at + 2, text->n - 2};
    } else if (escaped) {
        *text = (struct bytes){text->at - 1, text->n + 1};
    }
    return 1;
}

bool piece_alone(struct bytes text, struct bytes *ret_inside)
{
    struct piece p;
    if (piece_next(&text, &p) != 1 || p.plain || text.n)
        return false;
    *ret_inside = p.text;
    return true;
}

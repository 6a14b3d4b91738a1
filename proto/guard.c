/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the judgement whether bytes of a peer are safe to read (Z3). Refuses to know what they mean.
 * Its work is bounded: one step a value, at most GUARD_MAX_NODES of them, and a key is compared
 * with at most GUARD_MAX_KEYS others. It recurses nowhere and allocates nothing. */
#include "guard.h"

#include "read.h"

struct level {
    uint64_t left; /* values still to come in this container */
    bool map;      /* then an even `left` says that a key is next */
    size_t keys_n;
    struct bytes keys[GUARD_MAX_KEYS];
};

static int take_key(struct level *l, struct cursor *c)
{
    struct bytes key;
    if (!read_short(c, &key)) {
        struct value v = read_head(c);
        if (v.type != VALUE_STR)
            return -EBADMSG;
        key = v.text;
    }
    for (size_t i = 0; i < l->keys_n; i++)
        if (bytes_eq(l->keys[i], key))
            return -EEXIST;
    if (l->keys_n == GUARD_MAX_KEYS)
        return -E2BIG;
    l->keys[l->keys_n++] = key;
    return 0;
}

/* open_level refuses a container that promises more values than bytes are left: each value has at
 * least one. */
static int open_level(struct level *l, const struct value *v, struct cursor c)
{
    l->map = v->type == VALUE_MAP;
    l->left = l->map ? 2 * (uint64_t)v->count : v->count;
    l->keys_n = 0;
    return l->left > (uint64_t)(c.end - c.at) ? -EBADMSG : 0;
}

static int take_value(struct level *levels, size_t *depth, struct cursor *c)
{
    struct bytes text;
    if (skip_plain(c) || read_short(c, &text))
        return 0;
    struct value v = read_head(c);
    if (v.type == VALUE_END)
        return -EBADMSG;
    if (v.type != VALUE_LIST && v.type != VALUE_MAP)
        return 0;
    return *depth == GUARD_MAX_DEPTH ? -ELOOP : open_level(&levels[(*depth)++], &v, *c);
}

int guard_check(struct bytes b)
{
    struct level levels[GUARD_MAX_DEPTH];
    struct cursor c = cursor_of(b);
    size_t depth = 0, nodes = 1;
    if (b.n > GUARD_MAX_BYTES)
        return -EMSGSIZE;
    struct value whole = read_head(&c);
    if (whole.type != VALUE_MAP)
        return -EBADMSG;
    int error = open_level(&levels[depth++], &whole, c);
    while (!error && depth) {
        struct level *l = &levels[depth - 1];
        if (l->left == 0) {
            depth--;
            continue;
        }
        bool key = l->map && l->left % 2 == 0;
        l->left--;
        if (++nodes > GUARD_MAX_NODES)
            return -E2BIG;
        error = key ? take_key(l, &c) : take_value(levels, &depth, &c);
    }
    return error ? error : c.at == c.end ? 0 : -EBADMSG;
}

const char *guard_reason(int error)
{
    static const struct {
        int error;
        const char *reason;
    } reasons[] = {{0, "ok"},
                   {-EMSGSIZE, "too_large"},
                   {-ELOOP, "too_deep"},
                   {-E2BIG, "too_many"},
                   {-EBADMSG, "malformed"},
                   {-EEXIST, "duplicate_key"}};
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (reasons[i].error == error)
            return reasons[i].reason;
    return "other";
}

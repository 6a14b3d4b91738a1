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

static int take_key(struct level *l, const struct value *v)
{
    if (v->type != VALUE_STR)
        return -EBADMSG;
    for (size_t i = 0; i < l->keys_n; i++)
        if (bytes_eq(l->keys[i], v->text))
            return -EEXIST;
    if (l->keys_n == GUARD_MAX_KEYS)
        return -E2BIG;
    l->keys[l->keys_n++] = v->text;
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

int guard_check(struct bytes b)
{
    struct level levels[GUARD_MAX_DEPTH];
    struct cursor c = cursor_of(b);
    size_t depth = 0, nodes = 0;
    if (b.n > GUARD_MAX_BYTES)
        return -EMSGSIZE;
    do {
        struct value v = read_head(&c);
        struct level *l = depth ? &levels[depth - 1] : NULL;
        int error = 0;
        if (v.type == VALUE_END || (depth == 0 && v.type != VALUE_MAP))
            return -EBADMSG;
        if (++nodes > GUARD_MAX_NODES)
            return -E2BIG;
        if (l && l->map && l->left % 2 == 0)
            error = take_key(l, &v);
        if (l)
            l->left--;
        if (!error && (v.type == VALUE_LIST || v.type == VALUE_MAP))
            error = depth == GUARD_MAX_DEPTH ? -ELOOP : open_level(&levels[depth++], &v, c);
        if (error)
            return error;
        while (depth && levels[depth - 1].left == 0)
            depth--;
    } while (depth);
    return c.at == c.end ? 0 : -EBADMSG;
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

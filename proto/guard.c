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
    uint64_t marks; /* one of 64 for each key: only keys of one mark may be equal */
    struct bytes keys[GUARD_MAX_KEYS];
};

static uint64_t mark_of(struct bytes key)
{
    unsigned sum = (unsigned)key.n;
    if (key.n)
        sum += 5u * (unsigned char)key.at[0] + 11u * (unsigned char)key.at[key.n - 1];
    return UINT64_C(1) << sum % 64;
}

static bool is_known(const struct level *l, struct bytes key)
{
    for (size_t i = 0; i < l->keys_n; i++)
        if (bytes_eq(l->keys[i], key))
            return true;
    return false;
}

static inline int take_key(struct level *l, struct cursor *c)
{
    struct bytes key;
    if (!read_short(c, &key)) {
        struct value v = read_head(c);
        if (v.type != VALUE_STR)
            return -EBADMSG;
        key = v.text;
    }
    uint64_t mark = mark_of(key);
    if (l->marks & mark && is_known(l, key))
        return -EEXIST;
    if (l->keys_n == GUARD_MAX_KEYS)
        return -E2BIG;
    l->marks |= mark;
    l->keys[l->keys_n++] = key;
    return 0;
}

/* open_level refuses a container that promises more values than bytes are left: each value has at
 * least one. */
static int open_level(struct level *l, bool map, size_t count, const struct cursor *c)
{
    l->map = map;
    l->left = map ? 2 * (uint64_t)count : count;
    l->keys_n = 0;
    l->marks = 0;
    return l->left > (uint64_t)(c->end - c->at) ? -EBADMSG : 0;
}

/* take_head takes what is none of the common values. */
static int take_head(struct level *levels, size_t *depth, struct cursor *c)
{
    bool map;
    size_t count;
    if (!read_open(c, &map, &count)) {
        struct value v = read_head(c);
        if (v.type == VALUE_END)
            return -EBADMSG;
        if (v.type != VALUE_LIST && v.type != VALUE_MAP)
            return 0;
        map = v.type == VALUE_MAP;
        count = v.count;
    }
    return *depth == GUARD_MAX_DEPTH ? -ELOOP : open_level(&levels[(*depth)++], map, count, c);
}

/* take_values takes those of the innermost container, up to one that is a container itself. */
static int take_values(struct level *levels, size_t *depth, size_t *nodes, struct cursor *c)
{
    struct level *l = &levels[*depth - 1];
    size_t deep = *depth;
    struct bytes text;
    while (l->left && *depth == deep) {
        bool key = l->map && l->left % 2 == 0;
        l->left--;
        if (++*nodes > GUARD_MAX_NODES)
            return -E2BIG;
        if (!key && (skip_plain(c) || read_short(c, &text) || read_medium(c, &text)))
            continue;
        int error = key ? take_key(l, c) : take_head(levels, depth, c);
        if (error)
            return error;
    }
    *depth -= *depth == deep;
    return 0;
}

int guard_check(struct bytes b)
{
    struct level levels[GUARD_MAX_DEPTH];
    struct cursor c = cursor_of(b);
    size_t depth = 0, nodes = 1;
    if (b.n > GUARD_MAX_BYTES)
        return -EMSGSIZE;
    int error = take_head(levels, &depth, &c);
    if (!error && (depth == 0 || !levels[0].map))
        return -EBADMSG;
    while (!error && depth)
        error = take_values(levels, &depth, &nodes, &c);
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

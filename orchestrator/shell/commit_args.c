/* SPDX-License-Identifier: MPL-2.0 */
/* The one function call of a commit (C2), its ops grouped by kind, because one variadic HDEL and HSET a kind are what makes Redis
 * fast. A batch changes a record once, or drops it and makes it anew (outbox.c): so the function drops first, and no id has to be
 * looked for. */
#include <inttypes.h>

#include "store_inside.h"

#define GROUPS (2 * REC_COUNT) /* what is written and what is dropped, of each kind */
#define COMMIT_HEAD 1024       /* bytes of what stands before the ops, about */

/* The ops of a commit by group, within each in the order of the changes. */
struct sorted {
    const struct op **at;    /* owned */
    size_t from[GROUPS + 1]; /* group g is at[from[g]] … at[from[g + 1] - 1] */
    size_t bytes;            /* of their words, about */
};

static size_t group_of(const struct op *op)
{
    return 2 * (size_t)op->kind + op->drop;
}

static struct sorted sort_ops(const struct commit *c)
{
    struct sorted sorted = {.at = xalloc((c->n + 1) * sizeof(*sorted.at))};
    const struct op *ops = c->batch->ops;
    size_t next[GROUPS];
    for (size_t i = 0; i < c->n; i++) {
        sorted.from[group_of(&ops[i]) + 1]++;
        sorted.bytes += ops[i].id.n + ops[i].value.n + 2 * ARGS_FRAME;
    }
    for (size_t g = 0; g < GROUPS; g++)
        sorted.from[g + 1] += sorted.from[g];
    memcpy(next, sorted.from, sizeof(next));
    for (size_t i = 0; i < c->n; i++)
        sorted.at[next[group_of(&ops[i])]++] = &ops[i];
    return sorted;
}

static bool has_ops(const struct sorted *sorted, enum rec kind)
{
    return kind != REC_entry && sorted->from[2 * kind + 2] > sorted->from[2 * kind];
}

static void add_keys(struct args *a, const struct store *s, const struct sorted *sorted)
{
    static const char *const fixed[] = {"pos", "lease", "history"};
    size_t n = ARRAY_SIZE(fixed);
    for (enum rec kind = 0; kind < REC_COUNT; kind++)
        n += has_ops(sorted, kind);
    args_number(a, n);
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        args_key(a, s, fixed[i]);
    for (enum rec kind = 0; kind < REC_COUNT; kind++)
        if (has_ops(sorted, kind))
            args_key(a, s, schema_records[kind].name);
}

/* ---- entries of the ledger */

struct entries {
    const struct op *const *at;
    size_t n;
};

static struct entries entries_of(const struct sorted *sorted)
{
    const size_t *from = &sorted->from[2 * REC_entry];
    return (struct entries){sorted->at + from[0], from[1] - from[0]};
}

/* next_item takes those that one item holds from the rest, and tells their bytes. */
static struct entries next_item(struct entries *rest, size_t *ret_bytes)
{
    struct entries item = {rest->at, 0};
    for (*ret_bytes = 0; item.n < rest->n && item.n < ITEM_ENTRIES; item.n++) {
        size_t n = item.at[item.n]->value.n;
        if (item.n && *ret_bytes + n > ITEM_BYTES)
            break;
        *ret_bytes += n;
    }
    rest->at += item.n;
    rest->n -= item.n;
    return item;
}

static size_t count_items(struct entries rest)
{
    size_t n = 0, bytes;
    for (; rest.n; n++)
        next_item(&rest, &bytes);
    return n;
}

static void remember_items(struct items *items, struct entries rest)
{
    size_t bytes;
    while (rest.n)
        items_add(items, (uint32_t)next_item(&rest, &bytes).n);
}

static void add_items(struct args *a, struct entries rest)
{
    size_t bytes;
    args_number(a, count_items(rest));
    while (rest.n) {
        struct entries item = next_item(&rest, &bytes);
        char *at = args_room(a, bytes);
        for (size_t i = 0; i < item.n; i++) {
            memcpy(at, item.at[i]->value.at, item.at[i]->value.n);
            at += item.at[i]->value.n;
        }
    }
}

/* ---- records */

static void add_kind(struct args *a, const struct sorted *sorted, enum rec kind)
{
    const size_t *from = &sorted->from[2 * kind];
    args_number(a, from[1] - from[0]);
    for (size_t i = from[0]; i < from[1]; i++) {
        args_add(a, sorted->at[i]->id.at, sorted->at[i]->id.n);
        args_add(a, sorted->at[i]->value.at, sorted->at[i]->value.n);
    }
    args_number(a, from[2] - from[1]);
    for (size_t i = from[1]; i < from[2]; i++)
        args_add(a, sorted->at[i]->id.at, sorted->at[i]->id.n);
}

/* Both halves of the product of two words. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = a;
    product *= b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* digest_of is no cryptography: it tells our own commit from another one that claims the same place (C2). */
static uint64_t digest_of(struct bytes text)
{
    const uint64_t seeds[2] = {0x27d4eb2f165667c5u, 0x9fb21c651e98df25u};
    uint64_t h = text.n, words[2] = {0};
    for (; text.n >= sizeof(words); text.at += sizeof(words), text.n -= sizeof(words)) {
        memcpy(words, text.at, sizeof(words));
        h = mix(h ^ words[0] ^ seeds[0], words[1] ^ seeds[1]);
    }
    words[0] = words[1] = 0;
    memcpy(words, text.at, text.n);
    h = mix(h ^ words[0] ^ seeds[0], words[1] ^ seeds[1]);
    return mix(h ^ seeds[1], seeds[0]);
}

void commit_args(struct store *s, struct commit *c, struct args *ret)
{
    struct sorted sorted = sort_ops(c);
    struct entries entries = entries_of(&sorted);
    if (c->digest[0] == '\0')
        remember_items(&s->items, entries);
    buf_room(&ret->text, sorted.bytes + COMMIT_HEAD);
    args_text(ret, "FCALL");
    args_text(ret, "helios_commit");
    add_keys(ret, s, &sorted);
    args_number(ret, s->epoch);
    args_number(ret, c->seq - 1);
    args_number(ret, c->seq);
    args_room(ret, sizeof(c->digest) - 1);
    size_t digest = ret->text.n - strlen("\r\n") - (sizeof(c->digest) - 1);
    args_number(ret, items_most(&s->items, s->history));
    size_t content = ret->text.n;
    add_items(ret, entries);
    for (enum rec kind = 0; kind < REC_COUNT; kind++)
        if (has_ops(&sorted, kind))
            add_kind(ret, &sorted, kind);
    free(sorted.at);
    uint64_t h = digest_of((struct bytes){ret->text.at + content, ret->text.n - content});
    snprintf(c->digest, sizeof(c->digest), "%016" PRIx64, h);
    memcpy(ret->text.at + digest, c->digest, sizeof(c->digest) - 1);
}

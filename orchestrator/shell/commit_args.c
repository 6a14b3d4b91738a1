/* SPDX-License-Identifier: MPL-2.0 */
/* The one function call of a commit (C2), its ops grouped by kind, because one variadic HSET and
 * HDEL a kind are what makes Redis fast. Of several ops on one record the last wins (C3), so that
 * their order inside the call does not matter. */
#include <inttypes.h>

#include "store_inside.h"

struct sorted {
    const struct op **at; /* by kind, id, then order of the change; without ledger entries */
    size_t n;
};

static int by_record(const void *left, const void *right)
{
    const struct op *a = *(const struct op *const *)left, *b = *(const struct op *const *)right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->id.n != b->id.n)
        return a->id.n < b->id.n ? -1 : 1;
    int order = memcmp(a->id.at, b->id.at, a->id.n);
    return order ? order : (a < b ? -1 : 1);
}

static bool same_record(const struct op *a, const struct op *b)
{
    return a->kind == b->kind && bytes_eq(a->id, b->id);
}

/* last_of_each keeps the newest op of each record. */
static void last_of_each(struct sorted *sorted)
{
    size_t kept = 0;
    for (size_t i = 0; i < sorted->n; i++)
        if (i + 1 == sorted->n || !same_record(sorted->at[i], sorted->at[i + 1]))
            sorted->at[kept++] = sorted->at[i];
    sorted->n = kept;
}

static struct sorted sort_ops(const struct commit *c)
{
    struct sorted sorted = {.at = xalloc((c->n + 1) * sizeof(*sorted.at))};
    for (size_t i = 0; i < c->n; i++)
        if (c->batch->ops[i].kind != REC_entry)
            sorted.at[sorted.n++] = &c->batch->ops[i];
    qsort(sorted.at, sorted.n, sizeof(*sorted.at), by_record);
    last_of_each(&sorted);
    return sorted;
}

static void add_bytes(struct args *a, struct bytes b)
{
    args_add(a, b.at, b.n);
}

static size_t kind_end(const struct sorted *sorted, size_t from)
{
    size_t end = from;
    while (end < sorted->n && sorted->at[end]->kind == sorted->at[from]->kind)
        end++;
    return end;
}

static size_t add_keys(struct args *a, const struct store *s, const struct sorted *sorted)
{
    static const char *const fixed[] = {"pos", "lease", "history"};
    size_t n = ARRAY_SIZE(fixed);
    for (size_t i = 0; i < n; i++)
        args_key(a, s, fixed[i]);
    for (size_t i = 0; i < sorted->n; i = kind_end(sorted, i), n++)
        args_key(a, s, schema_records[sorted->at[i]->kind].name);
    return n;
}

/* next_item answers where the item that begins with op i ends: one behind its last op; ret: its entries and their bytes. */
static size_t next_item(const struct batch *b, size_t i, size_t *ret_entries, size_t *ret_bytes)
{
    for (*ret_entries = *ret_bytes = 0; i < b->n_ops; i++) {
        if (b->ops[i].kind != REC_entry)
            continue;
        size_t n = b->ops[i].value.n;
        if (*ret_entries == ITEM_ENTRIES || (*ret_entries && *ret_bytes + n > ITEM_BYTES))
            break;
        ++*ret_entries;
        *ret_bytes += n;
    }
    return i;
}

void commit_items(struct items *items, const struct batch *b)
{
    for (size_t i = 0, n, bytes; i < b->n_ops;) {
        i = next_item(b, i, &n, &bytes);
        if (n)
            items_add(items, (uint32_t)n);
    }
}

/* add_item adds the entries of ops from..end as one word. */
static void add_item(struct args *a, const struct batch *b, size_t from, size_t end, size_t bytes)
{
    char *item = arena_take(&a->arena, bytes), *at = item;
    for (size_t i = from; i < end; i++)
        if (b->ops[i].kind == REC_entry) {
            memcpy(at, b->ops[i].value.at, b->ops[i].value.n);
            at += b->ops[i].value.n;
        }
    args_add(a, item, bytes);
}

static void add_entries(struct args *a, const struct commit *c)
{
    const struct batch *b = c->batch;
    size_t n = 0, bytes, entries;
    for (size_t i = 0; i < b->n_ops; n += entries > 0)
        i = next_item(b, i, &entries, &bytes);
    args_number(a, n);
    for (size_t i = 0, end; i < b->n_ops; i = end) {
        end = next_item(b, i, &entries, &bytes);
        if (entries)
            add_item(a, b, i, end, bytes);
    }
}

static void add_group(struct args *a, const struct op *const *ops, size_t n)
{
    size_t drops = 0;
    for (size_t i = 0; i < n; i++)
        drops += ops[i]->drop;
    args_number(a, n - drops);
    for (size_t i = 0; i < n; i++)
        if (!ops[i]->drop) {
            add_bytes(a, ops[i]->id);
            add_bytes(a, ops[i]->value);
        }
    args_number(a, drops);
    for (size_t i = 0; i < n; i++)
        if (ops[i]->drop)
            add_bytes(a, ops[i]->id);
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9fb21c651e98df25u;
    return h ^ h >> 29;
}

/* digest_of is no cryptography: it tells our own commit from another one that claims the same place
 * (C2). */
static uint64_t digest_of(const struct args *a, size_t from)
{
    uint64_t h = 0x27d4eb2f165667c5u;
    for (size_t i = from; i < a->count; i++) {
        const char *at = a->at[i];
        size_t left = a->n[i];
        uint64_t word;
        h = mix(h, left);
        for (; left >= sizeof(word); at += sizeof(word), left -= sizeof(word)) {
            memcpy(&word, at, sizeof(word));
            h = mix(h, word);
        }
        word = 0;
        memcpy(&word, at, left);
        h = mix(h, word);
    }
    return h;
}

void commit_args(struct store *s, struct commit *c, struct args *ret)
{
    struct sorted sorted = sort_ops(c);
    args_text(ret, "FCALL");
    args_text(ret, "helios_commit");
    size_t n_keys_at = ret->count;
    args_text(ret, ""); /* filled in below */
    size_t n_keys = add_keys(ret, s, &sorted);
    char *text = arena_take(&ret->arena, 24);
    ret->n[n_keys_at] = (size_t)snprintf(text, 24, "%zu", n_keys);
    ret->at[n_keys_at] = text;
    args_number(ret, s->epoch);
    args_number(ret, c->seq - 1);
    args_number(ret, c->seq);
    args_add(ret, c->digest, sizeof(c->digest) - 1);
    args_number(ret, items_most(&s->items, s->history));
    size_t content = ret->count;
    add_entries(ret, c);
    for (size_t i = 0, end; i < sorted.n; i = end) {
        end = kind_end(&sorted, i);
        add_group(ret, sorted.at + i, end - i);
    }
    free(sorted.at);
    snprintf(c->digest, sizeof(c->digest), "%016" PRIx64, digest_of(ret, content));
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what is kept durably of ended tasks: idempotency keys (T3) and failures (T12), both bounded,
 * oldest out first. */
#include "keep.h"

#include "orchestrator/core/helios.h"

static struct bytes short_one(struct bytes b, bool whole)
{
    return whole || b.n <= KEEP_OUTPUT ? b : (struct bytes){0};
}

struct msg_ended ended_of(const struct rec_task *r, bool whole)
{
    return (struct msg_ended){
        .id = r->id,
        .key = r->key,
        .state = r->state,
        .attempts = r->attempt,
        .output = short_one(r->output, whole),
        .data = short_one(r->data, whole),
        .error = r->error,
    };
}

char *key_text(struct bytes client, struct bytes key)
{
    struct buf text = {0};
    buf_add(&text, client.at, client.n);
    buf_text(&text, "/");
    buf_add(&text, key.at, key.n);
    return buf_take(&text);
}

/* ---- keys ---- */

struct kept_key *key_find(struct helios *h, const char *text)
{
    struct kept_key *k;
    HASH_FIND_STR(h->work.keys_by_text, text, k);
    return k;
}

static struct kept_key *key_add(struct helios *h, const struct rec_key *owned)
{
    struct kept_key *k = NEW(struct kept_key);
    k->r = *owned;
    save_init(&k->save, REC_key, &k->r, &k->r.key);
    list_push(&h->work.keys, &k->link);
    HASH_ADD_KEYPTR(hh, h->work.keys_by_text, k->r.key.at, k->r.key.n, k);
    h->work.n_keys++;
    return k;
}

static void key_free(struct helios *h, struct kept_key *k)
{
    HASH_DEL(h->work.keys_by_text, k);
    list_out(&k->link);
    h->work.n_keys--;
    save_forget(&k->save);
    record_free(&schema_records[REC_key], &k->r);
    free(k);
}

void keys_bound(struct helios *h)
{
    while (h->work.n_keys > (size_t)h->config->tasks.keep_keys) {
        struct kept_key *oldest = list_first(&h->work.keys, struct kept_key, link);
        save_drop(h, &oldest->save);
        key_free(h, oldest);
    }
}

static void key_keep(struct helios *h, const struct task *t)
{
    struct buf done = {0};
    struct msg_ended ended = ended_of(&t->r, false);
    struct_encode(&done, ended_schema(), &ended);
    struct rec_key r = {.key = bytes_of(t->key_text),
                        .task = t->r.id,
                        .body = t->r.body,
                        .ended = t->r.ended,
                        .state = t->r.state,
                        .done = buf_bytes(&done)};
    record_own(&schema_records[REC_key], &r);
    save_mark(h, &key_add(h, &r)->save);
    buf_done(&done);
    keys_bound(h);
}

int key_load(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_key r;
    int e = struct_decode(&schema_records[REC_key], value, &r, &arena, NULL);
    if (e == 0) {
        record_own(&schema_records[REC_key], &r);
        save_loaded(&key_add(h, &r)->save);
    }
    arena_done(&arena);
    return e;
}

/* ---- failures ---- */

struct kept *failed_find(struct helios *h, struct bytes id)
{
    struct kept *k;
    HASH_FIND(hh, h->work.failed_by_id, id.at, id.n, k);
    return k;
}

static struct kept *failed_add(struct helios *h, const struct rec_failed *owned)
{
    struct kept *k = NEW(struct kept);
    k->r = *owned;
    save_init(&k->save, REC_failed, &k->r, &k->r.id);
    list_push(&h->work.failed, &k->link);
    HASH_ADD_KEYPTR(hh, h->work.failed_by_id, k->r.id.at, k->r.id.n, k);
    h->work.n_failed++;
    return k;
}

static void failed_free(struct helios *h, struct kept *k)
{
    HASH_DEL(h->work.failed_by_id, k);
    list_out(&k->link);
    h->work.n_failed--;
    save_forget(&k->save);
    record_free(&schema_records[REC_failed], &k->r);
    free(k);
}

void failed_drop(struct helios *h, struct kept *k)
{
    save_drop(h, &k->save);
    failed_free(h, k);
}

void failed_bound(struct helios *h)
{
    while (h->work.n_failed > (size_t)h->config->tasks.keep_failed)
        failed_drop(h, list_first(&h->work.failed, struct kept, link));
}

static void failed_keep(struct helios *h, const struct task *t)
{
    struct rec_task brief = t->r; /* views */
    brief.output = short_one(brief.output, false);
    brief.data = short_one(brief.data, false);
    struct buf packed = {0};
    struct_encode(&packed, &schema_records[REC_task], &brief);
    struct rec_failed r = {.id = t->r.id, .task = buf_bytes(&packed), .ended = t->r.ended};
    record_own(&schema_records[REC_failed], &r);
    save_mark(h, &failed_add(h, &r)->save);
    buf_done(&packed);
    failed_bound(h);
}

int failed_load(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_failed r;
    int e = struct_decode(&schema_records[REC_failed], value, &r, &arena, NULL);
    if (e == 0) {
        record_own(&schema_records[REC_failed], &r);
        save_loaded(&failed_add(h, &r)->save);
    }
    arena_done(&arena);
    return e;
}

/* ---- all ---- */

struct bytes keep_ended(struct helios *h, const struct task *t)
{
    static const bool kept[task_state_COUNT] = {
        [task_state_FAILED] = true, [task_state_UNKNOWN] = true};
    if (t->key_text)
        key_keep(h, t);
    if (kept[t->r.state])
        failed_keep(h, t);
    return past_add(h, t)->ended;
}

static int older_key(const void *a, const void *b)
{
    const struct kept_key *const *x = a, *const *y = b;
    return (*x)->r.ended != (*y)->r.ended ? ((*x)->r.ended < (*y)->r.ended ? -1 : 1) : 0;
}

static int older_failed(const void *a, const void *b)
{
    const struct kept *const *x = a, *const *y = b;
    return (*x)->r.ended != (*y)->r.ended ? ((*x)->r.ended < (*y)->r.ended ? -1 : 1) : 0;
}

static void sort_list(struct list *head, size_t n, size_t link_at,
                      int (*older)(const void *, const void *))
{
    char **all = n ? xalloc(n * sizeof(*all)) : NULL;
    for (size_t i = 0; i < n; i++) {
        all[i] = (char *)head->next - link_at;
        list_out(head->next);
    }
    if (n)
        qsort(all, n, sizeof(*all), older);
    for (size_t i = 0; i < n; i++)
        list_push(head, (struct list *)(void *)(all[i] + link_at));
    free(all);
}

void keep_sort(struct helios *h)
{
    sort_list(&h->work.keys, h->work.n_keys, offsetof(struct kept_key, link), older_key);
    sort_list(&h->work.failed, h->work.n_failed, offsetof(struct kept, link), older_failed);
    keys_bound(h);
    failed_bound(h);
}

void keep_free(struct helios *h)
{
    list_each(k, &h->work.keys, struct kept_key, link) key_free(h, k);
    list_each(k, &h->work.failed, struct kept, link) failed_free(h, k);
}

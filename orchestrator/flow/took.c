/* SPDX-License-Identifier: MPL-2.0 */
#include "took.h"

#include "run.h"

#define OF_MOST 20

struct took {
    UT_hash_handle hh; /* runs.took, key r.id */
    struct rec_took r;
    struct save save;
};

static void name_of(struct bytes pipeline, struct bytes step, struct buf *out)
{
    buf_printf(out, BYTES_F "/" BYTES_F, BYTES_A(pipeline), BYTES_A(step));
}

static struct took *find(struct helios *h, const struct buf *name)
{
    struct took *t;
    HASH_FIND(hh, runs_of(h)->took, name->at, name->n, t);
    return t;
}

static struct took *add(struct helios *h, const struct rec_took *owned)
{
    struct took *t = NEW(struct took);
    t->r = *owned;
    save_init(&t->save, REC_took, &t->r, &t->r.id);
    HASH_ADD_KEYPTR(hh, runs_of(h)->took, t->r.id.at, t->r.id.n, t);
    return t;
}

void took_add(struct helios *h, struct bytes pipeline, struct bytes step, int64_t ms)
{
    _cleanup_(buf_done) struct buf name = {0};
    name_of(pipeline, step, &name);
    struct took *t = find(h, &name);
    if (t == NULL && ms < TOOK_LEAST)
        return;
    if (t == NULL) {
        struct rec_took r = {.id = buf_bytes(&name)};
        record_own(&schema_records[REC_took], &r);
        t = add(h, &r);
    }
    t->r.n = MIN(t->r.n + 1, (uint64_t)OF_MOST);
    t->r.ms += ((double)ms - t->r.ms) / (double)t->r.n;
    save_mark(h, &t->save);
}

double took_ms(struct helios *h, struct bytes pipeline, struct bytes step)
{
    _cleanup_(buf_done) struct buf name = {0};
    name_of(pipeline, step, &name);
    const struct took *t = find(h, &name);
    return t ? t->r.ms : -1;
}

int took_load(struct helios *h, struct bytes value)
{
    struct rec_took r;
    int failed = decide_decode(REC_took, value, &r);
    if (failed == 0)
        save_loaded(&add(h, &r)->save);
    return failed;
}

static void drop(struct helios *h, struct took *t)
{
    HASH_DEL(runs_of(h)->took, t);
    save_forget(&t->save);
    record_free(&schema_records[REC_took], &t->r);
    free(t);
}

void took_reload(struct helios *h)
{
    struct took *t, *next;
    HASH_ITER (hh, runs_of(h)->took, t, next) {
        const char *slash = memchr(t->r.id.at, '/', t->r.id.n);
        struct bytes pipeline = {t->r.id.at, slash ? (size_t)(slash - t->r.id.at) : t->r.id.n};
        if (pipeline_find(h->config, pipeline))
            continue;
        save_drop(h, &t->save);
        drop(h, t);
    }
}

void took_free(struct helios *h)
{
    struct took *t, *next;
    HASH_ITER (hh, runs_of(h)->took, t, next)
        drop(h, t);
}

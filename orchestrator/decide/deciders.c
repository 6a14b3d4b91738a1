/* SPDX-License-Identifier: MPL-2.0 */
/* The table of deciders and the walks over it. Knows no decider's business. */
#include "decide.h"

#include "orchestrator/core/helios.h"
#include "orchestrator/flow/run.h"

const struct decider *const deciders[] = {
#define X(name) &decider_##name,
    DECIDERS(X)
#undef X
        NULL};

#define EACH_DECIDER(d) for (const struct decider *const *d = deciders; *d; d++)

void decide_init(struct helios *h)
{
    EACH_DECIDER (d)
        if ((*d)->init)
            (*d)->init(h);
}

void decide_done(struct helios *h)
{
    EACH_DECIDER (d)
        if ((*d)->done)
            (*d)->done(h);
}

int decide_load(struct helios *h, enum rec kind, struct bytes value)
{
    EACH_DECIDER (d) {
        int r = (*d)->load ? (*d)->load(h, kind, value) : -ENOENT;
        if (r != -ENOENT)
            return r;
    }
    return -ENOENT;
}

void decide_lead(struct helios *h)
{
    EACH_DECIDER (d)
        if ((*d)->lead)
            (*d)->lead(h);
}

void decide_reload(struct helios *h)
{
    EACH_DECIDER (d)
        if ((*d)->reload)
            (*d)->reload(h);
}

void decide_on_done(struct helios *h, const struct rec_task *ended)
{
    EACH_DECIDER (d)
        if ((*d)->on_done && bytes_is(ended->owner_kind, (*d)->kind)) {
            _autofree_ char *id = bytes_dup(ended->owner_id);
            (*d)->on_done(h, id, ended);
            return;
        }
}

void decide_on_run(struct helios *h, const struct run *ended)
{
    EACH_DECIDER (d)
        if ((*d)->on_run && bytes_is(ended->r.owner_kind, (*d)->kind)) {
            _autofree_ char *id = bytes_dup(ended->r.owner_id);
            (*d)->on_run(h, id, ended);
            return;
        }
}

void decide_on_review(struct helios *h, const struct rec_review *decided, struct bytes data)
{
    EACH_DECIDER (d)
        if ((*d)->on_review && bytes_is(decided->owner_kind, (*d)->kind)) {
            _autofree_ char *id = bytes_dup(decided->owner_id);
            (*d)->on_review(h, id, decided, data);
            return;
        }
}

void decide_on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    EACH_DECIDER (d)
        if ((*d)->on_event)
            (*d)->on_event(h, kind, e);
}

void decide_on_health(struct helios *h, const char *scope, bool bad)
{
    EACH_DECIDER (d)
        if ((*d)->on_health)
            (*d)->on_health(h, scope, bad);
}

void decide_on_frozen(struct helios *h)
{
    EACH_DECIDER (d)
        if ((*d)->on_frozen)
            (*d)->on_frozen(h);
}

void decide_on_wall(struct helios *h)
{
    EACH_DECIDER (d)
        if ((*d)->on_wall)
            (*d)->on_wall(h);
}

void decide_on_ended(struct helios *h, const struct optimization *o)
{
    EACH_DECIDER (d)
        if ((*d)->on_ended)
            (*d)->on_ended(h, o);
}

const struct decider *decide_internal(struct bytes action)
{
    EACH_DECIDER (d)
        for (const char *const *a = (*d)->actions; a && *a; a++)
            if (bytes_is(action, *a))
                return *d;
    return NULL;
}

int decide_decode(enum rec kind, struct bytes value, void *ret_record)
{
    struct arena arena = {0};
    int r = struct_decode(&schema_records[kind], value, ret_record, &arena, NULL);
    if (r == 0)
        record_own(&schema_records[kind], ret_record);
    arena_done(&arena);
    return r;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way from an asked-for action to its end. Refuses everything that the manifest does not
 * name. */
#include "agents/job.h"

#include <stdarg.h>

#include "agents/agent.h"
#include "agents/roles/role.h"
#include "common/clock.h"
#include "common/text.h"
#include "proto/pack.h"

enum { SHOWN = 64 };

void step_done(struct step *s)
{
    buf_done(&s->params);
    free(s->undo_of);
    free(s->target);
    *s = (struct step){0};
}

void job_end(struct job *j)
{
    assert(!j->over);
    j->over = true;
    j->on_end(j);
}

void job_fail(struct job *j, enum outcome outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    j->ended.outcome = outcome;
    buf_clear(&j->ended.error);
    buf_vprintf(&j->ended.error, format, args);
    va_end(args);
    job_end(j);
}

static void refuse(struct job *j, char *why)
{
    job_fail(j, outcome_REFUSED, "%s", why);
    free(why);
}

static void refuse_action(struct job *j, struct bytes name)
{
    struct buf why = {0};
    buf_text(&why, "the manifest has no action ");
    text_safe(&why, (struct bytes){name.at, MIN(name.n, SHOWN)});
    buf_printf(&why, " for %s", j->member->id);
    refuse(j, buf_take(&why));
}

static const struct action *find(const struct job *j, struct bytes name)
{
    const struct member *m = j->member;
    return manifest_find(j->manifest, name, m->id, m->base, m->set->role);
}

/* ---- signatures (Z7) ---- */

static void refuse_unsigned(struct job *j, struct buf *why)
{
    j->ended.not_signed = true;
    refuse(j, buf_take(why));
}

/* vouch: a signature that came is checked even where none is needed. false: the job has ended. */
static bool vouch(struct job *j)
{
    const struct member *m = j->member;
    struct signed_guard *g = &m->agent->signed_guard;
    struct buf why = {0};
    if (!action_needs_signature(j->manifest, j->action) &&
        (j->asked->signature.n == 0 || g->n_signers == 0))
        return true;
    struct signed_ask ask = {.task = j->asked->task,
                             .attempt = j->asked->attempt,
                             .action = bytes_of(j->asked->action),
                             .params = j->asked->params,
                             .signature = j->asked->signature,
                             .agent = bytes_of(m->id),
                             .swarm = m->set->swarm,
                             .role = bytes_of(enum_text(&enum_role, (int)m->set->role))};
    j->vouched = signed_admit(g, &ask, clock_wall(), j->nonce, &why);
    if (!j->vouched)
        refuse_unsigned(j, &why);
    return j->vouched;
}

/* ---- runs ---- */

static void on_run_progress(struct run *r, const struct progress *p)
{
    struct job *j = r->owner;
    j->on_progress(j, p);
}

/* A composite goes on with how its run ended, unless the job's own time is over or somebody stopped
 * it. */
static void on_run_end(struct run *r)
{
    struct job *j = r->owner;
    struct ended last = r->ended;
    r->ended = (struct ended){0};
    run_free(r);
    j->run = NULL;
    j->ended.cpu_ms += last.cpu_ms;
    bool out_of_time =
        last.outcome == outcome_TIMEOUT && j->member->agent->loop.now >= j->asked->deadline;
    if (j->action->composite && !out_of_time && j->stop == STOP_NONE) {
        j->action->composite->next(j, &last);
        ended_done(&last);
        return;
    }
    last.cpu_ms = j->ended.cpu_ms;
    ended_done(&j->ended);
    j->ended = last;
    job_end(j);
}

static void start_run(struct job *j, const struct run_order *o)
{
    struct run_order order = *o;
    order.agent = j->member->id;
    order.swarm = j->member->set->swarm.at;
    order.task = j->asked->task;
    order.attempt = j->asked->attempt;
    order.key = j->asked->key;
    order.checkpoint = j->asked->checkpoint;
    order.deadline = j->asked->deadline;
    j->run = run_new(j->member->agent, &order);
    j->run->owner = j;
    j->run->on_progress = on_run_progress;
    j->run->on_end = on_run_end;
}

void job_step(struct job *j, const struct step *s)
{
    start_run(j, &(struct run_order){.action = s->action,
                                     .params = buf_bytes(&s->params),
                                     .undo = s->undo,
                                     .undo_of = s->undo_of,
                                     .target = s->target});
}

/* hand_on copies the given parameters and adds those of the job that the action declares and was
 * not given. */
static void hand_on(const struct job *j, const struct action *a, struct bytes given,
                    struct buf *out)
{
    static const char *const names[] = {"target", "kpi", "optimization"};
    struct pack p;
    struct value key, item;
    pack_init(&p, out);
    pack_map(&p);
    for (struct walk w = walk_of(given); walk_pair(&w, &key, &item);) {
        pack_key_bytes(&p, key.text);
        pack_raw(&p, item.whole);
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct bytes value = map_str(buf_bytes(&j->params), names[i], "");
        bool wanted = params_find(&a->params, bytes_of(names[i])) &&
                      map_get(given, names[i]).type == VALUE_END;
        if (wanted && value.n)
            pack_put_str(&p, names[i], value);
    }
    pack_end(&p);
}

int job_step_check(struct job *j, struct bytes name, struct bytes given, struct step *ret)
{
    _cleanup_(buf_done) struct buf all = {0};
    char *why;
    const struct action *a = find(j, name);
    if (a == NULL || a->composite) {
        refuse_action(j, name);
        return -EINVAL;
    }
    if (action_needs_signature(j->manifest, a) && !j->vouched) {
        struct buf unsigned_step = {0};
        buf_printf(&unsigned_step, "not signed by an allowed signer: %s needs that", a->name);
        refuse_unsigned(j, &unsigned_step);
        return -EINVAL;
    }
    hand_on(j, a, given, &all);
    *ret = (struct step){.action = a};
    if (params_check(&a->params, a->name, buf_bytes(&all), &ret->params, &why)) {
        refuse(j, why);
        step_done(ret);
        return -EINVAL;
    }
    ret->target = bytes_dup(map_str(buf_bytes(&j->params), "target", ""));
    return 0;
}

/* ---- the job ---- */

void job_start(struct job *j)
{
    char *why;
    j->ended.outcome = outcome_COMPLETED;
    j->action = find(j, bytes_of(j->asked->action));
    if (j->action == NULL)
        refuse_action(j, bytes_of(j->asked->action));
    else if (!vouch(j))
        return;
    else if (params_check(&j->action->params, j->action->name, j->asked->params, &j->params, &why))
        refuse(j, why);
    else if (j->action->composite)
        j->action->composite->begin(j);
    else
        start_run(j, &(struct run_order){.action = j->action, .params = buf_bytes(&j->params)});
}

void job_stop(struct job *j)
{
    j->stop = STOP_ASKED;
    if (j->run)
        run_stop(j->run, STOP_ASKED);
}

void job_done(struct job *j)
{
    if (j->state)
        j->action->composite->free(j->state);
    run_free(j->run);
    buf_done(&j->params);
    ended_done(&j->ended);
    *j = (struct job){0};
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the requests of an optimization and the reading of their results. Knows the agents' actions
 * by name, nothing of what they do. */
#include "change.h"

#include "permit.h"
#include "verdict.h"

#define CLIENT "helios"
#define APPLY_QUEUE_MS                                                                             \
    60000               /* an implementer that does not come in this time: nothing was changed */
#define UNDO_ATTEMPTS 5 /* then it is STUCK, for a person */
#define UNDO_BACKOFF_MS 1000 /* 1, 2, 4, 8 s */

static struct bytes leg_target(const struct optimization *o, uint64_t leg)
{
    return leg < o->r.targets.n ? ((struct bytes *)o->r.targets.at)[leg] : (struct bytes){0};
}

static uint64_t legs_of(const struct optimization *o)
{
    return MAX(o->r.targets.n, (size_t)1);
}

/* The idempotency key of an errand on one leg: "o-3:apply", "o-3:apply:web1", "o-3:rollback:2". */
static void write_key(struct buf *out, const struct optimization *o, const char *errand,
                      struct bytes target)
{
    buf_printf(out, "%s:%s%s" BYTES_F, o->r.id.at, errand, target.n ? ":" : "", BYTES_A(target));
}

static int submit(struct helios *h, struct optimization *o, struct msg_request *q,
                  struct bytes *ret_task)
{
    char err[256] = "";
    q->swarm = o->r.swarm;
    q->max_concurrent = 0;
    struct task *t =
        task_submit(h, q, CLIENT, decider_optimization.kind, o->r.id.at, o->r.id.at, err);
    if (t == NULL) {
        own_text(&o->r.error, err);
        return -EBUSY;
    }
    own_set(ret_task, t->r.id);
    save_mark(h, &o->save);
    return 0;
}

static void open_params(struct pack *p, struct buf *out, const struct optimization *o,
                        struct bytes action, struct bytes params, struct bytes target)
{
    pack_init(p, out);
    pack_map(p);
    pack_put_str(p, "optimization", o->r.name);
    pack_put_str(p, "action", action);
    pack_put_str(p, "kpi", o->r.kpi);
    pack_put_raw(p, "params", params);
    if (target.n)
        pack_put_str(p, "target", target);
}

/* ---- apply ---- */

int change_apply(struct helios *h, struct optimization *o)
{
    struct buf key = {0}, params = {0};
    struct pack p;
    struct bytes target = leg_target(o, o->r.legs);
    write_key(&key, o, "apply", target);
    open_params(&p, &params, o, o->r.action, o->r.params, target);
    pack_end(&p);
    struct msg_request q = {
        .key = buf_bytes(&key),
        .action = BYTES("apply"),
        .params = buf_bytes(&params),
        .role = BYTES("implementer"),
        .target = target,
        .priority = optimization_emergency(o) ? 0 : 1,
        .locks = o->r.touches,
        .at_most_once = true, /* a second try would take the half-changed for what was before */
        .queue_ms = APPLY_QUEUE_MS,
        .attempt_ms = o->plan ? (uint64_t)o->plan->apply.attempt_ms : 0,
    };
    int r = submit(h, o, &q, &o->r.apply_task);
    if (r == 0) {
        own_set(&o->r.apply_key, buf_bytes(&key));
        own_names(&o->r.waiting, &o->r.apply_task, 1);
        o->r.legs++;
        o->submitted = h->now;
    }
    buf_done(&key);
    buf_done(&params);
    return r;
}

/* With targets the undo is a map target → undo; without, it is the one undo itself. */
static void keep_undo(struct optimization *o, const struct rec_task *ended)
{
    struct value undo = map_get(ended->data, "undo");
    struct bytes packed = undo.type == VALUE_MAP ? undo.whole : (struct bytes){0};
    if (o->r.targets.n == 0) {
        own_set(&o->r.undo, packed);
        return;
    }
    struct buf out = {0};
    struct pack p;
    struct walk walk = walk_of(o->r.undo);
    struct value key, item;
    pack_init(&p, &out);
    pack_map(&p);
    while (o->r.undo.n && walk_pair(&walk, &key, &item)) {
        pack_key_bytes(&p, key.text);
        pack_raw(&p, item.whole);
    }
    pack_key_bytes(&p, ended->target);
    pack_raw(&p, packed);
    pack_end(&p);
    own_set(&o->r.undo, buf_bytes(&out));
    buf_done(&out);
}

static void fail_with(struct optimization *o, const struct rec_task *ended)
{
    own_printf(&o->r.error, "%s of " BYTES_F " ended %s: " BYTES_F, ended->id.at,
               BYTES_A(ended->action), enum_text(&enum_task_state, ended->state),
               BYTES_A(ended->error));
}

/* Half a step is never left standing: when the rest may not be applied, what was is undone (X10). */
static void apply_next(struct helios *h, struct optimization *o)
{
    const char *held = permit_changes(h);
    if (held)
        own_printf(&o->r.error, "%s: %llu of %llu targets were changed", held,
                   (unsigned long long)o->r.legs, (unsigned long long)legs_of(o));
    if (held == NULL && change_apply(h, o) == 0)
        return;
    verdict_settle(o, verdict_rule(held ? "held_midway" : "apply_failed"), NULL);
    optimization_step(h, o, OPT_BROKEN);
}

static void apply_ended(struct helios *h, struct optimization *o, const struct rec_task *ended)
{
    if (ended->attempt)
        o->r.applied = h->now; /* an agent had it: something may have changed */
    if (ended->state != task_state_COMPLETED) {
        bool untouched = o->r.applied == 0;
        fail_with(o, ended);
        verdict_settle(o, verdict_rule(untouched ? "never_started" : "apply_failed"), NULL);
        optimization_step(h, o, untouched ? OPT_NEVER_STARTED : OPT_BROKEN);
        return;
    }
    keep_undo(o, ended);
    if (o->r.legs == legs_of(o))
        optimization_step(h, o, OPT_APPLIED);
    else
        apply_next(h, o);
}

void change_take_back(struct helios *h, struct optimization *o, const char *why)
{
    struct task *t = o->r.apply_task.n ? task_find(h, o->r.apply_task) : NULL;
    if (t && t->r.state == task_state_PENDING)
        task_cancel(h, t, why);
}

/* ---- rollback ---- */

bool change_undone(const struct optimization *o)
{
    return o->r.undone >= o->r.legs;
}

int change_undo(struct helios *h, struct optimization *o)
{
    if (o->r.undo_action.n == 0)
        return -ENOENT;
    struct buf key = {0}, of = {0}, params = {0};
    struct pack p;
    struct bytes target = leg_target(o, o->r.legs - o->r.undone - 1);
    _autofree_ char *name = bytes_dup(target);
    struct bytes undo = target.n ? map_get(o->r.undo, name).whole : o->r.undo;
    buf_printf(&key, "%s:rollback:%llu", o->r.id.at, (unsigned long long)o->r.undo_tries + 1);
    buf_text(&of, CLIENT "/");
    write_key(&of, o, "apply", target);
    open_params(&p, &params, o, o->r.undo_action, o->r.undo_params, target);
    if (undo.n) /* else the agent looks into its own journal, by the key of the apply */
        pack_put_raw(&p, "undo", undo);
    pack_put_str(&p, "undo_of", buf_bytes(&of));
    pack_end(&p);
    struct msg_request q = {
        .key = buf_bytes(&key),
        .action = BYTES("rollback"),
        .params = buf_bytes(&params),
        .role = BYTES("implementer"),
        .target = target,
        .priority = 0,
        .locks = o->r.touches,
        .max_attempts = UNDO_ATTEMPTS,
        .backoff_ms = UNDO_BACKOFF_MS,
        .attempt_ms = o->plan ? (uint64_t)o->plan->rollback.attempt_ms : 0,
    };
    int r = submit(h, o, &q, &o->r.undo_task);
    if (r == 0) {
        own_names(&o->r.waiting, &o->r.undo_task, 1);
        o->r.undo_tries++;
    }
    buf_done(&key);
    buf_done(&of);
    buf_done(&params);
    return r;
}

static void undo_ended(struct helios *h, struct optimization *o, const struct rec_task *ended)
{
    if (ended->state != task_state_COMPLETED) {
        fail_with(o, ended);
        optimization_step(h, o, OPT_UNDO_FAILED);
        return;
    }
    o->r.undone++;
    if (change_undone(o))
        optimization_step(h, o, OPT_UNDONE);
    else if (change_undo(h, o) < 0)
        timer_set(h, &o->timer, h->now + UNDO_BACKOFF_MS);
}

/* ---- inspect ---- */

void change_inspect(struct helios *h, struct optimization *o)
{
    const struct set_step *check = o->plan ? &o->plan->check : NULL;
    bool asked = o->r.inspection.n || (o->r.inspect_task.n && task_find(h, o->r.inspect_task));
    if (check == NULL || check->action.n == 0 || asked)
        return;
    struct buf key = {0}, params = {0};
    struct pack p;
    write_key(&key, o, "inspect", (struct bytes){0});
    open_params(&p, &params, o, check->action, check->params, (struct bytes){0});
    pack_end(&p);
    struct msg_request q = {
        .key = buf_bytes(&key),
        .action = BYTES("inspect"),
        .params = buf_bytes(&params),
        .role = BYTES("verifier"),
        .priority = 1,
        .max_attempts = 2,
        .backoff_ms = UNDO_BACKOFF_MS,
        .queue_ms = APPLY_QUEUE_MS,
        .attempt_ms = (uint64_t)check->attempt_ms,
    };
    if (submit(h, o, &q, &o->r.inspect_task) < 0)
        own_text(&o->r.inspection, "none");
    buf_done(&key);
    buf_done(&params);
}

void change_cancel_inspection(struct helios *h, struct optimization *o)
{
    struct task *t =
        o->r.inspect_task.n && o->r.inspection.n == 0 ? task_find(h, o->r.inspect_task) : NULL;
    if (t)
        task_cancel(h, t, "its optimization has been judged");
}

static void inspect_ended(struct helios *h, struct optimization *o, const struct rec_task *ended)
{
    struct value pass = map_get(ended->data, "pass");
    bool ran = ended->state == task_state_COMPLETED && pass.type == VALUE_BOOL;
    own_text(&o->r.inspection, !ran ? "none" : pass.boolean ? "pass" : "fail");
    own_set(&o->r.findings, ran ? ended->data : (struct bytes){0});
    save_mark(h, &o->save);
    if (ran && !pass.boolean && o->r.state == opt_state_VERIFYING) {
        verdict_settle(o, verdict_rule("check_failed"), NULL);
        optimization_step(h, o, OPT_DISPROVED);
    }
}

void change_on_done(struct helios *h, struct optimization *o, const struct rec_task *ended)
{
    if (bytes_eq(ended->id, o->r.inspect_task)) {
        inspect_ended(h, o, ended);
        return;
    }
    if (!names_have(o->r.waiting, ended->id))
        return;
    own_names(&o->r.waiting, NULL, 0);
    save_mark(h, &o->save);
    if (o->r.state == opt_state_APPLYING)
        apply_ended(h, o, ended);
    else if (o->r.state == opt_state_ROLLING_BACK)
        undo_ended(h, o, ended);
}

bool change_lost(struct helios *h, const struct optimization *o)
{
    SEQ_EACH (id, struct bytes, o->r.waiting)
        if (task_find(h, *id))
            return false;
    return true;
}

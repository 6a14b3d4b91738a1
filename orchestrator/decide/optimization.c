/* SPDX-License-Identifier: MPL-2.0 */
/* Owns all optimizations and the one function that changes the state of one. What is done in a
 * state is in trial.c. */
#include "optimization.h"

#include "change.h"
#include "common/mutant.h"
#include "evidence.h"
#include "permit.h"
#include "trial.h"
#include "verdict.h"

/* ---- the machine ----
 *
 *   PROPOSED --AUTHORIZED--> BASELINE --FULL--> APPLYING --APPLIED--> SETTLING --SETTLED--> VERIFYING
 *      |  `---------URGENT------|----------------^ |  |                  |                  |    |
 *      |                        |                  |  |              RECALLED      DISPROVED,    |
 *      `--------DROPPED---------'    NEVER_STARTED-'  BROKEN             |         RECALLED   PROVED
 *                  v                       |          v                  |              |        v
 *              ABANDONED <-----------------'     ROLLING_BACK <----------+--------------' ACCEPTED
 *                                     UNDO_FAILED |    | ^ ^------------RECALLED-----------------'
 *                                                 v    | |
 *                                                STUCK-|-'RECALLED
 *                                                 ^    | UNDONE
 *                                     STAYED_AWAY |    v
 *                                                CHECKING --RETURNED--> ROLLED_BACK
 *
 * From APPLYING on, something may have changed in the world: the only ways out are ACCEPTED and
 * ROLLING_BACK. */

static void finish(struct helios *h, struct optimization *o);

struct row {
    enum opt_state next;
    opt_verb *verb; /* NULL: cannot happen here */
};
/* clang-format off */
#define ROW(state, event, verb, next) [opt_state_##state][OPT_##event] = {opt_state_##next, verb},
static const struct row rows[opt_state_COUNT][OPT_EVENTS] = {
    ROW(PROPOSED,     AUTHORIZED,    trial_baseline, BASELINE)
    ROW(PROPOSED,     URGENT,        trial_apply,    APPLYING)
    ROW(PROPOSED,     DROPPED,       finish,         ABANDONED)
    ROW(BASELINE,     FULL,          trial_apply,    APPLYING)
    ROW(BASELINE,     DROPPED,       finish,         ABANDONED)
    ROW(APPLYING,     APPLIED,       trial_settle,   SETTLING)
    ROW(APPLYING,     NEVER_STARTED, finish,         ABANDONED)
    ROW(APPLYING,     BROKEN,        trial_undo,     ROLLING_BACK)
    ROW(SETTLING,     SETTLED,       trial_verify,   VERIFYING)
    ROW(SETTLING,     RECALLED,      trial_undo,     ROLLING_BACK)
    ROW(VERIFYING,    PROVED,        finish,         ACCEPTED)
    ROW(VERIFYING,    DISPROVED,     trial_undo,     ROLLING_BACK)
    ROW(VERIFYING,    RECALLED,      trial_undo,     ROLLING_BACK)
    ROW(ROLLING_BACK, UNDONE,        trial_check,    CHECKING)
    ROW(ROLLING_BACK, UNDO_FAILED,   finish,         STUCK)
    ROW(CHECKING,     RETURNED,      finish,         ROLLED_BACK)
    ROW(CHECKING,     STAYED_AWAY,   finish,         STUCK)
    ROW(ACCEPTED,     RECALLED,      trial_undo,     ROLLING_BACK)
    ROW(STUCK,        RECALLED,      trial_undo,     ROLLING_BACK)
};
#undef ROW
/* clang-format on */

static const char *cause_of(const struct optimization *o)
{
    return o->r.incident.n ? o->r.incident.at : o->r.cycle.n ? o->r.cycle.at : NULL;
}

static void note_moved(struct helios *h, const struct optimization *o, enum opt_state before)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_text(&p, "from", enum_text(&enum_opt_state, before));
    pack_put_text(&p, "to", enum_text(&enum_opt_state, o->r.state));
    pack_put_int(&p, "after_ms", h->now - o->r.since);
    pack_put_str(&p, "rule", o->r.rule);
    pack_put_str(&p, "error", o->r.error);
    pack_end(&p);
    note(h, EVENT_optimization_moved, o->r.id.at, cause_of(o), &data,
         "%s %s: %s → %s after %.1f s%s%s", o->r.id.at, o->r.name.at,
         enum_text(&enum_opt_state, before), enum_text(&enum_opt_state, o->r.state),
         (double)(h->now - o->r.since) / 1000, o->r.error.n ? ": " : "",
         o->r.error.n ? o->r.error.at : "");
    buf_done(&data);
}

static void note_evidence(struct helios *h, enum event event, const struct optimization *o)
{
    char sentence[512];
    struct buf data = {0};
    struct pack p;
    if (o->r.undo_tries && optimization_ended(o))
        snprintf(sentence, sizeof(sentence), "undone because %s: %s", o->r.rule.at,
                 o->r.error.n ? o->r.error.at : "?");
    else
        verdict_sentence(h, o, sentence, sizeof(sentence));
    pack_init(&p, &data);
    pack_map(&p);
    verdict_pack(&p, o);
    pack_end(&p);
    note(h, event, o->r.id.at, cause_of(o), &data, "%s %s: %s", o->r.id.at, o->r.name.at, sentence);
    buf_done(&data);
}

int optimization_step(struct helios *h, struct optimization *o, enum opt_event event)
{
    enum opt_state before = o->r.state;
    const struct row *row = &rows[before][event];
    if (row->verb == NULL)
        return -EPROTO;
    o->r.state = row->next;
    note_moved(h, o, before);
    o->r.since = h->now;
    save_mark(h, &o->save);
    if (o->r.state == opt_state_ROLLING_BACK)
        note_evidence(h, EVENT_optimization_rejected, o);
    row->verb(h, o);
    return 0;
}

/* ---- ends ---- */

bool optimization_ended(const struct optimization *o)
{
    return o->r.state >= opt_state_ACCEPTED;
}

bool optimization_told(const struct optimization *o)
{
    return o->r.dry_run && bytes_is(o->r.rule, "dry_run");
}

bool optimization_emergency(const struct optimization *o)
{
    return o->r.incident.n > 0;
}

static void free_optimization(struct helios *h, struct optimization *o)
{
    list_out(&o->link);
    timer_stop(h, &o->timer);
    save_forget(&o->save);
    evidence_free(o->evidence);
    record_free(&schema_records[REC_optimization], &o->r);
    free(o);
}

static void forget_oldest(struct helios *h)
{
    struct optimizations *all = optimizations_of(h);
    while (all->n_ended > DECIDE_KEEP) {
        struct optimization *oldest = list_first(&all->ended, struct optimization, link);
        save_drop(h, &oldest->save);
        free_optimization(h, oldest);
        all->n_ended--;
    }
}

static void note_end(struct helios *h, const struct optimization *o)
{
    static const struct {
        bool noted;
        enum event event;
    } ends[opt_state_COUNT] = {
        [opt_state_ACCEPTED] = {true, EVENT_optimization_accepted},
        [opt_state_ROLLED_BACK] = {true, EVENT_optimization_rolled_back},
        [opt_state_STUCK] = {true, EVENT_optimization_stuck},
    };
    h->counters.accepted += o->r.state == opt_state_ACCEPTED;
    h->counters.rolled_back += o->r.state == opt_state_ROLLED_BACK;
    if (ends[o->r.state].noted)
        note_evidence(h, ends[o->r.state].event, o);
}

/* What a person may still recall keeps a short baseline: its return will be checked. */
static void forget_evidence(struct helios *h, struct optimization *o)
{
    bool recallable = rows[o->r.state][OPT_RECALLED].verb != NULL;
    if (recallable && o->evidence)
        evidence_shorten(h, o->evidence, o);
    else if (!recallable)
        own_set(&o->r.baseline, (struct bytes){0});
    evidence_free(o->evidence);
    o->evidence = NULL;
}

static void finish(struct helios *h, struct optimization *o)
{
    struct optimizations *all = optimizations_of(h);
    timer_stop(h, &o->timer);
    change_cancel_inspection(h, o);
    forget_evidence(h, o);
    o->r.ended = h->now;
    list_out(&o->link);
    list_push(&all->ended, &o->link);
    all->n_ended++;
    note_end(h, o);
    if (o->r.state == opt_state_ACCEPTED)
        optimization_follow(h, o);
    decide_on_ended(h, o);
    forget_oldest(h);
}

/* ---- found and counted ---- */

struct optimization *optimization_find(struct helios *h, struct bytes id)
{
    struct list *lists[] = {&optimizations_of(h)->live, &optimizations_of(h)->ended};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        list_each (o, lists[i], struct optimization, link)
            if (bytes_eq(o->r.id, id))
                return o;
    return NULL;
}

size_t optimizations_under_way(struct helios *h, bool emergency)
{
    size_t n = 0;
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        n += !o->r.needs_approval && optimization_emergency(o) == emergency;
    return n;
}

void optimizations_disturb(struct helios *h, const char *cause)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link) {
        if (optimization_emergency(o))
            continue;
        o->disturbed = true;
        if (o->r.state == opt_state_BASELINE && !optimization_told(o)) {
            verdict_settle(o, verdict_rule("incident"), NULL);
            own_text(&o->r.error, cause);
            optimization_step(h, o, OPT_DROPPED);
        }
    }
}

static bool shares(const struct optimization *a, const struct optimization *b)
{
    SEQ_EACH (touched, struct bytes, a->r.touches)
        if (names_have(b->r.touches, *touched))
            return true;
    return bytes_eq(a->r.kpi, b->r.kpi);
}

int optimization_recall(struct helios *h, struct optimization *o, struct bytes author)
{
    if (rows[o->r.state][OPT_RECALLED].verb == NULL)
        return -EALREADY;
    list_each (other, &optimizations_of(h)->live, struct optimization, link)
        if (other != o && !other->r.needs_approval && shares(other, o))
            return -EBUSY;
    if (optimization_ended(o)) {
        list_out(&o->link);
        list_push(&optimizations_of(h)->live, &o->link);
        optimizations_of(h)->n_ended--;
    }
    verdict_settle(o, verdict_rule("recalled"), NULL);
    own_printf(&o->r.error, "recalled by " BYTES_F, BYTES_A(author));
    o->r.ended = 0;
    return optimization_step(h, o, OPT_RECALLED);
}

/* ---- the decider ---- */

static void init(struct helios *h)
{
    struct optimizations *all = h->decide.state[DECIDE_optimization] = NEW(struct optimizations);
    list_init(&all->live);
    list_init(&all->ended);
}

static void done(struct helios *h)
{
    struct list *lists[] = {&optimizations_of(h)->live, &optimizations_of(h)->ended};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        list_each (o, lists[i], struct optimization, link)
            free_optimization(h, o);
    free(optimizations_of(h));
}

static void on_timer(struct helios *h, struct timer *t)
{
    trial_due(h, container_of(t, struct optimization, timer));
}

static const struct set_optimization *plan_of(struct helios *h, struct bytes name)
{
    SEQ_EACH (plan, const struct set_optimization, h->config->optimizations)
        if (bytes_eq(plan->name, name))
            return plan;
    return NULL;
}

struct optimization *optimization_new(struct helios *h, const struct rec_optimization *owned)
{
    struct optimization *o = NEW(struct optimization);
    o->r = *owned;
    o->timer.run = on_timer;
    o->plan = plan_of(h, o->r.name);
    save_init(&o->save, REC_optimization, &o->r, &o->r.id);
    list_init(&o->link);
    return o;
}

/* Records come in any order: live ones stand by when they began, ended ones by when they ended. */
static void insert(struct list *head, struct optimization *o,
                   int64_t (*when)(const struct optimization *))
{
    struct list *at = head->prev;
    while (at != head && when(container_of(at, struct optimization, link)) > when(o))
        at = at->prev;
    list_insert_before(at->next, &o->link);
}

static int64_t when_began(const struct optimization *o)
{
    return o->r.began;
}

static int64_t when_ended(const struct optimization *o)
{
    return o->r.ended;
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct rec_optimization r;
    if (kind != REC_optimization)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed)
        return failed;
    struct optimization *o = optimization_new(h, &r);
    save_loaded(&o->save);
    if (optimization_ended(o)) {
        insert(&optimizations_of(h)->ended, o, when_ended);
        optimizations_of(h)->n_ended++;
    } else {
        insert(&optimizations_of(h)->live, o, when_began);
    }
    return 0;
}

/* What waits for an agent has changed nothing yet: it is taken back when nothing may be changed. In `mode: act` nobody needs the
 * place of what was only told. */
static void obey_mode(struct helios *h)
{
    const char *held = permit_changes(h);
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        if (held && o->r.state == opt_state_APPLYING)
            change_take_back(h, o, held);
        else if (h->config->mode == mode_act && optimization_told(o))
            optimization_step(h, o, OPT_DROPPED);
}

static void lead(struct helios *h)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        if (!MUTANT(recovery))
            trial_resume(h, o);
    obey_mode(h);
}

static void reload(struct helios *h)
{
    struct list *lists[] = {&optimizations_of(h)->live, &optimizations_of(h)->ended};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        list_each (o, lists[i], struct optimization, link)
            o->plan = plan_of(h, o->r.name);
    obey_mode(h);
}

static void on_done(struct helios *h, const char *owner_id, const struct rec_task *ended)
{
    struct optimization *o = optimization_find(h, bytes_of(owner_id));
    if (o)
        change_on_done(h, o, ended);
}

const struct decider decider_optimization = {.kind = "optimization",
                                             .init = init,
                                             .done = done,
                                             .load = load,
                                             .lead = lead,
                                             .reload = reload,
                                             .on_done = on_done,
                                             .on_frozen = obey_mode};

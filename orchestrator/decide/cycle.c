/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the cycles, their clock, and the one function that changes the state of one. What a stage
 * does is in cycle_stages.c. */
#include "cycle.h"

#include "orchestrator/core/helios.h"
#include "permit.h"

#define RETRY_MS 1000 /* the clock looks again this soon while nothing may begin */

/* A task that waits for its cycle. */
struct asked {
    struct list link;
    char *task;       /* owned; its id */
    const char *mode; /* static */
};

static void end(struct helios *h, struct cycle *c);

/* ---- the machine ----
 *
 *   COLLECT --FOUND--> ANALYZE --ADVISED--> DISPATCH --STARTED--> VERIFY --SETTLED--> REPORT
 *      |                  |                    |                                        ^
 *      `--NOTHING---------'--NOTHING-----------'--NOTHING-------------------------------'
 *
 * COLLECT and DISPATCH take one turn. A cycle that analyses only goes from ANALYZE to REPORT. */
typedef void cycle_verb(struct helios *h, struct cycle *c);
struct row {
    enum cycle_state next;
    cycle_verb *verb; /* NULL: cannot happen here */
};
/* clang-format off */
#define ROW(state, event, verb, next) [cycle_state_##state][CYCLE_##event] = {cycle_state_##next, verb},
static const struct row rows[cycle_state_COUNT][CYCLE_EVENTS] = {
    ROW(COLLECT,  FOUND,   cycle_analyze,  ANALYZE)
    ROW(COLLECT,  NOTHING, end,            REPORT)
    ROW(ANALYZE,  ADVISED, cycle_dispatch, DISPATCH)
    ROW(ANALYZE,  NOTHING, end,            REPORT)
    ROW(DISPATCH, STARTED, cycle_verify,   VERIFY)
    ROW(DISPATCH, NOTHING, end,            REPORT)
    ROW(VERIFY,   SETTLED, end,            REPORT)
};
#undef ROW
/* clang-format on */

int cycle_step(struct helios *h, struct cycle *c, enum cycle_event event)
{
    const struct row *row = &rows[c->r.state][event];
    if (row->verb == NULL)
        return -EPROTO;
    timer_stop(h, &c->timer);
    c->r.state = row->next;
    c->r.since = h->now;
    save_mark(h, &c->save);
    row->verb(h, c);
    return 0;
}

struct cycles *cycles_of(struct helios *h)
{
    return h->decide.state[DECIDE_cycle];
}

struct cycle *cycle_find(struct helios *h, struct bytes id)
{
    struct cycles *all = cycles_of(h);
    if (all->current && bytes_eq(all->current->r.id, id))
        return all->current;
    list_each (c, &all->ended, struct cycle, link)
        if (bytes_eq(c->r.id, id))
            return c;
    return NULL;
}

/* ---- begin and end ---- */

static void on_timer(struct helios *h, struct timer *t)
{
    struct cycle *c = container_of(t, struct cycle, timer);
    if (c->r.state == cycle_state_ANALYZE)
        cycle_step(h, c, CYCLE_ADVISED);
}

static struct cycle *new_cycle(const struct rec_cycle *owned)
{
    struct cycle *c = NEW(struct cycle);
    c->r = *owned;
    c->timer.run = on_timer;
    save_init(&c->save, REC_cycle, &c->r, &c->r.id);
    list_init(&c->link);
    return c;
}

static void free_cycle(struct helios *h, struct cycle *c)
{
    list_out(&c->link);
    timer_stop(h, &c->timer);
    save_forget(&c->save);
    record_free(&schema_records[REC_cycle], &c->r);
    free(c);
}

struct cycle *cycle_run(struct helios *h, const char *mode, struct bytes task, struct bytes args)
{
    struct cycles *all = cycles_of(h);
    struct rec_cycle r;
    char id[32];
    if (all->current)
        return NULL;
    snprintf(id, sizeof(id), "c-%llu", (unsigned long long)h->control.next_cycle++);
    h->control.last_cycle = h->now;
    save_mark(h, &h->control_save);
    struct_defaults(&schema_records[REC_cycle], &r);
    r.id = bytes_of(id);
    r.began = r.since = h->now;
    r.mode = bytes_of(mode);
    r.task = task;
    r.args = args;
    r.health_before = health_of(h, "realm").score;
    record_own(&schema_records[REC_cycle], &r);
    struct cycle *c = all->current = new_cycle(&r);
    h->counters.cycles++;
    all->begun++;
    save_mark(h, &c->save);
    cycle_collect(h, c);
    return c;
}

static void answer_task(struct helios *h, const struct cycle *c)
{
    struct task *t = c->r.task.n ? task_find(h, c->r.task) : NULL;
    if (t)
        task_end_internal(h, t, task_state_COMPLETED, c->r.outcome, "");
}

static void forget_oldest(struct helios *h)
{
    struct cycles *all = cycles_of(h);
    while (all->n_ended > DECIDE_KEEP) {
        struct cycle *oldest = list_first(&all->ended, struct cycle, link);
        save_drop(h, &oldest->save);
        free_cycle(h, oldest);
        all->n_ended--;
    }
}

/* The next one, asked for or by the clock, begins with the next turn of the timers, not inside this
 * one's end. */
static void arm_clock(struct helios *h)
{
    struct cycles *all = cycles_of(h);
    int64_t at = MAX(h->control.last_cycle + h->config->cycle.every_ms,
                     h->started + h->config->cycle.first_ms);
    if (!list_empty(&all->asked))
        at = h->now;
    timer_set(h, &all->clock, MAX(at, h->now + 1));
}

static void end(struct helios *h, struct cycle *c)
{
    struct cycles *all = cycles_of(h);
    c->r.health_after = health_of(h, "realm").score;
    cycle_report(h, c);
    own_set(&c->r.metrics, (struct bytes){0}); /* what they led to is in the outcome */
    all->reported++;
    all->current = NULL;
    list_push(&all->ended, &c->link);
    all->n_ended++;
    answer_task(h, c);
    forget_oldest(h);
    arm_clock(h);
}

/* ---- who asks ---- */

static void drop_asked(struct asked *a)
{
    list_out(&a->link);
    free(a->task);
    free(a);
}

static bool run_asked(struct helios *h)
{
    struct asked *a = list_first(&cycles_of(h)->asked, struct asked, link);
    if (a == NULL)
        return false;
    struct task *t = task_find(h, bytes_of(a->task));
    if (t)
        cycle_run(h, a->mode, t->r.id, t->r.params);
    drop_asked(a);
    return true;
}

static void on_clock(struct helios *h, struct timer *t)
{
    struct cycles *all = cycles_of(h);
    bool by_clock = h->config->cycle.enabled && h->config->mode != mode_observe;
    bool due = h->now >= h->control.last_cycle + h->config->cycle.every_ms;
    if (all->current)
        return; /* its end sets the clock */
    if (run_asked(h)) {
        if (all->current == NULL)
            arm_clock(h);
        return;
    }
    if (by_clock && due && permit_observed(h) && !h->closing && !h->stopping && !h->frozen)
        cycle_run(h, "optimization", (struct bytes){0}, (struct bytes){0});
    else
        timer_set(h, t, h->now + RETRY_MS);
}

static bool asked_already(struct cycles *all, struct bytes task)
{
    list_each (a, &all->asked, struct asked, link)
        if (bytes_is(task, a->task))
            return true;
    return all->current && bytes_eq(all->current->r.task, task);
}

static void on_request(struct helios *h, struct task *t)
{
    struct cycles *all = cycles_of(h);
    if (asked_already(all, t->r.id))
        return;
    struct asked *a = NEW(struct asked);
    a->task = bytes_dup(t->r.id);
    a->mode = bytes_is(t->r.action, "analysis") ? "analysis" : "optimization";
    list_push(&all->asked, &a->link);
    if (all->current == NULL)
        arm_clock(h);
}

/* ---- the decider ---- */

static void init(struct helios *h)
{
    struct cycles *all = h->decide.state[DECIDE_cycle] = NEW(struct cycles);
    list_init(&all->ended);
    list_init(&all->asked);
    all->clock.run = on_clock;
}

static void done(struct helios *h)
{
    struct cycles *all = cycles_of(h);
    if (all->current)
        free_cycle(h, all->current);
    list_each (c, &all->ended, struct cycle, link)
        free_cycle(h, c);
    list_each (a, &all->asked, struct asked, link)
        drop_asked(a);
    timer_stop(h, &all->clock);
    free(all);
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct cycles *all = cycles_of(h);
    struct rec_cycle r;
    if (kind != REC_cycle)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed)
        return failed;
    if (r.state != cycle_state_REPORT && all->current) { /* no controller begins a second one */
        record_free(&schema_records[REC_cycle], &r);
        return -EPROTO;
    }
    struct cycle *c = new_cycle(&r);
    save_loaded(&c->save);
    if (r.state != cycle_state_REPORT) {
        all->current = c;
        return 0;
    }
    struct list *at = all->ended.prev;
    while (at != &all->ended && container_of(at, struct cycle, link)->r.began > r.began)
        at = at->prev;
    list_insert_before(at->next, &c->link);
    all->n_ended++;
    return 0;
}

static void lead(struct helios *h)
{
    static cycle_verb *const resume[cycle_state_COUNT] = {[cycle_state_COLLECT] = cycle_collect,
                                                          [cycle_state_ANALYZE] = cycle_analyze,
                                                          [cycle_state_DISPATCH] = cycle_dispatch,
                                                          [cycle_state_VERIFY] = cycle_verify};
    struct cycles *all = cycles_of(h);
    if (all->current) {
        all->begun++;
        resume[all->current->r.state](h, all->current);
    }
    if (all->current == NULL)
        arm_clock(h);
}

static void reload(struct helios *h)
{
    if (cycles_of(h)->current == NULL)
        arm_clock(h);
}

static void on_done(struct helios *h, const char *owner_id, const struct rec_task *ended)
{
    struct cycle *c = cycles_of(h)->current;
    if (c && bytes_is(c->r.id, owner_id) && names_have(c->r.waiting, ended->id))
        cycle_take_advice(h, c, ended);
}

static void on_ended(struct helios *h, const struct optimization *o)
{
    struct cycle *c = cycles_of(h)->current;
    (void)o;
    if (c && c->r.state == cycle_state_VERIFY && !cycle_optimizations_live(h, c))
        cycle_step(h, c, CYCLE_SETTLED);
}

static const char *const actions[] = {"optimization", "analysis", NULL};

const struct decider decider_cycle = {.kind = "cycle",
                                      .init = init,
                                      .done = done,
                                      .load = load,
                                      .lead = lead,
                                      .reload = reload,
                                      .on_done = on_done,
                                      .on_ended = on_ended,
                                      .actions = actions,
                                      .on_request = on_request};

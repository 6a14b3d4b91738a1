/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the states of steps (P2, P3).
 *
 *   WAITING ── its rule holds ──▶ RUNNING ── its task, run, review or parts ended ──▶ COMPLETED, FAILED, CANCELLED
 *      '── its condition is false, its rule can hold no more, the run is cancelled ──▶ SKIPPED, CANCELLED
 *
 *   WAITING is what has no record. Counters follow from the states of the parents, so nothing else has to be remembered. */
#include "step.h"

#include <stdarg.h>

#include "begin.h"
#include "common/mutant.h"
#include "common/text.h"
#include "part.h"
#include "took.h"

bool step_ended(const struct step *s)
{
    return s->r.state > step_state_RUNNING;
}

bool step_good(const struct step *s)
{
    return s->r.state == step_state_COMPLETED || (s->r.state == step_state_SKIPPED && s->r.by_when);
}

/* ---- made and freed ---- */

void steps_make(struct run *r)
{
    r->steps = xalloc((r->plan->n + 1) * sizeof(*r->steps));
    for (size_t i = 0; i < r->plan->n; i++) {
        struct step *s = &r->steps[i];
        s->run = r;
        s->plan = &r->plan->steps[i];
        struct_defaults(&schema_records[REC_step], &s->r);
        s->r.state = step_state_WAITING;
        save_init(&s->save, REC_step, &s->r, &s->r.id);
        list_init(&s->link);
    }
}

void steps_free(struct run *r)
{
    for (size_t i = 0; r->steps && i < r->plan->n; i++) {
        struct step *s = &r->steps[i];
        list_out(&s->link);
        fan_free(s);
        save_forget(&s->save);
        record_free(&schema_records[REC_step], &s->r);
    }
    free(r->steps);
    r->steps = NULL;
}

/* ---- when it is ready ---- */

static bool holds(const struct step *s)
{
    const enum edge_rule rule = s->plan->set->rule;
    return rule == edge_rule_all   ? s->good == s->plan->n_parents
           : rule == edge_rule_any ? s->good > 0 || s->plan->n_parents == 0
                                   : s->open == 0;
}

static bool hopeless(const struct step *s)
{
    const enum edge_rule rule = s->plan->set->rule;
    uint32_t bad = s->plan->n_parents - s->open - s->good;
    return rule == edge_rule_all ? bad > 0 : rule == edge_rule_any ? s->open == 0 && s->good == 0 && bad > 0 : false;
}

static bool cancelled(const struct run *r)
{
    return r->r.error.n > 0; /* written at its end, or when somebody cancelled it */
}

static void consider(struct helios *h, struct step *s)
{
    if (s->r.state != step_state_WAITING || !list_empty(&s->link) || !(holds(s) || hopeless(s) || cancelled(s->run)))
        return;
    list_push(&runs_of(h)->ready, &s->link);
    runs_wake(h);
}

static void count_parent(struct run *r, const struct step *parent)
{
    for (uint32_t k = 0; k < parent->plan->n_children; k++) {
        struct step *child = &r->steps[parent->plan->children[k]];
        child->open--;
        child->good += step_good(parent);
    }
}

static void count_end(struct run *r, const struct step *s)
{
    r->n_ended++;
    r->n_failed += s->r.state == step_state_FAILED;
    r->n_cancelled += s->r.state == step_state_CANCELLED;
}

static void check_over(struct helios *h, struct run *r)
{
    if (r->n_ended < r->plan->n || !list_empty(&r->over))
        return;
    list_push(&runs_of(h)->over, &r->over);
    runs_wake(h);
}

/* What runs in the records must run in fact; a fan-out may begin more of its parts. */
static void go_on(struct helios *h, struct step *s)
{
    if (s->plan->set->each.n) {
        fan_restore(s);
        list_push(&runs_of(h)->ready, &s->link);
        runs_wake(h);
    } else if (!work_goes_on(h, s->plan, s->r.task)) {
        step_fail(h, s, "what it waited for is gone");
    }
}

void steps_go(struct helios *h, struct run *r)
{
    r->n_ended = r->n_failed = r->n_cancelled = 0;
    for (size_t i = 0; i < r->plan->n; i++) {
        r->steps[i].open = r->plan->steps[i].n_parents;
        r->steps[i].good = 0;
    }
    for (size_t i = 0; i < r->plan->n; i++)
        if (step_ended(&r->steps[i])) {
            count_parent(r, &r->steps[i]);
            count_end(r, &r->steps[i]);
        }
    for (size_t i = 0; i < r->plan->n; i++) {
        if (r->steps[i].r.state == step_state_RUNNING)
            go_on(h, &r->steps[i]);
        consider(h, &r->steps[i]);
    }
    check_over(h, r);
}

/* ---- its end ---- */

static void name_step(struct step *s)
{
    if (s->r.id.n == 0)
        own_printf(&s->r.id, "%s/%s", s->run->r.id.at, s->plan->set->name.at);
}

static struct bytes short_output(const struct step *s, struct bytes output)
{
    if (!s->plan->output_named && output.n > STEP_OUTPUT)
        return (struct bytes){output.at + output.n - STEP_OUTPUT, STEP_OUTPUT}; /* the end says how it went */
    return output;
}

static void note_step(struct helios *h, const struct step *s)
{
    if (note_heard(h, EVENT_run_step))
        note(h, EVENT_run_step, s->r.id.at, s->run->r.id.at, NULL, "%s %s%s%s", s->r.id.at,
             enum_text(&enum_step_state, (int)s->r.state), s->r.error.n ? ": " : "", s->r.error.n ? s->r.error.at : "");
    else
        h->counters.events++;
}

void step_settle(struct helios *h, struct step *s, const struct step_end *end)
{
    struct run *r = s->run;
    name_step(s);
    list_out(&s->link);
    s->r.state = end->state;
    s->r.by_when = end->by_when;
    s->r.ended = h->now;
    s->r.began = s->r.began ? s->r.began : h->now;
    s->r.attempt = MAX(s->r.attempt, end->attempt);
    own_set(&s->r.data, end->data);
    own_set(&s->r.output, short_output(s, end->output));
    own_set(&s->r.error, end->error);
    if (end->agent.n)
        own_set(&s->r.agent, end->agent);
    r->bytes += s->r.data.n + s->r.output.n;
    save_mark(h, &s->save);
    note_step(h, s);
    if (end->state == step_state_COMPLETED && !r->r.dry_run)
        took_add(h, r->r.pipeline, s->plan->set->name, s->r.ended - s->r.began);
    if (h->epoch == 0)
        return; /* loaded just now: steps_go counts */
    count_end(r, s);
    count_parent(r, s);
    for (uint32_t k = 0; k < s->plan->n_children; k++)
        consider(h, &r->steps[s->plan->children[k]]);
    check_over(h, r);
}

void step_fail(struct helios *h, struct step *s, const char *format, ...)
{
    char text[FILL_ERR];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    step_settle(h, s, &(struct step_end){.state = step_state_FAILED, .error = bytes_of(text)});
}

/* ---- its begin ---- */

static void skip(struct helios *h, struct step *s)
{
    char why[200];
    struct step_end end = {.state = step_state_SKIPPED};
    if (cancelled(s->run)) {
        snprintf(why, sizeof(why), "%s", s->run->r.error.at);
        end.state = step_state_CANCELLED;
    } else {
        const struct step *blocker = NULL;
        SEQ_EACH (name, const struct bytes, s->plan->set->after) {
            const struct step *parent = &s->run->steps[plan_find(s->run->plan, *name)->index];
            if (step_ended(parent) && !step_good(parent))
                blocker = parent;
        }
        snprintf(why, sizeof(why), "needs %s, which is %s", blocker ? blocker->plan->set->name.at : "?",
                 blocker ? enum_text(&enum_step_state, (int)blocker->r.state) : "?");
    }
    end.error = bytes_of(why);
    step_settle(h, s, &end);
}

static void begin(struct helios *h, struct step *s)
{
    char err[FILL_ERR];
    struct fill fill = {.run = s->run};
    _cleanup_(buf_done) struct buf would = {0};
    bool wanted = true;
    name_step(s);
    s->r.began = h->now;
    if (s->plan->set->when.n && fill_when(&fill, s->plan->set->when, &wanted, err) < 0) {
        step_fail(h, s, "its condition: %s", err);
        return;
    }
    if (!wanted) {
        step_settle(h, s, &(struct step_end){.state = step_state_SKIPPED, .by_when = true, .error = BYTES("its condition is false")});
        return;
    }
    if (s->plan->set->each.n) {
        fan_begin(h, s);
        return;
    }
    int r = begin_work(h, &fill, s->plan, s->r.id, &s->r.task, &would, err);
    if (r < 0) {
        step_fail(h, s, "%s", err);
        return;
    }
    if (r == 1) {
        step_settle(h, s, &(struct step_end){.state = step_state_COMPLETED, .data = s->plan->set->expect, .output = buf_bytes(&would)});
        return;
    }
    s->r.state = step_state_RUNNING;
    if (!MUTANT(step))
        save_mark(h, &s->save);
    note_step(h, s);
}

void step_look(struct helios *h, struct step *s)
{
    list_out(&s->link);
    if (s->r.state == step_state_RUNNING && s->plan->set->each.n)
        fan_more(h, s);
    else if (s->r.state == step_state_WAITING && (cancelled(s->run) || hopeless(s)))
        skip(h, s);
    else if (s->r.state == step_state_WAITING && holds(s))
        begin(h, s);
}

void step_reset(struct helios *h, struct step *s)
{
    if (s->plan->set->each.n)
        fan_reset(h, s);
    save_drop(h, &s->save);
    record_free(&schema_records[REC_step], &s->r);
    struct_defaults(&schema_records[REC_step], &s->r);
    s->r.state = step_state_WAITING;
}

struct step *step_of(struct helios *h, struct bytes id, int64_t *ret_part)
{
    const char *first = id.n ? memchr(id.at, '/', id.n) : NULL;
    if (first == NULL)
        return NULL;
    struct bytes run = {id.at, (size_t)(first - id.at)}, step = {first + 1, id.n - run.n - 1};
    const char *second = step.n ? memchr(step.at, '/', step.n) : NULL;
    struct run *r = run_find(h, run);
    *ret_part = -1;
    if (second) {
        struct bytes part = {second + 1, step.n - (size_t)(second - step.at) - 1};
        step.n = (size_t)(second - step.at);
        if (text_parse_int(part, ret_part) < 0 || *ret_part < 0 || *ret_part >= PARTS_MOST)
            return NULL;
    }
    const struct plan_step *plan = r && r->steps ? plan_find(r->plan, step) : NULL;
    return plan ? &r->steps[plan->index] : NULL;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the incidents and the one function that changes the state of one. What is done about it is
 * in response.c. */
#include "incident.h"

#include "optimization.h"
#include "orchestrator/sense/health.h"

/* A task that ends with the open incident. */
struct request {
    struct list link;
    char *task; /* owned; its id */
};

/* ---- the machine ----
 *
 *   OPEN --RISE--> RECOVERING --CLOSE--> RESOLVED
 *    | ^---FALL-------'  ^
 *    | ^---ACT----.      |
 *    `--EXHAUST--> STALLED --RISE--'
 *
 * In OPEN and STALLED responses are looked for at every assessment. */
typedef void incident_verb(struct helios *h, struct incident *i);
static incident_verb go_on, stall, rise, close_it;
struct row {
    enum incident_state next;
    incident_verb *verb; /* NULL: cannot happen here */
};
/* clang-format off */
#define ROW(state, event, verb, next) [incident_state_##state][INCIDENT_##event] = {incident_state_##next, verb},
static const struct row rows[incident_state_COUNT][INCIDENT_EVENTS] = {
    ROW(OPEN,       RISE,    rise,     RECOVERING)
    ROW(OPEN,       EXHAUST, stall,    STALLED)
    ROW(STALLED,    RISE,    rise,     RECOVERING)
    ROW(STALLED,    ACT,     go_on,    OPEN)
    ROW(RECOVERING, FALL,    go_on,    OPEN)
    ROW(RECOVERING, CLOSE,   close_it, RESOLVED)
};
#undef ROW
/* clang-format on */

struct incidents *incidents_of(struct helios *h)
{
    return h->decide.state[DECIDE_incident];
}

const struct incident *incident_open(struct helios *h)
{
    return incidents_of(h)->open;
}

struct incident *incident_find(struct helios *h, struct bytes id)
{
    struct incidents *all = incidents_of(h);
    if (all->open && bytes_eq(all->open->r.id, id))
        return all->open;
    list_each (i, &all->ended, struct incident, link)
        if (bytes_eq(i->r.id, id))
            return i;
    return NULL;
}

static void pack_numbers(struct helios *h, struct pack *p, const struct incident *i)
{
    struct health now = health_of(h, "realm");
    pack_put_text(p, "state", enum_text(&enum_incident_state, i->r.state));
    pack_put_num(p, "health", now.score);
    pack_put_num(p, "coverage", now.coverage);
    pack_put_num(p, "threshold", i->r.threshold);
    pack_put_num(p, "resolve", i->r.resolve);
    pack_put_num(p, "worst", i->r.worst);
    pack_put_int(p, "open_ms", h->now - i->r.opened);
    pack_put_int(p, "fires", (int64_t)i->r.fires);
    pack_put_str(p, "why", i->r.why);
    pack_put_raw(p, "issues", map_get(i->r.issues, "issues").whole);
}

static void note_incident(struct helios *h, enum event event, const struct incident *i,
                          const char *sentence)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_numbers(h, &p, i);
    pack_end(&p);
    note(h, event, i->r.id.at, i->r.task.n ? i->r.task.at : NULL, &data, "%s %s", i->r.id.at,
         sentence);
    buf_done(&data);
}

int incident_step(struct helios *h, struct incident *i, enum incident_event event)
{
    enum incident_state before = i->r.state;
    const struct row *row = &rows[before][event];
    char sentence[240];
    if (row->verb == NULL)
        return -EPROTO;
    i->r.state = row->next;
    i->r.since = h->now;
    save_mark(h, &i->save);
    snprintf(sentence, sizeof(sentence), "%s → %s: health %.0f, needs %.0f",
             enum_text(&enum_incident_state, before), enum_text(&enum_incident_state, row->next),
             health_of(h, "realm").score, i->r.resolve);
    note_incident(h, EVENT_incident_moved, i, sentence);
    row->verb(h, i);
    return 0;
}

/* ---- verbs ---- */

static void go_on(struct helios *h, struct incident *i)
{
    own_text(&i->r.why, "");
    timer_set(h, &incidents_of(h)->assess, h->now + 1);
}

static void rise(struct helios *h, struct incident *i)
{
    own_text(&i->r.why, "");
    incident_report(h, i);
}

static void drop_request(struct request *q)
{
    list_out(&q->link);
    free(q->task);
    free(q);
}

static void answer_tasks(struct helios *h, const struct incident *i, enum task_state state,
                         const char *error)
{
    struct buf outcome = {0};
    incident_outcome(h, &outcome, i);
    list_each (q, &incidents_of(h)->asked, struct request, link) {
        struct task *t = task_find(h, bytes_of(q->task));
        drop_request(q);
        if (t)
            task_end_internal(h, t, state, buf_bytes(&outcome), error);
    }
    buf_done(&outcome);
}

static void stall(struct helios *h, struct incident *i)
{
    char sentence[320];
    snprintf(sentence, sizeof(sentence), "is stalled and needs a person: %s",
             i->r.why.n ? i->r.why.at : "nothing is left to try");
    note_incident(h, EVENT_incident_stalled, i, sentence);
    incident_report(h, i);
    answer_tasks(h, i, task_state_FAILED, sentence);
}

static void free_incident(struct incident *i)
{
    list_out(&i->link);
    save_forget(&i->save);
    record_free(&schema_records[REC_incident], &i->r);
    free(i);
}

static size_t acts_done(struct helios *h, const struct incident *i)
{
    size_t n = 0;
    SEQ_EACH (id, struct bytes, i->r.optimizations) {
        const struct optimization *o = optimization_find(h, *id);
        n += o == NULL || !o->r.dry_run;
    }
    return n;
}

static void close_it(struct helios *h, struct incident *i)
{
    struct incidents *all = incidents_of(h);
    char sentence[240];
    i->r.ended = h->now;
    timer_stop(h, &all->assess);
    all->open = NULL;
    list_push(&all->ended, &i->link);
    all->n_ended++;
    snprintf(sentence, sizeof(sentence),
             "is resolved after %.0f s: health %.0f, worst was %.0f, %zu emergency acts",
             (double)(h->now - i->r.began) / 1000, health_of(h, "realm").score, i->r.worst,
             acts_done(h, i));
    note_incident(h, EVENT_incident_resolved, i, sentence);
    incident_report(h, i);
    answer_tasks(h, i, task_state_COMPLETED, "");
    while (all->n_ended > DECIDE_KEEP) {
        struct incident *oldest = list_first(&all->ended, struct incident, link);
        save_drop(h, &oldest->save);
        free_incident(oldest);
        all->n_ended--;
    }
}

/* ---- assessment ---- */

static bool acts_live(struct helios *h, const struct incident *i)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        if (bytes_eq(o->r.incident, i->r.id))
            return true;
    return false;
}

/* The alarm's own dwell ends an incident that it opened; one that a task declared waits out the
 * same time. */
static bool dwell_over(struct helios *h, const struct incident *i)
{
    if (i->r.by_health)
        return !scope_get(h, BYTES("realm"))->r.bad;
    return h->now - i->r.since >= h->config->health.leave_ms;
}

static void respond(struct helios *h, struct incident *i)
{
    struct response done = response_deploy(h, i);
    if (done.acted) {
        if (i->r.state == incident_state_STALLED)
            incident_step(h, i, INCIDENT_ACT);
        incident_report(h, i);
    } else if (!done.under_way && !done.waiting && i->r.state == incident_state_OPEN) {
        own_text(&i->r.why, done.why);
        incident_step(h, i, INCIDENT_EXHAUST);
    }
}

static void see_worst(struct helios *h, struct incident *i, const struct health *now)
{
    bool flapping = health_flapping(h, "realm");
    if (!now->known || (now->score >= i->r.worst && flapping == i->r.flapping))
        return;
    i->r.worst = MIN(i->r.worst, now->score);
    i->r.flapping = flapping;
    save_mark(h, &i->save);
}

static void assess(struct helios *h, struct incident *i)
{
    struct health now = health_of(h, "realm");
    bool over = now.known && now.score >= i->r.resolve;
    see_worst(h, i, &now);
    if (i->r.state == incident_state_RECOVERING) {
        if (now.known && !over)
            incident_step(h, i, INCIDENT_FALL);
        else if (over && dwell_over(h, i) && !acts_live(h, i))
            incident_step(h, i, INCIDENT_CLOSE);
    } else if (over) {
        incident_step(h, i, INCIDENT_RISE);
    } else {
        respond(h, i);
    }
}

static void on_assess(struct helios *h, struct timer *t)
{
    struct incidents *all = incidents_of(h);
    if (all->open)
        assess(h, all->open);
    if (all->open && !timer_is_set(t))
        timer_set(h, t, h->now + ASSESS_MS);
}

/* ---- opening ---- */

static struct incident *new_incident(const struct rec_incident *owned)
{
    struct incident *i = NEW(struct incident);
    i->r = *owned;
    save_init(&i->save, REC_incident, &i->r, &i->r.id);
    list_init(&i->link);
    return i;
}

static struct incident *open_one(struct helios *h, struct rec_incident *r)
{
    char id[32], sentence[240];
    struct health now = health_of(h, "realm");
    snprintf(id, sizeof(id), "i-%llu", (unsigned long long)h->control.next_incident++);
    save_mark(h, &h->control_save);
    r->id = bytes_of(id);
    r->opened = r->since = h->now;
    r->health_at_open = r->worst = now.score;
    record_own(&schema_records[REC_incident], r);
    struct incident *i = incidents_of(h)->open = new_incident(r);
    h->counters.incidents++;
    response_issues(h, i);
    save_mark(h, &i->save);
    snprintf(sentence, sizeof(sentence), "opened: health %.0f is under %.0f", now.score,
             r->threshold);
    note_incident(h, EVENT_incident_opened, i, sentence);
    optimizations_disturb(h, i->r.id.at);
    incident_report(h, i);
    timer_set(h, &incidents_of(h)->assess, h->now);
    return i;
}

static void on_health(struct helios *h, const char *scope, bool bad)
{
    struct incidents *all = incidents_of(h);
    if (strcmp(scope, "realm") != 0)
        return;
    if (all->open == NULL && bad) {
        struct rec_incident r;
        struct_defaults(&schema_records[REC_incident], &r);
        r.began = h->now - h->config->health.enter_ms;
        r.threshold = h->config->health.enter;
        r.resolve = h->config->health.leave;
        r.max_issues = (uint64_t)h->config->emergency.max_issues;
        r.by_health = true;
        open_one(h, &r);
    } else if (all->open && bad) {
        all->open->r.fires++;
        all->open->r.by_health = true; /* the alarm fires now too: its dwell closes it */
        save_mark(h, &all->open->save);
    } else if (all->open) {
        timer_set(h, &all->assess, h->now + 1);
    }
}

struct incident *incident_declare(struct helios *h, double threshold, uint64_t max_issues,
                                  struct bytes task)
{
    struct rec_incident r;
    double gap = h->config->health.leave - h->config->health.enter;
    struct_defaults(&schema_records[REC_incident], &r);
    r.began = h->now;
    r.threshold = threshold;
    r.resolve = MIN(threshold + MAX(gap, 0.0), 100.0);
    r.max_issues = max_issues;
    r.task = task;
    r.by_health = false;
    return open_one(h, &r);
}

int incident_ack(struct helios *h, struct incident *i, struct bytes author, struct bytes reason)
{
    char sentence[240];
    if (i->r.state == incident_state_RESOLVED)
        return -EALREADY;
    own_set(&i->r.acked_by, author);
    own_set(&i->r.ack_reason, reason);
    save_mark(h, &i->save);
    snprintf(sentence, sizeof(sentence), "is acknowledged by " BYTES_F "%s" BYTES_F,
             BYTES_A(author), reason.n ? ": " : "", BYTES_A(reason));
    note_incident(h, EVENT_incident_acked, i, sentence);
    return 0;
}

/* ---- the task type `emergency` ---- */

static void wait_for_end(struct helios *h, const struct task *t)
{
    struct incidents *all = incidents_of(h);
    list_each (q, &all->asked, struct request, link)
        if (bytes_is(t->r.id, q->task))
            return;
    struct request *q = NEW(struct request);
    q->task = bytes_dup(t->r.id);
    list_push(&all->asked, &q->link);
}

static void answer_calm(struct helios *h, struct task *t, double threshold,
                        const struct health *now)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_bool(&p, "needed", false);
    pack_put_bool(&p, "health_known", now->known);
    pack_put_num(&p, "health", now->score);
    pack_put_num(&p, "threshold", threshold);
    pack_put_text(&p, "reason",
                  now->known ? "health is not under the threshold: nothing was done"
                             : "health is unknown: no act without data (H3)");
    pack_end(&p);
    task_end_internal(h, t, task_state_COMPLETED, buf_bytes(&data), "");
    buf_done(&data);
}

/* threshold: 0..1 as a share (the seed's way) or 1..100 in points; default health.enter.
 * max_issues: default emergency.max_issues. */
static void on_request(struct helios *h, struct task *t)
{
    double threshold = map_num(t->r.params, "threshold", h->config->health.enter);
    int64_t issues = map_int(t->r.params, "max_issues", h->config->emergency.max_issues);
    struct health now = health_of(h, "realm");
    threshold = threshold <= 1 ? 100 * threshold : threshold;
    if (incident_open(h) == NULL) {
        if (!now.known || now.score >= threshold) {
            answer_calm(h, t, threshold, &now);
            return;
        }
        incident_declare(h, threshold, issues < 1 ? 1 : (uint64_t)MIN(issues, (int64_t)20),
                         t->r.id);
    }
    wait_for_end(h, t);
}

/* ---- the decider ---- */

static void init(struct helios *h)
{
    struct incidents *all = h->decide.state[DECIDE_incident] = NEW(struct incidents);
    list_init(&all->ended);
    list_init(&all->asked);
    all->assess.run = on_assess;
}

static void done(struct helios *h)
{
    struct incidents *all = incidents_of(h);
    timer_stop(h, &all->assess);
    if (all->open)
        free_incident(all->open);
    list_each (i, &all->ended, struct incident, link)
        free_incident(i);
    list_each (q, &all->asked, struct request, link)
        drop_request(q);
    free(all);
}

static int load(struct helios *h, enum rec kind, struct bytes value)
{
    struct incidents *all = incidents_of(h);
    struct rec_incident r;
    if (kind != REC_incident)
        return -ENOENT;
    int failed = decide_decode(kind, value, &r);
    if (failed)
        return failed;
    if (r.state != incident_state_RESOLVED && all->open) { /* no controller opens a second one */
        record_free(&schema_records[REC_incident], &r);
        return -EPROTO;
    }
    struct incident *i = new_incident(&r);
    save_loaded(&i->save);
    if (r.state != incident_state_RESOLVED) {
        all->open = i;
        return 0;
    }
    struct list *at = all->ended.prev;
    while (at != &all->ended && container_of(at, struct incident, link)->r.ended > r.ended)
        at = at->prev;
    list_insert_before(at->next, &i->link);
    all->n_ended++;
    return 0;
}

static void lead(struct helios *h)
{
    struct incidents *all = incidents_of(h);
    if (all->open == NULL)
        return;
    optimizations_disturb(h, all->open->r.id.at);
    timer_set(h, &all->assess, h->now + ASSESS_MS);
}

/* An act that ended makes room for the next response. */
static void on_ended(struct helios *h, const struct optimization *o)
{
    struct incidents *all = incidents_of(h);
    if (all->open && bytes_eq(o->r.incident, all->open->r.id))
        timer_set(h, &all->assess, h->now + 1);
}

static const char *const actions[] = {"emergency", NULL};

const struct decider decider_incident = {.kind = "incident",
                                         .init = init,
                                         .done = done,
                                         .load = load,
                                         .lead = lead,
                                         .on_health = on_health,
                                         .on_ended = on_ended,
                                         .actions = actions,
                                         .on_request = on_request};

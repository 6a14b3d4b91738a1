/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way of a request to a task: keys (T3), dependencies, defaults, bounds (T9). Refuses to
 * know agents. */
#include "submit.h"

#include "common/mutant.h"
#include "common/text.h"
#include "keep.h"
#include "orchestrator/core/helios.h"
#include "sheaf.h"
#include "task.h"
#include "watch.h"

static void refuse(struct submitted *ret, const char *code, const char *format, ...)
    FORMAT_LIKE(3, 4);
static void refuse(struct submitted *ret, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ret->reason, sizeof(ret->reason), format, args);
    va_end(args);
    ret->code = code;
}

/* body_digest is FNV-1a over the request without its key, cut to what fits on the wire: 53 bits. */
static uint64_t body_digest(const struct msg_request *r)
{
    struct msg_request body = *r;
    struct buf packed = {0};
    uint64_t digest = 0xcbf29ce484222325u;
    body.key = (struct bytes){0};
    body.signature = (struct bytes){0}; /* signing again draws another nonce: still the same task */
    struct_encode(&packed, part_schema("request"), &body);
    for (size_t i = 0; i < packed.n; i++)
        digest = (digest ^ (unsigned char)packed.at[i]) * 0x100000001b3u;
    buf_done(&packed);
    return digest & ((1ull << 53) - 1);
}

static struct task *by_key(struct helios *h, const char *text)
{
    struct task *t;
    HASH_FIND(hh_key, h->work.tasks_by_key, text, strlen(text), t);
    return t;
}

/* known_key: true when the key has a task already; ret says which, or refuses another body (T3). */
static bool known_key(struct helios *h, const struct msg_request *r, const struct submitter *who,
                      struct submitted *ret)
{
    if (r->key.n == 0 || MUTANT(keys))
        return false;
    _autofree_ char *text = key_text(who->client, r->key);
    struct task *t = by_key(h, text);
    struct kept_key *k = t ? NULL : key_find(h, text);
    if (t == NULL && k == NULL)
        return false;
    if ((t ? t->r.body : k->r.body) != body_digest(r)) {
        refuse(ret, "key_reused",
               "the key was used for another task: " BYTES_F "; choose another key",
               BYTES_A(t ? t->r.id : k->r.task));
        return true;
    }
    ret->task = t;
    ret->kept = k;
    ret->known = true;
    return true;
}

/* open_ends gathers the tasks of `after` that have not completed yet; false when one never will, or
 * is not known. */
static bool open_ends(struct helios *h, const struct msg_request *r, struct bytes *ret_ids,
                      size_t *ret_n, struct submitted *ret)
{
    SEQ_EACH(id, struct bytes, r->after)
    {
        enum task_state state;
        if (task_find(h, *id)) {
            ret_ids[(*ret_n)++] = *id;
        } else if (!text_is_name(*id) || past_state(h, *id, &state) < 0) {
            refuse(ret, "bad_request", "`after` names a task that is not known: " BYTES_F,
                   BYTES_A(text_is_name(*id) ? *id : BYTES("?")));
            return false;
        } else if (state != task_state_COMPLETED) {
            refuse(ret, "bad_request",
                   "`after` names " BYTES_F ", which ended %s: this one could never run",
                   BYTES_A(*id), enum_text(&enum_task_state, (int)state));
            return false;
        }
    }
    return true;
}

static uint64_t given(uint64_t value, int64_t otherwise)
{
    return value ? value : (uint64_t)otherwise;
}

/* A total that is shorter than the default attempt bounds the attempt as well. */
static void fill_times(struct helios *h, struct rec_task *t, const struct msg_request *r)
{
    const struct set_tasks *c = &h->config->tasks;
    t->max_attempts = r->at_most_once ? 1 : given(r->max_attempts, c->max_attempts);
    t->backoff_ms = given(r->backoff_ms, c->backoff_ms);
    t->queue_ms = given(r->queue_ms, c->queue_ms);
    t->total_ms = given(r->total_ms, c->total_ms);
    t->attempt_ms = given(r->attempt_ms, c->attempt_ms);
    if (t->total_ms)
        t->attempt_ms = MIN(t->attempt_ms, t->total_ms);
}

static void fill(struct helios *h, struct rec_task *t, const struct msg_request *r,
                 const struct submitter *who)
{
    struct_defaults(&schema_records[REC_task], t);
    t->key = r->key;
    t->body = r->key.n ? body_digest(r) : 0;
    t->client = who->client;
    t->owner_kind = bytes_of(who->owner_kind);
    t->owner_id = bytes_of(who->owner_id);
    t->cause = bytes_of(who->cause);
    t->action = r->action;
    t->params = r->params;
    t->swarm = r->swarm;
    t->role = r->role;
    t->agent = r->agent;
    t->target = r->target;
    t->priority = r->priority;
    t->locks = r->locks;
    t->group = r->group;
    t->max_concurrent = r->max_concurrent;
    t->cooldown_ms = r->cooldown_ms;
    t->fair = r->fair.n ? r->fair : who->client;
    t->at_most_once = r->at_most_once;
    t->note = r->note;
    t->signature = r->signature;
    t->created = h->now;
    t->not_before = r->not_before;
    t->retry_of = who->retry_of;
    fill_times(h, t, r);
}

static struct task *make(struct helios *h, const struct msg_request *r, const struct submitter *who,
                         struct bytes *after, size_t n_after)
{
    struct rec_task t;
    char id[24];
    fill(h, &t, r, who);
    t.id = (struct bytes){id, task_name(id, h->control.next_task++)};
    save_mark(h, &h->control_save);
    t.after = (struct seq){after, n_after};
    record_own(&schema_records[REC_task], &t);
    struct task *made = task_new(h, &t);
    save_mark(h, &made->save);
    h->counters.submitted++;
    note(h, EVENT_task_accepted, id, who->cause, NULL, "%s " BYTES_F " from " BYTES_F, id,
         BYTES_A(r->action), BYTES_A(who->client));
    task_place(h, made);
    return made;
}

/* The bound holds for clients: a rollback must not fail because they flood. Deciders bound
 * themselves. */
static bool may_be_made(struct helios *h, const struct msg_request *r, const struct submitter *who, struct bytes *after,
                        size_t *n_after, struct submitted *ret)
{
    *ret = (struct submitted){0};
    if (request_mistake(h, r, ret->reason, sizeof(ret->reason)))
        ret->code = "bad_request";
    else if (known_key(h, r, who, ret))
        return false;
    else if (who->owner_kind == NULL && h->work.n_tasks >= (size_t)h->config->tasks.max_queued)
        refuse(ret, "full",
               "there are %zu tasks, as many as tasks.max_queued allows; try again later",
               h->work.n_tasks);
    else
        return open_ends(h, r, after, n_after, ret);
    return false;
}

void submit_one(struct helios *h, const struct msg_request *r, const struct submitter *who,
                struct submitted *ret)
{
    struct bytes after[NAMES_MOST];
    size_t n_after = 0;
    if (may_be_made(h, r, who, after, &n_after, ret))
        ret->task = make(h, r, who, after, n_after);
}

bool submit_try(struct helios *h, const struct msg_request *r, const struct submitter *who, struct rec_task *ret_task,
                struct bytes *ret_after, size_t *ret_n_after, struct submitted *ret)
{
    if (!may_be_made(h, r, who, ret_after, ret_n_after, ret))
        return false;
    fill(h, ret_task, r, who);
    return true;
}

/* ---- from clients ---- */

/* submit_refuses gives the code for which no submit is taken now, NULL when it is. */
const char *submit_refuses(const struct helios *h, const char **ret_reason)
{
    const struct {
        bool so;
        const char *code, *reason;
    } cases[] = {
        {h->held, "busy", "the state cannot be saved now; try again"},
        {h->control.draining, "draining",
         "the realm drains: no new task is taken until `helios resume`"},
        {h->closing, "draining", "this controller stops as soon as what runs has ended: submit again later"},
        {h->stopping, "not_leader", "this controller stops; submit again to the next leader"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (cases[i].so) {
            *ret_reason = cases[i].reason;
            return cases[i].code;
        }
    return NULL;
}


static const char *why_not(struct helios *h, const struct msg_submit *m, const char **ret_reason)
{
    const struct {
        bool so;
        const char *code, *reason;
    } cases[] = {
        {m->items.n > SUBMIT_MOST, "bad_request", "at most 1000 tasks are taken in one message"},
        {!text_is_name(m->client), "bad_request",
         "the client's name is 1 to 64 letters, digits and _.:-"},
    };
    const char *code = submit_refuses(h, ret_reason);
    for (size_t i = 0; i < ARRAY_SIZE(cases) && code == NULL; i++)
        if (cases[i].so) {
            *ret_reason = cases[i].reason;
            code = cases[i].code;
        }
    return code;
}

void submit_reject(struct helios *h, const struct routing *from, const struct msg_submit *m,
                   const char *code, const char *reason)
{
    struct msg_refusal *items = xalloc((m->items.n + 1) * sizeof(*items));
    struct msg_rejected rejected = {.ref = m->ref, .items = {items, m->items.n}};
    for (size_t i = 0; i < m->items.n; i++)
        items[i] =
            (struct msg_refusal){.index = i, .code = bytes_of(code), .reason = bytes_of(reason)};
    h->counters.rejected += m->items.n;
    say(h, ENDPOINT_control, from, MSG_rejected, &rejected, SAY_NOW);
    free(items);
}

/* The answers to one submit, as they come about. */
struct answers {
    struct msg_ticket *tickets;
    struct msg_refusal *refusals;
    char (*reasons)[sizeof(((struct submitted *)0)->reason)];
    char (*ids)[24]; /* of tickets whose tasks sleep */
    size_t n_tickets, n_refusals, n_ids;
    bool watch;
};

static void book(struct helios *h, const struct routing *from, struct answers *a, uint64_t index,
                 const struct submitted *s)
{
    if (s->code) {
        char *reason = memcpy(a->reasons[a->n_refusals], s->reason, sizeof(s->reason));
        a->refusals[a->n_refusals++] = (struct msg_refusal){
            .index = index, .code = bytes_of(s->code), .reason = bytes_of(reason)};
        h->counters.rejected++;
        return;
    }
    a->tickets[a->n_tickets++] = (struct msg_ticket){
        .index = index, .id = s->task ? s->task->r.id : s->kept->r.task, .known = s->known};
    if (a->watch && s->task)
        watch_add(h, s->task, from);
    else if (a->watch)
        watch_key(h, from, s->kept);
}

/* ---- many alike ---- */

/* book_sheaf: the ids are written into the answer's own memory, since nobody else has them as text. */
static void book_sheaf(struct answers *a, uint64_t index, const struct sheaf *s)
{
    for (uint64_t i = 0; i < s->n; i++) {
        char *id = a->ids[a->n_ids++];
        a->tickets[a->n_tickets++] = (struct msg_ticket){
            .index = index + i, .id = {id, task_name(id, s->first + i)}};
    }
}

static void tell_accepted(struct helios *h, const struct sheaf *s)
{
    char id[24];
    h->counters.submitted += s->n;
    if (!note_heard(h, EVENT_task_accepted)) {
        h->counters.events += s->n;
        return;
    }
    for (uint64_t i = 0; i < s->n; i++) {
        task_name(id, s->first + i);
        note(h, EVENT_task_accepted, id, NULL, NULL, "%s " BYTES_F " from " BYTES_F, id,
             BYTES_A(s->common.action), BYTES_A(s->common.client));
    }
}

/* take_alike takes as many of the requests as are alike and fit into one sheaf; 0: they are taken one by one. */
static size_t take_alike(struct helios *h, const struct routing *from, const struct submitter *who,
                         const struct msg_request *r, size_t n, uint64_t index, struct answers *a)
{
    char err[sizeof(((struct submitted *)0)->reason)];
    size_t alike = requests_alike(h, r, MIN(n, (size_t)SHEAF_MOST));
    if (alike < SHEAF_LEAST || request_mistake(h, r, err, sizeof(err)) ||
        h->work.n_tasks + alike > (size_t)h->config->tasks.max_queued)
        return 0;
    struct rec_task common;
    fill(h, &common, r, who);
    common.params = (struct bytes){0};
    const struct sheaf *s = sheaf_make(h, &common, r, alike, a->watch ? from : NULL);
    book_sheaf(a, index, s);
    tell_accepted(h, s);
    return alike;
}

static void take_one(struct helios *h, const struct routing *from, const struct submitter *who,
                     const struct msg_request *r, uint64_t index, struct answers *a)
{
    struct submitted s;
    submit_one(h, r, who, &s);
    book(h, from, a, index, &s);
}

static void answer(struct helios *h, const struct routing *from, const struct msg_submit *m,
                   const struct answers *a)
{
    struct msg_accepted accepted = {
        .ref = m->ref, .items = {a->tickets, a->n_tickets}, .epoch = h->epoch};
    struct msg_rejected rejected = {.ref = m->ref, .items = {a->refusals, a->n_refusals}};
    if (a->n_tickets || a->n_refusals == 0)
        say(h, ENDPOINT_control, from, MSG_accepted, &accepted,
            a->watch ? SAY_SOON : SAY_AFTER_COMMIT); /* who watches is told of the end, mostly soon */
    if (a->n_refusals) {
        say(h, ENDPOINT_control, from, MSG_rejected, &rejected, SAY_NOW);
        _autofree_ char *client = bytes_dup(m->client);
        note(h, EVENT_task_rejected, client, NULL, NULL,
             "%zu of %zu requests of %s were refused, the first: %s", a->n_refusals, m->items.n,
             client, a->reasons[0]);
    }
}

void on_submit(struct helios *h, const struct routing *from, const struct msg_submit *m)
{
    const char *reason, *code = why_not(h, m, &reason);
    if (code) {
        submit_reject(h, from, m, code, reason);
        return;
    }
    struct submitter who = {.client = h->who ? bytes_of(h->who->name) : m->client}; /* Z2 */
    size_t n = m->items.n + 1;
    struct answers a = {.tickets = xalloc(n * sizeof(*a.tickets)),
                        .refusals = xalloc(n * sizeof(*a.refusals)),
                        .reasons = xalloc(n * sizeof(*a.reasons)),
                        .ids = xalloc(n * sizeof(*a.ids)),
                        .watch = m->watch};
    const struct msg_request *requests = m->items.at;
    for (size_t i = 0, taken; i < m->items.n; i += MAX(taken, (size_t)1)) {
        taken = take_alike(h, from, &who, requests + i, m->items.n - i, i, &a);
        if (taken == 0)
            take_one(h, from, &who, requests + i, i, &a);
    }
    answer(h, from, m, &a);
    free(a.tickets);
    free(a.refusals);
    free(a.reasons);
    free(a.ids);
}

/* ---- from deciders ---- */

struct task *task_submit(struct helios *h, const struct msg_request *request, const char *client,
                         const char *owner_kind, const char *owner_id, const char *cause, char *err)
{
    struct submitter who = {
        .client = bytes_of(client), .owner_kind = owner_kind, .owner_id = owner_id, .cause = cause};
    struct submitted s;
    submit_one(h, request, &who, &s);
    if (s.kept)
        snprintf(s.reason, sizeof(s.reason), "the task of this key, " BYTES_F ", has ended",
                 BYTES_A(s.kept->r.task));
    if (s.task == NULL && err)
        memcpy(err, s.reason, sizeof(s.reason));
    return s.task;
}

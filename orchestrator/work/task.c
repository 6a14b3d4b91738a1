/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the states of a task and what each change does. Refuses to know messages and how an attempt
 * is judged (settle.c).
 *
 *              ,--------- DUE ---------.
 *              v                       |
 *   submit ─▶ PENDING ── START ──▶ IN_PROGRESS ─ RETRY, VANISH ─▶ RETRYING
 *              |  |                |  |  |  | '-STOP-^          |  |
 *              |  '---- GIVE_UP ---|--|--|--|------- FAILED <---'  |
 *              '-------- DROP -----|--|--|--'---- CANCELLED <------'
 *                                  |  |  '- LOSE - UNKNOWN
 *                                  |  '- SUCCEED - COMPLETED
 *
 *   IN_PROGRESS: exactly one agent (or the controller itself) holds it; it is booked on its agent's
 * credit, its group and its locks, its deadline is armed, Redis knows. In the others it holds
 * nothing. The four on the right never change (T1). */
#include "task.h"

#include "gate.h"
#include "grant.h"
#include "keep.h"
#include "orchestrator/core/helios.h"
#include "queue.h"
#include "roster.h"
#include "sheaf.h"
#include "watch.h"

typedef void verb(struct helios *h, struct task *t, const char *reason);

static verb give, finish, take_back, give_up, ask_to_stop, wait_again, end_waiting;

/* clang-format off */
#define NO_NOTE EVENT_COUNT
#define S(state) task_state_##state
#define ROW(state, event, verb, next, noted) [S(state)][TASK_##event] = {verb, S(next), noted},
static const struct row {
    verb *verb; /* NULL: cannot happen here */
    enum task_state next;
    enum event noted;
} rows[task_state_COUNT][TASK_EVENTS] = {
    ROW(PENDING, START, give, IN_PROGRESS, EVENT_task_dispatched)
    ROW(PENDING, GIVE_UP, end_waiting, FAILED, EVENT_task_failed)
    ROW(PENDING, DROP, end_waiting, CANCELLED, EVENT_task_cancelled)
    ROW(IN_PROGRESS, SUCCEED, finish, COMPLETED, EVENT_task_completed)
    ROW(IN_PROGRESS, RETRY, take_back, RETRYING, EVENT_task_retrying)
    ROW(IN_PROGRESS, VANISH, take_back, RETRYING, EVENT_task_lost)
    ROW(IN_PROGRESS, GIVE_UP, give_up, FAILED, EVENT_task_failed)
    ROW(IN_PROGRESS, STOP, ask_to_stop, IN_PROGRESS, NO_NOTE)
    ROW(IN_PROGRESS, DROP, give_up, CANCELLED, EVENT_task_cancelled)
    ROW(IN_PROGRESS, LOSE, give_up, UNKNOWN, EVENT_task_unknown)
    ROW(RETRYING, DUE, wait_again, PENDING, NO_NOTE)
    ROW(RETRYING, GIVE_UP, end_waiting, FAILED, EVENT_task_failed)
    ROW(RETRYING, DROP, end_waiting, CANCELLED, EVENT_task_cancelled)
};
/* clang-format on */

bool task_can(enum task_state state, enum task_event event)
{
    return rows[state][event].verb != NULL;
}

bool state_terminal(enum task_state state)
{
    return state >= task_state_COMPLETED;
}

/* ---- what the rows do ---- */

void task_hold(struct task *t, struct bytes holder)
{
    size_t n = MIN(holder.n, sizeof(t->holder) - 1);
    if (n)
        memcpy(t->holder, holder.at, n);
    t->holder[n] = '\0';
    t->r.holder = n ? (struct bytes){t->holder, n} : (struct bytes){0};
}

static void give(struct helios *h, struct task *t, const char *reason)
{
    (void)reason;
    t->r.attempt++;
    t->r.epoch = h->epoch;
    t->r.started = h->now;
    t->begun = t->excused = 0;
    task_hold(t, t->agent ? t->agent->r.id : BYTES("helios"));
    hold_attempt(h, t, t->agent);
    h->counters.dispatched += t->agent != NULL;
}

static void finish(struct helios *h, struct task *t, const char *reason)
{
    (void)reason;
    own_text(&t->r.error, "");
    release_attempt(h, t);
}

static void take_back(struct helios *h, struct task *t, const char *reason)
{
    (void)reason;
    release_attempt(h, t);
}

static void give_up(struct helios *h, struct task *t, const char *reason)
{
    own_text(&t->r.error, reason);
    release_attempt(h, t);
}

static void ask_to_stop(struct helios *h, struct task *t, const char *reason)
{
    own_text(&t->r.error, reason);
    t->r.cancelling = true;
    agent_stop(h, t->agent, t->r.id, t->r.attempt);
}

static void wait_again(struct helios *h, struct task *t, const char *reason)
{
    (void)h, (void)t, (void)reason;
}

static void end_waiting(struct helios *h, struct task *t, const char *reason)
{
    (void)h;
    own_text(&t->r.error, reason);
}

/* ---- the change ---- */

static void pack_facts(struct buf *data, const struct task *t)
{
    struct pack p;
    pack_init(&p, data);
    pack_map(&p);
    pack_put_str(&p, "action", t->r.action);
    pack_put_text(&p, "state", enum_text(&enum_task_state, (int)t->r.state));
    pack_put_int(&p, "attempt", (int64_t)t->r.attempt);
    pack_put_int(&p, "max_attempts", (int64_t)t->r.max_attempts);
    pack_put_int(&p, "priority", (int64_t)t->r.priority);
    pack_put_str(&p, "client", t->r.client);
    if (t->r.holder.n)
        pack_put_str(&p, "agent", t->r.holder);
    if (t->r.ended || t->r.state == task_state_RETRYING) {
        pack_put_int(&p, "exit_code", t->r.exit_code);
        pack_put_int(&p, "elapsed_ms", (int64_t)t->r.elapsed_ms);
        pack_put_int(&p, "age_ms", t->r.ended ? t->r.ended - t->r.created : 0);
    }
    pack_end(&p);
}

/* Of a decider's own tasks it hears everything. */
bool task_heard(const struct helios *h, const struct task *t, enum event which)
{
    return t->r.owner_kind.n || note_heard(h, which);
}

static void tell(struct helios *h, struct task *t, enum event which, const char *reason)
{
    if (!task_heard(h, t, which)) {
        h->counters.events++;
        return;
    }
    struct buf data = {0}, sentence = {0};
    buf_room(&data, 400);
    buf_room(&sentence, 200);
    pack_facts(&data, t);
    buf_add(&sentence, t->r.id.at, t->r.id.n);
    buf_text(&sentence, " ");
    buf_add(&sentence, t->r.action.at, t->r.action.n);
    buf_text(&sentence, " ");
    buf_text(&sentence, reason);
    note_text(h, which, t->r.id.at, t->r.cause.n ? t->r.cause.at : NULL, &data, buf_bytes(&sentence));
    buf_done(&data);
    buf_done(&sentence);
}

static void count(struct helios *h, enum task_event event)
{
    uint64_t *const counters[TASK_EVENTS] = {
        [TASK_SUCCEED] = &h->counters.completed, [TASK_RETRY] = &h->counters.retries,
        [TASK_VANISH] = &h->counters.retries,    [TASK_GIVE_UP] = &h->counters.failed,
        [TASK_DROP] = &h->counters.cancelled,    [TASK_LOSE] = &h->counters.unknown,
    };
    if (counters[event])
        ++*counters[event];
}

/* release_dependents: those who come after a completed task wait for the next one; the others will
 * never run. */
static void release_dependents(struct helios *h, struct task *t)
{
    list_each(d, &t->dependents, struct task, place)
    {
        list_out(&d->place);
        d->after = NULL;
        if (t->r.state == task_state_COMPLETED) {
            own_names_drop(&d->r.after, t->r.id);
            task_save(h, d);
            task_place(h, d);
        } else {
            list_push(&h->work.doomed, &d->place);
            work_wants_turn(h);
        }
    }
}

/* end: what is kept of the task is kept in the commit in which it leaves the live set (C8), its
 * owner reacts in it too. */
static void end(struct helios *h, struct task *t)
{
    watchers_tell(h, t, keep_ended(h, t));
    release_dependents(h, t);
    map_drop(&h->work.tasks, t->number);
    if (t->key_text)
        HASH_DELETE(hh_key, h->work.tasks_by_key, t);
    h->work.n_tasks--;
    sheaf_left(h, t);
    save_drop(h, &t->save);
    if (t->r.owner_kind.n)
        decide_on_done(h, &t->r);
    task_free(h, t);
}

static bool points_into(const char *text, struct bytes b)
{
    return b.n && text >= b.at && text <= b.at + b.n;
}

/* remember: an attempt that is given to an agent is written down with others (grant.h) when it leaves; what ends leaves Redis. */
static void remember(struct helios *h, struct task *t, enum task_event event)
{
    bool granted = event == TASK_START && t->agent;
    if (!granted && !state_terminal(t->r.state))
        task_save(h, t);
}

int task_change(struct helios *h, struct task *t, enum task_event event, const char *reason)
{
    const struct row *row = &rows[t->r.state][event];
    if (row->verb == NULL)
        return -EINVAL;
    _autofree_ char *copy = points_into(reason, t->r.error) ? xdup(reason) : NULL;
    const char *why = copy ? copy : reason; /* the verb may change what it points into */
    if (row->next != t->r.state)
        task_unplace(h, t);
    row->verb(h, t, why);
    t->r.state = row->next;
    t->r.ended = state_terminal(row->next) ? h->now : 0;
    count(h, event);
    if (row->noted != NO_NOTE)
        tell(h, t, row->noted, why);
    if (t->r.state != task_state_IN_PROGRESS && !state_terminal(t->r.state)) /* its owner hears who made the last attempt */
        task_hold(t, (struct bytes){0});
    remember(h, t, event);
    if (state_terminal(t->r.state))
        end(h, t);
    else if (t->r.state != task_state_IN_PROGRESS)
        task_place(h, t);
    else if (event != TASK_START || t->agent == NULL || t->r.total_ms)
        task_arm(h, t); /* else when it is sent, with others */
    return 0;
}

/* ---- born and gone ---- */

void task_live(struct helios *h, struct task *t, struct class *class, struct share *share)
{
    t->class = class;
    t->share = share;
    class_again(class);
    share_again(share);
    save_init(&t->save, REC_task, &t->r, &t->r.id);
    list_init(&t->dependents);
    list_init(&t->place);
    list_init(&t->held);
    list_init(&t->watchers);
    list_init(&t->watcher.link);
    t->timer.run = task_time;
    map_put(&h->work.tasks, t->number, t);
}

/* What was freed last is in the cache still; the C library would hand out the coldest. */
#define SPARE_MOST 1024

struct task *task_take(struct helios *h)
{
    struct task *t = list_first(&h->work.spare_tasks, struct task, held);
    if (t == NULL)
        return NEW(struct task);
    list_out(&t->held);
    h->work.n_spare_tasks--;
    return memset(t, 0, sizeof(*t));
}

static void give_back(struct helios *h, struct task *t)
{
    if (h->work.n_spare_tasks == SPARE_MOST) {
        free(t);
        return;
    }
    list_push_front(&h->work.spare_tasks, &t->held);
    h->work.n_spare_tasks++;
}

void tasks_forget(struct helios *h)
{
    list_each(t, &h->work.spare_tasks, struct task, held) free(t);
}

struct task *task_new(struct helios *h, const struct rec_task *record)
{
    struct task *t = task_take(h);
    struct class *class = class_enter(h, record);
    struct share *share = share_enter(h, record->fair);
    t->r = *record;
    task_hold(t, record->holder);
    free((char *)record->holder.at);
    task_number(t->r.id, &t->number);
    task_live(h, t, class, share);
    class_leave(h, class);
    share_leave(h, share);
    if (t->r.key.n) {
        t->key_text = key_text(t->r.client, t->r.key);
        HASH_ADD_KEYPTR(hh_key, h->work.tasks_by_key, t->key_text, strlen(t->key_text), t);
    }
    h->work.n_tasks++;
    return t;
}

void task_free(struct helios *h, struct task *t)
{
    task_unplace(h, t);
    while (!list_empty(&t->dependents)) /* at shutdown alone */
        list_out(t->dependents.next);
    list_out(&t->held);
    watchers_free(t);
    grant_forget(h, t);
    save_forget(&t->save);
    class_leave(h, t->class);
    share_leave(h, t->share);
    t->r.holder = (struct bytes){0};
    if (t->sheaf)
        sheaf_disown(h, t);
    else
        record_free(&schema_records[REC_task], &t->r);
    free(t->key_text);
    free(t->progress);
    give_back(h, t);
}

void task_save(struct helios *h, struct task *t)
{
    sheaf_left(h, t);
    save_mark(h, &t->save);
}

struct task *task_find(struct helios *h, struct bytes id)
{
    uint64_t number;
    if (task_number(id, &number) < 0)
        return NULL;
    struct task *t = map_get_number(&h->work.tasks, number);
    if (t)
        return t;
    t = sheaf_find(h, number);
    if (t)
        task_place(h, t);
    return t;
}

int task_cancel(struct helios *h, struct task *t, const char *reason)
{
    if (t->r.cancelling)
        return -EALREADY;
    bool sent = list_empty(&t->place); /* else it is in agent.outgoing: nobody has heard of it */
    bool runs = t->r.state == task_state_IN_PROGRESS && t->agent && sent;
    return task_change(h, t, runs ? TASK_STOP : TASK_DROP, reason);
}

uint64_t task_ran_ms(const struct helios *h, const struct task *t)
{
    return (uint64_t)MAX(h->now - t->r.started, 0);
}

void task_end_internal(struct helios *h, struct task *t, enum task_state state, struct bytes data,
                       const char *error)
{
    static const enum task_event events[task_state_COUNT] = {
        [task_state_COMPLETED] = TASK_SUCCEED,
        [task_state_FAILED] = TASK_GIVE_UP,
        [task_state_CANCELLED] = TASK_DROP,
    };
    own_set(&t->r.data, data);
    t->r.elapsed_ms = task_ran_ms(h, t);
    bool good = state == task_state_COMPLETED;
    task_change(h, t, events[state], good ? "was done by the controller" : error);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the newest ended tasks and settled attempts in memory: for who asks late, and for results
 * whose acknowledgement was lost. Nothing here is durable; after a restart the ledger knows the
 * states. */
#include "keep.h"
#include "orchestrator/core/helios.h"
#include "task.h"

struct past *past_new(void)
{
    struct past *p = NEW(struct past);
    list_init(&p->oldest_tasks);
    list_init(&p->oldest_attempts);
    return p;
}

static void drop_task(struct past *p)
{
    struct past_task *oldest = list_first(&p->oldest_tasks, struct past_task, link);
    HASH_DEL(p->tasks, oldest);
    list_out(&oldest->link);
    p->n_tasks--;
    p->bytes -= oldest->ended.n;
    free(oldest->id);
    own_set(&oldest->ended, (struct bytes){0});
    free(oldest);
}

static void drop_attempt(struct past *p)
{
    struct past_attempt *oldest = list_first(&p->oldest_attempts, struct past_attempt, link);
    HASH_DEL(p->attempts, oldest);
    list_out(&oldest->link);
    p->n_attempts--;
    free(oldest->text);
    free(oldest);
}

void past_free(struct past *p)
{
    while (p->n_tasks)
        drop_task(p);
    while (p->n_attempts)
        drop_attempt(p);
    free(p);
}

void past_add(struct helios *h, const struct task *t)
{
    struct past *p = h->work.past;
    struct past_task *it = NEW(struct past_task);
    struct buf packed = {0};
    struct msg_ended ended = ended_of(&t->r, true);
    struct_encode(&packed, part_schema("ended"), &ended);
    it->id = bytes_dup(t->r.id);
    it->state = t->r.state;
    own_set(&it->ended, buf_bytes(&packed));
    buf_done(&packed);
    HASH_ADD_KEYPTR(hh, p->tasks, it->id, t->r.id.n, it);
    list_push(&p->oldest_tasks, &it->link);
    p->n_tasks++;
    p->bytes += it->ended.n;
    while (p->n_tasks > PAST_MOST || p->bytes > PAST_BYTES)
        drop_task(p);
}

const struct past_task *past_find(struct helios *h, struct bytes id)
{
    struct past_task *it;
    HASH_FIND(hh, h->work.past->tasks, id.at, id.n, it);
    return it;
}

static void attempt_text(struct buf *out, struct bytes task, uint64_t attempt, const char *agent)
{
    buf_add(out, task.at, task.n);
    buf_add(out, "/", 1);
    buf_number(out, attempt);
    buf_add(out, "/", 1);
    buf_text(out, agent);
}

void past_settled(struct helios *h, struct bytes task, uint64_t attempt, const char *agent)
{
    struct past *p = h->work.past;
    struct past_attempt *it = NEW(struct past_attempt);
    struct buf text = {0};
    attempt_text(&text, task, attempt, agent);
    it->text = buf_take(&text);
    HASH_ADD_STR(p->attempts, text, it);
    list_push(&p->oldest_attempts, &it->link);
    if (++p->n_attempts > PAST_MOST)
        drop_attempt(p);
}

bool past_was_settled(struct helios *h, struct bytes task, uint64_t attempt, const char *agent)
{
    struct past_attempt *it;
    struct buf text = {0};
    attempt_text(&text, task, attempt, agent);
    HASH_FIND_STR(h->work.past->attempts, buf_str(&text), it);
    buf_done(&text);
    return it != NULL;
}

static int ledger_state(struct helios *h, struct bytes id, enum task_state *ret_state)
{
    static const struct {
        enum event event;
        enum task_state state;
    } ends[] = {{EVENT_task_completed, task_state_COMPLETED},
                {EVENT_task_failed, task_state_FAILED},
                {EVENT_task_cancelled, task_state_CANCELLED},
                {EVENT_task_unknown, task_state_UNKNOWN}};
    list_each(e, &h->ledger.entries, struct entry,
              link) for (size_t i = 0; i < ARRAY_SIZE(ends);
                         i++) if (bytes_eq(e->r.id, id) &&
                                  bytes_is(e->r.topic, event_kinds[ends[i].event].topic))
    {
        *ret_state = ends[i].state;
        return 0;
    }
    return -ENOENT;
}

int past_state(struct helios *h, struct bytes id, enum task_state *ret_state)
{
    const struct past_task *it = past_find(h, id);
    if (it) {
        *ret_state = it->state;
        return 0;
    }
    const struct kept *kept = failed_find(h, id);
    if (kept) { /* FAILED, or UNKNOWN: whoever asks after a take-over is told the same as before */
        int state = enum_find(&enum_task_state, map_str(kept->r.task, "state", "FAILED"));
        *ret_state = state < 0 ? task_state_FAILED : (enum task_state)state;
        return 0;
    }
    return ledger_state(h, id, ret_state);
}

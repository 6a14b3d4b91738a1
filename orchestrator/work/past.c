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
    recent_init(&p->attempts, PAST_MOST);
    return p;
}

static void drop_task(struct past *p)
{
    struct past_task *oldest = list_first(&p->oldest_tasks, struct past_task, link);
    HASH_DEL(p->tasks, oldest);
    __builtin_prefetch(oldest->link.next); /* the next one to go, in a while */
    list_out(&oldest->link);
    p->n_tasks--;
    p->bytes -= oldest->ended.n;
    free(oldest);
}

void past_free(struct past *p)
{
    while (p->n_tasks)
        drop_task(p);
    recent_done(&p->attempts);
    free(p);
}

static struct past_task *past_task_new(struct bytes id, struct bytes ended)
{
    struct past_task *it = xalloc(sizeof(*it) + id.n + ended.n);
    char *at = (char *)(it + 1);
    it->id = (struct bytes){memcpy(at, id.at, id.n), id.n};
    it->ended = (struct bytes){memcpy(at + id.n, ended.at, ended.n), ended.n};
    return it;
}

/* The newest stays, however long it is: who watches it is told from here. */
const struct past_task *past_add(struct helios *h, const struct task *t)
{
    struct past *p = h->work.past;
    struct msg_ended ended = ended_of(&t->r, true);
    buf_clear(&h->out.scratch);
    struct_encode(&h->out.scratch, ended_schema(), &ended);
    struct past_task *it = past_task_new(t->r.id, buf_bytes(&h->out.scratch));
    it->state = t->r.state;
    HASH_ADD_KEYPTR(hh, p->tasks, it->id.at, it->id.n, it);
    list_push(&p->oldest_tasks, &it->link);
    p->n_tasks++;
    p->bytes += it->ended.n;
    while (p->n_tasks > 1 && (p->n_tasks > PAST_MOST || p->bytes > PAST_BYTES))
        drop_task(p);
    return it;
}

const struct past_task *past_find(struct helios *h, struct bytes id)
{
    struct past_task *it;
    HASH_FIND(hh, h->work.past->tasks, id.at, id.n, it);
    return it;
}

static uint64_t attempt_digest(struct bytes task, uint64_t attempt, struct bytes agent)
{
    return digest_bytes(digest_number(digest_bytes(0, task), attempt), agent);
}

void past_settled(struct helios *h, struct bytes task, uint64_t attempt, struct bytes agent)
{
    recent_add(&h->work.past->attempts, attempt_digest(task, attempt, agent));
}

bool past_was_settled(struct helios *h, struct bytes task, uint64_t attempt, struct bytes agent)
{
    return recent_has(&h->work.past->attempts, attempt_digest(task, attempt, agent));
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

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what stands in the journal of results: {agent, body: a `results` message} and {agent, task,
 * attempt} for one that is acknowledged. A disk that fails is said once; the results then live in
 * memory as if there were no data directory. */
#include "agents/results.h"

#include "agents/agent.h"
#include "common/log.h"
#include "proto/codec.h"
#include "proto/guard.h"

enum { REWRITE_BYTES = 16 * 1024 * 1024 };

static void fail(struct agent *a, int error)
{
    if (error == 0)
        return;
    log_error("results.disk", "results are kept in memory alone now: %s: %s", a->results.path,
              strerror(-error));
    journal_close(&a->results);
}

static int write_kept(struct journal *j, const struct attempt *a)
{
    _cleanup_(buf_done) struct buf body = {0}, record = {0};
    struct msg_result result = attempt_result(a);
    struct pack p;
    message_encode(&body, MSG_results, &(struct msg_results){{&result, 1}});
    pack_init(&p, &record);
    pack_map(&p);
    pack_put_text(&p, "agent", a->member->id);
    pack_key(&p, "body");
    pack_bin(&p, buf_bytes(&body));
    pack_end(&p);
    return journal_add(j, buf_bytes(&record));
}

static int write_all(void *agent, struct journal *fresh)
{
    struct agent *a = agent;
    int error = 0;
    for (size_t i = 0; i < a->n_members; i++) {
        struct list *lists[] = {&a->members[i].slots.fresh, &a->members[i].slots.sent};
        for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
            list_each(it, lists[k], struct attempt, link) error =
                error ? error : write_kept(fresh, it);
    }
    return error;
}

void results_keep(struct attempt *a)
{
    struct agent *agent = a->member->agent;
    agent->n_results++;
    if (agent->results.fd >= 0)
        fail(agent, write_kept(&agent->results, a));
}

void results_forget(struct attempt *a)
{
    struct agent *agent = a->member->agent;
    _cleanup_(buf_done) struct buf record = {0};
    struct pack p;
    agent->n_results--;
    if (agent->results.fd < 0)
        return;
    if (agent->n_results == 0) {
        fail(agent, journal_clear(&agent->results));
        return;
    }
    pack_init(&p, &record);
    pack_map(&p);
    pack_put_text(&p, "agent", a->member->id);
    pack_put_text(&p, "task", a->asked.task);
    pack_put_int(&p, "attempt", (int64_t)a->asked.attempt);
    pack_end(&p);
    fail(agent, journal_add(&agent->results, buf_bytes(&record)));
}

void results_sync(struct agent *a)
{
    if (a->results.size > REWRITE_BYTES)
        fail(a, journal_rewrite(&a->results, write_all, a));
    fail(a, journal_sync(&a->results));
}

/* ---- at the start ---- */

static void restore(struct member *m, struct bytes body)
{
    struct msg_results message;
    struct arena arena = {0};
    if (guard_check(body) == 0 && message_decode(MSG_results, body, &message, &arena, NULL) == 0)
        SEQ_EACH(result, struct msg_result, message.items)
        {
            slots_restore(m, result);
            m->agent->n_results++;
        }
    arena_done(&arena);
}

static void read_record(void *agent, struct bytes record)
{
    struct agent *a = agent;
    if (guard_check(record))
        return;
    struct member *m = agent_member(a, map_str(record, "agent", ""));
    struct value body = map_get(record, "body");
    if (m == NULL)
        log_warn("results.orphan",
                 "a kept result of " BYTES_F " is dropped: it is no agent of this file any more",
                 BYTES_A(map_str(record, "agent", "")));
    else if (body.type == VALUE_BIN)
        restore(m, body.text);
    else
        slots_settle(m, map_str(record, "task", ""), (uint64_t)map_int(record, "attempt", 0));
}

int results_open(struct agent *a, const char *path)
{
    struct journal read;
    journal_init(&a->results);
    if (path == NULL)
        return 0;
    int error = journal_open(&read, path, read_record,
                             a); /* a->results has no file yet: settling writes nothing */
    a->results = read;
    if (!error && a->n_results)
        log_info("results.restored", "%zu results of before are sent again", a->n_results);
    return error;
}

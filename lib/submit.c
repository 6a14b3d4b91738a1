/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way of tasks into the wire's requests, and what became of each. Refuses to wait for their ends. */
#include "client/code.h"
#include "common/clock.h"
#include "lib/client.h"

enum { WORDS_MOST = 1000 };

struct submitting {
    struct helios_client *client;
    uint64_t request;
    struct helios_id *ids;
    size_t open;
    bool over;
    int error; /* of the first that was not taken */
};

static bool on_answer(void *whom, const struct client_event *e)
{
    struct submitting *s = whom;
    if (s->request == 0 || e->request != s->request)
        return false;
    if (e->what == CLIENT_ACCEPTED)
        snprintf(s->ids[e->index].text, HELIOS_ID, BYTES_F, BYTES_A(e->id));
    else if (s->error == 0 && (e->what == CLIENT_REFUSED || e->what == CLIENT_EXPIRED))
        s->error = lib_fail(s->client, code_error(e->code), BYTES_F,
                            BYTES_A(e->text.n ? e->text : BYTES("no leader answered in time; it may have been taken all the same")));
    s->open--;
    s->over = s->open == 0;
    return true;
}

/* ---- one request ---- */

static struct bytes text(const char *given)
{
    return given ? bytes_of(given) : BYTES("");
}

static struct seq words(const char *const *given, struct arena *arena)
{
    size_t n = 0;
    while (given && given[n] && n < WORDS_MOST)
        n++;
    struct bytes *list = arena_take(arena, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        list[i] = bytes_of(given[i]);
    return (struct seq){list, n};
}

static void fill(struct msg_request *m, const struct helios_task *t, struct arena *arena)
{
    static const uint64_t priorities[] = {[HELIOS_USUAL] = 2, [HELIOS_EMERGENCY] = 0, [HELIOS_HIGH] = 1,
                                          [HELIOS_LOW] = 3, [HELIOS_IDLE] = 4};
    struct_defaults(part_schema("request"), m);
    m->action = text(t->action);
    m->key = text(t->key);
    m->swarm = text(t->swarm);
    m->role = text(t->role);
    m->agent = text(t->agent);
    m->target = text(t->target);
    m->group = text(t->group);
    m->note = text(t->note);
    m->after = words(t->after, arena);
    m->locks = words(t->locks, arena);
    m->priority = priorities[MIN((unsigned)t->priority, (unsigned)HELIOS_IDLE)];
    m->max_attempts = t->max_attempts;
    m->attempt_ms = t->attempt_ms;
    m->total_ms = t->total_ms;
    m->backoff_ms = t->backoff_ms;
    m->not_before = t->not_before;
    m->at_most_once = t->at_most_once;
}

static int fill_params(struct helios_client *c, struct msg_request *m, const char *json, struct arena *arena)
{
    _cleanup_(buf_done) struct buf packed = {0};
    int r = lib_json(c, "params", json, &packed);
    if (r || packed.n == 0)
        return r;
    char *kept = arena_take(arena, packed.n);
    memcpy(kept, packed.at, packed.n);
    m->params = (struct bytes){kept, packed.n};
    return 0;
}

static int send_all(struct submitting *s, const struct msg_request *items, size_t n)
{
    struct helios_client *c = s->client;
    s->open = n;
    c->on_event = on_answer;
    c->whom = s;
    s->request = client_submit(&c->talk.core, items, n, false, c->timeout_ms, clock_now());
    int r = lib_await(c, &s->over, -1); /* ends by itself: each item is answered or expires */
    c->on_event = NULL;
    return r ? lib_fail(c, r, "interrupted; tasks may have been taken") : s->error;
}

int helios_submit(struct helios_client *c, const struct helios_task *tasks, size_t n, struct helios_id *ids)
{
    struct submitting s = {.client = c, .ids = ids};
    struct arena arena = {0};
    int r = 0;
    if (n == 0 || n > 1000)
        return lib_fail(c, -EINVAL, "1 to 1000 tasks go into one submit");
    memset(ids, 0, n * sizeof(*ids));
    struct msg_request *items = arena_take(&arena, n * sizeof(*items));
    for (size_t i = 0; i < n && r == 0; i++) {
        fill(&items[i], &tasks[i], &arena);
        r = fill_params(c, &items[i], tasks[i].params, &arena);
    }
    r = r ? r : send_all(&s, items, n);
    arena_done(&arena);
    return r;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* A seeded random walk over all that may happen to tasks and agents, with what must be true after
 * each step. A seed that found a bug stays in the list. */
#include "work_harness.h"

#include "orchestrator/work/order.h"

#include "orchestrator/work/gate.h"

#define AGENTS 4
#define HOLDS 64

/* What an agent of the test runs: it believes what it was sent and forgets what it reported or
 * stopped. */
struct runner {
    bool up;
    unsigned born; /* instances so far */
    size_t n;
    struct {
        char task[24];
        uint64_t attempt;
    } runs[HOLDS];
};

struct walk_state {
    struct core *c;
    struct rand rand;
    struct runner runners[AGENTS];
    struct attempt {
        UT_hash_handle hh;
        char task[24];
        uint64_t last; /* newest attempt that was dispatched */
    } * attempts;
    size_t once_sent;
};

static unsigned draw(struct walk_state *w, unsigned below)
{
    return (unsigned)(rand_next(&w->rand) % below);
}

static int peer_of(const struct walk_state *w, const struct runner *r)
{
    return 1 + (int)(r - w->runners);
}

/* ---- what must be true ---- */

static void check_agent(const struct agent *a)
{
    unsigned n = 0;
    list_each(t, &a->held, struct task, held)
    {
        n++;
        assert_ptr_equal(t->agent, a);
        assert_int_equal(t->r.state, task_state_IN_PROGRESS);
    }
    assert_int_equal(n, a->n_held);
    if (a->live)
        assert_true(a->n_held <= a->slots + a->prefetch); /* T9 */
}

static void check_lock_holder(struct core *c, struct task *t)
{
    SEQ_EACH(name, struct bytes, t->r.locks)
    {
        struct lock *l;
        HASH_FIND(hh, c->h->work.gates->locks, name->at, name->n, l);
        assert_non_null(l);
        assert_ptr_equal(l->holder, t); /* nobody else can be */
    }
}

/* A task that waits stands in exactly one place, and can say why (T11). */
static void check_task(struct core *c, struct task *t)
{
    bool runs = t->r.state == task_state_IN_PROGRESS;
    bool by_time = t->r.not_before > c->h->now && !t->lane;
    int places = (t->lane != NULL) + (t->waits_for != NULL) + (t->after != NULL);
    assert_false(state_terminal(t->r.state));
    assert_int_equal(runs, t->agent != NULL || bytes_is(t->r.holder, "helios"));
    assert_true(places <= 1);
    if (runs) {
        assert_int_equal(places, 0);
        check_lock_holder(c, t);
    } else {
        assert_true(places == 1 || by_time || t->r.paused);
        assert_true(*why(c, t->r.id.at));
        assert_int_equal(t->r.holder.n, 0);
    }
    if (t->r.state == task_state_RETRYING)
        assert_int_equal(places, 0);
}

static void check_groups(struct core *c)
{
    struct group *g, *next;
    HASH_ITER(hh, c->h->work.gates->groups, g, next)
    {
        unsigned running = 0;
        MAP_EACH (t, struct task, &c->h->work.tasks)
            running += t->class->group == g && t->r.state == task_state_IN_PROGRESS;
        assert_int_equal(running, g->running);
    }
}

/* in_record answers how many tasks a record holds. */
static size_t in_record(const struct core_record *r)
{
    struct bytes value = {r->value, r->n}, bits = map_str(value, "bits", "");
    size_t n = r->kind == REC_task ? 1 : r->kind == REC_sheaf ? (size_t)map_int(value, "n", 1) : 0;
    for (size_t i = 0; r->kind == REC_left && i < bits.n; i++)
        n -= (size_t)__builtin_popcount((unsigned char)bits.at[i]);
    return n;
}

static size_t saved_tasks(struct core *c)
{
    size_t n = 0;
    for (struct core_record *r = c->redis; r; r = r->hh.next)
        n += in_record(r);
    return n;
}

static void check(struct walk_state *w)
{
    struct core *c = w->c;
    struct work *work = &c->h->work;
    size_t ready = 0;
    for (struct agent *a = work->agents_by_id; a; a = a->hh.next)
        check_agent(a);
    MAP_EACH (t, struct task, &work->tasks) {
        check_task(c, t);
        ready += t->lane != NULL;
    }
    assert_int_equal(ready, work->queue->n_ready);
    check_groups(c);
    if (!c->h->held)
        assert_int_equal(saved_tasks(c), work->n_tasks); /* what lives is what Redis has */
    if (!c->h->held && !c->h->control.paused)
        for (unsigned p = 0; p < PRIORITIES; p++)
            assert_true(list_empty(&work->queue->ranks[p])); /* nothing that could start is left */
    arena_done(&c->arena);
}

/* ---- agents ---- */

/* One attempt number is dispatched once, later ones only are greater (T5); at_most_once once in all
 * (T2). */
static void note_dispatch(struct walk_state *w, const struct msg_task *t)
{
    char id[24];
    struct attempt *a;
    snprintf(id, sizeof(id), BYTES_F, BYTES_A(t->id));
    HASH_FIND_STR(w->attempts, id, a);
    if (a == NULL) {
        a = NEW(struct attempt);
        memcpy(a->task, id, sizeof(id));
        HASH_ADD_STR(w->attempts, task, a);
    }
    assert_true(t->attempt > a->last);
    struct task *live = task_find(w->c->h, t->id);
    if (live && live->r.at_most_once)
        assert_int_equal(t->attempt, 1);
    a->last = t->attempt;
}

static void listen(struct walk_state *w)
{
    for (struct runner *r = w->runners; r < w->runners + AGENTS; r++) {
        for (struct msg_task *t; (t = given(w->c, peer_of(w, r)));) {
            note_dispatch(w, t);
            if (!r->up || r->n == HOLDS)
                continue;
            snprintf(r->runs[r->n].task, sizeof(r->runs[0].task), BYTES_F, BYTES_A(t->id));
            r->runs[r->n++].attempt = t->attempt;
        }
        for (struct msg_beat_ok *ok; (ok = core_heard(w->c, peer_of(w, r), MSG_beat_ok));)
            if (ok->again)
                r->up = false, r->n = 0;
        while (core_heard(w->c, peer_of(w, r), MSG_refuse))
            r->up = w->c->beating[peer_of(w, r)] = false;
    }
    core_forget_said(w->c);
}

static void greet(struct walk_state *w, struct runner *r, bool restarted)
{
    static const char *const ids[] = {"a0", "a1", "a2", "a3"}, *const swarms[] = {"s", "s", "z",
                                                                                  "z"};
    struct msg_action actions[] = {{.name = BYTES("echo")}, {.name = BYTES("dig")}};
    size_t i = (size_t)(r - w->runners);
    char instance[16], holds[HOLDS][64];
    struct bytes names[HOLDS];
    r->n = restarted ? 0 : r->n;
    r->born += restarted;
    snprintf(instance, sizeof(instance), "i%u", r->born);
    for (size_t k = 0; k < r->n; k++) {
        snprintf(holds[k], sizeof(holds[k]), "%s/%llu", r->runs[k].task,
                 (unsigned long long)r->runs[k].attempt);
        names[k] = bytes_of(holds[k]);
    }
    struct msg_hello m = {.agent = bytes_of(ids[i]),
                          .instance = bytes_of(instance),
                          .swarm = bytes_of(swarms[i]),
                          .slots = 2 + i % 2,
                          .prefetch = i % 3,
                          .actions = {actions, i % 2 + 1},
                          .holds = {names, r->n}};
    r->up = w->c->beating[peer_of(w, r)] = true;
    core_send(w->c, peer_of(w, r), MSG_hello, &m);
}

static void report(struct walk_state *w, struct runner *r, enum outcome outcome)
{
    if (!r->up || r->n == 0)
        return;
    size_t k = draw(w, (unsigned)r->n);
    struct msg_result result = {.task = bytes_of(r->runs[k].task),
                                .attempt = r->runs[k].attempt,
                                .outcome = outcome,
                                .exit_code = outcome == outcome_FAILED ? (draw(w, 8) ? 1 : 64) : 0};
    struct msg_results m = {.items = {&result, 1}};
    core_send(w->c, peer_of(w, r), MSG_results, &m);
    if (!w->c->h->held)
        r->runs[k] = r->runs[--r->n];
}

/* ---- clients and operators ---- */

static void ask_for_work(struct walk_state *w)
{
    static const char *const locks[] = {"l0", "l1", "l2"}, *const actions[] = {"echo", "echo",
                                                                               "dig", "think"};
    static const char *const clients[] = {"ann", "bob", "cem"}, *const swarms[] = {"", "", "s",
                                                                                   "z"};
    struct bytes held[2] = {bytes_of(locks[draw(w, 2)]), BYTES("l2")}, before = {0};
    char id[24];
    snprintf(id, sizeof(id), "t-%u", 1 + draw(w, (unsigned)w->c->h->control.next_task));
    before = bytes_of(id);
    struct msg_request r = {
        .action = bytes_of(actions[draw(w, 4)]),
        .swarm = bytes_of(swarms[draw(w, 4)]),
        .priority = draw(w, 5),
        .locks = {held, draw(w, 4) ? 0 : 1 + draw(w, 2)},
        .after = {&before, task_find(w->c->h, before) && draw(w, 3) == 0},
        .max_concurrent = draw(w, 3) ? 0 : 1 + draw(w, 2),
        .cooldown_ms = draw(w, 6) ? 0 : draw(w, 3000),
        .max_attempts = draw(w, 4),
        .backoff_ms = 1 + draw(w, 5000),
        .attempt_ms = 1000 + draw(w, 9000),
        .queue_ms = draw(w, 5) ? 0 : 1 + draw(w, 20000),
        .total_ms = draw(w, 5) ? 0 : 10000 + draw(w, 50000),
        .not_before = draw(w, 6) ? 0 : w->c->now + draw(w, 5000),
        .at_most_once = draw(w, 8) == 0,
    };
    struct msg_request alike[6] = {r, r, r, r, r, r};
    struct msg_submit m = {.ref = BYTES("1"),
                           .client = bytes_of(clients[draw(w, 3)]),
                           .watch = true,
                           .items = {alike, draw(w, 8) ? 1 : 6}};
    core_send(w->c, CLIENT, MSG_submit, &m);
}

static struct task *any_task(struct walk_state *w)
{
    size_t n = w->c->h->work.tasks.n;
    struct task **all = tasks_sorted(w->c->h), *t = n ? all[draw(w, (unsigned)n)] : NULL;
    free(all);
    return t;
}

static void operate(struct walk_state *w)
{
    struct task *t = any_task(w);
    struct agent *a = agent_find(w->c->h, BYTES("a1"));
    struct buf args = {0};
    switch (draw(w, 6)) {
    case 0:
        if (t)
            task_cancel(w->c->h, t, "walk");
        break;
    case 1:
        if (t)
            task_pause(w->c->h, t, !t->r.paused);
        break;
    case 2:
        if (a)
            agent_pause(w->c->h, a, !a->r.paused);
        break;
    case 3:
        core_args(&args, "scope", "realm", NULL);
        core_ask(w->c, CLIENT, true, w->c->h->control.paused ? "resume" : "pause", &args);
        break;
    case 4:
        if (t && t->r.state == task_state_IN_PROGRESS && t->agent == NULL)
            task_end_internal(w->c->h, t, draw(w, 2) ? task_state_COMPLETED : task_state_FAILED,
                              (struct bytes){0}, "x");
        break;
    default:
        w->c->held = !w->c->h->held;
        helios_hold(w->c->h, w->c->held, "walk");
    }
    buf_done(&args);
}

/* begin_again: what was not committed is gone; the agents know what they run. A restart while
 * commits are held loses what was changed since, as it must; nobody was told of it. */
static void begin_again(struct walk_state *w)
{
    w->c->held = false;
    core_restart(w->c);
    for (struct runner *r = w->runners; r < w->runners + AGENTS; r++)
        if (r->up)
            greet(w, r, false);
}

static void step(struct walk_state *w)
{
    struct runner *r = &w->runners[draw(w, AGENTS)];
    unsigned dice = draw(w, 1000);
    if (dice < 350)
        ask_for_work(w);
    else if (dice < 650)
        report(w, r, outcome_COMPLETED);
    else if (dice < 750)
        report(w, r, (enum outcome)draw(w, outcome_COUNT));
    else if (dice < 780)
        greet(w, r, !r->up);
    else if (dice < 790)
        r->up = w->c->beating[peer_of(w, r)] = false, r->n = 0; /* it dies */
    else if (dice < 795)
        core_send(w->c, peer_of(w, r), MSG_bye, &(struct msg_bye){.reason = BYTES("walk")}),
            r->up = false, r->n = 0;
    else if (dice < 850)
        operate(w);
    else if (dice < 853)
        begin_again(w);
    else
        core_pass(w->c, draw(w, 3000));
    core_turn(w->c);
    listen(w);
    check(w);
}

/* In the end everybody comes and works: nothing is left behind. */
static void wind_up(struct walk_state *w)
{
    struct buf args = {0};
    w->c->held = false;
    helios_hold(w->c->h, false, NULL);
    core_args(&args, "scope", "realm", NULL);
    core_ask(w->c, CLIENT, true, "resume", &args);
    struct agent *a = agent_find(w->c->h, BYTES("a1"));
    if (a)
        agent_pause(w->c->h, a, false);
    struct task **all = tasks_sorted(w->c->h);
    for (struct task **t = all; *t; t++)
        task_pause(w->c->h, *t, false);
    free(all);
    for (int round = 0; round < 2000 && w->c->h->work.n_tasks; round++) {
        for (struct runner *r = w->runners; r < w->runners + AGENTS; r++) {
            if (!r->up)
                greet(w, r, true);
            while (r->up && r->n)
                report(w, r, outcome_COMPLETED);
        }
        all = tasks_sorted(w->c->h);
        for (struct task **t = all; *t; t++)
            if ((*t)->r.state == task_state_IN_PROGRESS && (*t)->agent == NULL)
                task_end_internal(w->c->h, *t, task_state_COMPLETED, (struct bytes){0}, "");
        free(all);
        core_pass(w->c, 1000);
        listen(w);
        check(w);
    }
    assert_int_equal(w->c->h->work.n_tasks, 0);
    assert_int_equal(HASH_CNT(hh, w->c->h->work.gates->locks), 0);
    assert_null(w->c->h->work.queue->shares);
    buf_done(&args);
}

static void walk(uint64_t seed, unsigned steps)
{
    struct walk_state w = {.c = realm(), .rand = {seed}};
    struct attempt *a, *next;
    for (unsigned i = 0; i < steps; i++)
        step(&w);
    wind_up(&w);
    core_free(w.c);
    HASH_ITER(hh, w.attempts, a, next)
    {
        HASH_DEL(w.attempts, a);
        free(a);
    }
}

static void nothing_breaks_whatever_happens(void **state) /* T1, T2, T5, T7, T9, T11, C8 */
{
    (void)state;
    static const uint64_t seeds[] = {1, 2, 3, 4, 5};
    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
        walk(seeds[i], 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_breaks_whatever_happens)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

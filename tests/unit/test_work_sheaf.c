/* SPDX-License-Identifier: MPL-2.0 */
/* Tasks that are kept together: what Redis has of them, their order, and that each is still a task of its own. */
#include "work_harness.h"

#include "orchestrator/work/sheaf.h"

enum { MANY = 10 };

static size_t records(struct core *c, enum rec kind)
{
    size_t n = 0;
    for (struct core_record *r = c->redis; r; r = r->hh.next)
        n += r->kind == kind;
    return n;
}

static size_t asleep(struct core *c)
{
    size_t n = 0;
    SHEAVES_EACH (s, c->h)
        n += s->asleep;
    return n;
}

/* submit_many submits n requests with parameters {"p": I}; t-1 is the first one's id. */
static void submit_many_as(struct core *c, struct msg_request r, size_t n)
{
    struct msg_request items[SHEAF_MOST + 10];
    struct buf params[SHEAF_MOST + 10] = {0};
    for (size_t i = 0; i < n; i++) {
        struct pack p;
        pack_init(&p, &params[i]);
        pack_map(&p);
        pack_put_int(&p, "p", (int64_t)i);
        pack_end(&p);
        items[i] = r;
        items[i].params = buf_bytes(&params[i]);
    }
    struct msg_submit m = {
        .ref = BYTES("1"), .client = BYTES("cli"), .watch = true, .items = {items, n}};
    core_send(c, CLIENT, MSG_submit, &m);
    core_turn(c);
    for (size_t i = 0; i < n; i++)
        buf_done(&params[i]);
}

static void submit_many(struct core *c, size_t n)
{
    submit_many_as(c, REQUEST(.action = BYTES("echo")), n);
}

static const char *id_of(size_t i)
{
    static char id[24];
    task_name(id, i + 1);
    return id;
}

/* They are one record, and their order, parameters and ends are those of tasks of their own. */
static void many_are_one_record(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many(c, MANY);
    struct msg_accepted *yes = core_heard(c, CLIENT, MSG_accepted);
    assert_int_equal(yes->items.n, MANY);
    assert_true(bytes_is(((struct msg_ticket *)yes->items.at)[9].id, "t-10"));
    assert_int_equal(c->h->work.n_tasks, MANY);
    assert_int_equal(asleep(c), MANY - 1); /* but for the scout */
    assert_int_equal(records(c, REC_sheaf), 1);
    assert_int_equal(records(c, REC_task), 0);
    join(c, 1, "a1");
    for (size_t i = 0; i < MANY; i++) {
        struct msg_task *t = given(c, 1);
        assert_true(bytes_is(t->id, id_of(i)));
        assert_int_equal(map_int(t->params, "p", -1), i);
        assert_int_equal(records(c, REC_grant), 1);
        assert_string_equal(result(c, 1, id_of(i), 1, outcome_COMPLETED), "ok");
        struct msg_done *done = core_heard(c, CLIENT, MSG_done);
        assert_true(bytes_is(((struct msg_ended *)done->items.at)->id, id_of(i)));
    }
    assert_int_equal(c->h->work.n_tasks, 0);
    assert_int_equal(records(c, REC_sheaf) + records(c, REC_left) + records(c, REC_grant) + records(c, REC_task), 0);
    assert_null(c->h->work.queue->shares);
    core_free(c);
}

static void few_or_different_ones_are_tasks_of_their_own(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many(c, SHEAF_LEAST - 1);
    assert_int_equal(records(c, REC_task), SHEAF_LEAST - 1);
    struct msg_request items[8];
    for (size_t i = 0; i < 8; i++)
        items[i] = (struct msg_request){.action = BYTES("echo"), .priority = 1 + i % 2};
    struct msg_submit m = {.ref = BYTES("1"), .client = BYTES("cli"), .items = {items, 8}};
    core_send(c, CLIENT, MSG_submit, &m);
    core_turn(c);
    assert_int_equal(records(c, REC_task), SHEAF_LEAST - 1 + 8);
    assert_int_equal(records(c, REC_sheaf), 0);
    submit_many_as(c, REQUEST(.action = BYTES("think")), 8); /* the controller's own */
    assert_int_equal(records(c, REC_sheaf), 0);
    core_free(c);
}

/* More than one sheaf holds are several; one bad request among them is refused alone. */
static void a_long_message_is_several(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many(c, SHEAF_MOST + 10);
    assert_int_equal(records(c, REC_sheaf), 2);
    assert_int_equal(c->h->work.n_tasks, SHEAF_MOST + 10);
    struct msg_request items[9];
    for (size_t i = 0; i < 9; i++)
        items[i] = (struct msg_request){.action = BYTES("echo"), .priority = i == 4 ? 9 : 2};
    struct msg_submit m = {.ref = BYTES("1"), .client = BYTES("cli"), .items = {items, 9}};
    core_forget_said(c);
    core_send(c, CLIENT, MSG_submit, &m);
    core_turn(c);
    struct msg_accepted *yes = core_heard(c, CLIENT, MSG_accepted);
    struct msg_rejected *no = core_heard(c, CLIENT, MSG_rejected);
    assert_int_equal(yes->items.n, 8);
    assert_int_equal(no->items.n, 1);
    assert_int_equal(((struct msg_refusal *)no->items.at)->index, 4);
    assert_int_equal(((struct msg_ticket *)yes->items.at)[4].index, 5);
    core_free(c);
}

/* A message may have a MiB, and so may a record that is read back: what the tasks have in common must fit in as well. */
static void long_parameters_are_several_records(void **state)
{
    (void)state;
    enum { LONG = 62000, N = 16 };
    struct core *c = realm();
    struct msg_request items[N];
    struct buf params = {0};
    struct pack p;
    pack_init(&p, &params);
    pack_map(&p);
    char *text = xalloc(LONG + 1);
    memset(text, 'x', LONG);
    pack_put_text(&p, "p", text);
    pack_end(&p);
    for (size_t i = 0; i < N; i++)
        items[i] = REQUEST(.action = BYTES("echo"), .params = buf_bytes(&params));
    struct msg_submit m = {.ref = BYTES("1"), .client = BYTES("cli"), .items = {items, N}};
    core_send(c, CLIENT, MSG_submit, &m);
    core_turn(c);
    assert_int_equal(records(c, REC_sheaf), 2);
    core_restart(c); /* each of them can be read */
    assert_int_equal(c->h->work.n_tasks, N);
    free(text);
    buf_done(&params);
    core_free(c);
}

/* Whoever names one wakes it; it keeps its place. */
static void one_that_is_named_wakes(void **state)
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    submit_many(c, MANY);
    assert_why(c, "t-7", "no live agent");
    assert_int_equal(asleep(c), MANY - 2);
    core_ask(c, CLIENT, true, "cancel", core_args(&args, "id", "t-3", NULL));
    assert_state(c, "t-3", "CANCELLED");
    assert_int_equal(records(c, REC_left), 1);
    struct msg_reply *reply = core_ask(c, CLIENT, false, "tasks", core_args(&args, "limit", "4", NULL));
    assert_int_equal(map_int(reply->data, "total", 0), MANY - 1);
    struct value list = map_get(reply->data, "tasks");
    struct walk walk = walk_of(list.whole);
    struct value item;
    static const char *const expected[] = {"t-1", "t-2", "t-4", "t-5"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(walk_item(&walk, &item));
        assert_true(bytes_is(map_str(item.whole, "id", ""), expected[i]));
    }
    join_many(c, 1, "a1", "echo", MANY);
    for (size_t i = 0; i < MANY; i++)
        if (i != 2)
            assert_true(was_given(c, 1, id_of(i), 1));
    assert_null(given(c, 1));
    buf_done(&args);
    core_free(c);
}

static void all_are_cancelled_at_once(void **state)
{
    (void)state;
    struct core *c = realm();
    struct buf args = {0};
    submit_many(c, MANY);
    struct msg_reply *reply = core_ask(c, CLIENT, true, "cancel", core_args(&args, "all", "true", NULL));
    assert_int_equal(map_int(reply->data, "cancelled", 0), MANY);
    assert_int_equal(c->h->work.n_tasks, 0);
    assert_int_equal(records(c, REC_sheaf) + records(c, REC_left), 0);
    buf_done(&args);
    core_free(c);
}

/* After a restart the same sleep, the same run, in the same order (C1, T5). */
static void a_restart_forgets_none(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many(c, MANY);
    join_many(c, 1, "a1", "echo", 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(was_given(c, 1, id_of(i), 1));
    result(c, 1, "t-2", 1, outcome_COMPLETED);
    assert_true(was_given(c, 1, "t-4", 1));
    core_restart(c);
    assert_int_equal(c->h->work.n_tasks, MANY - 1);
    assert_state(c, "t-1", "IN_PROGRESS");
    assert_state(c, "t-4", "IN_PROGRESS");
    assert_state(c, "t-5", "PENDING");
    assert_int_equal(task_find(c->h, BYTES("t-1"))->r.attempt, 1);
    assert_string_equal(task_find(c->h, BYTES("t-1"))->r.holder.at, "a1");
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, 3);
    struct bytes holds[] = {BYTES("t-1/1"), BYTES("t-3/1"), BYTES("t-4/1")};
    hello.holds = (struct seq){holds, 3};
    core_send(c, 1, MSG_hello, &hello);
    c->beating[1] = true;
    core_turn(c);
    assert_null(given(c, 1)); /* nothing is given twice */
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(result(c, 1, (const char *[]){"t-1", "t-3", "t-4"}[i], 1, outcome_COMPLETED), "ok");
    for (size_t i = 4; i < MANY; i++) {
        assert_true(was_given(c, 1, id_of(i), 1));
        result(c, 1, id_of(i), 1, outcome_COMPLETED);
    }
    assert_int_equal(c->h->work.n_tasks, 0);
    assert_int_equal(records(c, REC_sheaf) + records(c, REC_left) + records(c, REC_grant), 0);
    core_free(c);
}

/* What changes gets a record of its own; an older grant says nothing of its next attempt (T6). */
static void a_failed_one_moves_out(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many_as(c, REQUEST(.action = BYTES("echo"), .backoff_ms = 1000), MANY);
    join_many(c, 1, "a1", "echo", 3);
    for (size_t i = 0; i < 3; i++)
        given(c, 1);
    result(c, 1, "t-1", 1, outcome_FAILED);
    assert_int_equal(records(c, REC_task), 1);
    given(c, 1); /* t-4 */
    core_restart(c);
    assert_state(c, "t-1", "RETRYING");
    assert_state(c, "t-2", "IN_PROGRESS");
    struct msg_action echo = {.name = BYTES("echo")};
    struct msg_hello hello = hello_of("a1", &echo, MANY);
    struct bytes holds[] = {BYTES("t-2/1"), BYTES("t-3/1"), BYTES("t-4/1")};
    hello.holds = (struct seq){holds, 3};
    core_send(c, 1, MSG_hello, &hello);
    c->beating[1] = true;
    core_turn(c);
    core_forget_said(c);
    core_pass(c, 1500);
    assert_state(c, "t-1", "IN_PROGRESS");
    assert_int_equal(task_find(c->h, BYTES("t-1"))->r.attempt, 2);
    core_restart(c); /* the first grant still tells of t-1/1, the newest of t-1/2 */
    assert_int_equal(task_find(c->h, BYTES("t-1"))->r.attempt, 2);
    assert_state(c, "t-1", "IN_PROGRESS");
    core_free(c);
}

/* All of them have the same limits, and none is late (T4). */
static void their_time_runs_out_together(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many_as(c, REQUEST(.action = BYTES("echo"), .queue_ms = 5000), MANY);
    core_pass(c, 4900);
    assert_int_equal(c->h->work.n_tasks, MANY);
    core_pass(c, 110);
    assert_int_equal(c->h->work.n_tasks, 0);
    assert_int_equal(c->h->counters.failed, MANY);
    core_free(c);
}

/* Their turns come as if each stood in the queue: the older of another submit goes between (T8, T13). */
static void the_order_is_that_of_the_queue(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many(c, 4);
    submit(c, REQUEST(.action = BYTES("echo")));                /* t-5 */
    submit_many_as(c, REQUEST(.action = BYTES("echo")), 4);     /* t-6 … t-9 */
    submit_as(c, CLIENT, "other", REQUEST());                   /* t-10: another's turn */
    submit(c, (struct msg_request){.priority = 0}); /* t-11 */
    static const char *const expected[] = {"t-11", "t-1", "t-10", "t-2", "t-3", "t-4", "t-5", "t-6"};
    join_many(c, 1, "a1", "echo", ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_true(was_given(c, 1, expected[i], 1));
    core_free(c);
}

/* One long task does not keep the record of all the others. */
static void the_last_few_move_out(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many(c, 16);
    join_many(c, 1, "a1", "echo", 16);
    for (size_t i = 0; i < 15; i++)
        result(c, 1, id_of(i), 1, outcome_COMPLETED);
    assert_int_equal(records(c, REC_sheaf), 1);
    struct msg_beat beat = {.free = 1, .running = {&(struct msg_running){.task = BYTES("t-16"), .attempt = 1}, 1}};
    for (int i = 0; i < 62; i++, c->now += 1000) {
        core_send(c, 1, MSG_beat, &beat);
        core_turn(c);
    }
    assert_int_equal(records(c, REC_sheaf) + records(c, REC_left), 0);
    assert_int_equal(records(c, REC_task), 1);
    core_restart(c);
    assert_state(c, "t-16", "IN_PROGRESS");
    core_free(c);
}

/* What no controller has written is not led on (C1): nothing is dropped silently. */
static void nonsense_is_refused(void **state)
{
    (void)state;
    struct core *c = realm();
    submit_many(c, MANY);
    struct core_record *r = c->redis;
    while (r->kind != REC_sheaf)
        r = r->hh.next;
    struct bytes whole = {r->value, r->n};
    struct arena arena = {0};
    struct rec_sheaf good, bad[5];
    assert_int_equal(struct_decode(&schema_records[REC_sheaf], whole, &good, &arena, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        bad[i] = good;
    bad[0].n = MANY + 1;
    bad[1].n = MANY - 1;
    bad[2].n = SHEAF_MOST + 1;
    bad[3].id = BYTES("t-2");
    bad[4].params.n--;
    struct helios *h = helios_new(&c->config, 1);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct buf packed = {0};
        struct_encode(&packed, &schema_records[REC_sheaf], &bad[i]);
        assert_int_equal(helios_load(h, REC_sheaf, buf_bytes(&packed)), -EPROTO);
        buf_done(&packed);
    }
    assert_int_equal(helios_load(h, REC_sheaf, whole), 0);
    assert_int_equal(helios_load(h, REC_sheaf, whole), -EPROTO); /* its numbers are taken */
    static const char *const bits[] = {"\x01", "\x01\x00\x00", "\xff\x03"}; /* too few, too many, all */
    for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
        struct rec_left left = {.id = BYTES("t-1"), .bits = {bits[i], i == 0 ? 1 : i == 1 ? 3 : 2}};
        struct buf packed = {0};
        struct_encode(&packed, &schema_records[REC_left], &left);
        assert_int_equal(helios_load(h, REC_left, buf_bytes(&packed)), -EPROTO);
        buf_done(&packed);
    }
    helios_free(h);
    arena_done(&arena);
    core_free(c);
}

static void names_are_read_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "t-", "t", "t-01", "t-1x", "x-1", "t--1", "t-1234567890123456789", "t- 1"};
    uint64_t number;
    char name[24];
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(task_number(bytes_of(bad[i]), &number), -EINVAL);
    assert_int_equal(task_name(name, 1234567890), 12);
    assert_string_equal(name, "t-1234567890");
    assert_int_equal(task_number(bytes_of(name), &number), 0);
    assert_int_equal(number, 1234567890);
    task_name(name, 0);
    assert_string_equal(name, "t-0");
}

/* Sheaves come and go in any order, and a number is always found in its own. */
static void sheaves_are_found_by_number(void **state)
{
    (void)state;
    enum { ALL = 300 };
    static struct sheaf sheaves[ALL];
    struct sheaves all = {0};
    struct rand dice = {11};
    bool in[ALL] = {false};
    for (int i = 0; i < ALL; i++)
        sheaves[i].first = (uint64_t)(10 * i), sheaves[i].n = 4;
    for (int step = 0; step < 20000; step++) {
        size_t i = rand_next(&dice) % ALL;
        if (in[i])
            sheaves_drop(&all, &sheaves[i]);
        else
            sheaves_add(&all, &sheaves[i]);
        in[i] = !in[i];
        size_t k = rand_next(&dice) % ALL;
        assert_ptr_equal(sheaves_of(&all, 10 * k + 3), in[k] ? &sheaves[k] : NULL);
        assert_null(sheaves_of(&all, 10 * k + 4));
        assert_int_equal(sheaves_have_room(&all, 10 * k, 4), !in[k]);
        assert_true(sheaves_have_room(&all, 10 * k + 4, 6));
    }
    free(all.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_are_one_record),
        cmocka_unit_test(few_or_different_ones_are_tasks_of_their_own),
        cmocka_unit_test(a_long_message_is_several),
        cmocka_unit_test(long_parameters_are_several_records),
        cmocka_unit_test(one_that_is_named_wakes),
        cmocka_unit_test(all_are_cancelled_at_once),
        cmocka_unit_test(a_restart_forgets_none),
        cmocka_unit_test(a_failed_one_moves_out),
        cmocka_unit_test(their_time_runs_out_together),
        cmocka_unit_test(the_order_is_that_of_the_queue),
        cmocka_unit_test(the_last_few_move_out),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(names_are_read_strictly),
        cmocka_unit_test(sheaves_are_found_by_number),
    };
    return cmocka_run_group_tests_name("work_sheaf", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Who may say what (Z1): every role with every message, against a table of its own, through the
 * real core; and what a key is good for once it has been proved (Z2, A5). */
#include "proto/rights.h"
#include "work_harness.h"

/* The columns: what a peer may send, and `event`, which it may receive. */
#define SENT(X) X(hello) X(beat) X(results) X(bye) X(submit) X(watch) X(query) X(command) X(samples)
enum column {
#define X(m) COLUMN_##m,
    SENT(X)
#undef X
        COLUMN_event,
    COLUMNS
};

static const bool expected[key_role_COUNT][COLUMNS] = {
    /*                        hello beat results bye  submit watch query command samples event */
    [key_role_controller] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    [key_role_agent] = {1, 1, 1, 1, 0, 0, 0, 0, 1, 0},
    [key_role_client] = {0, 0, 0, 0, 1, 1, 1, 0, 0, 0},
    [key_role_operator] = {0, 0, 0, 0, 1, 1, 1, 1, 0, 1},
    [key_role_observer] = {0, 0, 0, 0, 0, 0, 1, 0, 0, 1},
    [key_role_source] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 0},
    [key_role_signer] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
};

static int column_of(enum msg which)
{
    switch (which) {
#define X(m)                                                                                       \
    case MSG_##m:                                                                                  \
        return COLUMN_##m;
        SENT(X)
        X(event)
#undef X
    default:
        return -1;
    }
}

/* key_of draws the same key for the same number. */
static struct key key_of(enum key_role role, char number, const char *name)
{
    struct key k = {.role = role};
    snprintf(k.name, sizeof(k.name), "%s", name);
    memset(k.public, number, KEY_TEXT - 1);
    return k;
}

static void send_of(struct core *c, int peer, const struct key *who, enum msg which,
                    const void *message)
{
    struct buf body = {0};
    struct routing from = core_route(peer);
    message_encode(&body, which, message);
    helios_message_of(c->h, schema_messages[which].endpoint, &from, who, buf_bytes(&body), c->now);
    core_turn(c);
    buf_done(&body);
}

/* ---- one message of each kind, good enough to have an effect ---- */

static struct msg_action echo = {.name = BYTES("echo")};
static struct msg_request request = {.action = BYTES("echo"), .priority = 2};
static struct msg_result result_ = {.task = BYTES("t-1"), .attempt = 1};
static struct msg_sample sample = {.kpi = BYTES("nobody_knows"), .value = 1, .at = CORE_START};

static const void *message_of(enum msg which)
{
    static struct msg_hello hello;
    static const struct msg_beat beat = {.free = 1};
    static const struct msg_results results = {.items = {&result_, 1}};
    static const struct msg_bye bye = {.reason = BYTES("bored")};
    static const struct msg_submit submit = {
        .ref = BYTES("1"), .client = BYTES("cli"), .items = {&request, 1}};
    static const struct msg_watch watch = {.ref = BYTES("1")};
    static const struct msg_query query = {.ref = BYTES("1"), .what = BYTES("status")};
    static const struct msg_command command = {
        .ref = BYTES("1"), .verb = BYTES("freeze"), .author = BYTES("ada")};
    static const struct msg_samples samples = {.source = BYTES("web1"),
                                               .instance = BYTES("i"),
                                               .first = 1,
                                               .items = {&sample, 1}};
    static const void *const messages[COLUMNS] = {
        [COLUMN_hello] = &hello,
#define X(m) [COLUMN_##m] = &m,
        X(beat) X(results) X(bye) X(submit) X(watch) X(query) X(command) X(samples)
#undef X
    };
    hello = hello_of("web1", &echo, 1);
    return messages[column_of(which)];
}

static void the_table_is_what_was_meant(void **state) /* Z1: every cell */
{
    (void)state;
    for (int role = 0; role < key_role_COUNT; role++) {
        bool connects[ENDPOINTS] = {0};
        for (int m = 0; m < MSG_COUNT; m++) {
            int column = column_of((enum msg)m);
            bool may = column >= 0 && expected[role][column];
            if (rights_may((enum key_role)role, (enum msg)m) != may)
                fail_msg("role %s, message %s: expected %d", enum_text(&enum_key_role, role),
                         schema_messages[m].name, may);
            connects[schema_messages[m].endpoint] |= may;
        }
        for (int e = 0; e < ENDPOINTS; e++)
            assert_int_equal(rights_connect((enum key_role)role, (enum endpoint)e), connects[e]);
    }
}

/* Nobody has a right to what only controllers say; this table has a column for all else. */
static void no_message_is_forgotten(void **state) /* Z1 */
{
    (void)state;
    for (int m = 0; m < MSG_COUNT; m++)
        if (m != MSG_event)
            assert_int_equal(column_of((enum msg)m) >= 0,
                             schema_messages[m].from != FROM_CONTROLLER);
}

/* The answer that says no, for those who wait for one; the others hear nothing. */
static bool heard_no(struct core *c, int peer, enum msg which)
{
    const struct msg_refuse *refuse = core_heard(c, peer, MSG_refuse);
    const struct msg_rejected *rejected = core_heard(c, peer, MSG_rejected);
    const struct msg_reply *reply = core_heard(c, peer, MSG_reply);
    if (which == MSG_hello)
        return refuse && bytes_is(refuse->code, "not_allowed");
    if (which == MSG_submit)
        return rejected &&
               bytes_is(((struct msg_refusal *)rejected->items.at)->code, "not_allowed");
    if (which == MSG_query || which == MSG_command)
        return reply && !reply->ok && bytes_is(reply->code, "not_allowed");
    return refuse == NULL && rejected == NULL && reply == NULL;
}

static void try_one(enum key_role role, enum msg which)
{
    struct core *c = realm();
    const struct key who = key_of(role, 'a', "web1");
    size_t writes = c->n_writes;
    send_of(c, 1, &who, which, message_of(which));
    bool refused = c->h->counters.refused_rights == 1;
    if (refused == rights_may(role, which))
        fail_msg("role %s, message %s: refused %d", enum_text(&enum_key_role, (int)role),
                 schema_messages[which].name, refused);
    if (refused) {
        assert_true(heard_no(c, 1, which));
        assert_non_null(core_event(c, EVENT_peer_refused));
        assert_null(agent_find(c->h, BYTES("web1")));
        assert_null(task_find(c->h, BYTES("t-1")));
        assert_false(c->h->frozen);
        assert_int_equal(c->h->counters.samples_unknown, 0);
        assert_int_equal(c->n_writes, writes);
    }
    core_free(c);
}

static void the_core_does_as_the_table_says(void **state) /* Z1: every cell */
{
    (void)state;
    for (int role = 0; role < key_role_COUNT; role++)
        for (int m = 0; m < MSG_COUNT; m++)
            if (column_of((enum msg)m) >= 0 && m != MSG_event)
                try_one((enum key_role)role, (enum msg)m);
}

/* What only a controller says is taken from nobody, with whatever key. */
static void nobody_plays_the_controller(void **state) /* Z1 */
{
    (void)state;
    for (int role = 0; role < key_role_COUNT; role++) {
        struct core *c = realm();
        const struct key who = key_of((enum key_role)role, 'a', "web1");
        const struct msg_welcome welcome = {.realm = BYTES("helios"), .epoch = 99};
        send_of(c, 1, &who, MSG_welcome, &welcome);
        assert_int_equal(c->h->counters.refused_messages, 1);
        assert_int_equal(c->h->epoch, 1);
        core_free(c);
    }
}

/* A second of refusals is one event, however many there are. */
static void a_flood_of_refusals_is_one_event_a_second(void **state) /* Z1, Z6 */
{
    (void)state;
    struct core *c = realm();
    const struct key who = key_of(key_role_source, 'a', "thermometer");
    core_pass(c, 2000);
    core_forget_said(c);
    for (int i = 0; i < 1000; i++)
        send_of(c, 1, &who, MSG_command, message_of(MSG_command));
    assert_int_equal(c->h->counters.refused_rights, 1000);
    assert_non_null(core_event(c, EVENT_peer_refused));
    assert_null(core_event(c, EVENT_peer_refused));
    core_free(c);
}

/* ---- what a key is good for ---- */

static const struct msg_refuse *greet(struct core *c, int peer, const struct key *who,
                                      const char *agent)
{
    struct msg_hello hello = hello_of(agent, &echo, 1);
    hello.instance = bytes_of(who->public);
    send_of(c, peer, who, MSG_hello, &hello);
    return core_heard(c, peer, MSG_refuse);
}

static void a_key_is_good_for_its_own_agents_only(void **state) /* Z2 */
{
    (void)state;
    struct core *c = realm();
    struct key web = key_of(key_role_agent, 'a', "web1"), db = key_of(key_role_agent, 'b', "db");
    assert_true(bytes_is(greet(c, 1, &web, "db")->code, "not_allowed"));
    assert_null(agent_find(c->h, BYTES("db")));
    assert_null(greet(c, 2, &db, "db"));
    assert_non_null(core_heard(c, 2, MSG_welcome));
    assert_null(greet(c, 3, &web, "web1-7")); /* NAME and NAME-* are its own */
    strcpy(web.agents, "cache-? db*");
    assert_null(greet(c, 4, &web, "cache-1"));
    assert_non_null(greet(c, 5, &web, "web2"));
    core_free(c);
}

/* Two keys may both be good for an id: the older agent keeps it while it lives. */
static void one_id_under_two_keys(void **state) /* A5, Z2 */
{
    (void)state;
    struct core *c = realm();
    struct key one = key_of(key_role_agent, 'a', "w"), two = key_of(key_role_agent, 'b', "w");
    assert_null(greet(c, 1, &one, "w"));
    assert_true(bytes_is(greet(c, 2, &two, "w")->code, "id_in_use"));
    core_free(c);
}

/* A routing id says where an answer goes, not who sent it. */
static void a_stolen_route_is_worth_nothing(void **state) /* Z2, T5 */
{
    (void)state;
    struct core *c = realm();
    struct key one = key_of(key_role_agent, 'a', "w"), thief = key_of(key_role_agent, 'b', "x");
    assert_null(greet(c, 1, &one, "w"));
    const char *id = submit(c, REQUEST());
    struct msg_task *t = given(c, 1);
    assert_true(t && bytes_is(t->id, id));
    struct msg_result r = {.task = bytes_of(id), .attempt = 1, .outcome = outcome_COMPLETED};
    const struct msg_results results = {.items = {&r, 1}};
    send_of(c, 1, &thief, MSG_results, &results);
    assert_string_not_equal(state_of(c, id), "COMPLETED");
    send_of(c, 1, &thief, MSG_bye, &(struct msg_bye){.reason = BYTES("got you")});
    assert_true(agent_find(c->h, BYTES("w"))->live);
    send_of(c, 1, &one, MSG_results, &results);
    assert_state(c, id, "COMPLETED");
    core_free(c);
}

static void another_ones_attempt_is_not_settled(void **state) /* Z2, T5 */
{
    (void)state;
    struct core *c = realm();
    struct key one = key_of(key_role_agent, 'a', "w"), two = key_of(key_role_agent, 'b', "x");
    assert_null(greet(c, 1, &one, "w"));
    const char *id = submit(c, REQUEST());
    assert_true(was_given(c, 1, id, 1));
    assert_null(greet(c, 2, &two, "x"));
    struct msg_result r = {.task = bytes_of(id), .attempt = 1, .outcome = outcome_COMPLETED};
    send_of(c, 2, &two, MSG_results, &(struct msg_results){.items = {&r, 1}});
    assert_string_not_equal(state_of(c, id), "COMPLETED");
    core_free(c);
}

/* Who submits, and who orders, is who has proved it, whatever the message says. */
static void nobody_submits_in_anothers_name(void **state) /* Z2 */
{
    (void)state;
    struct core *c = realm();
    const struct key ada = key_of(key_role_operator, 'a', "ada");
    const struct msg_submit m = {
        .ref = BYTES("1"), .client = BYTES("bob"), .items = {&request, 1}};
    send_of(c, CLIENT, &ada, MSG_submit, &m);
    struct msg_accepted *yes = core_heard(c, CLIENT, MSG_accepted);
    struct task *t = task_find(c->h, ((struct msg_ticket *)yes->items.at)->id);
    assert_true(bytes_is(t->r.client, "ada"));
    core_forget_said(c);
    const struct msg_command order = {
        .ref = BYTES("2"), .verb = BYTES("freeze"), .author = BYTES("bob")};
    send_of(c, CLIENT, &ada, MSG_command, &order);
    assert_true(c->h->frozen);
    struct msg_event *e = core_event(c, EVENT_realm_frozen);
    assert_non_null(memmem(e->text.at, e->text.n, "ada", 3));
    assert_null(memmem(e->text.at, e->text.n, "bob", 3));
    core_free(c);
}

/* The agents of a revoked key are lost in that very turn; other agents are not (Z2). */
static void a_revoked_key_takes_its_agents_along(void **state) /* Z2, A3 */
{
    (void)state;
    struct core *c = realm();
    struct key one = key_of(key_role_agent, 'a', "w"), two = key_of(key_role_agent, 'b', "x");
    assert_null(greet(c, 1, &one, "w"));
    const char *id = submit(c, REQUEST());
    assert_true(was_given(c, 1, id, 1));
    assert_null(greet(c, 2, &two, "x"));
    helios_revoke(c->h, one.public, one.name);
    core_turn(c);
    assert_non_null(core_event(c, EVENT_key_revoked));
    assert_non_null(core_event(c, EVENT_agent_lost));
    assert_false(agent_find(c->h, BYTES("w"))->live);
    assert_true(agent_find(c->h, BYTES("x"))->live);
    core_pass(c, 3000);
    assert_true(was_given(c, 2, id, 2)); /* and what it ran goes elsewhere */
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_what_was_meant),
        cmocka_unit_test(no_message_is_forgotten),
        cmocka_unit_test(the_core_does_as_the_table_says),
        cmocka_unit_test(nobody_plays_the_controller),
        cmocka_unit_test(a_flood_of_refusals_is_one_event_a_second),
        cmocka_unit_test(a_key_is_good_for_its_own_agents_only),
        cmocka_unit_test(one_id_under_two_keys),
        cmocka_unit_test(a_stolen_route_is_worth_nothing),
        cmocka_unit_test(another_ones_attempt_is_not_settled),
        cmocka_unit_test(nobody_submits_in_anothers_name),
        cmocka_unit_test(a_revoked_key_takes_its_agents_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

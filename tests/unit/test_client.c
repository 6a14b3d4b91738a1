/* SPDX-License-Identifier: MPL-2.0 */
/* A client among three controllers on virtual time: who is asked, what is said again, what is told. The controllers are played
 * by hand: they hear what was sent and answer when the test says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client/client.h"
#include "proto/guard.h"

enum { CONTROLLERS = 3, HEARD_MOST = 200, TOLD_MOST = 64 };

struct heard {
    size_t controller;
    enum msg which;
    char ref[48], key[64], id[32];
    size_t items;
};
struct told {
    enum client_what what;
    size_t controller, index;
    uint64_t request, epoch;
    bool known;
    char id[32], code[32];
};
struct world {
    struct client_core c;
    int64_t now;
    struct heard heard[HEARD_MOST];
    struct told told[TOLD_MOST];
    size_t n_heard, n_told;
};

static void copy(char *to, size_t room, struct bytes from)
{
    snprintf(to, room, BYTES_F, BYTES_A(from));
}

static void on_send(void *user, size_t controller, struct bytes body)
{
    struct world *w = user;
    struct heard *h = &w->heard[w->n_heard++];
    struct arena arena = {0};
    union {
        struct msg_submit submit;
        struct msg_watch watch;
        struct msg_query query;
        struct msg_command command;
    } m;
    assert_true(w->n_heard < HEARD_MOST);
    assert_int_equal(guard_check(body), 0);
    *h = (struct heard){.controller = controller, .which = (enum msg)message_which(body)};
    assert_int_equal(message_decode(h->which, body, &m, &arena, NULL), 0);
    copy(h->ref, sizeof(h->ref), m.query.ref); /* the first field of all four */
    if (h->which == MSG_submit) {
        const struct msg_request *first = m.submit.items.at;
        h->items = m.submit.items.n;
        copy(h->key, sizeof(h->key), first->key);
    } else if (h->which == MSG_watch) {
        h->items = m.watch.ids.n;
        copy(h->id, sizeof(h->id), *(struct bytes *)m.watch.ids.at);
    }
    arena_done(&arena);
}

static void on_tell(void *user, const struct client_event *e)
{
    struct world *w = user;
    struct told *t = &w->told[w->n_told++];
    assert_true(w->n_told < TOLD_MOST);
    *t = (struct told){e->what, e->controller, e->index, e->request, e->epoch, e->known, "", ""};
    copy(t->id, sizeof(t->id), e->ended ? e->ended->id : e->id);
    copy(t->code, sizeof(t->code), e->reply ? e->reply->code : e->code);
}

static const struct client_calls calls = {on_send, on_tell};

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    w->now = 1000000;
    client_init(&w->c, "test", CONTROLLERS, 7, &calls, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    client_done(&w->c);
    free(w);
    return 0;
}

/* pass lets time go by, tick after tick, as an owner's loop does. */
static void pass(struct world *w, int64_t ms)
{
    int64_t end = w->now + ms;
    for (;;) {
        int64_t due = client_tick(&w->c, w->now);
        if (due > end)
            break;
        w->now = MAX(due, w->now + 1);
    }
    w->now = end;
}

static void say(struct world *w, size_t controller, enum msg which, const void *message)
{
    struct buf body = {0};
    message_encode(&body, which, message);
    client_message(&w->c, controller, buf_bytes(&body), w->now);
    buf_done(&body);
    client_tick(&w->c, w->now);
}

/* stands: a controller answers a hail; epoch 0: it stands by. */
static void stands(struct world *w, size_t controller, uint64_t epoch)
{
    say(w, controller, MSG_reply,
        &(struct msg_reply){.ref = BYTES("hail"), .ok = true, .epoch = epoch});
}

static void accept(struct world *w, size_t controller, const char *ref, const char *id, bool known)
{
    struct msg_ticket ticket = {0, bytes_of(id), known};
    say(w, controller, MSG_accepted,
        &(struct msg_accepted){bytes_of(ref), {&ticket, 1}, w->c.epoch});
}

static void reject(struct world *w, size_t controller, const char *ref, const char *code)
{
    struct msg_refusal refusal = {0, bytes_of(code), BYTES("because")};
    say(w, controller, MSG_rejected, &(struct msg_rejected){bytes_of(ref), {&refusal, 1}});
}

static void done(struct world *w, size_t controller, const char *id)
{
    struct msg_ended ended = {.id = bytes_of(id), .state = task_state_COMPLETED};
    say(w, controller, MSG_done, &(struct msg_done){{&ended, 1}});
}

static size_t heard(const struct world *w, size_t controller, enum msg which)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_heard; i++)
        n += w->heard[i].controller == controller && w->heard[i].which == which;
    return n;
}

static const struct heard *last(const struct world *w, enum msg which)
{
    for (size_t i = w->n_heard; i-- > 0;)
        if (w->heard[i].which == which)
            return &w->heard[i];
    fail_msg("it was never said");
    return NULL;
}

static size_t told(const struct world *w, enum client_what what)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_told; i++)
        n += w->told[i].what == what;
    return n;
}

static const struct told *newest(const struct world *w, enum client_what what)
{
    for (size_t i = w->n_told; i-- > 0;)
        if (w->told[i].what == what)
            return &w->told[i];
    fail_msg("it was never told");
    return NULL;
}

static uint64_t submit(struct world *w, const char *key, int64_t patience)
{
    struct msg_request r;
    struct_defaults(part_schema("request"), &r);
    r.action = BYTES("echo");
    r.key = bytes_of(key);
    uint64_t number = client_submit(&w->c, &r, 1, true, patience, w->now);
    client_tick(&w->c, w->now);
    return number;
}

static uint64_t ask(struct world *w, bool command, bool everyone)
{
    struct client_question q = {command, everyone, BYTES("status"), {0}, BYTES("me")};
    uint64_t number = client_put(&w->c, &q, 5000, w->now);
    client_tick(&w->c, w->now);
    return number;
}

/* ---- who leads */

static void only_the_leader_is_asked(void **state) /* L4 */
{
    struct world *w = *state;
    submit(w, "j1", 5000);
    for (size_t i = 0; i < CONTROLLERS; i++)
        assert_int_equal(heard(w, i, MSG_query), 1);
    assert_int_equal(heard(w, 0, MSG_submit) + heard(w, 1, MSG_submit) + heard(w, 2, MSG_submit),
                     0);
    stands(w, 0, 0);
    stands(w, 1, 4);
    assert_int_equal(heard(w, 1, MSG_submit), 1);
    accept(w, 1, last(w, MSG_submit)->ref, "t-1", false);
    assert_string_equal(newest(w, CLIENT_ACCEPTED)->id, "t-1");
    assert_int_equal(heard(w, 0, MSG_submit) + heard(w, 2, MSG_submit), 0);
    assert_false(newest(w, CLIENT_LED)->known);
}

static void a_lower_epoch_is_not_believed(void **state) /* L4 */
{
    struct world *w = *state;
    ask(w, false, false);
    stands(w, 1, 4);
    stands(w, 0, 3); /* was deposed, and does not know it yet */
    struct msg_reply stale = {.ref = bytes_of(last(w, MSG_query)->ref), .ok = true, .epoch = 3};
    say(w, 0, MSG_reply, &stale);
    assert_int_equal(told(w, CLIENT_ANSWERED), 0);
    assert_int_equal(w->c.leader, 1);
    stands(w, 2, 5);
    assert_int_equal(w->c.leader, 2);
    assert_int_equal(heard(w, 2, MSG_query), 2); /* the hail, and the open question at once */
    assert_true(newest(w, CLIENT_LED)->known);
}

static void a_silent_leader_is_left_after_a_second(void **state) /* L4 */
{
    struct world *w = *state;
    submit(w, "j1", 60000);
    stands(w, 0, 1);
    const char *key = last(w, MSG_submit)->key;
    pass(w, 900);
    assert_int_equal(heard(w, 1, MSG_query), 1);
    pass(w, 800);
    assert_true(heard(w, 1, MSG_query) > 1);
    stands(w, 1, 2);
    assert_int_equal(heard(w, 1, MSG_submit), 1);
    assert_string_equal(last(w, MSG_submit)->key, key);
    assert_string_equal(key, "j1");
}

static void a_leader_that_answers_is_not_left(void **state)
{
    struct world *w = *state;
    submit(w, "j1", 60000);
    stands(w, 0, 1);
    for (int i = 0; i < 100; i++) {
        pass(w, 100);
        stands(w, 0, 1);
    }
    assert_int_equal(w->c.leader, 0);
    assert_int_equal(heard(w, 1, MSG_query), 1);
    assert_in_range(heard(w, 0, MSG_submit), 3, 5); /* again, less and less often */
}

static void one_who_leads_and_refuses_is_not_asked_in_a_flood(void **state)
{
    struct world *w = *state;
    submit(w, "j1", 5000);
    stands(w, 0, 3);
    for (size_t i = 0, hails = heard(w, 0, MSG_query); i < 100;
         i++, hails = heard(w, 0, MSG_query)) {
        reject(w, 0, last(w, MSG_submit)->ref, "not_leader");
        pass(w, 10);
        if (heard(w, 0, MSG_query) > hails)
            stands(w, 0, 3);
    }
    assert_in_range(heard(w, 0, MSG_submit), 5, 25);
}

/* ---- submits */

static void a_drawn_key_stays_the_same(void **state) /* T3 */
{
    struct world *w = *state;
    char key[64];
    submit(w, "", 60000);
    stands(w, 0, 1);
    memcpy(key, last(w, MSG_submit)->key, sizeof(key));
    assert_int_equal(strlen(key), 32);
    pass(w, 1700);
    stands(w, 2, 2);
    assert_int_equal(heard(w, 2, MSG_submit), 1);
    assert_string_equal(last(w, MSG_submit)->key, key);
    accept(w, 2, last(w, MSG_submit)->ref, "t-1", true); /* the first leader had taken it */
    assert_false(newest(w, CLIENT_ACCEPTED)->known);     /* but nobody else has this key */
    submit(w, "", 60000);
    assert_string_not_equal(last(w, MSG_submit)->key, key);
}

static void busy_and_full_are_tried_again(void **state) /* C5 */
{
    struct world *w = *state;
    submit(w, "j1", 60000);
    stands(w, 0, 1);
    reject(w, 0, last(w, MSG_submit)->ref, "busy");
    assert_int_equal(told(w, CLIENT_REFUSED), 0);
    assert_int_equal(heard(w, 0, MSG_submit), 1);
    pass(w, 150);
    assert_int_equal(heard(w, 0, MSG_submit), 2);
    reject(w, 0, last(w, MSG_submit)->ref, "full");
    stands(w, 0, 1);
    pass(w, 1);
    assert_int_equal(heard(w, 0, MSG_submit), 2); /* a longer pause than before */
    pass(w, 400);
    accept(w, 0, last(w, MSG_submit)->ref, "t-1", false);
    assert_int_equal(told(w, CLIENT_ACCEPTED), 1);
}

static void a_refusal_for_good_is_told(void **state)
{
    struct world *w = *state;
    uint64_t number = submit(w, "j1", 60000);
    stands(w, 0, 1);
    reject(w, 0, last(w, MSG_submit)->ref, "key_reused");
    assert_string_equal(newest(w, CLIENT_REFUSED)->code, "key_reused");
    assert_int_equal(newest(w, CLIENT_REFUSED)->request, number);
    assert_true(client_idle(&w->c));
    reject(w, 0, last(w, MSG_submit)->ref, "key_reused"); /* twice on its way */
    assert_int_equal(told(w, CLIENT_REFUSED), 1);
}

static void what_was_taken_is_not_sent_again(void **state) /* T3 */
{
    struct world *w = *state;
    struct msg_request items[3];
    for (size_t i = 0; i < 3; i++) {
        struct_defaults(part_schema("request"), &items[i]);
        items[i].action = BYTES("echo");
    }
    client_submit(&w->c, items, 3, false, 60000, w->now);
    client_tick(&w->c, w->now);
    stands(w, 0, 1);
    char old[48];
    memcpy(old, last(w, MSG_submit)->ref, sizeof(old));
    struct msg_ticket ticket = {1, BYTES("t-1"), false};
    struct msg_refusal refusals[] = {{0, BYTES("full"), BYTES("")}, {2, BYTES("full"), BYTES("")}};
    say(w, 0, MSG_accepted, &(struct msg_accepted){bytes_of(old), {&ticket, 1}, 1});
    say(w, 0, MSG_rejected, &(struct msg_rejected){bytes_of(old), {refusals, 2}});
    assert_int_equal(newest(w, CLIENT_ACCEPTED)->index, 1);
    pass(w, 150);
    assert_int_equal(last(w, MSG_submit)->items, 2);
    say(w, 0, MSG_accepted,
        &(struct msg_accepted){
            bytes_of(old), {&ticket, 1}, 1}); /* index 1 of then is not that of now */
    assert_int_equal(told(w, CLIENT_ACCEPTED), 1);
    say(w, 0, MSG_accepted,
        &(struct msg_accepted){bytes_of(last(w, MSG_submit)->ref), {&ticket, 1}, 1});
    assert_int_equal(newest(w, CLIENT_ACCEPTED)->index, 2);
}

static void patience_ends_with_the_last_refusal(void **state)
{
    struct world *w = *state;
    submit(w, "j1", 3000);
    stands(w, 0, 1);
    reject(w, 0, last(w, MSG_submit)->ref, "busy");
    pass(w, 3000);
    assert_string_equal(newest(w, CLIENT_EXPIRED)->code, "busy");
    submit(w, "j2", 3000);
    pass(w, 3000);
    assert_string_equal(newest(w, CLIENT_EXPIRED)->code, ""); /* nobody is there */
    submit(w, "j3", 3000);
    for (int i = 0; i < 30; i++) {
        pass(w, 100);
        stands(w, 1, 0);
    }
    assert_string_equal(newest(w, CLIENT_EXPIRED)->code, "not_leader");
    assert_int_equal(told(w, CLIENT_EXPIRED), 3);
    assert_int_equal(client_tick(&w->c, w->now), INT64_MAX);
}

/* ---- watches */

static void done_is_told_once(void **state)
{
    struct world *w = *state;
    submit(w, "j1", 60000);
    stands(w, 0, 1);
    accept(w, 0, last(w, MSG_submit)->ref, "t-1", false);
    done(w, 0, "t-1");
    done(w, 0, "t-1");
    done(w, 0, "t-9");
    assert_int_equal(told(w, CLIENT_ENDED), 1);
    assert_string_equal(newest(w, CLIENT_ENDED)->id, "t-1");
    assert_true(client_idle(&w->c));
}

static void watches_follow_the_leader(void **state) /* L4 */
{
    struct world *w = *state;
    submit(w, "j1", 60000);
    stands(w, 0, 1);
    accept(w, 0, last(w, MSG_submit)->ref, "t-1", false);
    pass(w, 1700); /* nothing but the hails tells that it is gone */
    stands(w, 1, 2);
    assert_int_equal(heard(w, 1, MSG_watch), 1);
    assert_string_equal(last(w, MSG_watch)->id, "t-1");
    done(w, 1, "t-1");
    assert_int_equal(told(w, CLIENT_ENDED), 1);
}

static void many_watches_are_said_in_several_messages(void **state)
{
    struct world *w = *state;
    struct bytes ids[300];
    char texts[300][8];
    for (size_t i = 0; i < 300; i++) {
        snprintf(texts[i], sizeof(texts[i]), "t-%zu", i);
        ids[i] = bytes_of(texts[i]);
    }
    client_watch(&w->c, ids, 300, w->now);
    client_watch(&w->c, ids, 1, w->now); /* known already */
    client_tick(&w->c, w->now);
    stands(w, 0, 1);
    size_t n = 0;
    for (size_t i = 0; i < w->n_heard; i++)
        n += w->heard[i].which == MSG_watch ? w->heard[i].items : 0;
    assert_int_equal(n, 300);
    assert_int_equal(heard(w, 0, MSG_watch), 2);
}

/* ---- questions */

static void a_question_is_asked_at_the_next_leader(void **state)
{
    struct world *w = *state;
    uint64_t number = ask(w, false, false);
    stands(w, 0, 1);
    struct msg_reply no = {.ref = bytes_of(last(w, MSG_query)->ref), .code = BYTES("not_leader")};
    char ref[48];
    memcpy(ref, last(w, MSG_query)->ref, sizeof(ref));
    no.ref = bytes_of(ref);
    say(w, 0, MSG_reply, &no);
    assert_int_equal(told(w, CLIENT_ANSWERED), 0);
    pass(w, 50);
    stands(w, 2, 2);
    say(w, 2, MSG_reply, &(struct msg_reply){.ref = bytes_of(ref), .ok = true, .epoch = 2});
    assert_int_equal(newest(w, CLIENT_ANSWERED)->request, number);
    assert_int_equal(newest(w, CLIENT_ANSWERED)->controller, 2);
    assert_true(client_idle(&w->c));
}

static void a_command_is_not_said_twice_to_one_that_may_have_it(void **state)
{
    struct world *w = *state;
    ask(w, true, false);
    stands(w, 0, 1);
    for (int i = 0; i < 30; i++) {
        pass(w, 100);
        stands(w, 0, 1);
    }
    assert_int_equal(heard(w, 0, MSG_command), 1);
    pass(w, 1700);
    stands(w, 1, 2);
    assert_int_equal(heard(w, 1, MSG_command), 1);
    char ref[48];
    memcpy(ref, last(w, MSG_command)->ref, sizeof(ref));
    say(w, 1, MSG_reply,
        &(struct msg_reply){.ref = bytes_of(ref), .code = BYTES("busy"), .epoch = 2});
    pass(w, 150);
    assert_int_equal(heard(w, 1, MSG_command), 2);
}

static void everyone_is_asked_and_the_missing_are_named(void **state) /* X10 */
{
    struct world *w = *state;
    uint64_t number = ask(w, true, true);
    for (size_t i = 0; i < CONTROLLERS; i++)
        assert_int_equal(heard(w, i, MSG_command), 1);
    char ref[48];
    memcpy(ref, last(w, MSG_command)->ref, sizeof(ref));
    for (size_t i = 0; i < 2; i++) {
        struct msg_reply m = {.ref = bytes_of(ref), .ok = true, .epoch = i};
        say(w, i, MSG_reply, &m);
        say(w, i, MSG_reply, &m);
    }
    assert_int_equal(told(w, CLIENT_ANSWERED), 2);
    pass(w, 5000);
    assert_int_equal(told(w, CLIENT_EXPIRED), 1);
    assert_int_equal(newest(w, CLIENT_EXPIRED)->controller, 2);
    assert_int_equal(newest(w, CLIENT_EXPIRED)->request, number);
    assert_int_equal(heard(w, 0, MSG_command), 1);
    assert_true(heard(w, 2, MSG_command) > 1);
}

static void strange_bytes_change_nothing(void **state) /* Z6 */
{
    struct world *w = *state;
    submit(w, "j1", 5000);
    stands(w, 0, 1);
    client_message(&w->c, 0, BYTES("\xff\x00nonsense"), w->now);
    client_message(&w->c, 99, BYTES("\x80"), w->now);
    accept(w, 0, "nothing.like.it", "t-1", false);
    accept(w, 0, "77.1", "t-1", false);
    struct msg_ticket far = {999999, BYTES("t-1"), false};
    say(w, 0, MSG_accepted,
        &(struct msg_accepted){bytes_of(last(w, MSG_submit)->ref), {&far, 1}, 1});
    assert_int_equal(told(w, CLIENT_ACCEPTED), 0);
    assert_false(client_idle(&w->c));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(only_the_leader_is_asked),
        T(a_lower_epoch_is_not_believed),
        T(a_silent_leader_is_left_after_a_second),
        T(a_leader_that_answers_is_not_left),
        T(one_who_leads_and_refuses_is_not_asked_in_a_flood),
        T(a_drawn_key_stays_the_same),
        T(busy_and_full_are_tried_again),
        T(a_refusal_for_good_is_told),
        T(what_was_taken_is_not_sent_again),
        T(patience_ends_with_the_last_refusal),
        T(done_is_told_once),
        T(watches_follow_the_leader),
        T(many_watches_are_said_in_several_messages),
        T(a_question_is_asked_at_the_next_leader),
        T(a_command_is_not_said_twice_to_one_that_may_have_it),
        T(everyone_is_asked_and_the_missing_are_named),
        T(strange_bytes_change_nothing),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}

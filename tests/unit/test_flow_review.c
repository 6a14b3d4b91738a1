/* SPDX-License-Identifier: MPL-2.0 */
/* Reviews on the real core: seats, votes, decisions, deadlines, and a restart in every state (V1 to V5). */
#include "realm_harness.h"

#include "orchestrator/flow/review.h"
#include "orchestrator/core/verb.h"

#define CLIENT 50
#define SEATS 3

static struct set_committee committee;
static struct bytes names[] = {{"r1", 2}, {"r2", 2}, {"r3", 2}};

static struct core *court_of(struct set_committee k)
{
    struct core *c = core_new();
    committee = k;
    committee.name = BYTES("quality");
    committee.action = BYTES("judge");
    committee.swarm = committee.role = BYTES("");
    if (committee.deadline_ms == 0)
        committee.deadline_ms = 10000;
    c->config.committees = (struct seq){&committee, 1};
    core_lead(c);
    core_turn(c);
    core_forget_said(c);
    return c;
}

#define RULE .quorum = 100, .threshold = 50, .seats = SEATS
#define NAMED RULE, .agents = {names, SEATS}

static void join(struct core *c, int peer, unsigned slots)
{
    char id[8];
    snprintf(id, sizeof(id), "r%d", peer);
    struct msg_action offered = {.name = BYTES("judge")};
    struct msg_hello hello = {.agent = bytes_of(id),
                              .instance = BYTES("1"),
                              .swarm = BYTES("court"),
                              .slots = slots,
                              .actions = {&offered, 1}};
    core_send(c, peer, MSG_hello, &hello);
    c->beating[peer] = true;
    core_turn(c);
}

static struct core *court(struct set_committee k)
{
    struct core *c = court_of(k);
    for (int peer = 1; peer <= SEATS; peer++)
        join(c, peer, 2);
    return c;
}

static void join_again(struct core *c, int peer, const struct msg_task *held)
{
    char id[8], holds[40];
    snprintf(id, sizeof(id), "r%d", peer);
    struct msg_action offered = {.name = BYTES("judge")};
    struct msg_hello hello = {.agent = bytes_of(id),
                              .instance = BYTES("1"),
                              .swarm = BYTES("court"),
                              .slots = 2,
                              .epoch = c->epoch - 1,
                              .actions = {&offered, 1}};
    struct bytes one = {0};
    if (held) {
        snprintf(holds, sizeof(holds), BYTES_F "/%llu", BYTES_A(held->id), (unsigned long long)held->attempt);
        one = bytes_of(holds);
        hello.holds = (struct seq){&one, 1};
    }
    core_send(c, peer, MSG_hello, &hello);
    c->beating[peer] = true;
    core_turn(c);
}

/* start orders a review of {"video": "v.mp4"} and answers its id. */
static const char *start(struct core *c)
{
    static char id[16];
    struct buf args = {0};
    struct pack p;
    pack_init(&p, &args);
    pack_map(&p);
    pack_put_text(&p, "committee", "quality");
    pack_key(&p, "subject");
    pack_map(&p);
    pack_put_text(&p, "video", "v.mp4");
    pack_end(&p);
    pack_end(&p);
    struct msg_reply *reply = core_ask(c, CLIENT, true, "review_start", &args);
    buf_done(&args);
    assert_true(reply->ok);
    snprintf(id, sizeof(id), BYTES_F, BYTES_A(map_str(reply->data, "id", "")));
    return id;
}

/* asked gives the task that a seat's agent was given; NULL when it was given none. */
static struct msg_task *asked(struct core *c, int peer)
{
    struct msg_tasks *tasks = core_heard(c, peer, MSG_tasks);
    if (tasks == NULL)
        return NULL;
    assert_int_equal(tasks->items.n, 1);
    return tasks->items.at;
}

static void answer(struct core *c, int peer, const struct msg_task *t, enum outcome outcome, struct bytes data)
{
    struct msg_result r = {.task = t->id,
                           .attempt = t->attempt,
                           .outcome = outcome,
                           .data = data,
                           .error = bytes_of(outcome == outcome_COMPLETED ? "" : "no luck")};
    struct msg_results m = {.items = {&r, 1}};
    core_send(c, peer, MSG_results, &m);
    core_turn(c);
}

static void say_vote(struct core *c, int peer, const struct msg_task *t, const char *vote, double score)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_text(&p, "vote", vote);
    if (score >= 0)
        pack_put_num(&p, "score", score);
    pack_put_text(&p, "reason", "I have seen it");
    pack_end(&p);
    answer(c, peer, t, outcome_COMPLETED, buf_bytes(&data));
    buf_done(&data);
}

/* votes takes the task of an agent and votes. */
static void votes(struct core *c, int peer, const char *vote, double score)
{
    struct msg_task *t = asked(c, peer);
    assert_non_null(t);
    say_vote(c, peer, t, vote, score);
}

static const struct review *review(struct core *c, const char *id)
{
    const struct review *v = review_find(c->h, bytes_of(id));
    assert_non_null(v);
    return v;
}

#define assert_review(c, id, expected, why)                                                        \
    do {                                                                                           \
        assert_string_equal(enum_text(&enum_review_state, (int)review(c, id)->r.state), expected); \
        assert_string_equal(review(c, id)->r.reason.n ? review(c, id)->r.reason.at : "", why);     \
    } while (0)

static size_t live_tasks(struct core *c)
{
    return c->h->work.n_tasks;
}

/* ---- V1 ---- */

static void v1_each_seat_is_asked_once_with_the_subject(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    const char *id = start(c);
    for (int peer = 1; peer <= SEATS; peer++) {
        struct msg_task *t = asked(c, peer);
        assert_non_null(t);
        assert_true(bytes_is(t->action, "judge"));
        assert_true(bytes_is(map_str(t->params, "video", ""), "v.mp4"));
        assert_null(asked(c, peer));
        answer(c, peer, t, outcome_FAILED, (struct bytes){0});
    }
    assert_review(c, id, "REJECTED", "no quorum");
    core_pass(c, 120000);
    for (int peer = 1; peer <= SEATS; peer++)
        assert_null(asked(c, peer));
    core_free(c);
}

static void v1_the_committees_own_parameters_lie_below_the_subject(void **state)
{
    (void)state;
    struct buf own = {0};
    struct core *c = court_of((struct set_committee){NAMED});
    committee.params = buf_bytes(core_args(&own, "look_at", "sound", "video", "none", NULL));
    join(c, 1, 1);
    start(c);
    struct msg_task *t = asked(c, 1);
    assert_true(bytes_is(map_str(t->params, "look_at", ""), "sound"));
    assert_true(bytes_is(map_str(t->params, "video", ""), "v.mp4"));
    core_free(c);
    buf_done(&own);
}

static void v1_different_agents_where_there_are_enough(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){RULE});
    join(c, 4, 2);
    join(c, 5, 2);
    unsigned asked_of[6] = {0};
    for (int i = 0; i < 5; i++) {
        unsigned seats = 0;
        start(c);
        for (int peer = 1; peer <= 5; peer++) {
            struct msg_task *t = asked(c, peer);
            if (t == NULL)
                continue;
            seats++;
            asked_of[peer]++;
            say_vote(c, peer, t, "abstain", -1);
        }
        assert_int_equal(seats, SEATS);
    }
    for (int peer = 1; peer <= 5; peer++)
        assert_in_range(asked_of[peer], 2, 4); /* and they take turns */
    core_free(c);
}

static void v1_too_few_agents_take_more_seats(void **state)
{
    (void)state;
    struct core *c = court_of((struct set_committee){RULE});
    join(c, 1, 1);
    const char *id = start(c);
    for (int i = 0; i < SEATS - 1; i++)
        votes(c, 1, "yes", 80);
    assert_review(c, id, "OPEN", "");
    votes(c, 1, "no", 20);
    assert_review(c, id, "APPROVED", "agreed");
    for (int i = 0; i < SEATS; i++)
        assert_string_equal(review(c, id)->seats[i].agent, "r1");
    core_free(c);
}

/* Nobody is there yet: the seats are for whoever comes. */
static void v1_agents_may_come_later(void **state)
{
    (void)state;
    struct core *c = court_of((struct set_committee){RULE});
    const char *id = start(c);
    core_pass(c, 3000);
    for (int peer = 1; peer <= SEATS; peer++)
        join(c, peer, 1);
    for (int peer = 1; peer <= SEATS; peer++)
        votes(c, peer, "yes", 90);
    assert_review(c, id, "APPROVED", "agreed");
    assert_string_equal(review(c, id)->seats[2].agent, "r3");
    core_free(c);
}

/* r1 was picked, and is lost: r4, who has no seat yet, is asked in its place. */
static void v1_another_is_asked_for_one_that_is_gone(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){RULE});
    const char *id = start(c);
    for (int peer = 2; peer <= SEATS; peer++)
        votes(c, peer, "abstain", -1);
    struct msg_task *first = asked(c, 1);
    join(c, 4, 1);
    assert_null(asked(c, 4));
    c->beating[1] = false;
    core_pass(c, 4000);
    struct msg_task *again = asked(c, 4);
    assert_non_null(again);
    assert_true(bytes_is(map_str(again->params, "video", ""), "v.mp4"));
    assert_int_equal(live_tasks(c), 1);
    say_vote(c, 1, first, "no", 0); /* it comes too late: nobody waits for it */
    assert_review(c, id, "OPEN", "");
    core_cut(c);
    core_restart(c);
    join_again(c, 4, again);
    say_vote(c, 4, again, "yes", 90);
    assert_review(c, id, "APPROVED", "agreed");
    core_free(c);
}

static void v1_named_seats_are_for_nobody_else(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    start(c);
    join(c, 4, 1);
    c->beating[1] = false;
    core_pass(c, 4000);
    assert_null(asked(c, 4));
    core_free(c);
}

/* The one who had the seat is lost; the next one votes in its place, and is named for it. */
static void v1_who_votes_is_named(void **state)
{
    (void)state;
    struct core *c = court_of((struct set_committee){RULE});
    committee.seats = 1;
    const char *id = start(c);
    join(c, 1, 1);
    assert_non_null(asked(c, 1));
    assert_string_equal(review(c, id)->seats[0].agent, "r1");
    c->beating[1] = false;
    core_pass(c, 4000);
    core_cut(c);
    core_restart(c);
    join(c, 2, 1);
    votes(c, 2, "yes", 90);
    assert_review(c, id, "APPROVED", "agreed");
    assert_string_equal(review(c, id)->seats[0].agent, "r2");
    assert_int_equal(reviews_of(c->h)->n_any, 0);
    core_free(c);
}

/* ---- V2 ---- */

static void v2_nonsense_is_no_vote(void **state)
{
    (void)state;
    struct buf args = {0};
    const struct {
        const char *key, *value;
    } nonsense[] = {{"vote", "perhaps"}, {"vote", "missing"}, {"vote", "1"}, {"score", "50"}, {"vote", ""}};
    for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
        struct core *c = court((struct set_committee){NAMED});
        const char *id = start(c);
        struct msg_task *t = asked(c, 1);
        answer(c, 1, t, outcome_COMPLETED, buf_bytes(core_args(&args, nonsense[i].key, nonsense[i].value, NULL)));
        assert_review(c, id, "REJECTED", "no quorum");
        assert_non_null(strstr(review(c, id)->seats[0].reason, "nonsense"));
        core_free(c);
    }
    const double scores[] = {-0.5, 100.5};
    for (size_t i = 0; i < ARRAY_SIZE(scores); i++) {
        struct core *c = court((struct set_committee){NAMED});
        const char *id = start(c);
        struct pack p;
        buf_clear(&args);
        pack_init(&p, &args);
        pack_map(&p);
        pack_put_text(&p, "vote", "yes");
        pack_put_num(&p, "score", scores[i]);
        pack_end(&p);
        answer(c, 1, asked(c, 1), outcome_COMPLETED, buf_bytes(&args));
        assert_review(c, id, "REJECTED", "no quorum");
        core_free(c);
    }
    buf_done(&args);
}

static void v2_who_does_not_answer_in_time_has_not_voted(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    const char *id = start(c);
    votes(c, 1, "yes", 90);
    votes(c, 2, "yes", 90);
    struct msg_task *late = asked(c, 3);
    core_pass(c, 9999);
    assert_review(c, id, "OPEN", "");
    core_pass(c, 1);
    assert_review(c, id, "REJECTED", "no quorum");
    say_vote(c, 3, late, "yes", 90);
    assert_review(c, id, "REJECTED", "no quorum");
    assert_int_equal(review(c, id)->seats[2].vote, vote_missing);
    core_free(c);
}

static void v2_a_missing_vote_need_not_stop_a_quorum(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    committee.quorum = 60;
    const char *id = start(c);
    votes(c, 1, "yes", 90);
    votes(c, 2, "no", 30);
    core_pass(c, 10000);
    assert_review(c, id, "REJECTED", "too few yes");
    core_free(c);
}

/* A hold of commits is our own fault: the votes were cast, and could not be taken. */
static void v2_our_own_holds_are_not_the_reviewers_fault(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    const char *id = start(c);
    struct msg_task *t[SEATS + 1];
    for (int peer = 1; peer <= SEATS; peer++)
        t[peer] = asked(c, peer);
    helios_hold(c->h, true, "a test");
    c->held = true;
    core_pass(c, 30000);
    assert_review(c, id, "OPEN", "");
    helios_hold(c->h, false, "");
    c->held = false;
    core_pass(c, 2000);
    for (int peer = 1; peer <= SEATS; peer++)
        say_vote(c, peer, t[peer], "yes", 90);
    assert_review(c, id, "APPROVED", "agreed");
    core_free(c);
}

/* A person holds the realm: nobody can be asked, so nobody is late. */
static void v2_a_pause_of_the_realm_is_nobodys_fault(void **state)
{
    (void)state;
    struct buf args = {0};
    struct core *c = court((struct set_committee){NAMED});
    core_ask(c, CLIENT, true, "pause", core_args(&args, "scope", "realm", "reason", "a test", NULL));
    const char *id = start(c);
    core_pass(c, 60000);
    assert_review(c, id, "OPEN", "");
    core_ask(c, CLIENT, true, "resume", core_args(&args, "scope", "realm", NULL));
    for (int peer = 1; peer <= SEATS; peer++)
        votes(c, peer, "yes", 90);
    assert_review(c, id, "APPROVED", "agreed");
    core_ask(c, CLIENT, true, "drain", core_args(&args, "scope", "realm", NULL));
    struct msg_reply *no = core_ask(c, CLIENT, true, "review_start", core_args(&args, "committee", "quality", NULL));
    assert_true(!no->ok && bytes_is(no->code, "busy"));
    buf_done(&args);
    core_free(c);
}

/* ---- V3 ---- */

static void v3_decided_early_and_the_others_are_stopped(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    committee.quorum = 60;
    const char *id = start(c);
    struct msg_task *third = asked(c, 3);
    votes(c, 1, "yes", 90);
    assert_review(c, id, "OPEN", "");
    votes(c, 2, "yes", 70);
    assert_review(c, id, "APPROVED", "agreed");
    assert_true(review(c, id)->r.score == 80);
    struct msg_beat_ok *stop = NULL;
    for (struct msg_beat_ok *m; (m = core_heard(c, 3, MSG_beat_ok));)
        stop = m->cancels.n ? m : stop;
    assert_non_null(stop);
    assert_true(bytes_eq(((struct msg_cancel *)stop->cancels.at)->task, third->id));
    answer(c, 3, third, outcome_CANCELLED, (struct bytes){0});
    assert_int_equal(live_tasks(c), 0);
    core_free(c);
}

static void v3_tasks_that_wait_are_cancelled_at_once(void **state)
{
    (void)state;
    struct core *c = court_of((struct set_committee){NAMED, .veto = {names, 1}});
    join(c, 1, 1);
    const char *id = start(c);
    assert_int_equal(live_tasks(c), 3);
    votes(c, 1, "no", 10);
    assert_review(c, id, "REJECTED", "veto");
    assert_int_equal(live_tasks(c), 0);
    core_free(c);
}

static void v3_weights_count(void **state)
{
    (void)state;
    struct buf weights = {0};
    struct core *c = court((struct set_committee){NAMED});
    committee.weights = buf_bytes(core_args(&weights, "r1", "5", NULL));
    const char *id = start(c);
    votes(c, 2, "no", 10);
    votes(c, 3, "no", 10);
    votes(c, 1, "yes", 100);
    assert_review(c, id, "APPROVED", "agreed");
    core_free(c);
    buf_done(&weights);
}

static void v3_scores_count(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED, .score_at_least = 80});
    const char *id = start(c);
    votes(c, 1, "yes", 70);
    votes(c, 2, "yes", 75);
    votes(c, 3, "yes", 80);
    assert_review(c, id, "REJECTED", "score too low");
    core_free(c);
}

/* A reload changes committees, not reviews that have begun. */
static void v3_a_review_ends_by_the_rule_that_it_began_with(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    const char *id = start(c);
    committee.threshold = 100;
    helios_reload(c->h, &c->config, "committees");
    core_turn(c);
    votes(c, 1, "yes", 90);
    votes(c, 2, "yes", 90);
    votes(c, 3, "no", 90);
    assert_review(c, id, "APPROVED", "agreed");
    core_free(c);
}

/* ---- V4 ---- */

static void v4_votes_decision_and_dissent_are_told(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    start(c);
    assert_non_null(core_event(c, EVENT_review_began));
    votes(c, 1, "yes", 90);
    votes(c, 2, "no", 20);
    core_pass(c, 2000);
    votes(c, 3, "yes", 70);
    for (int i = 0; i < SEATS; i++)
        assert_non_null(core_event(c, EVENT_review_vote));
    struct msg_event *e = core_event(c, EVENT_review_decided);
    assert_non_null(e);
    assert_non_null(memmem(e->text.at, e->text.n, "against it: r2", 14));
    assert_true(map_num(e->data, "yes", 0) == 2 && map_num(e->data, "score", 0) == 60);
    struct buf args = {0};
    const struct {
        const char *name;
        double least, most;
    } kpis[] = {{"review_latency", 2000, 2100}, {"review_success", 100, 100}, {"review_dissent", 33.3, 33.4}};
    for (size_t i = 0; i < ARRAY_SIZE(kpis); i++) {
        struct msg_reply *reply = core_ask(c, CLIENT, false, "kpi", core_args(&args, "name", kpis[i].name, NULL));
        assert_true(reply->ok);
        double value = map_num(map_get(reply->data, "now").whole, "value", -1);
        if (value < kpis[i].least || value > kpis[i].most)
            fail_msg("%s is %g", kpis[i].name, value);
    }
    buf_done(&args);
    core_free(c);
}

static void v4_what_was_decided_is_kept_within_bounds(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED, .veto = {names, 1}});
    for (int i = 0; i < DECIDE_KEEP + 20; i++) {
        start(c);
        for (int peer = 2; peer <= SEATS; peer++)
            votes(c, peer, "abstain", -1);
        votes(c, 1, "no", 0);
    }
    assert_null(review_find(c->h, BYTES("v-20")));
    assert_non_null(review_find(c->h, BYTES("v-21")));
    core_cut(c);
    size_t kept = 0;
    struct core_record *r, *next;
    HASH_ITER (hh, c->redis, r, next)
        kept += r->kind == REC_review;
    assert_int_equal(kept, DECIDE_KEEP);
    core_free(c);
}

/* ---- V5: owners ---- */

static void v5_the_owner_gets_the_decision_as_data(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    const char *id = start(c);
    votes(c, 1, "yes", 90);
    votes(c, 2, "yes", 60);
    votes(c, 3, "no", 30);
    struct buf data = {0};
    review_data(review(c, id), &data);
    assert_true(map_bool(buf_bytes(&data), "approved", false));
    assert_true(map_num(buf_bytes(&data), "score", 0) == 60);
    assert_int_equal(map_get(buf_bytes(&data), "votes").count, SEATS);
    assert_int_equal(map_get(buf_bytes(&data), "dissent").count, 1);
    buf_done(&data);
    core_free(c);
}

static void v5_who_withdraws_is_not_told(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    const char *id = start(c);
    review_withdraw(c->h, review_find(c->h, bytes_of(id)), "its run was cancelled");
    core_turn(c);
    assert_review(c, id, "REJECTED", "its run was cancelled");
    review_withdraw(c->h, review_find(c->h, bytes_of(id)), "again");
    assert_review(c, id, "REJECTED", "its run was cancelled");
    core_free(c);
}

static void v5_mistakes_are_sentences(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    struct buf args = {0};
    struct msg_reply *no = core_ask(c, CLIENT, true, "review_start", core_args(&args, "committee", "nobody", NULL));
    assert_true(!no->ok && memmem(no->error.at, no->error.n, "no committee `nobody`", 21));
    no = core_ask(c, CLIENT, true, "review_start", core_args(&args, "committee", "quality", "subject", "words", NULL));
    assert_true(!no->ok && bytes_is(no->code, "bad_args"));
    no = core_ask(c, CLIENT, false, "review", core_args(&args, "id", "v-9", NULL));
    assert_true(!no->ok && bytes_is(no->code, "not_found"));
    buf_done(&args);
    core_free(c);
}

/* What is written must be readable: a subject of too many fields, or too deep, would be none after a restart. */
static void v5_a_subject_must_be_readable_again(void **state)
{
    (void)state;
    char err[200] = "";
    struct core *c = court((struct set_committee){NAMED});
    struct buf many = {0}, deep = {0};
    struct pack p;
    pack_init(&p, &many);
    pack_map(&p);
    for (int i = 0; i < 65; i++) {
        char name[8];
        snprintf(name, sizeof(name), "k%d", i);
        pack_put_int(&p, name, i);
    }
    pack_end(&p);
    pack_init(&p, &deep);
    for (int i = 0; i < 7; i++) {
        pack_map(&p);
        pack_key(&p, "a");
    }
    pack_nil(&p);
    while (p.depth)
        pack_end(&p);
    struct buf *const bad[] = {&many, &deep};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct review_order order = {.committee = BYTES("quality"), .subject = buf_bytes(bad[i])};
        assert_null(review_start(c->h, &order, err));
        assert_non_null(strstr(err, "too many fields"));
    }
    buf_done(&many);
    buf_done(&deep);
    core_free(c);
}

static void v1_a_hundred_seats_survive_a_restart(void **state)
{
    (void)state;
    static struct bytes many[SEATS_MOST];
    static char text[SEATS_MOST][8];
    struct core *c = court((struct set_committee){RULE});
    for (int i = 0; i < SEATS_MOST; i++) {
        snprintf(text[i], sizeof(text[i]), "a%d", i);
        many[i] = bytes_of(text[i]);
    }
    committee.agents = (struct seq){many, SEATS_MOST};
    const char *id = start(c);
    core_cut(c);
    core_restart(c);
    assert_int_equal(review(c, id)->n_seats, SEATS_MOST);
    assert_string_equal(review(c, id)->seats[99].name, "a99");
    core_pass(c, 30000);
    assert_review(c, id, "REJECTED", "no quorum");
    assert_int_equal(live_tasks(c), 0);
    core_free(c);
}

/* ---- restarts ---- */

/* How many votes are in when the leader dies: 0 to all of them. */
static void v2_a_restart_in_every_state(void **state)
{
    (void)state;
    for (int cast = 0; cast <= SEATS; cast++) {
        struct core *c = court((struct set_committee){NAMED});
        const char *id = start(c);
        struct msg_task *t[SEATS + 1] = {0};
        for (int peer = 1; peer <= SEATS; peer++)
            t[peer] = asked(c, peer);
        for (int peer = 1; peer <= cast; peer++)
            say_vote(c, peer, t[peer], "yes", 90);
        core_cut(c);
        core_restart(c);
        assert_review(c, id, cast == SEATS ? "APPROVED" : "OPEN", cast == SEATS ? "agreed" : "");
        for (int peer = 1; peer <= SEATS; peer++)
            join_again(c, peer, peer > cast ? t[peer] : NULL);
        for (int peer = cast + 1; peer <= SEATS; peer++)
            say_vote(c, peer, t[peer], "yes", 90);
        assert_review(c, id, "APPROVED", "agreed");
        for (int i = 0; i < SEATS; i++)
            assert_int_equal(review(c, id)->seats[i].vote, vote_yes);
        assert_true(review(c, id)->r.score == 90);
        assert_int_equal(live_tasks(c), 0);
        core_free(c);
    }
}

/* The deadline was over while nobody led: agents get the time to come back, not more. */
static void v2_the_deadline_waits_for_agents_to_come_back(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    const char *id = start(c);
    struct msg_task *t = asked(c, 1);
    core_cut(c);
    core_die(c);
    core_forget_said(c);
    c->now += 60000;
    core_lead(c);
    core_turn(c);
    assert_review(c, id, "OPEN", "");
    join_again(c, 1, t);
    say_vote(c, 1, t, "yes", 90);
    core_pass(c, 30000);
    assert_review(c, id, "REJECTED", "no quorum");
    assert_int_equal(review(c, id)->seats[0].vote, vote_yes);
    core_free(c);
}

/* A record whose tasks are gone: nobody was asked. */
static void v2_tasks_that_are_gone_have_not_voted(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED});
    const char *id = start(c);
    core_cut(c);
    struct core_record *r, *next;
    HASH_ITER (hh, c->redis, r, next)
        if (r->kind != REC_review && r->kind != REC_control)
            core_drop_record(c, r);
    core_restart(c);
    core_pass(c, 10);
    assert_review(c, id, "REJECTED", "no quorum");
    assert_true(bytes_is(bytes_of(start(c)), "v-2"));
    core_free(c);
}

static void v4_the_ended_ones_keep_their_order(void **state)
{
    (void)state;
    struct core *c = court((struct set_committee){NAMED, .veto = {names, 1}});
    for (int i = 0; i < 12; i++) {
        start(c);
        c->now += 10;
        for (int peer = 2; peer <= SEATS; peer++)
            votes(c, peer, "abstain", -1);
        votes(c, 1, "no", 0);
    }
    core_cut(c);
    core_restart(c);
    unsigned n = 0;
    char id[16];
    list_each (v, &reviews_of(c->h)->ended, struct review, link) {
        snprintf(id, sizeof(id), "v-%u", ++n);
        assert_string_equal(v->r.id.at, id);
    }
    assert_int_equal(n, 12);
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v1_each_seat_is_asked_once_with_the_subject),
        cmocka_unit_test(v1_the_committees_own_parameters_lie_below_the_subject),
        cmocka_unit_test(v1_different_agents_where_there_are_enough),
        cmocka_unit_test(v1_too_few_agents_take_more_seats),
        cmocka_unit_test(v1_agents_may_come_later),
        cmocka_unit_test(v1_who_votes_is_named),
        cmocka_unit_test(v1_another_is_asked_for_one_that_is_gone),
        cmocka_unit_test(v1_named_seats_are_for_nobody_else),
        cmocka_unit_test(v2_a_pause_of_the_realm_is_nobodys_fault),
        cmocka_unit_test(v2_nonsense_is_no_vote),
        cmocka_unit_test(v2_who_does_not_answer_in_time_has_not_voted),
        cmocka_unit_test(v2_a_missing_vote_need_not_stop_a_quorum),
        cmocka_unit_test(v2_our_own_holds_are_not_the_reviewers_fault),
        cmocka_unit_test(v3_decided_early_and_the_others_are_stopped),
        cmocka_unit_test(v3_tasks_that_wait_are_cancelled_at_once),
        cmocka_unit_test(v3_weights_count),
        cmocka_unit_test(v3_scores_count),
        cmocka_unit_test(v3_a_review_ends_by_the_rule_that_it_began_with),
        cmocka_unit_test(v4_votes_decision_and_dissent_are_told),
        cmocka_unit_test(v4_what_was_decided_is_kept_within_bounds),
        cmocka_unit_test(v5_the_owner_gets_the_decision_as_data),
        cmocka_unit_test(v5_who_withdraws_is_not_told),
        cmocka_unit_test(v5_mistakes_are_sentences),
        cmocka_unit_test(v5_a_subject_must_be_readable_again),
        cmocka_unit_test(v1_a_hundred_seats_survive_a_restart),
        cmocka_unit_test(v2_a_restart_in_every_state),
        cmocka_unit_test(v2_the_deadline_waits_for_agents_to_come_back),
        cmocka_unit_test(v2_tasks_that_are_gone_have_not_voted),
        cmocka_unit_test(v4_the_ended_ones_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* The history checker: for every promise a history that keeps it and the least change that breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/history/history.h"

/* Facts in short: `kind who key id text n m`, - for nothing, one a line; at = the line times `step`. */
struct tale {
    const char *promise, *good, *bad, *sentence;
    int64_t step;
};

#define LIFE "accepted c k t-1 - 7 0\n"
#define OVER "outcome A - t-1 COMPLETED 0 0\n"

#define DUE(from, to, passed) "settled A - nightly - " from " 0\ncommit A d - - 1 1\nsettled A - nightly - " to " " #passed "\n"
#define RUNNING "run A p r-1 RUNNING 0 0\n"
#define GRAPH RUNNING "edge - p b a 0 0\n"
#define STEP(name, state) "step A t-1 r-1/" name " " state " 0 0\n"
#define RULE "review A - v-1 60/50/0 0 0\n"
#define VOTE(seat, vote) "said a " seat " v-1 " vote " 0 70\nvoted A " seat " v-1 " vote " 1000 70\n"
#define SEAT(seat, vote) "seat A " seat " v-1 " vote " 1000 0\n"
#define VOTES RULE VOTE("a", "yes") VOTE("b", "yes") VOTE("c", "no")
#define SEATS SEAT("a", "yes") SEAT("b", "yes") SEAT("c", "no")
#define APPROVED "decided A agreed v-1 APPROVED 0 0\nreview_state A - v-1 APPROVED 0 0\n"
#define REJECTED "decided A veto v-1 REJECTED 0 0\nreview_state A - v-1 REJECTED 0 0\n"

static const struct tale tales[] = {
    {"ended_once", LIFE OVER "told c - t-1 COMPLETED 0 0\ntold c - t-1 COMPLETED 0 0\n", LIFE, "is lost", 1},
    {"ended_once", LIFE "live - - t-1 paused 1 0\n", LIFE OVER "live - - t-1 paused 1 0\n", "has ended (COMPLETED) and is live", 1},
    {"ended_once", LIFE OVER, LIFE OVER OVER, "ended twice", 1},
    {"ended_once", LIFE OVER, LIFE OVER "told c - t-1 FAILED 0 0\n", "told to be FAILED and is COMPLETED", 1},
    {"ended_once", LIFE OVER "told c - t-1 COMPLETED 0 0\n",
     LIFE OVER "told c - t-1 FAILED 0 0\ntold c - t-1 COMPLETED 0 0\n", "told to be FAILED, then COMPLETED", 1},
    {"ended_once", OVER "told c - t-1 COMPLETED 0 0\n", "told c - t-1 COMPLETED 0 0\n", "has no outcome", 1},
    {"keys", LIFE LIFE OVER, LIFE OVER "accepted c k t-2 - 7 0\noutcome A - t-2 FAILED 0 0\n", "with t-1, then with t-2", 1},
    {"keys", LIFE OVER "refused c k - key_reused 8 0\n", LIFE OVER "refused c k - key_reused 7 0\n", "refused with the body", 1},
    {"keys", LIFE OVER "refused c k - key_reused 8 0\n", LIFE OVER "accepted c k t-1 - 8 0\n", "another body", 1},
    {"keys", LIFE OVER "accepted d k t-2 - 7 0\noutcome A - t-2 FAILED 0 0\n", LIFE OVER "accepted d k t-1 - 7 0\n",
     "answers key `k` of c and key `k` of d", 1},
    {"durable_first", "taken A k t-1 - 0 0\n" LIFE OVER, LIFE "taken A k t-1 - 0 0\n" OVER, "before it was durably taken", 1},
    {"durable_first", "dispatched A a t-1 - 1 1\nstarted a - t-1 - 1 0\n",
     "dispatched A a t-1 - 1 1\nstarted a - t-1 - 1 0\nended a - t-1 FAILED 1 0\nstarted a - t-1 - 2 0\n",
     "before it was durably dispatched", 1},
    {"durable_first", OVER "told c - t-1 COMPLETED 0 0\n", "told c - t-1 COMPLETED 0 0\n" OVER, "before it was durably outcome", 1},
    {"commits", "commit A d1 - - 1 1\ncommit A d2 - - 1 2\ncommit B d3 - - 2 3\n", "commit A d1 - - 1 1\ncommit B d2 - - 1 2\n",
     "A and B both committed in epoch 1", 1},
    {"commits", "commit A d1 - - 1 1\ncommit B d2 - - 2 2\n", "commit B d1 - - 2 1\ncommit A d2 - - 1 2\n",
     "A committed 2 in epoch 1 after epoch 2", 1},
    {"commits", "commit A d1 - - 1 1\ncommit A d2 - - 1 2\n", "commit A d1 - - 1 1\ncommit A d2 - - 1 3\n",
     "commit 3 of A follows commit 1", 1},
    {"counted_once", "dispatched A a t-1 - 1 1\ncounted A - t-1 FAILED 1 0\ndispatched A a t-1 - 2 1\ncounted A - t-1 COMPLETED 2 0\n",
     "dispatched A a t-1 - 1 1\ndispatched A a t-1 - 2 1\ncounted A - t-1 COMPLETED 1 0\n", "while attempt 2 was current", 1},
    {"counted_once", "dispatched A a t-1 - 1 1\ncounted A - t-1 FAILED 1 0\n",
     "dispatched A a t-1 - 1 1\ncounted A - t-1 FAILED 1 0\ncounted A - t-1 FAILED 1 0\n", "attempt 1 of t-1 twice", 1},
    {"attempts_apart", "started a - t-1 - 1 0\nended a - t-1 FAILED 1 0\nstarted b - t-1 - 2 0\n",
     "started a - t-1 - 1 0\nstarted b - t-1 - 2 0\n", "while attempt 1 ran at a", 1},
    {"attempts_apart", "started a - t-1 - 1 0\njudged a A - - 0 0\nstarted b - t-1 - 2 0\n",
     "judged a A - - 0 0\nstarted a - t-1 - 1 0\nstarted b - t-1 - 2 0\n", "while attempt 1 ran at a", 1},
    {"attempts_apart", "started a - t-1 - 1 0\ngone a - - - 0 0\nstarted b - t-1 - 2 0\n",
     "started a - t-1 - 1 0\nended a - t-1 FAILED 1 0\nstarted b - t-1 - 1 0\n", "started at a and at b", 1},
    {"attempts_apart",
     "dispatched A a t-1 - 1 1\njudged a A - - 0 0\ndispatched A b t-1 - 2 1\nstarted b - t-1 - 2 0\nstarted a - t-1 - 1 0\n",
     "judged a A - - 0 0\ndispatched A a t-1 - 1 1\ndispatched A b t-1 - 2 1\nstarted b - t-1 - 2 0\nstarted a - t-1 - 1 0\n",
     "attempt 1 of t-1 started at a while attempt 2 ran at b", 1},
    {"attempts_apart", "dispatched A a t-1 - 1 1\njudged a A - - 0 0\nstarted a - t-1 - 1 0\ndispatched A b t-1 - 2 1\nstarted b - t-1 - 2 0\n",
     "judged a A - - 0 0\ndispatched A a t-1 - 1 1\nstarted a - t-1 - 1 0\ndispatched A b t-1 - 2 1\nstarted b - t-1 - 2 0\n",
     "attempt 2 of t-1 started at b while attempt 1 ran at a", 1},
    {"at_most_once", "started a - t-1 - 1 1\nended a - t-1 FAILED 1 0\nstarted a - t-2 - 1 1\nended a - t-2 FAILED 1 0\n",
     "started a - t-1 - 1 1\nended a - t-1 FAILED 1 0\nstarted b - t-1 - 2 1\n", "is at_most_once and started at a", 1},
    {"budgets", "spent web r o-1 - 0 0\nspent web r o-2 - 0 0\nspent web r o-3 - 0 0\nspent db r o-4 - 0 0\n",
     "spent web r o-1 - 0 0\nspent web r o-2 - 0 0\nspent web r o-3 - 0 0\nspent web r o-4 - 0 0\n", "o-4 is act 4 on web", 1},
    {"budgets", "spent web r o-1 - 1 0\nspent db r o-2 - 1 0\nspent web r o-3 - 1 0\n", "spent web r o-1 - 5 1\nspent db r o-2 - 5 1\n",
     "act 2 of all", 3500000},
    {"optimizations",
     "opened - - o-1 gzip 0 0\napplied a - o-1 - 0 0\nverdict A - o-1 SUCCESS 0 0\nclosed A - o-1 ACCEPTED 0 0\n",
     "opened - - o-1 gzip 0 0\napplied a - o-1 - 0 0\n", "left half way: neither kept nor undone", 1},
    {"optimizations", "applied a - o-1 - 0 0\nundone a - o-1 - 0 0\nclosed A - o-1 ROLLED_BACK 0 0\n",
     "applied a - o-1 - 0 0\nclosed A - o-1 ROLLED_BACK 0 0\n", "its undo was never carried out", 1},
    {"optimizations", "closed A - o-1 ABANDONED 0 0\n", "applied a - o-1 - 0 0\nclosed A - o-1 ABANDONED 0 0\n",
     "is ABANDONED, and its change was applied", 1},
    {"optimizations", "applied a - o-1 - 0 0\nclosed A - o-1 STUCK 0 0\n", "closed A - o-1 STUCK 0 0\napplied a - o-1 - 0 0\n",
     "was applied after it had ended", 1},
    {"optimizations", "verdict A - o-1 SUCCESS 0 0\nclosed A - o-1 ACCEPTED 0 0\n",
     "verdict A - o-1 INCONCLUSIVE 0 0\nclosed A - o-1 ACCEPTED 0 0\n", "ACCEPTED with the verdict INCONCLUSIVE", 1},
    {"optimizations", "closed A - o-1 STUCK 0 0\n", "closed A - o-1 STUCK 0 0\nclosed A - o-1 ROLLED_BACK 0 0\n", "ended twice", 1},
    {"reviews", VOTES SEATS APPROVED, VOTES SEATS REJECTED, "v-1 is REJECTED (veto), and its votes say APPROVED", 1},
    {"reviews", VOTES SEATS APPROVED, VOTES SEATS APPROVED APPROVED, "v-1 was decided twice", 1},
    {"reviews", VOTES SEATS APPROVED, VOTES SEATS APPROVED "review_state A - v-1 REJECTED 0 0\n", "v-1 was APPROVED and is REJECTED", 1},
    {"reviews", VOTES SEATS APPROVED, VOTES SEATS "decided A agreed v-1 APPROVED 0 0\n", "v-1 is OPEN, and the ledger says APPROVED", 1},
    {"reviews", VOTES SEATS APPROVED, VOTES SEATS SEAT("d", "yes") APPROVED, "d of v-1 was counted as yes, and the ledger tells of missing", 1},
    {"reviews", VOTES SEATS SEAT("d", "missing") APPROVED, RULE VOTE("a", "yes") SEAT("a", "yes") SEAT("b", "missing") APPROVED,
     "v-1 is APPROVED (agreed), and its votes say REJECTED", 1},
    {"reviews", VOTES, VOTES "voted B a v-1 yes 1000 70\n", "a of v-1 votes twice", 1},
    {"reviews", VOTES "voted A d v-1 missing 1000 0\n", VOTES "voted A d v-1 yes 1000 70\n", "its reviewer said nothing", 1},
    {"reviews", RULE VOTE("a", "no") "seat A a v-1 no 1000 1\n" REJECTED, RULE VOTE("a", "yes") SEAT("a", "yes") REJECTED,
     "its votes say APPROVED", 1},
    {"reviews", RULE "decided A withdrawn v-1 REJECTED 0 0\nreview_state A - v-1 REJECTED 0 0\nquiet - - - - 0 0\n",
     RULE "review_state A - v-1 OPEN 0 0\nquiet - - - - 0 0\n", "v-1 was never decided", 1},
    {"occurrences", DUE("1", "8", 1) "occurs A 8 nightly t-1 0 0\n", DUE("1", "8", 1), "of these 0 were started, 0 skipped, 0 wait", 1},
    {"occurrences", DUE("1", "8", 1) "skips A - nightly - 8 1\n", DUE("1", "8", 1) "commit A d - - 1 2\nskips A - nightly - 8 1\n",
     "nightly has passed 1 of its times", 1},
    {"occurrences", DUE("1", "8", 1) "waits A - nightly - 8 0\ncommit A d - - 1 2\nwaits A - nightly - 0 0\noccurs A 8 nightly t-1 0 0\n",
     DUE("1", "8", 1) "waits A - nightly - 8 0\ncommit A d - - 1 2\nwaits A - nightly - 0 0\n", "0 were started, 0 skipped, 0 wait", 1},
    {"occurrences", DUE("1", "8", 1) "occurs A 8 nightly t-1 0 0\noccurs B 8 nightly t-1 0 0\n",
     DUE("1", "8", 1) "occurs A 8 nightly t-1 0 0\noccurs B 8 nightly t-2 0 0\n", "8 of nightly was started as t-1 and as t-2", 1},
    {"occurrences", DUE("8", "8", 0), DUE("8", "7", 0), "the cursor of nightly went back from 8 to 7", 1},
    {"runs", RUNNING "promised c k r-1 - 0 0\nrun A p r-1 COMPLETED 0 0\nquiet - - - - 0 0\n", RUNNING "quiet - - - - 0 0\n", "r-1 has not ended", 1},
    {"runs", RUNNING "promised c k r-1 - 0 0\n", "promised c k r-1 - 0 0\n" RUNNING, "r-1 was told to c before it was durable", 1},
    {"runs", RUNNING "promised c k r-1 - 0 0\npromised c k r-1 - 0 0\n",
     RUNNING "run A p r-2 RUNNING 0 0\npromised c k r-1 - 0 0\npromised c k r-2 - 0 0\n", "answered with r-1, then with r-2", 1},
    {"runs", "run A p r-1 FAILED 0 0\nrun A p r-1 RUNNING 1 0\n", "run A p r-1 FAILED 0 0\nrun A p r-1 RUNNING 0 0\n", "r-1 was FAILED and is RUNNING", 1},
    {"steps", GRAPH STEP("a", "COMPLETED") STEP("b", "RUNNING") "begun A - r-1/b t-2 0 0\n",
     GRAPH STEP("a", "RUNNING") STEP("b", "RUNNING") "begun A - r-1/b t-2 0 0\n", "r-1/b began when of 1 steps before it 0 had ended", 1},
    {"steps", GRAPH "step A - r-1/a SKIPPED 1 0\n" STEP("b", "RUNNING"), GRAPH "step A - r-1/a SKIPPED 0 0\n" STEP("b", "RUNNING"),
     "1 had ended, 0 of them well", 1},
    {"steps", GRAPH STEP("a", "FAILED") "step A t-2 r-1/a RUNNING 0 1\n", GRAPH STEP("a", "COMPLETED") "step A t-2 r-1/a RUNNING 0 1\n",
     "r-1/a was COMPLETED and is RUNNING", 1},
    {"steps", STEP("a", "FAILED") "run A p r-1 FAILED 0 0\n", STEP("a", "FAILED") "run A p r-1 COMPLETED 0 0\n", "r-1 is COMPLETED, and 1 of its steps have failed", 1},
    {"steps", STEP("a", "COMPLETED") "run A p r-1 COMPLETED 0 0\n", STEP("a", "RUNNING") "run A p r-1 COMPLETED 0 0\n", "r-1 is COMPLETED, and r-1/a has not ended", 1},
    {"steps", STEP("a", "COMPLETED") "run A p r-1 COMPLETED 0 0\n", STEP("a", "COMPLETED") "run A p r-1 COMPLETED 0 1\n", "1 of its steps have not ended", 1},
    {"steps", STEP("a", "RUNNING") "begun A - r-1/a t-1 0 0\n", STEP("a", "RUNNING") "begun A - r-1/a t-1 0 0\nbegun A - r-1/a t-2 0 0\n",
     "r-1/a began twice: t-1 and t-2", 1},
    {"steps", STEP("a", "RUNNING") "begun A - r-1/a t-1 0 0\n", "begun A - r-1/a t-1 0 0\n", "t-1 is durable as the task of r-1/a, which is not", 1},
    {"steps", STEP("a", "RUNNING") "begun A - r-1/a t-1 0 0\noutcome A - t-1 FAILED 0 0\n" STEP("a", "FAILED"),
     STEP("a", "RUNNING") "begun A - r-1/a t-1 0 0\noutcome A - t-1 FAILED 0 0\n", "t-1 has ended, and its step r-1/a still runs", 1},
    {"limits", "limited A slow - - 3 3\nlimited A slow - - 4 6\n", "limited A slow - - 3 3\nlimited B slow - - 4 3\n",
     "slow: 4 attempts have begun, its quota has counted 3", 1},
    {"samples", "sent s A - - 10 0\nstored s A - - 7 0\ndropped s A - lost 3 0\n", "sent s A - - 10 0\nstored s A - - 7 0\n",
     "of 10 samples of s A stored 7", 1},
    {"acts", "acted - k o-1 bad 1 0\n", "acted - k o-1 bad 0 0\n", "while health was unknown", 1},
    {"acts", "acted - k o-1 bad 1 0\n", "acted - k o-1 bad 1 2\n", "authorized on absurd data", 1},
    {"blocked", "live - - t-1 paused 1 0\n", "live - - t-1 - 1 0\n", "says no reason", 1},
    {"drained", "live - - t-1 paused 1 0\nquiet - - - - 0 0\n", "live - - t-1 backoff 0 0\nquiet - - - - 0 0\n", "t-1 has not ended", 1},
    {"drained", "started a - t-1 - 1 0\nended a - t-1 FAILED 1 0\nstarted b - t-2 - 1 0\ngone b - - - 0 0\nquiet - - - - 0 0\n",
     "started a - t-1 - 1 0\nquiet - - - - 0 0\n", "attempt 1 of t-1 still runs at a", 1},
};

static enum fact_kind kind_of(const char *name)
{
    for (int i = 0; i < FACT_KINDS; i++)
        if (strcmp(fact_name(i), name) == 0)
            return i;
    fail_msg("no fact %s", name);
    return 0;
}

static const char *word(const char *text)
{
    return strcmp(text, "-") == 0 ? NULL : text;
}

static struct history *told(const char *text, int64_t step)
{
    struct history *h = history_new();
    char kind[32], who[32], key[32], id[32], more[32];
    unsigned n, m;
    int used;
    for (int64_t line = 1; *text; line++, text += used) {
        assert_int_equal(sscanf(text, "%31s %31s %31s %31s %31s %u %u\n%n", kind, who, key, id, more, &n, &m, &used), 7);
        history_add(h, &(struct fact){.at = line * step, .kind = kind_of(kind), .who = word(who), .key = word(key),
                                      .id = word(id), .text = word(more), .n = n, .m = m});
    }
    return h;
}

static void check(const char *text, int64_t step, struct buf *report)
{
    struct history *h = told(text, step);
    unsigned n = history_check(h, report);
    assert_int_equal(n > 0, report->n > 0);
    history_free(h);
}

static void test_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(tales); i++) {
        _cleanup_(buf_done) struct buf report = {0};
        check(tales[i].good, tales[i].step, &report);
        if (report.n)
            fail_msg("tale %zu of %s is good, and: %s", i, tales[i].promise, buf_str(&report));
    }
}

static void test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(tales); i++) {
        _cleanup_(buf_done) struct buf report = {0}, name = {0};
        check(tales[i].bad, tales[i].step, &report);
        buf_printf(&name, "%s: ", tales[i].promise);
        if (!strstr(buf_str(&report), buf_str(&name)) || !strstr(buf_str(&report), tales[i].sentence))
            fail_msg("tale %zu: `%s` is not said in: %s", i, tales[i].sentence, buf_str(&report));
    }
}

static void test_every_promise_has_a_tale(void **state)
{
    (void)state;
    size_t n;
    const struct promise *promises = history_promises(&n);
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t j = 0; j < ARRAY_SIZE(tales); j++)
            found = found || strcmp(tales[j].promise, promises[i].name) == 0;
        assert_true(found);
    }
}

/* The report of a history with many broken promises stays short; their number is right. */
static void test_many(void **state)
{
    (void)state;
    struct history *h = history_new();
    for (int i = 0; i < 1000; i++)
        history_add(h, &(struct fact){.kind = FACT_acted, .id = "o-1", .key = "k"});
    _cleanup_(buf_done) struct buf report = {0};
    assert_int_equal(history_check(h, &report), 1000);
    assert_non_null(strstr(buf_str(&report), "and 990 more"));
    history_free(h);
}

static void test_lines(void **state)
{
    (void)state;
    char *text = NULL, *why = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    history_write(&(struct fact){.at = 5, .kind = FACT_live, .id = "t-\"1", .text = "line\n", .n = 1}, file);
    history_write(&(struct fact){.at = 6, .kind = FACT_quiet}, file);
    fclose(file);
    assert_string_equal(text, "{\"at\":5,\"fact\":\"live\",\"id\":\"t-\\\"1\",\"text\":\"line\\n\",\"n\":1}\n"
                              "{\"at\":6,\"fact\":\"quiet\"}\n");
    struct history *h = history_new();
    file = fmemopen(text, n, "r");
    assert_int_equal(history_read(h, file, &why), 0);
    fclose(file);
    assert_int_equal(history_size(h), 2);
    history_free(h);
    free(text);
}

static void test_wrong_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"{\"fact\":\"quiet\"}\n{\"fact\":\"noise\"}\n", "line 2: there is no fact `noise`"},
        {"{\"fact\":\"quiet\",\"N\":1}\n", "line 1"},
        {"{\"at\":1}\n", "line 1"},
        {"quiet\n", "line 1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct history *h = history_new();
        char *why = NULL;
        FILE *file = fmemopen((char *)cases[i].line, strlen(cases[i].line), "r");
        assert_int_equal(history_read(h, file, &why), -EPROTO);
        assert_non_null(strstr(why, cases[i].why));
        fclose(file);
        free(why);
        history_free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_every_promise_has_a_tale),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_wrong_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* The arithmetic of committees against an oracle that tries out every way in which the open seats could still vote: for all small
 * committees the decision falls exactly when none of these ways changes it (V2, V3). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "orchestrator/flow/tally.h"

#define SEATS_MOST 4

/* What a seat can do: nothing, abstain, or yes or no with one of three scores or none. */
static const struct way {
    enum vote vote;
    double score;
} ways[] = {
    {vote_missing, NAN}, {vote_abstain, NAN}, {vote_yes, NAN}, {vote_yes, 0}, {vote_yes, 50},
    {vote_yes, 100},     {vote_no, NAN},      {vote_no, 0},    {vote_no, 50}, {vote_no, 100},
};
#define WAYS ARRAY_SIZE(ways)
#define OPEN WAYS

/* approved reads V3 word by word, for a committee whose votes are all in. */
static bool approved(const struct tally_rule *rule, const struct ballot *b, size_t n)
{
    double all = 0, voted = 0, yes = 0, no = 0, weight = 0, points = 0;
    for (size_t i = 0; i < n; i++) {
        all += b[i].weight;
        if (b[i].vote != vote_missing)
            voted += b[i].weight;
        if (b[i].vote == vote_no && b[i].veto)
            return false;
        if (b[i].vote == vote_yes)
            yes += b[i].weight;
        if (b[i].vote == vote_no)
            no += b[i].weight;
        if ((b[i].vote == vote_yes || b[i].vote == vote_no) && !isnan(b[i].score)) {
            weight += b[i].weight;
            points += b[i].weight * b[i].score;
        }
    }
    if (voted * 100 < rule->quorum * all)
        return false;
    if (yes + no == 0 || (rule->threshold < 100 ? yes * 100 <= rule->threshold * (yes + no) : no > 0))
        return false;
    return rule->score_at_least == 0 || (weight > 0 && points >= rule->score_at_least * weight);
}

/* can_be: bit 0, it can still be rejected; bit 1, it can still be approved. */
static unsigned can_be(const struct tally_rule *rule, struct ballot *b, size_t n, size_t from)
{
    while (from < n && !b[from].open)
        from++;
    if (from == n)
        return approved(rule, b, n) ? 2 : 1;
    unsigned found = 0;
    struct ballot was = b[from];
    b[from].open = false;
    for (size_t w = 0; w < WAYS && found != 3; w++) {
        b[from].vote = ways[w].vote;
        b[from].score = ways[w].score;
        found |= can_be(rule, b, n, from + 1);
    }
    b[from] = was;
    return found;
}

static void try_all(const struct tally_rule *rule, struct ballot *b, size_t n, size_t from, size_t *tried)
{
    for (size_t w = 0; from < n && w <= WAYS; w++) {
        b[from].open = w == OPEN;
        b[from].vote = w == OPEN ? vote_missing : ways[w].vote;
        b[from].score = w == OPEN ? NAN : ways[w].score;
        try_all(rule, b, n, from + 1, tried);
    }
    if (from < n)
        return;
    unsigned can = can_be(rule, b, n, 0);
    enum tally_by by = tally_count(rule, b, n).by;
    enum tally_by wanted_open = can == 3;
    if ((by == TALLY_OPEN) != (bool)wanted_open || (can == 2) != (by == TALLY_AGREED))
        fail_msg("quorum %g threshold %g score %g: %zu seats, can be %u, said %d", rule->quorum, rule->threshold,
                 rule->score_at_least, n, can, by);
    ++*tried;
}

static void try_rules(const struct ballot *seats, size_t n, size_t *tried)
{
    const double quorums[] = {0, 50, 100}, thresholds[] = {0, 50, 66, 100}, scores[] = {0, 50, 70};
    for (size_t q = 0; q < ARRAY_SIZE(quorums); q++)
        for (size_t t = 0; t < ARRAY_SIZE(thresholds); t++)
            for (size_t s = 0; s < ARRAY_SIZE(scores); s++) {
                struct ballot b[SEATS_MOST];
                struct tally_rule rule = {quorums[q], thresholds[t], scores[s]};
                memcpy(b, seats, n * sizeof(*b));
                try_all(&rule, b, n, 0, tried);
            }
}

static void v3_decided_exactly_when_nothing_can_change_it(void **state)
{
    (void)state;
    size_t tried = 0;
    const double weights[][3] = {{1, 1, 1}, {1, 2, 4}, {3, 1, 1}, {0, 1, 2}, {2, 0, 0}};
    for (size_t w = 0; w < ARRAY_SIZE(weights); w++)
        for (unsigned veto = 0; veto < 4; veto++)
            for (size_t n = 1; n <= 3; n++) {
                struct ballot b[SEATS_MOST] = {0};
                for (size_t i = 0; i < n; i++) {
                    b[i].weight = weights[w][i];
                    b[i].veto = veto >> i & 1;
                }
                try_rules(b, n, &tried);
            }
    assert_true(tried > 500000);
}

/* Four seats of one weight, two rules: the usual committee, whole. */
static void v3_the_usual_committee_of_four(void **state)
{
    (void)state;
    size_t tried = 0;
    const struct tally_rule rules[] = {{75, 50, 0}, {100, 60, 0}};
    for (size_t r = 0; r < ARRAY_SIZE(rules); r++) {
        struct ballot b[4] = {{.weight = 1}, {.weight = 1}, {.weight = 1}, {.weight = 1}};
        try_all(&rules[r], b, 4, 0, &tried);
    }
    assert_int_equal(tried, 2 * 11 * 11 * 11 * 11);
}

static struct ballot says(enum vote vote, double weight, double score)
{
    return (struct ballot){.vote = vote, .weight = weight, .score = score};
}

static struct ballot open_seat(double weight)
{
    return (struct ballot){.open = true, .weight = weight, .score = NAN};
}

static void v2_a_missing_vote_is_no_yes(void **state)
{
    (void)state;
    const struct tally_rule rule = {.quorum = 100, .threshold = 50}, low = {.quorum = 60, .threshold = 50};
    struct ballot b[] = {says(vote_yes, 1, 90), says(vote_yes, 1, 90), says(vote_missing, 1, NAN)};
    assert_int_equal(tally_count(&rule, b, 3).by, TALLY_QUORUM);
    assert_int_equal(tally_count(&low, b, 3).by, TALLY_AGREED);
    struct ballot alone[] = {says(vote_missing, 1, NAN)};
    const struct tally_rule none = {0};
    assert_int_equal(tally_count(&none, alone, 1).by, TALLY_NOBODY);
}

static void v2_who_abstains_counts_for_the_quorum_alone(void **state)
{
    (void)state;
    const struct tally_rule rule = {.quorum = 100, .threshold = 50};
    struct ballot b[] = {says(vote_yes, 1, 90), says(vote_abstain, 3, 10), says(vote_abstain, 1, NAN)};
    struct tally t = tally_count(&rule, b, 3);
    assert_int_equal(t.by, TALLY_AGREED);
    assert_true(t.score == 90 && t.voted == 5 && t.yes == 1);
}

/* Weights that are no whole numbers: half is not more than half. */
static void v3_a_tie_of_odd_weights_is_a_tie(void **state)
{
    (void)state;
    const struct tally_rule rule = {.quorum = 100, .threshold = 50};
    struct ballot b[] = {says(vote_yes, 0.1, 50), says(vote_yes, 0.2, 50), says(vote_no, 0.3, 50)};
    assert_int_equal(tally_count(&rule, b, 3).by, TALLY_THRESHOLD);
    const struct tally_rule third = {.quorum = 100 * 0.3 / 0.6, .threshold = 0};
    struct ballot c[] = {says(vote_yes, 0.1, 50), says(vote_yes, 0.2, 50), says(vote_missing, 0.3, NAN)};
    assert_int_equal(tally_count(&third, c, 3).by, TALLY_AGREED);
}

static void v3_a_veto_decides_at_once(void **state)
{
    (void)state;
    const struct tally_rule rule = {.quorum = 0, .threshold = 10};
    struct ballot b[] = {says(vote_no, 1, 0), open_seat(100), open_seat(100)};
    assert_int_equal(tally_count(&rule, b, 3).by, TALLY_OPEN);
    b[0].veto = true;
    assert_int_equal(tally_count(&rule, b, 3).by, TALLY_VETO);
}

static void v3_the_score_is_weighted(void **state)
{
    (void)state;
    const struct tally_rule rule = {.quorum = 100, .threshold = 50, .score_at_least = 70};
    struct ballot b[] = {says(vote_yes, 3, 60), says(vote_yes, 1, 100)};
    struct tally t = tally_count(&rule, b, 2);
    assert_true(t.score == 70 && t.by == TALLY_AGREED);
    b[0].weight = 4;
    assert_int_equal(tally_count(&rule, b, 2).by, TALLY_SCORE);
}

static void v4_dissent_is_who_voted_against(void **state)
{
    (void)state;
    const struct tally_rule rule = {.quorum = 100, .threshold = 50};
    struct ballot b[] = {says(vote_yes, 3, 60), says(vote_no, 1, 10), says(vote_abstain, 4, NAN)};
    struct tally t = tally_count(&rule, b, 3);
    assert_true(t.by == TALLY_AGREED && tally_against(&t) == 25);
    b[0].vote = vote_no, b[1].vote = vote_yes;
    t = tally_count(&rule, b, 3);
    assert_true(t.by == TALLY_THRESHOLD && tally_against(&t) == 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v3_decided_exactly_when_nothing_can_change_it),
        cmocka_unit_test(v3_the_usual_committee_of_four),
        cmocka_unit_test(v2_a_missing_vote_is_no_yes),
        cmocka_unit_test(v2_who_abstains_counts_for_the_quorum_alone),
        cmocka_unit_test(v3_a_tie_of_odd_weights_is_a_tie),
        cmocka_unit_test(v3_a_veto_decides_at_once),
        cmocka_unit_test(v3_the_score_is_weighted),
        cmocka_unit_test(v4_dissent_is_who_voted_against),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

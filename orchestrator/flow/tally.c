/* SPDX-License-Identifier: MPL-2.0 */
/* Owns who has won. Nothing here grows with how the open seats could vote: each part of the rule is monotone in them, so the best and
 * the worst that they can do stand for all.
 *
 * Approved is: no veto and quorum and threshold and score, all of them. So it is certain when each part holds at its own worst, and
 * lost when one fails at the best: all open seats say yes with 100 points. */
#include "tally.h"

#include <math.h>

#define SLACK 1e-9 /* shares are compared with that much of the whole to spare: weights are no whole numbers */

struct count {
    double total, voted, yes, no, scored, points;
    bool vetoed;
};

static void add(struct count *c, const struct ballot *b, enum vote vote, double score)
{
    bool counts = vote == vote_yes || vote == vote_no;
    c->voted += vote == vote_missing ? 0 : b->weight;
    c->yes += vote == vote_yes ? b->weight : 0;
    c->no += vote == vote_no ? b->weight : 0;
    c->vetoed |= b->veto && vote == vote_no;
    if (counts && !isnan(score)) {
        c->scored += b->weight;
        c->points += b->weight * score;
    }
}

/* count_with gives what it comes to when every open seat does this. */
static struct count count_with(const struct ballot *seats, size_t n, enum vote vote, double score)
{
    struct count c = {0};
    for (size_t i = 0; i < n; i++) {
        c.total += seats[i].weight;
        if (seats[i].open)
            add(&c, &seats[i], vote, score);
        else
            add(&c, &seats[i], seats[i].vote, seats[i].score);
    }
    return c;
}

/* ---- the parts of the rule ---- */

static bool has_quorum(const struct tally_rule *rule, const struct count *c)
{
    return 100 * c->voted >= rule->quorum * c->total - SLACK * c->total;
}

static bool over_threshold(const struct tally_rule *rule, const struct count *c)
{
    double both = c->yes + c->no;
    if (rule->threshold >= 100)
        return both > 0 && c->no <= SLACK * both;
    return both > 0 && 100 * c->yes > rule->threshold * both + SLACK * both;
}

static bool good_score(const struct tally_rule *rule, const struct count *c)
{
    return rule->score_at_least <= 0 ||
           (c->scored > 0 && c->points >= rule->score_at_least * c->scored - SLACK * c->scored);
}

static enum tally_by judge(const struct tally_rule *rule, const struct count *c)
{
    return c->vetoed                  ? TALLY_VETO
           : !has_quorum(rule, c)     ? TALLY_QUORUM
           : c->yes + c->no <= 0      ? TALLY_NOBODY
           : !over_threshold(rule, c) ? TALLY_THRESHOLD
           : !good_score(rule, c)     ? TALLY_SCORE
                                      : TALLY_AGREED;
}

/* certain: with all open seats missing the quorum is at its worst, with all of them saying no at 0 points all else is. */
static bool certain(const struct tally_rule *rule, const struct ballot *seats, size_t n)
{
    struct count missing = count_with(seats, n, vote_missing, NAN), no = count_with(seats, n, vote_no, 0);
    return judge(rule, &missing) == TALLY_AGREED && judge(rule, &no) == TALLY_AGREED;
}

struct tally tally_count(const struct tally_rule *rule, const struct ballot *seats, size_t n)
{
    struct count now = count_with(seats, n, vote_missing, NAN), best = count_with(seats, n, vote_yes, 100);
    enum tally_by at_best = judge(rule, &best);
    struct tally t = {.total = now.total, .voted = now.voted, .yes = now.yes, .no = now.no};
    t.score = now.scored > 0 ? now.points / now.scored : (double)NAN;
    if (at_best != TALLY_AGREED)
        t.by = at_best;
    else
        t.by = certain(rule, seats, n) ? TALLY_AGREED : TALLY_OPEN;
    return t;
}

double tally_against(const struct tally *t)
{
    double both = t->yes + t->no, against = t->by == TALLY_AGREED ? t->no : t->yes;
    return both > 0 ? 100 * against / both : 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* The arithmetic of a committee's decision (V2, V3), pure: knows no task, no time and no agent. */
#ifndef HELIOS_FLOW_TALLY_H
#define HELIOS_FLOW_TALLY_H

#include "proto/schema.h"

/* One seat. An open one may still vote anything, or nothing. */
struct ballot {
    bool open;
    bool veto;
    enum vote vote; /* of one that is not open */
    double weight;  /* 0 or more */
    double score;   /* 0 to 100; NaN = none was given */
};

struct tally_rule {
    double quorum;         /* % of all weight that must vote */
    double threshold;      /* more than this % of yes among yes and no; 100 = all of them */
    double score_at_least; /* of the weighted mean of the scores of yes and no; 0 = nothing is asked */
};

/* Which rule decided. All but the first two reject. */
enum tally_by { TALLY_OPEN, TALLY_AGREED, TALLY_VETO, TALLY_QUORUM, TALLY_NOBODY, TALLY_THRESHOLD, TALLY_SCORE };

struct tally {
    enum tally_by by;          /* TALLY_OPEN: what is still open can change it */
    double total, voted;       /* weight: of all seats, of those that voted */
    double yes, no;            /* weight */
    double score;              /* NaN = nobody gave one */
};

/* tally_count decides as soon as the open seats cannot change the decision, and not before. */
struct tally tally_count(const struct tally_rule *rule, const struct ballot *seats, size_t n);
/* tally_against: the share of yes and no, in %, that voted against the decision. */
double tally_against(const struct tally *t);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* What is known of a change's effect: the samples before and after, of the KPI that should improve
 * and of each guard (X2, X4). */
#ifndef HELIOS_DECIDE_EVIDENCE_H
#define HELIOS_DECIDE_EVIDENCE_H

#include "common/stats/judge.h"
#include "optimization.h"

/* One look at it. */
struct sight {
    bool last;            /* of the planned looks */
    double alpha;         /* that this look may spend */
    struct judgement kpi; /* what the test says of the improved KPI */
    const char *worse; /* the first guard that got worse; NULL = none. Borrowed from the evidence */
    struct judgement guard; /* what the test says of it, or of the least proved one */
    const char *blind;      /* the first guard without enough data; NULL = none */
    bool guards_proved;     /* every guard is shown to be no worse than tolerated */
    double before, after;   /* medians of the improved KPI, where it is too little for a test */
    bool score_known;
    double score; /* of the improved KPI now (H2) */
};

/* evidence_open: the KPI that it improves first, then its guards. The baseline, if the record has
 * one, is read from it. */
struct evidence *evidence_open(struct helios *h, const struct optimization *o);
void evidence_free(struct evidence *e);
void evidence_record(struct helios *h,
                     struct evidence *e); /* forgets what was recorded and records anew */
/* evidence_baseline makes what was recorded the baseline and packs it into the record. -ENODATA
 * with the KPI's name when one has fewer readings than verify.min_n. */
int evidence_baseline(struct helios *h, struct evidence *e, struct optimization *o,
                      const char **ret_without);
/* evidence_instant is the baseline of an emergency act: each KPI as its window stands now. */
void evidence_instant(struct helios *h, struct evidence *e, struct optimization *o);
/* evidence_shorten leaves of an accepted one's baseline what its return could be checked with (it may be recalled): a few
 * readings of the improved KPI. */
void evidence_shorten(struct helios *h, struct evidence *e, struct optimization *o);
/* evidence_look tests what was recorded since against the baseline, at this alpha. */
void evidence_look(struct helios *h, struct evidence *e, double alpha, bool last,
                   struct sight *ret);
/* evidence_returned (X5): is the improved KPI's median over the last window no worse than its
 * baseline's by more than verify.return_within? -EAGAIN while fewer than three fresh readings are
 * there; 0 no, 1 yes. */
int evidence_returned(struct helios *h, struct evidence *e, double *ret_before, double *ret_now);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* One side of a verdict, lowered to independent blocks: a stream's samples in, at most JUDGE_BLOCKS
 * means out. */
#ifndef HELIOS_STATS_BLOCKS_H
#define HELIOS_STATS_BLOCKS_H

#include "common/stats/judge.h"

/* The samples of one side in the order of time, clipped. */
struct side {
    double value[JUDGE_SAMPLES], at[JUDGE_SAMPLES]; /* at in ms */
    size_t n;
    size_t samples; /* that came in */
};

struct blocks {
    double value[JUDGE_BLOCKS], at[JUDGE_BLOCKS]; /* mean and middle of each block */
    size_t n;
};

/* side_take copies, orders by time (they come nearly ordered), takes logarithms when asked to (all
 * are positive then), multiplies by sign, and clips at the outer fences: absurd values keep their
 * sign and lose their weight. */
void side_take(struct side *s, const struct judge_sample *from, size_t n, double sign, bool logs);
/* blocks_length: how many samples make one block, so that blocks hardly remember each other: 1 when
 * there is no memory to see. */
size_t blocks_length(const struct side *baseline, const struct side *after);
void blocks_cut(struct blocks *b, const struct side *s, size_t length);

#endif

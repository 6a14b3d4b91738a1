/* SPDX-License-Identifier: MPL-2.0 */
/* Does the stream move slowly by itself? What the blocks do inside each side tells how much of the
 * change between the sides a trend or a season would explain, had nothing been done. */
#ifndef HELIOS_STATS_DRIFT_H
#define HELIOS_STATS_DRIFT_H

#include "common/stats/blocks.h"

struct drift {
    double tilt;  /* the shift that a line predicts: common least-squares slope of both sides */
    double bend;  /* the shift that half a wave a side predicts, from trough to crest */
    double slow;  /* variance of the projections on both over that of blocks; 1..JUDGE_BLOCKS */
    double error; /* standard error of the shift: that of unordered blocks, times sqrt(slow) */
    double tilt_error, bend_error; /* of the shift less the tilt, and less the bend */
};
/* Both sides have 4 blocks or more. */
struct drift drift_of(const struct blocks *baseline, const struct blocks *after);

#endif

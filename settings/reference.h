/* SPDX-License-Identifier: MPL-2.0 */
/* The names that a step's parameters and conditions may use (P4), as text: ${params.x}, ${steps.NAME.data.x}, … Knows neither runs
 * nor what a name stands for. */
#ifndef HELIOS_SETTINGS_REFERENCE_H
#define HELIOS_SETTINGS_REFERENCE_H

#include "common/base.h"

enum reference_kind {
    REFERENCE_params, /* of the run */
    REFERENCE_data,   /* of a step */
    REFERENCE_output,
    REFERENCE_state,
    REFERENCE_item,   /* of a fan-out's part */
    REFERENCE_run_id,
    REFERENCE_run_dir,
    REFERENCE_run_time,
};
struct reference {
    enum reference_kind kind;
    struct bytes step; /* of data, output and state: which */
    struct bytes path; /* what follows, parted by points: keys of maps, places in lists; or nothing */
};
/* reference_parse reads what stands between the braces. -EINVAL: it is none of these names. */
int reference_parse(struct bytes inside, struct reference *ret);

/* A text is pieces: plain ones, and what stands between ${ and }. $${ stands for the two characters. */
struct piece {
    bool plain;
    struct bytes text;
};
/* piece_next takes the next piece off *text: 1, 0 at the end, -EINVAL for ${ without }. */
int piece_next(struct bytes *text, struct piece *ret);
/* piece_alone: the text is one reference and nothing else, which keeps the type of what it names. */
bool piece_alone(struct bytes text, struct bytes *ret_inside);

/* path_next takes the next word of a path off; false at the end. */
bool path_next(struct bytes *path, struct bytes *ret_word);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* ${…} in what a step asks for (P4): found in the run's parameters and in what its steps have come to. */
#ifndef HELIOS_FLOW_FILL_H
#define HELIOS_FLOW_FILL_H

#include "step.h"

#define FILL_ERR 256
#define FILL_MOST (64 * 1024) /* bytes, as tasks' parameters */
#define FILL_DEPTH 5          /* levels: so records that hold it are read again (Z3) */
#define FILL_NODES 60000

struct fill {
    const struct run *run;
    struct bytes item; /* of a part: one packed value; nothing = there is none */
};
/* fill_name finds what a name stands for. The value is a view into the run, or into scratch, which it may append to. -ENOENT with a
 * sentence in err (FILL_ERR bytes). */
int fill_name(const struct fill *fill, struct bytes inside, struct buf *scratch, struct value *ret, char *err);
/* fill_map appends the map with all names replaced; nothing becomes the empty map. -ENOENT, -E2BIG with a sentence. */
int fill_map(const struct fill *fill, struct bytes map, struct buf *out, char *err);
/* fill_when says whether a step's condition is true (P6). -EINVAL, -ENOENT with a sentence. */
int fill_when(const struct fill *fill, struct bytes when, bool *ret, char *err);
/* fill_fits: the value can be kept in a record and sent as parameters. */
bool fill_fits(struct bytes value);
void run_dir(const struct run *r, struct buf *out); /* nothing where the pipeline has no `dir` */

#endif

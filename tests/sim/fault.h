/* SPDX-License-Identifier: MPL-2.0 */
/* Everything that goes wrong, as a table. A seed draws which rows its weather has; each of them then strikes again and again until all
 * is healed. */
#ifndef HELIOS_SIM_FAULT_H
#define HELIOS_SIM_FAULT_H

#include "world.h"

struct fault {
    struct moment over; /* when it ends */
    const struct fault_row *row;
    struct node *a, *b;
    int64_t amount; /* µs, or a number: the row's own */
};
struct fault_row {
    const char *name, *doc;
    double often;       /* strikes a minute, in a weather that has it */
    double likely;      /* at least this share of the weathers have it */
    int64_t low, high;  /* µs that it lasts; drawn so that short ones are as frequent as long ones */
    bool (*begin)(struct fault *f); /* false: not now */
    void (*end)(struct fault *f);   /* NULL: nothing to undo */
};
extern const struct fault_row fault_rows[]; /* the last one has no name */

/* faults_begin draws the weather and lets it loose; pace: of all rows; only (may be NULL): that row alone. */
void faults_begin(double pace, const char *only);
void faults_heal(void); /* ends what goes on, and starts what is down */

#endif

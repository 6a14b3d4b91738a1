/* SPDX-License-Identifier: MPL-2.0 */
/* The parts of a step with `each` (P5): one an item of a list, `parallel` of them at once. */
#ifndef HELIOS_FLOW_PART_H
#define HELIOS_FLOW_PART_H

#include "step.h"

#define PARTS_MOST 10000

struct slice {
    struct rec_step r; /* owned; id RUN/STEP/N */
    struct save save;
};
struct fan {
    struct bytes list;   /* owned: the packed list */
    struct bytes *items; /* owned array of views into it; NULL after a restart, until they are needed */
    struct slice **parts; /* owned; NULL where a part has not begun */
    size_t n, room;      /* n: items; room: of parts */
    size_t next;         /* the first that may not have begun */
    size_t n_running, n_good, n_bad;
};

/* fan_begin begins the step: its list is read, its first parts begin. */
void fan_begin(struct helios *h, struct step *s);
/* fan_more begins more of its parts, so many as a turn may; also ends the step when nothing is left to wait for. */
void fan_more(struct helios *h, struct step *s);
void fan_part_ended(struct helios *h, struct step *s, size_t n, const struct step_end *end);
void fan_cancel(struct helios *h, struct step *s, const char *reason);
/* fan_restore counts what its loaded parts say: after a restart, and before it begins anew. */
void fan_restore(struct step *s);
/* fan_reset forgets the parts that did not complete: a retry begins them anew. */
void fan_reset(struct helios *h, struct step *s);
void fan_free(struct step *s);
struct slice *fan_load(struct step *s, size_t n); /* room for a part's record */
size_t fan_size(const struct step *s);
const struct rec_step *fan_part(const struct step *s, size_t n); /* NULL: it has not begun */

#endif

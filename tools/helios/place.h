/* SPDX-License-Identifier: MPL-2.0 */
/* Where the controller is: a data directory's endpoints.json, or a host with the default ports. */
#ifndef HELIOS_TOOL_PLACE_H
#define HELIOS_TOOL_PLACE_H

#include "args.h"
#include "proto/schema.h"

struct place {
    char *endpoints[ENDPOINTS]; /* owned */
    char *realm;                /* owned; "" when not known */
};

/* place_find reads --controller, $HELIOS_CONTROLLER, $HELIOS_DATA, ./data, in this order. -ENOENT
 * with a sentence on stderr. */
int place_find(const struct args *a, struct place *ret);
int place_read(const char *directory, struct place *ret); /* of this data directory; silent */
void place_done(struct place *p);

#endif

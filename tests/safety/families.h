/* SPDX-License-Identifier: MPL-2.0 */
/* The families of histories: what is done to the realm, and how long. */
#ifndef HELIOS_TESTS_SAFETY_FAMILIES_H
#define HELIOS_TESTS_SAFETY_FAMILIES_H

#include "world.h"

struct family {
    const char *name, *doc;
    void (*begin)(struct world *w); /* before it leads */
    void (*each)(struct world *w);  /* before each step */
    unsigned steps;
    unsigned per_thousand; /* so many acts, or would-have acts, a thousand histories at least: no vacuum */
};
extern const struct family families[];
extern const unsigned n_families;

#endif

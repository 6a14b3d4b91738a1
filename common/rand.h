/* SPDX-License-Identifier: MPL-2.0 */
/* Seeded random numbers (splitmix64, Steele et al. 2014): the core has no other, so that the same seed
 * gives the same decisions. Not for secrets. */
#ifndef HELIOS_COMMON_RAND_H
#define HELIOS_COMMON_RAND_H

#include <stdint.h>

struct rand {
    uint64_t state;
};

static inline uint64_t rand_next(struct rand *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline double rand_unit(struct rand *r) /* [0, 1) */
{
    return (double)(rand_next(r) >> 11) * 0x1.0p-53;
}

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* Deliberate faults, at most one in a build, for the test that proves that the simulator sees them (tests/sim/mutants.txt). Without
 * -DHELIOS_MUTANT=MUTANT_… there is none: MUTANT(name) is 0 and its branch is no code. */
#ifndef HELIOS_COMMON_MUTANT_H
#define HELIOS_COMMON_MUTANT_H

enum mutant {
    MUTANT_none,
    MUTANT_fence,    /* a commit of an earlier epoch is taken (C4) */
    MUTANT_keys,     /* a key that is known makes another task (T3) */
    MUTANT_dup,      /* a commit that comes twice is not told from a new one (C2) */
    MUTANT_attempt,  /* a result counts for whatever attempt is current (T5) */
    MUTANT_commit,   /* what is said does not wait for the commit (C1) */
    MUTANT_budget,   /* an emergency act does not write down that it was spent (X8) */
    MUTANT_recovery, /* a new leader forgets half-applied optimizations (X1) */
};

#ifndef HELIOS_MUTANT
#define HELIOS_MUTANT MUTANT_none
#endif
#define MUTANT(name) (HELIOS_MUTANT == MUTANT_##name)

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* Deliberate faults, at most one in a build, for the test that proves that the simulator and tests/safety see them. Without
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
    MUTANT_vote,     /* a missing vote is a yes (V2) */
    MUTANT_cursor,   /* a new leader lets schedules begin anew (S1) */
    MUTANT_quota,    /* what a limit has given is not written down (Q1) */
    MUTANT_step,     /* that a step has begun is not written down (P3) */
    MUTANT_forget,   /* a new leader does not know which steps have completed (P3) */
    MUTANT_apart,    /* what a schedule starts does not move its cursor in the same commit (S1) */

    /* Of tests/safety. */
    MUTANT_brake,    /* much that vanishes at once freezes nothing (X9) */
    MUTANT_spend,    /* an emergency act costs nothing (X8) */
    MUTANT_stale,    /* what was measured once is known for ever (H3) */
    MUTANT_early,    /* a new leader acts on what it has hardly seen (L5) */
    MUTANT_bounds,   /* absurd samples are taken (H1) */
    MUTANT_freeze,   /* the kill switch is not asked (X10) */
    MUTANT_mode,     /* nor is the mode (X10) */
    MUTANT_cooldown, /* the same act again at once (X6) */
    MUTANT_crowd,    /* any number of optimizations at once (X6) */
    MUTANT_vain,     /* no breaker opens (X7) */
    MUTANT_dwell,    /* one evaluation makes health bad or good (H4) */
    MUTANT_reason,   /* what is proposed is not written down (X13) */
    MUTANT_selector, /* an order that names nobody means all (X11) */
};

#ifndef HELIOS_MUTANT
#define HELIOS_MUTANT MUTANT_none
#endif
#define MUTANT(name) (HELIOS_MUTANT == MUTANT_##name)

#endif

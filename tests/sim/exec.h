/* SPDX-License-Identifier: MPL-2.0 */
/* What a program does when an agent runs it in the simulator. */
#ifndef HELIOS_SIM_EXEC_H
#define HELIOS_SIM_EXEC_H

#include "world.h"

/* The words of its environment that a program is told. */
struct told {
    const char *agent, *task, *key, *action, *undo_of, *target;
    uint64_t attempt;
};
/* How it will go; drawn when it starts. */
struct play {
    int64_t time;   /* µs; it ends then, if nobody stops it before */
    int exit_code;  /* or */
    int signal;     /* that kills it */
    bool stubborn;  /* it does not hear SIGTERM */
    char text[256]; /* what it prints */
};
/* program_starts decides how it goes; program_ends tells that it is over, whoever ended it. Of programs.c. */
void program_starts(const struct told *told, struct play *ret);
void program_ends(const struct told *told, const struct play *play, bool stopped);

#endif

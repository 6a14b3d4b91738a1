/* SPDX-License-Identifier: MPL-2.0 */
/* What a role can do beside the manifest: actions composed of runs of the manifest's own actions. A
 * new one is a row of `composites` in roles.c and one function a moment of its life. */
#ifndef HELIOS_AGENTS_ROLES_ROLE_H
#define HELIOS_AGENTS_ROLES_ROLE_H

#include "agents/job.h"

struct composite {
    const char *name;
    enum role role; /* whose members offer it */
    const struct param_rule *params;
    size_t n_params;
    void (*begin)(
        struct job *j); /* checks all steps, then starts the first by job_step, or ends the job */
    void (*next)(struct job *j,
                 struct ended *last); /* a step ended; what it takes out of *last is its own */
    void (*free)(void *state);
};

extern const struct composite composite_analyze, composite_apply, composite_rollback,
    composite_inspect;
extern const struct composite *const composites[];
extern const size_t composites_n;

#endif

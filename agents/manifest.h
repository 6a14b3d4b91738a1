/* SPDX-License-Identifier: MPL-2.0 */
/* The manifest: every action that this process can do, by name, with its typed parameters (A1).
 * What is not in it is never started. Knows names and parameters; knows nothing of running. */
#ifndef HELIOS_AGENTS_MANIFEST_H
#define HELIOS_AGENTS_MANIFEST_H

#include "agents/params.h"
#include "proto/schema.h"

struct builtin;
struct composite;

/* One action: of the config (`set`, with `run` or a builtin), or composed by a role of other
 * actions. */
struct action {
    const char *name;
    struct params params;
    const struct set_action *set;      /* NULL: a role's */
    const struct builtin *builtin;     /* NULL: `run`, or a role's */
    const struct composite *composite; /* NULL: the config's */
    void *host;                        /* of a builtin that its owner has added; borrowed */
    const struct set_secret **secrets; /* owned: those that its process gets (Q2) */
    size_t n_secrets;
};

struct manifest {
    struct action *actions; /* owned */
    size_t n;
    unsigned users; /* the process and every attempt that began under it: a reload must not pull it
                       away */
    struct settings *settings; /* owned: what the actions point into */
};

/* manifest_new reads the actions of the config and adds those of the roles. Takes the settings.
 * -EINVAL with the sentence in *ret_why (the caller's) when a builtin is unknown, an action does
 * nothing, or a default cannot be; the settings are freed then, too. */
int manifest_new(struct settings **settings, struct manifest **ret, char **ret_why);
struct manifest *manifest_hold(struct manifest *m);
void manifest_drop(struct manifest *m); /* NULL is fine; the last one frees it */
const struct set_agent_config *manifest_config(const struct manifest *m);

/* manifest_find gives the action that a member offers under that name, or NULL. id: the member's;
 * base: its name in the config, before it was numbered. The config's own action stands before the
 * role's. */
const struct action *manifest_find(const struct manifest *m, struct bytes name, const char *id,
                                   const char *base, enum role role);
bool action_offered(const struct action *a, const char *id, const char *base, enum role role);

/* action_needs_signature: of a signer, on the whole task (Z7). */
bool action_needs_signature(const struct manifest *m, const struct action *a);

#endif

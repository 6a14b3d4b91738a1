/* SPDX-License-Identifier: MPL-2.0 */
/* Typed parameters: what an action takes, and whether what was given is that (A1). Knows nothing of
 * who runs the action. */
#ifndef HELIOS_AGENTS_PARAMS_H
#define HELIOS_AGENTS_PARAMS_H

#include "proto/read.h"
#include "settings/settings.h"

/* The rule of one parameter. Strings are borrowed from the config or are constants. */
struct param_rule {
    const char *name;
    enum param_kind kind;
    bool required;
    bool many;         /* json: 1 MiB is allowed instead of `length` */
    const char *dflt;  /* as text; NULL or "" = none */
    bool limited;      /* min and max count */
    double min, max;   /* of int and number */
    int64_t length;    /* bytes, of string and json; 0 = 1024 */
    struct seq one_of; /* of struct bytes; empty = any */
};

struct params {
    struct param_rule *rules; /* owned */
    size_t n;
};

void params_add(struct params *p, struct param_rule rule); /* replaces the rule of that name */
void params_add_set(struct params *p, const struct set_param *set);
void params_done(struct params *p);
const struct param_rule *params_find(const struct params *p, struct bytes name);

/* params_check fills out with a msgpack map of all parameters, defaults included, in the rules'
 * order. action: for the sentence. -EINVAL with one sentence in *ret_why (the caller's to free)
 * when one is unknown, missing, of another type, out of its range, too long or not one of the
 * allowed values; out is undefined then. */
int params_check(const struct params *p, const char *action, struct bytes given, struct buf *out,
                 char **ret_why);
/* params_check_defaults: can every default be what its rule says? -EINVAL with a sentence. */
int params_check_defaults(const struct params *p, const char *action, char **ret_why);

/* param_text appends a value as the text that stands for {param}: strings as they are, maps and
 * lists as JSON. */
void param_text(struct buf *out, const struct value *v);

#endif

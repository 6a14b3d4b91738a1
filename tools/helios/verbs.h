/* SPDX-License-Identifier: MPL-2.0 */
/* The verbs that a person types: one table; help and completion are made from it. */
#ifndef HELIOS_TOOL_VERBS_H
#define HELIOS_TOOL_VERBS_H

#include <jansson.h>

#include "args.h"
#include "client.h"
#include "paint.h"

struct cli_verb {
    const char *name;
    const char *words; /* what stands beside the options, for the help */
    const char *help;  /* one line */
    const struct option_row *options;
    int (*run)(const struct cli_verb *verb,
               const struct args *a); /* answers the exit code (sysexits) */
    const void *data;                 /* of the file that runs it */
};
extern const struct cli_verb cli_verbs[]; /* ends with a NULL name */
const struct cli_verb *cli_verb_find(const char *name);

/* One row a file's function that stands in the table. */
int run_list(const struct cli_verb *verb, const struct args *a);
int run_show(const struct cli_verb *verb, const struct args *a);
int run_order(const struct cli_verb *verb, const struct args *a);
int run_status(const struct cli_verb *verb, const struct args *a);
int run_health(const struct cli_verb *verb, const struct args *a);
int run_controllers(const struct cli_verb *verb, const struct args *a);
int run_everywhere(const struct cli_verb *verb, const struct args *a);
int run_why(const struct cli_verb *verb, const struct args *a);
int run_bench(const struct cli_verb *verb, const struct args *a);
int run_submit(const struct cli_verb *verb, const struct args *a);
int run_report(const struct cli_verb *verb, const struct args *a);
int run_wait(const struct cli_verb *verb, const struct args *a);
int run_tap(const struct cli_verb *verb, const struct args *a);
int run_top(const struct cli_verb *verb, const struct args *a);
int run_up(const struct cli_verb *verb, const struct args *a);
int run_summary(const struct cli_verb *verb, const struct args *a);
int run_config(const struct cli_verb *verb, const struct args *a);
int run_keys(const struct cli_verb *verb, const struct args *a);
int run_doctor(const struct cli_verb *verb, const struct args *a);
int run_signer(const struct cli_verb *verb, const struct args *a);
int run_review(const struct cli_verb *verb, const struct args *a);
int run_pipeline_verb(const struct cli_verb *verb, const struct args *a);
int run_version(const struct cli_verb *verb, const struct args *a);
int run_help(const struct cli_verb *verb, const struct args *a);
int run_completion(const struct cli_verb *verb, const struct args *a);

/* repeat runs `once` again each second with --watch, clearing the screen; else once. */
int repeat(const struct cli_verb *verb, const struct args *a,
           int (*once)(struct client *c, const struct cli_verb *verb, const struct args *a));

extern const struct option_row list_options[], order_options[], submit_options[], report_options[], tap_options[],
    up_options[], config_options[], keys_options[], signer_options[], wait_options[], summary_options[],
    bench_options[], doctor_options[], review_options[], pipeline_options[];

#endif

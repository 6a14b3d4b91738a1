/* SPDX-License-Identifier: MPL-2.0 */
/* The words that a program is started with: its arguments with {param} replaced, and its
 * environment, built from nothing (A1). */
#ifndef HELIOS_AGENTS_ARGV_H
#define HELIOS_AGENTS_ARGV_H

#include "agents/params.h"
#include "common/buf.h"
#include "proto/schema.h"

/* A NULL-terminated list of owned strings, as exec wants them. Zero it to begin. */
struct words {
    char **at;
    size_t n;
};
void words_add(struct words *w, char *word); /* takes it */
void words_done(struct words *w);

/* words_run fills in `run`: inside one argument {name} becomes the text of that parameter when
 * `rules` has one of that name (nothing when it was not given); an argument is never split or
 * joined. rules may be NULL: then nothing is replaced. */
void words_run(struct words *w, struct seq run, const struct params *rules, struct bytes params);

/* The environment. A value with a NUL inside ends there. */
void words_env(struct words *w, const char *name, struct bytes value);
/* words_base: PATH, HOME, LANG and HELIOS_DATA of our own, then what `pass` names of our own, then
 * the map `env`. Later entries replace earlier ones. */
void words_base(struct words *w, struct seq pass, struct bytes env);
/* words_base64 sets NAME to the bytes in base64 (RFC 4648): what may hold any byte. */
void words_base64(struct words *w, const char *name, struct bytes value);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* The first inputs of every target and the words of its dictionary, made from the tables. */
#ifndef HELIOS_TESTS_FUZZ_SEEDS_H
#define HELIOS_TESTS_FUZZ_SEEDS_H

#include "common/buf.h"

/* seed_write writes one input of a target: DIR/TARGET/seed-N. */
void seed_write(const char *target, struct bytes input);
/* seed_word adds one word to its dictionary: DIR/TARGET.dict. */
void seed_word(const char *target, struct bytes word);
void seed_words(const char *target, const char *const *words); /* NULL at the end */
/* seed_piece appends a piece as fuzz_piece reads it. */
void seed_piece(struct buf *out, unsigned what, struct bytes bytes);
void seed_file(struct buf *out, const char *name); /* appends a file of the sources */

void seeds_of_wire(void);  /* frame, records, core */
void seeds_of_texts(void); /* config, manifest, recording */
void seeds_of_redis(void);

#endif

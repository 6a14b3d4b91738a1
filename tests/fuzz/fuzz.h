/* SPDX-License-Identifier: MPL-2.0 */
/* What the fuzz targets share: a check that ends the run, and bytes that are cut into pieces. Knows no target.
 *
 * Each target is one file with LLVMFuzzerTestOneInput; libFuzzer drives it (preset `fuzz`), or replay.c with what was found. */
#ifndef HELIOS_TESTS_FUZZ_H
#define HELIOS_TESTS_FUZZ_H

#include "proto/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv); /* of targets that have something to prepare */

/* Not assert: it must hold whatever the build type is. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* An input of several steps: pieces of [what, length / 256, length % 256, bytes]. A length that promises too much takes what is
 * left, so that every input means something. */
struct piece {
    unsigned what;
    struct bytes bytes;
};

static inline bool fuzz_piece(struct bytes *left, struct piece *ret)
{
    if (left->n < 3)
        return false;
    const unsigned char *head = (const unsigned char *)left->at;
    size_t n = MIN((size_t)head[1] << 8 | head[2], left->n - 3);
    *ret = (struct piece){head[0], {left->at + 3, n}};
    *left = (struct bytes){left->at + 3 + n, left->n - 3 - n};
    return true;
}

/* fuzz_tight copies a piece into memory of exactly its size: a read past its end is seen. The caller frees .at. */
static inline struct bytes fuzz_tight(struct bytes b)
{
    char *copy = malloc(b.n);
    if (b.n)
        memcpy(copy, b.at, b.n);
    return (struct bytes){copy, b.n};
}

static inline void fuzz_release(struct bytes *b)
{
    free((void *)(uintptr_t)b->at);
}

#endif

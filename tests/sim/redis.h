/* SPDX-License-Identifier: MPL-2.0 */
/* A model of Redis: the commands that the store uses and the functions of orchestrator/shell/functions.lua, as a pure function of
 * requests. Requests and answers are the bytes of the protocol (RESP2), so that the same bytes can be handed to a real server
 * (test_model.c). Knows nothing of who asks and of connections. */
#ifndef HELIOS_SIM_REDIS_H
#define HELIOS_SIM_REDIS_H

#include "common/buf.h"

struct model;

/* The words of one request; views. */
struct words {
    struct bytes at[4096];
    size_t n;
};
/* words_read takes the first request from *in; false when it is not whole. */
bool words_read(struct bytes *in, struct words *ret);
static inline bool word_is(struct bytes word, const char *text)
{
    return word.n == strlen(text) && strncasecmp(word.at, text, word.n) == 0;
}

struct model_calls {
    /* A commit was applied (not for a DUP): its arguments as functions.lua gets them, keys first. before: the model as it is until
     * then. May be NULL. */
    void (*on_commit)(void *user, struct model *before, const struct bytes *keys, size_t n_keys,
                      const struct bytes *args, size_t n_args);
    void (*on_lead)(void *user, uint64_t epoch); /* the lease was taken */
    /* The order of a hash's pairs, and how many a page of HSCAN has, are nobody's promise. Answers 0 … n-1. NULL = in order. */
    uint64_t (*draw)(void *user, uint64_t n);
};

struct model *model_new(const struct model_calls *calls, void *user);
void model_free(struct model *m);
/* model_ask appends the answer to one request. now: ms since 1970. */
void model_ask(struct model *m, struct bytes request, int64_t now, struct buf *answer);
/* model_refuse makes every request of a class answer with this error; NULL = none. */
enum refuse { REFUSE_nothing, REFUSE_all, REFUSE_writes, REFUSE_growth };
void model_refuse(struct model *m, enum refuse what, const char *error);
void model_forget_functions(struct model *m);
/* model_rewind takes the last n requests that wrote back; answers how many commits of them. */
size_t model_rewind(struct model *m, size_t n);
size_t model_writes(const struct model *m);
struct bytes model_field(struct model *m, struct bytes key, struct bytes field); /* {NULL, 0} = none */

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* What is remembered of ended tasks: keys (T3), failures (T12), and for a while in memory how each
 * one ended. */
#ifndef HELIOS_WORK_KEEP_H
#define HELIOS_WORK_KEEP_H

#include "common/recent.h"
#include "work.h"

#define KEEP_OUTPUT 4096 /* longer outputs and data are not kept beyond the task's end */
#define PAST_MOST 8192   /* ended tasks and settled attempts that are remembered in memory */
#define PAST_BYTES (16 * 1024 * 1024)

/* keep_ended: the task ended; called once, before it leaves. Answers how, packed as msg_ended: a view for this turn. */
struct bytes keep_ended(struct helios *h, const struct task *t);

/* ---- keys ---- */
char *key_text(struct bytes client, struct bytes key); /* CLIENT/KEY; the caller's */
struct kept_key *key_find(struct helios *h, const char *text);
int key_load(struct helios *h, struct bytes value);
void keys_bound(struct helios *h); /* to tasks.keep_keys */

/* ---- failures ---- */
struct kept *failed_find(struct helios *h, struct bytes id);
int failed_load(struct helios *h, struct bytes value);
void failed_drop(struct helios *h, struct kept *k);
void failed_bound(struct helios *h); /* to tasks.keep_failed */

void keep_sort(struct helios *h); /* all is loaded: oldest first again */
void keep_free(struct helios *h);

/* ---- the past, in memory ---- */
struct past_task {
    UT_hash_handle hh; /* past.tasks, key id */
    struct list link;
    enum task_state state;
    struct bytes id, ended; /* behind it in one block; ended is a packed msg_ended */
};
struct past {
    struct past_task *tasks;
    struct list oldest_tasks; /* struct past_task.link */
    size_t n_tasks, bytes;
    struct recent attempts; /* settled ones */
};
struct past *past_new(void);
void past_free(struct past *p);
const struct past_task *past_add(struct helios *h, const struct task *t); /* it ended */
const struct past_task *past_find(struct helios *h, struct bytes id);
void past_settled(struct helios *h, struct bytes task, uint64_t attempt, struct bytes agent);
bool past_was_settled(struct helios *h, struct bytes task, uint64_t attempt, struct bytes agent);
/* past_state says how a task ended, from memory, kept failures or the ledger; -ENOENT when it is
 * not known. */
int past_state(struct helios *h, struct bytes id, enum task_state *ret_state);

/* ended_of fills the views of a `done` item; whole = with outputs of any length. */
struct msg_ended ended_of(const struct rec_task *r, bool whole);

#endif

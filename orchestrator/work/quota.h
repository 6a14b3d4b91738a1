/* SPDX-License-Identifier: MPL-2.0 */
/* What an action may take in the whole realm: attempts at once, a day, a time (Q1). */
#ifndef HELIOS_WORK_QUOTA_H
#define HELIOS_WORK_QUOTA_H

#include "common/zone.h"
#include "settings/rate.h"
#include "work.h"

/* The counts of one action. It exists while the config limits the action, or its record counts a day that is not over. */
struct quota {
    UT_hash_handle hh;  /* gates.quotas, key r.id */
    struct rec_quota r; /* owned, but `times`: a view of what is in force of the array below */
    struct save save;
    const struct set_limit *limit; /* borrowed from the config; NULL: it limits nothing any more */
    struct rate rate;
    const struct zone *zone; /* in which a day begins; NULL = UTC */
    int64_t day_end;         /* of r.day */
    int64_t *times; /* owned; room for twice RATE_MOST: starts move on in it, and back when its end is reached */
    size_t first, n;
    unsigned running;
    bool open;           /* an attempt may begin; its classes know */
    struct timer timer;  /* the day or the rate gives again */
    struct list classes; /* struct class.of_quota */
    size_t asleep;       /* tasks of it that sleep in sheaves; counted when `limits` is asked for */
};

struct class;
/* quotas_follow: the config is another one, or the first. */
void quotas_follow(struct helios *h);
int quota_load(struct helios *h, struct bytes value);
/* quotas_lead: all is loaded; counts of a clock that was ahead are brought back, those of nobody go. */
void quotas_lead(struct helios *h);
void quotas_wall(struct helios *h); /* the clock on the wall was set */
void quotas_free(struct helios *h);

struct quota *quota_find(struct helios *h, struct bytes action); /* NULL: no limit */
/* quota_take: an attempt begins, and counts in this commit. Not after a restart: then it has counted already. */
void quota_take(struct helios *h, struct quota *q);
/* quota_enter, quota_leave: an attempt runs, and runs no more. */
void quota_enter(struct helios *h, struct quota *q);
void quota_leave(struct helios *h, struct quota *q);
/* quota_why appends why nothing begins now (T11). */
void quota_why(struct helios *h, const struct quota *q, struct buf *out);
/* What is counted, for `limits`. next: when an attempt may begin as far as day and rate say; h->now = at once. */
unsigned quota_in_time(const struct helios *h, const struct quota *q);
int64_t quota_next(const struct helios *h, const struct quota *q);
int64_t quota_day_end(const struct quota *q);
uint64_t quota_used(const struct helios *h, const struct quota *q);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* One emergency of the realm, from its first bad evaluation to its resolution. At most one is open:
 * a health that turns bad again re-fires it (H5). */
#ifndef HELIOS_DECIDE_INCIDENT_H
#define HELIOS_DECIDE_INCIDENT_H

#include "decide.h"

#define ASSESS_MS 2000 /* how often an open incident is looked at */

struct incident {
    struct list link;      /* in incidents.ended, or alone */
    struct rec_incident r; /* owned; the durable half */
    struct save save;
};
struct incidents {
    struct incident *open; /* owned; NULL while all is well */
    struct list ended;     /* struct incident.link, oldest first; at most DECIDE_KEEP */
    size_t n_ended;
    struct timer assess;
    struct list asked; /* struct request.link: tasks that end with the incident */
};
struct incidents *incidents_of(struct helios *h);
/* The one that is not resolved, or NULL. */
const struct incident *incident_open(struct helios *h);
struct incident *incident_find(struct helios *h, struct bytes id);
/* incident_declare opens one although the alarm has not (an `emergency` task): health is under
 * threshold. */
struct incident *incident_declare(struct helios *h, double threshold, uint64_t max_issues,
                                  struct bytes task);
/* A person has seen it. -EALREADY when it is resolved. */
int incident_ack(struct helios *h, struct incident *i, struct bytes author, struct bytes reason);

enum incident_event {
    INCIDENT_RISE,    /* health is over the leaving limit */
    INCIDENT_FALL,    /* and under it again */
    INCIDENT_EXHAUST, /* nothing is left to try */
    INCIDENT_ACT,     /* an emergency act was deployed */
    INCIDENT_CLOSE,   /* the leaving dwell is over and no act is under way */
    INCIDENT_EVENTS
};
/* incident_step: -EPROTO when the event cannot happen in this state. */
int incident_step(struct helios *h, struct incident *i, enum incident_event event);

/* What came of looking for responses (response.c). */
struct response {
    unsigned acted;     /* emergency acts deployed now */
    unsigned under_way; /* acts of this incident that run already */
    bool waiting;       /* something could act soon: a cooldown, a lock, an agent, a freeze */
    char why[240];      /* the last thing that held an act for good */
};
void response_issues(struct helios *h,
                     struct incident *i); /* writes the top issues into the record */
/* response_deploy finds the top issues and deploys what the config has against each. */
struct response response_deploy(struct helios *h, struct incident *i);
/* incident_outcome packs the whole incident with its timeline; incident_report writes it into
 * files, again at each change. */
void incident_outcome(struct helios *h, struct buf *out, const struct incident *i);
void incident_report(struct helios *h, const struct incident *i);

#endif

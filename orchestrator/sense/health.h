/* SPDX-License-Identifier: MPL-2.0 */
/* Scopes: the realm and each swarm, with the sums behind their health and the hysteresis of their alarm. */
#ifndef HELIOS_SENSE_HEALTH_H
#define HELIOS_SENSE_HEALTH_H

#include "sense.h"

#define FLAP_EVALUATIONS 21

struct scope {
    UT_hash_handle hh;      /* sense.scopes, key r.id */
    double weight;          /* of all its KPIs */
    double known;           /* of those with a score */
    double sum;             /* of weight × score */
    int64_t newest;         /* sample; 0 = none yet */
    struct rec_alarm r;     /* owned; its hysteresis (H4) */
    struct save save;
    struct rec_health shown; /* what other programs read in Redis */
    struct save shown_save;
    bool below;             /* side of the last evaluation, for flapping */
    bool flapping;
};

struct scope *scope_get(struct helios *h, struct bytes name); /* made when it is not there */
void scopes_clear(struct helios *h);                          /* sums to 0; alarms stay */
void scopes_done(struct helios *h);
int scope_load(struct helios *h, struct bytes value);
/* scope_move takes a KPI's score out and puts the new one in; -1 = not known. */
void scope_move(struct scope *s, double weight, double before, double after);
/* scopes_evaluate is one evaluation of every scope's hysteresis. */
void scopes_evaluate(struct helios *h);

#endif

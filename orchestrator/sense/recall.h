/* SPDX-License-Identifier: MPL-2.0 */
/* Which KPIs a source named, in its order. Sources send the same KPIs round after round, so the one that a sample names is
 * nearly always known before its name is read: that saves a search, and what the next samples will touch can be on its way.
 * It is a guess that the name confirms; what was guessed wrong is looked up and remembered. */
#ifndef HELIOS_SENSE_RECALL_H
#define HELIOS_SENSE_RECALL_H

#include "common/base.h"

struct helios;
struct kpi;

struct recall {
    struct recalled *at; /* owned; a round in the order of its samples */
    size_t n, room, next;
};

/* All sources together remember at most so many a KPI, whatever peers send; a source beyond that is looked up each time. */
#define RECALLED_PER_KPI 4

/* recall_find is kpi_find for the next sample of a source; NULL when no KPI is named so. */
struct kpi *recall_find(struct helios *h, struct recall *r, struct bytes name);
void recall_nothing(struct helios *h, struct recall *r); /* gives its memory back; r can be used on */

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* Reports: one packed map becomes NAME.json and NAME.md under the data directory (the shell writes
 * them). */
#ifndef HELIOS_DECIDE_REPORT_H
#define HELIOS_DECIDE_REPORT_H

#include "common/buf.h"

struct helios;
/* report_write: id is whom it is about; summary one sentence. Nothing when reports.enabled is off. */
void report_write(struct helios *h, const char *name, const char *title, const char *summary,
                  const char *id, struct bytes data);
/* markdown_of appends the map for people: plain values as a list, lists of maps as tables, maps as
 * sections. All text is escaped: ids and sentences of agents stand in it (A7). */
void markdown_of(struct buf *out, struct bytes data);

#endif

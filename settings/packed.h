/* SPDX-License-Identifier: MPL-2.0 */
/* A section's struct as msgpack and back, for records that keep a definition as it was: a map of its keys, defaults left out.
 * Knows no file and no meaning. */
#ifndef HELIOS_SETTINGS_PACKED_H
#define HELIOS_SETTINGS_PACKED_H

#include "proto/pack.h"
#include "settings/keep.h"
#include "settings/sections.h"

extern const struct section section_of_pipeline, section_of_schedule, section_of_committee;

/* section_pack appends one value, a map. Names of rows are keys of their table, not of the row itself. */
void section_pack(struct pack *p, const struct section *section, const void *base);
/* section_unpack fills the struct: defaults, then what the map says; texts live in keep. Keys that are unknown are skipped, as
 * another version wrote them; a value of another kind is -EPROTO. */
int section_unpack(struct keep *keep, const struct section *section, struct bytes map, void *base);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* What there is to say of one setting, as plain text: kind, range, default. Knows no form of document. */
#ifndef HELIOS_SETTINGS_DESCRIBE_H
#define HELIOS_SETTINGS_DESCRIBE_H

#include "settings/sections.h"

const char *describe_kind(const struct setting *s);
/* describe_range appends what it may be; nothing for free text. `quote` stands around each word of a choice. */
void describe_range(struct buf *out, const struct setting *s, const char *quote);
/* describe_default appends the default as YAML; nothing where there is none. */
void describe_default(struct buf *out, const struct setting *s);
/* describe_tree calls add for a section and, below it, for each part where it is met first; `done` marks those of
 * sections_all that were met. */
void describe_tree(struct buf *out, const struct section *section, bool *done,
                   void (*add)(struct buf *out, const struct section *section));

#endif

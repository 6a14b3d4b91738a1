/* SPDX-License-Identifier: MPL-2.0 */
/* One value: from text into its member and back, with the sentence that says what is wrong. Knows
 * no file and no place. */
#ifndef HELIOS_SETTINGS_VALUE_H
#define HELIOS_SETTINGS_VALUE_H

#include "settings/keep.h"
#include "settings/sections.h"

/* value_is_single says whether one word of text holds it: all kinds but WORDS, ANY, IN and TABLE.
 */
bool value_is_single(enum setting_kind kind);

/* value_parse writes the member of a single kind. -EINVAL, -ERANGE: *why gets a sentence that goes
 * on behind the setting's name ("is '5x', which is no whole number") and the member is untouched.
 */
int value_parse(struct keep *keep, const struct setting *s, void *member, struct bytes text,
                struct buf *why);
/* value_split makes WORDS of a text; empty words are left out. */
struct seq value_split(struct keep *keep, const char *text, char separator);
void value_default(struct keep *keep, const struct setting *s, void *member); /* not for IN */
bool value_is_default(const struct setting *s, const void *member); /* not for IN and TABLE */

/* value_print appends it as YAML in one line that reads back as the same; not for IN and TABLE. */
void value_print(struct buf *out, const struct setting *s, const void *member);
void value_duration(struct buf *out,
                    int64_t ms); /* exact: what text_parse_duration reads as the same */
/* value_number appends a number of this setting with its unit, as in its range. */
void value_number(struct buf *out, const struct setting *s, double number);

#endif

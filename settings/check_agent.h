/* SPDX-License-Identifier: MPL-2.0 */
/* The parts of the check of an agent's file. */
#ifndef HELIOS_SETTINGS_CHECK_AGENT_H
#define HELIOS_SETTINGS_CHECK_AGENT_H

#include "settings/check.h"

void check_probe(const struct check *c, const struct names *members, const struct set_probe *probe);
/* check_secrets: where they come from, who gets them, and that nobody else does (Q2). */
void check_secrets(const struct check *c, const struct set_agent_config *config);

#endif

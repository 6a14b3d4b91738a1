/* SPDX-License-Identifier: MPL-2.0 */
/* The files that the core wants, under DATA/reports, so many and no more. */
#ifndef HELIOS_SHELL_REPORTS_H
#define HELIOS_SHELL_REPORTS_H

#include "common/base.h"

struct helios;
/* reports_write takes all wanted files of the core; the oldest ones beyond `keep` are removed.
 * -errno of the last failure. */
int reports_write(struct helios *h, const char *data_dir, size_t keep);

#endif

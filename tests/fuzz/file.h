/* SPDX-License-Identifier: MPL-2.0 */
/* A file in memory, for readers that want a name. */
#ifndef HELIOS_TESTS_FUZZ_FILE_H
#define HELIOS_TESTS_FUZZ_FILE_H

#include "common/base.h"

/* fuzz_file answers the name of a file with these bytes; it is the same file each time. */
const char *fuzz_file(struct bytes content);

#endif

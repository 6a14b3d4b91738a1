/* SPDX-License-Identifier: MPL-2.0 */
/* What the system lets a process have. */
#ifndef HELIOS_COMMON_LIMIT_H
#define HELIOS_COMMON_LIMIT_H

/* limit_files lets this process open as many files as it may: a socket a peer is more than the usual 1024. */
void limit_files(void);

#endif

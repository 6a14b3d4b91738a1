/* SPDX-License-Identifier: MPL-2.0 */
/* Where the lines of a guest go: to its host, or nowhere. */
#ifndef HELIOS_LIB_LOG_H
#define HELIOS_LIB_LOG_H

void lib_quiet(void); /* before anything that might say something */

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* Ctrl-C and SIGTERM: asked for once, looked at where a verb can stop. */
#ifndef HELIOS_TOOL_STOP_H
#define HELIOS_TOOL_STOP_H

#include <stdbool.h>

/* stop_catch makes SIGINT, SIGTERM and SIGHUP interrupt what blocks instead of ending the process.
 */
void stop_catch(void);
bool stop_asked(void);
int stop_signal(void); /* the first of them; 0 = none yet */
int stop_times(void);  /* how often it was asked */

#endif

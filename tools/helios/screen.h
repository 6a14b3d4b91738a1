/* SPDX-License-Identifier: MPL-2.0 */
/* A terminal that is drawn over and over: alternate screen, no echo; given back on every way out of
 * the process, signals included. Knows nothing of what is drawn. */
#ifndef HELIOS_TOOL_SCREEN_H
#define HELIOS_TOOL_SCREEN_H

#include "common/buf.h"

bool screen_possible(void); /* stdout is a terminal that understands more than lines */
void screen_enter(void);    /* once; screen_leave comes by itself at exit and at fatal signals */
void screen_leave(void);
/* screen_show draws the text from the top, cut to the terminal's lines and columns; empties it. */
void screen_show(struct buf *text);
unsigned screen_rows(void);
/* screen_key answers a pressed key, 0 when none, and never waits. */
char screen_key(void);

#endif

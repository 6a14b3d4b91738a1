/* SPDX-License-Identifier: MPL-2.0 */
/* What happened, as tables and in one sentence: of the answer to the query `summary`. */
#ifndef HELIOS_TOOL_SUMMARY_H
#define HELIOS_TOOL_SUMMARY_H

#include <jansson.h>

#include "common/buf.h"

/* summary_paint appends the tables of cycles and optimizations, health over time, the incidents
 * with their timelines, and the verdict. Nothing of the answer is needed: what is missing is shown
 * as none. */
void summary_paint(struct buf *out, const json_t *summary);
/* summary_verdict appends one sentence: what was kept, what was undone, what was mended. */
void summary_verdict(struct buf *out, const json_t *summary);
/* summary_health appends a sparkline of [{at, health}, …] in `width` columns on 0..100, each the
 * mean of its share of the time; a gap where nothing was known. */
void summary_health(struct buf *out, const json_t *health, unsigned width);

#endif

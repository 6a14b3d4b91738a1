/* SPDX-License-Identifier: MPL-2.0 */
/* The parts of `helios pipeline`: how a graph and a run are drawn. */
#ifndef HELIOS_TOOL_PIPELINE_H
#define HELIOS_TOOL_PIPELINE_H

#include "verbs.h"

/* pipeline_draw appends the graph, a level a block: name, what it does, what it waits for. */
void pipeline_draw(struct buf *out, const json_t *pipeline);
/* pipeline_dot appends it for Graphviz. */
void pipeline_dot(struct buf *out, const json_t *pipeline);
/* run_draw appends what a run has come to: bar, critical path, time left, one line a step, artifacts. */
void run_draw(struct buf *out, const json_t *run);

#endif

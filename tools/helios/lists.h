/* SPDX-License-Identifier: MPL-2.0 */
/* Rows of `helios tasks`, `agents`, …: which query, which part of its answer, which columns. */
#ifndef HELIOS_TOOL_LISTS_H
#define HELIOS_TOOL_LISTS_H

#include "paint.h"

struct list_row {
    const char *query, *part;
    const struct column *columns;
    json_t *(*rows)(const json_t *part); /* makes rows of the part; NULL = it is the rows */
};
extern const struct list_row list_tasks, list_agents, list_kpis, list_cycles, list_optimizations,
    list_incidents, list_silences, list_limits, list_failed, list_history, list_bottlenecks, list_priorities, list_catalogue,
    list_sources, list_ledger, list_verbs;

/* Details of one thing: which query, and by which argument. */
struct show_row {
    const char *query, *argument; /* argument NULL: it has none */
    const struct list_row *all;   /* without a word: the list; NULL = there is none */
};
extern const struct show_row show_task, show_agent, show_kpi, show_cycle, show_optimization,
    show_incident, show_metrics, show_health_report;

/* Orders: `helios VERB [SUBCOMMAND] WORD…`. */
struct order_row {
    const char *command;
    const char *word;  /* the argument that the first word fills; NULL = none */
    bool many;         /* once for each word */
    const char *scope; /* fills the argument `scope` when no word is given */
    const char *done;  /* what is printed: "%s" is the word */
};
extern const struct order_row order_cancel, order_retry, order_purge, order_pause, order_resume,
    order_drain, order_freeze, order_unfreeze, order_silence, order_unsilence, order_ack,
    order_approve, order_reset, order_rollback, order_cycle_run, order_emergency,
    order_handover;

/* Reports on demand: tasks that the controller does itself. */
struct report_row {
    const char *action;
    const char *words;  /* the parameter that the words fill, a list */
    const char *option; /* the option and the parameter of the same name */
};
extern const struct report_row report_analysis, report_plan;

#endif

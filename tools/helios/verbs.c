/* SPDX-License-Identifier: MPL-2.0 */
/* The table of verbs. Help and completion are made from it (help.c). */
#include "verbs.h"

#include "lists.h"

const struct cli_verb cli_verbs[] = {
    {"up", "DIR", "start a controller, its agents and what else DIR/up.yaml names; watch; stop all",
     up_options, run_up, NULL},
    {"status", "", "the controller, its health, its counters", NULL, run_status, NULL},
    {"top", "", "a live screen", NULL, run_top, NULL},
    {"tap", "[PATTERN…]", "events as they happen, as task.* or optimization.*", tap_options,
     run_tap, NULL},
    {"submit", "ACTION", "submit a task", submit_options, run_submit, NULL},
    {"wait", "TASK…", "wait until tasks end", wait_options, run_wait, NULL},
    {"tasks", "", "live tasks, each blocked one with its reason", list_options, run_list,
     &list_tasks},
    {"task", "[TASK]", "one task", list_options, run_show, &show_task},
    {"failed", "", "tasks that failed for good and are kept", list_options, run_list, &list_failed},
    {"agents", "", "agents", list_options, run_list, &list_agents},
    {"agent", "[AGENT]", "one agent, with what it can do", list_options, run_show, &show_agent},
    {"kpi", "[KPI]", "KPIs, or one with its past", list_options, run_show, &show_kpi},
    {"metrics", "", "all that is measured and learned, whole", NULL, run_show, &show_metrics},
    {"bottlenecks", "", "KPIs that miss their target, by swarm and business", NULL, run_list,
     &list_bottlenecks},
    {"priorities", "", "what would be done next, how it is ranked, what holds it", NULL, run_list,
     &list_priorities},
    {"sources", "", "KPI sources: sent, stored, refused, lost", list_options, run_list,
     &list_sources},
    {"health", "", "health of the realm and of each swarm", NULL, run_health, NULL},
    {"cycle", "[CYCLE]", "cycles, or one with its bottlenecks and priorities", list_options,
     run_show, &show_cycle},
    {"run-cycle", "", "begin a cycle now (--mode analysis: without acting)", order_options,
     run_order, &order_cycle_run},
    {"optimizations", "[OPTIMIZATION]", "optimizations with their evidence, or one", list_options,
     run_show, &show_optimization},
    {"catalogue", "", "what may be done, what is in force, what is held back", list_options,
     run_list, &list_catalogue},
    {"approve", "OPTIMIZATION…", "let a gated optimization start", order_options, run_order,
     &order_approve},
    {"rollback", "OPTIMIZATION…", "undo an accepted optimization", order_options, run_order,
     &order_rollback},
    {"reset", "NAME…", "close an optimization's breaker", order_options, run_order, &order_reset},
    {"incident", "[INCIDENT]", "incidents, or one with its timeline", list_options, run_show,
     &show_incident},
    {"emergency", "", "declare an emergency by hand", order_options, run_order, &order_emergency},
    {"ack", "INCIDENT…", "say that you have seen it", order_options, run_order, &order_ack},
    {"silence", "PATTERN", "no notifications of these for a while (--for, --reason)", order_options,
     run_order, &order_silence},
    {"unsilence", "ID…", "take silences back", order_options, run_order, &order_unsilence},
    {"silences", "", "what is silenced", list_options, run_list, &list_silences},
    {"why", "ID", "explain any act, with its numbers", NULL, run_why, NULL},
    {"ledger", "", "the newest ledger entries", list_options, run_list, &list_ledger},
    {"cancel", "TASK…", "stop tasks", order_options, run_order, &order_cancel},
    {"retry", "TASK…", "try failed tasks again, as new ones", order_options, run_order,
     &order_retry},
    {"purge", "TASK…", "forget failed tasks", order_options, run_order, &order_purge},
    {"pause", "[realm|TASK|AGENT]", "hold the realm's dispatching, a task or an agent",
     order_options, run_order, &order_pause},
    {"resume", "[realm|TASK|AGENT]", "go on", order_options, run_order, &order_resume},
    {"drain", "[realm|AGENT]", "take nothing new, finish what runs", order_options, run_order,
     &order_drain},
    {"freeze", "", "the kill switch: stop automation, not data flow", order_options, run_order,
     &order_freeze},
    {"unfreeze", "", "let automation go on", order_options, run_order, &order_unfreeze},
    {"summary", "", "what happened: cycles, optimizations with their evidence, incidents",
     summary_options, run_summary, NULL},
    {"verbs", "", "queries and commands of the wire", list_options, run_list, &list_verbs},
    {"config", "check|show FILE", "check a config file, or show what it comes to", config_options,
     run_config, NULL},
    {"completion", "bash|zsh", "print a completion script", NULL, run_completion, NULL},
    {"version", "", "print the version", NULL, run_version, NULL},
    {"help", "[VERB]", "this help", NULL, run_help, NULL},
    {0},
};

const struct cli_verb *cli_verb_find(const char *name)
{
    for (const struct cli_verb *v = cli_verbs; v->name; v++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

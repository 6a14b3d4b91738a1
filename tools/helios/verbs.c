/* SPDX-License-Identifier: MPL-2.0 */
/* The table of verbs, help and completion made from it. */
#include "verbs.h"

#include <signal.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/text.h"
#include "lists.h"

const struct cli_verb cli_verbs[] = {
    {"status", "", "the controller, its health, its counters", NULL, run_status, NULL},
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

static void print_options(const struct option_row *rows)
{
    for (; rows && rows->name; rows++)
        printf("  --%s%s%-*s %s\n", rows->name, rows->value ? " " : "",
               (int)MAX(1, 20 - (int)strlen(rows->name)), rows->value ? rows->value : "",
               rows->help);
}

int run_help(const struct cli_verb *verb, const struct args *a)
{
    const struct cli_verb *v = a->n_words ? cli_verb_find(a->words[0]) : NULL;
    (void)verb;
    if (a->n_words && v == NULL) {
        fprintf(stderr, "helios help: there is no verb %s\n", a->words[0]);
        return EX_USAGE;
    }
    if (v) {
        printf("helios %s %s\n  %s\n\n", v->name, v->words, v->help);
        print_options(v->options);
    } else {
        printf("helios VERB [WORD…] [--option…]: watch and steer a Helios controller\n\n");
        for (v = cli_verbs; v->name; v++)
            printf("  %-14s %-20s %s\n", v->name, v->words, v->help);
        printf("\n");
    }
    print_options(common_options);
    printf("\nExit codes are those of sysexits.h: 64 usage, 66 not found, 69 no controller, 70 it "
           "failed, 75 try again, 78 config.\n");
    return 0;
}

int run_version(const struct cli_verb *verb, const struct args *a)
{
    (void)verb;
    if (args_has(a, "json"))
        printf("{\"version\":\"%s\"}\n", HELIOS_VERSION);
    else
        printf("helios %s\n", HELIOS_VERSION);
    return 0;
}

int run_completion(const struct cli_verb *verb, const struct args *a)
{
    (void)verb;
    bool zsh = a->n_words && strcmp(a->words[0], "zsh") == 0;
    if (a->n_words != 1 || (!zsh && strcmp(a->words[0], "bash") != 0)) {
        fprintf(stderr, "helios completion: say for which shell: bash or zsh\n");
        return EX_USAGE;
    }
    printf("%s_helios() {\n  local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words\n  if "
           "[ \"$COMP_CWORD\" -eq 1 ]; then words='",
           zsh ? "autoload -U +X bashcompinit && bashcompinit\n" : "");
    for (const struct cli_verb *v = cli_verbs; v->name; v++)
        printf("%s ", v->name);
    printf("'\n  else case $verb in\n");
    for (const struct cli_verb *v = cli_verbs; v->name; v++) {
        printf("    %s) words='", v->name);
        for (const struct option_row *o = v->options; o && o->name; o++)
            printf("--%s ", o->name);
        for (const struct option_row *o = common_options; o->name; o++)
            printf("--%s ", o->name);
        printf("' ;;\n");
    }
    printf("  esac; fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default "
           "-F _helios helios\n");
    return 0;
}

void print_text(struct buf *out)
{
    fwrite(out->at, 1, out->n, stdout);
    fflush(stdout);
    buf_done(out);
}

void print_json(json_t *value)
{
    json_dumpf(value, stdout, isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(value);
}

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
    (void)sig;
    stopped = 1;
}

int repeat(const struct cli_verb *verb, const struct args *a,
           int (*once)(struct client *c, const struct cli_verb *verb, const struct args *a))
{
    struct client c;
    int r = client_open(&c, a);
    bool watch = args_has(a, "watch");
    if (watch) {
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
    }
    do {
        if (r == 0 && watch && isatty(STDOUT_FILENO))
            printf("\033[H\033[2J");
        if (r == 0)
            r = once(&c, verb, a);
    } while (r == 0 && watch && !stopped && usleep(1000000) == 0);
    client_close(&c);
    return r;
}

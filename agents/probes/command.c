/* SPDX-License-Identifier: MPL-2.0 */
/* Runs a program that prints `KPI VALUE` lines, or one number. Owns the reading of those lines; a
 * line that is neither is skipped. */
#include "agents/agent.h"
#include "agents/argv.h"
#include "agents/probes/probe.h"
#include "common/text.h"

enum { FILES = 256, GRACE_MS = 500 };

static void say(struct probe *p, struct bytes name, double value)
{
    _autofree_ char *text = bytes_dup(name);
    if (p->n_wanted == 0)
        probe_kpi(p, text, value);
    else
        probe_figure(p, text, value);
}

/* One number alone is the figure that all KPIs of the probe want, by whatever name. */
static void say_only(struct probe *p, double value)
{
    if (p->n_wanted == 0)
        probe_kpi(p, p->set->name.at, value);
    for (size_t i = 0; i < p->n_wanted; i++)
        probe_kpi(p, p->wanted[i].kpi, value);
}

static void take_line(struct probe *p, struct bytes line)
{
    double value;
    const char *space = memchr(line.at, ' ', line.n);
    if (text_parse_number(line, &value) == 0) {
        say_only(p, value);
    } else if (space) {
        struct bytes name = {line.at, (size_t)(space - line.at)};
        struct bytes number = {space + 1, line.n - name.n - 1};
        if (text_is_name(name) && text_parse_number(number, &value) == 0)
            say(p, name, value);
    }
}

static void take_output(struct probe *p, struct bytes text)
{
    while (text.n) {
        const char *newline = memchr(text.at, '\n', text.n);
        size_t n = newline ? (size_t)(newline - text.at) : text.n;
        if (n)
            take_line(p, (struct bytes){text.at, n});
        n += newline != NULL;
        text = (struct bytes){text.at + n, text.n - n};
    }
}

static void on_end(struct child *c)
{
    struct probe *p = c->owner;
    bool well = c->stop == STOP_NONE && c->status == 0;
    if (well)
        take_output(p, buf_bytes(&c->output));
    p->state = NULL;
    probe_end(p, well ? NULL : c->stop ? "no end within its timeout" : "its program failed");
    child_free(c);
}

static void start(struct probe *p)
{
    _cleanup_(words_done) struct words argv = {0}, env = {0};
    _autofree_ char *cwd = agent_path(p->agent, p->set->cwd.at);
    struct child *c;
    words_run(&argv, p->set->run, NULL, (struct bytes){0});
    words_base(&env, manifest_config(p->agent->manifest)->pass, (struct bytes){0});
    words_env(&env, "HELIOS_PROBE", p->set->name);
    struct child_order order = {
        .spawn = {.argv = argv.at, .envp = env.at, .cwd = cwd, .limits = {.files = FILES}},
        .grace_ms = GRACE_MS};
    int error =
        exec_start(&p->agent->exec, &order, &(struct child){.owner = p, .on_end = on_end}, &c);
    if (error)
        probe_end(p, strerror(-error));
    else
        p->state = c;
}

/* The reading ends when the program has: until then no other one starts. */
static void stop(struct probe *p)
{
    child_stop(p->state, STOP_TIMEOUT);
}

static int init(struct probe *p, char **ret_why)
{
    if (p->set->run.n)
        return 0;
    *ret_why = xdup("a command probe needs `run`");
    return -EINVAL;
}

static void free_state(struct probe *p)
{
    child_free(p->state);
    p->state = NULL;
}

const struct probe_row probe_command = {init, start, stop, free_state, NULL};

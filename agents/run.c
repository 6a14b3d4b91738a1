/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way from an order to a program's words and from its end to an outcome. Refuses to know
 * who ordered it. */
#include "agents/run.h"

#include <stdarg.h>
#include <sys/wait.h>

#include "agents/agent.h"
#include "agents/argv.h"
#include "agents/builtin.h"
#include "agents/memory.h"
#include "agents/secret.h"
#include "common/text.h"
#include "proto/json.h"

enum { COMPLAINT_SHOWN = 400 };

void ended_done(struct ended *e)
{
    buf_done(&e->output);
    buf_done(&e->data);
    buf_done(&e->error);
}

void ended_say(struct ended *e, enum outcome outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    e->outcome = outcome;
    buf_clear(&e->error);
    buf_vprintf(&e->error, format, args);
    va_end(args);
}

void run_end(struct run *r)
{
    assert(!r->over);
    r->over = true;
    loop_no_timer(&r->agent->loop, &r->clock);
    list_out(&r->link);
    list_push(&r->agent->ended, &r->link);
}

void runs_settle(struct agent *a)
{
    struct run *r;
    while ((r = list_first(&a->ended, struct run, link))) {
        list_out(&r->link);
        r->on_end(r);
    }
}

/* ---- the end of a program ---- */

/* last_words gives the last line of stderr that is not empty: where programs say what went wrong.
 */
static struct bytes last_words(struct bytes complaint)
{
    while (complaint.n && strchr("\r\n \t", complaint.at[complaint.n - 1]))
        complaint.n--;
    const char *newline = complaint.n ? memrchr(complaint.at, '\n', complaint.n) : NULL;
    if (newline) {
        complaint.n -= (size_t)(newline + 1 - complaint.at);
        complaint.at = newline + 1;
    }
    complaint.n = MIN(complaint.n, COMPLAINT_SHOWN);
    return complaint;
}

/* add_complaint: where the beginning is gone it may have been that of a secret, whose rest nobody would
 * know again. */
static void add_complaint(struct run *r, const struct child *c)
{
    struct ended *e = &r->ended;
    _cleanup_(buf_done) struct buf shown = {0};
    size_t from = c->forgot ? MIN(c->spare, c->complaint.n) : 0;
    mask_text(&r->mask, buf_bytes(&c->complaint), from, c->complaint.n, &shown);
    struct bytes words = last_words(buf_bytes(&shown));
    if (words.n == 0)
        return;
    buf_text(&e->error, ": ");
    text_safe(&e->error, words);
}

static void judge_signal(struct ended *e, const struct child *c)
{
    int signal = WTERMSIG(c->status);
    e->exit_code = 128 + signal;
    if (c->oom)
        ended_say(e, outcome_OOM,
                  "killed by the kernel for memory: its cgroup counts one kill more");
    else
        ended_say(e, outcome_FAILED, "ended by signal %d (%s)", signal, strsignal(signal));
}

/* A program that the limit on its address space starves mostly fails by itself and says so: that is
 * all that can be known. */
static void judge_memory(struct ended *e, const struct child *c, int64_t limit)
{
    if (limit && e->outcome == outcome_FAILED && memory_hinted(buf_bytes(&c->complaint))) {
        e->outcome = outcome_OOM;
        buf_printf(&e->error, " (judged by its words, under a limit of %lld MiB)",
                   (long long)(limit >> 20));
    }
}

static void judge_stopped(struct ended *e, const struct child *c)
{
    if (WIFSIGNALED(c->status))
        e->exit_code = 128 + WTERMSIG(c->status);
    else
        e->exit_code = WEXITSTATUS(c->status);
    if (c->stop == STOP_TIMEOUT)
        ended_say(e, outcome_TIMEOUT,
                  "its time was over; it was stopped with all that it had started");
    else
        ended_say(e, outcome_CANCELLED, "cancelled; it was stopped with all that it had started");
}

static void judge(struct run *r, const struct child *c)
{
    struct ended *e = &r->ended;
    if (c->stop != STOP_NONE) {
        judge_stopped(e, c);
        return;
    }
    if (WIFSIGNALED(c->status)) {
        judge_signal(e, c);
    } else if ((e->exit_code = WEXITSTATUS(c->status)) != 0) {
        ended_say(e, outcome_FAILED, "exit code %d", e->exit_code);
        add_complaint(r, c);
    }
    judge_memory(e, c, r->action->set->memory);
}

/* take_json makes the data of what was printed; what is no JSON object stays output, and a run that
 * seemed well has failed. */
static void take_json(struct run *r)
{
    struct ended *e = &r->ended;
    char why[160] = "it is no object";
    int error = e->cut ? -EMSGSIZE
                       : json_text_to_msgpack(&e->data, buf_bytes(&e->output), why, sizeof(why));
    struct cursor c = cursor_of(buf_bytes(&e->data));
    if (!error && e->data.n && read_head(&c).type == VALUE_MAP) {
        buf_clear(&e->output);
        return;
    }
    buf_clear(&e->data);
    if (e->outcome != outcome_COMPLETED)
        return;
    if (e->cut)
        ended_say(e, outcome_FAILED, "printed more than %d KiB, which is too long for JSON",
                  OUTPUT_MAX / 1024);
    else if (r->mask.n) /* the reason quotes what it met, perhaps half a secret */
        ended_say(e, outcome_FAILED, "did not print one JSON object");
    else
        ended_say(e, outcome_FAILED, "did not print one JSON object: %s", why);
}

/* hide_secrets comes last: data is read from what was printed, where a secret may be written in more ways than one. */
static void hide_secrets(struct run *r)
{
    struct buf shown = {0};
    struct buf *output = &r->ended.output;
    if (r->mask.n == 0)
        return;
    mask_data(&r->mask, &r->ended.data);
    mask_text(&r->mask, buf_bytes(output), 0, MIN(output->n, (size_t)OUTPUT_MAX), &shown);
    shown.n = MIN(shown.n, (size_t)OUTPUT_MAX);
    buf_done(output);
    *output = shown;
}

static void on_child_end(struct child *c)
{
    struct run *r = c->owner;
    struct ended *e = &r->ended;
    e->cpu_ms = c->cpu_ms;
    e->cut = c->cut;
    e->output = c->output;
    c->output = (struct buf){0};
    judge(r, c);
    if (r->action->set->output == output_json)
        take_json(r);
    hide_secrets(r);
    run_end(r);
}

static void on_child_progress(struct child *c)
{
    struct run *r = c->owner;
    if (r->on_progress)
        r->on_progress(r, &c->progress);
}

/* ---- the start of a program ---- */

static void number_env(struct words *env, const char *name, uint64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    words_env(env, name, (struct bytes){text, (size_t)n});
}

/* The run's own mark: task and attempt are not enough, another process may hold an older dispatch
 * of the same. */
static char *new_mark(struct agent *a)
{
    struct buf mark = {0};
    buf_printf(&mark, "HELIOS_RUN=%s.%llu", a->instance, (unsigned long long)++a->runs);
    return buf_take(&mark);
}

static void fill_env(struct words *env, struct run *r, const struct run_order *o, const char *mark)
{
    words_base(env, manifest_config(r->agent->manifest)->pass, r->action->set->env);
    words_env(env, "HELIOS_TASK", bytes_of(o->task));
    number_env(env, "HELIOS_ATTEMPT", o->attempt);
    words_env(env, "HELIOS_KEY", bytes_of(o->key));
    words_env(env, "HELIOS_ACTION", bytes_of(r->action->name));
    words_env(env, "HELIOS_AGENT", bytes_of(o->agent));
    words_env(env, "HELIOS_SWARM", bytes_of(o->swarm));
    words_env(env, "HELIOS_PROGRESS_FD", BYTES("3"));
    words_env(env, "HELIOS_RUN", bytes_of(strchr(mark, '=') + 1));
    if (o->undo_of && *o->undo_of)
        words_env(env, "HELIOS_UNDO_OF", bytes_of(o->undo_of));
    if (o->target && *o->target)
        words_env(env, "HELIOS_TARGET", bytes_of(o->target));
    if (o->checkpoint.n)
        words_base64(env, "HELIOS_CHECKPOINT_B64", o->checkpoint);
}

/* input_of is the parameters as one JSON object; a rollback finds what the apply returned beside
 * them, as `undo`. */
static char *input_of(const struct run_order *o)
{
    _cleanup_(buf_done) struct buf map = {0};
    struct buf text = {0};
    struct pack p;
    struct value key, item;
    pack_init(&p, &map);
    pack_map(&p);
    for (struct walk w = walk_of(o->params); walk_pair(&w, &key, &item);) {
        pack_key_bytes(&p, key.text);
        pack_raw(&p, item.whole);
    }
    if (o->undo.n)
        pack_put_raw(&p, "undo", o->undo);
    pack_end(&p);
    json_print(&text, buf_bytes(&map), false);
    buf_text(&text, "\n");
    return buf_take(&text);
}

static int64_t deadline_of(const struct run *r, const struct set_action *set)
{
    int64_t own = set->timeout_ms ? r->agent->loop.now + set->timeout_ms : INT64_MAX;
    return MIN(own, r->deadline);
}

/* Its outcome is FAILED, so that it is tried again: mostly a file is just being replaced. */
static int give_secrets(struct run *r, struct words *env)
{
    _autofree_ char *why = NULL;
    int error = secrets_read(r->agent, r->action, env, &r->mask, &why);
    if (error) {
        r->ended.exit_code = 126;
        ended_say(&r->ended, outcome_FAILED, "%s was not started: %s", r->action->name, why);
    }
    return error;
}

static int start_program(struct run *r, const struct run_order *o)
{
    const struct set_action *set = r->action->set;
    _cleanup_(words_done) struct words argv = {0}, env = {0};
    _autofree_ char *mark = new_mark(r->agent), *input = input_of(o),
                    *cwd = agent_path(r->agent, set->cwd.at);
    words_run(&argv, set->run, &r->action->params, o->params);
    fill_env(&env, r, o, mark);
    if (give_secrets(r, &env))
        return -EINVAL;
    struct child_order order = {
        .spawn = {.argv = argv.at,
                  .envp = env.at,
                  .cwd = cwd,
                  .limits = {set->memory, set->files, set->file_size, set->processes}},
        .input = bytes_of(input),
        .progress = true,
        .deadline = deadline_of(r, set),
        .grace_ms = set->grace_ms,
        .mark = mark,
        .mask = &r->mask,
    };
    struct child hooks = {.owner = r, .on_progress = on_child_progress, .on_end = on_child_end};
    int error = exec_start(&r->agent->exec, &order, &hooks, &r->child);
    if (error) {
        r->ended.exit_code = error == -ENOENT ? 127 : 126;
        ended_say(&r->ended, outcome_FAILED, "%s cannot be started: %s", argv.at[0],
                  strerror(-error));
    }
    return error;
}

static void on_builtin_due(struct timer *t)
{
    struct run *r = container_of(t, struct run, clock);
    if (r->action->builtin->due)
        r->action->builtin->due(r);
    else
        run_stop(r, STOP_TIMEOUT);
}

struct run *run_new(struct agent *a, const struct run_order *order)
{
    struct run *r = NEW(struct run);
    list_init(&r->link);
    r->agent = a;
    r->action = order->action;
    r->deadline = order->deadline;
    r->clock.due = on_builtin_due;
    r->ended.outcome = outcome_COMPLETED;
    if (r->action->builtin) {
        buf_add(&r->params, order->params.at, order->params.n);
        r->deadline = deadline_of(r, r->action->set);
        r->action->builtin->start(r);
    } else if (start_program(r, order)) {
        run_end(r);
    }
    return r;
}

void run_stop(struct run *r, enum stop why)
{
    if (r->over)
        return;
    if (r->child) {
        child_stop(r->child, why);
        return;
    }
    if (r->action->builtin->stop) {
        r->action->builtin->stop(r, why);
        return;
    }
    fetch_cancel(&r->fetch);
    ended_say(&r->ended, why == STOP_TIMEOUT ? outcome_TIMEOUT : outcome_CANCELLED, "%s",
              why == STOP_TIMEOUT ? "its time was over" : "cancelled");
    run_end(r);
}

void run_free(struct run *r)
{
    if (r == NULL)
        return;
    list_out(&r->link);
    loop_no_timer(&r->agent->loop, &r->clock);
    child_free(r->child);
    if (r->guest)
        r->action->builtin->free(r);
    fetch_done(&r->fetch);
    mask_done(&r->mask);
    buf_done(&r->params);
    ended_done(&r->ended);
    free(r);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns attempts as handlers see them. Refuses to judge how they end once they were told to stop. */
#include <stdarg.h>

#include "agents/builtin.h"
#include "agents/run.h"
#include "common/clock.h"
#include "lib/agent.h"
#include "proto/json.h"

static const struct asked *asked_of(const struct helios_attempt *a)
{
    return ((const struct job *)a->run->owner)->asked;
}

/* ---- the engine's side ---- */

static void start(struct run *r)
{
    struct hosted *h = r->action->host;
    struct helios_attempt *a = NEW(struct helios_attempt);
    a->run = r;
    a->hosted = h;
    r->guest = a;
    list_push(&h->agent->calls, &r->link);
    loop_timer(&r->agent->loop, &r->clock, r->deadline);
}

static void say_stopped(struct helios_attempt *a)
{
    bool late = a->stopped == STOP_TIMEOUT;
    ended_say(&a->run->ended, late ? outcome_TIMEOUT : outcome_CANCELLED, "%s", late ? "its time was over" : "cancelled");
}

static void stop(struct run *r, enum stop why)
{
    struct helios_attempt *a = r->guest;
    if (a->stopped != STOP_NONE)
        return;
    a->stopped = why;
    if (!a->begun) {
        say_stopped(a);
        run_end(r);
    } else if (a->on_cancel) {
        a->on_cancel(a, a->user);
    }
}

static void done(struct run *r)
{
    struct helios_attempt *a = r->guest;
    progress_done(&a->progress);
    buf_done(&a->params);
    arena_done(&a->texts);
    free(a);
}

const struct builtin builtin_handler = {.name = "handler", .start = start, .stop = stop, .free = done};

/* ---- what was asked for ---- */

const char *helios_attempt_task(const struct helios_attempt *a)
{
    return asked_of(a)->task;
}

const char *helios_attempt_action(const struct helios_attempt *a)
{
    return a->hosted->name;
}

const char *helios_attempt_key(const struct helios_attempt *a)
{
    return asked_of(a)->key;
}

unsigned helios_attempt_number(const struct helios_attempt *a)
{
    return (unsigned)asked_of(a)->attempt;
}

const char *helios_attempt_params(struct helios_attempt *a)
{
    if (a->params.n == 0)
        json_print(&a->params, buf_bytes(&a->run->params), false);
    return buf_str(&a->params);
}

const char *helios_attempt_param(struct helios_attempt *a, const char *name)
{
    _cleanup_(buf_done) struct buf text = {0};
    struct value v = map_get(buf_bytes(&a->run->params), name);
    if (v.type == VALUE_END || v.type == VALUE_NIL)
        return NULL;
    param_text(&text, &v);
    char *kept = arena_take(&a->texts, text.n + 1);
    if (text.n)
        memcpy(kept, text.at, text.n);
    return kept;
}

int64_t helios_attempt_int(const struct helios_attempt *a, const char *name)
{
    return map_int(buf_bytes(&a->run->params), name, 0);
}

double helios_attempt_double(const struct helios_attempt *a, const char *name)
{
    return map_num(buf_bytes(&a->run->params), name, 0);
}

bool helios_attempt_bool(const struct helios_attempt *a, const char *name)
{
    return map_bool(buf_bytes(&a->run->params), name, false);
}

const char *helios_attempt_saved(const struct helios_attempt *a, size_t *ret_n)
{
    struct bytes saved = asked_of(a)->checkpoint;
    if (ret_n)
        *ret_n = saved.n;
    return saved.n ? saved.at : NULL;
}

/* ---- on the way ---- */

static void tell(struct helios_attempt *a)
{
    a->run->on_progress(a->run, &a->progress);
    agent_nudge(a->hosted->agent);
}

void helios_attempt_progress(struct helios_attempt *a, unsigned percent, const char *note)
{
    struct bytes text = bytes_of(note ? note : "");
    a->progress.percent = MIN(percent, 100u);
    buf_clear(&a->progress.note);
    buf_add(&a->progress.note, text.at, MIN(text.n, (size_t)NOTE_MAX));
    tell(a);
}

int helios_attempt_save(struct helios_attempt *a, const void *checkpoint, size_t n)
{
    if (n == 0 || n > CHECKPOINT_MAX)
        return -EMSGSIZE;
    buf_clear(&a->progress.checkpoint);
    buf_add(&a->progress.checkpoint, checkpoint, n);
    a->progress.checkpoints++;
    tell(a);
    return 0;
}

void helios_attempt_on_cancel(struct helios_attempt *a, helios_on_cancel *call, void *user)
{
    a->on_cancel = call;
    a->user = user;
}

bool helios_attempt_cancelled(const struct helios_attempt *a)
{
    return a->stopped != STOP_NONE || helios_agent_gone(a->hosted->agent);
}

int helios_attempt_wait(struct helios_attempt *a, int64_t ms)
{
    int64_t until = clock_now() + ms, left;
    do {
        left = MAX((int64_t)0, until - clock_now());
        int error = helios_agent_turn(a->hosted->agent, left);
        if (error)
            return error;
    } while (left && !helios_attempt_cancelled(a));
    return helios_attempt_cancelled(a) ? -ECANCELED : 0;
}

/* ---- the end ---- */

static void finish(struct helios_attempt *a)
{
    struct helios_agent *agent = a->hosted->agent;
    if (a->stopped != STOP_NONE)
        say_stopped(a);
    run_end(a->run);
    agent_nudge(agent);
}

void helios_complete(struct helios_attempt *a, const char *output)
{
    struct bytes text = bytes_of(output ? output : "");
    a->run->ended.cut = text.n > OUTPUT_MAX;
    buf_add(&a->run->ended.output, text.at, MIN(text.n, (size_t)OUTPUT_MAX));
    finish(a);
}

int helios_complete_json(struct helios_attempt *a, const char *object)
{
    struct buf *data = &a->run->ended.data;
    char wrong[160];
    int error = json_text_to_msgpack(data, bytes_of(object), wrong, sizeof(wrong));
    struct cursor c = cursor_of(buf_bytes(data));
    if (error || read_head(&c).type != VALUE_MAP) {
        buf_clear(data);
        return -EINVAL;
    }
    finish(a);
    return 0;
}

void helios_fail(struct helios_attempt *a, const char *format, ...)
{
    _cleanup_(buf_done) struct buf why = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&why, format, args);
    va_end(args);
    a->run->ended.exit_code = 1;
    ended_say(&a->run->ended, outcome_FAILED, "%s", buf_str(&why));
    finish(a);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Hephaestus: applies a change and keeps the way back, and goes it. Owns the promise that an
 * applied key is known with its undo before the result leaves: a second attempt of the same key
 * answers it and changes nothing (T2). */
#include "agents/agent.h"
#include "agents/applied.h"
#include "agents/roles/role.h"

static void step_free(void *state)
{
    step_done(state);
    free(state);
}

/* prepare checks the named action; NULL when the job has ended. */
static struct step *prepare(struct job *j)
{
    struct bytes params = buf_bytes(&j->params);
    struct step *s = NEW(struct step);
    j->state = s;
    return job_step_check(j, map_str(params, "action", ""), map_get(params, "params").whole, s)
               ? NULL
               : s;
}

/* take_over makes the job end as its only run did. */
static void take_over(struct job *j, struct ended *last)
{
    int64_t cpu_ms = j->ended.cpu_ms;
    ended_done(&j->ended);
    j->ended = *last;
    j->ended.cpu_ms = cpu_ms;
    *last = (struct ended){0};
}

static void say(struct job *j, const char *what)
{
    buf_clear(&j->ended.output);
    buf_printf(&j->ended.output, "%s: " BYTES_F, what,
               BYTES_A(map_str(buf_bytes(&j->params), "optimization", "")));
    struct bytes note = map_str(buf_bytes(&j->ended.data), "note", "");
    if (note.n)
        buf_printf(&j->ended.output, ": " BYTES_F, BYTES_A(note));
}

/* ---- apply ---- */

static bool answer_known(struct job *j)
{
    struct bytes answer = applied_find(&j->member->agent->applied, j->asked->key);
    if (answer.n == 0)
        return false;
    buf_add(&j->ended.data, answer.at, answer.n);
    say(j, "applied before");
    job_end(j);
    return true;
}

static void begin_apply(struct job *j)
{
    struct step *s = prepare(j);
    if (s && !answer_known(j))
        job_step(j, s);
}

static void next_apply(struct job *j, struct ended *last)
{
    bool well = last->outcome == outcome_COMPLETED;
    bool undo = map_get(buf_bytes(&last->data), "undo").type == VALUE_MAP;
    take_over(j, last);
    if (well && !undo) {
        job_fail(j, outcome_FAILED, "apply returned no undo");
        return;
    }
    if (well) {
        applied_add(&j->member->agent->applied, j->asked->key, buf_bytes(&j->ended.data));
        say(j, "applied");
    }
    job_end(j);
}

/* ---- rollback ---- */

static void begin_rollback(struct job *j)
{
    struct bytes params = buf_bytes(&j->params);
    struct step *s = prepare(j);
    if (s == NULL)
        return;
    s->undo_of = bytes_dup(map_str(params, "undo_of", ""));
    struct value undo = map_get(params, "undo");
    if (undo.type != VALUE_MAP || undo.count == 0) /* the apply's result was lost with its agent */
        undo = map_get(applied_find(&j->member->agent->applied, s->undo_of), "undo");
    s->undo = undo.type == VALUE_MAP ? undo.whole : BYTES("\x80");
    job_step(j, s);
}

static void next_rollback(struct job *j, struct ended *last)
{
    struct step *s = j->state;
    take_over(j, last);
    if (j->ended.outcome == outcome_COMPLETED) {
        applied_drop(&j->member->agent->applied, s->undo_of);
        say(j, "rolled back");
    }
    job_end(j);
}

static const struct param_rule params[] = {
    {.name = "optimization", .kind = param_kind_string},
    {.name = "action", .kind = param_kind_string, .required = true},
    {.name = "params", .kind = param_kind_json, .many = true},
    {.name = "target", .kind = param_kind_string},
    {.name = "kpi", .kind = param_kind_string},
    {.name = "undo", .kind = param_kind_json, .many = true}, /* these two are of a rollback */
    {.name = "undo_of", .kind = param_kind_string},
};
enum { APPLY_PARAMS = ARRAY_SIZE(params) - 2 };

const struct composite composite_apply = {"apply",     role_implementer, params,   APPLY_PARAMS,
                                          begin_apply, next_apply,       step_free};
const struct composite composite_rollback = {"rollback",         role_implementer, params,
                                             ARRAY_SIZE(params), begin_rollback,   next_rollback,
                                             step_free};

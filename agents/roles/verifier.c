/* SPDX-License-Identifier: MPL-2.0 */
/* Athena: is everything still right after a change? Owns the meaning of a check's answer. Refuses
 * to take a check that did not run, or that does not say pass, for one that passed (X3). */
#include "agents/roles/role.h"

#include "proto/pack.h"

struct inspection {
    struct step step;
};

static void inspection_free(void *state)
{
    struct inspection *i = state;
    step_done(&i->step);
    free(i);
}

static void begin(struct job *j)
{
    struct bytes params = buf_bytes(&j->params);
    struct inspection *i = NEW(struct inspection);
    j->state = i;
    if (job_step_check(j, map_str(params, "action", ""), map_get(params, "params").whole,
                       &i->step) == 0)
        job_step(j, &i->step);
}

static void say_findings(struct buf *out, bool pass, struct bytes findings)
{
    struct walk w = walk_of(findings);
    struct value item;
    buf_text(out, pass ? "pass" : "fail");
    for (const char *before = ": "; walk_item(&w, &item); before = "; ") {
        buf_text(out, before);
        param_text(out, &item);
    }
}

static void next(struct job *j, struct ended *last)
{
    struct bytes data = buf_bytes(&last->data);
    struct value pass = map_get(data, "pass"), findings = map_get(data, "findings");
    struct pack p;
    j->ended.exit_code = last->exit_code;
    if (last->outcome != outcome_COMPLETED) {
        job_fail(j, outcome_FAILED, "the check did not run: %s", buf_str(&last->error));
        return;
    }
    if (pass.type != VALUE_BOOL) {
        job_fail(j, outcome_FAILED, "the check did not say pass: true or false");
        return;
    }
    bool listed = findings.type == VALUE_LIST;
    pack_init(&p, &j->ended.data);
    pack_map(&p);
    pack_put_bool(&p, "pass", pass.boolean);
    pack_put_raw(&p, "findings", listed ? findings.whole : BYTES("\x90"));
    pack_end(&p);
    say_findings(&j->ended.output, pass.boolean, listed ? findings.whole : BYTES("\x90"));
    job_end(j);
}

static const struct param_rule params[] = {
    {.name = "optimization", .kind = param_kind_string},
    {.name = "action", .kind = param_kind_string, .required = true},
    {.name = "params", .kind = param_kind_json, .many = true},
    {.name = "kpi", .kind = param_kind_string},
    {.name = "target", .kind = param_kind_string},
};

const struct composite composite_inspect = {
    "inspect", role_verifier, params, ARRAY_SIZE(params), begin, next, inspection_free};

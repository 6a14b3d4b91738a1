/* SPDX-License-Identifier: MPL-2.0 */
/* Prometheus: looks whether each candidate is worth it and recommends. Owns the meaning of a
 * diagnosis; what cannot be diagnosed is not recommended, what declares no diagnosis is left to the
 * controller's own judgement. */
#include "agents/roles/role.h"

#include <math.h>

#include "common/text.h"
#include "proto/pack.h"

struct candidate {
    size_t place;                  /* in the question: the order of equals */
    struct bytes name, title, kpi; /* views into the job's params */
    double severity;               /* of its bottleneck; 1 when that is not among them */
    bool diagnosed;                /* it has a diagnosis of its own */
    struct step step;
    bool recommend;
    double confidence;           /* 0..1 */
    struct buf reason, evidence; /* evidence: one msgpack value, or empty */
};

struct analysis {
    struct candidate *candidates; /* owned */
    size_t n, at;                 /* at: the one whose diagnosis runs */
};

static void analysis_free(void *state)
{
    struct analysis *a = state;
    for (size_t i = 0; i < a->n; i++) {
        step_done(&a->candidates[i].step);
        buf_done(&a->candidates[i].reason);
        buf_done(&a->candidates[i].evidence);
    }
    free(a->candidates);
    free(a);
}

/* ---- what is asked ---- */

static double severity_of(struct bytes bottlenecks, struct bytes kpi)
{
    struct walk w = walk_of(bottlenecks);
    struct value item;
    while (walk_item(&w, &item))
        if (bytes_eq(map_str(item.whole, "kpi", ""), kpi))
            return map_num(item.whole, "severity", 1);
    return 1;
}

static int take_candidate(struct job *j, struct candidate *c, struct bytes asked)
{
    struct value diagnose = map_get(asked, "diagnose");
    c->place = (size_t)(c - ((struct analysis *)j->state)->candidates);
    c->name = map_str(asked, "optimization", "");
    c->title = map_str(asked, "title", "");
    c->kpi = map_str(asked, "kpi", "");
    c->severity = severity_of(map_get(buf_bytes(&j->params), "bottlenecks").whole, c->kpi);
    c->diagnosed = diagnose.type == VALUE_MAP && map_str(diagnose.whole, "action", "").n > 0;
    if (!c->diagnosed) {
        c->recommend = true;
        c->confidence = 0.5;
        buf_text(&c->reason, "no diagnosis declared");
        return 0;
    }
    return job_step_check(j, map_str(diagnose.whole, "action", ""),
                          map_get(diagnose.whole, "params").whole, &c->step);
}

/* ---- what is answered ---- */

/* By severity × confidence, greatest first; those that are not recommended stand behind. */
static int by_weight(const void *one, const void *two)
{
    const struct candidate *a = one, *b = two;
    double x = a->severity * a->confidence, y = b->severity * b->confidence;
    if (a->recommend != b->recommend)
        return a->recommend ? -1 : 1;
    if (x != y)
        return x > y ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static void pack_candidate(struct pack *p, const struct candidate *c)
{
    pack_map(p);
    pack_put_str(p, "optimization", c->name);
    pack_put_str(p, "kpi", c->kpi);
    pack_put_bool(p, "recommend", c->recommend);
    pack_put_num(p, "confidence", c->confidence);
    pack_put_num(p, "severity", c->severity);
    pack_put_str(p, "reason", buf_bytes(&c->reason));
    pack_put_raw(p, "evidence", buf_bytes(&c->evidence));
    pack_end(p);
}

static void say_candidate(struct buf *out, const struct candidate *c)
{
    buf_printf(out, "%s " BYTES_F " (confidence %.2f): ", c->recommend ? "+" : "-",
               BYTES_A(c->title.n ? c->title : c->name), c->confidence);
    text_safe(out, buf_bytes(&c->reason));
    buf_text(out, "\n");
}

static void say_summary(struct buf *out, const struct analysis *a)
{
    size_t recommended = 0;
    for (size_t i = 0; i < a->n; i++)
        recommended += a->candidates[i].recommend;
    buf_printf(out, "%zu of %zu candidates recommended", recommended, a->n);
    if (recommended) {
        buf_text(out, "; first: ");
        text_safe(out, a->candidates[0].name);
    }
}

static void report(struct job *j, struct analysis *a)
{
    _cleanup_(buf_done) struct buf summary = {0};
    struct pack p;
    if (a->n)
        qsort(a->candidates, a->n, sizeof(*a->candidates), by_weight);
    say_summary(&summary, a);
    pack_init(&p, &j->ended.data);
    pack_map(&p);
    pack_key(&p, "recommendations");
    pack_list(&p);
    for (size_t i = 0; i < a->n; i++)
        pack_candidate(&p, &a->candidates[i]);
    pack_end(&p);
    pack_put_str(&p, "summary", buf_bytes(&summary));
    pack_end(&p);
    buf_printf(&j->ended.output, "%s\n", buf_str(&summary));
    for (size_t i = 0; i < a->n; i++)
        say_candidate(&j->ended.output, &a->candidates[i]);
    job_end(j);
}

/* ---- one diagnosis after the other ---- */

static void go_on(struct job *j)
{
    struct analysis *a = j->state;
    while (a->at < a->n && !a->candidates[a->at].diagnosed)
        a->at++;
    if (a->at < a->n)
        job_step(j, &a->candidates[a->at].step);
    else
        report(j, a);
}

static void begin(struct job *j)
{
    struct value list = map_get(buf_bytes(&j->params), "candidates"), item;
    struct analysis *a = NEW(struct analysis);
    struct walk w = walk_of(list.whole);
    j->state = a;
    if (list.type == VALUE_LIST && list.count)
        a->candidates = xalloc(list.count * sizeof(*a->candidates));
    while (a->candidates && walk_item(&w, &item))
        if (take_candidate(j, &a->candidates[a->n++], item.whole))
            return; /* the job was refused */
    go_on(j);
}

static void take_diagnosis(struct candidate *c, const struct ended *last)
{
    struct bytes data = buf_bytes(&last->data);
    struct value recommend = map_get(data, "recommend"), evidence = map_get(data, "evidence");
    if (last->outcome != outcome_COMPLETED) {
        buf_printf(&c->reason, "its diagnosis did not run: %s", buf_str(&last->error));
        return;
    }
    if (recommend.type != VALUE_BOOL) {
        buf_text(&c->reason, "its diagnosis did not say recommend: true or false");
        return;
    }
    struct bytes reason = map_str(data, "reason", "");
    double confidence = map_num(data, "confidence", 0.5);
    c->recommend = recommend.boolean;
    c->confidence = fmax(0, fmin(1, confidence));
    buf_add(&c->reason, reason.at, reason.n);
    buf_add(&c->evidence, evidence.whole.at, evidence.whole.n);
}

static void next(struct job *j, struct ended *last)
{
    struct analysis *a = j->state;
    take_diagnosis(&a->candidates[a->at++], last);
    go_on(j);
}

static const struct param_rule params[] = {
    {.name = "bottlenecks", .kind = param_kind_json, .many = true},
    {.name = "candidates", .kind = param_kind_json, .required = true, .many = true},
    {.name = "depth", .kind = param_kind_string},
    {.name = "focus_areas", .kind = param_kind_json},
};

const struct composite composite_analyze = {
    "analyze", role_analyst, params, ARRAY_SIZE(params), begin, next, analysis_free};

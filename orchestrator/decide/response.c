/* SPDX-License-Identifier: MPL-2.0 */
/* What an incident does: the top issues, and for each the emergency optimization that should help.
 * Owns the choice; whether it may be done is permit.c's. */
#include "incident.h"
#include "optimization.h"
#include "permit.h"
#include "priority.h"

#define CHOICES_MOST 64

/* Issues: KPIs under the level that ends the incident, greatest weighted deficit first, effects of
 * a critical cause behind. */
static struct bottlenecks issues_of(struct helios *h, const struct incident *i)
{
    struct bottlenecks found = bottlenecks_find(h, 100 - i->r.resolve, (struct seq){0}, true);
    found.n = MIN(found.n, (size_t)i->r.max_issues);
    return found;
}

static void keep_issues(struct helios *h, struct incident *i, const struct bottlenecks *b)
{
    struct buf out = {0};
    struct pack p;
    pack_init(&p, &out);
    pack_map(&p);
    pack_key(&p, "issues");
    pack_list(&p);
    for (size_t k = 0; k < b->n; k++)
        bottleneck_pack(&p, &b->at[k]);
    pack_end(&p);
    pack_end(&p);
    own_set(&i->r.issues, buf_bytes(&out));
    save_mark(h, &i->save);
    buf_done(&out);
}

void response_issues(struct helios *h, struct incident *i)
{
    struct bottlenecks found = issues_of(h, i);
    keep_issues(h, i, &found);
    bottlenecks_done(&found);
}

/* ---- choices against one issue ---- */

struct choice {
    const struct set_optimization *plan;
    unsigned fits; /* 3 improves it, 2 helps it, 1 improves one of its causes */
    double success;
    size_t place; /* in the config */
};

static int by_fit(const void *one, const void *two)
{
    const struct choice *a = one, *b = two;
    if (a->fits != b->fits)
        return a->fits > b->fits ? -1 : 1;
    if (a->success != b->success)
        return a->success > b->success ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static void write_context(char *ret, size_t room, const struct bottleneck *issue)
{
    snprintf(ret, room, "%s:%s", issue->config->name.at, issue->class);
}

static size_t choices_for(struct helios *h, const struct bottleneck *issue, struct choice *ret)
{
    size_t n = 0, place = 0;
    char context[128];
    write_context(context, sizeof(context), issue);
    SEQ_EACH (plan, const struct set_optimization, h->config->optimizations) {
        unsigned fits = plan->emergency && plan->enabled ? plan_fits(plan, issue->config) : 0;
        place++;
        if (fits && n < CHOICES_MOST)
            ret[n++] = (struct choice){plan, fits,
                                       learned_odds(h, plan->name, bytes_of(context)).mean, place};
    }
    qsort(ret, n, sizeof(*ret), by_fit);
    return n;
}

/* ---- acting ---- */

/* Rules that time alone lifts soon: the incident waits for them. The others end in STALLED. */
static bool passes(const struct why *why)
{
    static const char *const lasting[] = {"X7", "X8", "disabled", "mode", "tried"};
    for (size_t i = 0; i < ARRAY_SIZE(lasting); i++)
        if (strcmp(why->rule, lasting[i]) == 0)
            return false;
    return true;
}

/* A dry-run says what it would do once; it does not say it again every two seconds. */
static bool said_already(struct helios *h, const struct incident *i,
                         const struct set_optimization *plan)
{
    if (h->config->mode == mode_act)
        return false;
    list_each (o, &optimizations_of(h)->ended, struct optimization, link)
        if (bytes_eq(o->r.incident, i->r.id) && bytes_eq(o->r.name, plan->name))
            return true;
    return false;
}

static void note_acted(struct helios *h, struct incident *i, const struct optimization *o,
                       const struct bottleneck *issue)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_str(&p, "optimization", o->r.id);
    pack_put_str(&p, "name", o->r.name);
    pack_key(&p, "issue");
    bottleneck_pack(&p, issue);
    pack_put_int(&p, "after_ms", h->now - i->r.began);
    pack_end(&p);
    note(h, o->r.dry_run ? EVENT_incident_would : EVENT_incident_acted, i->r.id.at, NULL, &data,
         "%s: %s%s %s against %s (score %.0f)", i->r.id.at, o->r.dry_run ? "dry-run: would deploy " : "",
         o->r.id.at, o->r.name.at, issue->config->name.at, issue->score);
    buf_done(&data);
}

static void act(struct helios *h, struct incident *i, const struct act *wanted,
                const struct bottleneck *issue)
{
    struct optimization *o = optimization_start(h, wanted);
    own_names_add(&i->r.optimizations, o->r.id);
    if (!o->r.dry_run && i->r.acted == 0)
        i->r.acted = h->now;
    save_mark(h, &i->save);
    note_acted(h, i, o, issue);
}

static bool against_live(struct helios *h, const struct incident *i, const struct bottleneck *issue)
{
    list_each (o, &optimizations_of(h)->live, struct optimization, link)
        if (bytes_eq(o->r.incident, i->r.id) &&
            (bytes_eq(o->r.kpi, issue->config->name) ||
             (o->plan && plan_fits(o->plan, issue->config) > 1)))
            return true;
    return false;
}

static void answer_issue(struct helios *h, struct incident *i, const struct bottleneck *issue,
                         struct response *ret)
{
    struct choice choices[CHOICES_MOST];
    struct why why = {.rule = "tried"};
    char context[128], reason[160];
    size_t n = choices_for(h, issue, choices);
    write_context(context, sizeof(context), issue);
    snprintf(reason, sizeof(reason), "%s is %s: %.4g, score %.0f", issue->config->name.at,
             issue->class, issue->value, issue->score);
    if (n == 0 && ret->why[0] == 0) /* a hold on another issue says more */
        snprintf(ret->why, sizeof(ret->why), "the config has no response to %s",
                 issue->config->name.at);
    for (size_t c = 0; c < n; c++) {
        struct act wanted = {.plan = choices[c].plan,
                             .incident = i->r.id.at,
                             .reason = reason,
                             .context = context,
                             .advised = true};
        if (said_already(h, i, choices[c].plan))
            continue;
        if (permit_act(h, &wanted, &why)) {
            act(h, i, &wanted, issue);
            ret->acted++;
            return;
        }
        ret->waiting |= passes(&why);
        snprintf(ret->why, sizeof(ret->why), "%.60s: %.170s", choices[c].plan->name.at, why.text);
    }
}

struct response response_deploy(struct helios *h, struct incident *i)
{
    struct response ret = {0};
    struct bottlenecks issues = issues_of(h, i);
    struct why why;
    keep_issues(h, i, &issues);
    if (!permit_now(h, true, &why)) {
        ret.waiting = strcmp(why.rule, "mode") != 0; /* a freeze, or no data: it may pass */
        snprintf(ret.why, sizeof(ret.why), "%s", why.text);
    } else if (!h->config->emergency.enabled) {
        snprintf(ret.why, sizeof(ret.why), "emergency acts are switched off in the config");
    } else if (issues.n == 0) {
        ret.waiting =
            true; /* health is low, but no weighted KPI is: it will rise, or one will fall */
    } else {
        for (size_t k = 0; k < issues.n; k++)
            if (against_live(h, i, &issues.at[k]))
                ret.under_way++;
            else
                answer_issue(h, i, &issues.at[k], &ret);
    }
    bottlenecks_done(&issues);
    return ret;
}

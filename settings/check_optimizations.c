/* SPDX-License-Identifier: MPL-2.0 */
/* Optimizations that could not be proved or undone, or that name what is not there (X1). */
#include "settings/check_config.h"

static void check_names(const struct check *c, const struct names *kpis,
                        const struct set_optimization *o)
{
    const struct {
        const char *key;
        const struct seq *words;
    } lists[] = {{"helps", &o->helps}, {"guards", &o->guards}};
    char path[128];
    snprintf(path, sizeof path, "optimizations.%s.improves", o->name.at);
    check_known(c, kpis, &o->improves, o, path, "KPI");
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        snprintf(path, sizeof path, "optimizations.%s.%s", o->name.at, lists[i].key);
        SEQ_EACH (word, const struct bytes, *lists[i].words)
            check_known(c, kpis, word, o, path, "KPI");
    }
}

static void check_selectors(const struct check *c, const struct set_optimization *o)
{
    if (o->touches.n == 0)
        mistake(c->m, place_of_member(c, &o->touches, o),
                "optimizations.%s must say what it `touches`: two that touch the same are never "
                "verified together (X1)",
                o->name.at);
    if (o->targets.n == 0 && given(c, &o->targets))
        mistake(c->m, place_of_member(c, &o->targets, o),
                "optimizations.%s.targets is empty, and an empty selector selects nothing; leave "
                "it out to act on the whole (X11)",
                o->name.at);
    const struct bytes *targets = o->targets.at;
    for (size_t i = 1; i < MIN(o->targets.n, (size_t)1000); i++)
        for (size_t j = 0; j < i; j++)
            if (bytes_eq(targets[i], targets[j]))
                mistake(c->m, place_of_member(c, &targets[i], o),
                        "optimizations.%s.targets names '%s' twice", o->name.at, targets[i].at);
}

static void check_steps(const struct check *c, const struct set_optimization *o)
{
    const struct {
        const char *key;
        const struct set_step *step;
    } steps[] = {{"diagnose", &o->diagnose},
                 {"apply", &o->apply},
                 {"rollback", &o->rollback},
                 {"check", &o->check}};
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        const struct set_step *step = steps[i].step;
        bool wanted = step == &o->apply || given(c, &step->params) || given(c, &step->attempt_ms);
        if (wanted && step->action.n == 0)
            mistake(c->m, place_of_member(c, &step->params, o),
                    "optimizations.%s.%s needs an `action`", o->name.at, steps[i].key);
    }
    if (o->rollback.action.n == 0 && o->gate == gate_none)
        mistake(c->m, place_of_member(c, &o->rollback.action, o),
                "optimizations.%s cannot be rolled back; give it a `rollback`, or `gate: approve` "
                "so that a person says yes first (X1)",
                o->name.at);
}

void check_optimizations(const struct check *c, const struct set_config *config)
{
    _cleanup_(names_done) struct names kpis = names_of_kpis(config);
    SEQ_EACH (o, const struct set_optimization, config->optimizations) {
        check_names(c, &kpis, o);
        check_selectors(c, o);
        check_steps(c, o);
        char path[96];
        snprintf(path, sizeof path, "optimizations.%s.verify", o->name.at);
        if (o->verify_ms)
            check_window(c, config, o->verify_ms, place_of_member(c, &o->verify_ms, o), path);
    }
}

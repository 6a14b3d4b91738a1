/* SPDX-License-Identifier: MPL-2.0 */
/* Probes that lack what their kind needs, or have what it would ignore. */
#include "settings/check_agent.h"

#include "common/text.h"
#include "proto/read.h"
#include "settings/value.h"

#define KIND(k) (1u << probe_kind_##k)

/* Which kinds know a setting, and which cannot do without it. */
static const struct rule {
    const char *key;
    unsigned known, needed;
} rules[] = {
    {"url", KIND(http) | KIND(redis) | KIND(prometheus),
     KIND(http) | KIND(redis) | KIND(prometheus)},
    {"unix_socket", KIND(http) | KIND(prometheus), 0},
    {"compressed", KIND(http) | KIND(prometheus), 0},
    {"whole", KIND(http), 0},
    {"error_kpi", KIND(http), 0},
    {"run", KIND(command), KIND(command)},
    {"cwd", KIND(command), 0},
    {"pidfile", KIND(system), 0},
    {"kpis", ~0u, KIND(redis) | KIND(prometheus) | KIND(system)},
};

static void check_rule(const struct check *c, const struct set_probe *probe,
                       const struct rule *rule, const struct setting *setting)
{
    const void *member = setting_member(setting, probe);
    const char *kind = enum_text(&enum_probe_kind, (int)probe->kind);
    struct place place = place_of_member(c, member, probe);
    bool set = !value_is_default(setting, member);
    if (!set && rule->needed & (1u << probe->kind))
        mistake(c->m, place, "probes.%s needs `%s`, being of kind %s", probe->name.at, rule->key,
                kind);
    if (set && !(rule->known & (1u << probe->kind)))
        mistake(c->m, place, "probes.%s: `%s` means nothing to the kind %s", probe->name.at,
                rule->key, kind);
}

static void check_rules(const struct check *c, const struct set_probe *probe)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        for (size_t j = 0; j < section_of_probe.n; j++)
            if (strcmp(section_of_probe.settings[j].key, rules[i].key) == 0)
                check_rule(c, probe, &rules[i], &section_of_probe.settings[j]);
}

static void check_url(const struct check *c, const struct set_probe *probe)
{
    static const char *const http[] = {"http://", "https://", NULL}, *const redis[] = {
                                                                         "redis://", "unix:", NULL};
    const char *const *schemes = probe->kind == probe_kind_redis ? redis : http;
    if (probe->url.n == 0)
        return;
    for (size_t i = 0; schemes[i]; i++)
        if (strncmp(probe->url.at, schemes[i], strlen(schemes[i])) == 0)
            return;
    mistake(c->m, place_of_member(c, &probe->url, probe), "probes.%s.url must begin with %s or %s",
            probe->name.at, schemes[0], schemes[1]);
}

/* The figures that a kind knows by name; the others' come from what they measure. */
static const char *const http_figures[] = {"total_ms", "first_byte_ms", "bytes", "status"};
static const char *const system_figures[] = {"cpu_percent", "memory_bytes", "memory_percent",
                                             "load1"};

static void check_figure(const struct check *c, const struct set_probe *probe, struct value kpi,
                         struct value figure)
{
    const char *const *known = probe->kind == probe_kind_http ? http_figures : system_figures;
    struct place place = place_of_member(c, &probe->kpis, probe);
    if (figure.type != VALUE_STR || figure.text.n == 0) {
        mistake(c->m, place, "probes.%s.kpis." BYTES_F " must name a figure", probe->name.at,
                BYTES_A(kpi.text));
        return;
    }
    if (probe->kind != probe_kind_http && probe->kind != probe_kind_system)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(http_figures); i++)
        if (bytes_is(figure.text, known[i]))
            return;
    _autofree_ char *word = bytes_dup(figure.text);
    const char *meant =
        figure.text.n <= 64 ? text_nearest(word, known, ARRAY_SIZE(http_figures)) : NULL;
    mistake(c->m, place, "probes.%s.kpis." BYTES_F " is none of %s, %s, %s, %s%s%s%s",
            probe->name.at, BYTES_A(kpi.text), known[0], known[1], known[2], known[3],
            meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}
_Static_assert(ARRAY_SIZE(http_figures) == ARRAY_SIZE(system_figures),
               "check_figure takes both for four");

void check_probe(const struct check *c, const struct names *members, const struct set_probe *probe)
{
    char path[96];
    snprintf(path, sizeof path, "probes.%s.agents", probe->name.at);
    check_rules(c, probe);
    check_url(c, probe);
    struct walk walk = walk_of(probe->kpis);
    struct value kpi, figure;
    while (walk_pair(&walk, &kpi, &figure))
        check_figure(c, probe, kpi, figure);
    SEQ_EACH (agent, const struct bytes, probe->agents)
        check_known(c, members, agent, probe, path, "agent");
}

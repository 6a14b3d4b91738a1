/* SPDX-License-Identifier: MPL-2.0 */
/* Committees that could not be asked, or that could never agree (V1 to V3). */
#include "common/text.h"
#include "proto/read.h"
#include "settings/check_config.h"

#define WEIGHT_MOST 1000000
#define SEATS_MOST 100

static bool has_word(const struct seq *words, struct bytes word)
{
    SEQ_EACH (w, const struct bytes, *words)
        if (bytes_eq(*w, word))
            return true;
    return false;
}

static void check_agents(const struct check *c, const struct set_committee *k)
{
    struct seq before = {k->agents.at, 0};
    SEQ_EACH (name, const struct bytes, k->agents) {
        if (!text_is_name(*name))
            mistake(c->m, place_of_member(c, name, &k->agents), "committees.%s.agents: '%s' is no name of an agent",
                    k->name.at, name->at);
        if (has_word(&before, *name))
            mistake(c->m, place_of_member(c, name, &k->agents), "committees.%s.agents names '%s' twice", k->name.at,
                    name->at);
        before.n++;
    }
    if (k->agents.n > SEATS_MOST)
        mistake(c->m, place_of_member(c, &k->agents, k), "committees.%s has %zu agents, at most %d have a seat",
                k->name.at, k->agents.n, SEATS_MOST);
    if (k->agents.n && given(c, &k->seats) && (size_t)k->seats != k->agents.n)
        mistake(c->m, place_of_member(c, &k->seats, k),
                "committees.%s has %lld seats and %zu agents; each agent that is named has one, leave `seats` out",
                k->name.at, (long long)k->seats, k->agents.n);
}

static void check_reviewers(const struct check *c, const struct set_committee *k)
{
    const struct {
        const char *key;
        const struct bytes *name;
    } names[] = {{"action", &k->action}, {"swarm", &k->swarm}};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if ((names[i].name->n || i == 0) && !text_is_name(*names[i].name))
            mistake(c->m, place_of_member(c, names[i].name, k), "committees.%s.%s is no name: 1 to 64 letters, digits and _.:-",
                    k->name.at, names[i].key);
    if (k->role.n && enum_find(&enum_role, k->role) < 0)
        mistake(c->m, place_of_member(c, &k->role, k),
                "committees.%s.role: there is no role '%s'; they are worker, analyst, implementer and verifier",
                k->name.at, k->role.at);
}

/* Only of those who are named is it certain that they sit. */
static void check_has_seat(const struct check *c, const struct set_committee *k, const void *member, struct bytes agent,
                           const char *key)
{
    if (!has_word(&k->agents, agent))
        mistake(c->m, place_of_member(c, member, k), "committees.%s.%s names '" BYTES_F "', who has no seat%s", k->name.at,
                key, BYTES_A(agent), k->agents.n ? "" : ": name the committee's `agents`");
}

static bool is_weight(const struct value *v)
{
    double number = v->type == VALUE_INT ? (double)v->integer : v->type == VALUE_NUM ? v->number : -1;
    return number >= 0 && number <= WEIGHT_MOST;
}

static void check_weights(const struct check *c, const struct set_committee *k)
{
    struct walk walk = walk_of(k->weights);
    struct value key, weight;
    bool good = true;
    double sum = 0;
    while (walk_pair(&walk, &key, &weight)) {
        check_has_seat(c, k, &k->weights, key.text, "weights");
        good &= is_weight(&weight);
        if (!is_weight(&weight))
            mistake(c->m, place_of_member(c, &k->weights, k),
                    "committees.%s.weights: that of '" BYTES_F "' is a number from 0 to %d", k->name.at,
                    BYTES_A(key.text), WEIGHT_MOST);
    }
    SEQ_EACH (name, const struct bytes, k->agents)
        sum += map_num(k->weights, name->at, 1);
    if (k->agents.n && good && sum <= 0)
        mistake(c->m, place_of_member(c, &k->weights, k),
                "committees.%s: nobody's vote has a weight, so it could never agree (V3)", k->name.at);
    SEQ_EACH (name, const struct bytes, k->veto)
        check_has_seat(c, k, name, *name, "veto");
}

void check_committees(const struct check *c, const struct set_config *config)
{
    SEQ_EACH (k, const struct set_committee, config->committees) {
        if (!text_is_name(k->name))
            mistake(c->m, place_of_member(c, &k->name, k),
                    "committees.%s is no name: 1 to 64 letters, digits and _.:-", k->name.at);
        check_reviewers(c, k);
        check_agents(c, k);
        check_weights(c, k);
    }
}

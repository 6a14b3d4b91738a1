/* SPDX-License-Identifier: MPL-2.0 */
/* What `helios doctor` asks of controllers: each alone, so that its answer can be timed and its silence be told. */
#include <inttypes.h>

#include "common/clock.h"
#include "doctor.h"

#define CLOCK_WARN_MS 1000
#define CLOCK_FAIL_MS 60000

/* ---- asking */

static void give(struct args *a, const char *name, const char *value)
{
    if (value && a->n_given < ARGS_MAX) {
        a->given[a->n_given] = name;
        a->values[a->n_given++] = value;
    }
}

/* Whom a person named; else who runs with the config's data directory. */
static bool is_named(const struct exam *e)
{
    return args_has(e->args, "controller") || getenv("HELIOS_CONTROLLER");
}

static bool open_station(const struct exam *e, struct station *s, const struct place *p)
{
    struct args a = {.program_verb = "doctor"};
    give(&a, "controller", p->where);
    give(&a, "identity", args_value(e->args, "identity", NULL));
    give(&a, "timeout", args_value(e->args, "timeout", NULL));
    if (strncmp(p->where, "tcp://", 6) == 0 && p->key[0])
        give(&a, "controller-key", p->key);
    int code = client_open(&s->client, &a);
    s->client.quiet = true;
    return code == 0;
}

/* The first answer waits for the connection to be made; the second one is timed. */
static void ask_station(struct station *s)
{
    json_t *answers[CLIENT_CONTROLLERS];
    size_t leads;
    client_ask_all(&s->client, false, "controller", NULL, answers, &leads);
    if (answers[0] == NULL)
        return;
    json_decref(answers[0]);
    int64_t begun = clock_us(), ours = clock_wall();
    client_ask_all(&s->client, false, "controller", NULL, answers, &leads);
    s->answer = answers[0];
    s->trip_ms = (clock_us() - begun) / 1000;
    s->wall = json_integer_value(json_object_get(s->answer, "wall"));
    s->ahead_ms = s->wall > 0 ? s->wall - (ours + s->trip_ms / 2) : 0;
}

static const char *text_of(const struct station *s, const char *key)
{
    const char *text = json_string_value(json_object_get(s->answer, key));
    return text ? text : "?";
}

/* The next station from `at` on that has answered; NULL: none. */
static const struct station *answered(const struct exam *e, size_t *at)
{
    while (*at < e->n_stations)
        if (e->stations[(*at)++].answer)
            return &e->stations[*at - 1];
    return NULL;
}

static void tell_silence(const struct exam *e, struct finding *f, const struct place *p)
{
    if (is_named(e))
        found(f, GRADE_FAIL,
              "start it, or mend --controller; with keys: is ours allowed there (`helios keys "
              "list`)?",
              "%s does not answer", p->where);
    else if (e->pid)
        found(f, GRADE_FAIL,
              "look into its log; with keys: is ours allowed there (`helios keys list`)?",
              "heliosd runs with %s as process %lld and does not answer", p->where,
              (long long)e->pid);
    else if (p->endpoints[ENDPOINT_control])
        found(f, GRADE_WARN, "start heliosd; it was killed, or runs where we cannot reach it",
              "%s/endpoints.json is there, and nobody answers", p->where);
    else
        found(f, GRADE_SKIP, NULL, "no controller runs with %s; others: --controller WHERE",
              p->where);
}

static void look_at(struct exam *e, struct finding *f, const struct place *p)
{
    struct station *s = &e->stations[e->n_stations++];
    s->where = xdup(p->where);
    if (exam_identity(e) && !e->identity_reads) {
        found(f, GRADE_SKIP, NULL, "our own key does not read");
        return;
    }
    if (p->endpoints[ENDPOINT_control] && p->key[0] && exam_identity(e) == NULL) {
        found(f, GRADE_WARN, "--identity FILE, or $HELIOS_IDENTITY: a key that is allowed there",
              "%s asks for a key, and we have none", p->where);
        return;
    }
    if (p->endpoints[ENDPOINT_control] && open_station(e, s, p))
        ask_station(s);
    if (s->answer)
        e->n_answers++;
    else
        tell_silence(e, f, p);
}

void look_controllers(struct exam *e, struct finding *f)
{
    struct args a = *e->args;
    struct places places;
    if (!is_named(e))
        give(&a, "controller", e->data);
    if (client_places(&a, &places) < 0) {
        found(f, GRADE_FAIL, "name *.pub files, or their 40 letters, in the order of --controller",
              "--controller-key does not read");
        return;
    }
    for (size_t i = 0; i < places.n; i++)
        look_at(e, f, &places.at[i]);
    places_done(&places);
    found(f, GRADE_OK, NULL, "%zu of %zu answer", e->n_answers, e->n_stations);
}

/* ---- comparing */

void look_realm(struct exam *e, struct finding *f)
{
    static const char todo[] = "mend `realm` in the configs, or --controller: controllers of "
                               "several realms do not stand in for each other";
    size_t at = 0;
    const struct station *first = answered(e, &at), *s;
    const char *realm = text_of(first, "realm");
    if (e->config && strcmp(realm, e->config->realm.at) != 0)
        found(f, GRADE_FAIL, todo, "%s serves the realm %s, the config names %s", first->where,
              realm, e->config->realm.at);
    while ((s = answered(e, &at)))
        if (strcmp(text_of(s, "realm"), realm) != 0)
            found(f, GRADE_FAIL, todo, "%s serves the realm %s, %s serves %s", first->where, realm,
                  s->where, text_of(s, "realm"));
    found(f, GRADE_OK, NULL, "%s", realm);
}

/* One controller may have been named twice. */
void look_leader(struct exam *e, struct finding *f)
{
    size_t at = 0, leaders = 0;
    const struct station *leader = NULL, *s;
    while ((s = answered(e, &at)))
        if (json_is_true(json_object_get(s->answer, "leads")) &&
            (leader == NULL || strcmp(text_of(leader, "id"), text_of(s, "id")) != 0)) {
            if (leader)
                found(f, GRADE_FAIL,
                      "have them use one Redis and one realm: the lease lets only one lead",
                      "%s and %s both lead", leader->where, s->where);
            leader = s;
            leaders++;
        }
    if (leaders == 0)
        found(f, GRADE_FAIL,
              "`helios controllers` shows the lease; the rows of Redis above, why none takes it",
              "none of %zu leads", e->n_answers);
    if (leaders != 1)
        return;
    e->leader = leader;
    found(f, GRADE_OK, NULL, "%s leads in epoch %lld", leader->where,
          (long long)json_integer_value(json_object_get(leader->answer, "epoch")));
}

void look_store(struct exam *e, struct finding *f)
{
    const struct station *s;
    for (size_t at = 0; (s = answered(e, &at));)
        if (strcmp(text_of(s, "store"), "ok") != 0)
            found(f, GRADE_FAIL, "mend Redis: nothing is acknowledged before it is stored",
                  "%s: %s", s->where, text_of(s, "store"));
    found(f, GRADE_OK, NULL, "each controller reaches its Redis");
}

void look_frozen(struct exam *e, struct finding *f)
{
    const struct station *s;
    for (size_t at = 0; (s = answered(e, &at));)
        if (json_is_true(json_object_get(s->answer, "frozen")))
            found(f, GRADE_WARN, "`helios unfreeze`, when what it was frozen for is over",
                  "%s is frozen: nothing is done by itself", s->where);
    found(f, GRADE_OK, NULL, "automation is not frozen");
}

/* ---- clocks */

static void judge_clock(struct finding *f, const struct station *s, int64_t *worst)
{
    static const char todo[] =
        "keep the clocks of all machines with NTP (systemd-timesyncd, chrony)";
    int64_t away = s->ahead_ms < 0 ? -s->ahead_ms : s->ahead_ms;
    int64_t now = json_integer_value(json_object_get(s->answer, "now")),
            set = now > 0 ? s->wall - now : 0;
    away = MAX((int64_t)0, away - s->trip_ms / 2); /* so much the round trip may hide */
    *worst = MAX(*worst, away);
    if (away >= CLOCK_WARN_MS)
        found(f, away >= CLOCK_FAIL_MS ? GRADE_FAIL : GRADE_WARN, todo,
              "the clock of %s is %" PRId64 " ms %s ours", s->where, away,
              s->ahead_ms < 0 ? "behind" : "ahead of");
    else if (set >= CLOCK_WARN_MS || set <= -CLOCK_WARN_MS)
        found(f, GRADE_WARN,
              "restart it when that suits: it goes by the clock of its start, so that time never "
              "jumps",
              "the wall clock of %s was set by %" PRId64 " ms since it started", s->where, set);
}

void look_clocks(struct exam *e, struct finding *f)
{
    const struct station *s;
    int64_t worst = 0;
    for (size_t at = 0; (s = answered(e, &at));)
        if (s->wall > 0)
            judge_clock(f, s, &worst);
        else
            found(f, GRADE_SKIP, NULL, "%s does not tell its time", s->where);
    found(f, GRADE_OK, NULL, "controllers and we agree to %" PRId64 " ms", worst);
}

/* ---- agents */

void look_agents(struct exam *e, struct finding *f)
{
    char err[512];
    json_t *answer = NULL, *row;
    size_t i, live = 0;
    struct client *c = &e->stations[e->leader - e->stations].client;
    if (client_ask(c, false, "agents", NULL, &answer, err)) {
        found(f, GRADE_WARN, NULL, "%s", err);
        return;
    }
    e->agents = json_incref(json_object_get(answer, "agents"));
    e->n_agents = json_integer_value(json_object_get(answer, "agents_total"));
    json_decref(answer);
    json_array_foreach (e->agents, i, row)
        live += json_is_true(json_object_get(row, "live"));
    if (live == 0)
        found(f, GRADE_WARN, "start helios-agent; its `controllers` must name this one",
              "no agent is live: tasks wait");
    else if (live < i)
        found(f, GRADE_WARN,
              "`helios agents` tells which; start them, or wait until they are forgotten",
              "%zu of %zu agents are live", live, i);
    else
        found(f, GRADE_OK, NULL, "%zu agents are live", live);
}

void look_versions(struct exam *e, struct finding *f)
{
    static const char todo[] = "upgrade the older ones, standbys first";
    const struct station *s;
    json_t *row;
    size_t i, others = 0;
    for (size_t at = 0; (s = answered(e, &at));)
        if (strcmp(text_of(s, "version"), HELIOS_VERSION) != 0)
            found(f, GRADE_WARN, todo, "%s is Helios %s, this tool is %s", s->where,
                  text_of(s, "version"), HELIOS_VERSION);
    json_array_foreach (e->agents, i, row) {
        const char *version = json_string_value(json_object_get(row, "version"));
        if (json_is_true(json_object_get(row, "live")) && version && *version &&
            strcmp(version, HELIOS_VERSION) != 0 && others++ == 0)
            found(f, GRADE_WARN, todo, "the agent %s is of version %s, this tool is %s",
                  json_string_value(json_object_get(row, "id")), version, HELIOS_VERSION);
    }
    found(f, GRADE_OK, NULL, "all is Helios %s", HELIOS_VERSION);
}

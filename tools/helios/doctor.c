/* SPDX-License-Identifier: MPL-2.0 */
/* `helios doctor`: the table of checks, and the walk over it. What each check looks at stands in doctor_*.c. */
#include "doctor.h"

#include <libgen.h>
#include <unistd.h>

#include "verbs.h"

const struct option_row doctor_options[] = {
    {"config", "FILE", "the controller's config; default ./helios.yaml where it is there"},
    {"realm", "NAME", "one of the config's `realms`; default the first"},
    {"agent", "FILE", "an agent's file"},
    {"set", "KEY=VALUE", "as heliosd's --set"},
    {0},
};

/* The order is that of the work: what a row finds out, later rows may need. */
const struct doctor_check doctor_checks[] = {
    {"Files", "config", NEED_CONFIG_FILE, look_config},
    {"Files", "config-mode", NEED_CONFIG_FILE, look_config_mode},
    {"Files", "agent", NEED_AGENT_FILE, look_agent},
    {"Files", "agent-programs", NEED_AGENT, look_agent_programs},
    {"Files", "data", NEED_DATA, look_data},
    {"Files", "disk", NEED_DATA, look_disk},
    {"Keys", "curve", 0, look_curve},
    {"Keys", "key", NEED_CONFIG | NEED_KEY, look_key},
    {"Keys", "allowed", NEED_CONFIG | NEED_KEY, look_allowed},
    {"Keys", "agent-key", NEED_AGENT | NEED_AGENT_KEY, look_agent_key},
    {"Keys", "identity", NEED_IDENTITY, look_identity},
    {"Keys", "password", NEED_CONFIG | NEED_PASSWORD, look_password},
    {"Redis", "redis-program", NEED_CONFIG | NEED_PRIVATE, look_redis_program},
    {"Redis", "redis", NEED_CONFIG | NEED_URL, look_redis},
    {"Redis", "redis-version", NEED_REDIS, look_redis_version},
    {"Redis", "redis-role", NEED_REDIS, look_redis_role},
    {"Redis", "redis-persistence", NEED_REDIS, look_redis_persistence},
    {"Redis", "redis-writes", NEED_REDIS, look_redis_writes},
    {"Redis", "redis-eviction", NEED_REDIS, look_redis_eviction},
    {"Redis", "redis-memory", NEED_REDIS, look_redis_memory},
    {"Redis", "redis-rights", NEED_REDIS, look_redis_rights},
    {"Controllers", "controllers", 0, look_controllers},
    {"Controllers", "agent-controllers", NEED_AGENT, look_agent_controllers},
    {"Controllers", "realm", NEED_ANSWER, look_realm},
    {"Controllers", "leader", NEED_ANSWER, look_leader},
    {"Controllers", "store", NEED_ANSWER, look_store},
    {"Controllers", "frozen", NEED_ANSWER, look_frozen},
    {"Controllers", "clocks", NEED_ANSWER, look_clocks},
    {"Controllers", "agents", NEED_LEADER, look_agents},
    {"Controllers", "versions", NEED_ANSWER, look_versions},
    {"Machine", "ports", NEED_CONFIG, look_ports},
    {"Machine", "open-files", 0, look_files_limit},
    {"Machine", "overcommit", NEED_NEAR, look_overcommit},
    {"Machine", "huge-pages", NEED_NEAR, look_huge_pages},
    {"Machine", "time-zones", 0, look_zones},
    {0},
};

/* ---- what is there */

static bool has_config_file(const struct exam *e)
{
    return e->config_file != NULL;
}

static bool has_config(const struct exam *e)
{
    return e->config != NULL;
}

static bool has_agent_file(const struct exam *e)
{
    return e->agent_file != NULL;
}

static bool has_agent(const struct exam *e)
{
    return e->agent != NULL;
}

static bool has_data(const struct exam *e)
{
    return e->data != NULL;
}

static bool has_key(const struct exam *e)
{
    return e->config->security.key.n > 0;
}

static bool has_agent_key(const struct exam *e)
{
    return e->agent->security.key.n > 0;
}

static bool has_identity(const struct exam *e)
{
    return exam_identity(e) != NULL;
}

static bool has_password(const struct exam *e)
{
    return e->config->state.password_file.n > 0;
}

static bool is_private(const struct exam *e)
{
    return e->config->state.url.n == 0;
}

static bool has_url(const struct exam *e)
{
    return e->url != NULL;
}

static bool has_redis(const struct exam *e)
{
    return e->redis != NULL;
}

/* Redis runs, or will run, on this machine: nothing is said of another one's kernel. */
static bool is_near(const struct exam *e)
{
    struct redis_place place;
    if (e->config == NULL)
        return false;
    return is_private(e) || (redis_place_of(e->config->state.url.at, &place) == 0 &&
                             (place.port == 0 || strncmp(place.host, "127.", 4) == 0 ||
                              strcmp(place.host, "localhost") == 0));
}

static bool has_answer(const struct exam *e)
{
    return e->n_answers > 0;
}

static bool has_leader(const struct exam *e)
{
    return e->leader != NULL;
}

/* In this order: a later one may lean on those before it. */
static const struct {
    enum need need;
    bool (*there)(const struct exam *e);
    const char *reason;
} needs[] = {
    {NEED_CONFIG_FILE, has_config_file, "no config is named: --config FILE"},
    {NEED_CONFIG, has_config, "needs a config that reads: --config FILE"},
    {NEED_AGENT_FILE, has_agent_file, "no agent's file is named: --agent FILE"},
    {NEED_AGENT, has_agent, "needs an agent's file that reads: --agent FILE"},
    {NEED_DATA, has_data, "no data directory is known: --config FILE, or $HELIOS_DATA"},
    {NEED_KEY, has_key, "security.key is not set: nobody proves a key here"},
    {NEED_AGENT_KEY, has_agent_key, "the agent's security.key is not set"},
    {NEED_IDENTITY, has_identity, "we have no key of our own: --identity FILE or $HELIOS_IDENTITY"},
    {NEED_PASSWORD, has_password, "state.password_file is not set"},
    {NEED_PRIVATE, is_private, "state.url names a Redis: no private one is started"},
    {NEED_URL, has_url, "the private Redis runs with its controller, which does not run here now"},
    {NEED_REDIS, has_redis, "no Redis answers"},
    {NEED_NEAR, is_near, "no config, or its Redis is on another machine"},
    {NEED_ANSWER, has_answer, "no controller answers"},
    {NEED_LEADER, has_leader, "no single controller leads"},
};

const char *doctor_lacking(const struct exam *e, unsigned bits)
{
    for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
        if ((bits & needs[i].need) && !needs[i].there(e))
            return needs[i].reason;
    return NULL;
}

/* ---- the exam */

const char *exam_identity(const struct exam *e)
{
    return args_value(e->args, "identity", getenv("HELIOS_IDENTITY"));
}

char *exam_beside(const char *file, const char *path)
{
    _autofree_ char *whole = realpath(file, NULL);
    char *ret;
    if (path[0] == '/' || whole == NULL)
        return xdup(path);
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    if (asprintf(&ret, "%s/%s", dirname(whole), path) < 0)
        abort();
    return ret;
}

static void exam_init(struct exam *e, const struct args *a)
{
    static const char usual[] = "helios.yaml";
    const char *data = getenv("HELIOS_DATA");
    *e = (struct exam){.args = a,
                       .config_file =
                           args_value(a, "config", access(usual, F_OK) == 0 ? usual : NULL),
                       .agent_file = args_value(a, "agent", NULL)};
    if (data || (e->config_file == NULL && access("data", F_OK) == 0))
        e->data = xdup(data ? data : "./data");
}

static void exam_done(struct exam *e)
{
    for (size_t i = 0; i < e->n_stations; i++) {
        client_close(&e->stations[i].client);
        json_decref(e->stations[i].answer);
        free(e->stations[i].where);
    }
    if (e->redis)
        redisFree(e->redis);
    json_decref(e->agents);
    json_decref(e->endpoints);
    settings_free(e->config_read);
    settings_free(e->keeper_read);
    settings_free(e->agent_read);
    free(e->realm_file);
    free(e->realm_data);
    free(e->data);
    free(e->url);
    free(e->info);
}

static void look(struct exam *e, const struct doctor_check *check, struct finding *f)
{
    const char *lacking = doctor_lacking(e, check->needs);
    if (lacking)
        found(f, GRADE_SKIP, NULL, "%s", lacking);
    else
        check->look(e, f);
}

static void note(const struct doctor_check *check, const struct finding *f, json_t *rows,
                 struct buf *out)
{
    bool begins = check == doctor_checks || strcmp(check->group, check[-1].group) != 0;
    if (rows) {
        json_array_append_new(rows, finding_json(check, f));
        return;
    }
    if (begins)
        paint(out, TONE_BOLD, "%s\n", check->group);
    finding_paint(out, check, f);
    print_text(out); /* at once: one that waits for an answer shows where it waits */
}

int run_doctor(const struct cli_verb *verb, const struct args *a)
{
    struct exam e;
    struct buf out = {0};
    unsigned counts[GRADES] = {0};
    json_t *rows = args_has(a, "json") ? json_array() : NULL;
    (void)verb;
    exam_init(&e, a);
    for (const struct doctor_check *check = doctor_checks; check->name; check++) {
        struct finding f = {0};
        look(&e, check, &f);
        counts[f.grade]++;
        note(check, &f, rows, &out);
        buf_done(&f.seen);
        buf_done(&f.todo);
    }
    exam_done(&e);
    if (rows) {
        print_json(rows);
    } else {
        grades_paint(&out, counts);
        print_text(&out);
    }
    return grades_exit(counts);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Starting, in order: what is needed first, the controller, the agents, the rest, the story. */
#include <glob.h>
#include <jansson.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "up.h"

#define CONTROLLER_MS 30000
#define TURN_MS 50

static struct child *add(struct up *u, enum stage stage, const char *name)
{
    struct child *c = &u->children[u->n_children++];
    c->stage = stage;
    c->name = xdup(name);
    if (asprintf(&c->log, "%s/log/%s.log", u->data, name) < 0)
        abort();
    return c;
}

static void words(struct child *c, struct seq run)
{
    SEQ_EACH(word, struct bytes, run)
    child_word(c, word->at);
}

static bool start(struct up *u, struct child *c)
{
    int r = child_start(c, u->dir);
    if (r < 0)
        up_fail(u, c->log, "%s cannot be started: %s", c->name, strerror(-r));
    return r == 0;
}

/* KEY=VALUE lines become the environment of all that is started from now on. */
static bool take_environment(struct up *u, const struct set_process *p)
{
    char *line = NULL;
    size_t room = 0;
    FILE *f = p->env_file.n ? fopen(p->env_file.at, "re") : NULL;
    if (p->env_file.n && f == NULL)
        up_fail(u, NULL, "%s: its env_file %s cannot be read: %s", p->name.at, p->env_file.at,
                strerror(errno));
    while (f && getline(&line, &room, f) > 0) {
        char *equals = strchr(line, '=');
        line[strcspn(line, "\n")] = '\0';
        if (equals && *line != '#') {
            *equals = '\0';
            setenv(line, equals + 1, 1);
        }
    }
    free(line);
    if (f)
        fclose(f);
    return !u->failed;
}

static bool await_ready(struct up *u, const struct child *c, const struct set_process *p)
{
    int64_t deadline = clock_now() + p->ready_ms;
    while (p->ready.n && access(p->ready.at, F_OK) != 0 && !up_over(u)) {
        up_turn(u, TURN_MS);
        if (clock_now() > deadline)
            up_fail(u, c->log, "%s was not ready in time: it did not make %s", c->name,
                    p->ready.at);
    }
    return !up_over(u) && take_environment(u, p);
}

static bool start_processes(struct up *u, bool first)
{
    SEQ_EACH(p, struct set_process, u->file->processes)
    {
        if (p->first != first)
            continue;
        struct child *c = add(u, first ? STAGE_FIRST : STAGE_AFTER, p->name.at);
        words(c, p->run);
        if (p->ready.n)
            unlink(p->ready.at); /* of an earlier run */
        up_say(u, "info", "starts %s", c->name);
        if (!start(u, c) || !await_ready(u, c, p))
            return false;
    }
    return true;
}

/* answers says whether this very process is the one behind endpoints.json, and talks to us. */
static bool answers(struct up *u)
{
    _autofree_ char *file = NULL;
    json_t *status = NULL;
    char err[512];
    if (asprintf(&file, "%s/endpoints.json", u->data) < 0)
        abort();
    json_t *all = json_load_file(file, 0, NULL);
    bool ours = all && json_integer_value(json_object_get(all, "pid")) == u->controller->pid;
    json_decref(all);
    if (!ours)
        return false;
    if (u->client.talk.context == NULL && client_open_at(&u->client, u->data, 500) != 0)
        return false;
    int r = client_ask(&u->client, false, "status", NULL, &status, err);
    json_decref(status);
    return r == 0;
}

bool up_ask(struct up *u)
{
    int64_t deadline = clock_now() + CONTROLLER_MS;
    while (!up_over(u) && !answers(u)) {
        up_turn(u, TURN_MS);
        if (clock_now() > deadline)
            up_fail(u, u->controller->log, "the controller did not answer in time");
    }
    if (!up_over(u) && view_open(&u->view, &u->client) != 0)
        up_fail(u, u->controller->log, "the controller's events cannot be had");
    return !up_over(u);
}

/* Started again it must listen where it listened: agents and taps come back to the same ports. */
static void keep_ports(struct up *u)
{
    static const char *const names[ENDPOINTS] = {"agents", "control", "kpi", "events"};
    for (size_t i = 0; i < ENDPOINTS; i++) {
        struct buf flag = {0};
        buf_printf(&flag, "listen.%s=%s", names[i], u->client.talk.places.at[0].endpoints[i]);
        for (char **word = u->controller->argv; *word; word++)
            if (strncmp(*word, buf_str(&flag), strlen("listen.") + strlen(names[i]) + 1) == 0) {
                free(*word);
                *word = xdup(buf_str(&flag));
            }
        buf_done(&flag);
    }
}

/* A file that cannot be read is told by whom it is for. */
static struct settings *settings_of(const struct up *u, const struct section *root, const char *file)
{
    struct settings *s = NULL;
    _autofree_ char *report = NULL, *path = NULL;
    if (asprintf(&path, "%s%s%s", *file == '/' ? "" : u->dir, *file == '/' ? "" : "/", file) < 0)
        abort();
    return settings_load(root, path, NULL, 0, &s, &report) < 0 ? NULL : s;
}

static void read_wait(struct up *u)
{
    struct settings *s = settings_of(u, section_config, u->file->controller.at);
    if (s)
        u->wait_ms = ((const struct set_config *)settings_root(s))->stop.wait_ms;
    settings_free(s);
}

static void read_agents_wait(struct up *u, const char *file)
{
    struct settings *s = settings_of(u, section_agent_config, file);
    if (s)
        u->agents_ms = MAX(u->agents_ms, ((const struct set_agent_config *)settings_root(s))->stop.wait_ms);
    settings_free(s);
}

static bool start_controller(struct up *u)
{
    static const char *const free_ports[] = {
        "listen.agents=tcp://127.0.0.1:*", "listen.control=tcp://127.0.0.1:*",
        "listen.kpi=tcp://127.0.0.1:*", "listen.events=tcp://127.0.0.1:*"};
    struct child *c = u->controller = add(u, STAGE_CONTROLLER, "heliosd");
    struct buf data = {0};
    buf_printf(&data, "data=%s", u->data);
    child_word(c, "heliosd");
    child_word(c, "--config");
    child_word(c, u->file->controller.at);
    child_word(c, "--set");
    child_word(c, buf_str(&data));
    for (size_t i = 0; i < ARRAY_SIZE(free_ports); i++) {
        child_word(c, "--set");
        child_word(c, free_ports[i]);
    }
    buf_done(&data);
    read_wait(u);
    up_say(u, "info", "starts the controller");
    if (!start(u, c) || !up_ask(u))
        return false;
    keep_ports(u);
    return true;
}

static bool start_agent(struct up *u, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    struct buf name = {0};
    buf_printf(&name, "agent-%.*s", (int)strcspn(base, "."), base);
    struct child *c = add(u, STAGE_AGENT, buf_str(&name));
    buf_done(&name);
    child_word(c, "helios-agent");
    child_word(c, file);
    if (geteuid() == 0) {
        child_word(c, "--set");
        child_word(c, "allow_root=true");
    }
    read_agents_wait(u, file);
    up_say(u, "info", "starts %s", c->name);
    return start(u, c);
}

/* find_agents gives the files of all patterns, each relative to the directory or absolute. */
static bool find_agents(struct up *u, glob_t *ret)
{
    int flags = GLOB_ERR;
    SEQ_EACH(pattern, struct bytes, u->file->agents)
    {
        _autofree_ char *path = NULL;
        if (asprintf(&path, "%s%s%s", *pattern->at == '/' ? "" : u->dir,
                     *pattern->at == '/' ? "" : "/", pattern->at) < 0)
            abort();
        if (glob(path, flags, NULL, ret) != 0) {
            up_fail(u, NULL, "up.yaml: agents: no file is named %s", pattern->at);
            return false;
        }
        flags |= GLOB_APPEND;
    }
    return true;
}

static bool start_agents(struct up *u, const glob_t *files)
{
    for (size_t i = 0; i < files->gl_pathc; i++)
        if (!start_agent(u, files->gl_pathv[i]))
            return false;
    return true;
}

static bool start_story(struct up *u)
{
    if (u->file->story.n == 0 || args_has(u->args, "no-story"))
        return true;
    u->story = add(u, STAGE_STORY, "story");
    words(u->story, u->file->story);
    unlink(u->story->log); /* its lines are shown from the first one */
    up_say(u, "info", "the story begins");
    return start(u, u->story);
}

bool up_start(struct up *u)
{
    glob_t files = {0};
    bool good = find_agents(u, &files);
    /* All the room at once: `controller` and `story` point into it. */
    u->children = xalloc((u->file->processes.n + files.gl_pathc + 2) * sizeof(*u->children));
    good = good && start_processes(u, true) && start_controller(u) && start_agents(u, &files) &&
           start_processes(u, false) && start_story(u);
    globfree(&files);
    return good;
}

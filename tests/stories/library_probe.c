/* SPDX-License-Identifier: MPL-2.0 */
/* What the examples of libhelios do not show, for test_library.py: wrong calls, an agent in somebody else's loop, ends that come
 * later, cancels, old programs.
 *
 *   probe wrong         every wrong call is refused with a sentence; needs a controller
 *   probe agent ID      offers `later` (ends after `ms`, by steps) and `spoil` (says what it must not); poll(2) is its loop */
#include <errno.h>
#include <helios/helios.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(x)                                                                                   \
    do                                                                                             \
        if (!(x))                                                                                  \
            return fprintf(stderr, "line %d: %s\n", __LINE__, #x), 1;                              \
    while (0)

/* ---- wrong calls ---- */

static void never(struct helios_attempt *a, void *user)
{
    (void)user;
    helios_complete(a, NULL);
}

static int wrong_clients(void)
{
    struct helios_client_options old = {.size = offsetof(struct helios_client_options, name), .name = "not, a name"};
    struct helios_client_options bad = HELIOS_CLIENT_OPTIONS;
    struct helios_client *c;
    struct helios_result result;
    struct helios_id id;
    const char *json;
    CHECK(helios_client_open(&old, &c) == 0); /* it knew no name: what stands there is not looked at */
    CHECK(helios_submit(c, &(struct helios_task){.action = "x", .params = "[1]"}, 1, &id) == -EINVAL);
    CHECK(strstr(helios_client_error(c), "JSON object"));
    CHECK(helios_submit(c, &(struct helios_task){.action = "x", .params = "{"}, 1, &id) == -EINVAL);
    CHECK(helios_submit(c, &(struct helios_task){.action = ""}, 1, &id) == -EINVAL && *helios_client_error(c));
    CHECK(helios_submit(c, NULL, 0, NULL) == -EINVAL);
    CHECK(helios_query(c, "no such thing", NULL, &json) < 0 && *helios_client_error(c));
    CHECK(helios_query(c, "kpi", "{\"name\": \"none\"}", &json) == -ENOENT);
    CHECK(helios_wait(c, "", 0, &result) == -EINVAL);
    CHECK(helios_wait(c, "1-4711", 0, &result) < 0);
    CHECK(helios_publish(c, "example_runs", NAN, 0) == -EINVAL);
    helios_client_close(c);
    bad.name = "not, a name";
    CHECK(helios_client_open(&bad, &c) == -EINVAL && strstr(helios_client_error(c), "name"));
    helios_client_close(c);
    bad.name = NULL;
    bad.peers.identity = "/dev/null";
    CHECK(helios_client_open(&bad, &c) == -EINVAL && *helios_client_error(c));
    helios_client_close(c);
    helios_client_close(NULL);
    return 0;
}

static int wrong_agents(void)
{
    struct helios_agent_options o = HELIOS_AGENT_OPTIONS;
    struct helios_param bad = {.name = "n", .kind = HELIOS_INT, .otherwise = "many"};
    struct helios_agent *a;
    CHECK(helios_agent_new(&o, &a) == -EINVAL && strstr(helios_agent_error(a), "id and swarm"));
    helios_agent_free(a);
    o.id = "a", o.swarm = "s", o.slots = 100000;
    CHECK(helios_agent_new(&o, &a) == -EINVAL && strstr(helios_agent_error(a), "slots"));
    helios_agent_free(a);
    o.slots = 0;
    CHECK(helios_agent_new(&o, &a) == 0);
    CHECK(helios_agent_action(a, "with blanks", NULL, 0, never, NULL) == -EINVAL);
    CHECK(helios_agent_action(a, "n", &bad, 1, never, NULL) == -EINVAL && strstr(helios_agent_error(a), "n"));
    CHECK(helios_agent_sample(a, "example_runs", INFINITY) == -EINVAL);
    struct helios_agent *keyless;
    o.peers.identity = "/dev/null";
    CHECK(helios_agent_new(&o, &keyless) == 0);
    CHECK(helios_agent_sample(keyless, "example_runs", 1) < 0 && strstr(helios_agent_error(keyless), "/dev/null"));
    helios_agent_free(keyless);
    CHECK(helios_agent_turn(a, 0) == 0);
    CHECK(helios_agent_action(a, "late", NULL, 0, never, NULL) == -EBUSY);
    helios_agent_free(a);
    helios_agent_free(NULL);
    return 0;
}

/* ---- an agent in a loop of ours ---- */

struct slow {
    struct helios_attempt *attempt; /* NULL = none is under way */
    int64_t left_ms;
};

static struct helios_agent *agent;
static struct slow slows[8];

static void forget(struct helios_attempt *a, void *user)
{
    ((struct slow *)user)->attempt = NULL;
    helios_complete(a, "it is stopped, whatever is said here");
}

static void later(struct helios_attempt *a, void *user)
{
    (void)user;
    for (struct slow *s = slows; s < slows + 8; s++)
        if (s->attempt == NULL) {
            *s = (struct slow){a, helios_attempt_int(a, "ms")};
            helios_attempt_on_cancel(a, forget, s);
            return;
        }
    helios_fail(a, "%d are under way", 8);
}

static void step(struct helios_agent *a, void *user)
{
    (void)a, (void)user;
    for (struct slow *s = slows; s < slows + 8; s++) {
        if (s->attempt == NULL || (s->left_ms -= 10) > 0)
            continue;
        helios_complete(s->attempt, helios_attempt_param(s->attempt, "word"));
        s->attempt = NULL;
    }
}

/* What a handler may get wrong must not harm the agent. */
static void spoil(struct helios_attempt *a, void *user)
{
    size_t n = 70 * 1024;
    char *long_text = malloc(n + 1);
    (void)user;
    memset(long_text, 'x', n);
    long_text[n] = '\0';
    bool refused = helios_attempt_save(a, long_text, n) == -EMSGSIZE && helios_complete_json(a, "[]") == -EINVAL &&
                   helios_complete_json(a, "{") == -EINVAL && helios_attempt_param(a, "none") == NULL;
    helios_attempt_progress(a, 1000, long_text);
    refused ? helios_complete(a, long_text) : helios_fail(a, "something wrong was taken");
    free(long_text);
}

static bool welcomed; /* as the host was told */

static void on_log(void *user, int level, const char *event, const char *text)
{
    (void)user;
    welcomed = welcomed || (level == 2 && strcmp(event, "link.welcomed") == 0 && *text);
}

static void on_signal(int signal)
{
    (void)signal;
    helios_agent_stop(agent);
}

static int run_agent(const char *id)
{
    static const char *const words[] = {"well", "done", NULL};
    struct helios_param params[] = {{.name = "ms", .kind = HELIOS_INT, .required = true, .min = 0, .max = 1e6},
                                    {.name = "word", .otherwise = "done", .one_of = words}};
    struct helios_agent_options o = HELIOS_AGENT_OPTIONS;
    o.id = id, o.swarm = "backend", o.slots = 8, o.prefetch = 8;
    CHECK(helios_agent_new(&o, &agent) == 0);
    CHECK(helios_agent_action(agent, "later", params, 2, later, NULL) == 0);
    CHECK(helios_agent_action(agent, "spoil", NULL, 0, spoil, NULL) == 0);
    CHECK(helios_agent_every(agent, 10, step, NULL) == 0);
    signal(SIGTERM, on_signal);
    helios_on_log(on_log, NULL);
    struct pollfd all[] = {{.fd = helios_agent_fd(agent), .events = POLLIN}};
    while (!helios_agent_gone(agent)) {
        poll(all, 1, 20000);
        CHECK(helios_agent_turn(agent, 0) == 0);
    }
    helios_agent_free(agent);
    CHECK(welcomed);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "agent") == 0)
        return run_agent(argv[2]);
    return wrong_clients() || wrong_agents();
}

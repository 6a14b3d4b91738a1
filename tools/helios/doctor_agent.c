/* SPDX-License-Identifier: MPL-2.0 */
/* What `helios doctor` sees of an agent's file: that it reads, that its programs can be run, that its controllers can be reached. */
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

void look_agent(struct exam *e, struct finding *f)
{
    int64_t n = 0;
    e->agent = exam_read(section_agent_config, e->agent_file, NULL, 0, &e->agent_read, f);
    if (e->agent == NULL)
        return;
    SEQ_EACH (member, const struct set_member, e->agent->members)
        n += member->count;
    found(f, GRADE_OK, NULL, "%s: %lld agents, %zu actions, %zu probes", e->agent_file,
          (long long)n, e->agent->actions.n, e->agent->probes.n);
}

/* ---- programs */

static bool in_path(const char *program)
{
    const char *path = getenv("PATH");
    for (const char *at = path ? path : "/usr/bin:/bin"; *at; at += *at == ':') {
        size_t n = strcspn(at, ":");
        _autofree_ char *file = NULL;
        if (asprintf(&file, "%.*s/%s", (int)n, at, program) < 0)
            abort();
        if (access(file, X_OK) == 0)
            return true;
        at += n;
    }
    return false;
}

/* A program with a slash is relative to where the action runs: its `cwd`, or where the file lies. */
static bool can_run(const struct exam *e, struct bytes cwd, const char *program)
{
    if (strchr(program, '/') == NULL)
        return in_path(program);
    _autofree_ char *dir = exam_beside(e->agent_file, cwd.n ? cwd.at : ".");
    _autofree_ char *file = program[0] == '/' ? xdup(program) : NULL;
    if (file == NULL && asprintf(&file, "%s/%s", dir, program) < 0)
        abort();
    return access(file, X_OK) == 0;
}

static unsigned look_program(const struct exam *e, struct finding *f, const char *what,
                             const char *name, struct seq run, struct bytes cwd)
{
    const struct bytes *program = run.at;
    if (run.n == 0)
        return 0;
    if (!can_run(e, cwd, program->at))
        found(f, GRADE_FAIL,
              "install it, chmod +x it, or mend `run` (relative to `cwd`, or to the file)",
              "%s %s runs %s, which cannot be run", what, name, program->at);
    return 1;
}

void look_agent_programs(struct exam *e, struct finding *f)
{
    unsigned n = 0;
    SEQ_EACH (action, const struct set_action, e->agent->actions)
        n += look_program(e, f, "action", action->name.at, action->run, action->cwd);
    if (n && getuid() == 0 && !e->agent->allow_root)
        found(f, GRADE_WARN, "start helios-agent as a user of its own, or say `allow_root: true`",
              "we are root, and actions are not run as root (A6)");
    SEQ_EACH (probe, const struct set_probe, e->agent->probes)
        n += look_program(e, f, "probe", probe->name.at, probe->run, probe->cwd);
    found(f, GRADE_OK, NULL, "%u programs are there", n);
}

/* ---- controllers */

enum { CONNECT_MS = 2000 };

/* try_connect answers 0 or -errno: that somebody listens there, no more. */
static int try_connect(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    socklen_t n = sizeof(int);
    int error = 0;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -EADDRNOTAVAIL;
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    if (fd < 0 || (connect(fd, list->ai_addr, list->ai_addrlen) < 0 && errno != EINPROGRESS))
        error = errno;
    else if (poll(&wait, 1, CONNECT_MS) != 1)
        error = ETIMEDOUT;
    else
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
    if (fd >= 0)
        close(fd);
    freeaddrinfo(list);
    return -error;
}

static void judge_place(const struct exam *e, struct finding *f, const struct place *p,
                        size_t *reached)
{
    char host[256], port[8];
    const char *endpoint = p->endpoints[ENDPOINT_agents];
    int r;
    if (endpoint == NULL && access(p->where, F_OK) < 0)
        found(f, GRADE_WARN,
              "start the controller first, or mend `controllers`: a data directory of one, or "
              "tcp://HOST",
              "there is no %s", p->where);
    else if (endpoint == NULL)
        found(f, GRADE_SKIP, NULL, "no controller runs with %s", p->where);
    else if (p->key[0] && e->agent->security.key.n == 0)
        found(f, GRADE_FAIL,
              "make one with `helios keys new NAME --role agent`, have it allowed there, name it "
              "in `security.key`",
              "%s asks for a key, and the agent has none", p->where);
    else if (tcp_split(endpoint, host, port) && (r = try_connect(host, port)) < 0)
        found(f, GRADE_FAIL, "start it, open the way (firewall), or mend `controllers`",
              "%s: %s: %s", p->where, endpoint, strerror(-r));
    else
        ++*reached;
}

void look_agent_controllers(struct exam *e, struct finding *f)
{
    size_t reached = 0, n = 0;
    SEQ_EACH (word, const struct bytes, e->agent->controllers) {
        bool host = strncmp(word->at, "tcp://", 6) == 0;
        _autofree_ char *where = host ? xdup(word->at) : exam_beside(e->agent_file, word->at);
        struct args a = {.given = {"controller"}, .values = {where}, .n_given = 1};
        struct places places;
        if (client_places(&a, &places) < 0)
            continue;
        n++;
        judge_place(e, f, &places.at[0], &reached);
        places_done(&places);
    }
    found(f, GRADE_OK, NULL, "%zu of %zu listen", reached, n);
}

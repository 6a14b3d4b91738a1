/* SPDX-License-Identifier: MPL-2.0 */
/* What `helios doctor` sees of this machine: ports, limits, what the kernel does to Redis. */
#include <net/if.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor.h"

/* ---- ports */

/* try_bind answers 0 or -errno; a port that is free now may be taken when heliosd starts, a taken one is taken. */
static int try_bind(const char *host, const char *port)
{
    static const int yes = 1;
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    bool any = strcmp(host, "*") == 0 ||
               if_nametoindex(host) > 0; /* of an interface only its name is known here */
    if (getaddrinfo(any ? NULL : host, port, &hints, &list) != 0)
        return -EADDRNOTAVAIL;
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
                    bind(fd, list->ai_addr, list->ai_addrlen) < 0
                ? -errno
                : 0;
    if (r == 0 && listen(fd, 1) < 0)
        r = -errno;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(list);
    return r;
}

bool tcp_split(const char *endpoint, char host[256], char port[8])
{
    const char *colon = strrchr(endpoint, ':');
    if (strncmp(endpoint, "tcp://", 6) != 0 || colon < endpoint + 6 || strcmp(colon, ":*") == 0)
        return false;
    bool bracket = endpoint[6] == '[';
    snprintf(host, 256, "%.*s", (int)(colon - endpoint - 6 - 2 * bracket), endpoint + 6 + bracket);
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

static void tell_bind(struct finding *f, const char *name, const char *endpoint, int error)
{
    static const struct {
        int error;
        const char *todo;
    } rows[] = {
        {EADDRINUSE,
         "see who has it with `ss -ltnp`, and stop it or choose another port in `listen`"},
        {EADDRNOTAVAIL, "this machine has no such address: mend `listen`"},
        {EACCES, "ports under 1024 are root's: choose another one in `listen`"},
    };
    const char *todo = "mend `listen`";
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].error == -error)
            todo = rows[i].todo;
    found(f, GRADE_FAIL, todo, "listen.%s: %s: %s", name, endpoint, strerror(-error));
}

void look_ports(struct exam *e, struct finding *f)
{
    const struct set_listen *l = &e->config->listen;
    const struct bytes all[] = {l->agents, l->control, l->kpi, l->events};
    static const char *const names[] = {"agents", "control", "kpi", "events"};
    unsigned ours = 0, free_ports = 0;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        char host[256], port[8];
        const char *held = json_string_value(json_object_get(e->endpoints, names[i]));
        if (held && strcmp(held, all[i].at) == 0) {
            ours++;
        } else if (tcp_split(all[i].at, host, port)) {
            int r = try_bind(host, port);
            free_ports += r == 0;
            if (r < 0)
                tell_bind(f, names[i], all[i].at, r);
        }
    }
    if (ours)
        found(f, GRADE_OK, NULL, "%u are held by our heliosd (process %lld), %u are free", ours,
              (long long)e->pid, free_ports);
    else
        found(f, GRADE_OK, NULL, "%u are free, %zu are chosen at the start", free_ports,
              ARRAY_SIZE(all) - free_ports);
}

/* ---- limits */

/* A running heliosd has limits of its own: those count. */
static long files_limit(const struct exam *e)
{
    struct rlimit own;
    char line[256];
    long ret = getrlimit(RLIMIT_NOFILE, &own) == 0 ? (long)MIN(own.rlim_cur, (rlim_t)1 << 30) : -1;
    _autofree_ char *path = NULL;
    if (asprintf(&path, "/proc/%lld/limits", (long long)e->pid) < 0)
        abort();
    FILE *f = e->pid ? fopen(path, "re") : NULL;
    while (f && fgets(line, sizeof(line), f))
        sscanf(line, "Max open files %ld", &ret);
    if (f)
        fclose(f);
    return ret;
}

static long agents_expected(const struct exam *e)
{
    long n = (long)MIN(e->n_agents, INT64_C(1) << 30), own = 0;
    if (e->agent)
        SEQ_EACH (member, const struct set_member, e->agent->members)
            own += (long)member->count;
    return MAX(n, own);
}

void look_files_limit(struct exam *e, struct finding *f)
{
    enum { OTHERS = 128 }; /* endpoints, taps, clients, Redis, files */
    long limit = files_limit(e), agents = agents_expected(e),
         most = e->config ? (long)e->config->agents.max : 0;
    static const char todo[] = "raise it: `ulimit -n 65536`, or LimitNOFILE=65536 in the unit";
    if (limit < agents + OTHERS)
        found(f, GRADE_FAIL, todo, "%ld open files are too few for %ld agents", limit, agents);
    else if (limit < 2 * agents + OTHERS)
        found(f, GRADE_WARN, todo,
              "%ld open files are enough for %ld agents, but not for many more", limit, agents);
    else if (most > limit)
        found(f, GRADE_OK, NULL,
              "%ld open files: room for about %ld agents, though agents.max is %ld", limit,
              limit - OTHERS, most);
    else
        found(f, GRADE_OK, NULL, "%ld open files", limit);
}

/* ---- the kernel, as Redis judges it at its own start */

static bool read_line(const char *path, char *ret, size_t room)
{
    FILE *f = fopen(path, "re");
    bool good = f && fgets(ret, (int)room, f);
    if (f)
        fclose(f);
    if (good)
        ret[strcspn(ret, "\n")] = '\0';
    return good;
}

void look_overcommit(struct exam *e, struct finding *f)
{
    char value[16];
    (void)e;
    if (!read_line("/proc/sys/vm/overcommit_memory", value, sizeof(value)))
        found(f, GRADE_SKIP, NULL, "this kernel does not tell");
    else if (strcmp(value, "1") != 0)
        found(f, GRADE_WARN,
              "sysctl vm.overcommit_memory=1, and in /etc/sysctl.d: a save in the background may "
              "fail without it",
              "vm.overcommit_memory is %s", value);
    else
        found(f, GRADE_OK, NULL, "vm.overcommit_memory is 1");
}

void look_huge_pages(struct exam *e, struct finding *f)
{
    char value[64];
    (void)e;
    if (!read_line("/sys/kernel/mm/transparent_hugepage/enabled", value, sizeof(value)))
        found(f, GRADE_SKIP, NULL, "this kernel does not tell");
    else if (strstr(value, "[always]"))
        found(f, GRADE_WARN,
              "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled: Redis is late while it "
              "saves, with `always`",
              "transparent huge pages are %s", value);
    else
        found(f, GRADE_OK, NULL, "transparent huge pages are %s", value);
}

/* For times of day in a zone of their own; UTC needs none. */
void look_zones(struct exam *e, struct finding *f)
{
    const char *dir = getenv("TZDIR") ? getenv("TZDIR") : "/usr/share/zoneinfo";
    (void)e;
    if (access(dir, R_OK) < 0)
        found(f, GRADE_WARN, "install it (Debian: tzdata) where times of day in a zone are wanted",
              "%s is not there: only UTC is known", dir);
    else
        found(f, GRADE_OK, NULL, "%s is there", dir);
}

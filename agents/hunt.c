/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the walk over /proc. Refuses to know why somebody is hunted. */
#include "agents/hunt.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

struct process {
    pid_t pid, parent;
    bool ours;
};

struct herd {
    struct process *at; /* owned */
    size_t n, room;
};

static ssize_t read_file(const char *pid, const char *name, char *into, size_t room)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = 0, got;
    while ((size_t)n < room && (got = read(fd, into + n, room - (size_t)n)) > 0)
        n += got;
    close(fd);
    return n;
}

/* carries says whether the environment holds exactly this entry. */
static bool carries(const char *pid, const char *mark)
{
    static char environment[256 * 1024];
    ssize_t n = mark ? read_file(pid, "environ", environment, sizeof(environment) - 1) : 0;
    size_t length = mark ? strlen(mark) + 1 : 0;
    if (n <= 0)
        return false;
    environment[n] = '\0';
    for (char *entry = environment; entry < environment + n; entry += strlen(entry) + 1)
        if (strncmp(entry, mark, length) == 0)
            return true;
    return false;
}

/* read_stat: the name may hold anything, even ')': the fields begin behind the last one. Dead ones
 * are none. */
static bool read_stat(const char *pid, pid_t *ret_parent, pid_t *ret_session)
{
    char text[1024], state;
    ssize_t n = read_file(pid, "stat", text, sizeof(text) - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    char *fields = strrchr(text, ')');
    return fields && sscanf(fields + 1, " %c %d %*d %d", &state, ret_parent, ret_session) == 3 &&
           state != 'Z' && state != 'X';
}

static void look_at(struct herd *herd, const char *name, pid_t leader, const char *mark)
{
    struct process p = {.pid = (pid_t)atoi(name)};
    pid_t session;
    if (p.pid == getpid() || !read_stat(name, &p.parent, &session))
        return;
    p.ours = leader > 0 && (p.pid == leader || session == leader || carries(name, mark));
    if (herd->n == herd->room) {
        herd->room = herd->room ? 2 * herd->room : 256;
        herd->at = xrealloc(herd->at, herd->room * sizeof(*herd->at));
    }
    herd->at[herd->n++] = p;
}

static struct process *find(struct herd *herd, pid_t pid)
{
    for (size_t i = 0; i < herd->n; i++)
        if (herd->at[i].pid == pid)
            return &herd->at[i];
    return NULL;
}

/* claim_children: a child of ours is ours; until no more are found. */
static void claim_children(struct herd *herd)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < herd->n; i++) {
            struct process *parent = herd->at[i].ours ? NULL : find(herd, herd->at[i].parent);
            if (parent && parent->ours)
                herd->at[i].ours = more = true;
        }
    }
}

size_t hunt(pid_t leader, const char *mark, int signal)
{
    struct herd herd = {0};
    struct dirent *entry;
    size_t hit = 0;
    DIR *proc = opendir("/proc");
    while (proc && (entry = readdir(proc)))
        if (isdigit((unsigned char)entry->d_name[0]))
            look_at(&herd, entry->d_name, leader, mark);
    if (proc)
        closedir(proc);
    claim_children(&herd);
    for (size_t i = 0; i < herd.n; i++)
        if (herd.at[i].ours && kill(herd.at[i].pid, signal) == 0)
            hit++;
    free(herd.at);
    return hit;
}

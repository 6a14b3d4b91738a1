/* SPDX-License-Identifier: MPL-2.0 */
/* Reads /proc: the host's processor, memory and load, or those of one process with its children.
 * cpu_percent is of all processors for the host and of one processor for a process, since the
 * reading before; memory is what is not available, or the resident sets. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "agents/agent.h"
#include "agents/probes/probe.h"
#include "common/clock.h"

struct system {
    double busy, whole; /* ticks or seconds of the reading before; NAN = none */
};

static ssize_t read_text(const char *path, char *into, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, into, room - 1);
    if (fd >= 0)
        close(fd);
    if (n >= 0)
        into[n] = '\0';
    return n;
}

static void say_cpu(struct probe *p, double busy, double whole)
{
    struct system *s = p->state;
    if (whole > s->whole && busy >= s->busy) /* never at the first reading: NAN */
        probe_figure(p, "cpu_percent", 100 * (busy - s->busy) / (whole - s->whole));
    s->busy = busy;
    s->whole = whole;
}

static double total_memory(void)
{
    return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
}

static void say_memory(struct probe *p, double bytes)
{
    probe_figure(p, "memory_bytes", bytes);
    probe_figure(p, "memory_percent", 100 * bytes / total_memory());
}

/* ---- the host ---- */

static void say_host_cpu(struct probe *p)
{
    char text[512];
    double user, nice, system, idle, wait, irq, soft, steal;
    if (read_text("/proc/stat", text, sizeof(text)) <= 0 ||
        sscanf(text, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &wait,
               &irq, &soft, &steal) != 8)
        return;
    double busy = user + nice + system + irq + soft + steal;
    say_cpu(p, busy, busy + idle + wait);
}

static const char *say_host(struct probe *p)
{
    char text[4096];
    double load, available;
    say_host_cpu(p);
    if (read_text("/proc/loadavg", text, sizeof(text)) > 0 && sscanf(text, "%lf", &load) == 1)
        probe_figure(p, "load1", load);
    if (read_text("/proc/meminfo", text, sizeof(text)) <= 0)
        return "/proc/meminfo cannot be read";
    const char *at = strstr(text, "MemAvailable:");
    if (at && sscanf(at, "MemAvailable: %lf", &available) == 1)
        say_memory(p, total_memory() - 1024 * available);
    return NULL;
}

/* ---- one process and its children ---- */

struct process {
    int pid, parent;
    bool ours;
    double seconds, bytes;
};

/* read_process: with the time of children that it has waited for, so that the sum does not fall
 * when one ends. */
static bool read_process(const char *pid, struct process *ret)
{
    char path[64], text[1024];
    unsigned long user, system;
    long user_ended, system_ended, pages;
    snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
    if (read_text(path, text, sizeof(text)) <= 0)
        return false;
    char *fields = strrchr(text, ')');
    if (!fields || sscanf(fields + 1,
                          " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d %*d %*d "
                          "%*d %*u %*u %ld",
                          &ret->parent, &user, &system, &user_ended, &system_ended, &pages) != 6)
        return false;
    ret->pid = atoi(pid);
    ret->ours = false;
    ret->seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK) +
                   (double)(user_ended + system_ended) / (double)sysconf(_SC_CLK_TCK);
    ret->bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    return true;
}

static struct process *read_all(size_t *ret_n)
{
    struct process *all = NULL, one;
    struct dirent *entry;
    size_t n = 0, room = 0;
    DIR *proc = opendir("/proc");
    while (proc && (entry = readdir(proc))) {
        if (!isdigit((unsigned char)entry->d_name[0]) || !read_process(entry->d_name, &one))
            continue;
        if (n == room)
            all = xrealloc(all, (room = room ? 2 * room : 256) * sizeof(*all));
        all[n++] = one;
    }
    if (proc)
        closedir(proc);
    *ret_n = n;
    return all;
}

static void claim(struct process *all, size_t n, int pid)
{
    for (size_t i = 0; i < n; i++)
        if (!all[i].ours && (all[i].pid == pid || all[i].parent == pid)) {
            all[i].ours = true;
            if (all[i].pid != pid)
                claim(all, n, all[i].pid);
        }
}

static int read_pid(struct probe *p)
{
    _autofree_ char *path = agent_path(p->agent, p->set->pidfile.at);
    char text[32];
    return read_text(path, text, sizeof(text)) > 0 ? atoi(text) : 0;
}

static const char *say_process(struct probe *p)
{
    size_t n, found = 0;
    double seconds = 0, bytes = 0;
    int pid = read_pid(p);
    if (pid <= 0)
        return "its pidfile cannot be read";
    struct process *all = read_all(&n);
    claim(all, n, pid);
    for (size_t i = 0; i < n; i++)
        if (all[i].ours) {
            found++;
            seconds += all[i].seconds;
            bytes += all[i].bytes;
        }
    free(all);
    if (found == 0)
        return "its process is gone";
    say_cpu(p, seconds, (double)clock_us() / 1e6);
    say_memory(p, bytes);
    return NULL;
}

static void start(struct probe *p)
{
    probe_end(p, p->set->pidfile.n ? say_process(p) : say_host(p));
}

static void stop(struct probe *p)
{
    probe_end(p, "no end within its timeout");
}

static int init(struct probe *p, char **ret_why)
{
    struct system *s = NEW(struct system);
    (void)ret_why;
    *s = (struct system){NAN, NAN};
    p->state = s;
    return 0;
}

static void free_state(struct probe *p)
{
    free(p->state);
    p->state = NULL;
}

const struct probe_row probe_system = {init, start, stop, free_state, "cpu_percent"};

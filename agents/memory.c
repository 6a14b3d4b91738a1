/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what can be known about memory kills. */
#include "agents/memory.h"

#include <strings.h>

/* counter_of reads the line "oom_kill N" of a file of the cgroup; -1 when there is none. */
static int64_t counter_of(const char *path)
{
    char line[256];
    long long count = -1;
    FILE *f = fopen(path, "re");
    while (f && count < 0 && fgets(line, sizeof(line), f))
        if (sscanf(line, "oom_kill %lld", &count) != 1)
            count = -1;
    if (f)
        fclose(f);
    return count;
}

/* A line of /proc/self/cgroup: "0::/path" (v2), "4:memory:/path" (v1). */
static int64_t counter_by(const char *line)
{
    char path[512], where[384];
    if (sscanf(line, "0::%383[^\n]", where) == 1)
        snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.events", where);
    else if (sscanf(line, "%*d:memory:%383[^\n]", where) == 1)
        snprintf(path, sizeof(path), "/sys/fs/cgroup/memory%s/memory.oom_control", where);
    else
        return -1;
    return counter_of(path);
}

int64_t memory_kills(void)
{
    char line[512];
    int64_t count = -1;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && count < 0 && fgets(line, sizeof(line), f))
        count = counter_by(line);
    if (f)
        fclose(f);
    return count;
}

bool memory_killed(int64_t *seen)
{
    int64_t before = *seen;
    *seen = memory_kills();
    return before >= 0 && *seen > before;
}

bool memory_hinted(struct bytes words)
{
    static const char *const hints[] = {"MemoryError", "out of memory",    "cannot allocate memory",
                                        "bad_alloc",   "memory exhausted", "OutOfMemory"};
    _autofree_ char *text = bytes_dup(words);
    for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
        if (strcasestr(text, hints[i]))
            return true;
    return false;
}

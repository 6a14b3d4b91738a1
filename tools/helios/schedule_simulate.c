/* SPDX-License-Identifier: MPL-2.0 */
/* `helios schedule simulate`: a heliosd that runs the real core on virtual time, and the picture of what it says. With --controller, what
 * runs there takes as long as it did there. */
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "schedule.h"

extern char **environ;

/* The heliosd that lies beside us; else that of PATH. */
static char *program(void)
{
    char self[4096];
    char *path;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[MAX(n, 0)] = 0;
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = 0;
    if (asprintf(&path, "%s/heliosd", self) < 0)
        abort();
    if (access(path, X_OK) == 0)
        return path;
    free(path);
    return xdup("heliosd");
}

/* past gives a file of what a running controller knows of durations, as a descriptor that the child inherits; -1: none is asked. */
static int past(const struct args *a)
{
    struct client c;
    json_t *answer = NULL;
    if (!args_has(a, "controller"))
        return -1;
    int fd = -1;
    if (client_open(&c, a) == 0 && client_query(&c, "schedules", NULL, &answer) == 0) {
        char *text = json_dumps(answer, JSON_COMPACT);
        size_t n = strlen(text);
        fd = memfd_create("takes", 0);
        if (fd >= 0 && write(fd, text, n) != (ssize_t)n) {
            close(fd);
            fd = -1;
        }
        free(text);
    }
    json_decref(answer);
    client_close(&c);
    return fd;
}

static int start(char *const argv[], int out, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, out);
    int r = posix_spawnp(ret, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return r;
}

/* run answers the exit code of the heliosd, and what it said. */
static int run(char *const argv[], json_t **ret)
{
    int ends[2], status = 0;
    pid_t pid;
    if (pipe(ends) < 0)
        return EX_OSERR;
    int r = start(argv, ends[1], &pid);
    close(ends[1]);
    if (r) {
        fprintf(stderr, "helios schedule simulate: %s cannot be started: %s\n", argv[0], strerror(r));
        close(ends[0]);
        return EX_OSERR;
    }
    FILE *f = fdopen(ends[0], "r");
    *ret = json_loadf(f, 0, NULL);
    fclose(f);
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status))
        return EX_SOFTWARE;
    return WEXITSTATUS(status) ? WEXITSTATUS(status) : *ret ? 0 : EX_SOFTWARE;
}

int schedule_simulate(const struct args *a)
{
    _autofree_ char *heliosd = program();
    char takes[40], *argv[12] = {heliosd, "--config", (char *)(uintptr_t)args_value(a, "file", "helios.yaml"), "--simulate",
                                 (char *)(uintptr_t)args_value(a, "days", "7")};
    size_t n = 5;
    json_t *answer = NULL;
    struct buf out = {0};
    int fd = past(a);
    if (args_has(a, "from")) {
        argv[n++] = "--from";
        argv[n++] = (char *)(uintptr_t)args_value(a, "from", "");
    }
    snprintf(takes, sizeof(takes), "/proc/self/fd/%d", fd);
    if (fd >= 0) {
        argv[n++] = "--takes";
        argv[n++] = takes;
    }
    int r = run(argv, &answer);
    if (fd >= 0)
        close(fd);
    if (r == 0 && args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    if (r == 0)
        schedule_week(&out, answer);
    print_text(&out);
    json_decref(answer);
    return r;
}

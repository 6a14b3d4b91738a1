/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the workers' pids. */
#include "measure.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t workers[WORKERS_MOST];
static int n_workers;

double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(1);
}

pid_t fork_child(void)
{
    pid_t pid = fork();
    if (pid < 0)
        die("no fork");
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

void start_workers(int n, void (*work)(int worker))
{
    enum { SETTLE_US = 200000 };
    if (n < 1 || n > WORKERS_MOST)
        die("1 to 16 workers");
    for (n_workers = 0; n_workers < n; n_workers++)
        if ((workers[n_workers] = fork_child()) == 0)
            work(n_workers);
    usleep(SETTLE_US);
}

void kill_workers(void)
{
    for (int i = 0; i < n_workers; i++) {
        kill(workers[i], SIGKILL);
        waitpid(workers[i], NULL, 0);
    }
}

void run_child(void (*does)(void))
{
    int status = 0;
    pid_t pid = fork_child();
    if (pid == 0) {
        does();
        _exit(0);
    }
    if (waitpid(pid, &status, 0) < 0 || status)
        die("a child has failed");
}

void write_task(char task[TASK_BYTES + 1], long i)
{
    snprintf(task, TASK_BYTES + 1, "%026ld%038d", i, 0);
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

double median(double *values, long n)
{
    qsort(values, (size_t)n, sizeof(*values), by_size);
    return values[n / 2];
}

void run_flow(long n, void (*submit)(long n), void (*take)(long n))
{
    double began = now_s();
    pid_t client = fork_child();
    if (client == 0) {
        submit(n);
        _exit(0);
    }
    take(n);
    printf("%.0f\n", (double)n / (now_s() - began));
    waitpid(client, NULL, 0);
}

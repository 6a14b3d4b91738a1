/* SPDX-License-Identifier: MPL-2.0 */
/* How many programs this machine starts and reaps in a second when nothing else is done: posix_spawn and wait.
 *
 *   helios-bench-spawn N WIDE     /bin/true N times, WIDE at once. Prints programs/s. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum { WIDE_MOST = 64 };

extern char **environ;

static void start(void)
{
    char *words[] = {"/bin/true", NULL};
    pid_t pid;
    if (posix_spawn(&pid, words[0], NULL, NULL, words, environ) != 0)
        die("cannot start /bin/true");
}

int main(int argc, char **argv)
{
    long n = argc == 3 ? atol(argv[1]) : 0, wide = argc == 3 ? atol(argv[2]) : 0;
    if (n < 1 || wide < 1 || wide > WIDE_MOST)
        die("usage: helios-bench-spawn N WIDE; WIDE is 1 to 64");
    alarm(WATCHDOG_S);
    double began = now_s();
    for (long started = 0, ended = 0; ended < n;) {
        if (started < n && started - ended < wide) {
            start();
            started++;
        } else if (wait(NULL) > 0) {
            ended++;
        } else {
            die("nothing to wait for");
        }
    }
    printf("%.0f\n", (double)n / (now_s() - began));
    return 0;
}

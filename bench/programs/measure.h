/* SPDX-License-Identifier: MPL-2.0 */
/* What the measuring programs share: the time, children that die with their parent, medians. Knows nothing of Helios, nor of any peer. */
#ifndef HELIOS_BENCH_MEASURE_H
#define HELIOS_BENCH_MEASURE_H

#include <sys/types.h>

enum { TASK_BYTES = 64, WORKERS_MOST = 16, WATCHDOG_S = 120 };

double now_s(void);
_Noreturn void die(const char *what); /* with the name of the program */
pid_t fork_child(void);               /* as fork; the child is killed when its parent ends */

/* start_workers forks n of them; each calls work(its number), which does not come back. */
void start_workers(int n, void (*work)(int worker));
void kill_workers(void);

/* run_child calls `does` in a process of its own and waits for its end. */
void run_child(void (*does)(void));

/* write_task makes the i-th task, TASK_BYTES long and one 0. */
void write_task(char task[TASK_BYTES + 1], long i);

double median(double *values, long n); /* sorts them */

/* run_flow prints the tasks a second of: another process submits n, this one takes n results. */
void run_flow(long n, void (*submit)(long n), void (*take)(long n));

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* The signals that end a verb that goes on by itself. */
#include "stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught, times;

static void on_signal(int sig)
{
    if (!caught)
        caught = sig;
    if (times < 100)
        times++;
}

void stop_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART: polls end */
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        sigaction(signals[i], &action, NULL);
}

bool stop_asked(void)
{
    return caught != 0;
}

int stop_times(void)
{
    return times;
}

int stop_signal(void)
{
    return caught;
}

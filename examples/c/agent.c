/* SPDX-License-Identifier: MPL-2.0 */
/* An agent that counts primes: cc agent.c $(pkg-config --cflags --libs helios) -o counter && ./counter
 * Then: helios submit count_primes --params '{"below": 2000000}' --wait */
#include <helios/helios.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct helios_agent *agent;

static bool is_prime(long n)
{
    for (long d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n > 1;
}

static void count_primes(struct helios_attempt *a, void *user)
{
    const char *saved = helios_attempt_saved(a, NULL); /* by an attempt before this one */
    long below = (long)helios_attempt_int(a, "below"), n = 0, found = 0;
    char text[64];
    (void)user;
    if (saved)
        sscanf(saved, "%ld %ld", &n, &found);
    while (n < below) {
        for (long end = n + 10000; n < end && n < below; n++)
            found += is_prime(n);
        snprintf(text, sizeof(text), "%ld %ld", n, found);
        helios_attempt_save(a, text, strlen(text));
        helios_attempt_progress(a, (unsigned)(100 * n / below), text);
        if (helios_attempt_wait(a, 0)) { /* lets the agent speak and listen; here it was told to stop */
            helios_fail(a, "stopped at %ld", n);
            return;
        }
    }
    helios_agent_sample(agent, "primes_found", (double)found);
    snprintf(text, sizeof(text), "{\"primes\": %ld}", found);
    helios_complete_json(a, text);
}

static void on_signal(int signal)
{
    (void)signal;
    helios_agent_stop(agent);
}

int main(int argc, char **argv)
{
    struct helios_agent_options options = HELIOS_AGENT_OPTIONS;
    struct helios_param below = {.name = "below", .kind = HELIOS_INT, .required = true, .min = 1, .max = 1e9};
    options.id = argc > 1 ? argv[1] : "counter";
    options.swarm = "backend";
    signal(SIGTERM, on_signal);
    if (helios_agent_new(&options, &agent) || helios_agent_action(agent, "count_primes", &below, 1, count_primes, NULL) ||
        helios_agent_run(agent))
        fprintf(stderr, "%s\n", helios_agent_error(agent));
    helios_agent_free(agent);
}

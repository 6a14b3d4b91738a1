/* SPDX-License-Identifier: MPL-2.0 */
/* A client: hands in a task, waits for its end without a loop of its own or within one, asks, and measures.
 * cc client.c $(pkg-config --cflags --libs helios) -o client && ./client count_primes '{"below": 2000000}' */
#include <helios/helios.h>
#include <poll.h>
#include <stdio.h>

static bool over;

static void on_end(void *user, const char *id, const struct helios_result *result)
{
    (void)user;
    printf("%s ended well: %s, data %s\n", id, result->state == HELIOS_COMPLETED ? "yes" : "no", result->data);
    over = true;
}

/* wait_in_a_loop is how a program waits that has a loop anyway: the descriptor stands beside its others. */
static int wait_in_a_loop(struct helios_client *c, const char *id)
{
    struct pollfd all[] = {{.fd = helios_client_fd(c), .events = POLLIN}};
    helios_client_on_end(c, on_end, NULL);
    int error = helios_watch(c, id);
    while (!over && !error && poll(all, 1, 60000) > 0)
        error = helios_client_turn(c, 0);
    return over ? 0 : error ? error : -1;
}

int main(int argc, char **argv)
{
    struct helios_client *c;
    struct helios_result result;
    struct helios_id id;
    const char *status;
    struct helios_task task = {.action = argc > 1 ? argv[1] : "echo", .params = argc > 2 ? argv[2] : NULL};
    int error = helios_client_open(NULL, &c);
    error = error ? error : helios_run(c, &task, 60000, &result);
    if (!error)
        printf("%s%s after %u attempts, data %s\n", result.output, result.error, result.attempts, result.data);
    error = error ? error : helios_submit(c, &task, 1, &id);
    error = error ? error : wait_in_a_loop(c, id.text);
    error = error ? error : helios_query(c, "status", NULL, &status);
    if (!error)
        printf("%.60s…\n", status);
    error = error ? error : helios_publish(c, "example_runs", 1, 0);
    if (error)
        fprintf(stderr, "%s\n", helios_client_error(c));
    helios_client_close(c);
    return error != 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* --watch: the same question again each second. */
#include <unistd.h>

#include "stop.h"
#include "verbs.h"

int repeat(const struct cli_verb *verb, const struct args *a,
           int (*once)(struct client *c, const struct cli_verb *verb, const struct args *a))
{
    struct client c;
    int r = client_open(&c, a);
    bool watch = args_has(a, "watch");
    if (watch)
        stop_catch();
    do {
        if (r == 0 && watch && isatty(STDOUT_FILENO))
            printf("\033[H\033[2J");
        if (r == 0)
            r = once(&c, verb, a);
    } while (r == 0 && watch && !stop_asked() && usleep(1000000) == 0);
    client_close(&c);
    return r;
}

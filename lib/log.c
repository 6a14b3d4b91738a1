/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way of log lines to the program that uses the library. Refuses to write them itself. */
#include "lib/log.h"

#include <helios/helios.h>

#include "common/log.h"

static struct {
    helios_log *call;
    void *user;
} host;

static void take(void *user, enum log_level level, const char *event, const char *text)
{
    (void)user;
    if (host.call)
        host.call(host.user, (int)level, event, text);
}

void lib_quiet(void)
{
    log_to(take, NULL);
}

void helios_on_log(helios_log *call, void *user)
{
    host.call = call;
    host.user = user;
}

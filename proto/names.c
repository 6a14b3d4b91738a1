/* SPDX-License-Identifier: MPL-2.0 */
/* Owns which host has which thread. */
#include "names.h"

#include <arpa/inet.h>

static char hosts[NAMES_THREADS - 1][256]; /* of thread i + 1; "" = nobody's yet */

/* host_of takes HOST out of tcp://HOST:PORT; "" where there is none, or nothing to ask for. */
static void host_of(const char *endpoint, char host[256])
{
    unsigned char address[sizeof(struct in6_addr)];
    const char *colon = strrchr(endpoint, ':');
    size_t n = 0;
    if (strncmp(endpoint, "tcp://", 6) == 0 && colon > endpoint + 6)
        n = (size_t)(colon - endpoint) - 6;
    snprintf(host, 256, "%.*s", (int)MIN(n, (size_t)255), endpoint + 6 * (n > 0));
    if (host[0] == '[' || inet_pton(AF_INET, host, address) == 1)
        host[0] = '\0';
}

static size_t share(const char *host)
{
    size_t sum = 0;
    while (*host)
        sum = sum * 31 + (unsigned char)*host++;
    return sum % ARRAY_SIZE(hosts);
}

size_t names_thread(const char *endpoint)
{
    char host[256];
    host_of(endpoint, host);
    if (host[0] == '\0')
        return 0;
    size_t i = 0;
    while (i < ARRAY_SIZE(hosts) && hosts[i][0] && strcmp(hosts[i], host) != 0)
        i++;
    if (i == ARRAY_SIZE(hosts))
        i = share(host);
    else
        memcpy(hosts[i], host, sizeof(host));
    return i + 1;
}

void names_impatient(void)
{
    setenv("RES_OPTIONS", "timeout:1 attempts:2", false);
}

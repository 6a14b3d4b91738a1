/* SPDX-License-Identifier: MPL-2.0 */
/* agents/web.h without a web: no action of the simulated realm fetches anything. */
#include "agents/web.h"

void web_init(struct web *w, struct loop *loop)
{
    *w = (struct web){.loop = loop};
}

void web_done(struct web *w)
{
    (void)w;
}

void fetch_init(struct fetch *f, struct web *web, size_t most)
{
    (void)web, (void)most;
    *f = (struct fetch){0};
}

void fetch_done(struct fetch *f)
{
    (void)f;
}

int fetch_start(struct fetch *f, const char *url, int64_t timeout_ms)
{
    (void)f, (void)url, (void)timeout_ms;
    return -EINVAL;
}

void fetch_cancel(struct fetch *f)
{
    (void)f;
}

long fetch_status(const struct fetch *f)
{
    (void)f;
    return 0;
}

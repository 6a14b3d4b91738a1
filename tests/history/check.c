/* SPDX-License-Identifier: MPL-2.0 */
/* Runs every promise over a history. Owns the table of promises and how a broken one is said. */
#include "inside.h"

#define SHOWN_MOST 10 /* sentences a promise: the first ones tell the story */

static const struct promise promises[] = {
#define X(name, doc) {#name, doc},
    PROMISES(X)
#undef X
};

static void (*const checks[])(struct check *c) = {
#define X(name, doc) promise_##name,
    PROMISES(X)
#undef X
};

const struct promise *history_promises(size_t *ret_n)
{
    *ret_n = ARRAY_SIZE(promises);
    return promises;
}

void broken(struct check *c, const char *format, ...)
{
    if (c->broken++ >= SHOWN_MOST)
        return;
    buf_printf(c->report, "%s: ", c->promise);
    va_list args;
    va_start(args, format);
    buf_vprintf(c->report, format, args);
    va_end(args);
    buf_text(c->report, "\n");
}

unsigned history_check(const struct history *h, struct buf *report)
{
    unsigned all = 0;
    for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
        struct check c = {.h = h, .promise = promises[i].name, .report = report};
        checks[i](&c);
        if (c.broken > SHOWN_MOST)
            buf_printf(report, "%s: and %u more\n", c.promise, c.broken - SHOWN_MOST);
        all += c.broken;
    }
    return all;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the text of a rate. Refuses to know who counts. */
#include "settings/rate.h"

#include "common/text.h"

int rate_parse(struct bytes text, struct rate *ret)
{
    const char *slash = text.n ? memchr(text.at, '/', text.n) : NULL;
    int64_t most, ms;
    if (text.n == 0) {
        *ret = (struct rate){0};
        return 0;
    }
    if (slash == NULL)
        return -EINVAL;
    struct bytes before = {text.at, (size_t)(slash - text.at)};
    struct bytes behind = {slash + 1, text.n - before.n - 1};
    if (text_parse_int(before, &most) < 0 || text_parse_duration(behind, &ms) < 0)
        return -EINVAL;
    if (most < 1 || most > RATE_MOST || ms < 1 || ms > RATE_MOST_MS)
        return -ERANGE;
    *ret = (struct rate){(unsigned)most, ms};
    return 0;
}

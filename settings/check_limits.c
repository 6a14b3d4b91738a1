/* SPDX-License-Identifier: MPL-2.0 */
/* Limits that limit nothing, or say what cannot be read (Q1). */
#include "common/text.h"
#include "settings/check_config.h"
#include "settings/rate.h"
#include "settings/zones.h"

static void check_rate(const struct check *c, const struct set_limit *l)
{
    struct rate rate;
    if (rate_parse(l->rate, &rate) < 0)
        mistake(c->m, place_of_member(c, &l->rate, l),
                "limits.%s.rate is N/TIME, as 10/1m: N from 1 to %d, TIME from 1ms to 7d", l->action.at,
                RATE_MOST);
}

static void check_zone(const struct check *c, const struct set_limit *l)
{
    const struct zone *zone;
    if (zones_find(l->zone, &zone) < 0)
        mistake(c->m, place_of_member(c, &l->zone, l), "limits.%s.zone: there is no time zone '%s' in tzdata", l->action.at,
                l->zone.at);
}

void check_quotas(const struct check *c, const struct set_config *config)
{
    SEQ_EACH (l, const struct set_limit, config->limits) {
        if (!text_is_name(l->action))
            mistake(c->m, place_of_member(c, &l->action, l), "limits.%s is no action: 1 to 64 letters, digits and _.:-",
                    l->action.at);
        if (l->max_concurrent == 0 && l->per_day == 0 && l->rate.n == 0)
            mistake(c->m, place_of_member(c, &l->max_concurrent, l),
                    "limits.%s limits nothing: give it max_concurrent, per_day or rate (Q1)", l->action.at);
        check_rate(c, l);
        check_zone(c, l);
    }
}

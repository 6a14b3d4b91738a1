/* SPDX-License-Identifier: MPL-2.0 */
/* The room's life, its clockwork, and what it publishes once a second. */
#include "sense.h"

#include <math.h>

#include "health.h"
#include "kpi.h"
#include "orchestrator/core/helios.h"
#include "silence.h"
#include "source.h"
#include "trend.h"

#define PUBLISH_MS 1000
#define PUBLISH_MOST 100 /* KPIs in one event; the others wait for the next second */

/* Who changed stays noted while nobody listens: who begins to is shown all of them. */
static void publish_kpis(struct helios *h)
{
    struct buf data = {0};
    struct pack p;
    unsigned n = 0;
    if (list_empty(&h->sense.changed) || !note_heard(h, EVENT_kpi_updated))
        return;
    pack_init(&p, &data);
    pack_map(&p);
    pack_key(&p, "kpis");
    pack_list(&p);
    list_each (k, &h->sense.changed, struct kpi, changed) {
        if (n++ == PUBLISH_MOST)
            break;
        list_out(&k->changed);
        k->to_show = false;
        kpi_pack(h, k, &p);
    }
    pack_end(&p);
    pack_end(&p);
    note(h, EVENT_kpi_updated, NULL, NULL, &data, "%u KPIs changed", MIN(n, (unsigned)PUBLISH_MOST));
    buf_done(&data);
}

static void publish_health(struct helios *h)
{
    struct health now = health_of(h, "realm");
    if (fabs(now.score - h->sense.shown_score) < 0.05)
        return;
    h->sense.shown_score = now.score;
    struct buf data = {0};
    struct pack p;
    struct scope *s, *next;
    pack_init(&p, &data);
    pack_map(&p);
    HASH_ITER (hh, h->sense.scopes, s, next) {
        pack_key_bytes(&p, s->r.id);
        health_pack(h, s->r.id.at, &p);
    }
    pack_end(&p);
    note(h, EVENT_health_updated, "realm", NULL, &data, "health %.1f", now.score);
    buf_done(&data);
}

static void publish_refused(struct helios *h)
{
    const struct counters *c = &h->counters;
    if (h->sense.refused_since == 0)
        return;
    note(h, EVENT_kpi_refused, NULL, NULL, NULL,
         "%llu samples were refused; so far: not finite %llu, unknown KPI %llu, future %llu, old %llu, absurd %llu, "
         "without a good name %llu",
         (unsigned long long)h->sense.refused_since, (unsigned long long)c->samples_nan,
         (unsigned long long)c->samples_unknown, (unsigned long long)c->samples_future,
         (unsigned long long)c->samples_old, (unsigned long long)c->samples_absurd,
         (unsigned long long)c->samples_nameless);
    h->sense.refused_since = 0;
}

static void on_publish(struct helios *h, struct timer *t)
{
    publish_kpis(h);
    publish_health(h);
    publish_refused(h);
    timer_set(h, t, h->now + PUBLISH_MS);
}

static void on_evaluate(struct helios *h, struct timer *t)
{
    scopes_evaluate(h);
    timer_set(h, t, h->now + h->config->health.every_ms);
}

void sense_init(struct helios *h)
{
    h->sense.publish.run = on_publish;
    h->sense.evaluate.run = on_evaluate;
    h->sense.trend.run = trend_on_time;
    scope_get(h, BYTES("realm"));
    silences_init(h);
    kpis_init(h);
}

void sense_done(struct helios *h)
{
    kpis_done(h);
    scopes_done(h);
    sources_done(h);
    silences_done(h);
}

int sense_load(struct helios *h, enum rec kind, struct bytes value)
{
    switch (kind) {
    case REC_alarm:
        return scope_load(h, value);
    case REC_silence:
        return silence_load(h, value);
    case REC_kpi: /* for other programs: what is known now is measured anew */
    case REC_health:
        return 0;
    default:
        return -ENOENT;
    }
}

void sense_lead(struct helios *h)
{
    timer_set(h, &h->sense.publish, h->now + PUBLISH_MS);
    timer_set(h, &h->sense.evaluate, h->now + h->config->health.every_ms);
    timer_set(h, &h->sense.trend, h->now + h->config->trend.every_ms);
    silences_lead(h);
}

void sense_reload(struct helios *h)
{
    trend_forget(h);
    kpis_reload(h);
    timer_set(h, &h->sense.evaluate, h->now + h->config->health.every_ms);
    timer_set(h, &h->sense.trend, h->now + h->config->trend.every_ms);
}

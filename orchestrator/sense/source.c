/* SPDX-License-Identifier: MPL-2.0 */
/* Takes samples in: numbered, checked, refused with a reason or handed to their KPI. */
#include "source.h"

#include <math.h>

#include "common/mutant.h"
#include "kpi.h"
#include "health.h"
#include "orchestrator/core/helios.h"

#define FUTURE_MS 2000

/* Its numbers begin again, and so do our counts of them: sent = stored + refused + lost holds for each instance (H1). */
static void rename_instance(struct source *s, struct bytes instance, uint64_t first)
{
    free(s->instance);
    s->instance = bytes_dup(instance);
    s->joined = s->next = first;
    s->stored = s->refused = s->lost = s->again = 0;
}

static void forget(struct helios *h, struct source *s)
{
    HASH_DEL(h->sense.sources, s);
    recall_nothing(h, &s->recall);
    free(s->name);
    free(s->instance);
    free(s);
}

/* When there are too many, the oldest makes room: one that still sends is back with its next message, so that a flood of names
 * hinders nobody for good. */
static struct source *source_get(struct helios *h, const struct msg_samples *m)
{
    struct source *s;
    HASH_FIND(hh, h->sense.sources, m->source.at, m->source.n, s);
    if (s == NULL) {
        if (HASH_COUNT(h->sense.sources) >= SOURCES_MAX)
            forget(h, h->sense.sources);
        s = NEW(struct source);
        s->name = bytes_dup(m->source);
        HASH_ADD_KEYPTR(hh, h->sense.sources, s->name, strlen(s->name), s);
        rename_instance(s, m->instance, m->first);
    } else if (!bytes_is(m->instance, s->instance)) {
        rename_instance(s, m->instance, m->first);
    }
    return s;
}

void sources_done(struct helios *h)
{
    struct source *s, *next;
    HASH_ITER (hh, h->sense.sources, s, next)
        forget(h, s);
}

void sources_recall_nothing(struct helios *h)
{
    struct source *s, *next;
    HASH_ITER (hh, h->sense.sources, s, next)
        recall_nothing(h, &s->recall);
}

void source_pack(struct helios *h, const struct source *s, struct pack *p)
{
    pack_map(p);
    pack_put_text(p, "source", s->name);
    pack_put_int(p, "joined", (int64_t)s->joined);
    pack_put_int(p, "sent", (int64_t)(s->next - s->joined));
    pack_put_int(p, "stored", (int64_t)s->stored);
    pack_put_int(p, "refused", (int64_t)s->refused);
    pack_put_int(p, "lost", (int64_t)s->lost);
    pack_put_int(p, "again", (int64_t)s->again);
    pack_put_int(p, "age", h->now - s->seen);
    pack_end(p);
}

/* check answers the counter of the reason for which a reading is refused, or NULL when it is good (H1). */
static uint64_t *check(struct helios *h, const struct kpi *k, const struct msg_sample *m)
{
    struct counters *c = &h->counters;
    if (!isfinite(m->value))
        return &c->samples_nan;
    if (k == NULL)
        return &c->samples_unknown;
    if (m->at > h->now + FUTURE_MS)
        return &c->samples_future;
    if (m->at < h->now - h->config->health.window_ms)
        return &c->samples_old;
    if ((m->value < k->lowest || m->value > k->highest) && !MUTANT(bounds))
        return &c->samples_absurd;
    return NULL;
}

static void take(struct helios *h, struct source *s, const struct msg_sample *m)
{
    struct kpi *k = recall_find(h, &s->recall, m->kpi);
    uint64_t *refused = check(h, k, m);
    if (refused) {
        ++*refused;
        s->refused++;
        h->sense.refused_since++;
        return;
    }
    kpi_take(h, k, (struct reading){MIN(m->at, h->now), m->value});
    s->stored++;
    h->counters.samples_stored++;
}

static bool named(const struct msg_samples *m)
{
    return m->first > 0 && m->source.n > 0 && m->source.n <= SOURCE_NAME_MAX && m->instance.n > 0 &&
           m->instance.n <= SOURCE_NAME_MAX;
}

void on_samples(struct helios *h, const struct routing *from, const struct msg_samples *m)
{
    (void)from;
    if (!named(m)) {
        h->counters.samples_nameless += m->items.n;
        h->sense.refused_since += m->items.n;
        return;
    }
    struct source *s = source_get(h, m);
    if (m->first > s->next) {
        s->lost += m->first - s->next;
        h->counters.samples_lost += m->first - s->next;
    }
    uint64_t number = m->first;
    SEQ_EACH (item, struct msg_sample, m->items) {
        if (number++ < s->next) {
            s->again++;
            h->counters.samples_again++;
        } else {
            take(h, s, item);
        }
    }
    s->next = MAX(s->next, number);
    s->seen = h->now;
    kpis_settle(h);
    if (h->config->health.enter_windows <= 1 && h->config->health.enter_ms == 0)
        scopes_evaluate(h); /* no dwell: act on this very batch */
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the numbering of samples. Refuses to invent any. */
#include "agents/samples.h"

#include <math.h>

#include "agents/agent.h"
#include "proto/codec.h"

enum { MOST_AT_ONCE = 1000, KPI_MAX = 128 };

struct reading {
    char kpi[KPI_MAX];
    double value;
    int64_t at;
};

void sample_add(struct member *m, const char *kpi, double value, int64_t at)
{
    struct source *s = &m->source;
    if (!isfinite(value))
        return;
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 16;
        s->readings = xrealloc(s->readings, s->room * sizeof(*s->readings));
    }
    struct reading *r = &s->readings[s->n++];
    snprintf(r->kpi, sizeof(r->kpi), "%s", kpi);
    r->value = value;
    r->at = at;
    agent_dirty(m);
}

static void send_part(struct member *m, const struct reading *readings, size_t n)
{
    static struct msg_sample items[MOST_AT_ONCE];
    _cleanup_(buf_done) struct buf body = {0};
    struct source *s = &m->source;
    for (size_t i = 0; i < n; i++)
        items[i] =
            (struct msg_sample){bytes_of(readings[i].kpi), readings[i].value, readings[i].at};
    struct msg_samples message = {
        bytes_of(m->id), bytes_of(m->agent->instance), s->sent + 1, {items, n}};
    s->sent += n;
    message_encode(&body, MSG_samples, &message);
    controllers_publish(m->agent, buf_bytes(&body));
}

void samples_send(struct member *m)
{
    struct source *s = &m->source;
    for (size_t done = 0; done < s->n; done += MIN(s->n - done, (size_t)MOST_AT_ONCE))
        send_part(m, s->readings + done, MIN(s->n - done, (size_t)MOST_AT_ONCE));
    s->n = 0;
}

void samples_done(struct source *s)
{
    free(s->readings);
    *s = (struct source){0};
}

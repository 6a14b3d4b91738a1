/* SPDX-License-Identifier: MPL-2.0 */
/* The story of an incident: as data for the asking task, and as a report that is written again at
 * each change. */
#include "report.h"
#include "show.h"

static bool belongs(const struct incident *i, const struct rec_entry *e)
{
    return bytes_eq(e->id, i->r.id) || bytes_eq(e->cause, i->r.id) ||
           names_have(i->r.optimizations, e->id) || names_have(i->r.optimizations, e->cause) ||
           (e->at >= i->r.began && (i->r.ended == 0 || e->at <= i->r.ended) &&
            (bytes_is(e->topic, "health.bad") || bytes_is(e->topic, "health.good")));
}

void incident_pack_timeline(struct helios *h, struct pack *p, const struct incident *i)
{
    pack_list(p);
    list_each (e, &h->ledger.entries, struct entry, link) {
        if (!belongs(i, &e->r))
            continue;
        pack_map(p);
        pack_put_int(p, "at", e->r.at);
        pack_put_int(p, "after_ms", e->r.at - i->r.began);
        pack_put_str(p, "topic", e->r.topic);
        pack_put_str(p, "id", e->r.id);
        pack_put_str(p, "text", e->r.text);
        pack_end(p);
    }
    pack_end(p);
}

void incident_outcome(struct helios *h, struct buf *out, const struct incident *i)
{
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    pack_put_bool(&p, "needed", true);
    incident_pack(h, &p, i);
    pack_end(&p);
}

void incident_report(struct helios *h, const struct incident *i)
{
    char name[64], title[64], summary[240];
    struct buf out = {0};
    incident_outcome(h, &out, i);
    snprintf(name, sizeof(name), "incident-%s", i->r.id.at);
    snprintf(title, sizeof(title), "Incident %s: %s", i->r.id.at,
             enum_text(&enum_incident_state, i->r.state));
    snprintf(summary, sizeof(summary), "%s is %s: health %.0f, worst %.0f, %zu emergency acts",
             i->r.id.at, enum_text(&enum_incident_state, i->r.state), health_of(h, "realm").score,
             i->r.worst, i->r.optimizations.n);
    report_write(h, name, title, summary, i->r.id.at, buf_bytes(&out));
    buf_done(&out);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Tells people: an event that a `notify` section asks for becomes a task for an agent's action.
 * Owns the damping: what is silenced is not told, a flapping health is told rarely, and nobody gets
 * more than RATE_MOST in RATE_SPAN_MS. */
#include "common/text.h"
#include "orchestrator/core/helios.h"

#define RATE_MOST 20
#define RATE_SPAN_MS 60000
#define FLAP_SPAN_MS 300000 /* while health flaps, one notification of a topic in this time */
#define PENDING_MOST 200
#define TOTAL_MS (60 * 60 * 1000) /* older news is no news */

/* A notification on its way to become a task: note() must not note again at once, so a timer
 * submits it. */
struct pending {
    struct list link;
    size_t section; /* of config.notify */
    enum level level;
    char *topic, *id, *text; /* owned */
};
struct notify {
    struct list pending; /* struct pending.link, oldest first */
    size_t n_pending;
    struct timer timer;
    int64_t span;        /* when the current span of the rate began */
    unsigned told, held; /* in this span */
    int64_t flap_told[EVENT_COUNT];
};

static struct notify *all(struct helios *h)
{
    return h->decide.state[DECIDE_notify];
}

static bool wanted_by(const struct set_notify *n, const struct rec_entry *e)
{
    if (e->level < n->level)
        return false;
    SEQ_EACH (pattern, struct bytes, n->topics)
        if (text_match(pattern->at, e->topic))
            return true;
    return false;
}

/* What notifications do themselves is never told: it would feed itself. */
static bool our_own(struct helios *h, enum event kind, const struct rec_entry *e)
{
    if (kind == EVENT_notify_sent)
        return true;
    struct task *t = e->id.n ? task_find(h, e->id) : NULL;
    return t && bytes_is(t->r.owner_kind, decider_notify.kind);
}

static bool damped(struct helios *h, enum event kind, const struct rec_entry *e)
{
    struct notify *n = all(h);
    bool of_health =
        e->topic.n > 7 && (memcmp(e->topic.at, "health.", 7) == 0 || kind == EVENT_incident_moved);
    if (!of_health || !health_flapping(h, "realm"))
        return false;
    if (n->flap_told[kind] && h->now - n->flap_told[kind] < FLAP_SPAN_MS)
        return true;
    n->flap_told[kind] = h->now;
    return false;
}

static void take(struct helios *h, size_t section, const struct rec_entry *e)
{
    struct notify *n = all(h);
    if (n->n_pending >= PENDING_MOST)
        return;
    struct pending *p = NEW(struct pending);
    p->section = section;
    p->level = e->level;
    p->topic = bytes_dup(e->topic);
    p->id = bytes_dup(e->id);
    p->text = bytes_dup(e->text);
    list_push(&n->pending, &p->link);
    n->n_pending++;
    timer_set(h, &n->timer, h->now + 1);
}

static void on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    const struct set_notify *sections = h->config->notify.at;
    bool asked = false;
    if (h->epoch == 0 || h->config->notify.n == 0 || our_own(h, kind, e))
        return;
    for (size_t i = 0; i < h->config->notify.n; i++)
        asked |= wanted_by(&sections[i], e);
    if (!asked || damped(h, kind, e))
        return;
    _autofree_ char *subject = bytes_dup(e->id);
    if (silenced(h, event_kinds[kind].topic, subject))
        return;
    for (size_t i = 0; i < h->config->notify.n; i++)
        if (wanted_by(&sections[i], e))
            take(h, i, e);
}

/* ---- the task ---- */

static void pack_params(struct buf *out, const struct helios *h, const struct set_notify *n,
                        const struct pending *p)
{
    char title[200];
    struct pack k;
    struct walk walk = walk_of(n->params);
    struct value key, item;
    snprintf(title, sizeof(title), "Helios %s: %s %s", h->config->realm.at, p->topic, p->id);
    pack_init(&k, out);
    pack_map(&k);
    while (n->params.n && walk_pair(&walk, &key, &item)) {
        pack_key_bytes(&k, key.text);
        pack_raw(&k, item.whole);
    }
    pack_put_text(&k, "title", title);
    pack_put_text(&k, "text", p->text);
    pack_put_text(&k, "level", enum_text(&enum_level, p->level));
    pack_put_text(&k, "topic", p->topic);
    pack_put_text(&k, "id", p->id);
    pack_end(&k);
}

static void send(struct helios *h, const struct pending *p)
{
    char err[256];
    struct buf params = {0};
    if (p->section >= h->config->notify.n)
        return; /* a reload took it away */
    const struct set_notify *n = (const struct set_notify *)h->config->notify.at + p->section;
    pack_params(&params, h, n, p);
    struct msg_request q = {
        .action = n->action,
        .params = buf_bytes(&params),
        .swarm = n->swarm,
        .priority = p->level == level_alarm ? 1 : 2,
        .backoff_ms = 5000,
        .total_ms = TOTAL_MS,
    };
    struct task *t =
        task_submit(h, &q, "helios-notify", decider_notify.kind, n->name.at, p->id, err);
    if (t)
        note(h, EVENT_notify_sent, t->r.id.at, p->id, NULL, "%s tells %s: %s", t->r.id.at,
             n->name.at, p->topic);
    buf_done(&params);
}

static void drop(struct notify *n, struct pending *p)
{
    list_out(&p->link);
    n->n_pending--;
    free(p->topic);
    free(p->id);
    free(p->text);
    free(p);
}

/* What the rate holds back is told as one number when the next span begins. */
static void new_span(struct helios *h, struct notify *n)
{
    if (n->held)
        note(h, EVENT_notify_sent, "notify", NULL, NULL,
             "%u notifications were held back: over %d in %d s", n->held, RATE_MOST,
             RATE_SPAN_MS / 1000);
    n->span = h->now;
    n->told = n->held = 0;
}

static void on_timer(struct helios *h, struct timer *t)
{
    (void)t;
    struct notify *n = all(h);
    if (h->now - n->span >= RATE_SPAN_MS)
        new_span(h, n);
    list_each (p, &n->pending, struct pending, link) {
        if (n->told < RATE_MOST) {
            n->told++;
            send(h, p);
        } else {
            n->held++;
        }
        drop(n, p);
    }
}

/* ---- the decider ---- */

static void init(struct helios *h)
{
    struct notify *n = h->decide.state[DECIDE_notify] = NEW(struct notify);
    list_init(&n->pending);
    n->timer.run = on_timer;
}

static void done(struct helios *h)
{
    struct notify *n = all(h);
    list_each (p, &n->pending, struct pending, link)
        drop(n, p);
    timer_stop(h, &n->timer);
    free(n);
}

const struct decider decider_notify = {
    .kind = "notify", .init = init, .done = done, .on_event = on_event};

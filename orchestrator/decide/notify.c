/* SPDX-License-Identifier: MPL-2.0 */
/* Whom to tell: an event that a `notify` row of the config wants becomes a task for an agent's notify action. Silenced, inhibited by
 * flapping, or over the bound a minute: not told, and counted in the next that is. Knows nothing of webhooks. */
#include "common/text.h"
#include "orchestrator/core/helios.h"
#include "proto/pack.h"

#define PENDING_MAX 100   /* events that wait for the end of the turn */
#define A_MINUTE 20       /* notifications of one row */
#define GIVE_UP_MS 60000  /* one that no agent takes by then is old news */

struct news {
    struct list link; /* in notify.pending */
    char *row, *topic, *id, *text, *level; /* owned */
};

struct notify {
    struct list pending;
    size_t n;
    struct timer timer;
    int64_t minute; /* when the running minute began */
    unsigned sent;  /* in it */
    uint64_t held;  /* not told since the last one that was */
};

static const char *const usual_topics[] = {"incident.*", "health.*", "kpi.forecast", "optimization.stuck"};

static bool wants(const struct set_notify *row, enum event kind)
{
    struct bytes topic = bytes_of(event_kinds[kind].topic);
    if (event_kinds[kind].level < row->level)
        return false;
    SEQ_EACH (pattern, struct bytes, row->topics)
        if (text_match(pattern->at, topic))
            return true;
    for (size_t i = 0; row->topics.n == 0 && i < ARRAY_SIZE(usual_topics); i++)
        if (text_match(usual_topics[i], topic))
            return true;
    return false;
}

static void free_news(struct notify *n, struct news *news)
{
    list_out(&news->link);
    n->n--;
    free(news->row);
    free(news->topic);
    free(news->id);
    free(news->text);
    free(news->level);
    free(news);
}

/* Called from inside note: it only remembers, the task is submitted by the timer. */
static void on_event(struct helios *h, enum event kind, const struct rec_entry *e)
{
    struct notify *n = h->decide.state[DECIDE_notify];
    SEQ_EACH (row, struct set_notify, h->config->notify) {
        if (n == NULL || !wants(row, kind))
            continue;
        if (n->n >= PENDING_MAX || silenced(h, event_kinds[kind].topic, e->id.n ? e->id.at : NULL) ||
            health_flapping(h, "realm")) {
            n->held++;
            continue;
        }
        struct news *news = NEW(struct news);
        *news = (struct news){.row = bytes_dup(row->name), .topic = bytes_dup(e->topic), .id = bytes_dup(e->id),
                              .text = bytes_dup(e->text), .level = xdup(enum_text(&enum_level, e->level))};
        list_push(&n->pending, &news->link);
        n->n++;
        if (!timer_is_set(&n->timer))
            timer_set(h, &n->timer, h->now + 1);
    }
}

static const struct set_notify *row_of(struct helios *h, const char *name)
{
    SEQ_EACH (row, struct set_notify, h->config->notify)
        if (bytes_is(row->name, name))
            return row;
    return NULL;
}

static void pack_params(struct helios *h, struct notify *n, const struct set_notify *row, const struct news *news,
                        struct buf *out)
{
    struct pack p;
    struct value key, item;
    char title[200], text[1200], more[64] = "";
    if (n->held)
        snprintf(more, sizeof(more), " (%llu more were held back)", (unsigned long long)n->held);
    snprintf(text, sizeof(text), "%s%s", news->text, more);
    snprintf(title, sizeof(title), "[%s] %s %s", h->config->realm.at, news->topic, news->id);
    pack_init(&p, out);
    pack_map(&p);
    struct walk w = walk_of(row->params);
    while (row->params.n && walk_pair(&w, &key, &item)) {
        pack_key_bytes(&p, key.text);
        pack_raw(&p, item.whole);
    }
    pack_put_text(&p, "title", title);
    pack_put_text(&p, "text", text);
    pack_put_text(&p, "level", news->level);
    pack_put_text(&p, "topic", news->topic);
    pack_put_text(&p, "id", news->id);
    pack_end(&p);
}

static void tell(struct helios *h, struct notify *n, const struct news *news)
{
    const struct set_notify *row = row_of(h, news->row);
    struct buf params = {0};
    char err[200];
    if (row == NULL)
        return;
    if (h->now - n->minute >= 60000) {
        n->minute = h->now;
        n->sent = 0;
    }
    if (++n->sent > A_MINUTE) {
        n->held++;
        return;
    }
    pack_params(h, n, row, news, &params);
    struct msg_request request = {.action = row->action, .params = buf_bytes(&params), .swarm = row->swarm,
                                  .priority = 1, .max_attempts = 3, .backoff_ms = 2000, .queue_ms = GIVE_UP_MS,
                                  .note = bytes_of(news->topic)};
    if (task_submit(h, &request, "helios", "notify", news->row, news->id, err))
        n->held = 0;
    buf_done(&params);
}

static void on_timer(struct helios *h, struct timer *t)
{
    struct notify *n = container_of(t, struct notify, timer);
    list_each (news, &n->pending, struct news, link) {
        tell(h, n, news);
        free_news(n, news);
    }
}

static void on_done(struct helios *h, const char *row, const struct rec_task *ended)
{
    if (ended->state == task_state_COMPLETED)
        note(h, EVENT_notify_sent, ended->id.at, ended->cause.n ? ended->cause.at : NULL, NULL, "%s was told of %s", row,
             ended->note.n ? ended->note.at : "an event");
}

static void init(struct helios *h)
{
    struct notify *n = NEW(struct notify);
    list_init(&n->pending);
    n->timer.run = on_timer;
    h->decide.state[DECIDE_notify] = n;
}

static void done(struct helios *h)
{
    struct notify *n = h->decide.state[DECIDE_notify];
    list_each (news, &n->pending, struct news, link)
        free_news(n, news);
    timer_stop(h, &n->timer);
    free(n);
}

const struct decider decider_notify = {
    .kind = "notify",
    .init = init,
    .done = done,
    .on_done = on_done,
    .on_event = on_event,
};

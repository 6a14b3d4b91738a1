/* SPDX-License-Identifier: MPL-2.0 */
/* Owns who is taken for the leader, and time: hails, silence, what is due. Refuses to know what the
 * answers to requests mean. */
#include "inside.h"

#define HAIL_MS 500  /* while the leader is waited for */
#define SEARCH_MS 50 /* while nobody leads: at first, growing by half up to */
#define SEARCH_CAP_MS 400
#define RENEW_MS 10000 /* watches are said again: a broken link forgets them */
#define WATCH_MOST 256 /* ids of one `watch` */

void client_init(struct client_core *c, const char *name, size_t n_controllers, uint64_t seed,
                 const struct client_calls *calls, void *user)
{
    *c = (struct client_core){.calls = calls,
                              .user = user,
                              .rand = {seed},
                              .n_controllers = MIN(n_controllers, (size_t)CLIENT_CONTROLLERS),
                              .hail_pause = SEARCH_MS};
    snprintf(c->name, sizeof(c->name), "%s", name);
    c->leader = c->n_controllers;
    list_init(&c->requests);
}

void client_done(struct client_core *c)
{
    struct client_watch *w, *next;
    list_each (r, &c->requests, struct client_request, link)
        request_free(r);
    HASH_ITER (hh, c->watches, w, next) {
        HASH_DEL(c->watches, w);
        free(w);
    }
}

bool client_idle(const struct client_core *c)
{
    return list_empty(&c->requests) && c->watches == NULL;
}

void client_say(struct client_core *c, size_t controller, enum msg which, const void *message)
{
    struct buf body = {0};
    message_encode(&body, which, message);
    c->calls->send(c->user, controller, buf_bytes(&body));
    buf_done(&body);
}

void client_tell(struct client_core *c, const struct client_event *event)
{
    c->calls->tell(c->user, event);
}

/* ---- who leads */

static bool led(const struct client_core *c)
{
    return c->leader < c->n_controllers;
}

/* One who says that it leads and refuses all the same is hailed at most each 50 ms. */
static void search(struct client_core *c)
{
    c->leader = c->n_controllers;
    c->hailed = 0;
    c->hail_at = MAX(c->now, c->hail_said + SEARCH_MS);
    c->hail_pause = SEARCH_MS;
}

/* A new leader gets at once what the one before has left open. */
static void follow(struct client_core *c, size_t controller, uint64_t epoch)
{
    struct client_event e = {
        .what = CLIENT_LED, .controller = controller, .epoch = epoch, .known = c->led};
    c->leader = controller;
    c->epoch = epoch;
    c->led = true;
    c->hail_at = c->now + HAIL_MS;
    c->renew_at = c->now;
    list_each (r, &c->requests, struct client_request, link) {
        r->due = c->now;
        r->pause = REPEAT_MS;
        r->refused = false;
    }
    client_tell(c, &e);
}

/* A lower epoch than was seen is that of one who does not know yet that it was deposed (L4). */
void client_stands(struct client_core *c, size_t controller, uint64_t epoch)
{
    c->controllers[controller].epoch = epoch;
    if (controller == c->leader && epoch < c->epoch)
        search(c);
    else if (epoch && epoch >= c->epoch && (controller != c->leader || epoch > c->epoch))
        follow(c, controller, epoch);
}

static void hail(struct client_core *c)
{
    struct msg_query hail = {BYTES("hail"), BYTES("controller"), {0}};
    for (size_t i = 0; i < c->n_controllers; i++)
        if (!led(c) || i == c->leader)
            client_say(c, i, MSG_query, &hail);
    if (!led(c))
        c->hail_said = c->now;
    else if (c->hailed == 0)
        c->hailed = c->now;
    c->hail_at = c->now + (led(c) ? HAIL_MS : c->hail_pause);
    c->hail_pause = MIN(c->hail_pause * 3 / 2, SEARCH_CAP_MS);
}

/* ---- watches */

void client_watch(struct client_core *c, const struct bytes *ids, size_t n, int64_t now)
{
    c->now = MAX(c->now, now);
    for (size_t i = 0; i < n; i++) {
        struct client_watch *w;
        HASH_FIND(hh, c->watches, ids[i].at, ids[i].n, w);
        if (w)
            continue;
        w = xalloc(sizeof(*w) + ids[i].n + 1);
        memcpy(w->id, ids[i].at, ids[i].n);
        HASH_ADD_KEYPTR(hh, c->watches, w->id, ids[i].n, w);
        c->renew_at = c->now;
    }
}

static void renew_watches(struct client_core *c)
{
    struct bytes ids[WATCH_MOST];
    struct msg_watch m = {BYTES("watch"), {ids, 0}};
    struct client_watch *w, *next;
    c->renew_at = c->now + RENEW_MS;
    HASH_ITER (hh, c->watches, w, next) {
        ids[m.ids.n++] = bytes_of(w->id);
        if (m.ids.n < WATCH_MOST && next)
            continue;
        client_say(c, c->leader, MSG_watch, &m);
        m.ids.n = 0;
    }
}

/* ---- time */

void client_message(struct client_core *c, size_t controller, struct bytes body, int64_t now)
{
    c->now = MAX(c->now, now);
    if (controller >= c->n_controllers)
        return;
    c->controllers[controller].heard = c->now;
    if (controller == c->leader)
        c->hailed = 0;
    client_take(c, controller, body);
}

/* A request that everybody must answer does not wait for a leader. */
static int64_t send_due(struct client_core *c)
{
    int64_t due = INT64_MAX;
    list_each (r, &c->requests, struct client_request, link) {
        if (c->now >= r->until) {
            request_expire(c, r);
            continue;
        }
        bool can = led(c) || r->everyone;
        if (can && c->now >= r->due)
            request_send(c, r);
        due = MIN(due, MIN(r->until, can ? r->due : INT64_MAX));
    }
    return due;
}

int64_t client_tick(struct client_core *c, int64_t now)
{
    c->now = MAX(c->now, now);
    int64_t due = send_due(c);
    if (client_idle(c)) {
        c->hailed = 0;
        return INT64_MAX;
    }
    if (led(c) && c->hailed && c->now - c->hailed >= CLIENT_SILENT_MS)
        search(c);
    if (c->now >= c->hail_at)
        hail(c);
    if (led(c) && c->watches && c->now >= c->renew_at)
        renew_watches(c);
    if (led(c) && c->hailed)
        due = MIN(due, c->hailed + CLIENT_SILENT_MS);
    if (led(c) && c->watches)
        due = MIN(due, c->renew_at);
    return MIN(due, c->hail_at);
}

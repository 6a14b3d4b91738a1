/* SPDX-License-Identifier: MPL-2.0 */
#include "view.h"

#include <zmq.h>

#include "common/clock.h"
#include "common/text.h"
#include "proto/json.h"

#define ASK_EVERY_MS 1000
#define PATIENCE_MS 10000

static void take_past(struct view *v, json_t *summary);
static void take_scopes(struct view *v, json_t *health);
static void take_snapshot(struct view *v, json_t *snapshot);

static const struct {
    const char *what;
    void (*take)(struct view *v, json_t *answer);
    bool once;
} questions[] = {
    {"summary", take_past, true}, /* its health of the past */
    {"snapshot", take_snapshot, false},
    {"health", take_scopes, false},
};

/* Not more than one question of a kind is on its way: the controller may be busy. */
static void ask(struct view *v, bool first, int64_t now)
{
    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        struct client_question q = {.name = bytes_of(questions[i].what)};
        if (v->open[i] == 0 && questions[i].once == first)
            v->open[i] = client_put(&v->client->talk.core, &q, PATIENCE_MS, now);
    }
    if (!first)
        v->asked = now;
}

static void on_answer(void *whom, const struct client_event *e)
{
    struct view *v = whom;
    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        if (v->open[i] == 0 || v->open[i] != e->request)
            continue;
        v->open[i] = 0;
        json_t *data =
            e->what == CLIENT_ANSWERED && e->reply->ok ? json_from_msgpack(e->reply->data) : NULL;
        if (data)
            questions[i].take(v, data);
        json_decref(data);
        v->fresh = true;
    }
}

int view_open(struct view *v, struct client *c)
{
    v->client = c;
    v->asked = 0;
    if (events_open(&v->events, c) < 0)
        return 69; /* EX_UNAVAILABLE */
    c->on_event = on_answer;
    c->whom = v;
    ask(v, true, clock_now());
    return 0;
}

void view_close(struct view *v)
{
    events_close(&v->events);
    if (v->client)
        v->client->on_event = NULL;
    v->client = NULL;
    memset(v->open, 0, sizeof(v->open));
}

void view_done(struct view *v)
{
    view_close(v);
    json_decref(v->snapshot);
    json_decref(v->scopes);
    json_decref(v->past);
    for (size_t i = 0; i < v->n_lines; i++)
        json_decref(v->lines[i]);
    *v = (struct view){0};
}

/* A new leader is told once: by its event, or by its answer when the event came before our
 * subscription reached it. */
static bool told_before(struct view *v, const json_t *event)
{
    const char *topic = json_string_value(json_object_get(event, "topic"));
    json_int_t epoch = json_integer_value(json_object_get(event, "epoch"));
    if (topic == NULL || strcmp(topic, "controller.leading") != 0)
        return false;
    bool known = epoch <= v->epoch;
    v->epoch = MAX(v->epoch, epoch);
    return known;
}

void view_take_event(struct view *v, const json_t *event)
{
    if (told_before(v, event))
        return;
    if (v->on_event)
        v->on_event(v->whom, event);
    if (event_level(event) < level_info)
        return;
    if (v->n_lines == VIEW_LINES) {
        json_decref(v->lines[0]);
        memmove(v->lines, v->lines + 1, (VIEW_LINES - 1) * sizeof(*v->lines));
        v->n_lines--;
    }
    v->lines[v->n_lines++] = json_incref((json_t *)event);
}

void view_note(struct view *v, const char *level, const char *topic, const char *text)
{
    json_t *e = json_pack("{sI ss ss ss ss}", "at", (json_int_t)clock_wall(), "topic", topic,
                          "level", level, "id", "", "text", text);
    if (e)
        view_take_event(v, e);
    json_decref(e);
}

static void tell_leader(struct view *v, const json_t *snapshot)
{
    json_int_t epoch = json_integer_value(json_object_get(snapshot, "epoch"));
    struct buf text = {0};
    if (epoch <= v->epoch)
        return;
    buf_printf(&text, "leads in epoch %lld", (long long)epoch);
    json_t *e = json_pack("{sI sI ss ss ss ss}", "at", json_integer_value(json_object_get(snapshot, "now")),
                          "epoch", epoch, "topic", "controller.leading", "level", "info", "id", "", "text",
                          buf_str(&text));
    if (e)
        view_take_event(v, e);
    json_decref(e);
    buf_done(&text);
}

static void remember(struct view *v, int64_t at, json_t *score)
{
    if (v->past == NULL)
        v->past = json_array();
    json_array_append_new(v->past, json_pack("{sI so}", "at", (json_int_t)at, "health", score));
    while (json_integer_value(json_object_get(json_array_get(v->past, 0), "at")) <
           at - VIEW_PAST_MS)
        json_array_remove(v->past, 0);
}

void view_take_snapshot(struct view *v, json_t *snapshot, int64_t now)
{
    const json_t *health = json_object_get(snapshot, "health");
    json_int_t at = json_integer_value(json_object_get(snapshot, "now"));
    bool known = json_is_true(json_object_get(health, "known"));
    tell_leader(v, snapshot);
    remember(v, at ? at : now,
             known ? json_real(json_number_value(json_object_get(health, "score"))) : json_null());
    json_decref(v->snapshot);
    v->snapshot = snapshot;
    v->answered = now;
}

/* The past comes once, before what is seen live. */
static void take_past(struct view *v, json_t *summary)
{
    json_t *live = v->past;
    size_t i;
    const json_t *point;
    v->past = json_array();
    json_array_foreach (json_object_get(summary, "health_history"), i, point)
        json_array_append(v->past, (json_t *)point);
    json_array_extend(v->past, live);
    json_decref(live);
}

static void take_scopes(struct view *v, json_t *health)
{
    json_decref(v->scopes);
    v->scopes = json_incref(json_object_get(health, "scopes"));
}

static void take_snapshot(struct view *v, json_t *snapshot)
{
    view_take_snapshot(v, json_incref(snapshot), clock_now());
}

static bool take_all(struct view *v)
{
    bool any = v->fresh;
    v->fresh = false;
    for (json_t *event; (event = events_next(&v->events)); json_decref(event), any = true)
        view_take_event(v, event);
    return any;
}

bool view_poll(struct view *v, int64_t wait_ms)
{
    if (v->client == NULL) {
        zmq_poll(NULL, 0, wait_ms);
        return false;
    }
    int64_t now = clock_now();
    if (v->asked == 0 || now >= v->asked + ASK_EVERY_MS)
        ask(v, false, now);
    client_turn(v->client, MIN(wait_ms, v->asked + ASK_EVERY_MS - now), v->events.socket);
    return take_all(v);
}

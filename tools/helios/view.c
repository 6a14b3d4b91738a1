/* SPDX-License-Identifier: MPL-2.0 */
#include "view.h"

#include <zmq.h>

#include "common/clock.h"
#include "common/text.h"
#include "proto/json.h"

#define ASK_EVERY_MS 1000
#define ASK_AGAIN_MS 3000 /* the controller may be busy: not more than one question waits there */

static const char *const questions[] = {"snapshot", "health"};

static void ask(struct view *v, const char *what)
{
    struct msg_query m = {bytes_of(what), bytes_of(what), {0}};
    client_send(v->client, MSG_query, &m);
}

int view_open(struct view *v, struct client *c)
{
    v->client = c;
    v->asked = 0;
    if (events_open(&v->events, c) < 0)
        return 69;     /* EX_UNAVAILABLE */
    ask(v, "summary"); /* its health of the past */
    return 0;
}

void view_close(struct view *v)
{
    events_close(&v->events);
    v->client = NULL;
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

void view_take_event(struct view *v, const json_t *event)
{
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
    remember(v, at ? at : now,
             known ? json_real(json_number_value(json_object_get(health, "score"))) : json_null());
    json_decref(v->snapshot);
    v->snapshot = snapshot;
    v->answered = now;
}

/* The past comes once, before what is seen live. */
static void take_past(struct view *v, const json_t *summary)
{
    json_t *live = v->past;
    size_t i;
    const json_t *point;
    v->past = json_array();
    json_array_foreach(json_object_get(summary, "health_history"), i, point)
        json_array_append(v->past, (json_t *)point);
    json_array_extend(v->past, live);
    json_decref(live);
}

static void take_reply(struct view *v, const struct msg_reply *m)
{
    json_t *data = m->ok ? json_from_msgpack(m->data) : NULL;
    if (data && bytes_is(m->ref, "snapshot")) {
        view_take_snapshot(v, json_incref(data), clock_now());
    } else if (data && bytes_is(m->ref, "health")) {
        json_decref(v->scopes);
        v->scopes = json_incref(json_object_get(data, "scopes"));
    } else if (data && bytes_is(m->ref, "summary")) {
        take_past(v, data);
    }
    json_decref(data);
}

static bool take_all(struct view *v)
{
    bool any = false;
    struct msg_reply m;
    for (int which; (which = client_receive(v->client, 0)) >= 0; any = true)
        if (which == MSG_reply &&
            message_decode(MSG_reply, buf_bytes(&v->client->in), &m, NULL, NULL) == 0)
            take_reply(v, &m);
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
    int64_t due = v->asked + (v->answered >= v->asked ? ASK_EVERY_MS : ASK_AGAIN_MS);
    if (v->asked == 0 || now >= due) {
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
            ask(v, questions[i]);
        v->asked = now;
        due = now + ASK_EVERY_MS;
    }
    zmq_pollitem_t items[] = {{.socket = v->client->control, .events = ZMQ_POLLIN},
                              {.socket = v->events.socket, .events = ZMQ_POLLIN}};
    zmq_poll(items, 2, MAX((int64_t)0, MIN(wait_ms, due - now)));
    return take_all(v);
}

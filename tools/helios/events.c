/* SPDX-License-Identifier: MPL-2.0 */
#include "events.h"

#include "common/text.h"
#include "proto/guard.h"
#include "proto/json.h"
#include "proto/socket.h"

int events_open(struct events *e, struct client *c)
{
    *e = (struct events){0};
    int r = socket_new(c->talk.context, SOCKET_SUB, 100000, &e->socket);
    for (size_t i = 0; i < c->talk.places.n && r == 0; i++) {
        const char *endpoint = c->talk.places.at[i].endpoints[ENDPOINT_events];
        r = endpoint ? client_connect(c, i, e->socket, ENDPOINT_events) : 0;
    }
    return r;
}

void events_close(struct events *e)
{
    socket_close(e->socket);
    buf_done(&e->topic);
    buf_done(&e->in);
    *e = (struct events){0};
}

static json_t *text(struct bytes b)
{
    struct buf safe = {0};
    text_safe(&safe, b);
    json_t *value = json_string(buf_str(&safe));
    buf_done(&safe);
    return value;
}

static json_t *to_json(const struct msg_event *m)
{
    json_t *e = json_object();
    json_object_set_new(e, "seq", json_integer((json_int_t)m->seq));
    json_object_set_new(e, "epoch", json_integer((json_int_t)m->epoch));
    json_object_set_new(e, "at", json_integer(m->at));
    json_object_set_new(e, "topic", text(m->topic));
    json_object_set_new(e, "level", json_string(enum_text(&enum_level, m->level)));
    json_object_set_new(e, "id", text(m->id));
    json_object_set_new(e, "cause", text(m->cause));
    json_object_set_new(e, "text", text(m->text));
    if (m->data.n)
        json_object_set_new(e, "data", json_from_msgpack(m->data));
    return e;
}

static void count(struct events *e, const struct msg_event *m)
{
    if (e->seen && m->epoch == e->epoch && m->seq > e->seq + 1)
        e->gaps += m->seq - e->seq - 1;
    e->epoch = m->epoch;
    e->seq = m->seq;
    e->seen++;
}

json_t *events_next(struct events *e)
{
    while (socket_receive(e->socket, NULL, &e->topic, &e->in) != -EAGAIN) {
        struct bytes body = buf_bytes(&e->in);
        struct msg_event m;
        if (guard_check(body) < 0 || message_which(body) != MSG_event ||
            message_decode(MSG_event, body, &m, NULL, NULL) < 0)
            continue;
        if (m.epoch < e->epoch)
            continue; /* of a standby, or of one who does not lead any more */
        count(e, &m);
        return to_json(&m);
    }
    return NULL;
}

int event_level(const json_t *event)
{
    const char *word = json_string_value(json_object_get(event, "level"));
    return word ? enum_find(&enum_level, bytes_of(word)) : -1;
}

bool event_matches(const json_t *event, const char *const *patterns, size_t n)
{
    const char *topic = json_string_value(json_object_get(event, "topic"));
    for (size_t i = 0; topic && i < n; i++)
        if (text_match(patterns[i], bytes_of(topic)))
            return true;
    return n == 0;
}

void event_line(struct buf *out, const json_t *event)
{
    static const enum tone tones[] = {TONE_DIM, TONE_PLAIN, TONE_WARN, TONE_BAD};
    int level = event_level(event);
    struct buf time = {0}, what = {0};
    paint_value(&time, json_object_get(event, "at"), SHAPE_TIME);
    paint(out, TONE_DIM, "%s ", buf_str(&time));
    paint_value(&what, json_object_get(event, "topic"), SHAPE_TEXT);
    paint(out, level >= 0 && level < 4 ? tones[level] : TONE_PLAIN, "%-24s", buf_str(&what));
    buf_clear(&what);
    paint_value(&what, json_object_get(event, "id"), SHAPE_TEXT);
    paint(out, TONE_INFO, " %-8s ", buf_str(&what));
    paint_value(out, json_object_get(event, "text"), SHAPE_TEXT);
    buf_done(&time);
    buf_done(&what);
}

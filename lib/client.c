/* SPDX-License-Identifier: MPL-2.0 */
/* Owns a client's opening, waiting and sentences. Refuses to know what is asked. */
#include "lib/client.h"

#include <math.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/text.h"
#include "lib/log.h"
#include "proto/json.h"

enum { TIMEOUT_MS = 5000, LISTEN_MS = 2000 };

const char *helios_version(void)
{
    return HELIOS_VERSION;
}

/* find gives the places with their keys. -ENOENT, -EINVAL with a sentence. */
static int find(const struct helios_peers *peers, struct places *ret, struct buf *why)
{
    *ret = (struct places){0};
    places_add(ret, places_named(peers->controllers));
    const char *keys = peers->controller_keys ? peers->controller_keys : getenv("HELIOS_CONTROLLER_KEY");
    int r = places_keys(ret, keys, why);
    r = r ? r : places_known(ret, why);
    if (r)
        places_done(ret);
    return r;
}

int lib_fail(struct helios_client *c, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_clear(&c->error);
    buf_vprintf(&c->error, format, args);
    va_end(args);
    return error;
}

int lib_json(struct helios_client *c, const char *what, const char *json, struct buf *out)
{
    char wrong[160] = "it is no object";
    if (json == NULL)
        return 0;
    int r = json_text_to_msgpack(out, bytes_of(json), wrong, sizeof(wrong));
    struct cursor at = cursor_of(buf_bytes(out));
    if (r == 0 && read_head(&at).type == VALUE_MAP)
        return 0;
    return lib_fail(c, -EINVAL, "%s must be a JSON object: %s", what, wrong);
}

/* ---- open and close ---- */

/* options_of copies what the caller knows of: a program that was built against an older header has less. */
static struct helios_client_options options_of(const struct helios_client_options *given)
{
    struct helios_client_options all = {0};
    if (given)
        memcpy(&all, given, MIN(given->size, sizeof(all)));
    all.name = all.name ? all.name : "lib";
    all.timeout_ms = all.timeout_ms > 0 ? all.timeout_ms : TIMEOUT_MS;
    all.peers.identity = all.peers.identity ? all.peers.identity : getenv("HELIOS_IDENTITY");
    return all;
}

static void on_event(void *whom, const struct client_event *e);

static int open_talk(struct helios_client *c, const struct helios_client_options *o)
{
    struct places places;
    if (!text_is_name(bytes_of(o->name)))
        return lib_fail(c, -EINVAL, "name: 1 to 64 letters, digits and _.:-, the first a letter or a digit");
    int r = find(&o->peers, &places, &c->error);
    if (r)
        return r;
    r = talk_open(&c->talk, &places, o->peers.identity, o->name);
    c->talk.on_event = on_event;
    c->talk.whom = c;
    return r ? lib_fail(c, r, "%s", buf_str(&c->talk.why)) : 0;
}

int helios_client_open(const struct helios_client_options *options, struct helios_client **ret)
{
    struct helios_client *c = NEW(struct helios_client);
    struct helios_client_options o = options_of(options);
    lib_quiet();
    c->outlet = OUTLET_CLOSED;
    c->timeout_ms = o.timeout_ms;
    snprintf(c->name, sizeof(c->name), "%s", o.name);
    *ret = c;
    return open_talk(c, &o);
}

void helios_client_close(struct helios_client *c)
{
    if (c == NULL)
        return;
    publisher_done(&c->publisher);
    outlet_done(&c->outlet);
    talk_close(&c->talk);
    buf_done(&c->error);
    buf_done(&c->answer);
    buf_done(&c->output);
    buf_done(&c->data);
    buf_done(&c->reason);
    free(c);
}

const char *helios_client_error(const struct helios_client *c)
{
    return buf_str(&c->error);
}

/* ---- turns ---- */

/* result_of keeps the texts of an end with the client. */
static struct helios_result result_of(struct helios_client *c, const struct msg_ended *e)
{
    static const enum helios_state states[] = {[task_state_COMPLETED] = HELIOS_COMPLETED,
                                               [task_state_FAILED] = HELIOS_FAILED,
                                               [task_state_CANCELLED] = HELIOS_CANCELLED,
                                               [task_state_UNKNOWN] = HELIOS_UNKNOWN};
    buf_clear(&c->output);
    buf_clear(&c->data);
    buf_clear(&c->reason);
    buf_add(&c->output, e->output.at, e->output.n);
    json_print(&c->data, e->data, false);
    text_safe(&c->reason, e->error);
    return (struct helios_result){.state = states[e->state],
                                  .attempts = (unsigned)e->attempts,
                                  .output = buf_str(&c->output),
                                  .output_n = e->output.n,
                                  .data = buf_str(&c->data),
                                  .error = buf_str(&c->reason)};
}

static void on_event(void *whom, const struct client_event *e)
{
    struct helios_client *c = whom;
    if (c->on_event && c->on_event(c->whom, e))
        return;
    if (e->what != CLIENT_ENDED || c->on_end == NULL)
        return;
    char *id = bytes_dup(e->ended->id);
    struct helios_result result = result_of(c, e->ended);
    c->on_end(c->user, id, &result);
    free(id);
}

static void follow(struct helios_client *c)
{
    struct wait_item items[CLIENT_CONTROLLERS];
    if (c->outlet.epoll >= 0)
        outlet_follow(&c->outlet, items, talk_items(&c->talk, items), talk_due(&c->talk));
}

int helios_client_turn(struct helios_client *c, int64_t wait_ms)
{
    int r = talk_turn(&c->talk, wait_ms < 0 ? INT32_MAX : wait_ms, NULL);
    follow(c);
    return r;
}

int helios_client_fd(struct helios_client *c)
{
    int r = outlet_open(&c->outlet);
    follow(c);
    return r ? r : c->outlet.epoll;
}

int lib_await(struct helios_client *c, const bool *over, int64_t timeout_ms)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : clock_now() + timeout_ms;
    int r = 0;
    while (!*over && r == 0) {
        int64_t left = until - clock_now();
        r = left <= 0 ? -ETIMEDOUT : helios_client_turn(c, MIN(left, (int64_t)INT32_MAX));
    }
    return *over ? 0 : r;
}

/* ---- ends ---- */

struct awaited {
    struct helios_client *client;
    const char *id;
    struct helios_result *ret;
    bool over, forgotten;
};

static bool is_awaited(void *whom, const struct client_event *e)
{
    struct awaited *w = whom;
    if (e->what != CLIENT_ENDED || !bytes_is(e->ended->id, w->id))
        return false;
    w->over = true;
    w->forgotten = e->ended->forgotten;
    *w->ret = result_of(w->client, e->ended);
    return true;
}

int helios_watch(struct helios_client *c, const char *id)
{
    struct bytes one = bytes_of(id);
    if (one.n == 0 || one.n >= HELIOS_ID)
        return lib_fail(c, -EINVAL, "this is no task's id");
    client_watch(&c->talk.core, &one, 1, clock_now());
    follow(c);
    return 0;
}

int helios_wait(struct helios_client *c, const char *id, int64_t timeout_ms, struct helios_result *ret)
{
    struct awaited w = {.client = c, .id = id, .ret = ret};
    int r = helios_watch(c, id);
    if (r)
        return r;
    c->on_event = is_awaited;
    c->whom = &w;
    r = lib_await(c, &w.over, timeout_ms);
    c->on_event = NULL;
    if (r == 0 && w.forgotten)
        return lib_fail(c, -ENOENT, "%s: nobody knows any more how it ended, or whether it ever was", id);
    return r ? lib_fail(c, r, "%s has not ended; it goes on", id) : 0;
}

void helios_client_on_end(struct helios_client *c, helios_on_end *call, void *user)
{
    c->on_end = call;
    c->user = user;
}

int helios_run(struct helios_client *c, const struct helios_task *task, int64_t timeout_ms, struct helios_result *ret)
{
    struct helios_id id;
    int r = helios_submit(c, task, 1, &id);
    return r ? r : helios_wait(c, id.text, timeout_ms, ret);
}

/* ---- measurements ---- */

int helios_publish(struct helios_client *c, const char *kpi, double value, int64_t at)
{
    if (!isfinite(value))
        return lib_fail(c, -EINVAL, "%s: a value that is not finite was not measured", kpi);
    int r = publisher_send(&c->publisher, &c->talk, c->name, kpi, value, at ? at : clock_wall(), LISTEN_MS);
    if (r == -ENOTCONN)
        return lib_fail(c, r, "no controller listens to measurements");
    return r ? lib_fail(c, r, "%s", c->talk.why.n ? buf_str(&c->talk.why) : strerror(-r)) : 0;
}

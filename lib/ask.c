/* SPDX-License-Identifier: MPL-2.0 */
/* Owns queries and commands with their answers. Refuses to know what they mean. */
#include "client/code.h"
#include "common/clock.h"
#include "lib/client.h"
#include "proto/json.h"

struct asking {
    struct helios_client *client;
    uint64_t request;
    bool over;
    int error;
};

static bool on_answer(void *whom, const struct client_event *e)
{
    struct asking *a = whom;
    struct helios_client *c = a->client;
    if (a->request == 0 || e->request != a->request)
        return false;
    a->over = true;
    if (e->what == CLIENT_ANSWERED && e->reply->ok)
        json_print(&c->answer, e->reply->data, false);
    else if (e->what == CLIENT_ANSWERED)
        a->error = lib_fail(c, code_error(e->reply->code), BYTES_F, BYTES_A(e->reply->error));
    else
        a->error = lib_fail(c, code_error(e->code), BYTES_F,
                            BYTES_A(e->text.n ? e->text : BYTES("no leader answered in time")));
    return true;
}

static int ask(struct helios_client *c, bool command, const char *name, const char *args, const char **ret_json)
{
    struct asking a = {.client = c};
    _cleanup_(buf_done) struct buf packed = {0};
    int r = lib_json(c, "args", args, &packed);
    if (r)
        return r;
    struct client_question q = {
        .command = command, .name = bytes_of(name), .args = buf_bytes(&packed), .author = bytes_of(asker())};
    buf_clear(&c->answer);
    c->on_event = on_answer;
    c->whom = &a;
    a.request = client_put(&c->talk.core, &q, c->timeout_ms, clock_now());
    r = lib_await(c, &a.over, -1); /* ends by itself: it expires */
    c->on_event = NULL;
    if (r || a.error)
        return r ? lib_fail(c, r, "interrupted; a command may have been taken") : a.error;
    *ret_json = buf_str(&c->answer);
    return 0;
}

int helios_query(struct helios_client *c, const char *what, const char *args, const char **ret_json)
{
    return ask(c, false, what, args, ret_json);
}

int helios_command(struct helios_client *c, const char *verb, const char *args, const char **ret_json)
{
    return ask(c, true, verb, args, ret_json);
}

/* SPDX-License-Identifier: MPL-2.0 */
#include "client.h"

#include <sysexits.h>

#include "client/code.h"
#include "common/clock.h"
#include "proto/json.h"

static void on_event(void *whom, const struct client_event *e);

static int complain(const struct client *c, int code)
{
    fprintf(stderr, "helios: %s\n", buf_str(&c->talk.why));
    return code;
}

int client_connect(struct client *c, size_t i, void *socket, enum endpoint endpoint)
{
    int r = talk_connect(&c->talk, i, socket, endpoint);
    if (r < 0)
        complain(c, 0);
    return r;
}

int client_places(const struct args *a, struct places *ret)
{
    _cleanup_(buf_done) struct buf why = {0};
    *ret = (struct places){0};
    for (size_t i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i], "controller") == 0)
            places_add(ret, a->values[i]);
    if (ret->n == 0)
        places_add(ret, places_named(NULL));
    int r = places_keys(ret, args_value(a, "controller-key", getenv("HELIOS_CONTROLLER_KEY")), &why);
    if (r == 0)
        return 0;
    fprintf(stderr, "helios: %s\n", buf_str(&why));
    places_done(ret);
    return r;
}

static int find(const struct args *a, struct places *ret)
{
    _cleanup_(buf_done) struct buf why = {0};
    int r = client_places(a, ret);
    if (r || places_known(ret, &why) == 0)
        return r;
    fprintf(stderr, "helios: %s\n", buf_str(&why));
    places_done(ret);
    return -ENOENT;
}

static int begin(struct client *c, const struct places *places, const char *identity)
{
    int r = talk_open(&c->talk, places, identity, "cli");
    c->talk.on_event = on_event;
    c->talk.whom = c;
    if (r == 0)
        return 0;
    return complain(c, r == -EINVAL ? EX_CONFIG : EX_UNAVAILABLE);
}

int client_open(struct client *c, const struct args *a)
{
    struct places places;
    *c = (struct client){.timeout_ms = args_ms(a, "timeout", 5000)};
    if (find(a, &places) < 0)
        return EX_UNAVAILABLE;
    return begin(c, &places, args_value(a, "identity", getenv("HELIOS_IDENTITY")));
}

int client_open_at(struct client *c, const char *directory, int64_t timeout_ms)
{
    _cleanup_(buf_done) struct buf why = {0};
    struct places places = {0};
    *c = (struct client){.timeout_ms = timeout_ms, .quiet = true};
    places_add(&places, directory);
    if (places_known(&places, &why) == 0)
        return begin(c, &places, getenv("HELIOS_IDENTITY"));
    places_done(&places);
    return EX_UNAVAILABLE;
}

void client_close(struct client *c)
{
    talk_close(&c->talk);
    *c = (struct client){0};
}

int client_turn(struct client *c, int64_t wait_ms, void *other)
{
    return talk_turn(&c->talk, wait_ms, other);
}

/* ---- questions */

struct asked {
    uint64_t request;
    bool over;
    int code; /* for the process */
    char *err;
    json_t **answers; /* by controller; of client_ask the first */
    size_t leads;
    bool everyone;
};

int client_exit(struct bytes code)
{
    static const struct {
        int error, exit;
    } rows[] = {{-ENOENT, EX_NOINPUT}, {-EINVAL, EX_USAGE},    {-EEXIST, EX_USAGE},        {-EPERM, EX_NOPERM},
                {-EBUSY, EX_TEMPFAIL}, {-EPROTO, EX_PROTOCOL}, {-ETIMEDOUT, EX_UNAVAILABLE}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].error == code_error(code))
            return rows[i].exit;
    return EX_SOFTWARE;
}

const char *client_doubt(const struct client *c)
{
    return c->talk.key.public[0] ? ", and is your key allowed there (`helios keys list`)" : "";
}

static void no_answer(struct client *c, struct asked *asked, const struct client_event *e)
{
    struct buf who = {0};
    for (size_t i = 0; i < c->talk.places.n; i++)
        buf_printf(&who, "%s%s", i ? ", " : "", c->talk.places.at[i].where);
    asked->code = client_exit(e->code);
    if (e->code.n)
        snprintf(asked->err, 512, BYTES_F, BYTES_A(e->text));
    else
        snprintf(asked->err, 512,
                 "no answer from %s within %lld ms; is the controller running, can it reach "
                 "its Redis%s?",
                 buf_str(&who), (long long)c->timeout_ms, client_doubt(c));
    buf_done(&who);
}

static void take_answer(struct client *c, struct asked *asked, const struct client_event *e)
{
    size_t i = asked->everyone ? e->controller : 0;
    asked->over = !asked->everyone;
    if (e->what == CLIENT_EXPIRED && !asked->everyone) {
        no_answer(c, asked, e);
    } else if (e->what == CLIENT_ANSWERED && e->reply->ok) {
        asked->answers[i] = json_from_msgpack(e->reply->data);
        asked->leads = e->reply->epoch ? e->controller : asked->leads;
    } else if (e->what == CLIENT_ANSWERED) {
        asked->code = client_exit(e->reply->code);
        if (asked->everyone)
            fprintf(stderr, "helios: %s: " BYTES_F "\n", c->talk.places.at[i].where,
                    BYTES_A(e->reply->error));
        else
            snprintf(asked->err, 512, BYTES_F, BYTES_A(e->reply->error));
    }
}

static void on_event(void *whom, const struct client_event *e)
{
    struct client *c = whom;
    if (e->what == CLIENT_LED && e->known && !c->quiet)
        fprintf(stderr, "helios: %s leads now, in epoch %llu\n", c->talk.places.at[e->controller].where,
                (unsigned long long)e->epoch);
    if (c->asked && e->request == c->asked->request)
        take_answer(c, c->asked, e);
    else if (c->on_event)
        c->on_event(c->whom, e);
}

static void put(struct client *c, struct asked *asked, bool command, const char *name,
                const json_t *args)
{
    struct buf packed = {0};
    if (args)
        json_to_msgpack(&packed, args);
    struct client_question q = {.command = command,
                                .everyone = asked->everyone,
                                .name = bytes_of(name),
                                .args = args ? buf_bytes(&packed) : (struct bytes){0},
                                .author = bytes_of(asker())};
    asked->request = client_put(&c->talk.core, &q, c->timeout_ms, clock_now());
    buf_done(&packed);
}

int client_ask(struct client *c, bool command, const char *name, const json_t *args, json_t **ret,
               char *err)
{
    json_t *answer = NULL;
    struct asked asked = {.err = err, .answers = &answer};
    put(c, &asked, command, name, args);
    c->asked = &asked;
    while (!asked.over)
        if (client_turn(c, c->timeout_ms, NULL) == -EINTR && !asked.over) {
            no_answer(c, &asked, &(struct client_event){0});
            break;
        }
    c->asked = NULL;
    if (asked.code == 0)
        *ret = answer;
    return asked.code;
}

int client_ask_all(struct client *c, bool command, const char *name, const json_t *args,
                    json_t *answers[CLIENT_CONTROLLERS], size_t *ret_leads)
{
    struct asked asked = {.answers = answers, .leads = c->talk.places.n, .everyone = true};
    memset(answers, 0, CLIENT_CONTROLLERS * sizeof(*answers));
    put(c, &asked, command, name, args);
    c->asked = &asked;
    while (!client_idle(&c->talk.core) && client_turn(c, c->timeout_ms, NULL) != -EINTR)
        ;
    c->asked = NULL;
    *ret_leads = asked.leads;
    return asked.code;
}

static int ask_aloud(struct client *c, bool command, const char *name, const json_t *args,
                     json_t **ret)
{
    char err[512];
    int r = client_ask(c, command, name, args, ret, err);
    if (r)
        fprintf(stderr, "helios: %s\n", err);
    return r;
}

int client_query(struct client *c, const char *what, const json_t *args, json_t **ret)
{
    return ask_aloud(c, false, what, args, ret);
}

int client_command(struct client *c, const char *verb, const json_t *args, json_t **ret)
{
    return ask_aloud(c, true, verb, args, ret);
}

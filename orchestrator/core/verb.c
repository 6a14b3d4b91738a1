/* SPDX-License-Identifier: MPL-2.0 */
/* Finds the row of a query or command, runs it, says its reply. */
#include "verb.h"

#include <stdarg.h>

#include "answer.h"
#include "helios.h"
#include "stance.h"

const struct verb *const verb_rooms[] = {core_verbs,  controller_verbs, task_verbs, agent_verbs,
                                         sense_verbs, decide_verbs,     run_verbs,  schedule_verbs,
                                         review_verbs, production_verbs, NULL};

const struct verb *verb_find(struct bytes name, bool command)
{
    for (const struct verb *const *room = verb_rooms; *room; room++)
        for (const struct verb *v = *room; v->name; v++)
            if (v->command == command && bytes_is(name, v->name))
                return v;
    return NULL;
}

int verb_fail(struct verb_call *call, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(call->error, sizeof(call->error), format, args);
    va_end(args);
    call->code = code;
    return -EINVAL;
}

static bool anywhere(const struct verb *v)
{
    const struct verb *row = controller_verbs;
    while (row->name && row != v)
        row++;
    return row == v;
}

/* Who asks a standby is told where to ask. */
static int not_leader(struct helios *h, struct verb_call *call)
{
    const struct stance *s = h->stance;
    if (s && s->holder[0] && strcmp(s->holder, s->id) != 0)
        return verb_fail(call, "not_leader",
                         "this controller stands by; %s leads realm %s in epoch %llu: name it with --controller, "
                         "`helios controllers` shows all that you name",
                         s->holder, h->config->realm.at, (unsigned long long)s->holder_epoch);
    return verb_fail(call, "not_leader", "this controller does not lead its realm now; ask another one");
}

static int run(struct helios *h, const struct verb *v, struct verb_call *call, bool command)
{
    if (v == NULL)
        return verb_fail(call, "unknown", "there is no such %s; `helios help` lists them",
                         command ? "command" : "query");
    if (anywhere(v))
        return v->run(h, call);
    if (h->epoch == 0 || h->stopping)
        return not_leader(h, call);
    if (command && h->held)
        return verb_fail(call, "busy", "the state cannot be saved now (%s); try again later",
                         h->redis_note ? h->redis_note : "Redis does not answer");
    return v->run(h, call);
}

static void answer(struct helios *h, const struct routing *to, struct bytes ref, const struct verb *v,
                   struct verb_call *call, bool command)
{
    struct buf data = {0};
    pack_init(&call->answer, &data);
    pack_map(&call->answer);
    uint64_t led = h->stopping ? 0 : h->epoch; /* whoever obeys it asks the next leader from now on */
    int failed = run(h, v, call, command);
    while (call->answer.depth)
        pack_end(&call->answer);
    struct msg_reply reply = {
        .ref = ref,
        .ok = failed == 0,
        .code = bytes_of(failed ? call->code : ""),
        .error = bytes_of(failed ? call->error : ""),
        .data = failed ? (struct bytes){0} : buf_bytes(&data),
        .epoch = led,
    };
    /* Freezing must take effect and be answered with Redis down (X10); refusals change nothing; and while commits are held, who
     * asks must learn it. */
    bool now = failed || anywhere(v) || (!command && h->held);
    say(h, ENDPOINT_control, to, MSG_reply, &reply, now ? SAY_NOW : SAY_AFTER_COMMIT);
    buf_done(&data);
}

void on_query(struct helios *h, const struct routing *from, const struct msg_query *m)
{
    struct verb_call call = {.args = m->args};
    answer(h, from, m->ref, verb_find(m->what, false), &call, false);
}

void on_command(struct helios *h, const struct routing *from, const struct msg_command *m)
{
    struct verb_call call = {.args = m->args, .author = h->who ? bytes_of(h->who->name) : m->author};
    answer(h, from, m->ref, verb_find(m->verb, true), &call, true);
}

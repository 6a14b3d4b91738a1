/* SPDX-License-Identifier: MPL-2.0 */
/* Finds the row of a query or command, runs it, says its reply. */
#include "verb.h"

#include <stdarg.h>

#include "answer.h"
#include "helios.h"

const struct verb *const verb_rooms[] = {core_verbs,  task_verbs,   agent_verbs,
                                         sense_verbs, decide_verbs, NULL};

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

static int run(struct helios *h, const struct verb *v, struct verb_call *call, bool command)
{
    if (v == NULL)
        return verb_fail(call, "unknown", "there is no such %s; `helios help` lists them",
                         command ? "command" : "query");
    if (h->epoch == 0)
        return verb_fail(call, "not_leader", "this controller does not lead its realm; ask another one");
    if (command && h->held && !bytes_is(bytes_of(v->name), "freeze") &&
        !bytes_is(bytes_of(v->name), "unfreeze"))
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
    int failed = run(h, v, call, command);
    while (call->answer.depth)
        pack_end(&call->answer);
    struct msg_reply reply = {
        .ref = ref,
        .ok = failed == 0,
        .code = bytes_of(failed ? call->code : ""),
        .error = bytes_of(failed ? call->error : ""),
        .data = failed ? (struct bytes){0} : buf_bytes(&data),
    };
    /* Freezing must take effect and be answered with Redis down (X10); refusals change nothing; and while commits are held, who
     * asks must learn it. */
    bool now = failed || (v && strstr(v->name, "freeze")) || (!command && h->held);
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
    struct verb_call call = {.args = m->args, .author = m->author};
    answer(h, from, m->ref, verb_find(m->verb, true), &call, true);
}

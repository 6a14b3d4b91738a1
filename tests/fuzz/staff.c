/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the peers that behave. Refuses to know what the core makes of it. */
#include "staff.h"

#define FIRST 16 /* their peers; those of raw bytes are below */

static const struct {
    const char *id, *swarm;
    enum role role;
} staff[] = {{"p-front", "front", role_analyst},   {"h-front", "front", role_implementer},
             {"v-front", "front", role_verifier},  {"p-back", "back", role_analyst},
             {"h-back", "back", role_implementer}, {"v-back", "back", role_verifier}};

void staff_join(struct core *c, struct bytes none)
{
    static const struct msg_action actions[] = {{.name = BYTES("analyze")},
                                                {.name = BYTES("apply")},
                                                {.name = BYTES("rollback")},
                                                {.name = BYTES("inspect")},
                                                {.name = BYTES("echo")}};
    (void)none;
    for (size_t i = 0; i < ARRAY_SIZE(staff); i++) {
        struct msg_hello hello = {.agent = bytes_of(staff[i].id),
                                  .instance = BYTES("1"),
                                  .swarm = bytes_of(staff[i].swarm),
                                  .role = staff[i].role,
                                  .slots = 4,
                                  .actions = {(void *)(uintptr_t)actions, ARRAY_SIZE(actions)}};
        core_send(c, FIRST + (int)i, MSG_hello, &hello);
        core_beat(c, FIRST + (int)i);
    }
    core_turn(c);
}

void staff_figures(struct core *c, struct bytes readings)
{
    static const char *const kpis[] = {"page", "queue", "errors"};
    struct msg_sample samples[256];
    size_t n = MIN(readings.n, ARRAY_SIZE(samples));
    for (size_t i = 0; i < n; i++) {
        c->now += i % ARRAY_SIZE(kpis) ? 0 : 200;
        samples[i] = (struct msg_sample){bytes_of(kpis[i % ARRAY_SIZE(kpis)]),
                                         (unsigned char)readings.at[i] * 4.0, c->now};
    }
    /* The time makes an instance of each message: its numbers begin at 1. */
    char instance[24];
    snprintf(instance, sizeof(instance), "%lld", (long long)c->now);
    struct msg_samples message = {BYTES("staff"), bytes_of(instance), 1, {samples, n}};
    core_send(c, FIRST, MSG_samples, &message);
    for (size_t i = 0; i < ARRAY_SIZE(staff); i++)
        core_beat(c, FIRST + (int)i);
    core_turn(c);
}

/* What any of the staff may be asked for, in one map. */
static void put_data(struct buf *out, const struct msg_task *t, bool good)
{
    struct pack p;
    struct value list = map_get(t->params, "candidates"), item;
    struct walk walk = walk_of(list.whole);
    pack_init(&p, out);
    pack_map(&p);
    pack_put_bool(&p, "pass", good);
    pack_put_raw(&p, "undo", BYTES("\x81\xa3was\xa3off"));
    pack_key(&p, "recommendations");
    pack_list(&p);
    while (walk_item(&walk, &item)) {
        pack_map(&p);
        pack_put_str(&p, "optimization", map_str(item.whole, "optimization", ""));
        pack_put_bool(&p, "recommend", good);
        pack_put_num(&p, "confidence", 0.9);
        pack_end(&p);
    }
    pack_end(&p);
    pack_end(&p);
}

static void end_task(struct core *c, int peer, const struct msg_task *t, unsigned how)
{
    _cleanup_(buf_done) struct buf data = {0};
    put_data(&data, t, how & 4 ? false : true);
    struct msg_result r = {.task = t->id,
                           .attempt = t->attempt,
                           .outcome = how % 4 == 1 ? outcome_FAILED : outcome_COMPLETED,
                           .exit_code = how % 4 == 1,
                           .data = buf_bytes(&data),
                           .elapsed_ms = 5};
    if (how % 4 != 2)
        core_send(c, peer, MSG_results, &(struct msg_results){.items = {&r, 1}});
}

void staff_answer(struct core *c, struct bytes outcomes)
{
    size_t n = 0;
    for (int peer = FIRST; peer < FIRST + (int)ARRAY_SIZE(staff); peer++)
        for (struct msg_tasks *m; (m = core_heard(c, peer, MSG_tasks));)
            SEQ_EACH (t, struct msg_task, m->items)
                end_task(c, peer, t, n < outcomes.n ? (unsigned char)outcomes.at[n++] : 0);
    core_turn(c);
}

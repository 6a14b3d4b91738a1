/* SPDX-License-Identifier: MPL-2.0 */
/* Fuzzes a leading controller: the messages of eight peers on every endpoint, with time, and what peers that behave do, in
 * between. */
#include "fuzz.h"
#include "staff.h"

static void freeze(struct core *c, struct bytes none)
{
    (void)none;
    helios_freeze(c->h, !c->h->frozen, BYTES("fuzz"), BYTES(""));
}

static void hold(struct core *c, struct bytes none)
{
    (void)none;
    c->held = !c->held;
    helios_hold(c->h, c->held, "the target said so");
}

static void restart(struct core *c, struct bytes none)
{
    if (c->held)
        hold(c, none);
    core_turn(c);
    world_check(c);
    core_restart(c);
}

static void stop(struct core *c, struct bytes none)
{
    (void)none;
    helios_stop(c->h);
}

static void stand_by(struct core *c, struct bytes none)
{
    (void)none;
    core_turn(c);
    c->h->epoch = 0;
}

/* What happens between messages: so much time, or this. */
static const struct {
    int64_t pass_ms;
    void (*act)(struct core *c, struct bytes bytes);
} others[] = {{0, NULL},       {1, NULL},          {50, NULL},        {500, NULL},
              {1000, NULL},    {3000, NULL},       {10000, NULL},     {60000, NULL},
              {3600000, NULL}, {0, freeze},        {0, hold},         {0, restart},
              {0, stop},       {1, NULL},          {0, stand_by},     {200, NULL},
              {0, staff_join}, {0, staff_figures}, {0, staff_answer}, {0, staff_answer}};

static void other(struct core *c, unsigned which, struct bytes bytes)
{
    which %= ARRAY_SIZE(others);
    if (others[which].act && c->h->epoch)
        others[which].act(c, bytes);
    c->now += others[which].pass_ms;
    core_turn(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct core *c = world_begin();
    struct bytes left = {(const char *)data, n};
    helios_lead(c->h, ++c->epoch, c->now);
    for (struct piece p; fuzz_piece(&left, &p);) {
        if (p.what % 4 == 3) {
            other(c, p.what / 4, p.bytes);
            continue;
        }
        _cleanup_(fuzz_release) struct bytes body = fuzz_tight(p.bytes);
        struct routing from = core_route((int)(p.what / 4 % 8));
        helios_message(c->h, p.what % 4, &from, body, c->now);
    }
    if (c->held && c->h->epoch)
        hold(c, left);
    core_turn(c);
    world_check(c);
    world_end(c);
    return 0;
}

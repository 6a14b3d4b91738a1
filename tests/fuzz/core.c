/* SPDX-License-Identifier: MPL-2.0 */
/* Fuzzes a leading controller: the messages of eight peers on every endpoint, with time in between. */
#include "fuzz.h"
#include "world.h"

static void freeze(struct core *c)
{
    helios_freeze(c->h, !c->h->frozen, BYTES("fuzz"), BYTES("")); 
}

static void hold(struct core *c)
{
    c->held = !c->held;
    helios_hold(c->h, c->held, "the target said so");
}

static void restart(struct core *c)
{
    if (c->held)
        hold(c);
    core_turn(c);
    world_check(c);
    core_restart(c);
}

static void stop(struct core *c)
{
    helios_stop(c->h);
}

static void stand_by(struct core *c)
{
    core_turn(c);
    c->h->epoch = 0;
}

/* What happens between messages: so much time, or this. */
static const struct {
    int64_t pass_ms;
    void (*act)(struct core *c);
} others[] = {{0, NULL},    {1, NULL},     {50, NULL},     {500, NULL},  {1000, NULL}, {3000, NULL}, {10000, NULL},
              {60000, NULL}, {3600000, NULL}, {0, freeze}, {0, hold}, {0, restart}, {0, stop}, {1, NULL}, {0, stand_by}, {200, NULL}};

static void other(struct core *c, unsigned which)
{
    which %= ARRAY_SIZE(others);
    if (others[which].act && c->h->epoch)
        others[which].act(c);
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
            other(c, p.what / 4);
            continue;
        }
        _cleanup_(fuzz_release) struct bytes body = fuzz_tight(p.bytes);
        struct routing from = core_route((int)(p.what / 4 % 8));
        helios_message(c->h, p.what % 4, &from, body, c->now);
    }
    if (c->held && c->h->epoch)
        hold(c);
    core_turn(c);
    world_check(c);
    world_end(c);
    return 0;
}

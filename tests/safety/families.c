/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the table of families, and what each of them does. */
#include "families.h"

/* ---- what is bad to begin with ---- */

static void bottleneck(struct world *w) /* two KPIs are bad, health is not */
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned k = world_draw(w, 0, KPIS - 1);
        w->level[k] = world_draw(w, 130, 190);
        w->factor[k] = world_draw(w, 0, 3) ? 0.5 : 1.2;
    }
    w->draw[0] = world_draw(w, 8, 26);
    w->draw[1] = world_draw(w, 2, 16);
    w->draw[2] = world_draw(w, 1, (1 << KPIS) - 1);
    w->draw[3] = world_draw(w, 1, GARBAGE_COUNT - 1);
}

static void collapse(struct world *w)
{
    bottleneck(w);
    for (int k = 0; k < KPIS; k++)
        w->level[k] = world_draw(w, 150, 260);
}

static void either(struct world *w)
{
    if (world_draw(w, 0, 1))
        collapse(w);
    else
        bottleneck(w);
}

static void healthy(struct world *w)
{
    bottleneck(w);
    for (int k = 0; k < KPIS; k++)
        w->level[k] = 80;
}

static void hopeless(struct world *w) /* no change moves anything */
{
    either(w);
    for (int p = 0; p < PLANS; p++)
        w->factor[p] = 1;
}

static void crowded(struct world *w)
{
    either(w);
    w->agents = AGENTS_MOST;
    w->draw[4] = world_draw(w, 1, 6); /* how many are lost: 3 of 20 are 15 % */
}

static void nothing(struct world *w)
{
    (void)w;
}

/* ---- what happens ---- */

static bool between(const struct world *w) /* in the stretch that was drawn */
{
    return w->step >= w->draw[0] && w->step < w->draw[0] + w->draw[1];
}

static void vanish(struct world *w)
{
    for (int k = 0; k < KPIS; k++)
        w->quiet[k] = between(w) && (w->draw[2] >> k & 1);
}

static void stick(struct world *w) /* a dead source says the same again and again, with the time of then */
{
    if (w->step == w->draw[0]) {
        w->stuck_at = w->now;
        for (int k = 0; k < KPIS; k++)
            w->stuck[k] = w->level[k];
    }
}

static void spoil(struct world *w)
{
    for (int k = 0; k < KPIS; k++)
        w->garbage[k] = (w->draw[2] >> k & 1) ? (enum garbage)w->draw[3] : SOUND;
    if (w->draw[1] % 2) /* now and then a good one between */
        for (int k = 0; k < KPIS; k++)
            w->garbage[k] = w->step % 3 ? w->garbage[k] : SOUND;
}

static void swing(struct world *w) /* health lies on the threshold, and swings over it by a hair */
{
    static const double middles[] = {150, 140}; /* scores of 50 and 60 */
    double by = (w->step / (1 + w->draw[1] % 9)) % 2 ? 1.5 : -1.5;
    w->noise = 0;
    for (int k = 0; k < KPIS; k++)
        w->level[k] = middles[w->draw[0] % 2] + by;
}

static void half_bad(struct world *w)
{
    for (int k = 0; k < KPIS; k++)
        w->level[k] = w->step >= w->draw[0] && k % 2 ? 220 : 90;
}

static void lose_agents(struct world *w)
{
    bool all = w->draw[1] % 4 == 0; /* those that Helios needs, too */
    for (unsigned i = 0; i < w->draw[4]; i++)
        w->gone[all ? i : AGENTS_MOST - 1 - i] = w->step >= w->draw[0] && w->step < w->draw[0] + 14;
}

static void shuffle(struct world *w)
{
    unsigned what = world_draw(w, 0, 5);
    w->again = what == 0;
    w->lost = what == 1;
    w->late = what == 2;
}

static void reset_source(struct world *w)
{
    if (world_draw(w, 0, 5) == 0) {
        w->instance++;
        buf_clear(&w->waiting); /* what its former self said late would be taken for a newer one's */
        w->seq = world_draw(w, 0, 1) ? 0 : world_draw(w, 0, 1000000);
    }
}

static void stand_still(struct world *w)
{
    if (w->step == w->draw[0] || w->step == w->draw[0] + w->draw[1])
        world_pause(w, 1000 * (int64_t)world_draw(w, 5, 60));
}

static void jump(struct world *w)
{
    static const int64_t jumps[] = {-HOUR_MS, -1500, 1500, HOUR_MS};
    w->skew = between(w) ? jumps[w->draw[2] % 4] : 0;
}

static void take_over(struct world *w)
{
    if (w->step == w->draw[0] || (w->draw[1] % 2 && w->step == w->draw[0] + w->draw[1]))
        world_take_over(w);
}

static void freeze(struct world *w)
{
    if (w->step == w->draw[0])
        world_freeze(w, true);
    if (w->draw[1] % 3 == 0 && w->step == w->draw[0] + 4)
        world_take_over(w);
    if (w->draw[1] % 2 && w->step == w->draw[0] + 10)
        world_freeze(w, false);
}

static void switch_mode(struct world *w)
{
    if (w->step % (2 + w->draw[1]) == w->draw[0] % (2 + w->draw[1]))
        world_mode(w, (enum mode)world_draw(w, 0, mode_COUNT - 1));
}

static void only_watch(struct world *w)
{
    if (w->step == 1)
        world_mode(w, w->draw[0] % 2 ? mode_observe : mode_advise);
}

static void skip_hours(struct world *w)
{
    if (w->step % 60 == 59)
        world_pause(w, 60000 * (int64_t)world_draw(w, 5, 40));
    if (w->step % 31 == 30 && w->draw[1] % 2)
        world_take_over(w);
}

static void order_nothing(struct world *w)
{
    static const char *const verbs[] = {"cancel", "retry", "purge", "pause", "drain", "resume"};
    if (w->step > w->draw[0] / 2 && w->step % 5 == 0)
        world_order_nothing(w, verbs[world_draw(w, 0, 5)]);
}

static void storm(struct world *w)
{
    static void (*const winds[])(struct world *) = {vanish, spoil, shuffle, reset_source, stand_still, jump, take_over, freeze, switch_mode, lose_agents};
    unsigned first = (w->draw[2] + w->draw[1]) % ARRAY_SIZE(winds), second = w->draw[2] % ARRAY_SIZE(winds);
    w->agents = AGENTS_MOST;
    winds[first](w);
    if (second != first)
        winds[second](w);
}

/* clang-format off */
const struct family families[] = {
    {"benign",      "one or two KPIs are bad, all else is well",                      bottleneck, nothing,         36, 900},
    {"emergency",   "health collapses",                                               collapse,   nothing,         36, 2000},
    {"vanishing",   "some KPIs give no samples for a while",                          either,     vanish,        36, 200},
    {"stuck",       "a dead source repeats its last values with their old times",     either,     stick,         36, 200},
    {"absurd",      "NaN, infinite, negative, 1e308, out of bounds, an hour ahead",   either,     spoil,         36, 100},
    {"absurd_good", "the same where all is well",                                     healthy,    spoil,         36, 0},
    {"threshold",   "health swings over the threshold by a hair",                     healthy,    swing,         36, 0},
    {"half_bad",    "half of the KPIs turn bad at once",                              healthy,    half_bad,      36, 500},
    {"agents",      "1 to 6 of 20 agents are lost at once",                           crowded,    lose_agents,   36, 500},
    {"disorder",    "samples late, twice, never",                                     either,     shuffle,       36, 500},
    {"resets",      "the source's numbers begin again",                               either,     reset_source,  44, 500},
    {"pauses",      "the controller stands still for 5 to 60 s",                      either,     stand_still,   36, 200},
    {"jumps",       "the source's clock jumps by 1.5 s or an hour, both ways",        either,     jump,          36, 200},
    {"take_over",   "another controller takes over in the middle",                    either,     take_over,     36, 500},
    {"freeze",      "a person stops automation, sometimes lets it go on",             either,     freeze,        36, 200},
    {"modes",       "observe, advise and act in turn",                                either,     switch_mode,   36, 200},
    {"watching",    "observe or advise from the beginning",                           either,     only_watch,    36, 400},
    {"vain",        "changes that move nothing, again and again",                     hopeless,   nothing,         70, 900},
    {"budgets",     "emergency acts in vain over some hours",                         hopeless,   skip_hours,    120, 2000},
    {"selectors",   "orders that name nobody",                                        either,     order_nothing, 30, 300},
    {"storm",       "two of these at once, with 20 agents",                           crowded,    storm,         36, 100},
};
/* clang-format on */
const unsigned n_families = ARRAY_SIZE(families);

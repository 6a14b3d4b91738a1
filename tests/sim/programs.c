/* SPDX-License-Identifier: MPL-2.0 */
/* Owns what the programs of realm/agents.yaml do: how long they take, how they end, what they print and what they change in the toy
 * world. Refuses to know who runs them. */
#include "exec.h"
#include "facts.h"
#include "toy.h"

/* What a fan-out has parts for, and what a condition reads. */
static void say_list(struct buf *out)
{
    static const char *const lists[] = {"", "\"a\"", "\"a\",\"b\"", "\"a\",\"b\",\"c\"", "\"a\",\"b\",\"c\",\"d\",\"e\""};
    buf_printf(out, "{\"items\":[%s],\"good\":%u}", lists[draw(ARRAY_SIZE(lists))], (unsigned)draw(101));
}

/* Mostly for it; sometimes nonsense, which is no vote. */
static void say_vote(struct buf *out)
{
    static const char *const votes[] = {"yes", "yes", "yes", "no", "abstain", "perhaps"};
    buf_printf(out, "{\"vote\":\"%s\",\"score\":%u}", votes[draw(ARRAY_SIZE(votes))], (unsigned)draw(101));
}

static const struct script {
    const char *action, *prints; /* NULL: its task and attempt */
    int64_t least, most;         /* µs */
    double fails, dies, stubborn; /* shares */
    bool once;                   /* its tasks may run at most once */
    bool on, off;                /* a change of the toy world */
    bool silent;                 /* part of another action: not a start of its own */
    void (*says)(struct buf *out); /* prints what it draws */
} scripts[] = {
    {"work", NULL, 20 * MS, 900 * MS, 0.02, 0, 0, .once = false},
    {"once", NULL, 50 * MS, 2 * SECOND, 0.1, 0.02, 0, .once = true},
    {"flaky", NULL, 20 * MS, 600 * MS, 0.5, 0.05, 0.1, .once = false},
    {"slow", NULL, 2 * SECOND, 11 * SECOND, 0.05, 0, 0.3, .once = false},
    {"tune_on", "{\"undo\": {\"was\": 1}}", 100 * MS, 2 * SECOND, 0.1, 0.02, 0, .once = true, .on = true},
    {"grow_on", "{\"undo\": {\"was\": 2}}", 100 * MS, 2 * SECOND, 0.1, 0.02, 0, .once = true, .on = true},
    {"shed_on", "{\"undo\": {\"was\": 3}}", 100 * MS, 1 * SECOND, 0.1, 0.02, 0, .once = true, .on = true},
    {"restart_on", "{\"undo\": {\"was\": 4}}", 100 * MS, 1 * SECOND, 0.1, 0.02, 0, .once = true, .on = true},
    {"tune_off", "{}", 100 * MS, 1 * SECOND, 0.1, 0, 0, .off = true},
    {"grow_off", "{}", 100 * MS, 1 * SECOND, 0.1, 0, 0, .off = true},
    {"shed_off", "{}", 100 * MS, 1 * SECOND, 0.1, 0, 0, .off = true},
    {"restart_off", "{}", 100 * MS, 1 * SECOND, 0.1, 0, 0, .off = true},
    {"tune_check", "{\"pass\": true}", 50 * MS, 500 * MS, 0.1, 0, 0, .once = false},
    {"grow_look", "{\"recommend\": true, \"confidence\": 0.8, \"reason\": \"small\"}", 50 * MS, 900 * MS, 0.1, 0, 0,
     .silent = true},
    {"list", NULL, 50 * MS, 500 * MS, 0.1, 0, 0, .says = say_list},
    {"judge", NULL, 50 * MS, 4 * SECOND, 0.1, 0.02, 0.1, .says = say_vote},
};

static const struct script *script_of(const struct told *t)
{
    for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
        if (strcmp(scripts[i].action, t->action) == 0)
            return &scripts[i];
    return &scripts[0];
}

/* optimization_of finds o-3 in `optimization/o-3:apply`. */
static const char *optimization_of(const char *key)
{
    static char id[32];
    const char *slash = strrchr(key, '/');
    snprintf(id, sizeof(id), "%s", slash ? slash + 1 : key);
    id[strcspn(id, ":")] = '\0';
    return id;
}

static void change(const struct told *t, bool on)
{
    char name[32];
    snprintf(name, sizeof(name), "%s", t->action);
    name[strcspn(name, "_")] = '\0';
    toy_change(name, on);
}

void program_starts(const struct told *t, struct play *ret)
{
    const struct script *s = script_of(t);
    *ret = (struct play){.time = draw_between(s->least, s->most), .stubborn = chance(s->stubborn)};
    ret->exit_code = chance(s->fails);
    ret->signal = chance(s->dies) ? 11 : 0;
    if (s->says) {
        _cleanup_(buf_done) struct buf said = {0};
        s->says(&said);
        snprintf(ret->text, sizeof(ret->text), "%s", buf_str(&said));
    } else if (s->prints)
        snprintf(ret->text, sizeof(ret->text), "%s", s->prints);
    else
        snprintf(ret->text, sizeof(ret->text), "%s/%llu", t->task, (unsigned long long)t->attempt);
    if (!s->silent)
        fact(.kind = FACT_started, .who = t->agent, .id = t->task, .text = t->action, .n = t->attempt, .m = s->once);
    if (!s->on)
        return;
    fact(.kind = FACT_applied, .who = t->agent, .id = optimization_of(t->key));
    change(t, true);
}

/* v-3 and its seat in `helios/v-3/athena-frontend`; who is asked in its place stands behind an @. */
static void tell_vote(const struct told *t, const struct play *play)
{
    char review[32] = "", seat[64] = "", vote[16] = "";
    unsigned score = 0;
    const char *slash = strchr(t->key, '/');
    if (sscanf(slash ? slash + 1 : "", "%31[^/]/%63[^@]", review, seat) == 2 &&
        sscanf(play->text, "{\"vote\":\"%15[a-z]\",\"score\":%u}", vote, &score) == 2)
        fact(.kind = FACT_said, .who = t->agent, .key = seat, .id = review, .text = vote, .m = score);
}

void program_ends(const struct told *t, const struct play *play, bool stopped)
{
    const struct script *s = script_of(t);
    bool well = !stopped && play->exit_code == 0 && play->signal == 0;
    if (!s->silent)
        fact(.kind = FACT_ended, .who = t->agent, .id = t->task,
             .text = stopped ? "stopped" : well ? "COMPLETED" : "FAILED", .n = t->attempt);
    if (well && s->says == say_vote)
        tell_vote(t, play);
    if (!s->off || !well)
        return;
    fact(.kind = FACT_undone, .who = t->agent, .id = optimization_of(t->undo_of));
    change(t, false);
}

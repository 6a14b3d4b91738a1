/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the drawing of tasks: all kinds, mixed. Refuses to send them. */
#include "load.h"

static const struct sort {
    const char *action;
    unsigned share;
} kinds[] = {{"work", 5}, {"flaky", 2}, {"once", 2}, {"slow", 1}};

static const char *draw_action(void)
{
    uint64_t at = draw(10);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (at < kinds[i].share)
            return kinds[i].action;
        at -= kinds[i].share;
    }
    return "work";
}

static void draw_name(char *ret, size_t room, double share, const char *prefix)
{
    if (chance(share))
        snprintf(ret, room, "%s%llu", prefix, (unsigned long long)draw(2));
}

static void draw_job(struct load *l, struct job *j, int64_t until)
{
    *j = (struct job){.at = draw_between(0, until), .action = draw_action()};
    snprintf(j->key, sizeof(j->key), "k%zu", l->n);
    draw_name(j->group, sizeof(j->group), 0.2, "g");
    draw_name(j->lock, sizeof(j->lock), 0.2, "l");
    j->max_concurrent = j->group[0] ? 1 + draw(2) : 0;
    j->priority = draw(5);
    j->max_attempts = 1 + draw(4);
    j->attempt_ms = chance(0.2) ? 500 + draw(3000) : 0;
    j->after = l->n && chance(0.15) ? 1 + (unsigned)draw(l->n) : 0;
    j->review = chance(0.1);
    j->run = l->n % 20 == 2;
    j->cancel_at = chance(0.1) ? j->at + draw_between(10 * MS, 8 * SECOND) : 0;
}

/* The same key once more, mostly with the same body (T3). */
static void draw_again(struct load *l, struct job *j, int64_t until)
{
    *j = l->jobs[draw(l->n)];
    j->at = draw_between(j->at, until);
    j->cancel_at = 0;
    j->review = j->run = false;
    if (chance(0.3))
        snprintf(j->note, sizeof(j->note), "other");
}

static void draw_errand(struct errand *e, unsigned number, int64_t until)
{
    *e = (struct errand){.at = draw_between(0, until), .pipeline = chance(0.7) ? "diamond" : "gated"};
    snprintf(e->key, sizeof(e->key), "e%u-%u", number, (unsigned)draw(1000000));
    e->again_at = e->at + draw_between(0, 20 * SECOND);
    e->change = chance(0.5) ? "run_retry" : "run_cancel";
    e->change_at = chance(0.5) ? e->at + draw_between(10 * MS, 30 * SECOND) : 0;
}

void load_draw(struct load *l, size_t n, int64_t until)
{
    l->n = 0;
    for (unsigned i = 0; i < ERRANDS; i++)
        draw_errand(&l->errands[i], i, until);
    for (n = MIN(n, (size_t)LOAD_MOST); l->n < n; l->n++)
        (l->n > 3 && chance(0.15) ? draw_again : draw_job)(l, &l->jobs[l->n], until);
}

struct msg_request load_request(const struct load *l, const struct job *j, struct bytes names[2])
{
    struct msg_request r = {.key = bytes_of(j->key),
                            .action = bytes_of(j->action),
                            .priority = j->priority,
                            .group = bytes_of(j->group),
                            .max_concurrent = j->max_concurrent,
                            .max_attempts = j->max_attempts,
                            .attempt_ms = j->attempt_ms,
                            .note = bytes_of(j->note),
                            .at_most_once = strcmp(j->action, "once") == 0};
    names[0] = bytes_of(j->after ? l->jobs[j->after - 1].id : "");
    names[1] = bytes_of(j->lock);
    r.after = (struct seq){&names[0], j->after != 0};
    r.locks = (struct seq){&names[1], j->lock[0] != '\0'};
    return r;
}

/* All that the drawing of a job decides about its body is its first drawing and the note. */
uint64_t load_digest(const struct job *j)
{
    return 1 + (j->note[0] != '\0');
}

bool load_may(const struct load *l, const struct job *j)
{
    return world.now >= j->at && (j->after == 0 || l->jobs[j->after - 1].id[0]);
}

/* What comes after a job that was refused is never asked for. */
static bool never(const struct load *l, const struct job *j)
{
    const struct job *before = j->after ? &l->jobs[j->after - 1] : NULL;
    return before && before->id[0] == '\0' && (before->over || never(l, before));
}

bool load_over(const struct load *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (!l->jobs[i].over && !never(l, &l->jobs[i]))
            return false;
    return true;
}

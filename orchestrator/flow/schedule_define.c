/* SPDX-License-Identifier: MPL-2.0 */
/* What a schedule is: its definition, from the config or from its own record, and whom it waits for (S8). Refuses to know what time it
 * is, but for one thing: a schedule with another line of cron begins anew, now. */
#include "schedule.h"

#include "common/mutant.h"
#include "settings/packed.h"
#include "settings/zones.h"

/* The cursor belongs to a line of cron: with another one, times that are over were never meant. */
static void set_clock(struct helios *h, struct schedule *s)
{
    struct buf clock = {0};
    buf_printf(&clock, "%s %s%s", s->spec->cron.at, s->spec->zone.at, s->spec->enabled ? "" : " off");
    if (!bytes_eq(s->r.clock, buf_bytes(&clock)) || MUTANT(cursor)) {
        own_set(&s->r.clock, buf_bytes(&clock));
        s->r.cursor = MAX(s->r.cursor, schedule_wall(h));
        s->catching_up = false;
        save_mark(h, &s->save);
    }
    buf_done(&clock);
}

static void use(struct helios *h, struct schedule *s, const struct set_schedule *spec)
{
    struct schedule_mistake wrong;
    struct cron_mistake mistake;
    s->spec = spec;
    s->broken[0] = 0;
    if (schedule_check(spec, &wrong) < 0)
        snprintf(s->broken, sizeof(s->broken), "%.150s", wrong.text);
    if (s->broken[0] || cron_parse(spec->cron, cron_seed(spec->name), &s->cron, &mistake) < 0)
        s->cron = (struct cron){.kind = CRON_IMMEDIATE};
    (void)zones_find(spec->zone, &s->zone);
    set_clock(h, s);
}

void schedule_forget_spec(struct schedule *s)
{
    if (s->own)
        keep_done(&s->own->keep);
    free(s->own);
    s->own = NULL;
    s->spec = NULL;
}

void schedule_bind(struct helios *h, struct schedule *s, const struct set_schedule *spec)
{
    schedule_forget_spec(s);
    if (s->r.spec.n) {
        own_set(&s->r.spec, (struct bytes){0});
        save_mark(h, &s->save);
    }
    use(h, s, spec);
}

void schedule_take(struct helios *h, struct schedule *s)
{
    schedule_forget_spec(s);
    s->own = NEW(struct own_spec);
    int r = section_unpack(&s->own->keep, &section_of_schedule, s->r.spec, &s->own->spec);
    s->own->spec.name = s->r.id;
    if (s->own->spec.cron.at == NULL)
        s->own->spec.cron = BYTES("");
    use(h, s, &s->own->spec);
    if (r < 0)
        snprintf(s->broken, sizeof(s->broken), "its definition cannot be read");
}

/* ---- after ---- */

void schedule_unlink(struct schedule *s)
{
    for (size_t i = 0; i < s->n_edges; i++)
        list_out(&s->edges[i].link);
    free(s->edges);
    s->edges = NULL;
    s->n_edges = 0;
}

void schedule_link(struct helios *h, struct schedule *s)
{
    schedule_unlink(s);
    s->n_edges = s->spec->after.n;
    if (s->n_edges == 0)
        return;
    s->edges = xalloc(s->n_edges * sizeof(*s->edges));
    const struct bytes *names = s->spec->after.at;
    for (size_t i = 0; i < s->n_edges; i++) {
        struct edge *e = &s->edges[i];
        *e = (struct edge){.child = s, .parent = schedule_find(h, names[i])};
        list_init(&e->link);
        if (e->parent)
            list_push(&e->parent->children, &e->link);
    }
}

/* Nobody is visited twice in one walk, and nothing goes deeper than a chain may be long. */
static int follow(struct schedules *all, struct schedule *s, int depth)
{
    if (s->seen == all->walks && !s->open)
        return s->chain;
    if (s->seen == all->walks || depth > SCHEDULE_CHAIN_MOST)
        return -ELOOP;
    s->seen = all->walks;
    s->open = true;
    s->chain = 0;
    for (size_t i = 0; i < s->n_edges; i++) {
        int behind = s->edges[i].parent ? follow(all, s->edges[i].parent, depth + 1) : 0;
        s->chain = behind < 0 ? behind : MAX(s->chain, behind + 1);
        if (s->chain < 0 || s->chain > SCHEDULE_CHAIN_MOST) {
            s->chain = -ELOOP;
            break;
        }
    }
    s->open = false;
    return s->chain;
}

int schedule_chain(struct helios *h, struct schedule *s)
{
    schedules_of(h)->walks++;
    return follow(schedules_of(h), s, 0);
}

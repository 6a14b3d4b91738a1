/* SPDX-License-Identifier: MPL-2.0 */
/* Schedules that could never run, or that wait for what is not there or for each other (S2, S3, S8). */
#include <stdarg.h>

#include "common/text.h"
#include "settings/check_config.h"
#include "settings/schedules.h"
#include "settings/zones.h"

/* ---- one alone ---- */

static int wrong(struct schedule_mistake *ret, const void *member, size_t at, const char *format, ...) FORMAT_LIKE(4, 5);
static int wrong(struct schedule_mistake *ret, const void *member, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ret->text, sizeof(ret->text), format, args);
    va_end(args);
    ret->member = member;
    ret->at = at;
    return -EINVAL;
}

static int check_cron(const struct set_schedule *s, struct schedule_mistake *ret)
{
    struct cron cron;
    struct cron_mistake mistake;
    if (cron_parse(s->cron, cron_seed(s->name), &cron, &mistake) < 0)
        return wrong(ret, &s->cron, mistake.at, "cannot be read at character %zu: %s (S2)", mistake.at + 1, mistake.text);
    if (cron.kind == CRON_IMMEDIATE && s->after.n == 0)
        return wrong(ret, &s->cron, 0, "is immediate, but there is no `after`: it would never run (S8)");
    return 0;
}

static int check_zone(const struct set_schedule *s, struct schedule_mistake *ret)
{
    const struct zone *zone;
    if (zones_find(s->zone, &zone) < 0)
        return wrong(ret, &s->zone, 0, "is no time zone of this system (S3); write one as Europe/Berlin or UTC");
    return 0;
}

static int check_work(const struct set_schedule *s, struct schedule_mistake *ret)
{
    if ((s->action.n > 0) + (s->pipeline.n > 0) != 1)
        return wrong(ret, s->action.n ? &s->pipeline : &s->action, 0, "must be given, or `%s` instead; not both",
                     s->action.n ? "action" : "pipeline");
    if (s->action.n && !text_is_name(s->action))
        return wrong(ret, &s->action, 0, "is no name of an action");
    if (s->role.n && enum_find(&enum_role, s->role) < 0)
        return wrong(ret, &s->role, 0, "is none of worker, analyst, implementer and verifier");
    if (s->swarm.n && !text_is_name(s->swarm))
        return wrong(ret, &s->swarm, 0, "is no name of a swarm");
    return 0;
}

static int check_after(const struct set_schedule *s, struct schedule_mistake *ret)
{
    if (s->after.n > SCHEDULE_AFTER_MOST)
        return wrong(ret, &s->after, 0, "names %zu schedules, at most %d can be waited for", s->after.n, SCHEDULE_AFTER_MOST);
    SEQ_EACH (name, const struct bytes, s->after)
        if (bytes_eq(*name, s->name))
            return wrong(ret, name, 0, "names itself: it would wait for ever (S8)");
    return 0;
}

int schedule_check(const struct set_schedule *s, struct schedule_mistake *ret)
{
    int (*const checks[])(const struct set_schedule *, struct schedule_mistake *) = {check_cron, check_zone, check_work, check_after};
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
        if (checks[i](s, ret) < 0)
            return -EINVAL;
    return 0;
}

/* ---- those of a file ---- */

static const char *key_of(const struct set_schedule *s, const void *member)
{
    const struct {
        const void *member;
        const char *key;
    } keys[] = {{&s->cron, "cron"},         {&s->zone, "zone"}, {&s->action, "action"},
                {&s->pipeline, "pipeline"}, {&s->role, "role"}, {&s->swarm, "swarm"}};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].member == member)
            return keys[i].key;
    return "after";
}

static void check_one(const struct check *c, const struct set_schedule *s)
{
    struct schedule_mistake wrong;
    if (schedule_check(s, &wrong) == 0)
        return;
    struct place place = place_of_member(c, wrong.member, s);
    if (wrong.at && place.width > wrong.at) {
        place.column += (unsigned)wrong.at + (place.width > s->cron.n); /* behind the quote */
        place.width = 1;
    }
    mistake(c->m, place, "schedules.%s.%s %s", s->name.at, key_of(s, wrong.member), wrong.text);
}

struct row {
    const struct set_schedule *schedule;
    enum { UNSEEN, OPEN, SEEN } state;
    int chain; /* how many are waited for, one behind the other */
};
struct rows {
    const struct check *c;
    struct row *at; /* owned; sorted by name */
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->schedule->name.at, ((const struct row *)b)->schedule->name.at);
}

static struct row *find(const struct rows *rows, struct bytes name)
{
    struct set_schedule wanted = {.name = name};
    struct row key = {.schedule = &wanted};
    return bsearch(&key, rows->at, rows->n, sizeof(key), by_name);
}

/* Depth first; nobody is visited twice, and nothing is deeper than a chain may be. */
static void follow(const struct rows *rows, struct row *row, int depth)
{
    const struct set_schedule *s = row->schedule;
    row->state = OPEN;
    SEQ_EACH (name, const struct bytes, s->after) {
        struct row *parent = find(rows, *name);
        if (parent == NULL || parent == row)
            continue;
        struct place place = place_of_member(rows->c, name, s);
        if (parent->state == OPEN)
            mistake(rows->c->m, place, "schedules.%s.after names %s, which waits for it in turn: neither would ever run (S8)", s->name.at,
                    name->at);
        else if (parent->state == UNSEEN && depth < SCHEDULE_CHAIN_MOST)
            follow(rows, parent, depth + 1);
        row->chain = MAX(row->chain, parent->chain + 1);
        if (row->chain > SCHEDULE_CHAIN_MOST || (parent->state == UNSEEN && depth >= SCHEDULE_CHAIN_MOST))
            mistake(rows->c->m, place, "schedules.%s.after makes a chain of more than %d schedules", s->name.at, SCHEDULE_CHAIN_MOST);
    }
    row->state = SEEN;
}

static void check_names(const struct check *c, const struct set_config *config)
{
    _cleanup_(names_done) struct names all = names_of(&config->schedules, sizeof(struct set_schedule));
    _cleanup_(names_done) struct names pipelines = names_of(&config->pipelines, sizeof(struct set_pipeline));
    SEQ_EACH (s, const struct set_schedule, config->schedules) {
        char path[128];
        snprintf(path, sizeof(path), "schedules.%s.after", s->name.at);
        SEQ_EACH (name, const struct bytes, s->after)
            check_known(c, &all, name, s, path, "schedule");
        snprintf(path, sizeof(path), "schedules.%s.pipeline", s->name.at);
        if (s->pipeline.n)
            check_known(c, &pipelines, &s->pipeline, s, path, "pipeline");
    }
}

void check_schedules(const struct check *c, const struct set_config *config)
{
    size_t n = config->schedules.n;
    _autofree_ struct row *at = xalloc((n + 1) * sizeof(*at));
    struct rows rows = {.c = c, .at = at, .n = n};
    const struct set_schedule *all = config->schedules.at;
    for (size_t i = 0; i < n; i++) {
        check_one(c, &all[i]);
        at[i].schedule = &all[i];
    }
    check_names(c, config);
    qsort(at, n, sizeof(*at), by_name);
    for (size_t i = 0; i < n; i++)
        if (at[i].state == UNSEEN)
            follow(&rows, &at[i], 0);
}

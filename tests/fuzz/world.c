/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the core that the targets drive and what must always hold of what comes out. Refuses to know what went in. */
#include "world.h"

#include "fuzz.h"
#include "proto/guard.h"

static struct core *make(void)
{
    struct core *c = core_new();
    struct settings *settings;
    char *report;
    if (settings_load(section_config, HELIOS_SOURCE "/tests/fuzz/world.yaml", NULL, 0, &settings,
                      &report) < 0) {
        fputs(report, stderr);
        abort();
    }
    settings_free(c->settings);
    c->settings = settings;
    c->config = *(const struct set_config *)settings_root(settings);
    return c;
}

struct core *world_begin(void)
{
    static struct core *only;
    if (only == NULL)
        only = make();
    only->now = CORE_START;
    only->epoch = 0;
    only->held = false;
    only->h = helios_new(&only->config, 7);
    return only;
}

void world_live(struct core *c)
{
    static const int64_t steps[] = {0, 1, 500, 3000, 30000, 0, 3600000};
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        c->now += steps[i];
        core_turn(c);
    }
    world_check(c);
}

static void check_said(const struct core_said *s)
{
    struct arena arena = {0};
    struct bytes body = {s->body, s->n};
    FUZZ_CHECK(guard_check(body) == 0 && s->which >= 0);
    const struct schema *schema = &schema_messages[s->which];
    void *message = xalloc(schema->size);
    FUZZ_CHECK(schema->from == FROM_CONTROLLER && schema->endpoint == s->endpoint);
    FUZZ_CHECK(message_decode(s->which, body, message, &arena, NULL) == 0);
    free(message);
    arena_done(&arena);
}

static void check_saved(const struct core_record *r)
{
    struct arena arena = {0};
    struct bytes value = {r->value, r->n};
    void *record = xalloc(schema_records[r->kind].size);
    FUZZ_CHECK(guard_check(value) == 0);
    FUZZ_CHECK(struct_decode(&schema_records[r->kind], value, record, &arena, NULL) == 0);
    free(record);
    arena_done(&arena);
}

void world_check(struct core *c)
{
    struct core_record *r, *next;
    list_each (s, &c->said, struct core_said, link)
        check_said(s);
    HASH_ITER (hh, c->redis, r, next)
        check_saved(r);
    core_forget_said(c);
}

void world_end(struct core *c)
{
    struct core_record *r, *next;
    core_die(c);
    core_forget_said(c);
    arena_done(&c->arena);
    HASH_ITER (hh, c->redis, r, next)
        core_drop_record(c, r);
}

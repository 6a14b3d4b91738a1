/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands about schedules. */
#include "common/text.h"
#include "orchestrator/core/verb.h"
#include "run.h"
#include "schedule.h"
#include "settings/packed.h"

#define LISTED_MOST 1000 /* in one answer, which is a message of bounded size */

/* ---- rows ---- */

static const char *state_of(const struct schedule *s)
{
    return s->broken[0]       ? "broken"
           : s->r.paused      ? "paused"
           : !s->spec->enabled ? "by hand"
           : s->n_running     ? "running"
           : s->r.waiting     ? "waiting"
                              : "idle";
}

static int64_t next_of(const struct schedule *s)
{
    int64_t next = s->r.paused ? CRON_NEVER : schedule_next(s, s->r.cursor);
    return next == CRON_NEVER ? 0 : next;
}

/* A time with what is needed to show it as the zone's clock does. */
static void pack_time(struct pack *p, const struct schedule *s, const char *key, int64_t time)
{
    char name[40];
    struct zone_span z = zone_span(s->zone, floor_div(time, 1000));
    pack_put_int(p, key, time);
    snprintf(name, sizeof(name), "%s_offset", key);
    pack_put_int(p, name, z.offset);
    snprintf(name, sizeof(name), "%s_zone", key);
    pack_put_text(p, name, z.name);
}

static void pack_row(struct helios *h, const struct schedule *s, struct pack *p)
{
    (void)h;
    pack_put_str(p, "name", s->r.id);
    pack_put_text(p, "state", state_of(s));
    pack_put_str(p, "cron", s->spec->cron);
    pack_put_str(p, "zone", s->spec->zone);
    pack_put_str(p, "runs", s->spec->action.n ? s->spec->action : s->spec->pipeline);
    pack_put_bool(p, "pipeline", s->spec->pipeline.n > 0);
    pack_put_text(p, "overlap", enum_text(&enum_overlap, (int)s->spec->overlap));
    pack_put_text(p, "misfire", enum_text(&enum_misfire, (int)s->spec->misfire));
    pack_put_text(p, "from", s->own ? "command" : "config");
    pack_time(p, s, "next", next_of(s));
    pack_put_int(p, "cursor", s->r.cursor);
    pack_put_int(p, "ended", s->r.ended);
    pack_put_int(p, "failed", s->r.failed);
    pack_put_int(p, "waiting", s->r.waiting);
    pack_put_int(p, "running", s->n_running);
    pack_put_int(p, "started", (int64_t)s->r.started);
    pack_put_int(p, "skipped", (int64_t)s->r.skipped);
    pack_put_int(p, "took_ms", (int64_t)s->r.took_ms);
    pack_put_int(p, "takes_ms", s->spec->takes_ms);
    pack_put_str(p, "last", s->r.last);
    pack_put_str(p, "author", s->r.author);
}

static void pack_runs(const struct schedule *s, struct pack *p)
{
    pack_key(p, "now");
    pack_list(p);
    list_each (o, &s->running, struct occurrence, link) {
        pack_map(p);
        pack_put_text(p, "id", o->id);
        pack_put_int(p, "time", o->time);
        pack_end(p);
    }
    pack_end(p);
}

static struct schedule *named(struct helios *h, struct verb_call *call)
{
    struct bytes name = map_str(call->args, "name", "");
    struct schedule *s = schedule_find(h, name);
    if (s == NULL)
        verb_fail(call, "not_found", "there is no schedule '%.*s'; `helios schedule list` shows all", (int)MIN(name.n, (size_t)64),
                  name.n ? name.at : "");
    return s;
}

/* ---- queries ---- */

/* first_of finds where a page begins: behind the schedule `after`. */
static struct schedule *first_of(struct helios *h, struct bytes args)
{
    struct schedule *s = schedule_find(h, map_str(args, "after", ""));
    return s ? s->hh.next : schedules_of(h)->by_name;
}

static int query_schedules(struct helios *h, struct verb_call *call)
{
    struct pack *p = &call->answer;
    int64_t limit = MIN(map_int(call->args, "limit", LISTED_MOST), LISTED_MOST);
    struct bytes match = map_str(call->args, "match", "*");
    _autofree_ char *pattern = bytes_dup((struct bytes){match.at, MIN(match.n, (size_t)64)});
    struct schedule *s = first_of(h, call->args);
    pack_key(p, "schedules");
    pack_list(p);
    for (; s && limit > 0; s = s->hh.next) {
        if (!text_match(pattern, s->r.id))
            continue;
        pack_map(p);
        pack_row(h, s, p);
        pack_end(p);
        limit--;
    }
    pack_end(p);
    pack_put_int(p, "total", (int64_t)schedules_of(h)->n);
    pack_put_bool(p, "more", s != NULL);
    pack_put_int(p, "wall", schedule_wall(h));
    return 0;
}

static int query_schedule(struct helios *h, struct verb_call *call)
{
    struct schedule *s = named(h, call);
    if (s == NULL)
        return -EINVAL;
    struct pack *p = &call->answer;
    pack_row(h, s, p);
    pack_put_text(p, "broken", s->broken);
    pack_put_int(p, "wall", schedule_wall(h));
    pack_runs(s, p);
    pack_key(p, "spec");
    section_pack(p, &section_of_schedule, s->spec);
    return 0;
}

/* What comes next of all schedules: a heap of each one's next time, from which the first is taken and put back with the one behind it. */
struct coming {
    struct heap_node node;
    const struct schedule *schedule;
};

static void add_coming(struct heap *heap, struct coming *c, const struct schedule *s, int64_t wall)
{
    int64_t next = s->r.paused ? CRON_NEVER : schedule_next(s, MAX(s->r.cursor, wall));
    c->schedule = s;
    if (next != CRON_NEVER)
        heap_put(heap, &c->node, next);
}

static void pack_coming(struct pack *p, const struct coming *c)
{
    pack_map(p);
    pack_put_str(p, "name", c->schedule->r.id);
    pack_put_str(p, "runs", c->schedule->spec->action.n ? c->schedule->spec->action : c->schedule->spec->pipeline);
    pack_time(p, c->schedule, "time", c->node.key);
    pack_put_int(p, "start", c->node.key + schedule_jitter(c->schedule, c->node.key));
    pack_end(p);
}

static int query_next(struct helios *h, struct verb_call *call)
{
    struct pack *p = &call->answer;
    struct heap heap = {0};
    struct bytes name = map_str(call->args, "name", "");
    struct schedule *one = name.n ? named(h, call) : NULL, *s = one ? one : schedules_of(h)->by_name;
    if (name.n && one == NULL)
        return -EINVAL;
    struct coming *all = xalloc((schedules_of(h)->n + 1) * sizeof(*all)), *at = all;
    for (; s; s = one ? NULL : s->hh.next)
        add_coming(&heap, at++, s, schedule_wall(h));
    pack_key(p, "next");
    pack_list(p);
    struct heap_node *first;
    for (int64_t n = MIN(map_int(call->args, "n", 10), LISTED_MOST); n > 0 && (first = heap_first(&heap)); n--) {
        struct coming *c = container_of(first, struct coming, node);
        int64_t next = schedule_next(c->schedule, first->key);
        pack_coming(p, c);
        heap_out(&heap, first);
        if (next != CRON_NEVER)
            heap_put(&heap, first, next);
    }
    pack_end(p);
    pack_put_int(p, "wall", schedule_wall(h));
    heap_done(&heap);
    free(all);
    return 0;
}

/* ---- commands: pause, resume, run, remove ---- */

static void set_author(struct schedule *s, const struct verb_call *call)
{
    own_set(&s->r.author, (struct bytes){call->author.at, MIN(call->author.n, (size_t)64)});
}

static void tell(struct helios *h, const struct schedule *s, const struct verb_call *call, const char *what)
{
    note(h, EVENT_schedule_changed, s->r.id.at, NULL, NULL, "%s is %s by %.*s", s->r.id.at, what, (int)MIN(call->author.n, (size_t)64),
         call->author.n ? call->author.at : "");
}

static int set_paused(struct helios *h, struct verb_call *call, bool paused)
{
    struct schedule *s = named(h, call);
    if (s == NULL)
        return -EINVAL;
    pack_put_bool(&call->answer, "changed", s->r.paused != paused);
    if (s->r.paused == paused)
        return 0;
    s->r.paused = paused;
    set_author(s, call);
    save_mark(h, &s->save);
    tell(h, s, call, paused ? "paused" : "resumed");
    schedule_put(h, s);
    schedule_look(h, s);
    return 0;
}

static int command_pause(struct helios *h, struct verb_call *call)
{
    return set_paused(h, call, true);
}

static int command_resume(struct helios *h, struct verb_call *call)
{
    return set_paused(h, call, false);
}

static int command_run(struct helios *h, struct verb_call *call)
{
    struct schedule *s = named(h, call);
    char err[256];
    if (s == NULL)
        return -EINVAL;
    if (s->broken[0])
        return verb_fail(call, "not_allowed", "%s cannot run: %s", s->r.id.at, s->broken);
    if (s->n_running && s->spec->overlap == overlap_forbid && !map_bool(call->args, "force", false))
        return verb_fail(call, "busy", "%s runs as %s, and its `overlap` is forbid; --force starts another one", s->r.id.at,
                         list_first(&s->running, struct occurrence, link)->id);
    if (s->n_running >= SCHEDULE_RUNS_MOST)
        return verb_fail(call, "busy", "%d occurrences of %s run already", SCHEDULE_RUNS_MOST, s->r.id.at);
    _autofree_ char *author = bytes_dup(call->author);
    const struct occurrence *o = schedule_by_hand(h, s, author, err);
    if (o == NULL)
        return verb_fail(call, "not_allowed", "%s does not run: %s", s->r.id.at, err);
    pack_put_text(&call->answer, "id", o->id);
    pack_put_int(&call->answer, "time", o->time);
    return 0;
}

static int command_remove(struct helios *h, struct verb_call *call)
{
    struct schedule *s = named(h, call);
    if (s == NULL)
        return -EINVAL;
    if (s->own == NULL)
        return verb_fail(call, "not_allowed", "%s is of the config file: take it out there, or pause it", s->r.id.at);
    if (!list_empty(&s->children))
        return verb_fail(call, "not_allowed", "%s waits for %s: remove that first",
                         list_first(&s->children, struct edge, link)->child->r.id.at, s->r.id.at);
    tell(h, s, call, "taken away");
    schedule_drop(h, s);
    schedules_arm(h);
    return 0;
}

/* ---- schedule_set: what was given, one by one ---- */

/* All of one call are taken, or none. */
struct given {
    struct keep keep;
    struct set_schedule *at; /* owned */
    size_t n;
};

static const struct setting *setting_of(struct bytes key)
{
    for (size_t i = 0; i < section_of_schedule.n; i++)
        if (key.n && bytes_is(key, section_of_schedule.settings[i].key))
            return &section_of_schedule.settings[i];
    return NULL;
}

static int wrong_keys(struct verb_call *call, const struct set_schedule *s, struct bytes map)
{
    struct walk w = walk_of(map);
    struct value key, item;
    while (walk_pair(&w, &key, &item))
        if (!bytes_is(key.text, "name") && setting_of(key.text) == NULL)
            return verb_fail(call, "bad_args", "%s: a schedule has no '%.*s'", s->name.at, (int)MIN(key.text.n, (size_t)40), key.text.at);
    return 0;
}

static const char *key_of(const struct set_schedule *s, const void *member)
{
    for (size_t i = 0; i < section_of_schedule.n; i++)
        if (setting_member(&section_of_schedule.settings[i], s) == member)
            return section_of_schedule.settings[i].key;
    return "after";
}

static int read_one(struct helios *h, struct verb_call *call, struct given *g, struct bytes map)
{
    struct set_schedule *s = &g->at[g->n];
    struct schedule_mistake wrong;
    struct bytes name = map_str(map, "name", "");
    if (!text_is_name(name))
        return verb_fail(call, "bad_args", "schedule %zu needs a name: 1 to 64 letters, digits and _.:-", g->n + 1);
    if (section_unpack(&g->keep, &section_of_schedule, map, s) < 0 || s->cron.at == NULL)
        return verb_fail(call, "bad_args", "%.*s: %s", (int)name.n, name.at,
                         s->cron.at ? "a value is of another kind than docs/settings.md says (times are milliseconds)" : "needs `cron`");
    s->name = keep_bytes(&g->keep, name);
    if (wrong_keys(call, s, map) < 0)
        return -EINVAL;
    if (schedule_check(s, &wrong) < 0)
        return verb_fail(call, "bad_args", "%s: %s %s", s->name.at, key_of(s, wrong.member), wrong.text);
    const struct schedule *known = schedule_find(h, name);
    if (known && known->own == NULL)
        return verb_fail(call, "not_allowed", "%s is of the config file: change it there", s->name.at);
    g->n++;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct set_schedule *)a)->name.at, ((const struct set_schedule *)b)->name.at);
}

static bool is_given(const struct given *g, struct bytes name)
{
    struct set_schedule key = {.name = name};
    return bsearch(&key, g->at, g->n, sizeof(key), by_name) != NULL;
}

static int check_together(struct helios *h, struct verb_call *call, const struct given *g)
{
    size_t more = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct set_schedule *s = &g->at[i];
        if (i && bytes_eq(s->name, g->at[i - 1].name))
            return verb_fail(call, "bad_args", "%s is given twice", s->name.at);
        SEQ_EACH (name, const struct bytes, s->after)
            if (!is_given(g, *name) && schedule_find(h, *name) == NULL)
                return verb_fail(call, "bad_args", "%s: `after` names the unknown schedule '%.64s'", s->name.at, name->at);
        if (s->pipeline.n && pipeline_find(h->config, s->pipeline) == NULL)
            return verb_fail(call, "bad_args", "%s: there is no pipeline '%.64s'", s->name.at, s->pipeline.at);
        more += schedule_find(h, s->name) == NULL;
    }
    if (schedules_of(h)->n + more > SCHEDULES_MOST)
        return verb_fail(call, "bad_args", "there are %zu schedules, and at most %d", schedules_of(h)->n, SCHEDULES_MOST);
    return 0;
}

static int read_all(struct helios *h, struct verb_call *call, struct given *g)
{
    struct value list = map_get(call->args, "schedules"), item;
    struct walk w = walk_of(list.whole);
    if (list.type != VALUE_LIST || w.left == 0 || w.left > 1000)
        return verb_fail(call, "bad_args", "`schedules` is a list of 1 to 1000 schedules");
    g->at = xalloc(w.left * sizeof(*g->at));
    while (walk_item(&w, &item)) {
        if (item.type != VALUE_MAP || item.whole.n > SCHEDULE_SPEC_MOST)
            return verb_fail(call, "bad_args", "schedule %zu is no map, or has over %d bytes", g->n + 1, SCHEDULE_SPEC_MOST);
        if (read_one(h, call, g, item.whole) < 0)
            return -EINVAL;
    }
    qsort(g->at, g->n, sizeof(*g->at), by_name);
    return check_together(h, call, g);
}

/* define makes it so; its definition is kept as its record has it. */
static void define(struct helios *h, struct bytes name, struct bytes spec)
{
    struct schedule *s = schedule_find(h, name);
    if (s == NULL)
        s = schedule_new(h, name);
    own_set(&s->r.spec, spec);
    save_mark(h, &s->save);
    schedule_take(h, s);
}

/* Links are put in place before it is known that they make no circle; one that does takes all of the call back. */
static int link_all(struct helios *h, struct verb_call *call, const struct given *g)
{
    for (size_t i = 0; i < g->n; i++)
        schedule_link(h, schedule_find(h, g->at[i].name));
    for (size_t i = 0; i < g->n; i++)
        if (schedule_chain(h, schedule_find(h, g->at[i].name)) < 0)
            return verb_fail(call, "bad_args", "%s waits for itself through `after`, or in a chain of over %d (S8)", g->at[i].name.at,
                             SCHEDULE_CHAIN_MOST);
    return 0;
}

static struct buf spec_of(const struct set_schedule *s)
{
    struct buf spec = {0};
    struct pack p;
    pack_init(&p, &spec);
    section_pack(&p, &section_of_schedule, s);
    return spec;
}

static int define_all(struct helios *h, struct verb_call *call, const struct given *g)
{
    struct buf *before = xalloc(g->n * sizeof(*before)); /* definitions that are replaced; empty = it is new */
    for (size_t i = 0; i < g->n; i++) {
        const struct schedule *known = schedule_find(h, g->at[i].name);
        if (known)
            buf_add(&before[i], known->r.spec.at, known->r.spec.n);
        struct buf spec = spec_of(&g->at[i]);
        define(h, g->at[i].name, buf_bytes(&spec));
        buf_done(&spec);
    }
    int r = link_all(h, call, g);
    for (size_t i = 0; r < 0 && i < g->n; i++)
        if (before[i].n)
            define(h, g->at[i].name, buf_bytes(&before[i]));
        else
            schedule_drop(h, schedule_find(h, g->at[i].name));
    for (size_t i = 0; i < g->n; i++) {
        struct schedule *s = schedule_find(h, g->at[i].name);
        if (r < 0 && s)
            schedule_link(h, s);
        buf_done(&before[i]);
    }
    free(before);
    return r;
}

static int command_set(struct helios *h, struct verb_call *call)
{
    struct given g = {0};
    int r = read_all(h, call, &g);
    if (r == 0)
        r = define_all(h, call, &g);
    for (size_t i = 0; r == 0 && i < g.n; i++) {
        struct schedule *s = schedule_find(h, g.at[i].name);
        set_author(s, call);
        tell(h, s, call, "given");
        schedule_put(h, s);
    }
    schedules_arm(h);
    if (r == 0)
        pack_put_int(&call->answer, "n", (int64_t)g.n);
    keep_done(&g.keep);
    free(g.at);
    return r;
}

const struct verb schedule_verbs[] = {
    {"schedules", false, "match (a pattern), limit (1000), after (a name: the page behind it)",
     "schedules: what they run, when next, how the last ones went", query_schedules},
    {"schedule", false, "name", "one schedule, with its definition and what runs of it", query_schedule},
    {"schedule_next", false, "n (10, at most 1000), name", "what comes next, of all schedules or of one", query_next},
    {"schedule_set", true, "schedules: a list of maps, `name` and the fields of a schedule as in docs/settings.md, times in ms",
     "give schedules, or other definitions of those that a command gave; all of them or none", command_set},
    {"schedule_remove", true, "name", "take away a schedule that a command gave", command_remove},
    {"schedule_run", true, "name, force", "start an occurrence now, beside the clock (S7)", command_run},
    {"schedule_pause", true, "name", "settle nothing more (S7)", command_pause},
    {"schedule_resume", true, "name", "go on; what was missed counts as late (S4)", command_resume},
    {0},
};

/* SPDX-License-Identifier: MPL-2.0 */
/* The loop of a simulated realm, and what became of each occurrence, as its events tell. */
#include "simulate.h"

#include <sys/stat.h>

#include "common/hash.h"
#include "common/text.h"
#include "orchestrator/flow/run.h"
#include "played.h"
#include "proto/json.h"

#define TOLD_MOST 200000 /* occurrences in one answer */
#define DAY_MS 86400000ll
#define TURNS_MOST 100 /* at one moment: more would be a realm that never comes to rest */

struct told {
    UT_hash_handle hh; /* while it runs, key id */
    char id[24];       /* its task or run; empty: it was skipped */
    char *schedule, *why; /* owned */
    int64_t time, began, ended, n;
    const char *outcome;
};
struct simulation {
    const struct simulate *order;
    struct set_config config; /* without what only disturbs */
    struct helios *h;
    struct played played;
    struct told *all; /* owned */
    size_t n, dropped;
    struct told *running; /* of all, by id */
    int64_t now;
};

/* ---- what is told ---- */

static struct told *add(struct simulation *s, const struct msg_event *e, const char *outcome)
{
    if (s->n == TOLD_MOST) {
        s->dropped++;
        return NULL;
    }
    struct told *t = &s->all[s->n++];
    *t = (struct told){.schedule = bytes_dup(e->id), .time = map_int(e->data, "time", 0), .began = s->now, .n = 1, .outcome = outcome};
    return t;
}

static void on_started(struct simulation *s, const struct msg_event *e)
{
    struct told *t = add(s, e, "RUNNING");
    struct bytes id = map_str(e->data, "runs", "");
    if (t == NULL || id.n >= sizeof(t->id))
        return;
    memcpy(t->id, id.at, id.n);
    HASH_ADD_STR(s->running, id, t);
}

static void on_skipped(struct simulation *s, const struct msg_event *e)
{
    struct told *t = add(s, e, "SKIPPED");
    if (t == NULL)
        return;
    t->n = map_int(e->data, "n", 1);
    t->why = bytes_dup(e->text);
}

static void end(struct simulation *s, const struct msg_event *e, const char *outcome)
{
    struct told *t;
    _autofree_ char *id = bytes_dup(e->id);
    HASH_FIND_STR(s->running, id, t);
    if (t == NULL)
        return;
    HASH_DEL(s->running, t);
    t->outcome = outcome;
    t->ended = s->now;
    if (strcmp(outcome, "COMPLETED") != 0)
        t->why = bytes_dup(e->text);
}

static void on_completed(struct simulation *s, const struct msg_event *e)
{
    end(s, e, "COMPLETED");
}
static void on_failed(struct simulation *s, const struct msg_event *e)
{
    end(s, e, "FAILED");
}
static void on_cancelled(struct simulation *s, const struct msg_event *e)
{
    end(s, e, "CANCELLED");
}
static void on_run_ended(struct simulation *s, const struct msg_event *e)
{
    const struct run *r = run_find(s->h, e->id);
    end(s, e, r ? enum_text(&enum_run_state, (int)r->r.state) : "FAILED");
}

static void on_event(struct simulation *s, const struct said *said)
{
    static const struct {
        const char *topic;
        void (*run)(struct simulation *, const struct msg_event *);
    } rows[] = {{"schedule.started", on_started}, {"schedule.skipped", on_skipped}, {"task.completed", on_completed},
                {"task.failed", on_failed},       {"task.cancelled", on_cancelled}, {"run.ended", on_run_ended}};
    struct arena arena = {0};
    struct msg_event e;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(said->topic, rows[i].topic) == 0 && message_decode(MSG_event, said->body, &e, &arena, NULL) == 0) {
            rows[i].run(s, &e);
            break;
        }
    arena_done(&arena);
}

/* ---- the loop ---- */

static void take(struct simulation *s, const struct said *says, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (says[i].endpoint == ENDPOINT_events)
            on_event(s, &says[i]);
        else if (says[i].endpoint == ENDPOINT_agents)
            played_take(&s->played, &says[i], s->now);
}

static int64_t turn(struct simulation *s)
{
    int64_t due = played_turn(&s->played, s->now);
    due = MIN(due, helios_tick(s->h, s->now));
    for (struct batch *b; (b = helios_cut(s->h)); batch_free(b)) {
        take(s, b->urgent, b->n_urgent);
        take(s, b->says, b->n_says);
        due = s->now; /* what was said may have an answer */
    }
    for (struct wanted_file *f; (f = helios_take_file(s->h)); free(f)) {
        free(f->name);
        free(f->text);
    }
    return due;
}

static void go_through(struct simulation *s, int64_t until)
{
    helios_lead(s->h, 1, s->now);
    played_greet(&s->played, s->now);
    for (int turns = 0; s->now < until;) {
        int64_t due = turn(s);
        turns = due <= s->now ? turns + 1 : 0;
        s->now = MAX(due, s->now + (turns > TURNS_MOST));
    }
}

/* ---- the answer ---- */

static void pack_told(struct pack *p, const struct told *t)
{
    pack_map(p);
    pack_put_text(p, "schedule", t->schedule);
    pack_put_int(p, "time", t->time);
    pack_put_text(p, "outcome", t->outcome);
    if (t->id[0]) {
        pack_put_text(p, "id", t->id);
        pack_put_int(p, "start", t->began);
    }
    if (t->ended)
        pack_put_int(p, "end", t->ended);
    if (t->why)
        pack_put_text(p, "why", t->why);
    if (t->n > 1)
        pack_put_int(p, "n", t->n);
    pack_end(p);
}

static void pack_answer(const struct simulation *s, struct buf *out)
{
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    pack_put_int(&p, "from", s->order->from);
    pack_put_int(&p, "to", s->order->from + s->order->days * DAY_MS);
    pack_key(&p, "schedules");
    pack_list(&p);
    SEQ_EACH (schedule, const struct set_schedule, s->config.schedules) {
        pack_map(&p);
        pack_put_str(&p, "name", schedule->name);
        pack_put_str(&p, "cron", schedule->cron);
        pack_put_str(&p, "zone", schedule->zone);
        pack_end(&p);
    }
    pack_end(&p);
    pack_key(&p, "occurrences");
    pack_list(&p);
    for (size_t i = 0; i < s->n; i++)
        pack_told(&p, &s->all[i]);
    pack_end(&p);
    pack_put_int(&p, "dropped", (int64_t)s->dropped);
    pack_end(&p);
}

static int read_takes(const char *file, struct buf *out, char **ret_why)
{
    struct buf text = {0}, packed = {0};
    char err[200] = "it cannot be read", piece[4096];
    FILE *f = fopen(file, "re");
    for (size_t n; f && text.n < 64 * 1024 * 1024 && (n = fread(piece, 1, sizeof(piece), f));)
        buf_add(&text, piece, n);
    if (f)
        fclose(f);
    int r = f ? json_text_to_msgpack(&packed, buf_bytes(&text), err, sizeof(err)) : -ENOENT;
    struct value rows = map_get(buf_bytes(&packed), "schedules");
    if (r == 0 && rows.type == VALUE_LIST)
        buf_add(out, rows.whole.at, rows.whole.n);
    else if (asprintf(ret_why, "%s: %s", file, r ? err : "it has no list `schedules`") < 0)
        abort();
    buf_done(&text);
    buf_done(&packed);
    return r ? r : rows.type == VALUE_LIST ? 0 : -EINVAL;
}

/* Only what runs by the clock is of interest: nothing is measured, nothing optimized, nobody told. */
static void be_quiet(struct set_config *c)
{
    c->kpis = c->optimizations = c->notify = (struct seq){0};
    c->cycle.enabled = false;
    c->agents.beat_ms = PLAYED_BEAT_MS;
}

int simulate_run(const struct simulate *order, struct buf *out, char **ret_why)
{
    struct simulation s = {.order = order, .config = *order->config, .now = order->from};
    struct buf takes = {0}, packed = {0};
    int r = order->takes ? read_takes(order->takes, &takes, ret_why) : 0;
    if (r == 0) {
        be_quiet(&s.config);
        s.all = xalloc(TOLD_MOST * sizeof(*s.all));
        s.h = helios_new(&s.config, 1);
        played_init(&s.played, s.h, &s.config);
        s.played.takes = buf_bytes(&takes);
        go_through(&s, order->from + order->days * DAY_MS);
        pack_answer(&s, &packed);
        json_print(out, buf_bytes(&packed), false);
        HASH_CLEAR(hh, s.running);
        for (size_t i = 0; i < s.n; i++) {
            free(s.all[i].schedule);
            free(s.all[i].why);
        }
        played_done(&s.played);
        helios_free(s.h);
        free(s.all);
    }
    buf_done(&takes);
    buf_done(&packed);
    return r;
}

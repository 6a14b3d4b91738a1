/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the reading of commits: what a commit makes durable becomes facts. Refuses to trust what a controller says of itself. A
 * program prints its task and attempt, so that the record of a task tells whose result was counted.
 *
 * When Redis comes back with less, the leader commits the same again: those facts are known and not told twice. Another commit at the
 * same place means that what had been acknowledged is lost. */
#include "facts.h"

#include <uthash.h>

#include "flow.h"
#include "proto/codec.h"
#include "redis_node.h"
#include "toy.h"

#define LIMITED "slow" /* as realm/helios.yaml says */

struct known { /* a task or an optimization, as it was durable last */
    UT_hash_handle hh;
    char *id;
    uint64_t attempt, counted;
    int verdict, state;
    bool limited; /* a task of the action that is limited */
    bool flow; /* whose task it is was told */
};
static struct {
    struct known *known;
    uint64_t *digests; /* of the commits, by sequence; owned */
    size_t n, room;
    uint64_t n_limited, n_counted; /* durable attempts of the limited action, and what its quota counted */
    bool lost;
    const char *who;
    uint64_t epoch;
} facts;

void fact_add(const struct fact *f)
{
    struct fact now = *f;
    now.at = world.now / MS;
    history_add(world.history, &now);
    trace("fact %s who=%s key=%s id=%s text=%s n=%llu m=%llu", fact_name(f->kind), f->who ? f->who : "",
          f->key ? f->key : "", f->id ? f->id : "", f->text ? f->text : "", (unsigned long long)f->n,
          (unsigned long long)f->m);
}

/* name makes one of a few texts that live until the next facts; enough for one fact. */
static const char *name(struct bytes b)
{
    static char texts[4][128];
    static unsigned next;
    char *text = texts[next++ % ARRAY_SIZE(texts)];
    snprintf(text, sizeof(texts[0]), BYTES_F, BYTES_A(b));
    return text;
}

static uint64_t number(struct bytes text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n = n * 10 + (uint64_t)(text.at[i] - '0');
    return n;
}

static struct known *known_of(struct bytes id, bool *ret_new)
{
    struct known *k;
    HASH_FIND(hh, facts.known, id.at, id.n, k);
    *ret_new = k == NULL;
    if (k)
        return k;
    k = NEW(struct known);
    k->id = bytes_dup(id);
    HASH_ADD_KEYPTR(hh, facts.known, k->id, id.n, k);
    return k;
}

/* ---- tasks ---- */

static uint64_t attempt_in(struct bytes output)
{
    const char *slash = output.n ? memrchr(output.at, '/', output.n) : NULL;
    return slash ? number((struct bytes){slash + 1, (size_t)(output.at + output.n - slash - 1)}) : 0;
}

/* counted: output is TASK/ATTEMPT of the program whose result it was. */
static void counted(struct known *k, struct bytes output, const char *state)
{
    _autofree_ char *text = bytes_dup(output);
    char *slash = strrchr(text, '/');
    if (slash == NULL)
        return;
    uint64_t attempt = strtoull(slash + 1, NULL, 10);
    *slash = '\0';
    if (strcmp(text, k->id) == 0 && attempt == k->counted)
        return;
    k->counted = attempt;
    fact(.kind = FACT_counted, .who = facts.who, .id = k->id, .text = state,
         .n = strcmp(text, k->id) == 0 ? attempt : 0);
}

/* task_of: a task that began and ended in one commit has no record of its own. */
static struct known *task_of(struct bytes id, struct bytes key, bool once)
{
    bool is_new;
    struct known *k = known_of(id, &is_new);
    if (is_new)
        fact(.kind = FACT_taken, .who = facts.who, .key = name(key), .id = k->id, .m = once);
    return k;
}

static void dispatched(struct known *k, struct bytes holder, uint64_t attempt)
{
    fact(.kind = FACT_dispatched, .who = facts.who, .key = name(holder), .id = k->id, .n = attempt, .m = facts.epoch);
    k->attempt = attempt;
    facts.n_limited += k->limited;
}

/* Whose task it is, as soon as a record says it. */
static void tell_owner(struct known *k, struct bytes owner, struct bytes object, struct bytes key)
{
    if (!k->flow && object.n)
        flow_task(facts.who, owner, object, key, k->id);
    k->flow = true;
}

/* The result of an attempt and the start of the next one may be one commit. */
static void read_task(const void *record)
{
    const struct rec_task *r = record;
    struct known *k = task_of(r->id, r->key, r->at_most_once);
    k->limited = bytes_is(r->action, LIMITED);
    tell_owner(k, r->owner_kind, r->owner_id, r->key);
    bool goes_on = r->attempt > k->attempt && r->holder.n;
    if (goes_on && attempt_in(r->output) < r->attempt)
        counted(k, r->output, "");
    if (goes_on)
        dispatched(k, r->holder, r->attempt);
    k->attempt = r->attempt;
    counted(k, r->output, "");
}

static void read_sheaf(const void *record)
{
    const struct rec_sheaf *r = record;
    bool once = map_bool(r->task, "at_most_once", false);
    uint64_t first = number((struct bytes){r->id.at + 2, r->id.n - 2});
    for (uint64_t i = 0; i < r->n; i++) {
        char id[32];
        snprintf(id, sizeof(id), "t-%llu", (unsigned long long)(first + i));
        task_of(bytes_of(id), BYTES(""), once)->limited = bytes_is(map_str(r->task, "action", ""), LIMITED);
    }
}

/* An attempt counts while the task's record, as it was durable last, tells of fewer. */
static void read_grant(const void *record)
{
    const struct rec_grant *r = record;
    struct cursor c = cursor_of(r->attempts);
    while (c.at < c.end) {
        char id[32];
        snprintf(id, sizeof(id), "t-%lld", (long long)read_head(&c).integer);
        struct known *k = task_of(bytes_of(id), BYTES(""), false);
        uint64_t attempt = (uint64_t)read_head(&c).integer;
        if (attempt > k->attempt)
            dispatched(k, r->holder, attempt);
    }
}

static void read_key(const void *record)
{
    const struct rec_key *r = record;
    struct known *k = task_of(r->task, r->key, false);
    static const char schedules[] = "@schedule/"; /* the client that they are */
    if (r->key.n > strlen(schedules) && memcmp(r->key.at, schedules, strlen(schedules)) == 0)
        tell_owner(k, BYTES("schedule"), BYTES("?"), r->key);
    counted(k, map_get(r->done, "output").text, "COMPLETED");
}

static void read_failed(const void *record)
{
    const struct rec_failed *r = record;
    counted(task_of(r->id, BYTES(""), false), map_get(r->task, "output").text, "FAILED");
}

/* ---- optimizations ---- */

static void proposed(const struct rec_optimization *r, const char *id)
{
    fact(.kind = FACT_opened, .id = id, .text = name(r->name));
    if (r->dry_run)
        return;
    const struct node *by = redis_node()->asking;
    toy_acted(id, r->kpi, name(r->name), by, (r->began - WORLD_START_MS - redis_node()->asking_base_ms) * MS);
    if (r->incident.n)
        fact(.kind = FACT_spent, .who = name(r->name), .key = "sim", .id = id, .n = TOY_PER_TARGET,
             .m = TOY_PER_REALM);
}

static void read_optimization(const void *record)
{
    const struct rec_optimization *r = record;
    bool is_new;
    struct known *k = known_of(r->id, &is_new);
    if (is_new)
        proposed(r, k->id);
    if ((int)r->verdict != k->verdict)
        fact(.kind = FACT_verdict, .who = facts.who, .id = k->id, .text = enum_text(&enum_verdict, (int)r->verdict));
    if ((int)r->state != k->state && r->state >= opt_state_ACCEPTED)
        fact(.kind = FACT_closed, .who = facts.who, .id = k->id, .text = enum_text(&enum_opt_state, (int)r->state));
    k->verdict = (int)r->verdict;
    k->state = (int)r->state;
}

/* ---- limits ---- */

static void read_quota(const void *record)
{
    const struct rec_quota *r = record;
    facts.n_counted = r->used;
}

/* tell_limited, when a commit is read whole: the kinds of its records come in their own order. */
static void tell_limited(uint64_t before)
{
    if (facts.n_limited > before)
        fact(.kind = FACT_limited, .who = facts.who, .key = LIMITED, .n = facts.n_limited, .m = facts.n_counted);
}

/* ---- the ledger ---- */

static void read_entry(const void *record)
{
    static const struct {
        const char *topic, *state;
    } ends[] = {{"task.completed", "COMPLETED"},
                {"task.failed", "FAILED"},
                {"task.cancelled", "CANCELLED"},
                {"task.unknown", "UNKNOWN"}};
    const struct rec_entry *r = record;
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (bytes_is(r->topic, ends[i].topic))
            fact(.kind = FACT_outcome, .who = facts.who, .id = task_of(r->id, BYTES(""), false)->id,
                 .text = ends[i].state);
    if (bytes_is(r->topic, "agent.lost") || bytes_is(r->topic, "agent.left"))
        fact(.kind = FACT_judged, .who = name(r->id), .key = facts.who);
    flow_entry(facts.who, r);
}

/* ---- schedules, runs, reviews ---- */

static void read_schedule(const void *record)
{
    flow_schedule(facts.who, record);
}

static void read_run(const void *record)
{
    flow_run(facts.who, record);
}

static void read_step(const void *record)
{
    flow_step(facts.who, record);
}

static void read_review(const void *record)
{
    flow_review(facts.who, record);
}

/* ---- a commit ---- */

static const struct reader {
    enum rec kind;
    void (*read)(const void *record);
} readers[] = {
    {REC_task, read_task},
    {REC_sheaf, read_sheaf},
    {REC_grant, read_grant},
    {REC_key, read_key},
    {REC_failed, read_failed},
    {REC_optimization, read_optimization},
    {REC_quota, read_quota},
    {REC_schedule, read_schedule},
    {REC_run, read_run},
    {REC_step, read_step},
    {REC_review, read_review},
    {REC_run, read_run},
    {REC_step, read_step},
};

static void read_one(enum rec kind, void (*read)(const void *record), struct bytes value)
{
    union {
        struct rec_task task;
        struct rec_sheaf sheaf;
        struct rec_grant grant;
        struct rec_key key;
        struct rec_failed failed;
        struct rec_optimization optimization;
        struct rec_quota quota;
        struct rec_entry entry;
        struct rec_schedule schedule;
        struct rec_run run;
        struct rec_step step;
        struct rec_review review;
    } record;
    struct arena arena = {0};
    if (struct_decode(&schema_records[kind], value, &record, &arena, NULL) == 0)
        read(&record);
    arena_done(&arena);
}

static const struct reader *reader_of(struct bytes key)
{
    const char *colon = memrchr(key.at, ':', key.n);
    size_t n = (size_t)(key.at + key.n - colon - 1);
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
        if (bytes_is((struct bytes){colon + 1, n}, schema_records[readers[i].kind].name))
            return &readers[i];
    return NULL;
}

/* is_known: this very commit was durable before, and Redis has come back without it. */
static bool is_known(uint64_t seq, struct bytes digest)
{
    _autofree_ char *text = bytes_dup(digest);
    uint64_t key = (strtoull(text, NULL, 16) ^ facts.epoch) | 1;
    if (seq <= facts.n) {
        facts.lost = facts.lost || facts.digests[seq - 1] != key;
        return true;
    }
    if (facts.n == facts.room) {
        facts.room = MAX((size_t)256, 2 * facts.room);
        facts.digests = xrealloc(facts.digests, facts.room * sizeof(*facts.digests));
    }
    facts.digests[facts.n++] = key;
    return false;
}

/* runs: those records alone, or all others. What a step has come to is of the try that its run is at. */
static void read_groups(const struct bytes *keys, size_t n_keys, const struct bytes *args, size_t at, bool runs)
{
    for (size_t i = 3; i < n_keys; i++) {
        const struct reader *r = reader_of(keys[i]);
        size_t sets = number(args[at]), drops = number(args[at + 1 + 2 * sets]);
        for (size_t k = 0; r && (r->kind == REC_run) == runs && k < sets; k++)
            read_one(r->kind, r->read, args[at + 2 + 2 * k]);
        at += 2 + 2 * sets + drops;
    }
}

static void on_commit(void *user, struct model *before, const struct bytes *keys, size_t n_keys,
                      const struct bytes *args, size_t n_args)
{
    size_t entries = number(args[5]);
    (void)user, (void)n_args;
    facts.who = redis_node()->asking->name;
    facts.epoch = number(args[0]);
    bool twice = number(model_field(before, keys[0], BYTES("seq"))) >= number(args[2]);
    if ((is_known(number(args[2]), args[3]) && !twice) || facts.lost)
        return;
    fact(.kind = FACT_commit, .who = facts.who, .key = name(args[3]), .n = facts.epoch, .m = number(args[2]));
    uint64_t n_before = facts.n_limited;
    read_groups(keys, n_keys, args, 6 + entries, true);
    read_groups(keys, n_keys, args, 6 + entries, false);
    tell_limited(n_before);
    for (size_t i = 6; i < 6 + entries; i++)
        for (struct cursor c = cursor_of(args[i]); c.at < c.end;)
            read_one(REC_entry, read_entry, read_whole(&c).whole);
}

static uint64_t draw_for(void *user, uint64_t n)
{
    (void)user;
    return draw(n);
}

static void on_lead(void *user, uint64_t epoch)
{
    (void)user;
    if (!facts.lost)
        fact(.kind = FACT_led, .who = redis_node()->asking->name, .n = epoch);
}

const struct model_calls facts_calls = {on_commit, on_lead, draw_for};

void facts_rewound(struct model *now)
{
    if (!facts.lost)
        fact(.kind = FACT_led, .text = "as Redis has it now", .n = number(model_field(now, BYTES("{helios:sim}:lease"), BYTES("epoch"))));
}

bool facts_lost(void)
{
    return facts.lost;
}

void facts_forget(void)
{
    history_free(world.history);
    world.history = history_new();
}

uint64_t facts_commits(void)
{
    return facts.n;
}

void facts_begin(void)
{
    memset(&facts, 0, sizeof(facts));
    flow_begin();
}

void facts_end(void)
{
    struct known *k, *next;
    HASH_ITER(hh, facts.known, k, next)
    {
        HASH_DEL(facts.known, k);
        free(k->id);
        free(k);
    }
    free(facts.digests);
    flow_end();
}

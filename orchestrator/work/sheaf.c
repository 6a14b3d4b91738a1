/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the life of a sheaf: its tasks fall asleep in it, wake and leave it. Refuses to know what becomes of those that are awake. */
#include "sheaf.h"

#include "orchestrator/core/helios.h"
#include "proto/guard.h"
#include "queue.h"
#include "task.h"
#include "watch.h"

#define THIN_MS 60000 /* so often it is asked whether the few that are left should have records of their own */
#define THIN_PART 8   /* few: not more than this part of all */
#define TASKS_A_CHANGE 8 /* so many cost a turn and a commit as much as one record does otherwise (C3) */

static bool is_set(const unsigned char *bits, size_t i)
{
    return bits[i / 8] >> i % 8 & 1;
}

static void set(unsigned char *bits, size_t i)
{
    bits[i / 8] |= (unsigned char)(1u << i % 8);
}

/* ---- born and gone ---- */

static void move_out(struct helios *h, struct timer *t);

static struct sheaf *sheaf_new(uint64_t first, uint32_t n)
{
    struct sheaf *s = NEW(struct sheaf);
    s->first = first;
    s->n = s->asleep = s->stored = n;
    s->starts = xalloc((n + 1) * sizeof(*s->starts));
    s->thin.run = move_out;
    save_init(&s->save, REC_sheaf, &s->r, &s->r.id);
    save_init(&s->left_save, REC_left, &s->left, &s->left.id);
    return s;
}

/* join: common and params are there, so that the class and the views into them can be. */
static void join(struct helios *h, struct sheaf *s)
{
    struct_encode(&s->packed, &schema_records[REC_task], &s->common);
    s->r = (struct rec_sheaf){.id = s->common.id,
                              .n = s->n,
                              .task = buf_bytes(&s->packed),
                              .params = buf_bytes(&s->params)};
    s->left = (struct rec_left){.id = s->common.id,
                                .bits = {(const char *)s->marks.left, (s->n + 7u) / 8}};
    s->class = class_enter(h, &s->common);
    s->share = share_enter(h, s->common.fair);
    sheaves_add(&h->work.sheaves, s);
    timer_set(h, &s->thin, h->now + THIN_MS);
}

static void sheaf_free(struct helios *h, struct sheaf *s)
{
    timer_stop(h, &s->thin);
    save_forget(&s->save);
    save_forget(&s->left_save);
    sheaves_drop(&h->work.sheaves, s);
    class_leave(h, s->class);
    share_leave(h, s->share);
    record_free(&schema_records[REC_task], &s->common);
    buf_done(&s->packed);
    buf_done(&s->params);
    free(s->starts);
    free(s);
}

/* spare frees it when nobody sleeps in it, points into it or is stored in it. */
static void spare(struct helios *h, struct sheaf *s)
{
    if (s->asleep == 0 && s->awake == 0 && s->stored == 0)
        sheaf_free(h, s);
}

void sheaves_free(struct helios *h)
{
    SHEAVES_EACH (s, h)
        sheaf_free(h, s);
    free(h->work.sheaves.at);
    h->work.sheaves = (struct sheaves){0};
}

/* ---- awake ---- */

static struct bytes params_of(const struct sheaf *s, uint32_t i)
{
    return (struct bytes){s->params.at + s->starts[i], s->starts[i + 1] - s->starts[i]};
}

static struct task *wake(struct helios *h, struct sheaf *s, uint32_t i)
{
    struct task *t = task_take(h);
    set(s->marks.woken, i);
    s->asleep--;
    s->awake++;
    t->r = s->common;
    t->r.id = (struct bytes){t->name, task_name(t->name, s->first + i)};
    t->r.params = params_of(s, i);
    t->number = s->first + i;
    t->sheaf = s;
    t->in_sheaf = true;
    task_live(h, t, s->class, s->share);
    if (s->watched)
        watch_add(h, t, &s->watcher);
    return t;
}

/* send_scout lets the next one that sleeps stand in the queue. */
static void send_scout(struct helios *h, struct sheaf *s)
{
    while (s->next < s->n && is_set(s->marks.woken, s->next))
        s->next++;
    if (s->next == s->n)
        return;
    struct task *t = wake(h, s, s->next++);
    task_place(h, t);
    t->is_scout = true;
}

void sheaf_scout_left(struct helios *h, struct task *t)
{
    if (!t->is_scout)
        return;
    t->is_scout = false;
    send_scout(h, t->sheaf);
}

struct task *sheaf_find(struct helios *h, uint64_t number)
{
    struct sheaf *s = sheaves_of(&h->work.sheaves, number);
    if (s == NULL || is_set(s->marks.woken, number - s->first))
        return NULL;
    return wake(h, s, (uint32_t)(number - s->first));
}

void sheaf_wake_all(struct helios *h, struct sheaf *s)
{
    for (uint32_t i = s->next; s->asleep && i < s->n; i++)
        if (!is_set(s->marks.woken, i))
            task_place(h, wake(h, s, i));
}

/* ---- not in it any more ---- */

void sheaf_left(struct helios *h, struct task *t)
{
    struct sheaf *s = t->sheaf;
    if (!t->in_sheaf)
        return;
    t->in_sheaf = false;
    set(s->marks.left, t->number - s->first);
    if (--s->stored) {
        save_mark(h, &s->left_save);
    } else {
        save_drop(h, &s->save);
        save_drop(h, &s->left_save);
    }
}

/* What an attempt changes is the task's own; all else was borrowed. */
void sheaf_disown(struct helios *h, struct task *t)
{
    struct sheaf *s = t->sheaf;
    struct bytes *const own[] = {&t->r.checkpoint, &t->r.output, &t->r.data, &t->r.error};
    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        own_set(own[i], (struct bytes){0});
    own_names(&t->r.killed, NULL, 0);
    t->sheaf = NULL;
    s->awake--;
    spare(h, s);
}

/* move_out gives the last few that are awake records of their own, so that one long task does not keep the record of hundreds. */
static void move_out(struct helios *h, struct timer *timer)
{
    struct sheaf *s = container_of(timer, struct sheaf, thin);
    timer_set(h, &s->thin, h->now + THIN_MS);
    if (s->asleep || s->stored * THIN_PART > s->n)
        return;
    for (uint32_t i = 0; i < s->n; i++) {
        struct task *t = is_set(s->marks.left, i) ? NULL : task_by_number(h, s->first + i);
        if (t)
            task_save(h, t);
    }
}

/* ---- made and loaded ---- */

static void add_params(struct sheaf *s, uint32_t i, struct bytes params)
{
    s->starts[i] = (uint32_t)s->params.n;
    if (params.n)
        buf_add(&s->params, params.at, params.n);
    else
        buf_add(&s->params, "\x80", 1); /* the empty map */
    s->starts[i + 1] = (uint32_t)s->params.n;
}

struct sheaf *sheaf_make(struct helios *h, const struct rec_task *common,
                         const struct msg_request *requests, size_t n,
                         const struct routing *watcher)
{
    char id[24];
    struct sheaf *s = sheaf_new(h->control.next_task, (uint32_t)n);
    h->control.next_task += n;
    save_mark(h, &h->control_save);
    s->common = *common;
    s->common.id = (struct bytes){id, task_name(id, s->first)};
    record_own(&schema_records[REC_task], &s->common);
    for (uint32_t i = 0; i < n; i++)
        add_params(s, i, requests[i].params);
    s->watched = watcher != NULL;
    if (watcher)
        s->watcher = *watcher;
    join(h, s);
    save_mark(h, &s->save);
    h->out.changes += n / TASKS_A_CHANGE;
    h->work.n_tasks += n;
    send_scout(h, s);
    return s;
}

/* read_params cuts what was loaded; false when there are not as many maps as tasks. */
static bool read_params(struct sheaf *s, struct bytes all)
{
    struct cursor c = cursor_of(all);
    for (uint32_t i = 0; i < s->n; i++) {
        struct value v = read_whole(&c);
        if (v.type != VALUE_MAP || guard_check(v.whole) < 0)
            return false;
        add_params(s, i, v.whole);
    }
    return c.at == c.end;
}

static void discard(struct sheaf *s)
{
    record_free(&schema_records[REC_task], &s->common);
    buf_done(&s->params);
    free(s->starts);
    free(s);
}

/* read_sheaf answers NULL for what no controller has written. */
static struct sheaf *read_sheaf(struct helios *h, const struct rec_sheaf *r, struct arena *arena)
{
    struct rec_task common;
    uint64_t first;
    if (r->n == 0 || r->n > SHEAF_MOST || guard_check(r->task) < 0 ||
        struct_decode(&schema_records[REC_task], r->task, &common, arena, NULL) < 0 ||
        !task_could_live(&common) || !bytes_eq(common.id, r->id) || task_number(r->id, &first) < 0 ||
        !sheaves_have_room(&h->work.sheaves, first, r->n))
        return NULL;
    struct sheaf *s = sheaf_new(first, (uint32_t)r->n);
    s->common = common;
    record_own(&schema_records[REC_task], &s->common);
    if (read_params(s, r->params))
        return s;
    discard(s);
    return NULL;
}

int sheaf_load(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_sheaf r;
    int e = struct_decode(&schema_records[REC_sheaf], value, &r, &arena, NULL);
    struct sheaf *s = e == 0 ? read_sheaf(h, &r, &arena) : NULL;
    arena_done(&arena);
    if (s == NULL)
        return -EPROTO;
    join(h, s);
    save_loaded(&s->save);
    h->work.n_tasks += s->n;
    return 0;
}

static void take_left(struct helios *h, struct sheaf *s, struct bytes bits)
{
    memcpy(s->marks.left, bits.at, bits.n);
    memcpy(s->marks.woken, bits.at, bits.n);
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t gone = is_set(s->marks.left, i);
        s->asleep -= gone;
        s->stored -= gone;
        h->work.n_tasks -= gone;
    }
    save_loaded(&s->left_save);
}

int sheaf_load_left(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_left r;
    uint64_t first;
    int e = struct_decode(&schema_records[REC_left], value, &r, &arena, NULL);
    struct sheaf *s = e == 0 && task_number(r.id, &first) == 0 ? sheaves_of(&h->work.sheaves, first) : NULL;
    bool fits = s && s->first == first && r.bits.n == s->left.bits.n && !s->left_save.stored;
    if (fits)
        take_left(h, s, r.bits);
    fits = fits && s->stored > 0; /* an empty one is not kept */
    arena_done(&arena);
    return fits ? 0 : -EPROTO;
}

/* Nothing was created later than now, whatever clock the leader before had. */
void sheaves_start(struct helios *h)
{
    SHEAVES_EACH (s, h) {
        s->common.created = MIN(s->common.created, h->now);
        send_scout(h, s);
    }
}

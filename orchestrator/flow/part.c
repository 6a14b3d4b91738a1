/* SPDX-License-Identifier: MPL-2.0 */
#include "part.h"

#include "begin.h"
#include "settings/reference.h"

/* ---- made, loaded, freed ---- */

static struct fan *fan_of(struct step *s)
{
    if (s->fan == NULL)
        s->fan = NEW(struct fan);
    return s->fan;
}

static void room_for(struct fan *f, size_t n)
{
    if (n <= f->room)
        return;
    size_t room = MAX(n, MIN(2 * f->room, (size_t)PARTS_MOST));
    f->parts = xrealloc(f->parts, room * sizeof(struct slice *));
    memset(f->parts + f->room, 0, (room - f->room) * sizeof(struct slice *));
    f->room = room;
}

static struct slice *part_make(struct step *s, size_t n)
{
    struct fan *f = fan_of(s);
    room_for(f, n + 1);
    struct slice *p = NEW(struct slice);
    struct_defaults(&schema_records[REC_step], &p->r);
    save_init(&p->save, REC_step, &p->r, &p->r.id);
    return f->parts[n] = p;
}

struct slice *fan_load(struct step *s, size_t n)
{
    return s->fan && n < s->fan->room && s->fan->parts[n] ? NULL : part_make(s, n);
}

static void part_free(struct slice *p)
{
    save_forget(&p->save);
    record_free(&schema_records[REC_step], &p->r);
    free(p);
}

void fan_free(struct step *s)
{
    struct fan *f = s->fan;
    for (size_t i = 0; f && i < f->room; i++)
        if (f->parts[i])
            part_free(f->parts[i]);
    if (f) {
        free((char *)f->list.at);
        free(f->items);
        free(f->parts);
    }
    free(f);
    s->fan = NULL;
}

size_t fan_size(const struct step *s)
{
    return s->r.parts;
}

const struct rec_step *fan_part(const struct step *s, size_t n)
{
    return s->fan && n < s->fan->room && s->fan->parts[n] ? &s->fan->parts[n]->r : NULL;
}

void fan_restore(struct step *s)
{
    struct fan *f = fan_of(s);
    f->n = s->r.parts;
    f->n_running = f->n_good = f->n_bad = f->next = 0;
    for (size_t i = 0; i < f->room && i < f->n; i++) {
        if (f->parts[i] == NULL)
            continue;
        f->n_running += f->parts[i]->r.state == step_state_RUNNING;
        f->n_good += f->parts[i]->r.state == step_state_COMPLETED;
        f->n_bad += f->parts[i]->r.state > step_state_COMPLETED;
    }
}

void fan_reset(struct helios *h, struct step *s)
{
    struct fan *f = s->fan;
    for (size_t i = 0; f && i < f->room; i++)
        if (f->parts[i] && f->parts[i]->r.state != step_state_COMPLETED) {
            save_drop(h, &f->parts[i]->save);
            part_free(f->parts[i]);
            f->parts[i] = NULL;
        }
}

/* ---- the list ---- */

/* The list comes from what has ended, so it is the same whenever it is asked for. */
static int read_items(struct step *s, char *err)
{
    struct fan *f = fan_of(s);
    struct fill fill = {.run = s->run};
    _cleanup_(buf_done) struct buf scratch = {0};
    struct value list, item;
    struct bytes inside;
    if (f->items)
        return 0;
    if (!piece_alone(s->plan->set->each, &inside)) {
        snprintf(err, FILL_ERR, "`each` is no ${…}");
        return -EINVAL;
    }
    int r = fill_name(&fill, inside, &scratch, &list, err);
    if (r < 0)
        return r;
    if (list.type != VALUE_LIST || list.count > PARTS_MOST) {
        snprintf(err, FILL_ERR, "`each` is %s", list.type == VALUE_LIST ? "a list of more than 10000 items" : "no list");
        return -EINVAL;
    }
    own_set(&f->list, list.whole);
    f->n = list.count;
    f->items = xalloc((f->n + 1) * sizeof(*f->items));
    struct walk w = walk_of(f->list);
    for (size_t i = 0; walk_item(&w, &item); i++)
        f->items[i] = item.whole;
    return 0;
}

/* ---- begin and end ---- */

static size_t needed(const struct step *s)
{
    size_t needs = (size_t)s->plan->set->needs;
    return needs ? MIN(needs, s->fan->n) : s->fan->n;
}

static bool doomed(const struct step *s)
{
    return s->fan->n - s->fan->n_bad < needed(s) || s->run->r.error.n;
}

static void part_settle(struct helios *h, struct step *s, struct slice *p, const struct step_end *end)
{
    struct fan *f = s->fan;
    p->r.state = end->state;
    p->r.ended = h->now;
    p->r.attempt = MAX(p->r.attempt, end->attempt);
    own_set(&p->r.data, end->data);
    own_set(&p->r.output, end->output.n > STEP_OUTPUT && !s->plan->output_named
                              ? (struct bytes){end->output.at + end->output.n - STEP_OUTPUT, STEP_OUTPUT}
                              : end->output);
    own_set(&p->r.error, end->error);
    own_set(&p->r.agent, end->agent);
    s->run->bytes += p->r.data.n + p->r.output.n;
    f->n_good += end->state == step_state_COMPLETED;
    f->n_bad += end->state != step_state_COMPLETED;
    save_mark(h, &p->save);
}

static void part_begin(struct helios *h, struct step *s, size_t n)
{
    char err[FILL_ERR];
    struct slice *p = part_make(s, n);
    struct fill fill = {.run = s->run, .item = s->fan->items[n]};
    _cleanup_(buf_done) struct buf would = {0};
    own_printf(&p->r.id, "%s/%zu", s->r.id.at, n);
    p->r.began = h->now;
    int r = begin_work(h, &fill, s->plan, p->r.id, &p->r.task, &would, err);
    if (r < 0) {
        part_settle(h, s, p, &(struct step_end){.state = step_state_FAILED, .error = bytes_of(err)});
        return;
    }
    if (r == 1) {
        part_settle(h, s, p, &(struct step_end){.state = step_state_COMPLETED, .data = s->plan->set->expect, .output = buf_bytes(&would)});
        return;
    }
    p->r.state = step_state_RUNNING;
    s->fan->n_running++;
    save_mark(h, &p->save);
}

/* Who failed first says why. */
static void fan_fail(struct helios *h, struct step *s)
{
    const struct fan *f = s->fan;
    const struct rec_step *first = NULL;
    for (size_t i = 0; i < f->room && first == NULL; i++)
        if (f->parts[i] && f->parts[i]->r.state == step_state_FAILED)
            first = &f->parts[i]->r;
    char text[FILL_ERR];
    snprintf(text, sizeof(text), "%zu of %zu parts did not complete, %zu must%s%s%s" BYTES_F, f->n_bad, f->n, needed(s),
             first ? "; " : "", first ? first->id.at : "", first ? ": " : "",
             first ? (int)MIN(first->error.n, (size_t)120) : 0, first && first->error.n ? first->error.at : "");
    step_settle(h, s, &(struct step_end){.state = s->run->r.error.n ? step_state_CANCELLED : step_state_FAILED,
                                         .error = bytes_of(text)});
}

static void look_again(struct helios *h, struct step *s)
{
    if (!list_empty(&s->link))
        return;
    list_push(&runs_of(h)->ready, &s->link);
    runs_wake(h);
}

/* Parts that a retry keeps are passed over. */
static void begin_some(struct helios *h, struct step *s)
{
    struct fan *f = s->fan;
    size_t parallel = s->plan->set->parallel ? (size_t)s->plan->set->parallel : f->n;
    while (f->next < f->n && f->n_running < parallel && !doomed(s)) {
        if (f->next < f->room && f->parts[f->next]) {
            f->next++;
            continue;
        }
        if (runs_of(h)->budget == 0) {
            look_again(h, s);
            return;
        }
        runs_of(h)->budget--;
        part_begin(h, s, f->next++);
    }
}

static void stop_parts(struct helios *h, struct step *s, const char *reason)
{
    for (size_t i = 0; i < s->fan->room; i++) {
        struct slice *p = s->fan->parts[i];
        if (p && p->r.state == step_state_RUNNING && work_stop(h, s->plan, p->r.task, reason))
            fan_part_ended(h, s, i, &(struct step_end){.state = step_state_CANCELLED, .error = bytes_of(reason)});
    }
}

void fan_more(struct helios *h, struct step *s)
{
    char err[FILL_ERR];
    if (read_items(s, err) < 0) {
        step_fail(h, s, "%s", err);
        return;
    }
    begin_some(h, s);
    if (s->fan->n_running)
        return;
    if (doomed(s))
        fan_fail(h, s);
    else if (s->fan->n_good + s->fan->n_bad == s->fan->n)
        step_settle(h, s, &(struct step_end){.state = step_state_COMPLETED});
}

void fan_begin(struct helios *h, struct step *s)
{
    char err[FILL_ERR];
    if (read_items(s, err) < 0) {
        step_fail(h, s, "%s", err);
        return;
    }
    s->r.parts = s->fan->n;
    s->r.state = step_state_RUNNING;
    fan_restore(s);
    save_mark(h, &s->save);
    fan_more(h, s);
}

void fan_part_ended(struct helios *h, struct step *s, size_t n, const struct step_end *end)
{
    struct slice *p = n < s->fan->room ? s->fan->parts[n] : NULL;
    if (p == NULL || p->r.state != step_state_RUNNING)
        return;
    bool was_doomed = doomed(s);
    s->fan->n_running--;
    part_settle(h, s, p, end);
    if (!was_doomed && doomed(s))
        stop_parts(h, s, "another part failed for good");
    look_again(h, s);
}

void fan_cancel(struct helios *h, struct step *s, const char *reason)
{
    if (s->fan)
        stop_parts(h, s, reason);
    look_again(h, s);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* The core's life: made, loaded, leading, ticking. Messages come in through message.c. */
#include "helios.h"

#include "callers.h"

struct helios *helios_new(const struct set_config *config, uint64_t seed)
{
    struct helios *h = NEW(struct helios);
    h->config = config;
    h->rand.state = seed;
    struct_defaults(&schema_records[REC_control], &h->control);
    record_own(&schema_records[REC_control], &h->control);
    save_init(&h->control_save, REC_control, &h->control, &h->realm_id);
    h->realm_id = BYTES("realm");
    list_init(&h->files);
    outbox_init(&h->out);
    ledger_init(&h->ledger);
    work_init(h);
    sense_init(h);
    decide_init(h);
    return h;
}

void helios_free(struct helios *h)
{
    if (h == NULL)
        return;
    decide_done(h);
    sense_done(h);
    work_done(h);
    callers_done(h);
    save_forget(&h->control_save);
    record_free(&schema_records[REC_control], &h->control);
    for (struct wanted_file *f; (f = helios_take_file(h)); free(f)) {
        free(f->name);
        free(f->text);
    }
    ledger_done(&h->ledger);
    outbox_done(&h->out);
    heap_done(&h->timers.heap);
    free(h);
}

static int load_control(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_control read;
    int r = struct_decode(&schema_records[REC_control], value, &read, &arena, NULL);
    if (r == 0) {
        record_free(&schema_records[REC_control], &h->control);
        h->control = read;
        record_own(&schema_records[REC_control], &h->control);
        save_loaded(&h->control_save);
    }
    arena_done(&arena);
    return r;
}

static int load_entry(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_entry read;
    int r = struct_decode(&schema_records[REC_entry], value, &read, &arena, NULL);
    if (r == 0)
        ledger_add(&h->ledger, &read);
    arena_done(&arena);
    return r;
}

int helios_load(struct helios *h, enum rec kind, struct bytes value)
{
    int (*const rooms[])(struct helios *, enum rec, struct bytes) = {work_load, sense_load, decide_load};
    int r = guard_check(value);
    if (r < 0)
        return r;
    if (kind == REC_control)
        return load_control(h, value);
    if (kind == REC_entry)
        return load_entry(h, value);
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
        if ((r = rooms[i](h, kind, value)) != -ENOENT)
            return r;
    return -EPROTO;
}

void helios_inherit(struct helios *h, struct helios *standby)
{
    h->callers = standby->callers;
    standby->callers = NULL;
}

/* The file of whichever controller leads, or the realm's record: one is enough (X10). */
static void stay_frozen(struct helios *h)
{
    h->frozen |= h->control.frozen;
    if (h->frozen == h->control.frozen)
        return;
    h->control.frozen = h->frozen;
    save_mark(h, &h->control_save);
}

void helios_lead(struct helios *h, uint64_t epoch, int64_t now)
{
    h->now = h->last_tick = h->started = now;
    h->epoch = epoch;
    stay_frozen(h);
    note(h, EVENT_controller_leading, h->config->realm.at, NULL, NULL, "leads realm %s in epoch %llu",
         h->config->realm.at, (unsigned long long)epoch);
    work_lead(h);
    sense_lead(h);
    decide_lead(h);
    callers_ask(h);
}

int64_t helios_tick(struct helios *h, int64_t now)
{
    h->now = MAX(h->now, now); /* never back */
    if (h->epoch == 0 || h->stopping)
        return INT64_MAX;
    if (h->now - h->last_tick > 2 * h->config->agents.beat_ms) { /* our own pause is nobody's fault (L6) */
        work_excuse(h, h->now - h->last_tick);
        sense_expire(h);
        h->excused_until = h->now + 2 * h->config->agents.beat_ms * h->config->agents.missed;
    }
    h->last_tick = h->now;
    timers_run(h);
    work_turn(h);
    return timers_run(h);
}

struct batch *helios_cut(struct helios *h)
{
    work_send(h); /* only now: an attempt that ended since it began is not sent any more */
    return outbox_cut(h);
}

struct batch *helios_cut_urgent(struct helios *h)
{
    return outbox_cut_urgent(h);
}

/* Small differences are the reading of two clocks, one after the other. */
void helios_wall(struct helios *h, int64_t ahead_ms)
{
    if (ahead_ms > h->wall_ahead - 20 && ahead_ms < h->wall_ahead + 20)
        return;
    h->wall_ahead = ahead_ms;
    if (h->epoch == 0)
        return;
    work_wall(h);
    decide_on_wall(h);
}

void helios_hold(struct helios *h, bool held, const char *why)
{
    if (h->held == held)
        return;
    h->held = held;
    h->redis_note = why;
    *(held ? &h->held_since : &h->resumed) = h->now;
    work_held(h);
    if (held)
        note(h, EVENT_controller_held, NULL, NULL, NULL, "commits are held: %s", why);
    else
        note(h, EVENT_controller_resumed, NULL, NULL, NULL, "commits flow again");
    h->work.dispatch_due = true;
}

void helios_freeze(struct helios *h, bool frozen, struct bytes author, struct bytes reason)
{
    if (h->epoch && h->control.frozen != frozen) { /* for a controller that is away now */
        h->control.frozen = frozen;
        save_mark(h, &h->control_save);
    }
    if (h->frozen == frozen)
        return;
    h->frozen = frozen;
    note(h, frozen ? EVENT_realm_frozen : EVENT_realm_unfrozen, "realm", NULL, NULL,
         "automation is %s by " BYTES_F "%s" BYTES_F, frozen ? "stopped" : "let go", BYTES_A(author),
         reason.n ? ": " : "", BYTES_A(reason));
    if (frozen)
        decide_on_frozen(h);
}

void helios_reload(struct helios *h, const struct set_config *config, const char *differences)
{
    h->config = config;
    work_reload(h);
    sense_reload(h);
    decide_reload(h);
    note(h, EVENT_controller_reloaded, NULL, NULL, NULL, "new config: %s", differences);
}

void helios_revoke(struct helios *h, const char *public, const char *name)
{
    note(h, EVENT_key_revoked, name, NULL, NULL, "the key of %s is not allowed any more", name);
    work_revoke(h, public, name);
}

void helios_close(struct helios *h)
{
    if (h->closing || h->stopping || h->epoch == 0)
        return;
    h->closing = true;
    note(h, EVENT_controller_stopping, NULL, NULL, NULL, "a clean stop: what runs may end, nothing new is begun");
}

void helios_stop(struct helios *h)
{
    if (h->stopping || h->epoch == 0)
        return;
    h->stopping = true;
    note(h, EVENT_controller_stopping, NULL, NULL, NULL, "a clean stop");
}

/* Of one that is wanted twice before the shell takes it only the newer text is: a report that changes within a turn is written once. */
void helios_want_file(struct helios *h, const char *name, char *text)
{
    list_each (f, &h->files, struct wanted_file, link) {
        if (f->append || strcmp(f->name, name) != 0)
            continue;
        free(f->text);
        f->text = text;
        return;
    }
    struct wanted_file *f = NEW(struct wanted_file);
    f->name = xdup(name);
    f->text = text;
    list_push(&h->files, &f->link);
}

void helios_want_line(struct helios *h, const char *name, char *line)
{
    struct wanted_file *f = NEW(struct wanted_file);
    f->name = xdup(name);
    f->text = line;
    f->append = true;
    list_push(&h->files, &f->link);
}

struct wanted_file *helios_take_file(struct helios *h)
{
    struct wanted_file *f = list_first(&h->files, struct wanted_file, link);
    if (f)
        list_out(&f->link);
    return f;
}

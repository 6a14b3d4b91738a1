/* SPDX-License-Identifier: MPL-2.0 */
/* orchestrator/shell/functions.lua in C, check by check and sentence by sentence. test_model.c compares the two. Refuses to know
 * why. */
#include <strings.h>

#include "common/mutant.h"
#include "redis_inside.h"

struct call {
    const struct bytes *keys, *args;
    size_t n_keys, n_args;
};

/* ---- checks: true when one has answered ---- */

static bool key_is_wrong(struct model *m, struct bytes key, enum thing_type type)
{
    const struct thing *t = thing_find(m, key);
    return t && t->type != type;
}

static bool refuses_leader(struct model *m, struct bytes lease, struct bytes epoch, struct buf *out)
{
    struct bytes now = thing_get(thing_find(m, lease), BYTES("epoch"));
    if (now.at == NULL)
        say_error(out, "GAP there is no lease");
    else if (!bytes_eq(now, epoch) && !MUTANT(fence))
        say_error(out, "FENCED epoch " BYTES_F " is over, it is " BYTES_F, BYTES_A(epoch),
                  BYTES_A(now));
    else
        return false;
    return true;
}

static bool refuses_place(struct model *m, const struct call *c, struct buf *out)
{
    const struct thing *pos = thing_find(m, c->keys[0]);
    struct bytes epoch = c->args[0], prev = c->args[1], seq = c->args[2], digest = c->args[3];
    struct bytes last = thing_get(pos, BYTES("seq"));
    if (last.at == NULL)
        last = BYTES("0");
    if (bytes_eq(last, prev) || (MUTANT(dup) && bytes_eq(last, seq)))
        return false;
    if (bytes_eq(last, seq) && bytes_eq(thing_get(pos, BYTES("digest")), digest) &&
        bytes_eq(thing_get(pos, BYTES("epoch")), epoch))
        say_status(out, "DUP");
    else
        say_error(out, "GAP the last commit is " BYTES_F ", not " BYTES_F, BYTES_A(last),
                  BYTES_A(prev));
    return true;
}

/* ---- helios_commit ---- */

/* number_of answers false where Lua's tonumber gives nil; our counts are plain digits. */
static bool number_of(const struct call *c, size_t at, size_t *ret)
{
    if (at >= c->n_args || c->args[at].n == 0 || c->args[at].n > 9)
        return false;
    *ret = 0;
    for (size_t i = 0; i < c->args[at].n; i++) {
        if (c->args[at].at[i] < '0' || c->args[at].at[i] > '9')
            return false;
        *ret = *ret * 10 + (size_t)(c->args[at].at[i] - '0');
    }
    return true;
}

/* each_group walks the groups from args[at] on; do_group may be NULL. false: they do not add up. */
static bool each_group(struct model *m, const struct call *c, size_t at,
                       void (*do_group)(struct model *m, struct bytes key, const struct bytes *sets,
                                        size_t n_sets, const struct bytes *drops, size_t n_drops))
{
    for (size_t i = 3; i < c->n_keys; i++) {
        size_t sets, drops;
        if (!number_of(c, at, &sets) || !number_of(c, at + 1 + 2 * sets, &drops))
            return false;
        if (do_group)
            do_group(m, c->keys[i], c->args + at + 1, sets, c->args + at + 2 + 2 * sets, drops);
        at += 2 + 2 * sets + drops;
    }
    return at == c->n_args;
}

static void write_group(struct model *m, struct bytes key, const struct bytes *sets, size_t n_sets,
                        const struct bytes *drops, size_t n_drops)
{
    struct thing *t = n_sets ? thing_make(m, key, THING_hash) : thing_find(m, key);
    for (size_t i = 0; t && i < n_drops; i++)
        thing_unset(t, drops[i]);
    for (size_t i = 0; i < n_sets; i++)
        thing_set(t, sets[2 * i], sets[2 * i + 1]);
    if (t && HASH_COUNT(t->fields) == 0)
        thing_free(m, t);
}

static void add_entry(struct model *m, struct thing *t, struct bytes value)
{
    const struct entry *last = t->n_entries ? &t->entries[t->n_entries - 1] : NULL;
    struct entry e = {.ms = m->now, .value = bytes_dup(value), .n = value.n};
    if (last && e.ms <= last->ms) {
        e.ms = last->ms;
        e.seq = last->seq + 1;
    }
    if (t->n_entries == t->room_entries) {
        t->room_entries = MAX((size_t)64, 2 * t->room_entries);
        t->entries = xrealloc(t->entries, t->room_entries * sizeof(*t->entries));
    }
    t->entries[t->n_entries++] = e;
}

static void write_place(struct model *m, const struct call *c)
{
    struct thing *pos = thing_make(m, c->keys[0], THING_hash);
    thing_set(pos, BYTES("epoch"), c->args[0]);
    thing_set(pos, BYTES("seq"), c->args[2]);
    thing_set(pos, BYTES("digest"), c->args[3]);
}

static void commit(struct model *m, const struct call *c, struct buf *out)
{
    size_t entries = 0;
    if (refuses_leader(m, c->keys[1], c->args[0], out) || refuses_place(m, c, out))
        return;
    number_of(c, 5, &entries);
    if (!each_group(m, c, 6 + entries, NULL)) {
        say_error(out, "MALFORMED the groups do not add up");
        return;
    }
    if (key_is_wrong(m, c->keys[2], THING_stream)) {
        say_error(out, "MALFORMED the history is no stream");
        return;
    }
    for (size_t i = 3; i < c->n_keys; i++)
        if (key_is_wrong(m, c->keys[i], THING_hash)) {
            say_error(out, "MALFORMED no hash: " BYTES_F, BYTES_A(c->keys[i]));
            return;
        }
    if (m->calls->on_commit)
        m->calls->on_commit(m->user, m, c->keys, c->n_keys, c->args, c->n_args);
    for (size_t i = 6; i < 6 + entries; i++)
        add_entry(m, thing_make(m, c->keys[2], THING_stream), c->args[i]);
    each_group(m, c, 6 + entries, write_group);
    write_place(m, c);
    m->wrote = m->committed = true;
    say_status(out, "OK");
}

/* ---- the lease ---- */

static void lead(struct model *m, const struct call *c, struct buf *out)
{
    static const char *const fields[] = {"holder", "epoch", "renew"};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (!bytes_eq(thing_get(thing_find(m, c->keys[0]), bytes_of(fields[i])), c->args[i])) {
            say_error(out, "TAKEN the lease has changed");
            return;
        }
    struct thing *t = thing_make(m, c->keys[0], THING_hash);
    thing_set(t, BYTES("holder"), c->args[3]);
    thing_set(t, BYTES("epoch"), c->args[4]);
    thing_set(t, BYTES("renew"), BYTES("0"));
    m->wrote = true;
    if (m->calls->on_lead)
        m->calls->on_lead(m->user, strtoull(c->args[4].at, NULL, 10));
    say_status(out, "OK");
}

static void change_lease(struct model *m, const struct call *c, struct bytes field, struct buf *out)
{
    if (refuses_leader(m, c->keys[0], c->args[0], out))
        return;
    thing_set(thing_find(m, c->keys[0]), field, c->args[1]);
    m->wrote = true;
    say_status(out, "OK");
}

static void renew(struct model *m, const struct call *c, struct buf *out)
{
    change_lease(m, c, BYTES("renew"), out);
}

static void hand_over(struct model *m, const struct call *c, struct buf *out)
{
    change_lease(m, c, BYTES("holder"), out);
}

static void version(struct model *m, const struct call *c, struct buf *out)
{
    char text[24];
    (void)c;
    snprintf(text, sizeof(text), "%ld", m->version);
    say_bulk(out, bytes_of(text));
}

static const struct function {
    const char *name;
    bool writes, grows; /* no-writes, allow-oom */
    size_t keys, args;  /* at least */
    void (*call)(struct model *m, const struct call *c, struct buf *out);
} functions[] = {
    {"helios_version", false, false, 0, 0, version}, {"helios_commit", true, true, 3, 6, commit},
    {"helios_lead", true, false, 1, 5, lead},        {"helios_renew", true, false, 1, 2, renew},
    {"helios_hand_over", true, false, 1, 2, hand_over},
};

void function_call(struct model *m, const struct words *w, struct buf *out)
{
    size_t n_keys = strtoul(w->at[2].at, NULL, 10);
    const struct call c = {w->at + 3, w->at + 3 + n_keys, n_keys, w->n - 3 - n_keys};
    for (size_t i = 0; m->version && i < ARRAY_SIZE(functions); i++) {
        const struct function *f = &functions[i];
        if (!word_is(w->at[1], f->name) || n_keys + 3 > w->n || n_keys < f->keys || c.n_args < f->args)
            continue;
        if (model_refuses(m, f->writes, f->grows))
            say_error(out, "%s", m->error);
        else
            f->call(m, &c, out);
        return;
    }
    say_error(out, "ERR Function not found");
}

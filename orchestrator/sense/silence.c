/* SPDX-License-Identifier: MPL-2.0 */
#include "silence.h"

#include "common/text.h"
#include "orchestrator/core/helios.h"
#include "orchestrator/core/verb.h"

#define LONGEST_MS (30 * 24 * 3600 * 1000LL)

static void end(struct helios *h, struct silence *s, const char *how)
{
    note(h, EVENT_silence_ended, s->r.id.at, NULL, NULL, "%s of `%s` by %s: %s", s->r.kind.at, s->r.pattern.at,
         s->r.author.at, how);
    HASH_DEL(h->sense.silences, s);
    save_drop(h, &s->save);
    record_free(&schema_records[REC_silence], &s->r);
    free(s);
}

/* arm sets the one timer to the next expiry. */
static void arm(struct helios *h)
{
    struct silence *s, *next;
    int64_t soonest = INT64_MAX;
    HASH_ITER (hh, h->sense.silences, s, next)
        soonest = MIN(soonest, s->r.until);
    if (soonest == INT64_MAX)
        timer_stop(h, &h->sense.expiry);
    else
        timer_set(h, &h->sense.expiry, MAX(soonest, h->now + 1));
}

static void on_expiry(struct helios *h, struct timer *t)
{
    (void)t;
    struct silence *s, *next;
    HASH_ITER (hh, h->sense.silences, s, next)
        if (s->r.until <= h->now)
            end(h, s, "expired");
    arm(h);
}

void silences_init(struct helios *h)
{
    h->sense.expiry.run = on_expiry;
}

void silences_done(struct helios *h)
{
    struct silence *s, *next;
    HASH_ITER (hh, h->sense.silences, s, next) {
        HASH_DEL(h->sense.silences, s);
        save_forget(&s->save);
        record_free(&schema_records[REC_silence], &s->r);
        free(s);
    }
}

/* add owns the record's strings from here on. */
static struct silence *add(struct helios *h, const struct rec_silence *r)
{
    struct silence *s = NEW(struct silence);
    s->r = *r;
    record_own(&schema_records[REC_silence], &s->r);
    save_init(&s->save, REC_silence, &s->r, &s->r.id);
    HASH_ADD_KEYPTR(hh, h->sense.silences, s->r.id.at, s->r.id.n, s);
    return s;
}

int silence_load(struct helios *h, struct bytes value)
{
    struct arena arena = {0};
    struct rec_silence read;
    int r = struct_decode(&schema_records[REC_silence], value, &read, &arena, NULL);
    if (r == 0)
        save_loaded(&add(h, &read)->save);
    arena_done(&arena);
    return r;
}

void silences_lead(struct helios *h)
{
    arm(h);
}

bool silenced(struct helios *h, const char *topic, const char *subject)
{
    struct silence *s, *next;
    HASH_ITER (hh, h->sense.silences, s, next)
        if (s->r.until > h->now && (text_match(s->r.pattern.at, bytes_of(topic)) ||
                                    (subject && text_match(s->r.pattern.at, bytes_of(subject)))))
            return true;
    return false;
}

int command_silence(struct helios *h, struct verb_call *call)
{
    struct bytes pattern = map_str(call->args, "pattern", "");
    struct bytes reason = map_str(call->args, "reason", "");
    struct bytes kind = map_str(call->args, "kind", "silence");
    int64_t within = map_int(call->args, "for_ms", 0);
    if (pattern.n == 0 || pattern.n > 200)
        return verb_fail(call, "bad_args", "say what: `pattern` of a topic, KPI, swarm or id, as kpi.* or i-3");
    if (call->author.n == 0 || reason.n == 0)
        return verb_fail(call, "bad_args", "say who and why: author and reason are kept with it (H6)");
    if (within <= 0 || within > LONGEST_MS)
        return verb_fail(call, "bad_args", "say for how long: `for_ms` between 1 ms and 30 days");
    if (!bytes_is(kind, "silence") && !bytes_is(kind, "maintenance"))
        return verb_fail(call, "bad_args", "`kind` is silence or maintenance");
    if (HASH_COUNT(h->sense.silences) >= SILENCES_MAX)
        return verb_fail(call, "busy", "there are %d silences already; take some back", SILENCES_MAX);
    char id[32];
    snprintf(id, sizeof(id), "s-%llu", (unsigned long long)h->control.next_silence++);
    save_mark(h, &h->control_save);
    struct silence *s = add(h, &(struct rec_silence){.id = bytes_of(id), .kind = kind, .pattern = pattern,
                                                     .author = call->author, .reason = reason,
                                                     .until = h->now + within});
    save_mark(h, &s->save);
    note(h, EVENT_silence_set, s->r.id.at, NULL, NULL, "%s of `%s` for %lld s by %s: %s", s->r.kind.at,
         s->r.pattern.at, (long long)within / 1000, s->r.author.at, s->r.reason.at);
    arm(h);
    pack_put_str(&call->answer, "id", s->r.id);
    return 0;
}

int command_unsilence(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", "");
    struct silence *s;
    HASH_FIND(hh, h->sense.silences, id.at, id.n, s);
    if (s == NULL)
        return verb_fail(call, "not_found", "there is no silence " BYTES_F, BYTES_A(id));
    end(h, s, "taken back");
    arm(h);
    return 0;
}

int query_silences(struct helios *h, struct verb_call *call)
{
    struct silence *s, *next;
    struct pack *p = &call->answer;
    pack_key(p, "silences");
    pack_list(p);
    HASH_ITER (hh, h->sense.silences, s, next) {
        pack_map(p);
        pack_put_str(p, "id", s->r.id);
        pack_put_str(p, "kind", s->r.kind);
        pack_put_str(p, "pattern", s->r.pattern);
        pack_put_str(p, "author", s->r.author);
        pack_put_str(p, "reason", s->r.reason);
        pack_put_int(p, "until", s->r.until);
        pack_put_int(p, "left_ms", s->r.until - h->now);
        pack_end(p);
    }
    pack_end(p);
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns how a review looks: in answers, in its owner's data and in the ledger (V4, V5). */
#include <math.h>

#include "review.h"

#define SUBJECT_TOLD 2048 /* bytes; a longer one is in the review alone, not in the ledger */

const char *tally_text(enum tally_by by)
{
    static const char *const texts[] = {
        [TALLY_OPEN] = "withdrawn",        [TALLY_AGREED] = "agreed",       [TALLY_VETO] = "veto",
        [TALLY_QUORUM] = "no quorum",      [TALLY_NOBODY] = "nobody said yes or no",
        [TALLY_THRESHOLD] = "too few yes", [TALLY_SCORE] = "score too low",
    };
    return texts[by];
}

static bool approved(const struct review *v)
{
    return v->r.state == review_state_APPROVED;
}

static bool dissents(const struct review *v, const struct review_seat *s)
{
    return v->r.state != review_state_OPEN && s->vote == (approved(v) ? vote_no : vote_yes);
}

static const char *who(const struct review_seat *s)
{
    return *s->agent ? s->agent : s->name;
}

static void pack_vote(struct pack *p, const struct review_seat *s)
{
    pack_map(p);
    pack_put_text(p, "seat", s->name);
    pack_put_text(p, "agent", s->agent);
    pack_put_text(p, "vote", s->open ? "open" : enum_text(&enum_vote, (int)s->vote));
    pack_put_num(p, "score", s->score);
    pack_put_text(p, "reason", s->reason);
    pack_put_num(p, "weight", s->weight);
    pack_put_bool(p, "veto", s->veto);
    pack_put_text(p, "task", s->task);
    pack_end(p);
}

static void pack_votes(struct pack *p, const struct review *v)
{
    pack_key(p, "votes");
    pack_list(p);
    for (size_t i = 0; i < v->n_seats; i++)
        pack_vote(p, &v->seats[i]);
    pack_end(p);
    pack_key(p, "dissent");
    pack_list(p);
    for (size_t i = 0; i < v->n_seats; i++)
        if (dissents(v, &v->seats[i]))
            pack_text(p, who(&v->seats[i]));
    pack_end(p);
}

void review_data(const struct review *v, struct buf *out)
{
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    pack_put_str(&p, "review", v->r.id);
    pack_put_str(&p, "committee", v->r.committee);
    pack_put_bool(&p, "approved", approved(v));
    pack_put_num(&p, "score", v->r.score);
    pack_put_str(&p, "reason", v->r.reason);
    pack_votes(&p, v);
    pack_end(&p);
}

/* ---- answers ---- */

void review_pack_row(struct pack *p, const struct review *v)
{
    struct tally t = seats_count(v);
    size_t voted = 0;
    for (size_t i = 0; i < v->n_seats; i++)
        voted += !v->seats[i].open && v->seats[i].vote != vote_missing;
    pack_put_str(p, "id", v->r.id);
    pack_put_str(p, "committee", v->r.committee);
    pack_put_text(p, "state", enum_text(&enum_review_state, (int)v->r.state));
    pack_put_int(p, "seats", (int64_t)v->n_seats);
    pack_put_int(p, "voted", (int64_t)voted);
    pack_put_num(p, "yes", t.yes);
    pack_put_num(p, "no", t.no);
    pack_put_num(p, "score", t.score);
    pack_put_str(p, "reason", v->r.reason);
    pack_put_int(p, "began", v->r.began);
    pack_put_int(p, "ended", v->r.ended);
    pack_put_int(p, "until", v->r.until);
    pack_put_str(p, "owner", v->r.owner_id);
    pack_put_str(p, "author", v->r.author);
}

void review_pack(struct pack *p, const struct review *v)
{
    review_pack_row(p, v);
    pack_put_raw(p, "subject", v->r.subject);
    pack_put_raw(p, "rule", v->r.spec);
    pack_votes(p, v);
}

/* ---- the ledger ---- */

void review_note_began(struct helios *h, const struct review *v, const char *cause)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_put_str(&p, "committee", v->r.committee);
    pack_put_int(&p, "seats", (int64_t)v->n_seats);
    pack_put_str(&p, "owner", v->r.owner_id);
    pack_put_str(&p, "author", v->r.author);
    pack_put_raw(&p, "rule", v->r.spec);
    if (v->r.subject.n <= SUBJECT_TOLD)
        pack_put_raw(&p, "subject", v->r.subject);
    pack_end(&p);
    note(h, EVENT_review_began, v->r.id.at, cause, &data, "%s: committee %s is asked, %zu seats: %s", v->r.id.at,
         v->r.committee.at, v->n_seats, v->action);
    buf_done(&data);
}

void review_note_vote(struct helios *h, const struct review *v, const struct review_seat *s)
{
    struct buf data = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_vote(&p, s);
    note(h, EVENT_review_vote, v->r.id.at, *s->task ? s->task : NULL, &data, "%s: %s votes %s%s%s", v->r.id.at, who(s),
         s->vote == vote_missing ? "nothing" : enum_text(&enum_vote, (int)s->vote), *s->reason ? ": " : "", s->reason);
    buf_done(&data);
}

static void name_dissent(struct buf *out, const struct review *v)
{
    unsigned n = 0;
    for (size_t i = 0; i < v->n_seats; i++)
        if (dissents(v, &v->seats[i]))
            buf_printf(out, "%s%s", n++ ? ", " : "; against it: ", who(&v->seats[i]));
}

static void pack_numbers(struct pack *p, const struct review *v, const struct tally *t)
{
    pack_put_bool(p, "approved", approved(v));
    pack_put_str(p, "rule", v->r.reason);
    pack_put_num(p, "quorum", v->rule.quorum);
    pack_put_num(p, "threshold", v->rule.threshold);
    pack_put_num(p, "score_at_least", v->rule.score_at_least);
    pack_put_num(p, "weight", t->total);
    pack_put_num(p, "voted", t->voted);
    pack_put_num(p, "yes", t->yes);
    pack_put_num(p, "no", t->no);
    pack_put_num(p, "score", t->score);
    pack_put_int(p, "took_ms", v->r.ended - v->r.began);
    pack_votes(p, v);
}

void review_note_decided(struct helios *h, const struct review *v, const struct tally *t)
{
    struct buf data = {0}, dissent = {0};
    struct pack p;
    pack_init(&p, &data);
    pack_map(&p);
    pack_numbers(&p, v, t);
    pack_end(&p);
    name_dissent(&dissent, v);
    note(h, EVENT_review_decided, v->r.id.at, v->r.owner_id.n ? v->r.owner_id.at : NULL, &data,
         "%s: committee %s has %s: %s; yes %g, no %g of %g%s", v->r.id.at, v->r.committee.at,
         approved(v) ? "approved" : "rejected", v->r.reason.at, t->yes, t->no, t->total, buf_str(&dissent));
    buf_done(&data);
    buf_done(&dissent);
}

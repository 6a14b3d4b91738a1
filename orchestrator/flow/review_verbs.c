/* SPDX-License-Identifier: MPL-2.0 */
/* Queries and commands about reviews: a person may look at them, and ask a committee. */
#include "orchestrator/core/verb.h"
#include "review.h"

#define LIMIT 50
#define LIMIT_MOST 1000

static bool wanted(const struct review *v, struct bytes state, struct bytes committee)
{
    return (state.n == 0 || bytes_is(state, enum_text(&enum_review_state, (int)v->r.state))) &&
           (committee.n == 0 || bytes_eq(committee, v->r.committee));
}

/* pack_newest packs the newest ones of a list, the newest first. */
static void pack_newest(struct pack *p, const struct list *list, const struct verb_call *call, size_t *left)
{
    struct bytes state = map_str(call->args, "state", ""), committee = map_str(call->args, "committee", "");
    for (const struct list *at = list->prev; at != list && *left; at = at->prev) {
        const struct review *v = container_of(at, struct review, link);
        if (!wanted(v, state, committee))
            continue;
        pack_map(p);
        review_pack_row(p, v);
        pack_end(p);
        --*left;
    }
}

static int query_reviews(struct helios *h, struct verb_call *call)
{
    int64_t limit = map_int(call->args, "limit", LIMIT);
    size_t left = (size_t)MIN(MAX(limit, (int64_t)1), (int64_t)LIMIT_MOST);
    pack_key(&call->answer, "reviews");
    pack_list(&call->answer);
    pack_newest(&call->answer, &reviews_of(h)->open, call, &left);
    pack_newest(&call->answer, &reviews_of(h)->ended, call, &left);
    pack_end(&call->answer);
    return 0;
}

static int query_review(struct helios *h, struct verb_call *call)
{
    struct bytes id = map_str(call->args, "id", "");
    const struct review *v = review_find(h, id);
    if (v == NULL)
        return verb_fail(call, "not_found", "there is no review `" BYTES_F "`; `helios review list` lists them, `helios why` asks the ledger",
                         BYTES_A(id));
    pack_key(&call->answer, "review");
    pack_map(&call->answer);
    review_pack(&call->answer, v);
    pack_end(&call->answer);
    return 0;
}

static int command_start(struct helios *h, struct verb_call *call)
{
    char err[200] = "";
    struct value subject = map_get(call->args, "subject");
    if (subject.type != VALUE_END && subject.type != VALUE_MAP)
        return verb_fail(call, "bad_args", "the subject is a map: the parameters of the reviewers' action");
    if (h->control.draining)
        return verb_fail(call, "busy", "the realm drains: nothing new is asked");
    struct review_order order = {
        .committee = map_str(call->args, "committee", ""),
        .subject = subject.whole,
        .author = call->author,
        .priority = (uint64_t)MIN(MAX(map_int(call->args, "priority", 2), (int64_t)0), (int64_t)4),
    };
    const struct review *v = review_start(h, &order, err);
    if (v == NULL)
        return verb_fail(call, "not_allowed", "%s", err);
    pack_put_str(&call->answer, "id", v->r.id);
    pack_put_int(&call->answer, "until", v->r.until);
    return 0;
}

const struct verb review_verbs[] = {
    {"reviews", false, "state, committee, limit (50, at most 1000)", "questions to committees, open ones first, the newest first",
     query_reviews},
    {"review", false, "id", "one review: its votes, its rule, who voted against the decision", query_review},
    {"review_start", true, "committee, subject, priority", "ask a committee", command_start},
    {0},
};

/* SPDX-License-Identifier: MPL-2.0 */
#include "run_show.h"

#include "common/text.h"
#include "fill.h"
#include "part.h"
#include "took.h"

#define SHOWN_BYTES 1000 /* of what a step returned and printed */

/* ---- the time that is left ---- */

struct path {
    double *left;   /* owned: from the begin of each step to the end of the run, ms */
    uint32_t *next; /* owned: the child that takes longest, or the step itself */
    double longest;
    size_t first; /* where the longest path begins */
    bool known;   /* every step on it has been seen before */
};

static double step_left(struct helios *h, const struct step *s, bool *known)
{
    if (step_ended(s))
        return 0;
    double took = took_ms(h, s->run->r.pipeline, s->plan->set->name);
    *known = took >= 0;
    took = MAX(took, 0);
    double ran = s->r.state == step_state_RUNNING ? (double)(h->now - s->r.began) : 0;
    return MAX(took - ran, 0);
}

/* From the last steps to the first: what is left behind each one. What has ended takes no time any more. */
static struct path path_of(struct helios *h, const struct run *r)
{
    size_t n = r->plan->n;
    struct path path = {xalloc((n + 1) * sizeof(double)), xalloc((n + 1) * sizeof(uint32_t)), 0, n, true};
    _autofree_ bool *known = xalloc(n + 1);
    for (size_t i = r->plan->n_order; i-- > 0;) {
        uint32_t at = r->plan->order[i];
        const struct plan_step *plan = &r->plan->steps[at];
        const struct step *s = &r->steps[at];
        bool seen = true;
        double behind = 0, own = step_left(h, s, &seen);
        path.next[at] = at;
        known[at] = true;
        for (uint32_t k = 0; k < plan->n_children; k++) {
            uint32_t child = plan->children[k];
            if (step_ended(&r->steps[child]) || (path.next[at] != at && path.left[child] <= behind))
                continue;
            path.next[at] = child;
            behind = path.left[child];
            known[at] = known[child];
        }
        path.left[at] = own + behind;
        known[at] &= seen;
        if (!step_ended(s) && (path.first == n || path.left[at] >= path.longest)) {
            path.longest = path.left[at];
            path.first = at;
            path.known = known[at];
        }
    }
    return path;
}

static void pack_path(struct helios *h, struct pack *p, const struct run *r)
{
    if (run_ended(r))
        return;
    struct path path = path_of(h, r);
    pack_put_int(p, "left_ms", (int64_t)path.longest);
    pack_put_bool(p, "left_known", path.known);
    pack_key(p, "critical_path");
    pack_list(p);
    size_t at = path.first, most = 100;
    while (at < r->plan->n && most--) {
        pack_str(p, r->plan->steps[at].set->name);
        if (path.next[at] == at)
            break;
        at = path.next[at];
    }
    pack_end(p);
    free(path.left);
    free(path.next);
}

/* ---- rows ---- */

static void pack_counts(struct pack *p, const struct run *r)
{
    size_t counts[step_state_COUNT] = {0};
    for (size_t i = 0; i < r->plan->n; i++)
        counts[r->steps[i].r.state]++;
    pack_key(p, "counts");
    pack_map(p);
    for (int i = 0; i < step_state_COUNT; i++)
        pack_put_int(p, enum_text(&enum_step_state, i), (int64_t)counts[i]);
    pack_end(p);
}

void run_pack_row(struct helios *h, struct pack *p, const struct run *r)
{
    pack_put_str(p, "id", r->r.id);
    pack_put_str(p, "pipeline", r->r.pipeline);
    pack_put_text(p, "state", enum_text(&enum_run_state, (int)r->r.state));
    pack_put_int(p, "steps", (int64_t)r->plan->n);
    pack_put_int(p, "done", (int64_t)r->n_ended);
    pack_put_int(p, "time", r->r.time);
    pack_put_int(p, "created", r->r.created);
    pack_put_int(p, "began", r->r.began);
    pack_put_int(p, "ended", r->r.ended);
    pack_put_int(p, "took_ms", r->r.began ? (r->r.ended ? r->r.ended : h->now) - r->r.began : 0);
    pack_put_str(p, "author", r->r.author);
    pack_put_str(p, "owner_kind", r->r.owner_kind);
    pack_put_str(p, "owner_id", r->r.owner_id);
    pack_put_int(p, "tries", (int64_t)r->r.tries);
    pack_put_bool(p, "dry_run", r->r.dry_run);
    pack_put_str(p, "error", r->r.error);
}

static void pack_parts(struct pack *p, const struct step *s)
{
    size_t good = 0, running = 0, bad = 0;
    for (size_t i = 0; i < fan_size(s); i++) {
        const struct rec_step *part = fan_part(s, i);
        good += part && part->state == step_state_COMPLETED;
        running += part && part->state == step_state_RUNNING;
        bad += part && part->state > step_state_COMPLETED;
    }
    pack_put_int(p, "parts", (int64_t)fan_size(s));
    pack_put_int(p, "parts_completed", (int64_t)good);
    pack_put_int(p, "parts_running", (int64_t)running);
    pack_put_int(p, "parts_failed", (int64_t)bad);
}

static struct bytes agent_of(struct helios *h, const struct step *s)
{
    const struct task *t = s->r.state == step_state_RUNNING && s->r.task.n ? task_find(h, s->r.task) : NULL;
    return t ? t->r.holder : s->r.agent;
}

static uint64_t attempts_of(struct helios *h, const struct step *s)
{
    const struct task *t = s->r.state == step_state_RUNNING && s->r.task.n ? task_find(h, s->r.task) : NULL;
    return t ? t->r.attempt : s->r.attempt;
}

/* The end of what it printed says how it went. */
static void pack_output(struct pack *p, struct bytes output)
{
    struct bytes end = {output.at + output.n - MIN(output.n, (size_t)SHOWN_BYTES), MIN(output.n, (size_t)SHOWN_BYTES)};
    while (end.n && ((unsigned char)*end.at & 0xc0) == 0x80) /* not from the middle of a character */
        end = (struct bytes){end.at + 1, end.n - 1};
    if (end.n && text_is_utf8(end))
        pack_put_str(p, "output", end);
}

static void pack_step(struct helios *h, struct pack *p, const struct step *s)
{
    const struct set_flow_step *set = s->plan->set;
    double usual = took_ms(h, s->run->r.pipeline, set->name);
    pack_map(p);
    pack_put_str(p, "step", set->name);
    pack_put_text(p, "state", enum_text(&enum_step_state, (int)s->r.state));
    pack_put_str(p, "what", set->action.n ? set->action : set->committee.n ? set->committee : set->pipeline);
    pack_put_str(p, "task", s->r.task);
    pack_put_str(p, "agent", agent_of(h, s));
    pack_put_int(p, "attempt", (int64_t)attempts_of(h, s));
    pack_put_int(p, "began", s->r.began);
    pack_put_int(p, "ended", s->r.ended);
    pack_put_int(p, "took_ms", s->r.began ? (s->r.ended ? s->r.ended : h->now) - s->r.began : 0);
    if (usual >= 0)
        pack_put_int(p, "usual_ms", (int64_t)usual);
    pack_put_str(p, "error", s->r.error);
    if (set->each.n && s->r.id.n)
        pack_parts(p, s);
    if (s->r.data.n && s->r.data.n <= SHOWN_BYTES)
        pack_put_raw(p, "data", s->r.data);
    pack_output(p, s->r.output);
    pack_end(p);
}

static void pack_artifacts(struct pack *p, const struct run *r)
{
    _cleanup_(buf_done) struct buf dir = {0};
    run_dir(r, &dir);
    pack_put_text(p, "dir", buf_str(&dir));
    pack_key(p, "artifacts");
    pack_list(p);
    for (size_t i = 0; i < r->plan->n; i++) {
        struct walk w = walk_of(r->plan->steps[i].set->artifacts);
        struct value key, item;
        if (r->steps[i].r.state != step_state_COMPLETED)
            continue;
        while (walk_pair(&w, &key, &item)) {
            _cleanup_(buf_done) struct buf path = {0};
            buf_printf(&path, "%s%s" BYTES_F, buf_str(&dir), dir.n ? "/" : "", BYTES_A(item.text));
            pack_map(p);
            pack_put_str(p, "name", key.text);
            pack_put_str(p, "step", r->plan->steps[i].set->name);
            pack_put_str(p, "path", buf_bytes(&path));
            pack_end(p);
        }
    }
    pack_end(p);
}

void run_pack(struct helios *h, struct pack *p, const struct run *r, struct bytes state, size_t first, size_t most)
{
    run_pack_row(h, p, r);
    pack_put_raw(p, "params", r->r.params);
    pack_counts(p, r);
    pack_path(h, p, r);
    pack_artifacts(p, r);
    pack_key(p, "rows");
    pack_list(p);
    for (size_t i = 0; i < r->plan->n_order && most && p->out->n < RUN_SHOW_BYTES; i++) {
        const struct step *s = &r->steps[r->plan->order[i]];
        if (state.n && !bytes_is(state, enum_text(&enum_step_state, (int)s->r.state)))
            continue;
        if (first && first--)
            continue;
        pack_step(h, p, s);
        most--;
    }
    pack_end(p);
}

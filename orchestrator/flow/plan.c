/* SPDX-License-Identifier: MPL-2.0 */
#include "plan.h"

#include "settings/reference.h"

void plan_spec(struct buf *out, const struct set_pipeline *pipeline)
{
    struct pack p;
    pack_init(&p, out);
    section_pack(&p, &section_of_pipeline, pipeline);
}

struct plan_step *plan_find(const struct plan *p, struct bytes step)
{
    struct plan_step *found = NULL;
    if (step.n)
        HASH_FIND(hh, p->by_name, step.at, step.n, found);
    return found;
}

static void number_steps(struct plan *p)
{
    p->n = p->set.steps.n;
    p->steps = xalloc((p->n + 1) * sizeof(*p->steps));
    for (size_t i = 0; i < p->n; i++) {
        struct plan_step *s = &p->steps[i];
        s->set = (const struct set_flow_step *)p->set.steps.at + i;
        s->index = (uint32_t)i;
        s->n_parents = (uint32_t)s->set->after.n;
        HASH_ADD_KEYPTR(hh, p->by_name, s->set->name.at, s->set->name.n, s);
    }
}

/* Two walks over all edges: how many children each step has, then who they are. */
static int draw_edges(struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        SEQ_EACH (name, const struct bytes, p->steps[i].set->after) {
            struct plan_step *parent = plan_find(p, *name);
            if (parent == NULL)
                return -EPROTO;
            parent->n_children++;
            n++;
        }
    uint32_t *next = p->edges = xalloc((n + 1) * sizeof(*p->edges));
    for (size_t i = 0; i < p->n; i++) {
        p->steps[i].children = next;
        next += p->steps[i].n_children;
        p->steps[i].n_children = 0;
    }
    for (size_t i = 0; i < p->n; i++)
        SEQ_EACH (name, const struct bytes, p->steps[i].set->after) {
            struct plan_step *parent = plan_find(p, *name);
            parent->children[parent->n_children++] = (uint32_t)i;
        }
    return 0;
}

static void sort_steps(struct plan *p)
{
    _autofree_ uint32_t *open = xalloc((p->n + 1) * sizeof(*open));
    p->order = xalloc((p->n + 1) * sizeof(*p->order));
    for (size_t i = 0; i < p->n; i++)
        if ((open[i] = p->steps[i].n_parents) == 0)
            p->order[p->n_order++] = (uint32_t)i;
    for (size_t i = 0; i < p->n_order; i++) {
        const struct plan_step *s = &p->steps[p->order[i]];
        for (uint32_t k = 0; k < s->n_children; k++)
            if (--open[s->children[k]] == 0)
                p->order[p->n_order++] = s->children[k];
    }
}

static void mark_text(struct plan *p, struct bytes text)
{
    struct piece piece;
    struct reference r;
    while (piece_next(&text, &piece) == 1)
        if (!piece.plain && reference_parse(piece.text, &r) == 0 && r.kind == REFERENCE_output) {
            struct plan_step *s = plan_find(p, r.step);
            if (s)
                s->output_named = true;
        }
}

/* All texts of a value, however deep: they are read one after the other. */
static void mark_outputs(struct plan *p, struct bytes packed)
{
    struct cursor c = cursor_of(packed);
    for (struct value v; (v = read_head(&c)).type != VALUE_END;)
        if (v.type == VALUE_STR)
            mark_text(p, v.text);
}

struct plan *plan_new(const struct rec_plan *owned)
{
    struct plan *p = NEW(struct plan);
    p->r = *owned;
    save_init(&p->save, REC_plan, &p->r, &p->r.id);
    if (section_unpack(&p->keep, &section_of_pipeline, p->r.spec, &p->set) < 0) {
        plan_free(p);
        return NULL;
    }
    p->set.name = p->r.pipeline;
    number_steps(p);
    if (draw_edges(p) < 0) {
        plan_free(p);
        return NULL;
    }
    sort_steps(p);
    for (size_t i = 0; i < p->n; i++) {
        mark_outputs(p, p->steps[i].set->params);
        mark_text(p, p->steps[i].set->each);
    }
    return p;
}

void plan_free(struct plan *p)
{
    HASH_CLEAR(hh, p->by_name);
    save_forget(&p->save);
    record_free(&schema_records[REC_plan], &p->r);
    keep_done(&p->keep);
    free(p->steps);
    free(p->edges);
    free(p->order);
    free(p);
}

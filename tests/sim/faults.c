/* SPDX-License-Identifier: MPL-2.0 */
/* Owns when which fault strikes. Refuses to know what it does (fault_rows.c). */
#include "facts.h"
#include "fault.h"
#include "nodes.h"

#define FAULTS_MAX 48 /* rows of a weather, and faults under way */

static struct {
    struct strike {
        struct moment next;
        const struct fault_row *row;
    } strikes[FAULTS_MAX];
    struct fault under_way[FAULTS_MAX];
    double pace; /* of this weather */
} faults;

static int64_t pause_of(const struct fault_row *row)
{
    double mean = 60e6 / (row->often * faults.pace);
    return (int64_t)(mean * (0.2 + 1.6 * rand_unit(&world.rand)));
}

/* As many short ones as long ones: the logarithm is even. */
static int64_t length_of(const struct fault_row *row)
{
    int64_t most = row->low;
    while (most < row->high && chance(0.7))
        most *= 2;
    return draw_between(row->low, MIN(most, row->high));
}

static void over(struct moment *m)
{
    struct fault *f = container_of(m, struct fault, over);
    const struct fault_row *row = f->row;
    f->row = NULL;
    if (row->end == NULL)
        return;
    trace("%s is over", row->name);
    row->end(f);
}

static struct fault *free_place(void)
{
    for (size_t i = 0; i < FAULTS_MAX; i++)
        if (faults.under_way[i].row == NULL)
            return &faults.under_way[i];
    return NULL;
}

static void strike(struct moment *m)
{
    struct strike *s = container_of(m, struct strike, next);
    struct fault *f = free_place();
    moment_at(m, world.now + pause_of(s->row));
    if (f == NULL)
        return;
    *f = (struct fault){.over.run = over, .row = s->row};
    moment_at(&f->over, world.now + length_of(s->row));
    trace("fault %s", s->row->name);
    if (!s->row->begin(f)) {
        moment_off(&f->over);
        f->row = NULL;
        return;
    }
    fact(.kind = FACT_fault, .who = f->a ? f->a->name : "", .text = s->row->name);
}

void faults_begin(double pace, const char *only)
{
    size_t n = 0;
    double share = chance(0.2) ? 0 : 0.1 + 0.4 * rand_unit(&world.rand);
    memset(&faults, 0, sizeof(faults));
    faults.pace = pace;
    for (const struct fault_row *row = fault_rows; row->name; row++) {
        bool has = only ? strcmp(only, row->name) == 0 : chance(MAX(share, share > 0 ? row->likely : 0));
        if (!has)
            continue;
        struct strike *s = &faults.strikes[n++];
        *s = (struct strike){.next.run = strike, .row = row};
        moment_at(&s->next, world.now + pause_of(row));
    }
}

void faults_heal(void)
{
    for (size_t i = 0; i < FAULTS_MAX; i++) {
        moment_off(&faults.strikes[i].next);
        if (faults.under_way[i].row) {
            moment_off(&faults.under_way[i].over);
            over(&faults.under_way[i].over);
        }
    }
    for (size_t i = 0; i < world.n_nodes; i++) {
        struct node *n = world.nodes[i];
        n->trap = (struct trap){0};
        if (!n->up)
            node_start(n);
        n->paused_until = 0;
        node_wake(n, world.now);
    }
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Sorts the live tasks. HASH_SRT would do, but walks the list for every merge: a million tasks that
 * lie anywhere in memory cost it seconds. Here numbers are sorted, and each task is touched once. */
#include "order.h"

#include "orchestrator/core/helios.h"

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

struct numbered {
    uint64_t number;
    struct task *task;
};

/* by_digit is one pass of a radix sort: stable, from `from` to `to`. */
static void by_digit(const struct numbered *from, struct numbered *to, size_t n, unsigned shift)
{
    size_t starts[DIGITS] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++)
        starts[from[i].number >> shift & (DIGITS - 1)]++;
    for (size_t d = 0; d < DIGITS; d++) {
        size_t count = starts[d];
        starts[d] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[starts[from[i].number >> shift & (DIGITS - 1)]++] = from[i];
}

static struct numbered *sorted(struct numbered *all, size_t n, uint64_t greatest)
{
    struct numbered *other = xalloc((n + 1) * sizeof(*other));
    for (unsigned shift = 0; shift < 64 && greatest >> shift; shift += DIGIT_BITS) {
        struct numbered *before = all;
        by_digit(all, other, n, shift);
        all = other;
        other = before;
    }
    free(other);
    return all;
}

static void relink(struct helios *h, const struct numbered *all, size_t n)
{
    UT_hash_table *table = all[0].task->hh.tbl;
    for (size_t i = 0; i < n; i++) {
        all[i].task->hh.prev = i ? all[i - 1].task : NULL;
        all[i].task->hh.next = i + 1 < n ? all[i + 1].task : NULL;
    }
    h->work.tasks_by_id = all[0].task;
    table->tail = &all[n - 1].task->hh;
}

void tasks_sort(struct helios *h)
{
    size_t n = 0;
    uint64_t greatest = 0;
    if (h->work.tasks_by_id == NULL)
        return;
    struct numbered *all = xalloc((h->work.n_tasks + 1) * sizeof(*all));
    for (struct task *t = h->work.tasks_by_id; t; t = t->hh.next) {
        all[n++] = (struct numbered){t->number, t};
        greatest = MAX(greatest, t->number);
    }
    all = sorted(all, n, greatest);
    relink(h, all, n);
    free(all);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Sorts the live tasks. Numbers are sorted, and each task is touched once: a million of them lie anywhere in memory. */
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

struct task **tasks_sorted(struct helios *h)
{
    size_t n = 0;
    uint64_t greatest = 0;
    struct numbered *all = xalloc((h->work.tasks.n + 1) * sizeof(*all));
    struct task **sorted_tasks = xalloc((h->work.tasks.n + 1) * sizeof(struct task *));
    MAP_EACH (t, struct task, &h->work.tasks) {
        all[n++] = (struct numbered){t->number, t};
        greatest = MAX(greatest, t->number);
    }
    all = sorted(all, n, greatest);
    for (size_t i = 0; i < n; i++)
        sorted_tasks[i] = all[i].task;
    free(all);
    return sorted_tasks;
}

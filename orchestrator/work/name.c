/* SPDX-License-Identifier: MPL-2.0 */
/* Owns how a task is called: t-NUMBER. Refuses to know the task. */
#include "orchestrator/core/helios.h"
#include "sheaf.h"
#include "task.h"

static const struct bytes start = {"t-", 2};

size_t task_name(char ret[24], uint64_t number)
{
    char digits[20];
    size_t n = 0, at = 2;
    do
        digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    memcpy(ret, start.at, start.n);
    while (n)
        ret[at++] = digits[--n];
    ret[at] = '\0';
    return at;
}

int task_number(struct bytes id, uint64_t *ret)
{
    enum { DIGITS_MOST = 18 };
    if (id.n <= start.n || id.n > start.n + DIGITS_MOST || memcmp(id.at, start.at, start.n) != 0 ||
        (id.at[2] == '0' && id.n > start.n + 1))
        return -EINVAL;
    uint64_t number = 0;
    for (size_t i = start.n; i < id.n; i++) {
        if (id.at[i] < '0' || id.at[i] > '9')
            return -EINVAL;
        number = 10 * number + (uint64_t)(id.at[i] - '0');
    }
    *ret = number;
    return 0;
}

struct task *task_by_number(struct helios *h, uint64_t number)
{
    struct task *t = map_get_number(&h->work.tasks, number);
    return t ? t : sheaf_find(h, number);
}

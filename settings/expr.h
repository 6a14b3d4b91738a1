/* SPDX-License-Identifier: MPL-2.0 */
/* Conditions of steps (P6): `${steps.check.data.score} >= 80 and not (params.mode == 'draft')`.
 *
 *   or, and, not, parentheses; == != < <= > >=; numbers, 'texts' and "texts", true, false, null; names with ${} or without
 *
 * Read from left to right once, with bounds on length and depth; nothing is allocated. Knows no name: who evaluates says what one is. */
#ifndef HELIOS_SETTINGS_EXPR_H
#define HELIOS_SETTINGS_EXPR_H

#include "common/base.h"

#define EXPR_MOST 1000 /* characters */
#define EXPR_DEPTH 16  /* parentheses and nots in each other */
#define EXPR_ERR 256

enum expr_type { EXPR_NOTHING, EXPR_BOOL, EXPR_NUMBER, EXPR_TEXT, EXPR_MANY /* a list or a map: true when there is something in it */ };
struct expr_value {
    enum expr_type type;
    bool yes;
    double number;
    struct bytes text; /* valid until the evaluation is over */
};
/* Answers 0, or negative with a sentence in err (EXPR_ERR bytes), which ends the evaluation. */
typedef int expr_find(void *context, struct bytes name, struct expr_value *ret, char *err);

/* expr_eval answers 0 and whether it is true. -EINVAL: it is no condition, or compares what cannot be compared; err says where. What
 * `and` and `or` do not need is read but not asked for. */
int expr_eval(struct bytes text, expr_find *find, void *context, bool *ret, char *err);
/* expr_check reads it without values: each name is given to find, whose value does not matter. */
int expr_check(struct bytes text, expr_find *find, void *context, char *err);

#endif

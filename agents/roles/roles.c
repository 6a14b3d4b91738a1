/* SPDX-License-Identifier: MPL-2.0 */
#include "agents/roles/role.h"

const struct composite *const composites[] = {
    &composite_analyze,
    &composite_apply,
    &composite_rollback,
    &composite_inspect,
};
const size_t composites_n = ARRAY_SIZE(composites);

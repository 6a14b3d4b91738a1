/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the table of rights. Refuses to know how a role is proved. */
#include "rights.h"

static const bool table[key_role_COUNT][MSG_COUNT] = {
#define RIGHT(role, message) [key_role_##role][MSG_##message] = true,
#include "proto/rights.def"
#undef RIGHT
};

bool rights_may(enum key_role role, enum msg which)
{
    return table[role][which];
}

bool rights_connect(enum key_role role, enum endpoint endpoint)
{
    for (int m = 0; m < MSG_COUNT; m++)
        if (table[role][m] && schema_messages[m].endpoint == endpoint)
            return true;
    return false;
}

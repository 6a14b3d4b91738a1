/* SPDX-License-Identifier: MPL-2.0 */
/* What the codes of refusals mean to whoever asked, and who asks. */
#ifndef HELIOS_CLIENT_CODE_H
#define HELIOS_CLIENT_CODE_H

#include "common/base.h"

/* code_error: -ENOENT not found, -EINVAL asked wrongly, -EEXIST the key is another task's, -EPERM not allowed, -EBUSY not now,
 * -ETIMEDOUT nobody has answered (""), -EPROTO the controller does not know it, -EIO any other. */
int code_error(struct bytes code);

/* asker is who the ledger names for a command: $HELIOS_AUTHOR, else the user's name. Static. */
const char *asker(void);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the table of the wire's codes. Refuses to put them into words: the controller has. */
#include "client/code.h"

#include <pwd.h>
#include <unistd.h>

int code_error(struct bytes code)
{
    static const struct {
        const char *code;
        int error;
    } rows[] = {{"not_found", -ENOENT}, {"bad_args", -EINVAL},    {"bad_request", -EINVAL}, {"key_reused", -EEXIST},
                {"not_allowed", -EPERM}, {"busy", -EBUSY},        {"full", -EBUSY},         {"draining", -EBUSY},
                {"not_leader", -EBUSY}, {"unknown", -EPROTO},     {"", -ETIMEDOUT}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (bytes_is(code, rows[i].code))
            return rows[i].error;
    return -EIO;
}

const char *asker(void)
{
    const char *name = getenv("HELIOS_AUTHOR");
    const struct passwd *user = name ? NULL : getpwuid(getuid());
    return name ? name : user ? user->pw_name : "unknown";
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns nothing: the kernel keeps the limits. */
#include "common/limit.h"

#include <sys/resource.h>

void limit_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the one file in memory. */
#include "file.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* libfyaml forgets 2 KiB where a quoted word has many quotes; a config is read once, and it is its reader's own. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml.so\n";
}

const char *fuzz_file(struct bytes content)
{
    static char name[64];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    }
    FUZZ_CHECK(fd >= 0 && ftruncate(fd, 0) == 0);
    FUZZ_CHECK(pwrite(fd, content.at, content.n, 0) == (ssize_t)content.n);
    return name;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Fuzzes one frame of a peer: the check of the bytes, the type, and the decoding as every message. */
#include "fuzz.h"
#include "proto/guard.h"
#include "roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bytes b = {(const char *)data, n};
    int r = guard_check(b);
    FUZZ_CHECK(guard_reason(r)[0] != '\0');
    if (r < 0)
        return 0;
    int which = message_which(b);
    FUZZ_CHECK(which < MSG_COUNT);
    for (enum msg m = 0; m < MSG_COUNT; m++) /* whatever it says that it is */
        roundtrip_check(&schema_messages[m], b);
    return 0;
}

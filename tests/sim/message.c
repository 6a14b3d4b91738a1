/* SPDX-License-Identifier: MPL-2.0 */
/* Owns how a message looks in the trace. */
#include "message.h"

#include "proto/codec.h"
#include "world.h"

void message_trace(const char *verb, const char *whom, struct bytes body)
{
    static struct buf text;
    struct arena arena = {0};
    int which = message_which(body);
    _autofree_ void *message = which < 0 ? NULL : xalloc(schema_messages[which].size);
    buf_clear(&text);
    if (message && message_decode((enum msg)which, body, message, &arena, NULL) == 0)
        struct_show(&text, &schema_messages[which], message);
    trace("%s to %s: %s", verb, whom, buf_str(&text));
    arena_done(&arena);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* The shape of a reply, looked at before anything in it is read: what answers on Redis' port may be no Redis. Each takes NULL for a
 * reply that is none, so that they nest. */
#include "store_inside.h"

const char *reply_text(const redisReply *reply)
{
    bool is_text = reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
    return is_text ? reply->str : NULL;
}

struct bytes reply_bytes(const redisReply *reply)
{
    const char *text = reply_text(reply);
    return (struct bytes){text, text ? (size_t)reply->len : 0};
}

size_t reply_size(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

const redisReply *reply_item(const redisReply *reply, size_t i)
{
    return i < reply_size(reply) ? reply->element[i] : NULL;
}

bool reply_is_done(const redisReply *reply)
{
    const char *text = reply_text(reply);
    return text && (strcmp(text, "OK") == 0 || strcmp(text, "DUP") == 0);
}

void store_nonsense(struct store *s, const char *to_what)
{
    char text[200];
    snprintf(text, sizeof(text), "what answers to %s is no Redis, or its keys are not ours", to_what);
    store_drop(s, STORE_BACKOFF_LONG, text);
}

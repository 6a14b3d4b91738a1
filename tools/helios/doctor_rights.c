/* SPDX-License-Identifier: MPL-2.0 */
/* May the user of state.user do what a controller does (Z5)? Each command is tried on a key that is never there, in a way that
 * can write nothing: Redis judges rights before it looks at what is asked. */
#include "doctor.h"

static const char key_word[] = "KEY";

/* Those of orchestrator/shell/functions.lua and store_*.c; tests/store/test_setup.c has the same as `LEAST`. */
static const struct {
    const char *right;
    const char *words[7];
} rows[] = {
    {"+fcall", {"FCALL", "helios_version", "0"}},
    {"+function|load", {"FUNCTION", "LOAD", ""}}, /* no library: it is refused */
    {"+hscan", {"HSCAN", key_word, "0"}},
    {"+hmget", {"HMGET", key_word, "field"}},
    {"+hget", {"HGET", key_word, "field"}},
    {"+hset",
     {"HSET", key_word, "field", "value", "half a pair"}}, /* refused for its number of words */
    {"+hdel", {"HDEL", key_word, "field"}},
    {"+xadd", {"XADD", key_word, "NOMKSTREAM", "*", "field", "value"}}, /* makes no stream */
    {"+xrevrange", {"XREVRANGE", key_word, "+", "-", "COUNT", "1"}},
    {"+type", {"TYPE", key_word}},
};

static bool may(redisContext *r, const char *const *words, const char *key)
{
    const char *argv[7];
    int n = 0;
    for (; n < 7 && words[n]; n++)
        argv[n] = words[n] == key_word ? key : words[n];
    redisReply *reply = redisCommandArgv(r, n, argv, NULL);
    bool refused = reply == NULL ||
                   (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOPERM", 6) == 0);
    if (reply)
        freeReplyObject(reply);
    return !refused;
}

static bool is_default(redisContext *r)
{
    redisReply *reply = redisCommand(r, "ACL WHOAMI");
    bool ret = reply && reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "default") == 0;
    if (reply)
        freeReplyObject(reply);
    return ret;
}

void look_redis_rights(struct exam *e, struct finding *f)
{
    _cleanup_(buf_done) struct buf key = {0}, lacks = {0};
    const char *realm = e->config->realm.at, *user = e->config->state.user.at;
    buf_printf(&key, "{helios:%s}:doctor", realm);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (!may(e->redis, rows[i].words, buf_str(&key)))
            buf_printf(&lacks, " %s", rows[i].right);
    if (e->redis->err) {
        found(f, GRADE_FAIL, "look into its log", "it stopped answering: %s", e->redis->errstr);
    } else if (lacks.n) {
        found(f, GRADE_FAIL, "",
              "the user %s may not all that is needed on {helios:%s}:*, it lacks%s",
              *user ? user : "default", realm, buf_str(&lacks));
        buf_printf(&f->todo, "ACL SETUSER %s ~{helios:%s}:*%s", *user ? user : "default", realm,
                   buf_str(&lacks));
    } else {
        found(f, GRADE_OK, NULL, "it may all that is needed on {helios:%s}:*%s", realm,
              is_default(e->redis) ? "; it is the default user: one of its own is safer (Z5)" : "");
    }
}

/* SPDX-License-Identifier: MPL-2.0 */
/* What hiredis may build of the bytes that come in. It asserts that every reply was asked for and allocates whatever length a list
 * announces; both would let a broken server end the controller. Refuses to know what is asked. */
#include "store_inside.h"

#define MOST_ITEMS 1000000 /* of one list: a page has 2000 */

#if HIREDIS_MAJOR >= 1
typedef size_t items;
#else
typedef int items;
#endif

static redisReplyObjectFunctions usual; /* hiredis' own */

/* NULL makes hiredis close the connection. A spontaneous error is what a full server says, and hiredis knows it. */
static bool welcome(const redisReadTask *task)
{
    struct store *s = task->privdata;
    if (task->parent || s->unanswered || task->type == REDIS_REPLY_ERROR)
        return true;
    store_drop(s, STORE_BACKOFF_LONG, "Redis sends what nobody has asked for");
    return false;
}

static void *new_string(const redisReadTask *task, char *text, size_t n)
{
    return welcome(task) ? usual.createString(task, text, n) : NULL;
}

static void *new_array(const redisReadTask *task, items n)
{
    if (n > MOST_ITEMS) {
        store_drop(task->privdata, STORE_BACKOFF_LONG, "Redis announces a list that cannot be");
        return NULL;
    }
    return welcome(task) ? usual.createArray(task, n) : NULL;
}

static void *new_integer(const redisReadTask *task, long long value)
{
    return welcome(task) ? usual.createInteger(task, value) : NULL;
}

static void *new_nil(const redisReadTask *task)
{
    return welcome(task) ? usual.createNil(task) : NULL;
}

void reader_guard(struct store *s)
{
    static redisReplyObjectFunctions guarded;
    redisReader *reader = s->ac->c.reader;
    if (guarded.createNil == NULL) {
        guarded = usual = *reader->fn;
        guarded.createString = new_string;
        guarded.createArray = new_array;
        guarded.createInteger = new_integer;
        guarded.createNil = new_nil;
    }
    reader->fn = &guarded;
    reader->privdata = s;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the seeds of the target `redis`: answers as a Redis gives them, on the way from the set-up to commits, and each way to refuse. */
#include "proto/schema.h"
#include "seeds.h"

enum {
    HEAR,
    READ_LEASE,
    TAKE_LEASE,
    COMMIT,
    KEEP_LEASE,
    PASS,
    HAND_OVER,
    BREAK_OFF
}; /* `acts` of redis.c */

#define VERSION "$1\r\n1\r\n"
#define MISSING "-ERR Function not found\r\n$6\r\nhelios\r\n"
#define CONFIG                                                                                     \
    "*8\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n$11\r\nappendfsync\r\n$6\r\nalways\r\n$"              \
    "9\r\nmaxmemory\r\n$1\r\n0\r\n"                                                                \
    "$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n"
#define POS(epoch, seq) "*3\r\n$1\r\n" epoch "\r\n$1\r\n" seq "\r\n$16\r\n0123456789abcdef\r\n"
#define NO_POS "*3\r\n$-1\r\n$-1\r\n$-1\r\n"
#define LEASE(holder, epoch) "*3\r\n$2\r\n" holder "\r\n$1\r\n" epoch "\r\n$1\r\n1\r\n"
#define NO_LEASE NO_POS
#define PAGE "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\n\x80\r\n"
#define LONG_PAGE "*2\r\n$1\r\n7\r\n*2\r\n$1\r\nb\r\n$1\r\n\x80\r\n"
#define HISTORY "*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\ne\r\n$1\r\n\x80\r\n"

static void hear(struct buf *talk, const char *answer)
{
    seed_piece(talk, HEAR, bytes_of(answer));
}

static void act(struct buf *talk, unsigned what, const char *bytes)
{
    seed_piece(talk, what, bytes_of(bytes));
}

static void set_up(struct buf *talk)
{
    hear(talk, MISSING);
    hear(talk, CONFIG);
    hear(talk, NO_POS NO_LEASE);
}

static void load(struct buf *talk)
{
    for (int kind = 0; kind < REC_COUNT - 1; kind++) {
        if (kind == 2)
            hear(talk, LONG_PAGE);
        hear(talk, PAGE);
    }
    hear(talk, HISTORY);
}

static void lead(struct buf *talk)
{
    set_up(talk);
    act(talk, READ_LEASE, "");
    hear(talk, NO_POS NO_LEASE);
    act(talk, TAKE_LEASE, "");
    hear(talk, "$2\r\nOK\r\n" NO_POS LEASE("me", "1"));
    load(talk);
}

/* After another one's term: its last commit is the fifth. Then one is acknowledged, the connection breaks, and Redis comes back
 * standing `at` that (C7). */
static void come_back_with(const char *at)
{
    struct buf talk = {0};
    set_up(&talk);
    act(&talk, READ_LEASE, "");
    hear(&talk, POS("1", "5") LEASE("xx", "1"));
    act(&talk, TAKE_LEASE, "");
    hear(&talk, "$2\r\nOK\r\n" POS("1", "5") LEASE("me", "2"));
    load(&talk);
    act(&talk, COMMIT, "abc");
    hear(&talk, "$2\r\nOK\r\n");
    act(&talk, BREAK_OFF, "");
    act(&talk, PASS, "\x05");
    act(&talk, PASS, "");
    hear(&talk, VERSION CONFIG);
    hear(&talk, at);
    act(&talk, COMMIT, "d");
    hear(&talk, "$2\r\nOK\r\n$2\r\nOK\r\n");
    seed_write("redis", buf_bytes(&talk));
    buf_done(&talk);
}

static void end(struct buf *talk)
{
    seed_write("redis", buf_bytes(talk));
    buf_done(talk);
}

static void refusals(void)
{
    static const char *const errors[] = {"-FENCED epoch 1 is over, it is 2\r\n",
                                         "-GAP the last commit is 1, not 2\r\n",
                                         "-LOADING x\r\n",
                                         "-READONLY x\r\n",
                                         "-OOM x\r\n",
                                         "-MISCONF x\r\n",
                                         "-BUSY x\r\n",
                                         "-NOSCRIPT x\r\n",
                                         "-ERR Function not found\r\n",
                                         "-NOPERM x\r\n",
                                         "-ERR x\r\n"};
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        struct buf talk = {0};
        lead(&talk);
        act(&talk, COMMIT, "abc");
        hear(&talk, errors[i]);
        act(&talk, PASS, "\xff");
        hear(&talk, POS("1", "1") LEASE("me", "1"));
        act(&talk, COMMIT, "d");
        hear(&talk, "$2\r\nOK\r\n$3\r\nDUP\r\n");
        end(&talk);
        seed_word("redis", bytes_of(errors[i]));
    }
}

static void ways(void)
{
    struct buf talk = {0};
    set_up(&talk);
    end(&talk);
    hear(&talk, VERSION "-NOPERM x\r\n$14\r\naof_enabled:1\n\r\n" NO_POS NO_LEASE);
    end(&talk);
    lead(&talk);
    act(&talk, COMMIT, "abcdefghi");
    hear(&talk, "$2\r\nOK\r\n$2\r\nOK\r\n$2\r\nOK\r\n");
    act(&talk, KEEP_LEASE, "1");
    act(&talk, COMMIT, "");
    hear(&talk, "$2\r\nOK\r\n");
    act(&talk, HAND_OVER, "");
    hear(&talk, "$2\r\nOK\r\n");
    end(&talk);
    lead(&talk);
    act(&talk, COMMIT, "ab");
    act(&talk, BREAK_OFF, "");
    act(&talk, PASS, "\x05");
    act(&talk, PASS, "");
    hear(&talk, VERSION CONFIG POS("1", "0") LEASE("me", "1"));
    end(&talk);
}

void seeds_of_redis(void)
{
    static const char *const words[] = {
        VERSION,          MISSING,          CONFIG,         NO_POS,   POS("1", "1"),
        LEASE("me", "1"), LEASE("xx", "1"), PAGE,           HISTORY,  "$2\r\nOK\r\n",
        ":1\r\n",         "+OK\r\n",        "*-1\r\n",      "*0\r\n", "$-1\r\n",
        "$0\r\n\r\n",     "*2\r\n",         "-TAKEN x\r\n", NULL};
    seed_words("redis", words);
    come_back_with(POS("1", "5") LEASE("me", "2"));
    come_back_with(POS("1", "3") LEASE("me", "2"));
    come_back_with(POS("1", "5") LEASE("me", "1"));
    come_back_with(NO_POS NO_LEASE);
    refusals();
    ways();
}

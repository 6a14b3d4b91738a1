/* SPDX-License-Identifier: MPL-2.0 */
/* The model of Redis against a real one: the same bytes asked, the same bytes answered. Requests are drawn from a seed, near enough to
 * each other that every branch of functions.lua is taken. Ids of the stream are times, and left out of the comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/rand.h"
#include "common/text.h"
#include "redis.h"
#include "tests/store/server.h"

#define NOW INT64_C(1790000000000)

struct pair {
    struct server server;
    struct model *model;
    struct rand rand;
    char *functions; /* the text of functions.lua; owned */
};

static uint64_t draw(struct pair *p, uint64_t n)
{
    return rand_next(&p->rand) % n;
}

/* ---- asking both ---- */

static struct buf ask_real(struct pair *p, struct bytes request)
{
    struct buf answer = {0};
    redisContext *c = p->server.ask;
    struct bytes left = request;
    int done = 0;
    while (left.n) {
        ssize_t n = write(c->fd, left.at, left.n);
        assert_true(n > 0);
        left.at += n;
        left.n -= (size_t)n;
    }
    redisReader *shape = redisReaderCreate(); /* tells when an answer is whole */
    for (void *reply = NULL; !done;) {
        char chunk[65536];
        ssize_t n = read(c->fd, chunk, sizeof(chunk));
        assert_true(n > 0);
        buf_add(&answer, chunk, (size_t)n);
        redisReaderFeed(shape, chunk, (size_t)n);
        assert_int_equal(redisReaderGetReply(shape, &reply), REDIS_OK);
        done = reply != NULL;
        if (reply)
            freeReplyObject(reply);
    }
    redisReaderFree(shape);
    return answer;
}

/* without_ids takes `$15`, a line's end and the digits of `1790000000000-0` out. */
static void without_ids(struct buf *text)
{
    for (size_t i = 0; i + 15 < text->n; i++) {
        size_t n = strspn(text->at + i, "0123456789");
        if (n == 13 && text->at[i + n] == '-') {
            n += 1 + strspn(text->at + i + n + 1, "0123456789");
            i -= 5;
            n += 5;
            memmove(text->at + i, text->at + i + n, text->n - i - n + 1);
            text->n -= n;
        }
    }
}

struct request {
    const char *words[256];
    size_t lengths[256];
    int n;
};

static void add(struct request *r, const char *word)
{
    assert_true(r->n < 256);
    r->words[r->n] = word;
    r->lengths[r->n++] = strlen(word);
}

/* without_sentence keeps the first word of an error, and nothing of another answer. */
static void without_sentence(struct buf *text)
{
    text->n = text->at[0] == '-' ? strcspn(text->at, " \r") : 0;
}

static void compare_by(struct pair *p, const struct request *r, void (*simplify)(struct buf *text))
{
    char *text;
    int n = redisFormatCommandArgv(&text, r->n, (const char **)(uintptr_t)r->words, r->lengths);
    struct buf real = ask_real(p, (struct bytes){text, (size_t)n}), ours = {0};
    model_ask(p->model, (struct bytes){text, (size_t)n}, NOW, &ours);
    simplify(&real);
    simplify(&ours);
    if (!bytes_eq(buf_bytes(&real), buf_bytes(&ours)))
        fail_msg("asked\n%s\nRedis answers\n%s\nthe model answers\n%s", text, buf_str(&real), buf_str(&ours));
    free(text);
    buf_done(&real);
    buf_done(&ours);
}

static void compare(struct pair *p, const struct request *r)
{
    compare_by(p, r, without_ids);
}

/* ---- drawn requests ---- */

static const char *one_of(struct pair *p, const char *const *words, size_t n)
{
    return words[draw(p, n)];
}
#define ONE_OF(p, ...) one_of(p, (const char *const[]){__VA_ARGS__}, ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

static void begin(struct request *r, const char *function, const char *keys)
{
    *r = (struct request){0};
    add(r, "FCALL");
    add(r, function);
    add(r, keys);
}

static void add_group(struct pair *p, struct request *r)
{
    uint64_t sets = draw(p, 4), drops = draw(p, 3);
    static const char *const numbers[] = {"0", "1", "2", "3"};
    add(r, draw(p, 30) ? numbers[sets] : "x");
    for (uint64_t i = 0; i < sets; i++) {
        add(r, ONE_OF(p, "t-1", "t-2", "t-3", "t-4"));
        add(r, ONE_OF(p, "", "v", "a longer value", "\r\n"));
    }
    add(r, draw(p, 30) ? numbers[drops] : "7");
    for (uint64_t i = 0; i < drops; i++)
        add(r, ONE_OF(p, "t-1", "t-2", "t-3", "t-4"));
}

/* Mostly the next commit: the sequence is read from the model. */
static void ask_commit(struct pair *p)
{
    static char prev[24], next[24];
    static const char *const keys[] = {"3", "4", "5"};
    struct request r;
    struct bytes last = model_field(p->model, BYTES("pos"), BYTES("seq"));
    int64_t seq = 0;
    (void)text_parse_int(last, &seq);
    seq = MAX(0, seq - !draw(p, 4) + !draw(p, 8));
    uint64_t hashes = draw(p, 3), entries = draw(p, 3);
    snprintf(prev, sizeof(prev), "%" PRId64, seq);
    snprintf(next, sizeof(next), "%" PRId64, seq + 1);
    begin(&r, "helios_commit", keys[hashes]);
    add(&r, "pos");
    add(&r, "lease");
    add(&r, "history");
    for (uint64_t i = 0; i < hashes; i++)
        add(&r, i ? "agent" : "task");
    add(&r, ONE_OF(p, "1", "1", "2"));
    add(&r, prev);
    add(&r, next);
    add(&r, ONE_OF(p, "d1", "d1", "d2"));
    add(&r, "1000");
    add(&r, entries == 2 ? "2" : entries ? "1" : "0");
    for (uint64_t i = 0; i < entries; i++)
        add(&r, ONE_OF(p, "one", "two"));
    for (uint64_t i = 0; i < hashes; i++)
        add_group(p, &r);
    if (draw(p, 40) == 0)
        add(&r, "too much");
    compare(p, &r);
}

static void ask_lead(struct pair *p)
{
    struct request r;
    begin(&r, "helios_lead", "1");
    add(&r, "lease");
    add(&r, ONE_OF(p, "", "a", "b"));
    add(&r, ONE_OF(p, "", "1", "2"));
    add(&r, ONE_OF(p, "", "0", "5"));
    add(&r, ONE_OF(p, "a", "b"));
    add(&r, ONE_OF(p, "1", "1", "2"));
    compare(p, &r);
}

static void ask_change(struct pair *p)
{
    struct request r;
    begin(&r, ONE_OF(p, "helios_renew", "helios_renew", "helios_hand_over", "helios_nothing"), "1");
    add(&r, "lease");
    add(&r, ONE_OF(p, "1", "2"));
    add(&r, ONE_OF(p, "5", ""));
    compare(p, &r);
}

/* words_of cuts a line; *ret_text holds the words. */
static struct request words_of(const char *line, char ret_text[128])
{
    struct request r = {0};
    snprintf(ret_text, 128, "%s", line);
    for (char *word = strtok(ret_text, " "); word; word = strtok(NULL, " "))
        add(&r, word);
    return r;
}

static void ask_words(struct pair *p, const char *line)
{
    char text[128];
    struct request r = words_of(line, text);
    compare(p, &r);
}

static void ask_reading(struct pair *p)
{
    ask_words(p, ONE_OF(p, "HMGET pos epoch seq digest", "HMGET lease holder epoch renew", "HGETALL task", "HGETALL agent",
                        "HSCAN task 0 COUNT 1000", "XREVRANGE history + - COUNT 3", "TYPE task", "TYPE history",
                        "FCALL helios_version 0"));
}

/* What stands in the way of a commit: another type under its keys, or none of it at all. */
static void ask_trouble(struct pair *p)
{
    ask_words(p, ONE_OF(p, "SET task x", "SET history x", "DEL task", "DEL history", "DEL task", "DEL history", "DEL lease",
                        "DEL pos"));
}

static void any_sequence_has_the_same_answers(void **state)
{
    struct pair *p = *state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        p->rand.state = seed;
        for (int i = 0; i < 300; i++) {
            uint64_t what = draw(p, 100);
            (what < 60 ? ask_commit : what < 70 ? ask_lead : what < 78 ? ask_change : what < 97 ? ask_reading : ask_trouble)(p);
        }
    }
}

/* ---- what is refused, by the class of the error (C5) ---- */

static void errors_of_a_class_refuse_the_same(void **state)
{
    static const struct {
        const char *on, *off;
        enum refuse what;
        const char *error;
    } classes[] = {
        {"CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", REFUSE_growth, "OOM"},
        {"REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", REFUSE_writes, "READONLY"},
        {"CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", REFUSE_writes, "NOREPLICAS"},
    };
    static const char *const asked[] = {
        "FCALL helios_version 0", "FCALL helios_renew 1 lease 1 5", "FCALL helios_hand_over 1 lease 1 b",
        "FCALL helios_lead 1 lease x 9 9 b 1", "FCALL helios_commit 3 pos lease history 1 0 1 d 10 0", "HMGET lease epoch"};
    struct pair *p = *state;
    ask_words(p, "DEL lease");
    ask_words(p, "DEL pos");
    ask_words(p, "HSET lease holder a epoch 1 renew 0");
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        server_tell(&p->server, classes[i].on);
        model_refuse(p->model, classes[i].what, classes[i].error);
        for (size_t k = 0; k < ARRAY_SIZE(asked); k++) {
            char text[128];
            struct request r = words_of(asked[k], text);
            compare_by(p, &r, without_sentence);
        }
        server_tell(&p->server, classes[i].off);
        model_refuse(p->model, REFUSE_nothing, NULL);
    }
}

/* ---- around each test ---- */

static char *read_functions(void)
{
    struct buf text = {0};
    FILE *f = fopen(HELIOS_SOURCE "/orchestrator/shell/functions.lua", "re");
    assert_non_null(f);
    for (int c; (c = getc(f)) != EOF;)
        buf_add(&text, &(char){(char)c}, 1);
    fclose(f);
    return buf_take(&text);
}

static int set_up(void **state)
{
    static const struct model_calls calls = {0};
    struct pair *p = *state = NEW(struct pair);
    struct request r = {0};
    server_make(&p->server);
    server_start(&p->server, "");
    p->model = model_new(&calls, NULL);
    p->functions = read_functions();
    ask_words(p, "FCALL helios_version 0"); /* not there yet */
    add(&r, "FUNCTION");
    add(&r, "LOAD");
    add(&r, "REPLACE");
    add(&r, p->functions);
    compare(p, &r);
    return 0;
}

static int tear_down(void **state)
{
    struct pair *p = *state;
    server_done(&p->server);
    model_free(p->model);
    free(p->functions);
    free(p);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_sequence_has_the_same_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_of_a_class_refuse_the_same, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

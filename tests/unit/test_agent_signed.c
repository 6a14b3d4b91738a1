/* SPDX-License-Identifier: MPL-2.0 */
/* Which signed tasks an agent runs (Z7): who may sign, for whom, until when, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/signed.h"

enum { NOW = 1790000000, LIFE = 60000 };
#define WALL (1000ll * NOW)

static char dir[] = "/tmp/helios-signed-XXXXXX";
static char journal[64], public[64], secret[64];
static struct key ada, eve;
static struct signed_guard guard;

static void write_key(const char *path, const struct key *k, bool with_secret)
{
    struct buf text = {0};
    FILE *f = fopen(path, "we");
    key_print(k, with_secret, &text);
    fwrite(text.at, 1, text.n, f);
    fclose(f);
    buf_done(&text);
}

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(journal, sizeof(journal), "%s/j", dir);
    snprintf(public, sizeof(public), "%s/ada.signer.pub", dir);
    snprintf(secret, sizeof(secret), "%s/ada.signer", dir);
    strcpy(ada.name, "ada");
    strcpy(eve.name, "eve");
    signature_new_pair(&ada);
    signature_new_pair(&eve);
    write_key(public, &ada, false);
    write_key(secret, &ada, true);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(public);
    unlink(secret);
    unlink(journal);
    return rmdir(dir);
}

static void begin(void)
{
    char *why = NULL;
    signed_init(&guard);
    assert_int_equal(signed_trust(&guard, dir, &why), 0);
    assert_int_equal(guard.n_signers, 1);
    assert_int_equal(signed_open(&guard, journal), 0);
}

static int fresh(void **state)
{
    (void)state;
    unlink(journal);
    begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    signed_done(&guard);
    return 0;
}

static void restart(void)
{
    signed_done(&guard);
    begin();
}

/* ---- asking ---- */

static struct buf beside; /* the signature under way */
static unsigned char nonce[NONCE_BYTES];

static struct statement statement(void)
{
    return (struct statement){
        .action = BYTES("go"), .params = BYTES("\x80"), .expires = WALL + LIFE};
}

static void sign(const struct key *k, struct statement s)
{
    buf_done(&beside);
    assert_int_equal(signature_draw(&s), 0);
    assert_int_equal(signature_make(k, &s, &beside), 0);
}

/* asks gives "" when it may start, else the reason; the caller's. */
static char *asks(const char *task, uint64_t attempt, int64_t wall)
{
    struct buf why = {0};
    struct signed_ask ask = {.task = task, .attempt = attempt, .action = BYTES("go"),
                             .params = BYTES("\x80"), .signature = buf_bytes(&beside),
                             .agent = BYTES("a1"), .swarm = BYTES("backend"),
                             .role = BYTES("worker")};
    bool may = signed_admit(&guard, &ask, wall, nonce, &why);
    assert_true(may == (why.n == 0));
    return buf_take(&why);
}

static void may(const char *task, uint64_t attempt, int64_t wall)
{
    _autofree_ char *why = asks(task, attempt, wall);
    assert_string_equal(why, "");
}

static void may_not(const char *task, uint64_t attempt, int64_t wall, const char *words)
{
    _autofree_ char *why = asks(task, attempt, wall);
    if (strstr(why, words) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", words, why);
}

static void only_who_is_trusted_signs(void **state)
{
    (void)state;
    buf_done(&beside);
    may_not("t-1", 1, WALL, "carries no signature");
    sign(&eve, statement());
    may_not("t-1", 1, WALL, "does not name this one");
    buf_clear(&beside);
    buf_text(&beside, "nonsense");
    may_not("t-1", 1, WALL, "cannot be read");
    sign(&ada, statement());
    may("t-1", 1, WALL);
}

static void only_for_what_it_names(void **state)
{
    const struct {
        size_t field;
        const char *wrong, *right, *words;
    } rows[] = {
        {offsetof(struct statement, action), "stop", "go", "another action"},
        {offsetof(struct statement, realm), "shop", "", "another realm"},
        {offsetof(struct statement, agent), "a2", "a1", "another agent"},
        {offsetof(struct statement, swarm), "frontend", "backend", "another swarm"},
        {offsetof(struct statement, role), "analyst", "worker", "another role"},
        {offsetof(struct statement, params), "\x81\xa1n\x07", "\x80", "for something else"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct statement s = statement();
        struct bytes *field = (struct bytes *)(void *)((char *)&s + rows[i].field);
        char task[] = "t-0";
        task[2] = (char)('1' + i);
        *field = bytes_of(rows[i].wrong);
        sign(&ada, s);
        may_not(task, 1, WALL, rows[i].words);
        *field = bytes_of(rows[i].right);
        sign(&ada, s);
        may(task, 1, WALL);
    }
}

static void it_expires_by_the_wall_clock(void **state)
{
    (void)state;
    sign(&ada, statement());
    may("t-1", 1, WALL + LIFE + SIGNED_TOLERANCE_MS);
    may_not("t-1", 2, WALL + LIFE + SIGNED_TOLERANCE_MS + 1, "expired");
    may_not("t-1", 2, INT64_MAX, "expired");
    may("t-1", 2, WALL);
    struct statement never = statement();
    never.expires = INT64_MAX;
    sign(&ada, never);
    may("t-2", 1, WALL);
}

static void a_nonce_belongs_to_one_task(void **state)
{
    (void)state;
    sign(&ada, statement());
    may("t-1", 1, WALL);
    may_not("t-2", 1, WALL, "used for another task: t-1");
    may_not("t-1", 1, WALL, "started here already");
    may("t-1", 2, WALL); /* a retry */
    may("t-1", 5, WALL); /* others were elsewhere */
    may_not("t-1", 4, WALL, "started here already");
    signed_completed(&guard, nonce);
    may_not("t-1", 6, WALL, "completed here already");
}

static void a_restart_forgets_nothing(void **state)
{
    (void)state;
    sign(&ada, statement());
    may("t-1", 1, WALL);
    restart();
    may_not("t-2", 1, WALL, "used for another task: t-1");
    may_not("t-1", 1, WALL, "started here already");
    may("t-1", 2, WALL);
    restart();
    may_not("t-1", 2, WALL, "started here already");
    may("t-1", 3, WALL);
    signed_completed(&guard, nonce);
    restart();
    may_not("t-1", 4, WALL, "completed here already");
}

/* fill takes in as many as are remembered; without a disk, which is not what is tried here. */
static void fill(void)
{
    journal_close(&guard.journal);
    for (int i = 0; i < SIGNED_MOST; i++) {
        char task[32];
        snprintf(task, sizeof(task), "t-%d", i);
        sign(&ada, statement());
        may(task, 1, WALL);
    }
}

static void memory_is_bounded_and_clocks_set_back_open_nothing(void **state)
{
    (void)state;
    fill();
    struct buf last = beside;
    beside = (struct buf){0};
    struct statement s = statement();
    sign(&ada, s);
    may_not("t-x", 1, WALL, "as many signed tasks as can be remembered");
    s.expires = WALL + 10 * LIFE;
    sign(&ada, s);
    may("t-x", 1, WALL + 2 * LIFE); /* the others have expired and are forgotten */
    buf_done(&beside);
    beside = last;
    may_not("t-y", 1, WALL, "the clock was set back");
}

static void what_cannot_be_remembered_does_not_run(void **state)
{
    (void)state;
    sign(&ada, statement());
    close(guard.journal.fd);
    guard.journal.fd = 1000000; /* a disk that fails */
    may_not("t-1", 1, WALL, "cannot be remembered");
    guard.journal.fd = -1;
}

static void secrets_and_other_keys_are_no_signers(void **state)
{
    char *why = NULL;
    (void)state;
    assert_int_equal(signed_trust(&guard, secret, &why), -EINVAL);
    assert_non_null(strstr(why, "holds the secret"));
    free(why);
    struct key agent = ada;
    agent.role = key_role_agent;
    write_key(public, &agent, false);
    assert_int_equal(signed_trust(&guard, public, &why), -EINVAL);
    assert_non_null(strstr(why, "no key of a signer"));
    free(why);
    write_key(public, &ada, false);
    assert_int_equal(signed_trust(&guard, "/nonexistent", &why), -ENOENT);
    free(why);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, end)
    const struct CMUnitTest tests[] = {
        TEST(only_who_is_trusted_signs),
        TEST(only_for_what_it_names),
        TEST(it_expires_by_the_wall_clock),
        TEST(a_nonce_belongs_to_one_task),
        TEST(a_restart_forgets_nothing),
        TEST(memory_is_bounded_and_clocks_set_back_open_nothing),
        TEST(what_cannot_be_remembered_does_not_run),
        TEST(secrets_and_other_keys_are_no_signers),
    };
    int failed = cmocka_run_group_tests(tests, make_dir, remove_dir);
    buf_done(&beside);
    return failed;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Key files and the directory of those that are let in (Z2, Z4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "orchestrator/shell/keyring.h"

#define PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID" /* of the manual of CURVE: known to all */
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
#define OTHER "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static char dir[] = "/tmp/helios-keys-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static void empty(void)
{
    char command[] = "/tmp/helios-keys-XXXXXX/a.pub";
    for (char name = 'a'; name <= 'e'; name++) {
        snprintf(command, sizeof(command), "%s/%c.pub", dir, name);
        unlink(command);
    }
}

static int drop_dir(void **state)
{
    (void)state;
    empty();
    return rmdir(dir);
}

static char *path_of(char name)
{
    static char path[64];
    snprintf(path, sizeof(path), "%s/%c.pub", dir, name);
    return path;
}

static void put_bytes(char name, const void *data, size_t n, mode_t mode)
{
    unlink(path_of(name));
    FILE *f = fopen(path_of(name), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static void put(char name, const char *text, mode_t mode)
{
    put_bytes(name, text, strlen(text), mode);
}

/* ---- files ---- */

static void what_is_printed_is_read_back(void **state)
{
    struct key k = {.name = "web1", .role = key_role_agent, .agents = "web1 web1-*"}, back;
    struct buf text = {0};
    char *why;
    (void)state;
    strcpy(k.public, PUBLIC);
    strcpy(k.secret, SECRET);
    for (int secret = 0; secret <= 1; secret++) {
        buf_clear(&text);
        key_print(&k, secret, &text);
        put('a', buf_str(&text), 0600);
        assert_int_equal(key_read(path_of('a'), secret, &back, &why), 0);
        assert_string_equal(back.name, "web1");
        assert_int_equal(back.role, key_role_agent);
        assert_string_equal(back.agents, "web1 web1-*");
        assert_string_equal(back.public, PUBLIC);
        assert_string_equal(back.secret, secret ? SECRET : "");
    }
    buf_done(&text);
    empty();
}

/* Each of them is refused with a sentence that names the file and what is wrong. */
static void every_mistake_has_its_sentence(void **state) /* Z4 */
{
    static const struct {
        const char *text, *says;
        int error;
        mode_t mode;
    } rows[] = {
        {"role: agent\npublic: " PUBLIC "\n", "`name:` is missing", -EINVAL, 0600},
        {"name: a\npublic: " PUBLIC "\n", "`role:` is missing", -EINVAL, 0600},
        {"name: a\nrole: agent\n", "`public:` is missing", -EINVAL, 0600},
        {"name: a\nrole: agent\npublic: " PUBLIC "\n", "holds no secret", -EINVAL, 0600},
        {"name: a b\n", "no good name", -EINVAL, 0600},
        {"name: \n", "no good name", -EINVAL, 0600},
        {"role: king\n", ":1: this is no good role", -EINVAL, 0600},
        {"\npublic: abc\n", ":2: this is no good public", -EINVAL, 0600},
        {"public: " PUBLIC "0\n", "no good public", -EINVAL, 0600},
        {"secret: ~ne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n", "no good secret", -EINVAL, 0600},
        {"name: a\nname: b\n", "second line `name:`", -EINVAL, 0600},
        {"colour: red\n", "a key file has the lines", -EINVAL, 0600},
        {"-----BEGIN PRIVATE KEY-----\n", "a key file has the lines", -EINVAL, 0600},
        {"", "`name:` is missing", -EINVAL, 0600},
        {"name: a\n", "chmod 600", -EPERM, 0644},
        {"name: a\n", "chmod 600", -EPERM, 0640},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct key k;
        char *why = NULL;
        put('a', rows[i].text, rows[i].mode);
        assert_int_equal(key_read(path_of('a'), true, &k, &why), rows[i].error);
        assert_non_null(why);
        if (strstr(why, rows[i].says) == NULL || strstr(why, path_of('a')) == NULL)
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why, rows[i].says);
        assert_null(strstr(why, SECRET));
        free(why);
    }
    empty();
}

static void whatever_bytes_are_a_mistake(void **state)
{
    static char noise[100000];
    struct key k;
    char *why;
    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(i * 7 + i / 251);
    for (size_t n = 1; n <= sizeof(noise); n *= 10) {
        put_bytes('a', noise, n, 0600);
        assert_int_equal(key_read(path_of('a'), false, &k, &why), -EINVAL);
        free(why);
    }
    memset(noise, '\n', sizeof(noise)); /* endless lines of nothing */
    put_bytes('a', noise, sizeof(noise), 0600);
    assert_int_equal(key_read(path_of('a'), false, &k, &why), -EINVAL);
    free(why);
    assert_int_equal(key_read("/nowhere/at.all", false, &k, &why), -ENOENT);
    free(why);
    assert_int_not_equal(key_read(dir, false, &k, &why), 0);
    free(why);
    empty();
}

/* Line ends of another system, comments, spaces. */
static void people_edit_them(void **state)
{
    struct key k;
    char *why;
    (void)state;
    put('a', "# mine\r\n\r\n  name:a\r\nrole :  observer \r\npublic:\t" PUBLIC "\r\n", 0644);
    assert_int_equal(key_read(path_of('a'), false, &k, &why), 0);
    assert_string_equal(k.name, "a");
    assert_int_equal(k.role, key_role_observer);
    assert_string_equal(k.public, PUBLIC);
    empty();
}

static void which_agents_a_key_may_be(void **state) /* Z2 */
{
    static const struct {
        const char *agents, *id;
        bool may;
    } rows[] = {
        {"", "web", true},        {"", "web-2", true},       {"", "web2", false},
        {"", "x-web", false},     {"", "", false},           {"db", "web", false},
        {"db", "db", true},       {"db* cache-?", "db7", true}, {"db* cache-?", "cache-1", true},
        {"a\tb", "b", true},      {"a", "a-1", false},       {"*", "anybody", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct key k = {.name = "web"};
        strcpy(k.agents, rows[i].agents);
        if (key_may_be(&k, bytes_of(rows[i].id)) != rows[i].may)
            fail_msg("agents \"%s\", id %s", rows[i].agents, rows[i].id);
    }
}

static void what_is_forgotten_is_gone(void **state) /* Z4 */
{
    struct key k;
    (void)state;
    memset(&k, 'x', sizeof(k));
    key_forget(&k);
    for (size_t i = 0; i < sizeof(k); i++)
        assert_int_equal(((const char *)&k)[i], 0);
}

/* ---- the directory ---- */

static struct {
    unsigned gone, notes;
    char name[KEY_NAME], note[512];
} heard;

static void on_gone(void *user, const struct key *k)
{
    (void)user;
    heard.gone++;
    snprintf(heard.name, sizeof(heard.name), "%s", k->name);
}

static void on_note(void *user, const char *why)
{
    (void)user;
    heard.notes++;
    snprintf(heard.note, sizeof(heard.note), "%s", why);
}

static void look(struct keyring *ring)
{
    static const struct keyring_calls calls = {.gone = on_gone, .note = on_note};
    memset(&heard, 0, sizeof(heard));
    keyring_look(ring, ring->next, &calls, NULL);
}

static void put_key(char name, const char *role, const char *public)
{
    char text[256];
    snprintf(text, sizeof(text), "name: %c\nrole: %s\npublic: %s\n", name, role, public);
    put(name, text, 0644);
}

static void who_comes_and_goes(void **state) /* Z2 */
{
    struct keyring ring;
    (void)state;
    keyring_init(&ring, dir);
    assert_null(keyring_find(&ring, PUBLIC)); /* default deny */
    put_key('a', "agent", PUBLIC);
    look(&ring);
    assert_int_equal(keyring_find(&ring, PUBLIC)->role, key_role_agent);
    assert_int_equal(heard.gone + heard.notes, 0);
    look(&ring); /* nothing has changed */
    assert_non_null(keyring_find(&ring, PUBLIC));

    put_key('a', "operator", PUBLIC); /* another role is another person: what is open ends */
    look(&ring);
    assert_int_equal(heard.gone, 1);
    assert_int_equal(keyring_find(&ring, PUBLIC)->role, key_role_operator);

    put_key('b', "client", OTHER);
    look(&ring);
    assert_int_equal(heard.gone, 0);
    unlink(path_of('a'));
    look(&ring);
    assert_int_equal(heard.gone, 1);
    assert_string_equal(heard.name, "a");
    assert_null(keyring_find(&ring, PUBLIC));
    assert_non_null(keyring_find(&ring, OTHER));
    keyring_done(&ring);
    empty();
}

/* It looks only when its time has come, by the clock that it is given. */
static void it_looks_twice_a_second(void **state) /* Z2: within 1 s */
{
    static const struct keyring_calls calls = {.gone = on_gone, .note = on_note};
    struct keyring ring;
    (void)state;
    put_key('a', "agent", PUBLIC);
    keyring_init(&ring, dir);
    memset(&heard, 0, sizeof(heard));
    keyring_look(&ring, 1000, &calls, NULL);
    unlink(path_of('a'));
    keyring_look(&ring, 1000 + KEYRING_LOOK_MS - 1, &calls, NULL);
    assert_int_equal(heard.gone, 0);
    keyring_look(&ring, 1000 + KEYRING_LOOK_MS, &calls, NULL);
    assert_int_equal(heard.gone, 1);
    assert_true(KEYRING_LOOK_MS < 1000);
    keyring_done(&ring);
}

/* Who was allowed a moment ago is not turned away. */
static void before_it_says_no_it_looks_again(void **state) /* Z2 */
{
    static const struct keyring_calls calls = {.gone = on_gone, .note = on_note};
    struct keyring ring;
    (void)state;
    keyring_init(&ring, dir);
    keyring_look(&ring, 1000, &calls, NULL);
    assert_null(keyring_find_fresh(&ring, PUBLIC, 1001, &calls, NULL));
    usleep(20000); /* the clock of files is a coarse one */
    put_key('a', "agent", PUBLIC);
    assert_null(keyring_find(&ring, PUBLIC));
    assert_non_null(keyring_find_fresh(&ring, PUBLIC, 1002, &calls, NULL));
    assert_int_equal(heard.notes, 0);
    keyring_done(&ring);
    empty();
}

static void what_is_no_key_is_told_and_lets_nobody_in(void **state) /* Z2, Z4 */
{
    struct keyring ring;
    (void)state;
    keyring_init(&ring, dir);
    put('a', "nonsense\n", 0644);
    put_key('b', "client", OTHER);
    look(&ring);
    assert_int_equal(heard.notes, 1);
    assert_non_null(strstr(heard.note, path_of('a')));
    assert_non_null(keyring_find(&ring, OTHER)); /* the others are not harmed by it */
    look(&ring);
    assert_int_equal(heard.notes, 0); /* told once */

    put('a', "name: a\nrole: agent\npublic: " PUBLIC "\nsecret: " SECRET "\n", 0644);
    look(&ring);
    assert_int_equal(heard.notes, 1);
    assert_non_null(strstr(heard.note, "holds a secret"));
    assert_null(strstr(heard.note, SECRET));
    assert_null(keyring_find(&ring, PUBLIC));

    put_key('a', "agent", OTHER); /* one key, two files */
    look(&ring);
    assert_non_null(strstr(heard.note, "same public key"));
    keyring_done(&ring);
    empty();
}

/* A directory that vanishes lets nobody in. */
static void no_directory_is_nobody(void **state) /* Z1: default deny */
{
    struct keyring ring;
    char away[sizeof(dir) + 2];
    (void)state;
    put_key('a', "agent", PUBLIC);
    keyring_init(&ring, dir);
    snprintf(away, sizeof(away), "%s-", dir);
    assert_int_equal(rename(dir, away), 0);
    look(&ring);
    assert_int_equal(heard.gone, 1);
    assert_null(keyring_find(&ring, PUBLIC));
    assert_int_equal(rename(away, dir), 0);
    look(&ring);
    assert_non_null(keyring_find(&ring, PUBLIC));
    keyring_done(&ring);
    empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_is_read_back),
        cmocka_unit_test(every_mistake_has_its_sentence),
        cmocka_unit_test(whatever_bytes_are_a_mistake),
        cmocka_unit_test(people_edit_them),
        cmocka_unit_test(which_agents_a_key_may_be),
        cmocka_unit_test(what_is_forgotten_is_gone),
        cmocka_unit_test(who_comes_and_goes),
        cmocka_unit_test(it_looks_twice_a_second),
        cmocka_unit_test(before_it_says_no_it_looks_again),
        cmocka_unit_test(what_is_no_key_is_told_and_lets_nobody_in),
        cmocka_unit_test(no_directory_is_nobody),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}

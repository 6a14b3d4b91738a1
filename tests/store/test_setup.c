/* SPDX-License-Identifier: MPL-2.0 */
/* A new connection: password (Z4, Z5), functions, durability (C6), and recovery of everything that
 * was written. */
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"

static void refused_because(struct rig *r, const char *part)
{
    rig_open(r);
    UNTIL(r, r->held && strstr(r->why, part));
    assert_false(store_open(r->store));
    rig_close(r);
}

static void opens(struct rig *r)
{
    rig_open(r);
    UNTIL(r, store_open(r->store));
    rig_close(r);
}

static void c6_durability_is_checked(void **state)
{
    static const struct {
        const char *options;
        enum durability wanted;
        const char *refusal; /* NULL = good */
    } rows[] = {
        {"--appendonly yes --appendfsync always", durability_always, NULL},
        {"--appendonly yes --appendfsync everysec", durability_always, "appendfsync everysec"},
        {"--appendonly no", durability_always, "appendonly no"},
        {"--appendonly yes --appendfsync everysec", durability_everysec, NULL},
        {"--appendonly yes --appendfsync no", durability_everysec, "appendfsync no"},
        {"--appendonly no", durability_everysec, "appendonly no"},
        {"--appendonly no", durability_none, NULL},
        {DURABLE " --maxmemory 100mb --maxmemory-policy allkeys-lru", durability_always,
         "allkeys-lru"},
        {DURABLE " --maxmemory 100mb --maxmemory-policy noeviction", durability_always, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct rig r;
        rig_make(&r, rows[i].options);
        r.state.durability = rows[i].wanted;
        if (rows[i].refusal)
            refused_because(&r, rows[i].refusal);
        else
            opens(&r);
        rig_done(&r);
    }
}

static void write_password(struct rig *r, char *path, size_t room, const char *text, mode_t mode)
{
    snprintf(path, room, "%s/password", r->server.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
    r->state.password_file = bytes_of(path);
}

/* The least that the controller's user needs: no EVAL, no CONFIG, no FLUSH. */
#define LEAST                                                                                      \
    "on >secret ~{helios:test}:* -@all +fcall +function|load +hscan +hmget +hget +hset +hdel "     \
    "+xadd +xrevrange +type "                                                                      \
    "+info +select +auth"

static void z5_an_acl_user_with_the_least_rights_is_enough(void **state)
{
    struct rig r;
    char path[128];
    (void)state;
    rig_make(&r, DURABLE);
    server_tell(&r.server, "ACL SETUSER helios " LEAST);
    server_tell(&r.server, "ACL SETUSER default on >other");
    r.state.user = BYTES("helios");
    write_password(&r, path, sizeof(path), "secret\n", 0600);
    rig_open(&r);
    rig_lead(&r);
    rig_put(&r, "t-1", "v");
    UNTIL(&r, r.durable == 1);
    assert_non_null(strstr(r.note, "appendfsync")); /* what CONFIG would have told */
    rig_done(&r);
}

static void z4_passwords(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *refusal;
    } rows[] = {
        {"secret\n", 0644, "0600"},
        {"", 0600, "is empty"},
        {"wrong\n", 0600, "WRONGPASS"},
        {"secret", 0400, NULL},
    };
    struct rig r;
    char path[128];
    (void)state;
    rig_make(&r, DURABLE " --requirepass secret");
    freeReplyObject(server_ask(&r.server, "AUTH secret"));
    refused_because(&r, "NOAUTH");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        write_password(&r, path, sizeof(path), rows[i].text, rows[i].mode);
        if (rows[i].refusal)
            refused_because(&r, rows[i].refusal);
        else
            opens(&r);
        assert_null(strstr(r.why, "secret"));
    }
    rig_done(&r);
}

static void absent_redis_is_waited_for(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, DURABLE);
    server_kill(&r.server);
    unlink(r.server.socket);
    rig_open(&r);
    UNTIL(&r, r.held);
    assert_non_null(strstr(r.why, "cannot be reached"));
    server_start(&r.server, DURABLE);
    rig_lead(&r);
    assert_int_equal(r.resumed, 1);
    rig_done(&r);
}

static void urls_that_are_none(void **state)
{
    static const char *const urls[] = {
        "",           "http://x",    "unix:",           "redis://",
        "redis://:1", "redis://h:0", "redis://h:70000", "redis://u:p@h:1",
        "sentinel://", "sentinel://h", "sentinel:///m", "sentinel://h/", "sentinel://h:0/m", "sentinel://h:70000/m",
        "sentinel://h:1,:2/m", "sentinel://h:1,,h:2/m", "sentinel://h/m/x", "sentinel://h/m/-1", "sentinel://u:p@h/m",
        "sentinel://a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q/m"};
    struct rig r = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        const char *why;
        struct store_config config = {.realm = "test", .url = urls[i], .state = &r.state};
        assert_int_equal(store_new(&config, &(struct store_calls){0}, NULL, &r.store, &why),
                         -EINVAL);
        assert_non_null(strstr(why, "state.url"));
    }
}

static void put_many(struct rig *r, enum rec kind, int n)
{
    char id[24];
    struct batch *b = batch_new(r);
    for (int i = 0; i < n; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        batch_put(b, kind, id,
                  "a value that is longer than a listpack allows: a hash table it is, then, of "
                  "some size");
    }
    rig_commit(r, b);
    UNTIL(r, store_idle(r->store));
}

static void recovery_brings_every_record_of_every_kind_once(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, "--appendonly yes --appendfsync everysec");
    r.state.durability = durability_everysec;
    r.state.history = 10000;
    rig_open(&r);
    rig_lead(&r);
    for (enum rec kind = 0; kind < REC_COUNT; kind++)
        if (kind != REC_entry)
            put_many(&r, kind, kind == REC_task ? 5000 : 3);
    struct batch *b = batch_new(&r);
    char text[24];
    for (int i = 0; i < 2500; i++) {
        snprintf(text, sizeof(text), "entry %d", i);
        batch_entry(b, text);
    }
    rig_commit(&r, b);
    UNTIL(&r, store_idle(r.store));
    rig_close(&r);
    rig_open(&r);
    rig_lead(&r);
    for (enum rec kind = 0; kind < REC_COUNT; kind++)
        assert_int_equal(r.loaded[kind], kind == REC_task ? 5000 : kind == REC_entry ? 2500 : 3);
    assert_string_equal(r.last_entry, "entry 2499"); /* oldest first */
    rig_done(&r);
}

static void an_unreadable_record_keeps_us_from_leading(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, DURABLE);
    rig_open(&r);
    rig_lead(&r);
    rig_put(&r, "t-bad", "v");
    UNTIL(&r, store_idle(r.store));
    store_step_down(r.store);
    r.unreadable = -EPROTO;
    store_lead(r.store, "me", r.epoch);
    UNTIL(&r, r.held);
    assert_non_null(strstr(r.why, "t-bad"));
    assert_int_equal(r.ready, 1);
    r.unreadable = 0;
    UNTIL(&r, r.ready == 2); /* it goes on when somebody has mended it */
    assert_int_equal(r.loads, 3);
    rig_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c6_durability_is_checked),
        cmocka_unit_test(z5_an_acl_user_with_the_least_rights_is_enough),
        cmocka_unit_test(z4_passwords),
        cmocka_unit_test(absent_redis_is_waited_for),
        cmocka_unit_test(urls_that_are_none),
        cmocka_unit_test(recovery_brings_every_record_of_every_kind_once),
        cmocka_unit_test(an_unreadable_record_keeps_us_from_leading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

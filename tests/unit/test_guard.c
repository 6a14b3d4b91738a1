/* SPDX-License-Identifier: MPL-2.0 */
/* Z3: what the guard refuses, and with which reason. Bytes that were once a bomb stay here as a
 * row. */
#include "wire.h"

static void each_reason_has_its_bytes(void **state)
{
    (void)state;
    static const struct {
        struct bytes in;
        int answer;
    } rows[] = {
        {BYTES("\x80"), 0},
        {BYTES("\xde\0\0"), 0},
        {BYTES("\xdf\0\0\0\x01\xa1x\xc0"), 0},
        {BYTES("\x82\xa1x\x90\xa1y\x80"), 0},
        {BYTES("\x81\xa0\xcb\0\0\0\0\0\0\0\0"), 0},             /* an empty key is one */
        {BYTES("\x82\xa1x\x81\xa1x\x01\xa1y\x81\xa1x\x01"), 0}, /* equal keys of different maps */
        {BYTES("\xdf\x0f\xff\xff\xff"),
         -EBADMSG}, /* the bomb: 268 million pairs promised in five bytes */
        {BYTES("\x81\xa1x\xdd\xff\xff\xff\xff"), -EBADMSG},
        {BYTES("\x81\xa1x\xdb\xff\xff\xff\xff"), -EBADMSG},
        {BYTES("\x81\xa1x\xc6\xff\xff\xff\xff"), -EBADMSG},
        {BYTES("\xdf\xff\xff\xff\xff\xa1x\x01"), -EBADMSG},
        {BYTES(""), -EBADMSG},
        {BYTES("\x81"), -EBADMSG},
        {BYTES("\x81\xa1x"), -EBADMSG},
        {BYTES("\x81\xa1x\x01\x01"), -EBADMSG}, /* trailing */
        {BYTES("\x80\x80"), -EBADMSG},
        {BYTES("\x90"), -EBADMSG}, /* no map */
        {BYTES("\x01"), -EBADMSG},
        {BYTES("\xc1"), -EBADMSG},         /* never used by msgpack */
        {BYTES("\x81\x01\x01"), -EBADMSG}, /* a key that is no string */
        {BYTES("\x81\xc4\x01x\x01"), -EBADMSG},
        {BYTES("\x81\x80\x01"), -EBADMSG},
        {BYTES("\x81\xa1x\xd4\x01\x01"), -EBADMSG}, /* ext types, of all widths */
        {BYTES("\x81\xa1x\xd8\x01"
               "0123456789abcdef"),
         -EBADMSG},
        {BYTES("\x81\xa1x\xc7\x01\x01\x01"), -EBADMSG},
        {BYTES("\x81\xa1x\xc9\xff\xff\xff\xff\x01"), -EBADMSG},
        {BYTES("\x82\xa1x\x01\xa1x\x01"), -EEXIST},
        {BYTES("\x82\xa1x\x01\xd9\x01x\x01"), -EEXIST}, /* the same key written in another way */
        {BYTES("\x81\xa1x\x91\x82\xa0\x01\xa0\x01"), -EEXIST},
        {BYTES("\x82\xa3xay\x01\xa3xby\x01"), 0}, /* keys that only differ in the middle */
        {BYTES("\x83\xa3xay\x01\xa3xby\x01\xa3xay\x01"), -EEXIST},
        {BYTES("\x81\xa1"
               "1\x91\x91\x91\x91\x91\x91\x90"),
         0}, /* eight deep */
        {BYTES("\x81\xa1"
               "1\x91\x91\x91\x91\x91\x91\x91\x90"),
         -ELOOP}, /* nine */
        {BYTES("\x81\xa1"
               "1\x81\xa1"
               "2\x81\xa1"
               "3\x81\xa1"
               "4\x81\xa1"
               "5\x81\xa1"
               "6\x81\xa1"
               "7\x81\xa1"
               "8\x80"),
         -ELOOP},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        /* A copy of exactly these bytes: the address sanitizer sees a read behind them. */
        char *copy = xalloc(rows[i].in.n);
        memcpy(copy, rows[i].in.at, rows[i].in.n);
        if (guard_check((struct bytes){copy, rows[i].in.n}) != rows[i].answer)
            fail_msg("row %zu: %d", i, guard_check(rows[i].in));
        free(copy);
    }
}

static int check_map_of(size_t keys)
{
    struct buf out = {0};
    struct pack p;
    pack_init(&p, &out);
    pack_map(&p);
    for (size_t i = 0; i < keys; i++) {
        char key[32];
        snprintf(key, sizeof(key), "key-%zu", i);
        pack_put_int(&p, key, 1);
    }
    pack_end(&p);
    int answer = guard_check(buf_bytes(&out));
    buf_done(&out);
    return answer;
}

static void keys_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(check_map_of(GUARD_MAX_KEYS), 0);
    assert_int_equal(check_map_of(GUARD_MAX_KEYS + 1), -E2BIG);
}

static int check_list_of(size_t values)
{
    struct buf out = {0};
    struct pack p;
    pack_init(&p, &out);
    pack_map(&p);
    pack_key(&p, "x");
    pack_list(&p);
    for (size_t i = 0; i < values; i++)
        pack_nil(&p);
    pack_end(&p);
    pack_end(&p);
    int answer = guard_check(buf_bytes(&out));
    buf_done(&out);
    return answer;
}

static void values_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(check_list_of(GUARD_MAX_NODES - 3),
                     0); /* the map, the key and the list count too */
    assert_int_equal(check_list_of(GUARD_MAX_NODES - 2), -E2BIG);
}

static int check_size_of(size_t bytes)
{
    struct buf out = {0};
    buf_add(&out, "\x81\xa1x\xc6", 4);
    uint32_t length = (uint32_t)(bytes - 8);
    for (int shift = 24; shift >= 0; shift -= 8)
        *buf_grow(&out, 1) = (char)(length >> shift);
    memset(buf_grow(&out, length), 'x', length);
    assert_int_equal(out.n, bytes);
    int answer = guard_check(buf_bytes(&out));
    buf_done(&out);
    return answer;
}

static void bytes_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(check_size_of(GUARD_MAX_BYTES), 0);
    assert_int_equal(check_size_of(GUARD_MAX_BYTES + 1), -EMSGSIZE);
}

/* Every byte of every message is replaced by every other: whatever passes the guard can be read to
 * its end. */
static void what_passes_can_be_decoded_safely(void **state)
{
    (void)state;
    for (enum msg m = 0; m < MSG_COUNT; m++) {
        const struct schema *s = &schema_messages[m];
        struct arena arena = {0};
        struct buf out = {0};
        void *full = xalloc(s->size);
        wire_fill(&arena, s, full);
        wire_encode(&out, s, full);
        for (size_t i = 0; i < out.n; i++) {
            char kept = out.at[i];
            for (int step = 1; step < 256; step += i < 64 ? 1 : 37) {
                out.at[i] = (char)(kept + step);
                if (guard_check(buf_bytes(&out)) == 0 && message_which(buf_bytes(&out)) == (int)m) {
                    struct cursor c = cursor_of(buf_bytes(&out));
                    assert_int_equal(read_whole(&c).whole.n, out.n);
                    message_decode(m, buf_bytes(&out), full, &arena, NULL);
                }
                arena_done(&arena);
            }
            out.at[i] = kept;
        }
        buf_done(&out);
        arena_done(&arena);
        free(full);
    }
}

static void reasons_have_names(void **state)
{
    (void)state;
    assert_string_equal(guard_reason(0), "ok");
    assert_string_equal(guard_reason(-EMSGSIZE), "too_large");
    assert_string_equal(guard_reason(-ELOOP), "too_deep");
    assert_string_equal(guard_reason(-E2BIG), "too_many");
    assert_string_equal(guard_reason(-EBADMSG), "malformed");
    assert_string_equal(guard_reason(-EEXIST), "duplicate_key");
    assert_string_equal(guard_reason(-EPERM), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_its_bytes),
        cmocka_unit_test(keys_are_bounded),
        cmocka_unit_test(values_are_bounded),
        cmocka_unit_test(bytes_are_bounded),
        cmocka_unit_test(what_passes_can_be_decoded_safely),
        cmocka_unit_test(reasons_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Records that own what they point to; and the look of structs as text. */
#include "wire.h"

/* Every record outlives its bytes; the address sanitizer sees a view that was kept, and a copy that
 * was not freed. */
static void records_outlive_their_bytes(void **state)
{
    (void)state;
    for (enum rec r = 0; r < REC_COUNT; r++) {
        const struct schema *s = &schema_records[r];
        struct arena arena = {0};
        struct buf first = {0}, second = {0};
        void *record = xalloc(s->size);
        wire_fill(&arena, s, record);
        struct_encode(&first, s, record);
        char *bytes = xalloc(first.n);
        memcpy(bytes, first.at, first.n);
        assert_int_equal(struct_decode(s, (struct bytes){bytes, first.n}, record, &arena, NULL), 0);
        record_own(s, record);
        memset(bytes, 0xee, first.n);
        free(bytes);
        arena_done(&arena);
        struct_encode(&second, s, record);
        assert_true(bytes_eq(buf_bytes(&first), buf_bytes(&second)));
        record_free(s, record);
        record_free(s, record); /* a freed one is empty */
        free(record);
        buf_done(&first);
        buf_done(&second);
    }
}

static void fields_are_changed(void **state)
{
    (void)state;
    const struct schema *s = &schema_records[REC_incident];
    struct rec_incident r;
    struct_defaults(s, &r);
    record_own(s, &r);
    assert_true(bytes_is(r.scope, "realm"));
    own_text(&r.scope, "frontend");
    own_printf(&r.id, "i-%d", 7);
    assert_true(bytes_is(r.scope, "frontend") && bytes_is(r.id, "i-7"));
    assert_string_equal(r.id.at, "i-7");                  /* owned strings end with a NUL */
    own_set(&r.scope, (struct bytes){r.scope.at + 5, 3}); /* a piece of itself */
    assert_true(bytes_is(r.scope, "end"));
    own_text(&r.scope, "");
    assert_int_equal(r.scope.n, 0);
    record_free(s, &r);
}

static void lists_of_names_are_changed(void **state)
{
    (void)state;
    struct seq names = {0};
    own_names_add(&names, BYTES("a"));
    own_names_add(&names, BYTES("b"));
    own_names_add(&names, *(struct bytes *)names.at); /* "a" again, from the list itself */
    assert_int_equal(names.n, 3);
    own_names_drop(&names, BYTES("a"));
    own_names_drop(&names, BYTES("none"));
    assert_int_equal(names.n, 2);
    assert_true(names_have(names, BYTES("a")) && names_have(names, BYTES("b")));
    own_names_drop(&names, BYTES("a"));
    assert_false(names_have(names, BYTES("a")));
    struct bytes both[] = {BYTES("x"), BYTES("y")};
    own_names(&names, both, 2);
    assert_int_equal(names.n, 2);
    own_names(&names, names.at, 1); /* of itself */
    assert_true(names.n == 1 && names_have(names, BYTES("x")));
    own_names(&names, NULL, 0);
    assert_int_equal(names.n, 0);
    assert_null(names.at);
}

static void structs_are_shown(void **state)
{
    (void)state;
    struct buf out = {0};
    struct bytes after[] = {BYTES("t-1"), BYTES("bad\x1b id")};
    struct msg_request request = {.action = BYTES("echo"),
                                  .params = BYTES("\x81\xa4text\xa3\x1b[J"),
                                  .priority = 0,
                                  .after = {after, 2}};
    struct msg_submit submit = {BYTES("1"), BYTES("cli"), true, {&request, 1}};
    struct_show(&out, &schema_messages[MSG_submit], &submit);
    assert_string_equal(
        buf_str(&out),
        "submit ref=1 client=cli watch=yes items=[{action=echo params={\"text\":\"\\u001B[J\"} "
        "priority=0 after=[t-1 \"bad\\x1b id\"]}]");
    buf_clear(&out);
    struct msg_sample sample = {BYTES("cpu"), 12.5, 1790000000000};
    struct_show(&out, schema_messages[MSG_samples].fields[3].part, &sample);
    assert_string_equal(buf_str(&out), "sample kpi=cpu value=12.5 at=1790000000000");
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_outlive_their_bytes),
        cmocka_unit_test(fields_are_changed),
        cmocka_unit_test(lists_of_names_are_changed),
        cmocka_unit_test(structs_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

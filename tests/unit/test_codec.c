/* SPDX-License-Identifier: MPL-2.0 */
/* The codec, by walking the tables: a new message, part or record is tested by being written down.
 */
#include "wire.h"

static void each_schema_fits_the_codec(void **state)
{
    (void)state;
    WIRE_EACH (s) {
        assert_true(s->n > 0 &&
                    s->n <=
                        64); /* the walker's set of found fields, and GUARD_MAX_KEYS with "type" */
        assert_true(s->n < GUARD_MAX_KEYS);
        for (size_t i = 0; i < s->n; i++) {
            assert_string_not_equal(s->fields[i].name, "type");
            assert_true(s->fields[i].offset < s->size);
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(s->fields[i].name, s->fields[j].name);
        }
    }
}

static void examples_are_valid(void **state)
{
    (void)state;
    WIRE_EACH (s) {
        for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
            if (f->kind == KIND_ENUM)
                assert_true(enum_find(f->enumeration, bytes_of(f->example)) >= 0);
            assert_true(*f->doc != '\0');
        }
    }
}

/* Encoded, decoded and encoded again the bytes are equal: so every field travelled. */
static void every_schema_round_trips(void **state)
{
    (void)state;
    WIRE_EACH (s) {
        struct arena arena = {0};
        struct buf first = {0}, second = {0};
        struct decode_error err;
        void *full = xalloc(s->size), *back = xalloc(s->size);
        wire_fill(&arena, s, full);
        wire_encode(&first, s, full);
        assert_int_equal(guard_check(buf_bytes(&first)), 0);
        if (struct_decode(s, buf_bytes(&first), back, &arena, &err))
            fail_msg("%s", err.text);
        for (const struct field *f = s->fields; f != s->fields + s->n; f++)
            if (f->kind == KIND_LIST || f->kind == KIND_NAMES)
                assert_true(((struct seq *)((char *)back + f->offset))->n >= 2);
            else if (!f->needed)
                assert_false(field_is_default(f, back) && !field_is_default(f, full));
        wire_encode(&second, s, back);
        assert_true(bytes_eq(buf_bytes(&first), buf_bytes(&second)));
        buf_done(&first);
        buf_done(&second);
        arena_done(&arena);
        free(full);
        free(back);
    }
}

static void values_arrive_as_sent(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buf out = {0};
    struct bytes locks[] = {BYTES("db"), BYTES("cache")};
    struct msg_request request = {.action = BYTES("echo"),
                                  .params = WIRE_MAP,
                                  .priority = 4,
                                  .locks = {locks, 2},
                                  .not_before = -7,
                                  .at_most_once = true};
    struct msg_submit submit = {BYTES("1"), BYTES("cli"), true, {&request, 1}}, back;
    message_encode(&out, MSG_submit, &submit);
    assert_int_equal(message_which(buf_bytes(&out)), MSG_submit);
    assert_int_equal(message_decode(MSG_submit, buf_bytes(&out), &back, &arena, NULL), 0);
    struct msg_request *got = back.items.at;
    assert_int_equal(back.items.n, 1);
    assert_true(bytes_is(got->action, "echo") && bytes_eq(got->params, WIRE_MAP));
    assert_true(names_have(got->locks, BYTES("cache")) && !names_have(got->locks, BYTES("disk")));
    assert_int_equal(got->priority, 4);
    assert_int_equal(got->not_before, -7);
    assert_true(got->at_most_once && back.watch);
    buf_done(&out);
    arena_done(&arena);
}

/* Only needed fields travel when all others are at their defaults, and the defaults come back. */
static void defaults_are_left_out_and_filled_in(void **state)
{
    (void)state;
    WIRE_EACH (s) {
        struct arena arena = {0};
        struct buf out = {0};
        void *plain = xalloc(s->size), *back = xalloc(s->size);
        size_t needed = 0;
        struct_defaults(s, plain);
        for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
            needed += f->needed;
            if (f->needed && f->kind == KIND_STR)
                *(struct bytes *)((char *)plain + f->offset) = BYTES("x");
        }
        struct_encode(&out, s, plain);
        struct cursor c = cursor_of(buf_bytes(&out));
        assert_int_equal(read_head(&c).count, needed);
        memset(back, 0x5a, s->size);
        assert_int_equal(struct_decode(s, buf_bytes(&out), back, &arena, NULL), 0);
        for (const struct field *f = s->fields; f != s->fields + s->n; f++)
            assert_true(f->needed || field_is_default(f, back));
        buf_done(&out);
        arena_done(&arena);
        free(plain);
        free(back);
    }
}

/* A message may say nothing in a text, and who reads it counts that; a record is of somebody. */
static void a_record_is_of_somebody(void **state)
{
    (void)state;
    for (const struct schema *s = schema_records; s != schema_records + REC_COUNT; s++) {
        const struct field *id = s->fields;
        while (id != s->fields + s->n && strcmp(id->name, "id") != 0)
            id++;
        if (id == s->fields + s->n || !id->needed)
            continue;
        struct arena arena = {0};
        struct buf out = {0};
        struct decode_error why = {0};
        void *record = xalloc(s->size);
        struct_defaults(s, record);
        for (const struct field *f = s->fields; f != s->fields + s->n; f++)
            if (f->needed && f->kind == KIND_STR && f != id)
                *(struct bytes *)((char *)record + f->offset) = BYTES("x");
        struct_encode(&out, s, record);
        assert_int_equal(struct_decode(s, buf_bytes(&out), record, &arena, &why), -EPROTO);
        assert_non_null(strstr(why.text, ".id is missing"));
        buf_done(&out);
        arena_done(&arena);
        free(record);
    }
}

/* repack writes the map in `from` again: backwards, without the key `less`, with two keys that
 * nobody knows. */
static void repack(struct buf *out, struct bytes from, const char *less)
{
    struct value keys[GUARD_MAX_KEYS], items[GUARD_MAX_KEYS];
    size_t n = 0;
    struct walk w = walk_of(from);
    while (walk_pair(&w, &keys[n], &items[n]))
        n++;
    struct pack p;
    pack_init(&p, out);
    pack_map(&p);
    pack_put_int(&p, "from the future", 1);
    while (n-- > 0) {
        if (less && bytes_is(keys[n].text, less))
            continue;
        pack_key_bytes(&p, keys[n].text);
        pack_raw(&p, items[n].whole);
    }
    pack_put_raw(&p, "also new", WIRE_MAP);
    pack_end(&p);
}

static void order_and_unknown_keys_do_not_matter(void **state)
{
    (void)state;
    WIRE_EACH (s) {
        struct arena arena = {0};
        struct buf first = {0}, other = {0}, second = {0};
        void *full = xalloc(s->size);
        wire_fill(&arena, s, full);
        struct_encode(&first, s, full);
        repack(&other, buf_bytes(&first), NULL);
        assert_int_equal(struct_decode(s, buf_bytes(&other), full, &arena, NULL), 0);
        struct_encode(&second, s, full);
        assert_true(bytes_eq(buf_bytes(&first), buf_bytes(&second)));
        buf_done(&first);
        buf_done(&other);
        buf_done(&second);
        arena_done(&arena);
        free(full);
    }
}

static void a_missing_needed_field_is_named(void **state)
{
    (void)state;
    WIRE_EACH (s) {
        for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
            struct arena arena = {0};
            struct buf whole = {0}, less = {0};
            struct decode_error err;
            char expected[200];
            void *full = xalloc(s->size);
            wire_fill(&arena, s, full);
            struct_encode(&whole, s, full);
            repack(&less, buf_bytes(&whole), f->name);
            assert_int_equal(struct_decode(s, buf_bytes(&less), full, &arena, &err),
                             f->needed ? -EPROTO : 0);
            snprintf(expected, sizeof(expected), "%s.%s is missing", s->name, f->name);
            assert_string_equal(err.text, f->needed ? expected : "");
            buf_done(&whole);
            buf_done(&less);
            arena_done(&arena);
            free(full);
        }
    }
}

/* One packed value for a field of each kind, and whether the field takes it. */
static const struct {
    const struct schema *schema;
    const char *field;
    struct bytes value;
    bool taken;
} offers[] = {
#define SAMPLES &schema_messages[MSG_samples]
    {SAMPLES, "source", BYTES("\xa1x"), true},
    {SAMPLES, "source", BYTES("\xc4\x01x"), false}, /* bytes are no string */
    {SAMPLES, "source", BYTES("\x01"), false},
    {SAMPLES, "source", BYTES("\xc0"), false}, /* nil is missing, and this one is needed */
    {SAMPLES, "first", BYTES("\x00"), true},
    {SAMPLES, "first", BYTES("\xff"), false},                              /* -1 */
    {SAMPLES, "first", BYTES("\xcb\x3f\xf0\0\0\0\0\0\0"), false},          /* 1.0 is no integer */
    {SAMPLES, "first", BYTES("\xcf\0\x1f\xff\xff\xff\xff\xff\xff"), true}, /* 2^53-1 */
    {SAMPLES, "first", BYTES("\xcf\0\x20\0\0\0\0\0\0"), false},            /* 2^53 */
    {SAMPLES, "first", BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), false},
    {SAMPLES, "items", BYTES("\x80"), false},
    {SAMPLES, "items", BYTES("\xdc\0\0"), true},
    {SAMPLES, "items", BYTES("\x91\x01"), false},
    {SAMPLES, "items", BYTES("\xc0"), true},
#define EVENT &schema_messages[MSG_event]
    {EVENT, "at", BYTES("\xff"), true},
    {EVENT, "at", BYTES("\xd3\xff\xe0\0\0\0\0\0\0"), false}, /* -2^53 */
    {EVENT, "at", BYTES("\xd3\xff\xe0\0\0\0\0\0\x01"), true},
    {EVENT, "level",
     BYTES("\xa5"
           "alarm"),
     true},
    {EVENT, "level",
     BYTES("\xa5"
           "ALARM"),
     false},
    {EVENT, "level", BYTES("\x01"), false},
    {EVENT, "data", BYTES("\x81\xa1x\x01"), true},
    {EVENT, "data", BYTES("\x91\x01"), false},
#define INCIDENT &schema_records[REC_incident]
    {INCIDENT, "worst", BYTES("\x07"), true},
    {INCIDENT, "worst", BYTES("\xca\x3f\xc0\0\0"), true}, /* 1.5f */
    {INCIDENT, "worst", BYTES("\xcb\x7f\xf8\0\0\0\0\0\0"),
     true}, /* NaN: for the KPIs to refuse, one reading at a time (H1) */
    {INCIDENT, "worst",
     BYTES("\xa3"
           "1.5"),
     false},
    {INCIDENT, "worst", BYTES("\xc3"), false},
    {INCIDENT, "flapping", BYTES("\xc3"), true},
    {INCIDENT, "flapping", BYTES("\x01"), false},
    {INCIDENT, "optimizations", BYTES("\x92\xa1x\xa1y"), true},
    {INCIDENT, "optimizations", BYTES("\x92\xa1x\x01"), false},
#define TASK &schema_records[REC_task]
    {TASK, "output", BYTES("\xc4\x01\xff"), true},
    {TASK, "output", BYTES("\xa1x"), true}, /* languages that do not tell bytes from text */
    {TASK, "output", BYTES("\x01"), false},
};

static void kinds_take_what_they_promise(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
        const struct schema *s = offers[i].schema;
        struct arena arena = {0};
        struct buf whole = {0}, changed = {0};
        struct decode_error err;
        void *full = xalloc(s->size);
        wire_fill(&arena, s, full);
        struct_encode(&whole, s, full);
        repack(&changed, buf_bytes(&whole), offers[i].field);
        struct pack p;
        buf_clear(&whole);
        pack_init(&p, &whole);
        pack_map(&p);
        pack_put_raw(&p, offers[i].field, offers[i].value);
        struct walk w = walk_of(buf_bytes(&changed));
        for (struct value key, item; walk_pair(&w, &key, &item);) {
            pack_key_bytes(&p, key.text);
            pack_raw(&p, item.whole);
        }
        pack_end(&p);
        int answer = struct_decode(s, buf_bytes(&whole), full, &arena, &err);
        if (answer != (offers[i].taken ? 0 : -EPROTO))
            fail_msg("offer %zu to %s.%s: %d %s", i, s->name, offers[i].field, answer, err.text);
        buf_done(&whole);
        buf_done(&changed);
        arena_done(&arena);
        free(full);
    }
}

static void lists_are_bounded(void **state)
{
    (void)state;
    static const struct {
        size_t items, names;
        int answer;
    } sizes[] = {{1000, 256, 0}, {1001, 256, -EPROTO}, {1000, 257, -EPROTO}};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct arena arena = {0};
        struct buf out = {0};
        struct msg_action *actions = xalloc(sizes[i].items * sizeof(*actions));
        struct bytes *holds = xalloc(sizes[i].names * sizeof(*holds));
        struct msg_hello hello = {
            .slots = 1, .actions = {actions, sizes[i].items}, .holds = {holds, sizes[i].names}};
        message_encode(&out, MSG_hello, &hello);
        assert_int_equal(guard_check(buf_bytes(&out)), 0);
        assert_int_equal(message_decode(MSG_hello, buf_bytes(&out), &hello, &arena, NULL),
                         sizes[i].answer);
        buf_done(&out);
        arena_done(&arena);
        free(actions);
        free(holds);
    }
}

static void the_type_comes_first(void **state)
{
    (void)state;
    assert_int_equal(message_which(BYTES("\x81\xa4type\xa4"
                                         "beat")),
                     MSG_beat);
    assert_int_equal(message_which(BYTES("\x82\xa4type\xa4"
                                         "beat\xa4"
                                         "free\x01")),
                     MSG_beat);
    assert_int_equal(message_which(BYTES("\x82\xa4"
                                         "free\x01\xa4type\xa4"
                                         "beat")),
                     -EPROTO);
    assert_int_equal(message_which(BYTES("\x81\xa4type\xa4"
                                         "boot")),
                     -ENOENT);
    assert_int_equal(message_which(BYTES("\x81\xa4type\xa5param")),
                     -ENOENT); /* a part is no message */
    assert_int_equal(message_which(BYTES("\x81\xa4type\x01")), -EPROTO);
    assert_int_equal(message_which(BYTES("\x80")), -EPROTO);
    assert_int_equal(message_which(BYTES("\x92\xa4type\xa4"
                                         "beat")),
                     -EPROTO);
    assert_int_equal(message_which(BYTES("")), -EPROTO);
}

/* The guard refuses every truncation; the decoder is asked as well, and must neither fail nor read
 * outside. */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    WIRE_EACH (s) {
        struct arena arena = {0};
        struct buf out = {0};
        void *full = xalloc(s->size), *back = xalloc(s->size);
        wire_fill(&arena, s, full);
        wire_encode(&out, s, full);
        for (size_t n = 0; n < out.n; n++) {
            char *part = xalloc(
                n); /* of exactly n bytes, so that the address sanitizer sees a step too far */
            memcpy(part, out.at, n);
            assert_int_equal(guard_check((struct bytes){part, n}), -EBADMSG);
            struct_decode(s, (struct bytes){part, n}, back, &arena, NULL);
            free(part);
        }
        buf_done(&out);
        arena_done(&arena);
        free(full);
        free(back);
    }
}

/* The memory of the message before is used again, and nothing of it is seen. */
static void an_arena_begins_with_the_memory_of_the_last(void **state)
{
    (void)state;
    enum { MUCH = 20000 };
    struct arena arena = {0};
    char *first = memset(arena_raw(&arena, MUCH), 'x', MUCH);
    arena_done(&arena);
    char *again = arena_take(&arena, MUCH);
    assert_ptr_equal(again, first);
    for (size_t i = 0; i < MUCH; i++)
        assert_int_equal(again[i], 0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_schema_fits_the_codec),
        cmocka_unit_test(examples_are_valid),
        cmocka_unit_test(every_schema_round_trips),
        cmocka_unit_test(values_arrive_as_sent),
        cmocka_unit_test(defaults_are_left_out_and_filled_in),
        cmocka_unit_test(a_record_is_of_somebody),
        cmocka_unit_test(order_and_unknown_keys_do_not_matter),
        cmocka_unit_test(a_missing_needed_field_is_named),
        cmocka_unit_test(kinds_take_what_they_promise),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(the_type_comes_first),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(an_arena_begins_with_the_memory_of_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

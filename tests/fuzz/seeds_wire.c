/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the seeds in msgpack: every message and record with the examples of the tables, and short talks with a controller. */
#include "orchestrator/core/verb.h"
#include "seeds.h"
#include "tests/unit/wire.h"

static void one(const char *target, const struct schema *s, int piece, bool full)
{
    struct arena arena = {0};
    struct buf body = {0}, input = {0};
    void *filled = xalloc(s->size);
    struct_defaults(s, filled);
    if (full)
        wire_fill(&arena, s, filled);
    wire_encode(&body, s, filled);
    if (piece >= 0)
        seed_piece(&input, (unsigned)piece, buf_bytes(&body));
    seed_write(target, piece >= 0 ? buf_bytes(&input) : buf_bytes(&body));
    buf_done(&body);
    buf_done(&input);
    arena_done(&arena);
    free(filled);
}

/* A word as it stands on the wire: with its msgpack head. */
static void word(const char *target, const char *text)
{
    struct buf packed = {0};
    struct pack p;
    pack_init(&p, &packed);
    pack_text(&p, text);
    seed_word(target, buf_bytes(&packed));
    buf_done(&packed);
}

static void words(const char *target, const struct schema *s)
{
    word(target, s->name);
    for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
        word(target, f->name);
        for (size_t i = 0; f->kind == KIND_ENUM && i < f->enumeration->n; i++)
            word(target, f->enumeration->values[i]);
    }
}

/* ---- talks ---- */

enum {
    AGENT = 0,
    CLIENT = 4 + 1,
    SOURCE = 8 + 2,
    OTHER = 3
}; /* peer * 4 + endpoint; `other` of core.c */
enum {
    TURN,
    TURN_1MS,
    TURN_50MS,
    TURN_500MS,
    TURN_1S,
    TURN_3S,
    TURN_10S,
    TURN_1MIN,
    FREEZE = 9,
    HOLD,
    RESTART
};

static void hear(struct buf *talk, unsigned who, enum msg which, const void *message)
{
    struct buf body = {0};
    message_encode(&body, which, message);
    seed_piece(talk, who, buf_bytes(&body));
    buf_done(&body);
}

static void other(struct buf *talk, unsigned what)
{
    seed_piece(talk, what * 4 + OTHER, BYTES(""));
}

static void greet(struct buf *talk, unsigned peer, const char *name, const char *swarm,
                  enum role role)
{
    static const char *const names[] = {"echo", "look",   "shrink", "grow",  "check",
                                        "tune", "untune", "save",   "unsave"};
    struct msg_action actions[ARRAY_SIZE(names)] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        actions[i].name = bytes_of(names[i]);
    struct msg_hello hello = {.agent = bytes_of(name),
                              .instance = BYTES("i"),
                              .swarm = bytes_of(swarm),
                              .role = role,
                              .slots = 2,
                              .actions = {actions, ARRAY_SIZE(actions)}};
    hear(talk, peer * 4 + AGENT, MSG_hello, &hello);
    hear(talk, peer * 4 + AGENT, MSG_beat, &(struct msg_beat){.free = 2});
}

static void submit(struct buf *talk, struct msg_request request)
{
    struct msg_submit message = {BYTES("1"), BYTES("cli"), true, {&request, 1}};
    hear(talk, CLIENT, MSG_submit, &message);
}

static void answer(struct buf *talk, unsigned peer, const char *task, uint64_t attempt,
                   enum outcome outcome)
{
    struct msg_result result = {.task = bytes_of(task),
                                .attempt = attempt,
                                .outcome = outcome,
                                .data = WIRE_MAP,
                                .output = BYTES("out"),
                                .elapsed_ms = 3};
    hear(talk, peer * 4 + AGENT, MSG_results, &(struct msg_results){.items = {&result, 1}});
}

static void ask(struct buf *talk, const struct verb *v, const char *id)
{
    struct buf args = {0};
    struct pack p;
    static const char *const keys[] = {"id", "name", "scope", "pattern", "reason", "kind", "mode"};
    pack_init(&p, &args);
    pack_map(&p);
    for (size_t i = 0; *id && i < ARRAY_SIZE(keys); i++)
        pack_put_text(&p, keys[i], i == 2 ? "realm" : i == 6 ? "optimization" : id);
    if (*id)
        pack_put_int(&p, "for_ms", 60000);
    pack_end(&p);
    struct msg_query query = {BYTES("3"), bytes_of(v->name), buf_bytes(&args)};
    struct msg_command command = {BYTES("4"), bytes_of(v->name), buf_bytes(&args), BYTES("ada")};
    hear(talk, CLIENT, v->command ? MSG_command : MSG_query,
         v->command ? (void *)&command : (void *)&query);
    buf_done(&args);
}

static void end(struct buf *talk)
{
    seed_write("core", buf_bytes(talk));
    buf_done(talk);
}

static void talk_of_a_task(enum outcome outcome, bool restart, struct msg_request request)
{
    struct buf talk = {0};
    greet(&talk, 0, "a1", "back", role_worker);
    other(&talk, TURN_50MS);
    submit(&talk, request);
    other(&talk, TURN_1MS);
    if (restart) {
        other(&talk, RESTART);
        greet(&talk, 0, "a1", "back", role_worker);
        other(&talk, TURN_3S);
    }
    answer(&talk, 0, "t-1", 1, outcome);
    other(&talk, TURN_10S);
    answer(&talk, 0, "t-1", 2, outcome_COMPLETED);
    hear(&talk, AGENT, MSG_bye, &(struct msg_bye){.reason = BYTES("drained")});
    other(&talk, TURN_1MIN);
    end(&talk);
}

static void talk_of_verbs(void)
{
    for (const struct verb *const *room = verb_rooms; *room; room++)
        for (const struct verb *v = *room; v->name; v++) {
            static const char *const ids[] = {"", "t-1", "o-1", "shrink", "realm"};
            struct buf talk = {0};
            greet(&talk, 0, "a1", "back", role_worker);
            submit(&talk, (struct msg_request){.action = BYTES("none")});
            other(&talk, TURN_1MS);
            for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
                ask(&talk, v, ids[i]);
            word("core", v->name);
            end(&talk);
        }
}

/* Bad figures until a cycle begins, an alarm opens, and the agents are asked. */
static void talk_of_figures(double value, bool answered)
{
    static const char *const kpis[] = {"page", "queue", "errors"};
    struct buf talk = {0};
    greet(&talk, 0, "p", "front", role_analyst);
    greet(&talk, 2, "h", "front", role_implementer);
    greet(&talk, 3, "w", "back", role_implementer);
    for (uint64_t second = 0; second < 8; second++) {
        struct msg_sample items[ARRAY_SIZE(kpis)];
        for (size_t i = 0; i < ARRAY_SIZE(kpis); i++)
            items[i] = (struct msg_sample){bytes_of(kpis[i]), value,
                                           1790000000000 + (int64_t)second * 1000};
        struct msg_samples samples = {
            BYTES("s"), BYTES("i"), second * 3 + 1, {items, ARRAY_SIZE(items)}};
        hear(&talk, SOURCE, MSG_samples, &samples);
        char task[16];
        snprintf(task, sizeof(task), "t-%d", (int)second);
        if (answered)
            answer(&talk, second % 2 ? 0 : 2, task, 1, outcome_COMPLETED);
        other(&talk, TURN_1S);
    }
    end(&talk);
}

/* So many readings of a level, and what is open is answered in between; again and again. */
static void talk_of_staff(const char *levels, const char *outcomes, unsigned rounds)
{
    enum { JOIN = 16, FIGURES, ANSWER };
    struct buf talk = {0};
    seed_piece(&talk, JOIN * 4 + OTHER, BYTES(""));
    for (unsigned round = 0; round < rounds; round++) {
        unsigned char readings[30];
        for (size_t i = 0; i < sizeof(readings); i++)
            readings[i] = (unsigned char)(levels[round % strlen(levels)] + (int)i % 7);
        seed_piece(&talk, FIGURES * 4 + OTHER, (struct bytes){(char *)readings, sizeof(readings)});
        seed_piece(&talk, ANSWER * 4 + OTHER, bytes_of(outcomes));
    }
    end(&talk);
}

static void talks(void)
{
    struct bytes after[] = {BYTES("t-1")};
    talk_of_a_task(outcome_COMPLETED, false,
                   (struct msg_request){.action = BYTES("echo"), .key = BYTES("k")});
    talk_of_a_task(outcome_FAILED, false,
                   (struct msg_request){.action = BYTES("echo"), .backoff_ms = 1000});
    talk_of_a_task(outcome_REFUSED, true,
                   (struct msg_request){.action = BYTES("look"), .at_most_once = true});
    talk_of_a_task(
        outcome_FAILED, true,
        (struct msg_request){.action = BYTES("tune"), .after = {after, 1}, .total_ms = 9000});
    talk_of_a_task(
        outcome_FAILED, true,
        (struct msg_request){.action = BYTES("tune"), .locks = {after, 1}, .max_attempts = 1});
    talk_of_a_task(outcome_COMPLETED, false,
                   (struct msg_request){.action = BYTES("optimization"), .params = WIRE_MAP});
    talk_of_a_task(outcome_COMPLETED, false, (struct msg_request){.action = BYTES("emergency")});
    talk_of_a_task(outcome_COMPLETED, false, (struct msg_request){.action = BYTES("analysis")});
    talk_of_a_task(outcome_COMPLETED, true,
                   (struct msg_request){.action = BYTES("strategic_planning")});
    talk_of_verbs();
    talk_of_staff("P", "", 12);
    talk_of_staff("P", "D", 12);
    talk_of_staff("PPPPPP111111", "", 12);
    talk_of_staff("\x60\x60\x60\x60\x20\x20\x20\x20\x20\x20\x20\x20", "\x01", 12);
    talk_of_staff("\x70", "E", 12);
    talk_of_figures(700, true);
    talk_of_figures(700, false);
    talk_of_figures(90, true);
}

void seeds_of_wire(void)
{
    WIRE_EACH(s)
    {
        bool message = s >= schema_messages && s < schema_messages + MSG_COUNT;
        bool record = s >= schema_records && s < schema_records + REC_COUNT;
        if (message) {
            one("frame", s, -1, true);
            one("frame", s, -1, false);
            one("core", s, (int)s->endpoint, true);
        }
        if (record) {
            one("records", s, (int)(s - schema_records), true);
            one("records", s, (int)(s - schema_records), false);
        }
        if (record)
            words("records", s);
        else
            words("frame", s);
        if (!record && s->from != FROM_CONTROLLER)
            words("core", s);
    }
    talks();
}

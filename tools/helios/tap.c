/* SPDX-License-Identifier: MPL-2.0 */
/* `helios tap`: the pub/sub monitor. Pretty on a terminal, JSON lines when piped; records and
 * replays. */
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/text.h"
#include "events.h"
#include "proto/json.h"
#include "stop.h"
#include "verbs.h"

const struct option_row tap_options[] = {
    {"level", "LEVEL", "only this level and above: debug, info, warning, alarm"},
    {"count", "N", "stop after so many"},
    {"for", "TIME", "stop after this time"},
    {"rates", NULL, "each second, how many events of each topic"},
    {"record", "FILE", "write all events, as JSON lines, into FILE too"},
    {"replay", "FILE", "show a recording instead of the live bus"},
    {"speed", "N", "replay: N times as fast as it was; 0 = at once (0)"},
    {"no-snapshot", NULL, "do not show the state at the start"},
    {0},
};

struct tap {
    const struct args *a;
    int level;
    bool json;
    FILE *record;
    json_t *rates; /* topic → count since the last line */
    int64_t shown, left;
};

static void show_rates(struct tap *t)
{
    const char *topic;
    json_t *n;
    if (json_object_size(t->rates) == 0)
        return;
    if (t->json) {
        printf("{\"rates\":");
        write_json(t->rates, stdout, false);
        printf("}\n");
    } else {
        struct buf out = {0};
        json_object_foreach(t->rates, topic, n)
        {
            text_safe(&out, bytes_of(topic)); /* of a recording, nobody has looked at it yet */
            buf_printf(&out, " %lld/s  ", (long long)json_integer_value(n));
        }
        buf_text(&out, "\n");
        print_text(&out);
    }
    fflush(stdout);
    json_object_clear(t->rates);
}

static void show(struct tap *t, const json_t *event)
{
    if (t->record) {
        write_json(event, t->record, false);
        fputc('\n', t->record);
    }
    if (event_level(event) < t->level || !event_matches(event, t->a->words, t->a->n_words))
        return;
    t->left--;
    if (t->rates) {
        const char *topic = json_string_value(json_object_get(event, "topic"));
        json_int_t n = json_integer_value(json_object_get(t->rates, topic));
        json_object_set_new(t->rates, topic, json_integer(n + 1));
        return;
    }
    struct buf out = {0};
    if (t->json) {
        write_json(event, stdout, false);
        buf_text(&out, "\n");
    } else {
        event_line(&out, event);
        buf_text(&out, "\n");
    }
    print_text(&out);
}

/* The snapshot comes first; events that it knows already are dropped (W1). */
static int show_snapshot(struct tap *t, struct client *c, uint64_t *ret_epoch, uint64_t *ret_seq)
{
    json_t *answer;
    int r = client_query(c, "snapshot", NULL, &answer);
    if (r)
        return r;
    *ret_epoch = (uint64_t)json_integer_value(json_object_get(answer, "epoch"));
    *ret_seq = (uint64_t)json_integer_value(json_object_get(answer, "event_seq"));
    if (t->json) {
        json_t *line = json_pack("{sO}", "snapshot", answer);
        write_json(line, stdout, false);
        putchar('\n');
        json_decref(line);
    } else if (!t->rates) {
        double score = json_number_value(json_path(answer, "health.score"));
        printf("realm %s, epoch %llu, health %.1f, %lld agents, %lld tasks; events from number "
               "%llu on\n",
               json_string_value(json_object_get(answer, "realm")), (unsigned long long)*ret_epoch,
               score, (long long)json_integer_value(json_object_get(answer, "agents_live")),
               (long long)json_integer_value(json_object_get(answer, "tasks_live")),
               (unsigned long long)*ret_seq + 1);
    }
    fflush(stdout);
    json_decref(answer);
    return 0;
}

static bool fresh(const json_t *event, uint64_t epoch, uint64_t seq)
{
    return (uint64_t)json_integer_value(json_object_get(event, "epoch")) != epoch ||
           (uint64_t)json_integer_value(json_object_get(event, "seq")) > seq;
}

static void follow(struct tap *t, struct events *e, uint64_t epoch, uint64_t seq)
{
    int64_t end = clock_now() + args_ms(t->a, "for", 100LL * 365 * 86400 * 1000);
    uint64_t gaps = 0;
    while (!stop_asked() && t->left > 0 && clock_now() < end) {
        zmq_pollitem_t item = {.socket = e->socket, .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, (long)talk_guard(clock_now()));
        for (json_t *event; !stop_asked() && t->left > 0 && (event = events_next(e));
             json_decref(event))
            if (fresh(event, epoch, seq))
                show(t, event);
        if (e->gaps > gaps)
            fprintf(stderr, "helios tap: %llu events were missed\n",
                    (unsigned long long)(e->gaps - gaps));
        gaps = e->gaps;
        if (t->rates && clock_now() - t->shown >= 1000) {
            t->shown = clock_now();
            show_rates(t);
        }
    }
}

static int live(struct tap *t)
{
    struct client c;
    struct events e = {0};
    uint64_t epoch = 0, seq = 0;
    int r = client_open(&c, t->a);
    if (r == 0)
        r = events_open(&e, &c) < 0 ? EX_UNAVAILABLE : 0;
    if (r == 0 && !args_has(t->a, "no-snapshot"))
        r = show_snapshot(t, &c, &epoch, &seq);
    if (r == 0) {
        follow(t, &e, epoch, seq);
        if (e.gaps)
            fprintf(stderr, "helios tap: %llu seen, %llu missed\n", (unsigned long long)e.seen,
                    (unsigned long long)e.gaps);
    }
    events_close(&e);
    client_close(&c);
    return r;
}

/* pace waits as long as it was between two events, `speed` times shorter. */
static void pace(int64_t speed, int64_t *before, const json_t *event)
{
    int64_t at = json_integer_value(json_object_get(event, "at"));
    if (speed > 0 && *before > 0 && at > *before) {
        double us = (double)(at - *before) * 1000 / (double)speed;
        usleep((useconds_t)MIN(us, 10000000));
    }
    *before = at;
}

static int replay(struct tap *t, const char *file)
{
    FILE *f = fopen(file, "re");
    int64_t speed = args_int(t->a, "speed", 0), before = 0;
    char *line = NULL;
    size_t room = 0, n = 0;
    int r = 0;
    if (f == NULL) {
        fprintf(stderr, "helios tap: cannot read %s: %s\n", file, strerror(errno));
        return EX_NOINPUT;
    }
    while (r == 0 && !stop_asked() && t->left > 0 && getline(&line, &room, f) > 0) {
        json_error_t error;
        json_t *event = json_loads(line, 0, &error);
        if (event == NULL) {
            fprintf(stderr, "helios tap: %s is damaged after event %zu: %s\n", file, n, error.text);
            r = EX_DATAERR;
        } else {
            n++;
            pace(speed, &before, event);
            show(t, event);
        }
        json_decref(event);
    }
    free(line);
    fclose(f);
    return r;
}

int run_tap(const struct cli_verb *verb, const struct args *a)
{
    struct tap t = {.a = a,
                    .json = args_has(a, "json") || !isatty(STDOUT_FILENO),
                    .left = args_int(a, "count", INT64_MAX)};
    const char *record = args_value(a, "record", NULL);
    t.level = enum_find(&enum_level, bytes_of(args_value(a, "level", "debug")));
    if (t.level < 0) {
        fprintf(stderr, "helios %s: --level is debug, info, warning or alarm\n", verb->name);
        return EX_USAGE;
    }
    if (record && (t.record = fopen(record, "w")) == NULL) {
        fprintf(stderr, "helios tap: cannot write %s: %s\n", record, strerror(errno));
        return EX_CANTCREAT;
    }
    t.rates = args_has(a, "rates") ? json_object() : NULL;
    stop_catch();
    int r = args_has(a, "replay") ? replay(&t, args_value(a, "replay", "")) : live(&t);
    if (t.rates)
        show_rates(&t);
    if (t.record && fclose(t.record) != 0)
        r = EX_IOERR;
    json_decref(t.rates);
    return r;
}

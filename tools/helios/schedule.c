/* SPDX-License-Identifier: MPL-2.0 */
/* `helios schedule`: what runs by the clock, what comes next, and orders to one. */
#include "schedule.h"

#include <sysexits.h>

#include "common/text.h"
#include "common/zone.h"

const struct option_row schedule_options[] = {
    {"name", "NAME", "next: of this one only"},
    {"force", NULL, "run: though an earlier one has not ended"},
    {"cron", "LINE", "set: when, as \"0 2 * * *\", @daily, \"@every 90s\""},
    {"zone", "ZONE", "set: IANA time zone (UTC)"},
    {"action", "ACTION", "set: what it runs"},
    {"pipeline", "NAME", "set: instead of an action"},
    {"params", "JSON", "set: parameters; ${time} in them is the occurrence's time"},
    {"after", "NAME,…", "set: schedules that must have completed"},
    {"overlap", "WORD", "set: forbid, allow or replace"},
    {"misfire", "WORD", "set: skip, once or all"},
    {"window", "TIME", "set: later than this an occurrence never runs"},
    {"late", "TIME", "set: later than this it counts as late"},
    {"jitter", "TIME", "set: its start is moved by a part of this"},
    {"swarm", "SWARM", "set: only agents of this swarm"},
    {"role", "ROLE", "set: only agents of this role"},
    {"priority", "0..4", "set: 0 is the most urgent"},
    {"locks", "NAME,…", "set: resources that it needs alone"},
    {"attempts", "N", "set: at most so many"},
    {"attempt-time", "TIME", "set: longest attempt"},
    {"takes", "TIME", "set: how long it takes, for simulate"},
    {"file", "FILE", "set: all `schedules` of a YAML file; simulate: a controller's config"},
    {"days", "N", "simulate: so many days (7)"},
    {"from", "TIME", "simulate: begin at this moment, as 2026-01-31T12:00:00Z (now)"},
    {"author", "NAME", "who (default: the user's name)"},
    {0},
};

/* ---- times as people read them ---- */

void schedule_when(struct buf *out, int64_t ms, int64_t offset_s, const char *zone)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t local = floor_div(ms, 1000) + offset_s, day = floor_div(local, 86400), second = local - day * 86400;
    struct civil c = civil_of(day);
    buf_printf(out, "%s %2d %s %02d:%02d", days[civil_weekday(day)], c.day, months[c.month - 1], (int)(second / 3600),
               (int)(second / 60 % 60));
    if (second % 60)
        buf_printf(out, ":%02d", (int)(second % 60));
    if (*zone) {
        buf_text(out, " ");
        text_safe(out, bytes_of(zone));
    }
}

void schedule_span(struct buf *out, int64_t ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    size_t i = 0, shown = 0;
    while (i + 1 < ARRAY_SIZE(units) && ms < units[i].ms)
        i++;
    for (; i < ARRAY_SIZE(units) && shown < 2; i++, shown++) {
        if (shown == 0 || ms / units[i].ms)
            buf_printf(out, "%s%lld%s", shown ? " " : "", (long long)(ms / units[i].ms), units[i].unit);
        ms %= units[i].ms;
    }
}

static void relative(struct buf *out, int64_t at, int64_t wall)
{
    if (at > wall)
        buf_text(out, "in ");
    schedule_span(out, at > wall ? at - wall : wall - at);
    if (at <= wall)
        buf_text(out, " ago");
}

/* put replaces `key` of the row by the text, which is emptied. */
static void put(json_t *row, const char *key, struct buf *text)
{
    json_object_set_new(row, key, json_string(buf_str(text)));
    buf_clear(text);
}

/* ---- list, next, show ---- */

static void ease_row(json_t *row, int64_t wall, struct buf *text)
{
    int64_t next = json_whole(row, "next"), ended = json_whole(row, "ended"), failed = json_whole(row, "failed");
    const char *word = json_word(row, "cron");
    if (next)
        schedule_when(text, next, json_whole(row, "next_offset"), json_word(row, "next_zone"));
    put(row, "next_text", text);
    if (next)
        relative(text, next, wall);
    put(row, "in_text", text);
    if (ended || failed)
        buf_text(text, failed > ended ? "failed " : "done ");
    if (ended || failed)
        relative(text, MAX(ended, failed), wall);
    put(row, "last_text", text);
    buf_printf(text, "%s%s%s", word, strcmp(json_word(row, "zone"), "UTC") ? " " : "",
               strcmp(json_word(row, "zone"), "UTC") ? json_word(row, "zone") : "");
    put(row, "when_text", text);
    if (json_whole(row, "took_ms"))
        schedule_span(text, MAX(json_whole(row, "took_ms"), (int64_t)1000));
    put(row, "took_text", text);
}

static const struct column list_columns[] = {
    {"SCHEDULE", "name", SHAPE_TEXT, 32},  {"STATE", "state", SHAPE_WORD, 0},     {"WHEN", "when_text", SHAPE_TEXT, 34},
    {"RUNS", "runs", SHAPE_TEXT, 24},      {"NEXT", "next_text", SHAPE_TEXT, 0},  {"", "in_text", SHAPE_TEXT, 0},
    {"LAST", "last_text", SHAPE_TEXT, 0},  {"TOOK", "took_text", SHAPE_TEXT, 0},  {"STARTED", "started", SHAPE_INT, 0},
    {"SKIPPED", "skipped", SHAPE_INT, 0},  {0},
};

static void print_rows(json_t *rows, int64_t wall, const struct column *columns)
{
    struct buf text = {0}, out = {0};
    size_t i;
    json_t *row;
    json_array_foreach (rows, i, row)
        if (columns == list_columns)
            ease_row(row, wall, &text);
    paint_table(&out, rows, columns);
    print_text(&out);
    buf_done(&text);
}

/* Page by page: there may be more than one message holds. */
static int all_schedules(struct client *c, const char *match, json_t *ret_rows, int64_t *ret_wall)
{
    const char *after = "";
    for (;;) {
        json_t *args = json_pack("{ss ss}", "match", match, "after", after), *answer;
        int r = client_query(c, "schedules", args, &answer);
        json_decref(args);
        if (r)
            return r;
        json_t *page = json_object_get(answer, "schedules");
        bool more = json_is_true(json_object_get(answer, "more")) && json_array_size(page);
        *ret_wall = json_whole(answer, "wall");
        json_array_extend(ret_rows, page);
        json_decref(answer);
        if (!more)
            return 0;
        after = json_word(json_array_get(ret_rows, json_array_size(ret_rows) - 1), "name");
    }
}

static int list_once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    json_t *rows = json_array();
    int64_t wall = 0;
    (void)verb;
    int r = all_schedules(c, a->n_words ? a->words[0] : "*", rows, &wall);
    if (r == 0 && args_has(a, "json"))
        print_json(json_pack("{sO sI}", "schedules", rows, "wall", (json_int_t)wall));
    else if (r == 0)
        print_rows(rows, wall, list_columns);
    json_decref(rows);
    return r;
}

static int list(const struct args *a)
{
    return repeat(NULL, a, list_once);
}

static const struct column next_columns[] = {
    {"NEXT", "when", SHAPE_TEXT, 0}, {"", "in", SHAPE_TEXT, 0}, {"SCHEDULE", "name", SHAPE_TEXT, 40}, {"RUNS", "runs", SHAPE_TEXT, 24}, {0},
};

static int next_once(struct client *c, const struct cli_verb *verb, const struct args *a)
{
    json_t *args = json_object(), *answer, *row;
    int64_t n = 10;
    size_t i;
    (void)verb;
    if (a->n_words && (text_parse_int(bytes_of(a->words[0]), &n) < 0 || n < 1 || n > 1000)) {
        fprintf(stderr, "helios schedule next: '%s' is no number from 1 to 1000\n", a->words[0]);
        json_decref(args);
        return EX_USAGE;
    }
    json_object_set_new(args, "n", json_integer(n));
    if (args_has(a, "name"))
        json_object_set_new(args, "name", json_string(args_value(a, "name", "")));
    int r = client_query(c, "schedule_next", args, &answer);
    json_decref(args);
    if (r)
        return r;
    if (args_has(a, "json")) {
        print_json(answer);
        return 0;
    }
    struct buf text = {0};
    json_array_foreach (json_object_get(answer, "next"), i, row) {
        schedule_when(&text, json_whole(row, "time"), json_whole(row, "time_offset"), json_word(row, "time_zone"));
        put(row, "when", &text);
        relative(&text, json_whole(row, "start"), json_whole(answer, "wall"));
        put(row, "in", &text);
    }
    print_rows(json_object_get(answer, "next"), 0, next_columns);
    buf_done(&text);
    json_decref(answer);
    return 0;
}

static int next(const struct args *a)
{
    return repeat(NULL, a, next_once);
}

/* one asks about, or orders, each of the words; done: what is printed, "%s" is the word. */
static int each(const struct args *a, const char *what, const char *done)
{
    struct client c;
    if (a->n_words == 0) {
        fprintf(stderr, "helios schedule: say which: NAME…\n");
        return EX_USAGE;
    }
    if (args_has(a, "author"))
        setenv("HELIOS_AUTHOR", args_value(a, "author", ""), 1);
    int r = client_open(&c, a);
    for (size_t i = 0; r == 0 && i < a->n_words; i++) {
        json_t *args = json_pack("{ss sb}", "name", a->words[i], "force", (int)args_has(a, "force")), *answer;
        r = done ? client_command(&c, what, args, &answer) : client_query(&c, what, args, &answer);
        json_decref(args);
        if (r)
            break;
        struct buf out = {0};
        if (args_has(a, "json")) {
            print_json(answer);
            continue;
        }
        if (done)
            buf_printf(&out, "%s %s%s%s\n", a->words[i], done, *json_word(answer, "id") ? " as " : "", json_word(answer, "id"));
        else
            paint_tree(&out, answer, 0);
        print_text(&out);
        json_decref(answer);
    }
    client_close(&c);
    return r;
}

static int show(const struct args *a)
{
    return each(a, "schedule", NULL);
}
static int run_now(const struct args *a)
{
    return each(a, "schedule_run", "runs");
}
static int pause_it(const struct args *a)
{
    return each(a, "schedule_pause", "is paused");
}
static int resume(const struct args *a)
{
    return each(a, "schedule_resume", "goes on");
}
static int remove_it(const struct args *a)
{
    return each(a, "schedule_remove", "is taken away");
}

const struct sub_verb schedule_subs[] = {
    {"list", "[PATTERN]", "what runs by the clock, when next, how the last ones went", list},
    {"next", "[N]", "the next occurrences of all schedules (10)", next},
    {"show", "NAME…", "one schedule, with its definition", show},
    {"run", "NAME…", "start one now, beside the clock", run_now},
    {"pause", "NAME…", "settle nothing more", pause_it},
    {"resume", "NAME…", "go on; what was missed counts as late", resume},
    {"set", "NAME | --file FILE", "give a schedule, or change one that was given", schedule_set},
    {"remove", "NAME…", "take away one that was given", remove_it},
    {"simulate", "[--days N]", "what a config's schedules would do, on virtual time, as a picture of the week", schedule_simulate},
    {0},
};

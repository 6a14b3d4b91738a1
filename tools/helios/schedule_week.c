/* SPDX-License-Identifier: MPL-2.0 */
/* Days of schedules as a picture: a line each, a cell some hours, as high as the share of the cell that something ran. */
#include <math.h>

#include "common/text.h"
#include "schedule.h"
#include "settings/zones.h"

#define HOUR_MS 3600000ll
#define CELLS_MOST 400
#define LINES_MOST 200
#define TALE_WIDTH 24 /* columns of the numbers behind a line */
#define REASONS_MOST 8

struct line {
    const char *name;
    double busy[CELLS_MOST]; /* ms */
    bool ran[CELLS_MOST], failed[CELLS_MOST], skipped[CELLS_MOST];
    int64_t n_ran, n_failed, n_skipped, n_cancelled;
};
struct week {
    int64_t from, to, cell;
    size_t n_cells, n_lines, n_more;
    unsigned names; /* columns */
    const struct zone *zone;
    const char *zone_name;
    struct line *lines; /* owned */
    json_t *places;     /* owned: name → which line */
};

/* Where all schedules live in one zone, its days are shown. */
static void find_zone(struct week *w, const json_t *schedules)
{
    size_t i;
    json_t *row;
    w->zone_name = json_array_size(schedules) ? json_word(json_array_get(schedules, 0), "zone") : "UTC";
    json_array_foreach (schedules, i, row)
        if (strcmp(json_word(row, "zone"), w->zone_name) != 0)
            w->zone_name = "UTC";
    if (zones_find(bytes_of(w->zone_name), &w->zone) < 0)
        w->zone_name = "UTC";
}

static int64_t local_of(const struct week *w, int64_t ms)
{
    return ms + zone_span(w->zone, floor_div(ms, 1000)).offset * 1000ll;
}

/* The smallest cell of whole hours with which all fits beside names and numbers; it begins at such an hour. */
static void find_cells(struct week *w)
{
    static const int64_t hours[] = {1, 2, 3, 4, 6, 12, 24, 48, 168};
    unsigned width = paint_width(), rest = w->names + TALE_WIDTH + 3;
    int64_t room = width > rest + 20 ? MIN((int64_t)(width - rest), (int64_t)CELLS_MOST - 2) : 20;
    size_t i = 0;
    while (i + 1 < ARRAY_SIZE(hours) && (w->to - w->from) / (hours[i] * HOUR_MS) >= room)
        i++;
    w->cell = MAX(hours[i] * HOUR_MS, (w->to - w->from) / (CELLS_MOST - 2));
    w->from -= ((local_of(w, w->from) % w->cell) + w->cell) % w->cell;
    w->n_cells = MIN((size_t)((w->to - w->from + w->cell - 1) / w->cell), (size_t)CELLS_MOST);
}

static void add_lines(struct week *w, const json_t *schedules)
{
    size_t i, n = json_array_size(schedules);
    json_t *row;
    w->n_lines = MIN(n, (size_t)LINES_MOST);
    w->n_more = n - w->n_lines;
    w->lines = xalloc((w->n_lines + 1) * sizeof(*w->lines));
    w->places = json_object();
    json_array_foreach (schedules, i, row) {
        if (i == w->n_lines)
            break;
        w->lines[i].name = json_word(row, "name");
        w->names = MAX(w->names, MIN(text_columns(w->lines[i].name), 28u));
        json_object_set_new(w->places, w->lines[i].name, json_integer((json_int_t)i));
    }
}

static size_t cell_of(const struct week *w, int64_t ms)
{
    int64_t i = (ms - w->from) / w->cell;
    return (size_t)MAX(MIN(i, (int64_t)w->n_cells - 1), (int64_t)0);
}

static void add_busy(const struct week *w, struct line *l, int64_t begin, int64_t end)
{
    for (size_t i = cell_of(w, begin); i <= cell_of(w, end); i++) {
        int64_t from = w->from + (int64_t)i * w->cell;
        l->busy[i] += (double)MAX(MIN(end, from + w->cell) - MAX(begin, from), (int64_t)0);
        l->ran[i] |= end > from || begin >= from;
    }
}

static void add_occurrence(struct week *w, const json_t *o)
{
    const json_t *place = json_object_get(w->places, json_word(o, "schedule"));
    const char *outcome = json_word(o, "outcome");
    if (place == NULL)
        return;
    struct line *l = &w->lines[json_integer_value(place)];
    int64_t begin = json_whole(o, "start"), end = json_whole(o, "end");
    if (strcmp(outcome, "SKIPPED") == 0) {
        l->n_skipped += MAX(json_whole(o, "n"), (int64_t)1);
        l->skipped[cell_of(w, json_whole(o, "time"))] = true;
        return;
    }
    bool failed = strcmp(outcome, "FAILED") == 0, cancelled = strcmp(outcome, "CANCELLED") == 0;
    l->n_ran++;
    l->n_failed += failed;
    l->n_cancelled += cancelled;
    l->failed[cell_of(w, begin)] |= failed;
    l->skipped[cell_of(w, begin)] |= cancelled;
    add_busy(w, l, begin, end ? end : w->to);
}

/* ---- drawing ---- */

static void draw_days(const struct week *w, struct buf *out)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    int64_t last = INT64_MIN;
    size_t at = 0;
    buf_printf(out, "%*s ", (int)w->names, "");
    for (size_t i = 0; i < w->n_cells; i++) {
        int64_t day = floor_div(local_of(w, w->from + (int64_t)i * w->cell), 24 * HOUR_MS);
        if (day == last || i < at)
            continue;
        char label[16];
        snprintf(label, sizeof(label), "│%s %d", days[civil_weekday(day)], civil_of(day).day);
        paint(out, TONE_DIM, "%*s%s", (int)(i - at), "", label);
        at = i + text_columns(label) + 1;
        buf_text(out, " ");
        last = day;
    }
    paint(out, TONE_DIM, " %s", w->zone_name);
    buf_text(out, "\n");
}

static void draw_cell(const struct week *w, const struct line *l, size_t i, struct buf *out)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double share = fmin(l->busy[i] / (double)w->cell, 1);
    enum tone tone = l->failed[i] ? TONE_BAD : l->skipped[i] ? TONE_WARN : TONE_GOOD;
    if (l->ran[i])
        paint(out, tone, "%s", blocks[(size_t)fmin(share * 8, 7)]);
    else if (l->skipped[i])
        paint(out, TONE_WARN, "×");
    else
        paint(out, TONE_DIM, "·");
}

static void draw_line(const struct week *w, const struct line *l, struct buf *out)
{
    struct buf name = {0};
    text_safe(&name, (struct bytes){l->name, MIN(strlen(l->name), (size_t)28)});
    buf_printf(out, "%s%*s ", buf_str(&name), (int)(w->names - MIN(text_columns(buf_str(&name)), w->names)), "");
    for (size_t i = 0; i < w->n_cells; i++)
        draw_cell(w, l, i, out);
    buf_printf(out, "  %lld ran", (long long)l->n_ran);
    if (l->n_failed)
        paint(out, TONE_BAD, ", %lld failed", (long long)l->n_failed);
    if (l->n_cancelled)
        paint(out, TONE_WARN, ", %lld replaced", (long long)l->n_cancelled);
    if (l->n_skipped)
        paint(out, TONE_WARN, ", %lld skipped", (long long)l->n_skipped);
    buf_text(out, "\n");
    buf_done(&name);
}

/* The first reasons, each once: what a person would change. */
static void draw_reasons(const json_t *occurrences, struct buf *out)
{
    json_t *seen = json_object(), *o;
    size_t i;
    json_array_foreach (occurrences, i, o) {
        const char *why = json_word(o, "why"), *colon = strstr(why, ": ");
        if (colon == NULL || strcmp(json_word(o, "outcome"), "SKIPPED") != 0 || json_object_size(seen) >= REASONS_MOST)
            continue;
        struct buf key = {0};
        buf_printf(&key, "%s: %s", json_word(o, "schedule"), colon + 2);
        if (json_object_get(seen, buf_str(&key)) == NULL) {
            buf_text(out, "  ");
            text_safe(out, bytes_of(why));
            buf_text(out, "\n");
            json_object_set_new(seen, buf_str(&key), json_true());
        }
        buf_done(&key);
    }
    json_decref(seen);
}

void schedule_week(struct buf *out, const json_t *answer)
{
    const json_t *schedules = json_object_get(answer, "schedules"), *occurrences = json_object_get(answer, "occurrences");
    struct week w = {.from = json_whole(answer, "from"), .to = json_whole(answer, "to")};
    size_t i;
    json_t *o;
    find_zone(&w, schedules);
    add_lines(&w, schedules);
    find_cells(&w);
    json_array_foreach (occurrences, i, o)
        add_occurrence(&w, o);
    draw_days(&w, out);
    for (i = 0; i < w.n_lines; i++)
        draw_line(&w, &w.lines[i], out);
    if (w.n_more)
        buf_printf(out, "… and %zu more\n", w.n_more);
    buf_printf(out, "a cell is ");
    schedule_span(out, w.cell);
    buf_text(out, "; as high as something ran in it; × was skipped\n");
    draw_reasons(occurrences, out);
    json_decref(w.places);
    free(w.lines);
}

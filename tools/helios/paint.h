/* SPDX-License-Identifier: MPL-2.0 */
/* What a terminal shows: colours (none with NO_COLOR, --no-color or when piped), bars, sparklines,
 * tables of JSON rows. */
#ifndef HELIOS_TOOL_PAINT_H
#define HELIOS_TOOL_PAINT_H

#include <jansson.h>

#include "common/buf.h"

enum tone { TONE_PLAIN, TONE_DIM, TONE_BOLD, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_INFO };

void paint_setup(bool wanted); /* decides once, from the terminal and NO_COLOR */
bool paint_on(void);
void paint(struct buf *out, enum tone tone, const char *format, ...) FORMAT_LIKE(3, 4);
enum tone tone_of_score(double score);    /* 0..100 */
enum tone tone_of_word(const char *word); /* ACCEPTED, FAILED, alarm, … */
void paint_bar(struct buf *out, double score, unsigned width);
/* paint_spark appends one block character a value between low and high; NAN is a gap. */
void paint_spark(struct buf *out, const double *values, size_t n, double low, double high);
unsigned paint_width(void);           /* columns of the terminal; 100 when it is none */
unsigned text_columns(const char *s); /* of UTF-8 text without escapes */

/* How a JSON value is shown. */
enum shape {
    SHAPE_TEXT,
    SHAPE_NUMBER,
    SHAPE_INT,
    SHAPE_MS,
    SHAPE_AGE,
    SHAPE_TIME,
    SHAPE_SCORE,
    SHAPE_WORD,
    SHAPE_BOOL,
    SHAPE_PERCENT,
    SHAPE_LIST
};
struct column {
    const char *title, *key; /* key may be a path: now.p95 */
    enum shape shape;
    unsigned most; /* widest; 0 = no limit */
};
/* paint_table appends rows (an array of objects, or an object name → object, whose name stands
 * under the key "name"). Columns end with a title of NULL. Everything that comes from the wire is
 * escaped (A7). */
void paint_table(struct buf *out, const json_t *rows, const struct column *columns);
/* whole_of makes an integer of any number: what is beyond 2^53 becomes that. */
int64_t whole_of(double number);
/* paint_number appends it with about three significant digits. */
void paint_number(struct buf *out, double v);
void paint_value(struct buf *out, const json_t *value, enum shape shape);
/* paint_tree appends a nested value as indented `key: value` lines. */
void paint_tree(struct buf *out, const json_t *value, unsigned indent);
const json_t *json_path(const json_t *value, const char *path); /* NULL when it is not there */

/* write_json writes it without a newline. */
void write_json(const json_t *value, FILE *f, bool pretty);
/* print_json prints it in one line when piped, indented on a terminal; drops the reference. */
void print_json(json_t *value);
/* print_text writes and empties the buffer. */
void print_text(struct buf *out);

#endif

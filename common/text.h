/* SPDX-License-Identifier: MPL-2.0 */
/* Text for people and from people: escapes, durations, numbers, the word that was probably meant.
 */
#ifndef HELIOS_COMMON_TEXT_H
#define HELIOS_COMMON_TEXT_H

#include "buf.h"

/* text_json_string appends s as a JSON string with its quotes; bytes that are not UTF-8 become
 * U+FFFD. */
void text_json_string(struct buf *out, struct bytes s);
/* text_safe appends s with control bytes, escapes and bad UTF-8 shown as \xNN: what comes from a
 * peer can never drive a terminal (A7). */
void text_safe(struct buf *out, struct bytes s);
/* Durations: "250ms", "10s", "5m", "2h", "7d", "1h30m", and a bare number of milliseconds only for
 * 0. -EINVAL when it is none, -ERANGE when it does not fit 100 years. */
int text_parse_duration(struct bytes s, int64_t *ret_ms);
/* text_duration appends the two largest units, cut not rounded: 1h30m, 2m5s, 250ms. */
void text_duration(struct buf *out, int64_t ms);
/* Sizes: "64KiB", "1MiB", "2GiB", plain bytes, and KB/MB/GB as powers of ten. -EINVAL, -ERANGE. */
int text_parse_size(struct bytes s, int64_t *ret_bytes);
int text_parse_int(struct bytes s, int64_t *ret);   /* decimal, whole string. -EINVAL, -ERANGE */
int text_parse_number(struct bytes s, double *ret); /* finite only. -EINVAL, -ERANGE */
/* text_time appends 2026-01-31T12:00:00.123Z for milliseconds since 1970. */
void text_time(struct buf *out, int64_t ms);
/* text_parse_moment reads 2026-01-31T12:00:00Z (seconds may have three more digits), or milliseconds since 1970. -EINVAL. */
int text_parse_moment(struct bytes s, int64_t *ret_ms);
/* text_manual appends prose for a man page: what scdoc would take for a mark is escaped. */
void text_manual(struct buf *out, const char *text);
/* text_distance is the number of edits (insert, delete, replace, swap) between two short words. */
unsigned text_distance(const char *a, const char *b);
/* text_nearest gives the candidate that was probably meant (at most a third of the word is wrong),
 * or NULL. */
const char *text_nearest(const char *word, const char *const *candidates, size_t n);
bool text_is_utf8(struct bytes s);
bool text_is_name(struct bytes s); /* 1..64 of [A-Za-z0-9_.:-], first is alphanumeric */
/* text_match matches shell-like patterns with * and ? (no brackets), in O(n*m). */
bool text_match(const char *pattern, struct bytes s);

#endif

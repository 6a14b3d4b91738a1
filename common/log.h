/* SPDX-License-Identifier: MPL-2.0 */
/* Log lines on stderr: logfmt on a terminal, JSON otherwise (LOG_FORMAT_*). Libraries never log; whoever
 * gives up logs once. `event` is a stable dotted name; the rest is a sentence for people. */
#ifndef HELIOS_COMMON_LOG_H
#define HELIOS_COMMON_LOG_H

#include "base.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

void log_setup(const char *program, enum log_level level, enum log_format format);
void log_line(enum log_level level, const char *event, const char *format, ...) FORMAT_LIKE(3, 4);

/* log_to hands every line to somebody else instead; NULL: stderr. */
typedef void log_sink(void *user, enum log_level level, const char *event, const char *text);
void log_to(log_sink *sink, void *user);

#define log_error(event, ...) log_line(LOG_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...) log_line(LOG_WARN, event, __VA_ARGS__)
#define log_info(event, ...) log_line(LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_line(LOG_DEBUG, event, __VA_ARGS__)

#endif

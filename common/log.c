/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the way of a log line to stderr. Refuses to know where stderr goes: the service manager
 * keeps it. */
#include "log.h"

#include <stdarg.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

static struct {
    const char *program;
    enum log_level level;
    bool json;
} setup = {"helios", LOG_INFO, false};

static struct {
    log_sink *take; /* NULL = stderr */
    void *user;
} sink;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_setup(const char *program, enum log_level level, enum log_format format)
{
    setup.program = program;
    setup.level = level;
    setup.json = format == LOG_FORMAT_JSON || (format == LOG_FORMAT_AUTO && !isatty(STDERR_FILENO));
}

void log_to(log_sink *take, void *user)
{
    sink.take = take;
    sink.user = user;
}

static void add_json(struct buf *line, const char *level, const char *event, struct bytes text)
{
    buf_text(line, "{\"time\":\"");
    text_time(line, clock_wall());
    buf_printf(line, "\",\"level\":\"%s\",\"program\":", level);
    text_json_string(line, bytes_of(setup.program));
    buf_text(line, ",\"event\":");
    text_json_string(line, bytes_of(event));
    buf_text(line, ",\"text\":");
    text_json_string(line, text);
    buf_text(line, "}\n");
}

static void add_logfmt(struct buf *line, const char *level, const char *event, struct bytes text)
{
    text_time(line, clock_wall());
    buf_printf(line, " level=%s program=%s event=%s text=\"", level, setup.program, event);
    text_safe(line, text);
    buf_text(line, "\"\n");
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    if (level > setup.level && sink.take == NULL)
        return;
    _cleanup_(buf_done) struct buf text = {0}, line = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    if (sink.take) {
        sink.take(sink.user, level, event, buf_str(&text));
        return;
    }
    (setup.json ? add_json : add_logfmt)(&line, level_names[level], event, buf_bytes(&text));
    /* One write a line: lines of several processes on one stderr do not mix. A full disk must not
     * stop us. */
    ssize_t written = write(STDERR_FILENO, line.at, line.n);
    (void)written;
}

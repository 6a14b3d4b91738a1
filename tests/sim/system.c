/* SPDX-License-Identifier: MPL-2.0 */
/* What the code under test asks of the system beside its own rooms: the time, chance, who it is, and where its log lines go. These
 * stand in place of common/clock.c, common/log.c and three functions of libc. */
#include <stdarg.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "world.h"

int64_t clock_now(void)
{
    return node_ms(world.me);
}

int64_t clock_wall(void)
{
    return WORLD_START_MS + world.me->wall_ms + (world.now + world.me->late) / MS;
}

int64_t clock_us(void)
{
    return world.now + world.me->late;
}

ssize_t getrandom(void *at, size_t n, unsigned flags)
{
    char *byte = at;
    (void)flags;
    for (size_t i = 0; i < n; i++)
        byte[i] = (char)draw(256);
    return (ssize_t)n;
}

pid_t getpid(void)
{
    return world.me ? 1000 + (pid_t)world.me->place : 1;
}

int gethostname(char *name, size_t n)
{
    snprintf(name, n, "%s", world.me->name);
    return 0;
}

void log_setup(const char *program, enum log_level level, enum log_format format)
{
    (void)program, (void)level, (void)format;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    if (!world.tracing || level > LOG_INFO)
        return;
    static struct buf text;
    va_list args;
    buf_clear(&text);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    trace("log %s: %s", event, buf_str(&text));
}

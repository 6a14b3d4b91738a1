/* SPDX-License-Identifier: MPL-2.0 */
/* What happens while a run goes on: children end and are started again, the story speaks, the
 * picture is drawn. */
#include <sys/wait.h>
#include <sysexits.h>

#include "common/clock.h"
#include "screen.h"
#include "stop.h"
#include "up.h"

#define AGAIN_MS 1000
#define PICTURE_MS 200

/* What becomes of a child that ends by itself. */
static const struct {
    unsigned restarts;
    bool may_end; /* with exit code 0 */
    const char *end;
} fates[STAGES] = {
    [STAGE_FIRST] = {0, true, "has done its work"}, [STAGE_CONTROLLER] = {3, false, ""},
    [STAGE_AGENT] = {3, true, "has left"},          [STAGE_AFTER] = {0, true, "has done its work"},
    [STAGE_STORY] = {0, true, "is over"},
};

void up_say(struct up *u, const char *level, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    view_note(&u->view, level, "up", buf_str(&text));
    u->fresh = true;
    buf_done(&text);
}

void up_fail(struct up *u, const char *log, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    if (u->failed)
        return;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    u->failed = buf_take(&text);
    u->failed_log = log;
}

bool up_over(const struct up *u)
{
    return u->failed || stop_asked();
}

/* A wrong config or argument is not mended by starting again. */
static bool worth_again(const struct child *c)
{
    int code = child_exit_code(c);
    return c->starts <= fates[c->stage].restarts && code != EX_CONFIG && code != EX_USAGE &&
           code != EX_NOPERM && code != 127;
}

static void on_end(struct up *u, struct child *c)
{
    struct buf how = {0};
    bool well = child_exit_code(c) == 0 && fates[c->stage].may_end;
    c->pid = 0;
    c->ended = true;
    child_how(&how, c);
    if (well) {
        up_say(u, "info", "%s %s", c->name, fates[c->stage].end);
    } else if (worth_again(c)) {
        up_say(u, "alarm", "%s %s; it is started again", c->name, buf_str(&how));
        c->again = clock_now() + AGAIN_MS;
    } else {
        up_say(u, "alarm", "%s %s", c->name, buf_str(&how));
        up_fail(u, c->log, "%s %s", c->name, buf_str(&how));
    }
    buf_done(&how);
}

static void reap(struct up *u)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (size_t i = 0; i < u->n_children; i++)
            if (u->children[i].pid == pid) {
                u->children[i].status = status;
                on_end(u, &u->children[i]);
            }
}

static void start_again(struct up *u)
{
    for (size_t i = 0; i < u->n_children; i++) {
        struct child *c = &u->children[i];
        if (c->again == 0 || clock_now() < c->again)
            continue;
        int r = child_start(c, u->dir);
        if (r < 0)
            up_fail(u, c->log, "%s cannot be started again: %s", c->name, strerror(-r));
    }
}

/* The story's lines are shown as they come: it says what is to be seen next. */
static void listen_to_story(struct up *u)
{
    char line[512];
    if (u->told == NULL && u->story)
        u->told = fopen(u->story->log, "re");
    for (;;) {
        long at = u->told ? ftell(u->told) : -1;
        if (at < 0 || fgets(line, sizeof(line), u->told) == NULL)
            break;
        size_t n = strlen(line);
        if (line[n - 1] != '\n' && n + 1 < sizeof(line)) { /* half a line: the rest will come */
            fseek(u->told, at, SEEK_SET);
            break;
        }
        line[n - (line[n - 1] == '\n')] = '\0';
        view_note(&u->view, "info", "story", line);
        u->fresh = true;
    }
    if (u->told)
        clearerr(u->told);
}

static void draw(struct up *u)
{
    struct buf out = {0};
    int64_t now = clock_now(), age = now - u->shown;
    screen_key(); /* what is typed is not wanted, and not kept for the shell */
    if (!u->full || age < PICTURE_MS || (!u->fresh && age < 5 * PICTURE_MS))
        return;
    view_paint(&out, &u->view, screen_rows(), now);
    screen_show(&out);
    buf_done(&out);
    u->shown = now;
    u->fresh = false;
}

void up_turn(struct up *u, int64_t wait_ms)
{
    u->fresh |= view_poll(&u->view, wait_ms);
    reap(u);
    if (!up_over(u))
        start_again(u);
    listen_to_story(u);
    draw(u);
}

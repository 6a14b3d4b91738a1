/* SPDX-License-Identifier: MPL-2.0 */
#include "screen.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Alternate screen, no cursor, no wrapping at the right edge: long lines are cut by the terminal.
 */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

static volatile sig_atomic_t inside;
static bool keys; /* stdin is a terminal of ours and its modes were changed */
static struct termios before;

/* put writes all of it, whatever becomes of the terminal. Safe in signal handlers. */
static void put(const char *text, size_t n)
{
    while (n) {
        ssize_t r = write(STDOUT_FILENO, text, n);
        if (r < 0 && errno != EINTR)
            return;
        if (r > 0) {
            text += r;
            n -= (size_t)r;
        }
    }
}

bool screen_possible(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static void take_keys(void)
{
    keys = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
           tcgetattr(STDIN_FILENO, &before) == 0;
    if (!keys)
        return;
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void screen_leave(void)
{
    if (!inside)
        return;
    inside = 0;
    put(LEAVE, sizeof(LEAVE) - 1);
    if (keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void draw_again(void)
{
    inside = 1;
    put(ENTER, sizeof(ENTER) - 1);
    take_keys();
}

static void on_fatal(int sig)
{
    screen_leave();
    signal(sig, SIG_DFL);
    raise(sig);
}

/* Ctrl-Z gives the terminal back for as long as the process is stopped. */
static void on_suspend(int sig)
{
    bool was = inside;
    (void)sig;
    screen_leave();
    raise(SIGSTOP);
    if (was)
        draw_again();
}

static void on_resize(int sig)
{
    (void)sig; /* only ends the poll: the next picture has the new size */
}

static void take_signal(int sig, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(sig, &action, NULL);
}

void screen_enter(void)
{
    static const int fatal[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    static bool registered;
    if (!registered)
        atexit(screen_leave);
    registered = true;
    for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
        take_signal(fatal[i], on_fatal);
    take_signal(SIGTSTP, on_suspend);
    take_signal(SIGWINCH, on_resize);
    fflush(stdout);
    draw_again();
}

unsigned screen_rows(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row >= 5 ? size.ws_row : 24;
}

void screen_show(struct buf *text)
{
    struct buf frame = {0};
    unsigned rows = screen_rows(), row = 0;
    const char *at = buf_str(text);
    buf_text(&frame, "\033[H");
    while (*at && row < rows) {
        size_t n = strcspn(at, "\n");
        buf_add(&frame, at, n);
        buf_text(&frame, "\033[K");
        if (++row < rows)
            buf_text(&frame, "\r\n");
        at += n + (at[n] == '\n');
    }
    buf_text(&frame, "\033[J");
    put(buf_str(&frame), frame.n);
    buf_done(&frame);
    buf_clear(text);
}

char screen_key(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char key;
    if (!inside || !keys || poll(&p, 1, 0) <= 0 || read(STDIN_FILENO, &key, 1) != 1)
        return 0;
    return key;
}

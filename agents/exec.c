/* SPDX-License-Identifier: MPL-2.0 */
/* Owns children from their start to their reaping. Refuses to judge how they ended. */
#include "agents/exec.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agents/hunt.h"
#include "agents/memory.h"

enum { CHUNK = 64 * 1024, CHUNKS_A_TURN = 16, HUNTS = 3, AGAIN_MS = 50, REST_MS = 5 };

void exec_init(struct exec *e, struct loop *loop)
{
    *e = (struct exec){.loop = loop, .oom_kills = memory_kills()};
}

void exec_adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* ---- pipes ---- */

static void take_output(struct child *c, struct bytes data)
{
    size_t room = OUTPUT_MAX + c->spare - c->output.n;
    buf_add(&c->output, data.at, MIN(data.n, room));
    c->cut = c->cut || data.n > room || c->output.n > OUTPUT_MAX;
}

static void take_complaint(struct child *c, struct bytes data)
{
    buf_add(&c->complaint, data.at, data.n);
    size_t kept = STDERR_KEPT + c->spare;
    if (c->complaint.n <= kept)
        return;
    memmove(c->complaint.at, c->complaint.at + c->complaint.n - kept, kept + 1);
    c->complaint.n = kept;
    c->forgot = true;
}

static void take_lines(struct child *c, struct bytes data)
{
    lines_take(&c->part, data, &c->progress);
    if (c->on_progress)
        c->on_progress(c);
}

static void close_end(struct pipe_end *p)
{
    if (p->child == NULL)
        return;
    loop_unwatch(p->child->exec->loop, &p->watch);
    close(p->watch.fd);
    p->child = NULL;
}

/* read_end takes what is there, a bounded part of it in one turn: a program that floods us gets no
 * more than its share. */
static void read_end(struct pipe_end *p)
{
    static char chunk[CHUNK];
    for (int i = 0; i < CHUNKS_A_TURN; i++) {
        ssize_t n = read(p->watch.fd, chunk, sizeof(chunk));
        if (n > 0)
            p->take(p->child, (struct bytes){chunk, (size_t)n});
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return close_end(p);
        if (n < (ssize_t)sizeof(chunk))
            return;
    }
}

/* watch_ends: whoever closes one of its pipes mostly ends, and its end reads them all. It that goes on
 * is heard again after a rest. */
static void watch_ends(struct child *c, bool wanted)
{
    struct pipe_end *ends[] = {&c->out, &c->err, &c->lines};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (ends[i]->child && wanted)
            loop_watch(c->exec->loop, &ends[i]->watch);
        else if (ends[i]->child)
            loop_unwatch(c->exec->loop, &ends[i]->watch);
}

static void on_rested(struct timer *t)
{
    watch_ends(container_of(t, struct child, rest), true);
}

static void on_readable(struct watch *w, short events)
{
    struct pipe_end *p = container_of(w, struct pipe_end, watch);
    struct child *c = p->child;
    (void)events;
    read_end(p);
    if (p->child)
        return;
    watch_ends(c, false);
    loop_timer(c->exec->loop, &c->rest, c->exec->loop->now + REST_MS);
}

/* open_end makes a pipe; ours is read without blocking, the other one becomes the child's and is
 * closed by the caller. */
static int open_end(struct child *c, struct pipe_end *p, void (*take)(struct child *, struct bytes),
                    int *ret_theirs)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *p = (struct pipe_end){
        .watch = {.fd = ends[0], .events = POLLIN, .ready = on_readable}, .child = c, .take = take};
    loop_watch(c->exec->loop, &p->watch);
    *ret_theirs = ends[1];
    return 0;
}

/* input_file: a file in memory instead of a pipe, so that a program that reads late or never holds
 * nobody up. */
static int input_file(struct bytes input)
{
    int fd = memfd_create("helios-input", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (size_t done = 0; done < input.n;) {
        ssize_t n = pwrite(fd, input.at + done, input.n - done, (off_t)done); /* read from its start */
        if (n < 0) {
            close(fd);
            return -errno;
        }
        done += (size_t)n;
    }
    return fd;
}

/* ---- the end of a child's time ---- */

static void kill_all(struct child *c)
{
    c->killed = true;
    kill(-c->pid, SIGKILL);
    for (int i = 0; i < HUNTS && hunt(c->pid, c->mark, SIGKILL); i++)
        ; /* what was forked between the look and the signal is found by the next look */
}

static void on_clock(struct timer *t)
{
    struct child *c = container_of(t, struct child, clock);
    if (c->stop == STOP_NONE)
        child_stop(c, STOP_TIMEOUT);
    else {
        kill_all(c);
        loop_timer(c->exec->loop, t,
                   c->exec->loop->now + AGAIN_MS); /* until the leader is dead: bury ends it */
    }
}

void child_stop(struct child *c, enum stop why)
{
    if (c->stop != STOP_NONE || c->pid == 0) /* without a number the signal would be for ourselves */
        return;
    c->stop = why;
    kill(-c->pid, SIGTERM);
    hunt(c->pid, c->mark, SIGTERM);
    loop_timer(c->exec->loop, &c->clock, c->exec->loop->now + c->grace_ms);
}

/* ---- start ---- */

static int open_files(struct child *c, struct spawn *s, const struct child_order *order)
{
    int error = open_end(c, &c->out, take_output, &s->out);
    if (!error)
        error = open_end(c, &c->err, take_complaint, &s->err);
    if (!error && order->progress)
        error = open_end(c, &c->lines, take_lines, &s->progress);
    if (!error)
        s->in = input_file(order->input);
    return error ? error : MIN(s->in, 0);
}

static void close_files(const struct spawn *s)
{
    const int fds[] = {s->in, s->out, s->err, s->progress};
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

int exec_start(struct exec *e, const struct child_order *order, const struct child *hooks,
               struct child **ret)
{
    struct child *c = NEW(struct child);
    struct spawn s = order->spawn;
    *c = *hooks;
    c->exec = e;
    c->grace_ms = order->grace_ms;
    c->mark = order->mark ? xdup(order->mark) : NULL;
    c->part.mask = order->mask;
    c->spare = order->mask ? order->mask->longest : 0;
    c->clock.due = on_clock;
    c->rest.due = on_rested;
    s.in = s.out = s.err = s.progress = -1;
    int error = open_files(c, &s, order);
    if (!error)
        error = spawn(&s, &c->pid);
    close_files(&s);
    if (error) {
        c->pid = 0; /* a half-started one is reaped as nobody's */
        child_free(c);
        return error;
    }
    HASH_ADD_INT(e->children, pid, c);
    if (order->deadline)
        loop_timer(e->loop, &c->clock, order->deadline);
    *ret = c;
    return 0;
}

void child_free(struct child *c)
{
    if (c == NULL)
        return;
    if (c->pid) { /* the process ends before it did */
        kill_all(c);
        HASH_DEL(c->exec->children, c);
        waitpid(c->pid, NULL, 0);
    }
    close_end(&c->out);
    close_end(&c->err);
    close_end(&c->lines);
    loop_no_timer(c->exec->loop, &c->clock);
    loop_no_timer(c->exec->loop, &c->rest);
    buf_done(&c->output);
    buf_done(&c->complaint);
    lines_done(&c->part);
    progress_done(&c->progress);
    free(c->mark);
    free(c);
}

/* ---- reaping ---- */

static int64_t milliseconds(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000 + t.tv_usec / 1000;
}

/* What it wrote before its end is still in the pipes. Who holds them open longer is none of the
 * attempt's. */
static void read_rest(struct child *c)
{
    struct pipe_end *ends[] = {&c->out, &c->err, &c->lines};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (ends[i]->child)
            read_end(ends[i]);
    lines_end(&c->part, &c->progress);
    if (c->on_progress)
        c->on_progress(c);
}

/* bury ends a child whose leader is dead but not yet reaped: until then nobody else can get its
 * number, so that the signals hit only its own. A stopped one leaves nothing; one that ended by
 * itself may leave a daemon in a session of its own. */
static void bury(struct child *c)
{
    struct rusage usage;
    if (c->stop != STOP_NONE)
        kill_all(c);
    else
        kill(-c->pid, SIGKILL);
    HASH_DEL(c->exec->children, c);
    if (wait4(c->pid, &c->status, 0, &usage) == c->pid)
        c->cpu_ms = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
    if (WIFSIGNALED(c->status) && WTERMSIG(c->status) == SIGKILL && !c->killed)
        c->oom = memory_killed(&c->exec->oom_kills);
    c->pid = 0;
    loop_no_timer(c->exec->loop, &c->clock);
    loop_no_timer(c->exec->loop, &c->rest);
    read_rest(c);
    c->on_end(c);
}

void exec_reap(struct exec *e)
{
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
        struct child *c;
        int pid = info.si_pid;
        HASH_FIND_INT(e->children, &pid, c);
        if (c)
            bury(c);
        else
            waitpid(pid, NULL, 0); /* an orphan of somebody's */
        info.si_pid = 0;
    }
}

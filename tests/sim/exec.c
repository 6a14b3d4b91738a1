/* SPDX-License-Identifier: MPL-2.0 */
/* agents/exec.h with virtual programs: they end after a time, or when they are stopped, and print a text. A program dies with its
 * agent's process. Refuses to know what a program is for (programs.c). */
#include "exec.h"

#include <signal.h>

#include "agents/agent.h"
#include "nodes.h"

/* What a program is here lies beside the real struct. */
struct program {
    struct child child; /* first */
    struct moment end;
    struct node *node;
    struct play play;
    struct told told; /* its strings are owned */
    bool over;        /* its end was told */
};

static void tell_end(struct program *p, bool stopped)
{
    if (p->over)
        return;
    p->over = true;
    moment_off(&p->end);
    program_ends(&p->told, &p->play, stopped);
}

void exec_init(struct exec *e, struct loop *loop)
{
    *e = (struct exec){.loop = loop, .oom_kills = -1};
}

/* Its node learns of it in a turn, as it would by SIGCHLD. */
static void on_end(struct moment *e)
{
    struct program *p = container_of(e, struct program, end);
    p->child.status = p->play.signal ? p->play.signal : p->play.exit_code << 8;
    tell_end(p, false);
    loop_timer(p->child.exec->loop, &p->child.clock, 0);
    node_wake(p->node, world.now);
}

static void finish(struct program *p)
{
    struct child *c = &p->child;
    trap_hit(p->node, POINT_child);
    c->pid = 0;
    if (c->stop == STOP_NONE)
        buf_text(&c->output, p->play.text);
    c->on_end(c);
}

static void killed(struct program *p, int signal)
{
    p->child.status = signal;
    tell_end(p, true);
    finish(p);
}

/* The end has come, the deadline, or the end of the grace. */
static void on_clock(struct timer *t)
{
    struct child *c = container_of(t, struct child, clock);
    struct program *p = (struct program *)c;
    if (p->over)
        finish(p);
    else if (c->stop == STOP_NONE)
        child_stop(c, STOP_TIMEOUT);
    else
        killed(p, SIGKILL);
}

static void on_term(struct moment *e)
{
    struct program *p = container_of(e, struct program, end);
    p->child.status = SIGTERM;
    tell_end(p, true);
    loop_timer(p->child.exec->loop, &p->child.clock, 0);
    node_wake(p->node, world.now);
}

void child_stop(struct child *c, enum stop why)
{
    struct program *p = (struct program *)c;
    if (c->stop != STOP_NONE)
        return;
    c->stop = why;
    if (p->over) /* it has ended by itself, and nobody had looked yet */
        return;
    loop_timer(c->exec->loop, &c->clock, c->exec->loop->now + c->grace_ms);
    moment_off(&p->end);
    if (p->play.stubborn)
        return;
    p->end.run = on_term;
    moment_at(&p->end, world.now + draw_between(1 * MS, 20 * MS));
}

static const char *word_of(char *const *envp, const char *name)
{
    size_t n = strlen(name);
    for (; *envp; envp++)
        if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
            return *envp + n + 1;
    return "";
}

static void read_told(struct told *t, char *const *envp)
{
    t->agent = xdup(word_of(envp, "HELIOS_AGENT"));
    t->task = xdup(word_of(envp, "HELIOS_TASK"));
    t->key = xdup(word_of(envp, "HELIOS_KEY"));
    t->action = xdup(word_of(envp, "HELIOS_ACTION"));
    t->undo_of = xdup(word_of(envp, "HELIOS_UNDO_OF"));
    t->target = xdup(word_of(envp, "HELIOS_TARGET"));
    t->attempt = strtoull(word_of(envp, "HELIOS_ATTEMPT"), NULL, 10);
}

static void free_told(struct told *t)
{
    const char *texts[] = {t->agent, t->task, t->key, t->action, t->undo_of, t->target};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        free((char *)(uintptr_t)texts[i]);
}

int exec_start(struct exec *e, const struct child_order *order, const struct child *hooks, struct child **ret)
{
    struct program *p = NEW(struct program);
    p->child = *hooks;
    p->child.exec = e;
    p->child.pid = 1;
    p->child.grace_ms = order->grace_ms;
    p->child.clock.due = on_clock;
    p->node = world.me;
    read_told(&p->told, order->spawn.envp);
    p->end.run = on_end;
    *ret = &p->child;
    if (node_muted()) { /* a dead process starts nothing */
        p->over = true;
        return 0;
    }
    program_starts(&p->told, &p->play);
    moment_at(&p->end, world.now + p->play.time);
    if (order->deadline)
        loop_timer(e->loop, &p->child.clock, order->deadline);
    return 0;
}

void child_free(struct child *c)
{
    struct program *p = (struct program *)c;
    if (c == NULL)
        return;
    tell_end(p, true);
    loop_no_timer(c->exec->loop, &c->clock);
    buf_done(&c->output);
    buf_done(&c->complaint);
    progress_done(&c->progress);
    free_told(&p->told);
    free(p);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns time, chance and the trace. Refuses to know what happens. */
#include "world.h"

#include <stdarg.h>

#include "tests/history/history.h"
#include "net.h"
#include "nodes.h"

struct world world;

/* mixed: seeds that follow each other must not draw the same numbers one place later. */
static uint64_t mixed(uint64_t seed)
{
    struct rand r = {seed * 0xd1342543de82ef95u + 0x2545f4914f6cdd1du};
    rand_next(&r);
    return rand_next(&r) ^ seed << 32;
}

void world_begin(uint64_t seed)
{
    world = (struct world){.seed = seed,
                           .rand.state = mixed(seed),
                           .history = history_new(),
                           .tracing = world.tracing,
                           .printing = world.printing,
                           .trace_hash = 0xcbf29ce484222325u};
    net_begin();
}

void world_run(int64_t until)
{
    struct heap_node *first;
    while ((first = heap_first(&world.events)) && first->key <= until) {
        struct moment *e = container_of(first, struct moment, node);
        world.now = first->key;
        world.n_events++;
        heap_out(&world.events, first);
        e->run(e);
    }
    world.now = until;
}

void world_end(void)
{
    for (size_t i = 0; i < world.n_nodes; i++)
        node_free(world.nodes[i]);
    net_end();
    heap_done(&world.events);
    history_free(world.history);
    world.history = NULL;
    world.n_nodes = 0;
}

void moment_at(struct moment *e, int64_t at)
{
    heap_put(&world.events, &e->node, MAX(at, world.now));
}

void moment_off(struct moment *e)
{
    heap_out(&world.events, &e->node);
}

uint64_t draw(uint64_t n)
{
    return n ? rand_next(&world.rand) % n : 0;
}

int64_t draw_between(int64_t low, int64_t high)
{
    return low + (int64_t)draw((uint64_t)(high - low) + 1);
}

bool chance(double share)
{
    return rand_unit(&world.rand) < share;
}

static void hash(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        world.trace_hash = (world.trace_hash ^ (unsigned char)text[i]) * 0x100000001b3u;
}

void trace_line(const char *format, ...)
{
    static struct buf line;
    va_list args;
    buf_clear(&line);
    buf_printf(&line, "%10.6f %-10s ", (double)world.now / 1e6, world.me ? world.me->name : "");
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    buf_text(&line, "\n");
    hash(line.at, line.n);
    if (world.printing)
        fwrite(line.at, 1, line.n, stdout);
}

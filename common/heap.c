/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the order of borrowed nodes. Refuses to know what they are part of. */
#include "heap.h"

static bool before(const struct heap_node *a, const struct heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void place(struct heap *h, struct heap_node *node, size_t at)
{
    h->nodes[at] = node;
    node->place = at;
}

static void sift_up(struct heap *h, struct heap_node *node)
{
    size_t at = node->place;
    for (; at > 1 && before(node, h->nodes[at / 2]); at /= 2)
        place(h, h->nodes[at / 2], at);
    place(h, node, at);
}

static void sift_down(struct heap *h, struct heap_node *node)
{
    size_t at = node->place;
    for (size_t child; (child = 2 * at) <= h->n; at = child) {
        if (child < h->n && before(h->nodes[child + 1], h->nodes[child]))
            child++;
        if (!before(h->nodes[child], node))
            break;
        place(h, h->nodes[child], at);
    }
    place(h, node, at);
}

void heap_done(struct heap *h)
{
    free(h->nodes);
    *h = (struct heap){0};
}

void heap_put(struct heap *h, struct heap_node *node, int64_t key)
{
    heap_out(h, node);
    if (h->n + 2 > h->room) {
        h->room = MAX((size_t)16, h->room * 2);
        h->nodes = xrealloc(h->nodes, h->room * sizeof(*h->nodes));
    }
    node->key = key;
    node->order = h->puts++;
    place(h, node, ++h->n);
    sift_up(h, node);
}

void heap_out(struct heap *h, struct heap_node *node)
{
    if (node->place == 0)
        return;
    struct heap_node *last = h->nodes[h->n--];
    if (last != node) {
        place(h, last, node->place);
        sift_up(h, last);
        sift_down(h, last);
    }
    node->place = 0;
}

struct heap_node *heap_first(const struct heap *h)
{
    return h->n ? h->nodes[1] : NULL;
}

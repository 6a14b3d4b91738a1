/* SPDX-License-Identifier: MPL-2.0 */
/* Intrusive doubly linked list. A head says in a comment what is in it and in which order. A link that is
 * in no list points to itself, so link_out is always safe. Zeroed heads and links must be made by _init. */
#ifndef HELIOS_COMMON_LIST_H
#define HELIOS_COMMON_LIST_H

#include "base.h"

struct list {
    struct list *prev, *next;
};

static inline void list_init(struct list *l)
{
    l->prev = l->next = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert_before(struct list *where, struct list *link)
{
    link->prev = where->prev;
    link->next = where;
    where->prev->next = link;
    where->prev = link;
}

static inline void list_push(struct list *head, struct list *link) /* at the end */
{
    list_insert_before(head, link);
}

static inline void list_push_front(struct list *head, struct list *link)
{
    list_insert_before(head->next, link);
}

static inline void list_out(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* list_each allows that `it` is taken out or freed in the body. */
#define list_each(it, head, type, member)                                                          \
    for (type *it = container_of((head)->next, type, member),                                      \
              *it##_next = container_of(it->member.next, type, member);                            \
         &it->member != (head);                                                                    \
         it = it##_next, it##_next = container_of(it->member.next, type, member))

#define list_first(head, type, member)                                                             \
    (list_empty(head) ? NULL : container_of((head)->next, type, member))

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* The words of one Redis command as they go over the wire, written once: a commit has thousands of them. Refuses to know what they
 * mean. */
#include <inttypes.h>

#include "store_inside.h"

enum { HEAD = 24 }; /* room for the number of words, which is known at the end */

void args_done(struct args *a)
{
    buf_done(&a->text);
    *a = (struct args){0};
}

/* put_length writes `$N` and the end of its line; most words are short. */
static char *put_length(char *at, size_t n)
{
    char digits[20];
    size_t from = sizeof(digits);
    *at++ = '$';
    if (n < 10) {
        *at++ = (char)('0' + n);
    } else {
        for (; n; n /= 10)
            digits[--from] = (char)('0' + n % 10);
        memcpy(at, digits + from, sizeof(digits) - from);
        at += sizeof(digits) - from;
    }
    memcpy(at, "\r\n", 2);
    return at + 2;
}

char *args_room(struct args *a, size_t n)
{
    struct buf *b = &a->text;
    if (b->n == 0)
        buf_grow(b, HEAD);
    buf_room(b, n + ARGS_FRAME);
    char *word = put_length(b->at + b->n, n);
    memcpy(word + n, "\r\n", 2);
    b->n = (size_t)(word + n + 2 - b->at);
    a->count++;
    return word;
}

void args_add(struct args *a, const void *at, size_t n)
{
    char *word = args_room(a, n);
    if (n)
        memcpy(word, at, n);
}

void args_text(struct args *a, const char *text)
{
    args_add(a, text, strlen(text));
}

void args_number(struct args *a, uint64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%" PRIu64, number);
    args_add(a, text, (size_t)n);
}

void args_key(struct args *a, const struct store *s, const char *name)
{
    static const char begin[] = "{helios:", middle[] = "}:";
    size_t n_begin = strlen(begin), n_realm = strlen(s->realm), n_middle = strlen(middle), n = strlen(name);
    char *key = args_room(a, n_begin + n_realm + n_middle + n);
    memcpy(key, begin, n_begin);
    memcpy(key + n_begin, s->realm, n_realm);
    memcpy(key + n_begin + n_realm, middle, n_middle);
    memcpy(key + n_begin + n_realm + n_middle, name, n);
}

struct bytes args_command(struct args *a)
{
    char head[HEAD];
    size_t n = (size_t)snprintf(head, sizeof(head), "*%zu\r\n", a->count), from = HEAD - n;
    memcpy(a->text.at + from, head, n);
    buf_room(&a->text, 1);
    a->text.at[a->text.n] = '\0'; /* hiredis looks into the first words with strchr */
    return (struct bytes){a->text.at + from, a->text.n - from};
}

/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/expand.h"

#include <ctype.h>

static size_t name_length(struct bytes inside)
{
    size_t n = 0;
    while (n < inside.n && (isalpha((unsigned char)inside.at[n]) || inside.at[n] == '_' ||
                            (n && isdigit((unsigned char)inside.at[n]))))
        n++;
    return n;
}

static int refuse(struct buf *why, struct bytes inside, const char *what)
{
    buf_printf(why, "names ${" BYTES_F "}, which %s", BYTES_A(inside), what);
    return -EINVAL;
}

/* What pipelines and schedules put into their parameters themselves stays as it is written (P4). */
static bool is_later(struct bytes inside)
{
    static const char *const rooms[] = {"params.", "steps.", "run.", "item."}, *const words[] = {"item", "time"};
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
        if (inside.n > strlen(rooms[i]) && memcmp(inside.at, rooms[i], strlen(rooms[i])) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (bytes_is(inside, words[i]))
            return true;
    return false;
}

/* The word between the braces: NAME or NAME:-otherwise. */
static int expand_variable(struct buf *out, struct bytes inside, const char *leave, struct buf *why)
{
    size_t n = name_length(inside);
    if (is_later(inside)) {
        buf_printf(out, "${" BYTES_F "}", BYTES_A(inside));
        return 0;
    }
    bool has_default = n + 2 <= inside.n && memcmp(inside.at + n, ":-", 2) == 0;
    if (n == 0 || (n < inside.n && !has_default))
        return refuse(
            why, inside,
            "is no variable; write ${NAME}, ${NAME:-default}, or $${ for the two characters");
    _autofree_ char *name = bytes_dup((struct bytes){inside.at, n});
    const char *value = getenv(name);
    if (has_default && (value == NULL || *value == '\0'))
        buf_add(out, inside.at + n + 2, inside.n - n - 2);
    else if (value)
        buf_text(out, value);
    else if (leave && strcmp(leave, name) == 0)
        buf_printf(out, "${%s}", name);
    else
        return refuse(
            why, inside,
            "is not set in the environment; set it or write a default as ${NAME:-default}");
    return 0;
}

int expand_text(struct buf *out, struct bytes text, const char *leave, struct buf *why)
{
    for (size_t i = 0; i < text.n; i++) {
        struct bytes rest = {text.at + i, text.n - i};
        if (rest.n >= 3 && memcmp(rest.at, "$${", 3) == 0) {
            buf_text(out, "${");
            i += 2;
            continue;
        }
        if (rest.n < 2 || memcmp(rest.at, "${", 2) != 0) {
            buf_add(out, rest.at, 1);
            continue;
        }
        const char *end = memchr(rest.at, '}', rest.n);
        if (end == NULL) {
            buf_text(why, "has ${ without }; write $${ for the two characters");
            return -EINVAL;
        }
        int r = expand_variable(out, (struct bytes){rest.at + 2, (size_t)(end - rest.at) - 2},
                                leave, why);
        if (r < 0)
            return r;
        i += (size_t)(end - rest.at);
    }
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the reading of progress lines. They come from a program, so nothing in them is trusted (A7).
 */
#include "agents/progress.h"

#include <ctype.h>

void progress_done(struct progress *p)
{
    buf_done(&p->note);
    buf_done(&p->checkpoint);
    *p = (struct progress){0};
}

/* after gives what stands behind `word` and one space; n = 0 and at = NULL when the line does not
 * begin with it. */
static struct bytes after(struct bytes line, const char *word)
{
    size_t n = strlen(word);
    if (line.n < n || memcmp(line.at, word, n) != 0 || (line.n > n && line.at[n] != ' '))
        return (struct bytes){0};
    return line.n > n ? (struct bytes){line.at + n + 1, line.n - n - 1}
                      : (struct bytes){line.at + n, 0};
}

static bool take_progress(struct progress *p, struct bytes text)
{
    unsigned percent = 0;
    size_t i = 0;
    for (; i < text.n && i < 4 && isdigit((unsigned char)text.at[i]); i++)
        percent = percent * 10 + (unsigned)(text.at[i] - '0');
    if (i == 0 || percent > 100 || (i < text.n && text.at[i] != ' '))
        return false;
    p->percent = percent;
    buf_clear(&p->note);
    if (i + 1 < text.n)
        buf_add(&p->note, text.at + i + 1, MIN(text.n - i - 1, NOTE_MAX));
    return true;
}

static bool take_checkpoint(struct progress *p, struct bytes text)
{
    if (text.n == 0 || text.n > CHECKPOINT_MAX)
        return false;
    buf_clear(&p->checkpoint);
    buf_add(&p->checkpoint, text.at, text.n);
    p->checkpoints++;
    return true;
}

static const struct {
    const char *word;
    bool (*take)(struct progress *p, struct bytes text);
} words[] = {{"progress", take_progress}, {"checkpoint", take_checkpoint}};

void progress_line(struct progress *p, struct bytes line)
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct bytes text = after(line, words[i].word);
        if (text.at && words[i].take(p, text))
            return;
    }
    p->refused++;
}

void lines_done(struct lines *l)
{
    buf_done(&l->part);
    l->too_long = false;
}

static void end_line(struct lines *l, struct progress *p)
{
    _cleanup_(buf_done) struct buf shown = {0};
    if (l->mask && l->mask->n)
        mask_text(l->mask, buf_bytes(&l->part), 0, l->part.n, &shown);
    if (l->too_long)
        p->refused++;
    else
        progress_line(p, buf_bytes(l->mask && l->mask->n ? &shown : &l->part));
    buf_clear(&l->part);
    l->too_long = false;
}

static void add_part(struct lines *l, const char *at, size_t n)
{
    l->too_long = l->too_long || l->part.n + n > LINE_MAX_BYTES;
    if (l->too_long)
        buf_clear(&l->part);
    else if (n)
        buf_add(&l->part, at, n);
}

void lines_take(struct lines *l, struct bytes data, struct progress *p)
{
    const char *at = data.at, *end = data.at + data.n, *newline;
    for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        add_part(l, at, (size_t)(newline - at));
        end_line(l, p);
    }
    add_part(l, at, (size_t)(end - at));
}

void lines_end(struct lines *l, struct progress *p)
{
    if (l->part.n || l->too_long)
        end_line(l, p);
}

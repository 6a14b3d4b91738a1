/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/check.h"

#include "common/text.h"
#include "settings/value.h"

struct words_of in_words(int64_t ms)
{
    struct words_of words;
    struct buf text = {0};
    value_duration(&text, ms);
    snprintf(words.at, sizeof words.at, "%s", buf_str(&text));
    buf_done(&text);
    return words;
}

struct words_of in_figures(double number)
{
    struct words_of words;
    snprintf(words.at, sizeof words.at, "%.10g", number);
    return words;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names names_of(const struct seq *rows, size_t row_size)
{
    struct names names = {xalloc((rows->n + 1) * sizeof *names.at), rows->n};
    for (size_t i = 0; i < rows->n; i++) /* a row's first member is its name */
        names.at[i] = ((const struct bytes *)((const char *)rows->at + i * row_size))->at;
    names_sort(&names);
    return names;
}

void names_add(struct names *names, const char *name)
{
    names->at = xrealloc(names->at, (names->n + 1) * sizeof *names->at);
    names->at[names->n++] = name;
}

void names_sort(struct names *names)
{
    qsort(names->at, names->n, sizeof *names->at, by_name);
}

void names_done(struct names *names)
{
    free(names->at);
    *names = (struct names){0};
}

bool names_include(const struct names *names, struct bytes name)
{
    return name.at && bsearch(&name.at, names->at, names->n, sizeof *names->at, by_name) != NULL;
}

void check_known(const struct check *c, const struct names *names, const struct bytes *name,
                 const void *row, const char *path, const char *what)
{
    if (names_include(names, *name))
        return;
    struct buf shown = {0};
    text_safe(&shown, (struct bytes){name->at, MIN(name->n, (size_t)64)});
    /* The search costs a look at every name: not for mistakes that nobody is shown. */
    bool shown_at_all = c->m->n < MISTAKES_MAX && name->n <= 64;
    const char *meant = shown_at_all ? text_nearest(name->at, names->at, names->n) : NULL;
    mistake(c->m, place_of_member(c, name, row), "%s names the unknown %s '%s'%s%s%s", path, what,
            buf_str(&shown), meant ? "; did you mean '" : "", meant ? meant : "",
            meant ? "'?" : "");
    buf_done(&shown);
}

void check_up(const struct settings *s, struct mistakes *m)
{
    const struct set_up *up = s->at;
    struct check c = {s, m};
    SEQ_EACH (process, const struct set_process, up->processes)
        if (process->run.n == 0)
            mistake(m, place_of_member(&c, &process->run, process),
                    "processes.%s needs `run`: what to start", process->name.at);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Finds the row of a verb's own verb, and runs it. */
#include "sub.h"

#include <sysexits.h>

#include "common/text.h"

const struct sub_verb *subs_of(const struct cli_verb *verb)
{
    return verb->run == run_subs ? verb->data : NULL;
}

static int unknown(const struct cli_verb *verb, const char *word)
{
    const char *names[32];
    size_t n = 0;
    for (const struct sub_verb *s = subs_of(verb); s->name && n < ARRAY_SIZE(names); s++)
        names[n++] = s->name;
    const char *meant = word ? text_nearest(word, names, n) : NULL;
    if (word)
        fprintf(stderr, "helios %s: there is no '%s'%s%s%s; these are:\n", verb->name, word, meant ? ", did you mean " : "",
                meant ? meant : "", meant ? "?" : "");
    else
        fprintf(stderr, "helios %s: say what:\n", verb->name);
    for (const struct sub_verb *s = subs_of(verb); s->name; s++)
        fprintf(stderr, "  helios %s %s %-*s %s\n", verb->name, s->name, (int)(24 - MIN(strlen(s->name), (size_t)23)), s->words, s->help);
    return EX_USAGE;
}

int run_subs(const struct cli_verb *verb, const struct args *a)
{
    const char *word = a->n_words ? a->words[0] : NULL;
    for (const struct sub_verb *s = subs_of(verb); word && s->name; s++)
        if (strcmp(s->name, word) == 0) {
            struct args rest = *a;
            rest.n_words--;
            memmove(rest.words, a->words + 1, rest.n_words * sizeof(*rest.words));
            return s->run(&rest);
        }
    return unknown(verb, word);
}

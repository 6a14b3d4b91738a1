/* SPDX-License-Identifier: MPL-2.0 */
/* Help and version, from the tables of verbs and options. */
#include <sysexits.h>

#include "sub.h"

/* fill prints blanks up to a column: text in UTF-8 has more bytes than columns. */
static void fill(unsigned from, unsigned to)
{
    printf("%*s", from < to ? (int)(to - from) : 1, "");
}

static void print_options(const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        const char *value = rows->value ? rows->value : "";
        printf("  --%s%s%s", rows->name, rows->value ? " " : "", value);
        fill(text_columns(rows->name) + text_columns(value) + 5, 28);
        printf("%s\n", rows->help);
    }
}

static void print_verb(const struct cli_verb *v)
{
    printf("  %-15s%s", v->name, v->words);
    fill(text_columns(v->words), 22);
    printf("%s\n", v->help);
}

int run_help(const struct cli_verb *verb, const struct args *a)
{
    const struct cli_verb *v = a->n_words ? cli_verb_find(a->words[0]) : NULL;
    (void)verb;
    if (a->n_words && v == NULL) {
        fprintf(stderr, "helios help: there is no verb %s\n", a->words[0]);
        return EX_USAGE;
    }
    if (v) {
        printf("helios %s %s\n  %s\n\n", v->name, v->words, v->help);
        for (const struct sub_verb *s = subs_of(v); s && s->name; s++) {
            printf("  %s %s", s->name, s->words);
            fill(text_columns(s->name) + text_columns(s->words) + 3, 28);
            printf("%s\n", s->help);
        }
        print_options(v->options);
    } else {
        printf("helios VERB [WORD…] [--option…]: watch and steer a Helios controller\n\n");
        for (v = cli_verbs; v->name; v++)
            print_verb(v);
        printf("\n");
    }
    print_options(common_options);
    printf("\nExit codes are those of sysexits.h: 64 usage, 66 not found, 69 no controller, 70 it "
           "failed, 75 try again, 78 config.\n");
    return 0;
}

int run_version(const struct cli_verb *verb, const struct args *a)
{
    (void)verb;
    if (args_has(a, "json"))
        printf("{\"version\":\"%s\"}\n", HELIOS_VERSION);
    else
        printf("helios %s\n", HELIOS_VERSION);
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
#include "args.h"

#include <sysexits.h>

#include "common/text.h"

const struct option_row common_options[] = {
    {"controller", "WHERE",
     "data directory of a controller, or tcp://HOST; several times, or with commas, for several; "
     "default $HELIOS_CONTROLLER, $HELIOS_DATA, ./data"},
    {"identity", "FILE", "our key, where controllers ask for one (NAME.key); default $HELIOS_IDENTITY"},
    {"controller-key", "KEYS", "public keys of the hosts of --controller, in their order, each a *.pub file or its 40 letters; "
                               "default $HELIOS_CONTROLLER_KEY; data directories say theirs"},
    {"timeout", "TIME", "wait so long for an answer (5s)"},
    {"json", NULL, "print JSON"},
    {"watch", NULL, "repeat each second until Ctrl-C"},
    {"no-color", NULL, "no colours (NO_COLOR does the same)"},
    {"help", NULL, "show this help"},
    {0},
};

static const struct option_row *find(const struct option_row *rows, struct bytes name)
{
    for (; rows && rows->name; rows++)
        if (bytes_is(name, rows->name))
            return rows;
    return NULL;
}

static int unknown(const char *verb, const struct option_row *rows, struct bytes name)
{
    const char *names[64];
    size_t n = 0;
    for (const struct option_row *r = rows; r && r->name && n < 50; r++)
        names[n++] = r->name;
    for (const struct option_row *r = common_options; r->name; r++)
        names[n++] = r->name;
    _autofree_ char *word = bytes_dup(name);
    const char *meant = text_nearest(word, names, n);
    fprintf(stderr, "helios %s: there is no option --%s%s%s%s; `helios help %s` lists them\n", verb,
            word, meant ? ", did you mean --" : "", meant ? meant : "", meant ? "?" : "", verb);
    return -EINVAL;
}

static int take_option(struct args *a, const struct option_row *rows, char *word, char *following,
                       bool *ret_took)
{
    const char *equals = strchr(word, '=');
    struct bytes name = {word, equals ? (size_t)(equals - word) : strlen(word)};
    const struct option_row *row = find(rows, name);
    if (row == NULL)
        row = find(common_options, name);
    if (row == NULL)
        return unknown(a->program_verb, rows, name);
    const char *value = equals ? equals + 1 : "";
    if (row->value && !equals) {
        if (following == NULL) {
            fprintf(stderr, "helios %s: --%s needs %s\n", a->program_verb, row->name, row->value);
            return -EINVAL;
        }
        value = following;
        *ret_took = true;
    } else if (!row->value && equals) {
        fprintf(stderr, "helios %s: --%s takes no value\n", a->program_verb, row->name);
        return -EINVAL;
    }
    a->given[a->n_given] = row->name;
    a->values[a->n_given++] = value;
    return 0;
}

int args_parse(struct args *a, const char *verb, const struct option_row *rows, int argc,
               char **argv)
{
    bool only_words = false;
    *a = (struct args){.program_verb = verb};
    if (argc >= ARGS_MAX) {
        fprintf(stderr, "helios %s: too many words\n", verb);
        return -EINVAL;
    }
    for (int i = 0; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && strncmp(argv[i], "--", 2) == 0) {
            bool took = false;
            int r = take_option(a, rows, argv[i] + 2, i + 1 < argc ? argv[i + 1] : NULL, &took);
            if (r < 0)
                return r;
            i += took;
        } else {
            a->words[a->n_words++] = argv[i];
        }
    }
    return 0;
}

bool args_has(const struct args *a, const char *name)
{
    return args_value(a, name, NULL) != NULL;
}

const char *args_value(const struct args *a, const char *name, const char *otherwise)
{
    for (size_t i = a->n_given; i-- > 0;)
        if (strcmp(a->given[i], name) == 0)
            return a->values[i];
    return otherwise;
}

static void wrong(const struct args *a, const char *name, const char *value, const char *wanted)
{
    fprintf(stderr, "helios %s: --%s %s: %s\n", a->program_verb, name, value, wanted);
    exit(EX_USAGE);
}

int64_t args_int(const struct args *a, const char *name, int64_t otherwise)
{
    const char *text = args_value(a, name, NULL);
    if (text && text_parse_int(bytes_of(text), &otherwise) < 0)
        wrong(a, name, text, "a whole number is needed");
    return otherwise;
}

int64_t args_ms(const struct args *a, const char *name, int64_t otherwise)
{
    const char *text = args_value(a, name, NULL);
    if (text && text_parse_duration(bytes_of(text), &otherwise) < 0)
        wrong(a, name, text, "a duration is needed, as 500ms, 10s, 5m or 1h30m");
    return otherwise;
}

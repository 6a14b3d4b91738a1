/* SPDX-License-Identifier: MPL-2.0 */
/* `helios`: what a person types. Finds the verb's row and runs it. */
#include <sysexits.h>

#include "common/text.h"
#include "proto/names.h"
#include "verbs.h"

static int unknown(const char *name)
{
    const char *names[64];
    size_t n = 0;
    for (const struct cli_verb *v = cli_verbs; v->name && n < ARRAY_SIZE(names); v++)
        names[n++] = v->name;
    const char *meant = text_nearest(name, names, n);
    fprintf(stderr, "helios: there is no verb %s%s%s%s; `helios help` lists them\n", name,
            meant ? ", did you mean " : "", meant ? meant : "", meant ? "?" : "");
    return EX_USAGE;
}

int main(int argc, char **argv)
{
    struct args a;
    const char *name = argc > 1 ? argv[1] : "help";
    names_impatient();
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    const struct cli_verb *verb = cli_verb_find(name);
    if (verb == NULL)
        return unknown(name);
    if (args_parse(&a, verb->name, verb->options, MAX(argc - 2, 0), argv + MIN(argc, 2)) < 0)
        return EX_USAGE;
    paint_setup(!args_has(&a, "no-color"));
    if (args_has(&a, "help")) {
        a = (struct args){.program_verb = "help", .words = {verb->name}, .n_words = 1};
        return run_help(verb, &a);
    }
    return verb->run(verb, &a);
}

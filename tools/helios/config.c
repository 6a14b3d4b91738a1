/* SPDX-License-Identifier: MPL-2.0 */
/* `helios config check|show FILE`: reads a file as its program would. */
#include <sysexits.h>

#include "common/text.h"
#include "settings/settings.h"
#include "verbs.h"

const struct option_row config_options[] = {
    {"kind", "KIND", "controller, agent or up; default: from the file's name, else controller"},
    {"set", "KEY=VALUE", "as the program's --set"},
    {"origin", NULL, "show: where each value comes from"},
    {0},
};

static const struct section *section_of(const struct args *a, const char *file)
{
    const char *kind = args_value(a, "kind", NULL);
    if (kind == NULL)
        kind = text_match("*up.yaml", bytes_of(file))  ? "up"
               : text_match("*agent*", bytes_of(file)) ? "agent"
                                                       : "controller";
    return strcmp(kind, "agent") == 0        ? section_agent_config
           : strcmp(kind, "up") == 0         ? section_up
           : strcmp(kind, "controller") == 0 ? section_config
                                             : NULL;
}

int run_config(const struct cli_verb *verb, const struct args *a)
{
    struct settings *s = NULL;
    char *report = NULL;
    struct buf out = {0};
    bool show = a->n_words && strcmp(a->words[0], "show") == 0;
    if (a->n_words != 2 || (!show && strcmp(a->words[0], "check") != 0)) {
        fprintf(stderr, "helios config: helios config %s\n", verb->words);
        return EX_USAGE;
    }
    const struct section *section = section_of(a, a->words[1]);
    const char *flag = args_value(a, "set", NULL);
    if (section == NULL) {
        fprintf(stderr, "helios config: --kind is controller, agent or up\n");
        return EX_USAGE;
    }
    if (settings_load(section, a->words[1], &flag, flag != NULL, &s, &report) < 0) {
        fputs(report, stderr);
        free(report);
        return EX_CONFIG;
    }
    if (show)
        settings_show(&out, s, args_has(a, "origin"));
    else
        buf_printf(&out, "%s: good\n", a->words[1]);
    print_text(&out);
    settings_free(s);
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* What a shell completes, from the tables of verbs and options. Each script can be sourced as it is, or be installed where the
 * shell looks for it. */
#include <sysexits.h>

#include "sub.h"

/* each_option calls print for the verb's own options, then for those that all take. */
static void each_option(const struct cli_verb *v, void (*print)(const struct option_row *o))
{
    const struct option_row *const tables[] = {v->options, common_options};
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
        for (const struct option_row *o = tables[i]; o && o->name; o++)
            print(o);
}

static void bash_option(const struct option_row *o)
{
    printf("--%s ", o->name);
}

static void bash(void)
{
    printf("_helios() {\n  local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words\n"
           "  if [ \"$COMP_CWORD\" -eq 1 ]; then words='");
    for (const struct cli_verb *v = cli_verbs; v->name; v++)
        printf("%s ", v->name);
    printf("'\n  else case $verb in\n");
    for (const struct cli_verb *v = cli_verbs; v->name; v++) {
        printf("    %s) words='", v->name);
        for (const struct sub_verb *s = subs_of(v); s && s->name; s++)
            printf("%s ", s->name);
        each_option(v, bash_option);
        printf("' ;;\n");
    }
    printf("  esac; fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
           "complete -o default -F _helios helios\n");
}

/* zsh_word prints 'NAME:HELP' as one quoted word. A colon within the name would end it; there is none. */
static void zsh_word(const char *dashes, const char *name, const char *help)
{
    printf("'%s%s:", dashes, name);
    for (const char *c = help; *c; c++) {
        if (*c == '\'')
            fputs("'\\'", stdout);
        putchar(*c);
    }
    printf("' ");
}

static void zsh_option(const struct option_row *o)
{
    zsh_word("--", o->name, o->help);
}

static void zsh(void)
{
    printf("#compdef helios\n_helios() {\n  local -a words_of options_of\n"
           "  if (( CURRENT == 2 )); then\n    words_of=(");
    for (const struct cli_verb *v = cli_verbs; v->name; v++)
        zsh_word("", v->name, v->help);
    printf(")\n    _describe -t verbs verb words_of\n    return\n  fi\n  case $words[2] in\n");
    for (const struct cli_verb *v = cli_verbs; v->name; v++) {
        printf("    %s) options_of=(", v->name);
        each_option(v, zsh_option);
        printf(")");
        if (subs_of(v)) {
            printf("; words_of=(");
            for (const struct sub_verb *s = subs_of(v); s->name; s++)
                zsh_word("", s->name, s->help);
            printf(")");
        }
        printf(" ;;\n");
    }
    printf("  esac\n  if (( CURRENT == 3 && $#words_of )) && [[ $PREFIX != -* ]]; then\n    _describe -t verbs verb words_of\n"
           "  elif [[ $PREFIX == -* ]]; then\n    _describe -o options option options_of\n  else\n    _files\n  fi\n}\n"
           "if [[ $funcstack[1] == _helios ]]; then\n  _helios \"$@\"\nelse\n  compdef _helios helios\nfi\n");
}

static const struct {
    const char *name;
    void (*print)(void);
} shells[] = {{"bash", bash}, {"zsh", zsh}};

int run_completion(const struct cli_verb *verb, const struct args *a)
{
    (void)verb;
    for (size_t i = 0; a->n_words == 1 && i < ARRAY_SIZE(shells); i++)
        if (strcmp(a->words[0], shells[i].name) == 0) {
            shells[i].print();
            return 0;
        }
    fprintf(stderr, "helios completion: say for which shell: bash or zsh\n");
    return EX_USAGE;
}

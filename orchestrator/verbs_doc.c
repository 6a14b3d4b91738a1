/* SPDX-License-Identifier: MPL-2.0 */
/* Prints docs/protocol-verbs.md from the tables of verbs, so that the document cannot differ from the program. */
#include <stdio.h>

#include "orchestrator/core/verb.h"

static void print(const char *title, bool command)
{
    printf("## %s\n\n| name | arguments | what |\n|---|---|---|\n", title);
    for (const struct verb *const *room = verb_rooms; *room; room++)
        for (const struct verb *v = *room; v->name; v++)
            if (v->command == command)
                printf("| `%s` | %s | %s |\n", v->name, v->args, v->doc);
    printf("\n");
}

int main(void)
{
    print("Queries (`query.what`)", false);
    print("Commands (`command.verb`)", true);
    return 0;
}

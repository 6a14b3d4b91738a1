/* SPDX-License-Identifier: MPL-2.0 */
/* history-check FILE: reads facts as JSON lines and says which promises were broken. Exit code 0 = none. */
#include "history.h"

enum { KEPT = 0, BROKEN = 1, USAGE = 64, UNREADABLE = 66 };

static int list(void)
{
    size_t n;
    const struct promise *p = history_promises(&n);
    for (size_t i = 0; i < n; i++)
        printf("%-16s %s\n", p[i].name, p[i].doc);
    return KEPT;
}

static int check(const char *file)
{
    FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    if (!in) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        return UNREADABLE;
    }
    struct history *h = history_new();
    _autofree_ char *why = NULL;
    _cleanup_(buf_done) struct buf report = {0};
    int code = UNREADABLE;
    if (history_read(h, in, &why) < 0) {
        fprintf(stderr, "%s: %s\n", file, why);
    } else {
        unsigned n = history_check(h, &report);
        printf("%s%zu facts, %u promises broken\n", buf_str(&report), history_size(h), n);
        code = n ? BROKEN : KEPT;
    }
    history_free(h);
    if (in != stdin)
        fclose(in);
    return code;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    if (argc == 2)
        return check(argv[1]);
    fputs("usage: history-check FILE | --list\n"
          "FILE has one fact a line, as tests/history/history.h lists them; - is the standard input.\n",
          stderr);
    return USAGE;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* The command line: many histories family by family, or one; a table of what came of them. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "families.h"

static const char help[] =
    "usage: run [--histories N] [--family NAME] [--seed X] [--must-break RULE]\n"
    "Plays histories of KPIs against the real core and judges what it did.\n"
    "  --histories N      so many in all, spread over the families (2000)\n"
    "  --family NAME      of this family alone\n"
    "  --seed X           this one alone; with --family\n"
    "  --must-break RULE  for mutants: ends at the first forbidden act against this rule, which is well\n"
    "exit: 0 nothing forbidden and enough done, 1 not so (--must-break: never seen), 64 wrong arguments\n";

struct options {
    uint64_t histories, seed;
    const char *family, *must_break, *program;
};
struct tally {
    uint64_t histories, acts, urgent, would, forbidden;
};

static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option options[] = {{"histories", required_argument, NULL, 'n'}, {"family", required_argument, NULL, 'f'},
                                            {"seed", required_argument, NULL, 's'},      {"must-break", required_argument, NULL, 'b'},
                                            {0}};
    *o = (struct options){.histories = 2000, .program = argv[0]};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        uint64_t number = optarg ? strtoull(optarg, NULL, 10) : 0;
        if (c == '?')
            return -EINVAL;
        o->histories = c == 'n' ? number : o->histories;
        o->seed = c == 's' ? number : o->seed;
        o->family = c == 'f' ? optarg : o->family;
        o->must_break = c == 'b' ? optarg : o->must_break;
    }
    return optind < argc || (o->seed && o->family == NULL) ? -EINVAL : 0;
}

/* Every history of every family has its own randomness: a seed of one family says nothing of another. */
static void play(const struct family *f, uint64_t seed, struct oracle *ret)
{
    static struct world w;
    world_begin(&w, (seed + 1) * 0x9e3779b97f4a7c15ull + (uint64_t)(f - families) * 0xbf58476d1ce4e5b9ull);
    f->begin(&w);
    world_lead(&w);
    while (w.step < f->steps) {
        f->each(&w);
        world_step(&w);
    }
    world_end(&w);
    *ret = w.oracle;
}

static bool wanted(const struct options *o, const struct oracle *seen)
{
    if (o->must_break == NULL)
        return oracle_broken(seen) > 0;
    for (int i = 0; i < FORBIDDEN_COUNT; i++)
        if (strcmp(forbidden_names[i], o->must_break) == 0)
            return seen->broken[i] > 0;
    return false;
}

static void add(struct tally *t, const struct oracle *seen)
{
    t->histories++;
    t->acts += seen->acts;
    t->urgent += seen->urgent;
    t->would += seen->would;
    t->forbidden += oracle_broken(seen);
}

/* play_one answers whether it showed what is looked for. */
static bool play_one(const struct options *o, const struct family *f, uint64_t seed, struct tally *t)
{
    static struct oracle seen;
    play(f, seed, &seen);
    add(t, &seen);
    if (!wanted(o, &seen))
        return false;
    if (t->forbidden < 20 || o->must_break)
        printf("%s\n  %s --family %s --seed %llu\n", seen.first, o->program, f->name, (unsigned long long)seed);
    return true;
}

static bool enough(const struct options *o, const struct family *f, const struct tally *t)
{
    return o->seed || t->histories < 50 || (t->acts + t->would) * 1000 >= f->per_thousand * t->histories;
}

static void print_row(const char *name, const struct tally *t, const char *doc)
{
    printf("| %-11s | %9llu | %8llu | %9llu | %8llu | %9llu | %s |\n", name, (unsigned long long)t->histories,
           (unsigned long long)t->acts, (unsigned long long)t->urgent, (unsigned long long)t->would,
           (unsigned long long)t->forbidden, doc);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int hunt(const struct options *o)
{
    struct tally t = {0};
    for (uint64_t seed = 1; seed <= o->histories; seed++)
        for (unsigned i = 0; i < n_families; i++)
            if (play_one(o, &families[i], seed, &t))
                return 0;
    printf("%s was never broken\n", o->must_break);
    return 1;
}

static int play_all(const struct options *o)
{
    struct tally sum = {0};
    bool good = true;
    double began = seconds();
    uint64_t each = o->seed ? 1 : o->family ? o->histories : (o->histories + n_families - 1) / n_families;
    printf("| family      | histories | acts     | emergency | would    | forbidden | what happens |\n"
           "|---|---|---|---|---|---|---|\n");
    for (unsigned i = 0; i < n_families; i++) {
        const struct family *f = &families[i];
        struct tally t = {0};
        if (o->family && strcmp(o->family, f->name) != 0)
            continue;
        for (uint64_t n = 0; n < each; n++)
            good &= !play_one(o, f, o->seed ? o->seed : n + 1, &t);
        print_row(f->name, &t, f->doc);
        if (!enough(o, f, &t)) {
            printf("%s: fewer than %u acts a thousand histories: nothing is proved\n", f->name, f->per_thousand);
            good = false;
        }
        sum = (struct tally){sum.histories + t.histories, sum.acts + t.acts, sum.urgent + t.urgent, sum.would + t.would, sum.forbidden + t.forbidden};
    }
    print_row("all", &sum, "");
    printf("%.1f s\n", seconds() - began);
    return good && sum.histories ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options o;
    if (read_options(&o, argc, argv) < 0) {
        fputs(help, stderr);
        return EX_USAGE;
    }
    return o.must_break ? hunt(&o) : play_all(&o);
}

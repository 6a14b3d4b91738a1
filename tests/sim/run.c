/* SPDX-License-Identifier: MPL-2.0 */
/* The simulator's command line: many seeds, or one with its trace. */
#include <getopt.h>
#include <sysexits.h>
#include <time.h>

#include "sim.h"

static const char help[] =
    "usage: run [--seeds N] [--from S] [--seed X] [--kept FILE] [--trace] [--fault NAME] [--twice] [--keep-going] [--must-break PROMISE]\n"
    "Plays the simulated realm, one run a seed.\n"
    "  --seeds N     so many seeds (100)\n"
    "  --from S      beginning with this one (1)\n"
    "  --seed X      this one alone\n"
    "  --kept FILE   before them those that have failed once: lines of a number and why\n"
    "  --trace       prints all that happens\n"
    "  --fault NAME  with this fault alone, whatever the seeds draw\n"
    "  --twice       plays each seed twice and compares the traces\n"
    "  --keep-going  does not stop at the first seed that breaks a promise\n"
    "  --must-break PROMISE  for mutants: plays until this promise is broken, which is well\n"
    "exit: 0 every promise was kept, 1 one was broken (--must-break: none was), 64 wrong arguments, 66 no such file\n";

struct options {
    uint64_t from, seeds;
    bool trace, twice, keep_going;
    const char *fault, *kept, *must_break, *program;
};
struct sum {
    uint64_t seeds, bad, lost;
    double events, facts, commits;
};

static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'}, {"from", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},  {"kept", required_argument, NULL, 'k'},
        {"trace", no_argument, NULL, 't'},       {"fault", required_argument, NULL, 'o'},
        {"twice", no_argument, NULL, '2'},       {"keep-going", no_argument, NULL, 'g'},
        {"must-break", required_argument, NULL, 'b'},  {0}};
    *o = (struct options){.from = 1, .seeds = 100, .program = argv[0]};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        uint64_t number = optarg ? strtoull(optarg, NULL, 10) : 0;
        if (c == '?')
            return -EINVAL;
        o->seeds = c == 'n' ? number : c == 's' ? 1 : o->seeds;
        o->from = c == 'f' || c == 's' ? number : o->from;
        o->trace |= c == 't';
        o->twice |= c == '2';
        o->keep_going |= c == 'g';
        o->fault = c == 'o' ? optarg : o->fault;
        o->kept = c == 'k' ? optarg : o->kept;
        o->must_break = c == 'b' ? optarg : o->must_break;
    }
    return optind < argc ? -EINVAL : 0;
}

static bool same_again(const struct options *o, uint64_t seed, const struct result *first)
{
    struct result again;
    if (!o->twice)
        return true;
    sim_run(seed, o->fault, &again);
    buf_done(&again.report);
    return again.trace_hash == first->trace_hash;
}

static void add(struct sum *sum, const struct result *r)
{
    sum->seeds++;
    sum->lost += r->lost;
    sum->events += (double)r->events;
    sum->facts += (double)r->facts;
    sum->commits += (double)r->commits;
}

static void play(const struct options *o, uint64_t seed, struct sum *sum)
{
    struct result r;
    sim_trace(o->trace || o->twice, o->trace);
    sim_run(seed, o->fault, &r);
    bool same = same_again(o, seed, &r);
    add(sum, &r);
    bool wanted = o->must_break == NULL || strstr(buf_str(&r.report), o->must_break);
    if ((r.broken && wanted) || !same) {
        sum->bad++;
        printf("seed %llu: %u promises broken%s\n%s  %s --seed %llu%s%s --trace\n", (unsigned long long)seed, r.broken,
               same ? "" : ", and another trace the second time", buf_str(&r.report), o->program,
               (unsigned long long)seed, o->fault ? " --fault " : "", o->fault ? o->fault : "");
    }
    buf_done(&r.report);
}

static int play_kept(const struct options *o, struct sum *sum)
{
    FILE *in = o->kept ? fopen(o->kept, "re") : NULL;
    char line[256];
    if (o->kept && in == NULL)
        return -errno;
    while (in && fgets(line, sizeof(line), in))
        if (strtoull(line, NULL, 10))
            play(o, strtoull(line, NULL, 10), sum);
    if (in)
        fclose(in);
    return 0;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say_sum(const struct sum *sum, double took)
{
    double n = (double)sum->seeds;
    printf("%llu seeds, %llu of them broke a promise, in %llu Redis lost data for good; %.0f seeds a minute; a seed has "
           "%.0f events, %.0f commits and %.0f facts\n",
           (unsigned long long)sum->seeds, (unsigned long long)sum->bad, (unsigned long long)sum->lost, n * 60 / took,
           sum->events / n, sum->commits / n, sum->facts / n);
}

int main(int argc, char **argv)
{
    struct options o;
    struct sum sum = {0};
    _autofree_ char *why = NULL;
    if (read_options(&o, argc, argv) < 0) {
        fputs(help, stderr);
        return EX_USAGE;
    }
    if (sim_open(&why) < 0) {
        fputs(why, stderr);
        return EX_CONFIG;
    }
    double began = seconds();
    if (play_kept(&o, &sum) < 0) {
        fprintf(stderr, "%s: %s\n", o.kept, strerror(errno));
        return EX_NOINPUT;
    }
    for (uint64_t i = 0; i < o.seeds && (sum.bad == 0 || o.keep_going); i++)
        play(&o, o.from + i, &sum);
    say_sum(&sum, seconds() - began);
    sim_close();
    return (sum.bad != 0) != (o.must_break != NULL);
}

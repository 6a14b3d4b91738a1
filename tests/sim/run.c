/* SPDX-License-Identifier: MPL-2.0 */
/* The simulator's command line: many seeds, or one with its trace. */
#include <getopt.h>
#include <sysexits.h>
#include <time.h>

#include "sim.h"

static const char help[] = "usage: run [--seeds N] [--from S] [--seed X] [--trace] [--fault NAME] [--twice] [--keep-going]\n"
                           "Plays the simulated realm, one run a seed.\n"
                           "  --seeds N     so many seeds (100)\n"
                           "  --from S      beginning with this one (1)\n"
                           "  --seed X      this one alone\n"
                           "  --trace       prints all that happens\n"
                           "  --fault NAME  with this fault alone, whatever the seeds draw\n"
                           "  --twice       plays each seed twice and compares the traces\n"
                           "  --keep-going  does not stop at the first seed that breaks a promise\n"
                           "exit: 0 every promise was kept, 1 one was broken, 64 wrong arguments\n";

struct options {
    uint64_t from, seeds;
    bool trace, twice, keep_going;
    const char *fault;
};

static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'}, {"from", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},  {"trace", no_argument, NULL, 't'},
        {"fault", required_argument, NULL, 'o'}, {"twice", no_argument, NULL, '2'},
        {"keep-going", no_argument, NULL, 'k'},  {0}};
    *o = (struct options){.from = 1, .seeds = 100};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        uint64_t number = optarg ? strtoull(optarg, NULL, 10) : 0;
        if (c == '?')
            return -EINVAL;
        o->seeds = c == 'n' ? number : c == 's' ? 1 : o->seeds;
        o->from = c == 'f' || c == 's' ? number : o->from;
        o->trace |= c == 't';
        o->twice |= c == '2';
        o->keep_going |= c == 'k';
        o->fault = c == 'o' ? optarg : o->fault;
    }
    return optind < argc ? -EINVAL : 0;
}

static bool play(const struct options *o, uint64_t seed, const char *program, struct result *sum)
{
    struct result r, again;
    sim_trace(o->trace || o->twice, o->trace);
    sim_run(seed, o->fault, &r);
    bool same = true;
    if (o->twice) {
        sim_run(seed, o->fault, &again);
        same = r.trace_hash == again.trace_hash;
        buf_done(&again.report);
    }
    sum->events += r.events;
    sum->facts += r.facts;
    sum->commits += r.commits;
    sum->lost += r.lost;
    if (r.broken || !same)
        printf("seed %llu: %u promises broken%s\n%s  %s --seed %llu%s%s --trace\n", (unsigned long long)seed, r.broken,
               same ? "" : ", and another trace the second time", buf_str(&r.report), program,
               (unsigned long long)seed, o->fault ? " --fault " : "", o->fault ? o->fault : "");
    buf_done(&r.report);
    return r.broken == 0 && same;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct options o;
    struct result sum = {0};
    _autofree_ char *why = NULL;
    uint64_t bad = 0, done = 0;
    if (read_options(&o, argc, argv) < 0) {
        fputs(help, stderr);
        return EX_USAGE;
    }
    if (sim_open(&why) < 0) {
        fputs(why, stderr);
        return EX_CONFIG;
    }
    double began = seconds();
    for (; done < o.seeds && (bad == 0 || o.keep_going); done++)
        bad += !play(&o, o.from + done, argv[0], &sum);
    double took = seconds() - began;
    printf("%llu seeds, %llu of them broke a promise; %.0f seeds a minute; a seed has %.0f events, %.0f commits and %.0f "
           "facts\n",
           (unsigned long long)done, (unsigned long long)bad, (double)done * 60 / took, (double)sum.events / (double)done,
           (double)sum.commits / (double)done, (double)sum.facts / (double)done);
    sim_close();
    return bad ? 1 : 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* What schedules cost the pure core, on virtual time, in CPU time of its own:
 *
 *   helios-cost-schedules restart N      the leader's way from N records to its first turn: restart_cpu_ms
 *   helios-cost-schedules occurrences N SIZE
 *                                        N occurrences, each a task that an agent completes, among SIZE schedules: occurrence_cpu_ns
 * The records are of lines of cron (restart) or of @every (occurrences), a fourth of them in time zones. */
#include <stdio.h>
#include <time.h>

#include "orchestrator/core/helios.h"
#include "orchestrator/simulate/played.h"
#include "proto/pack.h"

#define START 1790000000000ll

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static struct settings *settings;
static struct set_config config;
static struct set_schedule by_hand = {.name = BYTES("by-hand"), .cron = BYTES("@daily"), .zone = BYTES("UTC"), .action = BYTES("work")};

static struct helios *new_core(void)
{
    settings = settings_defaults(section_config);
    config = *(const struct set_config *)settings_root(settings);
    config.cycle.enabled = false;
    config.agents.beat_ms = PLAYED_BEAT_MS;
    config.schedules = (struct seq){&by_hand, 1}; /* for the agent to know the action */
    return helios_new(&config, 1);
}

static void write_record(struct buf *out, long i, const char *cron)
{
    static const char *const zones[] = {"UTC", "UTC", "UTC", "Europe/Berlin"};
    struct rec_schedule r;
    struct buf spec = {0};
    struct pack p;
    char name[32], clock[80];
    snprintf(name, sizeof(name), "schedule-%ld", i);
    snprintf(clock, sizeof(clock), "%s %s", cron, zones[i % 4]);
    pack_init(&p, &spec);
    pack_map(&p);
    pack_put_text(&p, "cron", cron);
    pack_put_text(&p, "zone", zones[i % 4]);
    pack_put_text(&p, "action", "work");
    pack_end(&p);
    struct_defaults(&schema_records[REC_schedule], &r);
    r.id = bytes_of(name);
    r.spec = buf_bytes(&spec);
    r.clock = bytes_of(clock);
    r.cursor = START - 1000;
    struct_encode(out, &schema_records[REC_schedule], &r);
    buf_done(&spec);
}

/* every_s: 0 = lines of cron; else every so many seconds and more, up to twice as many, so that they do not all come at once. */
static void load(struct helios *h, long n, long every_s)
{
    struct buf record = {0};
    char cron[40] = "~ ~ * * *";
    for (long i = 0; i < n; i++) {
        if (every_s)
            snprintf(cron, sizeof(cron), "@every %lds", every_s + i % every_s);
        buf_clear(&record);
        write_record(&record, i, cron);
        if (helios_load(h, REC_schedule, buf_bytes(&record)) < 0)
            abort();
    }
    buf_done(&record);
}

static int restart(long n)
{
    struct helios *h = new_core();
    int64_t begin = cpu_ns();
    load(h, n, 0);
    int64_t loaded = cpu_ns();
    helios_lead(h, 1, START);
    (void)helios_tick(h, START);
    printf("schedules %ld\nload_cpu_ms %.1f\nrestart_cpu_ms %.1f\n", n, (double)(loaded - begin) / 1e6, (double)(cpu_ns() - begin) / 1e6);
    helios_free(h);
    return 0;
}

static int64_t turn(struct helios *h, struct played *p, int64_t now)
{
    int64_t due = played_turn(p, now);
    due = MIN(due, helios_tick(h, now));
    for (struct batch *b; (b = helios_cut(h)); batch_free(b)) {
        for (size_t i = 0; i < b->n_says; i++)
            if (b->says[i].endpoint == ENDPOINT_agents)
                played_take(p, &b->says[i], now);
        due = now;
    }
    return due;
}

/* Times are as many a second at each size, so that nothing but the number of schedules grows. */
static int occurrences(long n, long size)
{
    struct helios *h = new_core();
    struct played p;
    load(h, size, MAX(size / 10, 1));
    helios_lead(h, 1, START);
    played_init(&p, h, &config);
    played_greet(&p, START);
    int64_t now = START, begin = cpu_ns();
    uint64_t before = h->counters.occurrences_started;
    while (h->counters.occurrences_started - before < (uint64_t)n)
        now = MAX(turn(h, &p, now), now);
    printf("schedules %ld\noccurrence_cpu_ns %.0f\n", size, (double)(cpu_ns() - begin) / (double)(h->counters.occurrences_started - before));
    played_done(&p);
    helios_free(h);
    return 0;
}

int main(int argc, char **argv)
{
    int r = 1;
    if (argc == 3 && strcmp(argv[1], "restart") == 0)
        r = restart(atol(argv[2]));
    else if (argc == 4 && strcmp(argv[1], "occurrences") == 0)
        r = occurrences(atol(argv[2]), atol(argv[3]));
    else
        fprintf(stderr, "usage: helios-cost-schedules restart N | occurrences N SIZE\n");
    settings_free(settings);
    return r;
}

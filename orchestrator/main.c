/* SPDX-License-Identifier: MPL-2.0 */
/* heliosd: from the command line to the loop and back, as a table of steps. */
#include <getopt.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limit.h"
#include "common/log.h"
#include "common/ready.h"
#include "common/text.h"
#include "orchestrator/realms/keeper.h"
#include "orchestrator/shell/shell.h"
#include "orchestrator/simulate/simulate.h"

static const char help[] =
    "usage: heliosd [--config FILE] [--set KEY=VALUE]... [--check | --simulate DAYS]\n"
    "The controller of one realm, or of several (`realms`): watches, decides, dispatches, verifies.\n"
    "  --config FILE    its settings; helios.yaml when not given\n"
    "  --set KEY=VALUE  overrides a setting, for example --set cycle.every=1m\n"
    "  --check          checks the settings and exits\n"
    "  --simulate DAYS  says as JSON what its schedules would do in so many days, on virtual time; --from TIME begins then (ms since\n"
    "                   1970, or 2026-01-31T12:00:00Z), --takes FILE says how long each takes, as `helios schedule list --json` does\n"
    "  --version        prints the version\n"
    "  --help           prints this\n"
    "SIGHUP reads the settings again, all or nothing; SIGTERM stops cleanly and hands the lead "
    "over.\n"
    "exit: 0 done, 64 wrong arguments, 69 a socket or Redis cannot be had, 73 the data directory "
    "cannot be used,\n"
    "75 another heliosd uses it, 78 wrong settings\n";

#define GO_ON (-1) /* of a step; else it is the exit code */

static int give_up(int code, const char *event, const char *what, int error)
{
    log_error(event, "%s: %s", what, strerror(-error));
    return code;
}

static int usage(const char *wrong)
{
    fprintf(stderr, "heliosd: %s\n%s", wrong, help);
    return EX_USAGE;
}

/* What --simulate and its neighbours said. */
static struct {
    const char *days, *from, *takes;
} simulated;

static int read_arguments(struct shell *s, int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'},
        {"check", no_argument, NULL, 'k'},        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {"simulate", required_argument, NULL, 'm'},
        {"from", required_argument, NULL, 'f'},   {"takes", required_argument, NULL, 't'},
        {0}};
    s->file = "helios.yaml";
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return usage("this argument is not understood");
        if (o == 's' && s->n_flags == SHELL_FLAGS_MAX)
            return usage("too many --set");
        if (o == 'v' || o == 'h')
            return fputs(o == 'h' ? help : "heliosd " HELIOS_VERSION "\n", stdout) < 0 ? EX_IOERR
                                                                                       : 0;
        if (o == 'c')
            s->file = optarg;
        else if (o == 'm')
            simulated.days = optarg;
        else if (o == 'f')
            simulated.from = optarg;
        else if (o == 't')
            simulated.takes = optarg;
        else if (o == 's')
            s->flags[s->n_flags++] = optarg;
        else
            s->check = true;
    }
    return optind < argc ? usage("no argument without -- is expected") : GO_ON;
}

static int know_the_process(struct shell *s)
{
    static char host[65];
    gethostname(host, sizeof(host) - 1);
    s->stance.host = host;
    s->stance.pid = getpid();
    s->program = "heliosd";
    int r = seat_take(&s->seat);
    return r < 0 ? give_up(EX_UNAVAILABLE, "seat", "the heliosd that keeps this realm is gone", r) : GO_ON;
}

static bool keeps_realms(const struct shell *s)
{
    return s->config->realms.n && !seat_taken(&s->seat);
}

static struct plan_from what_to_keep(const struct shell *s, const char *data_dir)
{
    return (struct plan_from){s->file, s->flags, s->n_flags, s->settings, data_dir};
}

static int check_realms(struct shell *s)
{
    _autofree_ char *report = NULL;
    struct plan_from from = what_to_keep(s, s->config->data_dir.at);
    if (keeper_check(&from, &report) == 0)
        return 0;
    fputs(report, stderr);
    return EX_CONFIG;
}

static const char *name_of_process(const struct shell *s)
{
    static char name[80];
    snprintf(name, sizeof(name), seat_taken(&s->seat) ? "heliosd/%s" : "heliosd", s->config->realm.at);
    return name;
}

static int read_settings(struct shell *s)
{
    _autofree_ char *report = NULL;
    if (settings_load(section_config, s->file, s->flags, s->n_flags, &s->settings, &report) < 0) {
        fputs(report, stderr);
        return EX_CONFIG;
    }
    s->config = settings_root(s->settings);
    s->program = name_of_process(s);
    shell_log_as_set(s->program, s->config);
    if (!s->check)
        return GO_ON;
    int code = keeps_realms(s) ? check_realms(s) : 0;
    if (code == 0)
        printf("%s: good\n", s->file);
    return code;
}

static int simulate(struct shell *s)
{
    _autofree_ char *why = NULL;
    struct buf out = {0};
    struct simulate order = {.config = s->config, .takes = simulated.takes, .from = clock_now()};
    if (simulated.days == NULL)
        return GO_ON;
    if (text_parse_int(bytes_of(simulated.days), &order.days) < 0 || order.days < 1 || order.days > 3660)
        return usage("--simulate takes a number of days, 1 to 3660");
    if (simulated.from && text_parse_moment(bytes_of(simulated.from), &order.from) < 0)
        return usage("--from takes a moment, as 2026-01-31T12:00:00Z");
    log_setup(s->program, LOG_ERROR, LOG_FORMAT_AUTO);
    int r = simulate_run(&order, &out, &why);
    if (r < 0)
        fprintf(stderr, "heliosd: %s\n", why);
    else
        puts(buf_str(&out));
    buf_done(&out);
    return r < 0 ? EX_DATAERR : fflush(stdout) == 0 ? 0 : EX_IOERR;
}

static int open_data(struct shell *s)
{
    const char *what;
    int r = data_open(s, &what);
    if (r == -EWOULDBLOCK)
        return give_up(EX_TEMPFAIL, "data.lock", "another heliosd uses this data directory", r);
    return r < 0 ? give_up(EX_CANTCREAT, "data.dir", what, r) : GO_ON;
}

static int keep_realms(struct shell *s)
{
    struct plan_from from = what_to_keep(s, s->data_dir);
    return keeps_realms(s) ? keeper_run(&from) : GO_ON;
}

static int raise_limits(struct shell *s)
{
    (void)s;
    limit_files();
    return GO_ON;
}

static int take_signals(struct shell *s)
{
    int r = signals_open(s);
    return r < 0 ? give_up(EX_OSERR, "signals", "signals cannot be taken", r) : GO_ON;
}

static int make_door(struct shell *s)
{
    _autofree_ char *why = NULL;
    if (door_make(s, &why) == 0)
        return GO_ON;
    log_error("door.key", "%s", why);
    return EX_CONFIG;
}

static int open_bus(struct shell *s)
{
    const char *endpoint;
    int r = bus_open(&s->bus, &s->config->listen, s->config->insecure, s->door.locked ? s->door.key.secret : NULL,
                     &endpoint);
    if (r == -EPERM)
        return give_up(EX_CONFIG, "bus.insecure",
                       "TCP beyond loopback needs keys (security.key, `helios keys new`), or `insecure: true`", r);
    return r < 0 ? give_up(EX_UNAVAILABLE, "bus.bind", endpoint, r) : GO_ON;
}

static int open_redis(struct shell *s)
{
    const char *why;
    if (s->config->state.url.n)
        return GO_ON;
    int r = redis_start(s->data_dir, s->config->state.durability, &s->redis, &why);
    return r < 0 ? give_up(EX_UNAVAILABLE, "redis.start", why, r) : GO_ON;
}

static int open_store(struct shell *s)
{
    const char *why;
    int r = shell_open_store(s, &why);
    return r < 0 ? give_up(EX_CONFIG, "store.url", why, r) : GO_ON;
}

static int stand_by(struct shell *s)
{
    freeze_init(&s->freeze, s->data_dir);
    shell_stand_by(s);
    int r = bus_announce(&s->bus, s->config->realm, s->door.key.public, s->data_dir);
    if (r < 0)
        return give_up(EX_CANTCREAT, "data.endpoints", s->data_dir, r);
    log_info("controller.ready", "realm %s: agents %s, control %s, data in %s", s->config->realm.at,
             s->bus.endpoints[ENDPOINT_agents], s->bus.endpoints[ENDPOINT_control], s->data_dir);
    ready_say("READY=1\nSTATUS=standing by");
    return GO_ON;
}

static int run(struct shell *s)
{
    loop_run(s);
    log_info("controller.stopped", "good bye; %llu messages found no room or no peer",
             (unsigned long long)s->bus.unsent);
    return 0;
}

static int (*const steps[])(struct shell *) = {know_the_process, read_settings, simulate, open_data,
                                               keep_realms,      raise_limits,  take_signals,
                                               make_door,        open_bus,      open_redis,
                                               open_store,       stand_by,      run};

int main(int argc, char **argv)
{
    static struct shell shell = {.lock_fd = -1, .signal_fd = -1};
    log_setup("heliosd", LOG_INFO, LOG_FORMAT_AUTO);
    int code = read_arguments(&shell, argc, argv);
    for (size_t i = 0; i < ARRAY_SIZE(steps) && code == GO_ON; i++)
        code = steps[i](&shell);
    shell_close(&shell);
    return code;
}

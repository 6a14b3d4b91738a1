/* SPDX-License-Identifier: MPL-2.0 */
/* helios-agent: the command line, and the steps from it to the loop. */
#include <fcntl.h>
#include <getopt.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "agents/agent.h"
#include "common/limit.h"
#include "common/log.h"
#include "common/ready.h"
#include "proto/names.h"

enum { MAX_FLAGS = 64 };

struct start {
    const char *file;
    const char *flags[MAX_FLAGS];
    size_t n_flags;
    bool check;
    struct settings *settings;
    const struct set_agent_config *config;
    struct agent *agent;
    struct timer alive; /* when the watchdog is to be fed */
};

static const char help[] =
    "usage: helios-agent CONFIG [--set KEY=VALUE]... [--check]\n"
    "Hosts the agents of one file: runs their actions and measures their probes.\n"
    "  --set KEY=VALUE  overrides a setting, for example --set log.level=debug\n"
    "  --check          checks the file and exits\n"
    "  --version        prints the version\n"
    "  --help           prints this\n"
    "SIGTERM lets what runs end within stop.wait (10 s) and leaves; SIGHUP takes actions and probes anew.\n"
    "exit: 0 done, 64 wrong arguments, 69 a resource is missing, 77 refuses to run as root, 78 "
    "wrong config\n";

/* Each step answers 0 to go on, else the exit code + 1 (so that 0 can also end it well). */
enum { GO_ON = 0, DONE = 1 };
static int leave(int code)
{
    return code + DONE;
}

static int usage(const char *wrong)
{
    fprintf(stderr, "helios-agent: %s\n%s", wrong, help);
    return leave(EX_USAGE);
}

/* 0, 1 and 2 must be open, or a socket would take their place and a program's output would go
 * there. */
static int open_standard(struct start *s, int argc, char **argv)
{
    int fd;
    (void)s, (void)argc, (void)argv;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd > STDERR_FILENO)
        close(fd);
    return GO_ON;
}

static int take_option(struct start *s, int option)
{
    switch (option) {
    case 's':
        if (s->n_flags == MAX_FLAGS)
            return usage("too many --set");
        s->flags[s->n_flags++] = optarg;
        return GO_ON;
    case 'c':
        s->check = true;
        return GO_ON;
    case 'v':
        puts("helios-agent " HELIOS_VERSION);
        return leave(0);
    case 'h':
        fputs(help, stdout);
        return leave(0);
    default:
        return usage("this option does not exist or lacks its value");
    }
}

static int read_arguments(struct start *s, int argc, char **argv)
{
    static const struct option options[] = {{"set", required_argument, NULL, 's'},
                                            {"check", no_argument, NULL, 'c'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, end = GO_ON;
    opterr = 0;
    while (!end && (option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        end = take_option(s, option);
    if (end)
        return end;
    if (optind != argc - 1)
        return usage("name one config file");
    s->file = argv[optind];
    return GO_ON;
}

static int load(struct start *s, int argc, char **argv)
{
    char *report = NULL;
    (void)argc, (void)argv;
    if (settings_load(section_agent_config, s->file, s->flags, s->n_flags, &s->settings, &report)) {
        fprintf(stderr, "%s", report);
        free(report);
        return leave(EX_CONFIG);
    }
    s->config = settings_root(s->settings);
    log_setup("helios-agent", (enum log_level)s->config->log.level,
              (enum log_format)s->config->log.format);
    return GO_ON;
}

static int check(struct start *s, int argc, char **argv)
{
    struct manifest *manifest;
    char *why;
    (void)argc, (void)argv;
    if (!s->check)
        return GO_ON;
    int error = manifest_new(&s->settings, &manifest, &why);
    if (error) {
        fprintf(stderr, "%s: %s\n", s->file, why);
        free(why);
        return leave(EX_CONFIG);
    }
    manifest_drop(manifest);
    printf("%s: ok\n", s->file);
    return leave(0);
}

static int refuse_root(struct start *s, int argc, char **argv)
{
    (void)argc, (void)argv;
    if (geteuid() != 0 || s->config->allow_root)
        return GO_ON;
    fprintf(stderr,
            "helios-agent: refuses to run actions as root: start it as another user, or say "
            "allow_root: true in %s\n",
            s->file);
    return leave(EX_NOPERM);
}

/* Other processes of the same user, which our actions are, could read our memory and our environment
 * while we hold secrets; and what dies would leave them in a core (Q2). */
static int be_closed(struct start *s, int argc, char **argv)
{
    (void)argc, (void)argv;
    if (s->config->secrets.n)
        prctl(PR_SET_DUMPABLE, 0);
    return GO_ON;
}

static int raise_limits(struct start *s, int argc, char **argv)
{
    (void)s, (void)argc, (void)argv;
    limit_files();
    return GO_ON;
}

static int begin(struct start *s, int argc, char **argv)
{
    char *why;
    (void)argc, (void)argv;
    struct process_order order = {.settings = s->settings, .flags = s->flags, .n_flags = s->n_flags};
    int error = process_new(&order, &s->agent, &why);
    s->settings = NULL;
    if (error) {
        log_error("agent.start", "%s", why);
        free(why);
        return leave(error == -EINVAL ? EX_CONFIG : EX_UNAVAILABLE);
    }
    log_info("agent.started", "%zu agents of %s, instance %s", s->agent->n_members, s->file,
             s->agent->instance);
    return GO_ON;
}

static void on_alive(struct timer *t)
{
    struct start *s = container_of(t, struct start, alive);
    int64_t next = ready_tick(s->agent->loop.now);
    if (next < INT64_MAX)
        loop_timer(&s->agent->loop, t, next);
}

/* While it leaves it still is alive: what runs may take its time. */
static int run(struct start *s, int argc, char **argv)
{
    bool leaving = false;
    (void)argc, (void)argv;
    s->alive.due = on_alive;
    on_alive(&s->alive);
    ready_say("READY=1");
    while (s->agent->state != AGENT_GONE) {
        process_turn(s->agent, LOOP_LONG);
        if (!leaving && s->agent->state != AGENT_RUNNING)
            ready_say("STOPPING=1");
        leaving = s->agent->state != AGENT_RUNNING;
    }
    return leave(0);
}

static int (*const steps[])(struct start *s, int argc, char **argv) = {
    open_standard, read_arguments, load, check, refuse_root, be_closed, raise_limits, begin, run};

int main(int argc, char **argv)
{
    struct start s = {0};
    int end = GO_ON;
    names_impatient();
    for (size_t i = 0; i < ARRAY_SIZE(steps) && end == GO_ON; i++)
        end = steps[i](&s, argc, argv);
    process_free(s.agent);
    settings_free(s.settings);
    prctl(PR_SET_DUMPABLE, 1); /* nothing is left to hide, and a leak checker looks at us from now on */
    return end - DONE;
}

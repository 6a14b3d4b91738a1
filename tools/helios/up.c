/* SPDX-License-Identifier: MPL-2.0 */
/* `helios up DIR`: one command that runs a controller with all that belongs to it, shows what
 * happens, says at the end what happened, and leaves nothing behind. */
#include "up.h"

#include <ftw.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "screen.h"
#include "stop.h"
#include "summary.h"

const struct option_row up_options[] = {
    {"for", "TIME", "stop this long after all is running"},
    {"data", "DIR",
     "the data directory, kept (default: a fresh one that is removed at a good end)"},
    {"no-story", NULL, "do not run the directory's story"},
    {"keep", NULL, "keep the data directory"},
    {0},
};

/* Each event as a line, when there is no screen. In JSON mode stdout is for the summary alone. */
static void print_event(void *whom, const json_t *event)
{
    struct up *u = whom;
    struct buf out = {0};
    if (u->full || event_level(event) < level_info)
        return;
    event_line(&out, event);
    fprintf(u->json ? stderr : stdout, "%s\n", buf_str(&out));
    fflush(stdout);
    buf_done(&out);
}

static int fresh_data(struct up *u)
{
    const char *places[] = {getenv("XDG_RUNTIME_DIR"), "/tmp"};
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        if (places[i] == NULL || asprintf(&u->data, "%s/helios-XXXXXX", places[i]) < 0)
            continue;
        u->own_data = mkdtemp(u->data) != NULL;
        if (u->own_data)
            return 0;
        free(u->data);
        u->data = NULL;
    }
    fprintf(stderr, "helios up: no directory for the data: %s; name one with --data\n",
            strerror(errno));
    return EX_CANTCREAT;
}

static int prepare_data(struct up *u)
{
    const char *given = args_value(u->args, "data", NULL);
    struct buf log = {0};
    if (given == NULL) {
        int r = fresh_data(u);
        if (r)
            return r;
    } else if ((mkdir(given, 0755) < 0 && errno != EEXIST) ||
               (u->data = realpath(given, NULL)) == NULL) {
        fprintf(stderr, "helios up: cannot make %s: %s\n", given, strerror(errno));
        return EX_CANTCREAT;
    }
    buf_printf(&log, "%s/log", u->data);
    int r = mkdir(buf_str(&log), 0755) < 0 && errno != EEXIST ? EX_CANTCREAT : 0;
    if (r)
        fprintf(stderr, "helios up: cannot make %s: %s\n", buf_str(&log), strerror(errno));
    buf_done(&log);
    return r;
}

/* What the children get: where all is, and our own programs first. */
static void prepare_environment(struct up *u)
{
    char self[4096];
    struct buf path = {0};
    const char *before = getenv("PATH");
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[MAX(n, 0)] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    buf_printf(&path, "%s%s%s", self, before ? ":" : "", before ? before : "");
    setenv("PATH", buf_str(&path), 1);
    setenv("HELIOS_DATA", u->data, 1);
    setenv("HELIOS_UP_DIR", u->dir, 1);
    unsetenv("HELIOS_CONTROLLER"); /* who asks from within this run means this controller */
    buf_done(&path);
}

static int read_file(struct up *u)
{
    _autofree_ char *file = NULL, *report = NULL;
    if (asprintf(&file, "%s/up.yaml", u->dir) < 0)
        abort();
    if (settings_load(section_up, file, NULL, 0, &u->settings, &report) < 0) {
        fputs(report, stderr);
        return access(file, R_OK) == 0 ? EX_CONFIG : EX_NOINPUT;
    }
    u->file = settings_root(u->settings);
    return 0;
}

static int prepare(struct up *u)
{
    if (u->args->n_words != 1) {
        fprintf(stderr, "helios up: say which directory: helios up DIR\n");
        return EX_USAGE;
    }
    args_ms(u->args, "for", 0); /* a wrong one is told before anything starts */
    u->dir = realpath(u->args->words[0], NULL);
    if (u->dir == NULL) {
        fprintf(stderr, "helios up: %s: %s\n", u->args->words[0], strerror(errno));
        return EX_NOINPUT;
    }
    int r = prepare_data(u);
    if (r)
        return r;
    prepare_environment(u);
    return read_file(u);
}

static void watch(struct up *u)
{
    int64_t end = clock_now() + args_ms(u->args, "for", 100LL * 365 * 86400 * 1000);
    while (!up_over(u) && clock_now() < end && !(u->story && u->story->ended))
        up_turn(u, 200);
}

static json_t *ask_summary(struct up *u)
{
    json_t *answer = NULL;
    char err[512];
    if (u->client.talk.context == NULL)
        return NULL;
    u->client.timeout_ms = 5000;
    if (client_ask(&u->client, false, "summary", NULL, &answer, err) != 0) {
        fprintf(stderr, "helios up: no summary: %s\n", err);
        return NULL;
    }
    return answer;
}

/* The story's exit code is the run's. A person's Ctrl-C is the normal end of a run without a story,
 * and cuts one short otherwise. */
static int exit_code(const struct up *u)
{
    if (u->story && u->story->ended && child_exit_code(u->story) != 0)
        return child_exit_code(u->story);
    if (u->failed)
        return EX_SOFTWARE;
    return stop_asked() && u->story && !u->story->ended ? 128 + stop_signal() : 0;
}

static void print_log(const char *log)
{
    char *line = NULL, *last[12] = {0};
    size_t room = 0, n = 0;
    FILE *f = log ? fopen(log, "re") : NULL;
    while (f && getline(&line, &room, f) > 0) {
        free(last[n % ARRAY_SIZE(last)]);
        last[n++ % ARRAY_SIZE(last)] = xdup(line);
    }
    if (n)
        fprintf(stderr, "the last lines of %s:\n", log);
    for (size_t i = n > ARRAY_SIZE(last) ? n - ARRAY_SIZE(last) : 0; i < n; i++) {
        struct buf safe = {0};
        char *text = last[i % ARRAY_SIZE(last)];
        text_safe(&safe, (struct bytes){text, strcspn(text, "\n")});
        fprintf(stderr, "  %s\n", buf_str(&safe));
        buf_done(&safe);
    }
    for (size_t i = 0; i < ARRAY_SIZE(last); i++)
        free(last[i]);
    free(line);
    if (f)
        fclose(f);
}

static void print_summary(const struct up *u, json_t *summary)
{
    struct buf out = {0};
    if (u->json) {
        json_t *all = summary ? json_copy(summary) : json_object();
        summary_verdict(&out, summary);
        json_object_set_new(all, "verdict", json_string(buf_str(&out)));
        json_object_set_new(all, "ok", json_boolean(exit_code(u) == 0));
        json_object_set_new(all, "failed", u->failed ? json_string(u->failed) : json_null());
        print_json(all);
        buf_done(&out);
        return;
    }
    if (summary)
        summary_paint(&out, summary);
    print_text(&out);
}

static void tell_end(const struct up *u, bool keep)
{
    if (u->failed) {
        fprintf(stderr, "helios up: the run has failed: %s\n", u->failed);
        print_log(u->failed_log);
    }
    if (keep)
        fprintf(stderr, "helios up: data, logs and reports are in %s\n", u->data);
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    (void)s, (void)type, (void)walk;
    remove(path);
    return 0;
}

static void done(struct up *u)
{
    bool keep = u->data && (!u->own_data || args_has(u->args, "keep") || u->failed);
    tell_end(u, keep);
    if (u->data && !keep)
        nftw(u->data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    view_done(&u->view);
    client_close(&u->client);
    for (size_t i = 0; i < u->n_children; i++)
        child_done(&u->children[i]);
    free(u->children);
    if (u->told)
        fclose(u->told);
    settings_free(u->settings);
    free(u->dir);
    free(u->data);
    free(u->failed);
}

static void run(struct up *u)
{
    stop_catch();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (u->full)
        screen_enter();
    if (up_start(u)) {
        up_say(u, "info", "all is running; the data is in %s", u->data);
        watch(u);
    }
    json_t *summary = ask_summary(u);
    screen_leave();
    up_stop(u);
    print_summary(u, summary);
    json_decref(summary);
}

int run_up(const struct cli_verb *verb, const struct args *a)
{
    struct up u = {.args = a, .json = args_has(a, "json")};
    (void)verb;
    u.full = screen_possible() && !u.json;
    u.view.on_event = print_event;
    u.view.whom = &u;
    int r = prepare(&u);
    if (r == 0) {
        run(&u);
        r = exit_code(&u);
    }
    done(&u);
    return r;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the loop: signals, the bell of the board, and the children whose time has come. */
#include "keeper.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "child.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/ready.h"
#include "common/text.h"
#include "orchestrator/shell/disk.h"

struct keeper {
    const struct plan_from *from; /* as it was started; borrowed */
    struct child **children;      /* owned, and each of them */
    size_t n;
    struct board board;
    int signal_fd;
    char *list;    /* owned: the file that names the realms */
    bool reload;   /* SIGHUP came */
    bool stopping, ready;
    unsigned leads; /* as told last */
};

/* ---- children */

static struct child *find(const struct keeper *k, const char *name)
{
    for (size_t i = 0; i < k->n; i++)
        if (strcmp(k->children[i]->plan.name, name) == 0)
            return k->children[i];
    return NULL;
}

static unsigned free_seat(const struct keeper *k)
{
    bool used[BOARD_SEATS] = {false};
    unsigned seat = 0;
    for (size_t i = 0; i < k->n; i++)
        used[k->children[i]->seat] = true;
    while (seat < BOARD_SEATS && used[seat])
        seat++;
    return seat;
}

/* follow makes the children those of the plan, whose words it takes. Who is as it was reads its own settings again. */
static void follow(struct keeper *k, struct plan *plan)
{
    for (size_t i = 0; i < k->n; i++)
        k->children[i]->leaves = true;
    k->children = xrealloc(k->children, (k->n + plan->n + 1) * sizeof(*k->children));
    for (size_t i = 0; i < plan->n; i++) {
        struct child *c = find(k, plan->at[i].name);
        unsigned seat = c ? c->seat : free_seat(k);
        if (c == NULL && seat < BOARD_SEATS)
            k->children[k->n++] = child_new(&plan->at[i], seat);
        else if (c == NULL)
            log_error("realm.seats", "realm %s waits for the end of one that was removed", plan->at[i].name);
        else if (plan_same(&c->plan, &plan->at[i]))
            child_signal(c, SIGHUP);
        else
            child_change(c, &plan->at[i]);
        if (c)
            c->leaves = false;
    }
    for (size_t i = 0; i < k->n; i++)
        if (k->children[i]->leaves)
            child_signal(k->children[i], SIGTERM);
}

/* forget_gone frees who has left for good. */
static void forget_gone(struct keeper *k)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->n; i++) {
        struct child *c = k->children[i];
        if (c->leaves && c->pid == 0)
            child_free(c);
        else
            k->children[kept++] = c;
    }
    k->n = kept;
}

static void write_list(struct keeper *k)
{
    _cleanup_(buf_done) struct buf text = {0};
    buf_printf(&text, "{\"pid\": %d, \"realms\": [", (int)getpid());
    for (size_t i = 0, n = 0; i < k->n; i++) {
        if (k->children[i]->leaves)
            continue;
        buf_text(&text, n++ ? ", " : "");
        text_json_string(&text, bytes_of(k->children[i]->plan.name));
    }
    buf_text(&text, "]}\n");
    int r = disk_write(k->list, buf_bytes(&text), 0644);
    if (r < 0)
        log_error("keeper.list", "%s cannot be written: %s", k->list, strerror(-r));
}

/* ---- signals */

static void take_stop(struct keeper *k)
{
    log_info("keeper.stopping", k->stopping ? "at once: what still runs is killed" : "all realms are handed over");
    for (size_t i = 0; i < k->n; i++) {
        child_signal(k->children[i], k->stopping ? SIGKILL : SIGTERM);
        k->children[i]->leaves = true;
    }
    k->stopping = true;
    ready_say("STOPPING=1");
}

static void take_reload(struct keeper *k)
{
    k->reload = true;
}

static void take_ends(struct keeper *k)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (size_t i = 0; i < k->n; i++)
            if (k->children[i]->pid == pid) {
                board_set(&k->board, k->children[i]->seat, SEAT_EMPTY);
                child_ended(k->children[i], status, clock_now());
            }
}

static const struct {
    int number;
    void (*take)(struct keeper *);
} signals[] = {{SIGTERM, take_stop}, {SIGINT, take_stop}, {SIGHUP, take_reload}, {SIGCHLD, take_ends}};

static int open_signals(struct keeper *k)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        sigaddset(&set, signals[i].number);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return k->signal_fd < 0 ? -errno : 0;
}

static void take_signals(struct keeper *k)
{
    struct signalfd_siginfo info;
    while (read(k->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
            if (info.ssi_signo == (uint32_t)signals[i].number)
                signals[i].take(k);
}

/* ---- the settings again, all or nothing */

/* plan_again answers what stands in the way, the caller's to free, or NULL. */
static char *plan_again(const struct keeper *k, struct settings **fresh, struct plan *plan)
{
    char *report = NULL;
    const struct set_config *before = settings_root(k->from->settings);
    if (settings_load(section_config, k->from->file, k->from->flags, k->from->n_flags, fresh, &report) < 0)
        return report;
    const struct set_config *config = settings_root(*fresh);
    if (!bytes_eq(config->data_dir, before->data_dir))
        return xdup("another `data` needs a restart");
    if (config->realms.n == 0)
        return xdup("to be the controller of one realm, instead of a keeper of several, needs a restart");
    struct plan_from from = *k->from;
    from.settings = *fresh;
    plan_make(&from, plan, &report);
    return report;
}

static void reload(struct keeper *k)
{
    struct settings *fresh = NULL;
    struct plan plan = {0};
    k->reload = false;
    ready_reloading();
    _autofree_ char *wrong = plan_again(k, &fresh, &plan);
    if (wrong)
        log_error("config.refused", "nothing was changed: %s", wrong);
    else {
        log_info("config.reloaded", "%zu realms", plan.n);
        shell_log_as_set("heliosd", settings_root(fresh));
        follow(k, &plan);
        write_list(k);
    }
    plan_done(&plan);
    settings_free(fresh);
    ready_say("READY=1");
}

/* ---- the loop */

/* tell_manager: ready once all were, and how many lead. */
static void tell_manager(struct keeper *k)
{
    char status[96];
    unsigned leads = board_count(&k->board, SEAT_LEADS);
    size_t ready = 0;
    for (size_t i = 0; i < k->n; i++) {
        k->children[i]->ready |= board_seat(&k->board, k->children[i]->seat) != SEAT_EMPTY;
        ready += k->children[i]->ready;
    }
    if (!k->ready && ready == k->n) {
        k->ready = true;
        log_info("keeper.ready", "%zu realms run", k->n);
        ready_say("READY=1");
    }
    if (leads == k->leads && k->ready)
        return;
    k->leads = leads;
    snprintf(status, sizeof(status), "STATUS=leads %u of %zu realms, %zu were ready", leads, k->n, ready);
    ready_say(status);
}

static int64_t tick(struct keeper *k)
{
    int64_t now = clock_now(), due = ready_tick(now);
    if (k->reload && !k->stopping)
        reload(k);
    forget_gone(k);
    for (size_t i = 0; i < k->n; i++)
        due = MIN(due, child_tick(k->children[i], &k->board, now));
    tell_manager(k);
    return due;
}

static void loop(struct keeper *k)
{
    struct pollfd fds[] = {{.fd = k->signal_fd, .events = POLLIN}, {.fd = k->board.bell, .events = POLLIN}};
    int64_t due = tick(k);
    while (!k->stopping || k->n) {
        int64_t wait = MIN(MAX(due - clock_now(), 0), 60000);
        if (poll(fds, ARRAY_SIZE(fds), (int)wait) > 0) {
            board_hear(&k->board);
            take_signals(k);
        }
        due = tick(k);
    }
}

static int give_up(const char *what, int error)
{
    log_error("keeper.start", "%s: %s", what, strerror(-error));
    return EX_OSERR;
}

static int keep(struct keeper *k, struct plan *plan)
{
    int r = board_open(&k->board);
    if (r < 0)
        return give_up("the page that children share cannot be made", r);
    r = open_signals(k);
    if (r < 0)
        return give_up("signals cannot be taken", r);
    follow(k, plan);
    write_list(k);
    log_info("keeper.starts", "%zu realms, each below %s", k->n, k->from->data_dir);
    loop(k);
    disk_remove(k->list);
    log_info("keeper.stopped", "good bye");
    return 0;
}

int keeper_run(const struct plan_from *from)
{
    struct keeper k = {.from = from, .signal_fd = -1};
    struct plan plan = {0};
    _autofree_ char *report = NULL;
    if (plan_make(from, &plan, &report) < 0) {
        fputs(report, stderr);
        return EX_CONFIG;
    }
    k.list = disk_path(from->data_dir, "realms.json");
    int code = keep(&k, &plan);
    if (k.signal_fd >= 0)
        close(k.signal_fd);
    board_close(&k.board);
    plan_done(&plan);
    free(k.children);
    free(k.list);
    return code;
}

int keeper_check(const struct plan_from *from, char **ret_report)
{
    struct plan plan = {0};
    int r = plan_make(from, &plan, ret_report);
    plan_done(&plan);
    return r;
}

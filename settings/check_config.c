/* SPDX-License-Identifier: MPL-2.0 */
/* What reads well in a helios.yaml but cannot work, except its KPIs and optimizations
 * (check_kpis.c, check_optimizations.c). */
#include "settings/check_config.h"

#include <sys/stat.h>

#include "common/text.h"

static void check_realm(const struct check *c, const struct set_config *config)
{
    if (!text_is_name(config->realm))
        mistake(
            c->m, place_of_member(c, &config->realm, NULL),
            "realm is no name: 1 to 64 letters, digits and _.:-, the first a letter or a digit");
}

static bool starts_with(struct bytes text, const char *with)
{
    return text.n >= strlen(with) && memcmp(text.at, with, strlen(with)) == 0;
}

static bool is_loopback(struct bytes tcp)
{
    static const char *const loopback[] = {"tcp://127.",
                                           "tcp://localhost:", "tcp://[::1]:", "tcp://lo:"};
    for (size_t i = 0; i < ARRAY_SIZE(loopback); i++)
        if (starts_with(tcp, loopback[i]))
            return true;
    return false;
}

static bool has_port(struct bytes tcp)
{
    const char *colon = strrchr(tcp.at, ':');
    int64_t port = 0;
    if (colon < tcp.at + strlen("tcp://"))
        return false;
    return strcmp(colon, ":*") == 0 ||
           (text_parse_int(bytes_of(colon + 1), &port) == 0 && port > 0 && port < 65536);
}

static void check_endpoint(const struct check *c, const struct bytes *endpoint, const char *key,
                           bool open)
{
    struct place place = place_of_member(c, endpoint, NULL);
    if (starts_with(*endpoint, "ipc://"))
        return;
    if (!starts_with(*endpoint, "tcp://") || !has_port(*endpoint))
        mistake(c->m, place,
                "listen.%s is no endpoint: write tcp://ADDRESS:PORT, PORT from 1 to 65535 or *, or "
                "ipc://PATH",
                key);
    else if (!is_loopback(*endpoint) && !open)
        mistake(c->m, place,
                "listen.%s can be reached by others, and needs keys: name one in security.key "
                "(`helios keys new NAME --role controller`), use a loopback address, or say "
                "`insecure: true` (Z1)",
                key);
}

static void check_listen(const struct check *c, const struct set_config *config)
{
    const struct set_listen *l = &config->listen;
    const struct bytes *const all[] = {&l->agents, &l->control, &l->kpi, &l->events};
    static const char *const keys[] = {"agents", "control", "kpi", "events"};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        check_endpoint(c, all[i], keys[i], config->insecure || config->security.key.n > 0);
        bool chosen = all[i]->n && all[i]->at[all[i]->n - 1] == '*';
        for (size_t j = 0; j < i && !chosen; j++)
            if (bytes_eq(*all[i], *all[j]))
                mistake(c->m, place_of_member(c, all[i], all[j]),
                        "listen.%s is the same endpoint as listen.%s", keys[i], keys[j]);
    }
}

static void check_url(const struct check *c, const struct set_state *state)
{
    struct stat about;
    if (state->password_file.n && stat(state->password_file.at, &about) == 0 && about.st_mode & 077)
        mistake(c->m, place_of_member(c, &state->password_file, NULL),
                "state.password_file can be read by others; make it mode 0600 (Z4)");
    struct place place = place_of_member(c, &state->url, NULL);
    place.width = 0; /* it holds the password */
    if (strchr(state->url.at, '@'))
        mistake(c->m, place,
                "state.url must hold no user and no password; use state.user and "
                "state.password_file (Z4)");
    else if (state->url.n && !starts_with(state->url, "redis://") &&
             !starts_with(state->url, "sentinel://") && !starts_with(state->url, "unix:"))
        mistake(c->m, place_of_member(c, &state->url, NULL),
                "state.url must be redis://HOST:PORT/DB, sentinel://HOST:PORT,HOST:PORT/MASTER or "
                "unix:PATH");
}

static void check_state(const struct check *c, const struct set_config *config)
{
    const struct set_state *state = &config->state;
    check_url(c, state);
    if (state->url.n == 0 && (state->user.n || state->password_file.n))
        mistake(c->m,
                place_of_member(c, state->user.n ? &state->user : &state->password_file, NULL),
                "state.%s is for a Redis of your own, but there is no state.url: the private one "
                "needs none",
                state->user.n ? "user" : "password_file");
}

/* What all attempts and the pauses between them take, in milliseconds (T4, T6). */
static int64_t all_attempts(const struct set_tasks *tasks)
{
    int64_t sum = tasks->max_attempts * tasks->attempt_ms,
            pause = MIN(tasks->backoff_ms, tasks->backoff_cap_ms);
    for (int64_t i = 1; i < tasks->max_attempts; i++) {
        sum += pause;
        pause = MIN(2 * pause, tasks->backoff_cap_ms);
    }
    return sum;
}

static void check_tasks(const struct check *c, const struct set_config *config)
{
    const struct set_tasks *t = &config->tasks;
    if (t->total_ms && all_attempts(t) > t->total_ms)
        mistake(c->m, place_of_member(c, &t->total_ms, NULL),
                "tasks.total is %s, but %lld attempts of %s and the pauses between them take %s: "
                "the last cannot fit (T4)",
                in_words(t->total_ms).at, (long long)t->max_attempts, in_words(t->attempt_ms).at,
                in_words(all_attempts(t)).at);
    if (t->total_ms && t->queue_ms > t->total_ms)
        mistake(c->m, place_of_member(c, &t->queue_ms, &t->total_ms),
                "tasks.queue is %s, longer than tasks.total (%s) (T4)", in_words(t->queue_ms).at,
                in_words(t->total_ms).at);
    if (t->backoff_ms > t->backoff_cap_ms)
        mistake(c->m, place_of_member(c, &t->backoff_ms, &t->backoff_cap_ms),
                "tasks.backoff is %s, longer than tasks.backoff_cap (%s)",
                in_words(t->backoff_ms).at, in_words(t->backoff_cap_ms).at);
    SEQ_EACH (code, const struct bytes, t->no_retry) {
        int64_t number = 0;
        if (text_parse_int(*code, &number) < 0 || number < 1 || number > 255)
            mistake(c->m, place_of_member(c, code, &t->no_retry),
                    "tasks.no_retry: an exit code is a number from 1 to 255");
    }
}

static void check_health(const struct check *c, const struct set_config *config)
{
    const struct set_health *h = &config->health;
    if (h->enter > h->leave)
        mistake(c->m, place_of_member(c, &h->enter, &h->leave),
                "health.enter is %s, over health.leave (%s): what is bad would be good again at "
                "once (H4)",
                in_figures(h->enter).at, in_figures(h->leave).at);
    if (h->flap_low > h->flap_high)
        mistake(c->m, place_of_member(c, &h->flap_low, &h->flap_high),
                "health.flap_low is %s, over health.flap_high (%s): flapping would end where it "
                "begins (H5)",
                in_figures(h->flap_low).at, in_figures(h->flap_high).at);
}

void check_window(const struct check *c, const struct set_config *config, int64_t window_ms,
                  struct place place, const char *path)
{
    int64_t looks = config->verify.looks, least = looks * CHECK_LOOK_MS;
    if (window_ms < least)
        mistake(c->m, place, "%s is %s, too short for %lld looks: %s is the least (X4)", path,
                in_words(window_ms).at, (long long)looks, in_words(least).at);
}

static void check_verify(const struct check *c, const struct set_config *config)
{
    const struct set_verify *v = &config->verify;
    check_window(c, config, v->window_ms, place_of_member(c, &v->window_ms, &v->looks),
                 "verify.window");
    if (config->emergency.settle_ms >= config->emergency.verify_ms)
        mistake(c->m,
                place_of_member(c, &config->emergency.settle_ms, &config->emergency.verify_ms),
                "emergency.settle is %s, not shorter than emergency.verify (%s): no act could be "
                "judged",
                in_words(config->emergency.settle_ms).at, in_words(config->emergency.verify_ms).at);
}

void check_config(const struct settings *s, struct mistakes *m)
{
    const struct set_config *config = s->at;
    struct check c = {s, m};
    check_realm(&c, config);
    check_listen(&c, config);
    check_state(&c, config);
    check_tasks(&c, config);
    check_health(&c, config);
    check_verify(&c, config);
    check_kpis(&c, config);
    check_production(&c, config);
    check_optimizations(&c, config);
    check_schedules(&c, config);
    check_pipelines(&c, config);
    check_quotas(&c, config);
    check_committees(&c, config);
}

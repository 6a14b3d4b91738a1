/* SPDX-License-Identifier: MPL-2.0 */
/* The store's life: one table of states, one pump. Refuses to know what is said to Redis in a
 * state: that is in store_*.c. */
#include "store_inside.h"

#include <stdarg.h>

static void rest(struct store *s)
{
    store_well(s);
}

/* Nothing is on its way any more: the position was read after every answer of before. */
static void go_on(struct store *s)
{
    commits_unsend(s);
    commits_send(s);
    if (store_idle(s))
        store_well(s);
}

static void become_ready(struct store *s)
{
    s->loaded = true;
    store_well(s);
    s->calls->on_ready(s->user);
}

static void wait_backoff(struct store *s)
{
    s->due = s->now + s->backoff_ms;
    s->backoff_ms = MIN(s->backoff_ms * 2, STORE_BACKOFF_CAP);
}

static void lose(struct store *s)
{
    load_free(s);
    wait_backoff(s);
    s->connected = s->drop = false;
    if (s->why[0] == '\0')
        store_hold(s, "the connection to Redis is lost");
}

static void forget_load(struct store *s)
{
    load_free(s);
}

static void connect_anew(struct store *s)
{
    cluster_begin(s);
    link_connect(s);
}

static void connect_there(struct store *s)
{
    s->found = false;
    link_connect(s);
}

/* The other sentinels are asked at once. */
static void ask_another(struct store *s)
{
    int64_t backoff_ms = s->backoff_ms;
    bool more = sentinel_try_next(s);
    lose(s);
    if (!more)
        return;
    s->due = s->now;
    s->backoff_ms = backoff_ms;
}

/* The picture stands in store_inside.h. An event that has no row in a state changes nothing there.
 */
static const struct row {
    enum store_state from;
    enum store_event event;
    enum store_state to;
    void (*verb)(struct store *); /* runs when `to` is entered */
} rows[] = {
    {STORE_DOWN, EV_DUE, STORE_CONNECTING, connect_anew},
    {STORE_DOWN, EV_SEEK, STORE_SEEKING, sentinel_seek},
    {STORE_SEEKING, EV_FOUND, STORE_CONNECTING, connect_there},
    {STORE_SEEKING, EV_LOST, STORE_DOWN, ask_another},
    {STORE_CONNECTING, EV_UP, STORE_SETTING_UP, setup_begin},
    {STORE_CONNECTING, EV_LOST, STORE_DOWN, lose},
    {STORE_SETTING_UP, EV_SET, STORE_POSITION, position_begin},
    {STORE_SETTING_UP, EV_LOST, STORE_DOWN, lose},
    {STORE_POSITION, EV_STAND_BY, STORE_OPEN, rest},
    {STORE_POSITION, EV_LOAD, STORE_LOADING, load_begin},
    {STORE_POSITION, EV_GO_ON, STORE_READY, go_on},
    {STORE_POSITION, EV_MISSING, STORE_SETTING_UP, setup_begin},
    {STORE_POSITION, EV_STEP_DOWN, STORE_OPEN, rest},
    {STORE_POSITION, EV_LOST, STORE_DOWN, lose},
    {STORE_OPEN, EV_LEAD, STORE_POSITION, position_begin},
    {STORE_OPEN, EV_MISSING, STORE_SETTING_UP, setup_begin},
    {STORE_OPEN, EV_LOST, STORE_DOWN, lose},
    {STORE_LOADING, EV_LOADED, STORE_READY, become_ready},
    {STORE_LOADING, EV_STEP_DOWN, STORE_OPEN, forget_load},
    {STORE_LOADING, EV_LOST, STORE_DOWN, lose},
    {STORE_READY, EV_HOLD, STORE_HELD, wait_backoff},
    {STORE_READY, EV_MISSING, STORE_SETTING_UP, setup_begin},
    {STORE_READY, EV_STEP_DOWN, STORE_OPEN, rest},
    {STORE_READY, EV_LOST, STORE_DOWN, lose},
    {STORE_HELD, EV_DUE, STORE_POSITION, position_begin},
    {STORE_HELD, EV_MISSING, STORE_SETTING_UP, setup_begin},
    {STORE_HELD, EV_STEP_DOWN, STORE_OPEN, rest},
    {STORE_HELD, EV_LOST, STORE_DOWN, lose},
};

void store_event(struct store *s, enum store_event event)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].from != s->state || rows[i].event != event)
            continue;
        s->state = rows[i].to;
        rows[i].verb(s);
        return;
    }
}

void store_hold(struct store *s, const char *format, ...)
{
    char before[sizeof(s->why)];
    memcpy(before, s->why, sizeof(before));
    va_list args;
    va_start(args, format);
    vsnprintf(s->why, sizeof(s->why), format, args);
    va_end(args);
    if (strcmp(before, s->why) != 0)
        s->calls->on_held(s->user, s->why);
}

void store_well(struct store *s)
{
    s->backoff_ms = STORE_BACKOFF_MS;
    if (s->why[0] == '\0')
        return;
    s->why[0] = '\0';
    s->calls->on_resumed(s->user);
}

/* The context may be in one of its own callbacks, so it is closed at the end of the pump. */
void store_drop(struct store *s, int64_t pause_ms, const char *why)
{
    s->drop = true;
    s->backoff_ms = MAX(s->backoff_ms, pause_ms);
    store_hold(s, "%s", why);
}

void store_fenced(struct store *s, const char *why)
{
    store_step_down(s);
    s->calls->on_fenced(s->user, why);
}

void store_lead(struct store *s, const char *holder, uint64_t epoch)
{
    commits_drop(s);
    snprintf(s->holder, sizeof(s->holder), "%s", holder);
    s->epoch = epoch;
    s->loaded = false;
    store_event(s, EV_LEAD);
}

void store_step_down(struct store *s)
{
    commits_drop(s);
    s->epoch = 0;
    s->loaded = false;
    store_event(s, EV_STEP_DOWN);
}

static void drop_late(struct store *s)
{
    char why[96];
    snprintf(why, sizeof(why), s->connected ? "%s does not answer" : "%s cannot be reached in time", link_peer(s));
    store_drop(s, 0, why);
}

/* What was received is read before anybody is judged late: the pause may have been our own (L6). */
void store_pump(struct store *s, short revents, int64_t now)
{
    s->now = MAX(s->now, now);
    link_io(s, revents);
    load_pump(s);
    if (s->connected && s->state == STORE_CONNECTING)
        store_event(s, EV_UP);
    if (s->ac && !s->drop && s->now >= link_deadline(s))
        drop_late(s);
    if (s->drop)
        link_close(s);
    if (s->ac == NULL && s->state != STORE_DOWN)
        store_event(s, s->found ? EV_FOUND : EV_LOST);
    if ((s->state == STORE_DOWN || s->state == STORE_HELD) && s->now >= s->due)
        store_event(s, s->state == STORE_DOWN && s->sentinels ? EV_SEEK : EV_DUE);
}

int64_t store_due(const struct store *s)
{
    if (s->drop || (s->ac == NULL && s->state != STORE_DOWN))
        return s->now;
    int64_t due = s->state == STORE_DOWN || s->state == STORE_HELD ? s->due : INT64_MAX;
    return MIN(due, link_deadline(s));
}

int store_fd(const struct store *s)
{
    return s->ac ? s->ac->c.fd : -1;
}

bool store_open(const struct store *s)
{
    return s->state >= STORE_OPEN && !s->drop;
}

const char *store_held(const struct store *s)
{
    return s->why[0] ? s->why : NULL;
}

/* parse_url answers why it is none, or NULL. */
static const char *parse_url(struct store *s, const char *url)
{
    static const char tcp[] = "redis://", local[] = "unix:", sentinel[] = "sentinel://";
    if (strncmp(url, local, strlen(local)) == 0) {
        s->path = xdup(url + strlen(local));
        return s->path[0] ? NULL : "state.url: unix: needs a path";
    }
    if (strchr(url, '@'))
        return "state.url: the password comes from state.password_file, never from the URL (Z4)";
    if (strncmp(url, sentinel, strlen(sentinel)) == 0)
        return sentinel_url(s, url + strlen(sentinel));
    if (strncmp(url, tcp, strlen(tcp)) != 0)
        return "state.url must be redis://HOST:PORT/DB, sentinel://HOST:PORT,HOST:PORT/MASTER or unix:PATH";
    char host[256] = "";
    s->port = 6379;
    if (sscanf(url + strlen(tcp), "%255[^:/]:%d/%d", host, &s->port, &s->db) < 2)
        sscanf(url + strlen(tcp), "%255[^:/]/%d", host, &s->db);
    if (host[0] == '\0' || s->port < 1 || s->port > 65535 || s->db < 0)
        return "state.url must be redis://HOST:PORT/DB";
    s->home = xdup(host);
    s->home_port = s->port;
    return NULL;
}

int store_new(const struct store_config *config, const struct store_calls *calls, void *user,
              struct store **ret, const char **ret_why)
{
    struct store *s = NEW(struct store);
    const struct set_state *state = config->state;
    s->calls = calls;
    s->user = user;
    s->backoff_ms = STORE_BACKOFF_MS;
    commits_init(s);
    *ret_why = parse_url(s, config->url);
    if (*ret_why) {
        store_free(s);
        return -EINVAL;
    }
    s->realm = xdup(config->realm);
    s->acl_user = bytes_dup(state->user);
    s->password_file = bytes_dup(state->password_file);
    s->durability = state->durability;
    s->timeout_ms = state->timeout_ms;
    s->inflight = (size_t)state->inflight;
    s->history = (uint64_t)state->history;
    s->entries = config->entries;
    *ret = s;
    return 0;
}

void store_free(struct store *s)
{
    if (s == NULL)
        return;
    link_close(s);
    load_free(s);
    commits_drop(s);
    items_done(&s->items);
    free(s->realm);
    sentinel_free(s);
    free(s->host);
    free(s->home);
    free(s->moved_host);
    free(s->path);
    free(s->acl_user);
    free(s->password_file);
    free(s);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the tie between libcurl and the loop. Refuses to know what is asked or answered. */
#include "agents/web.h"

/* A socket that libcurl wants watched; made and freed in on_socket. */
struct web_socket {
    struct watch watch;
    struct web *web;
};

/* ---- from libcurl to the loop ---- */

static void end_fetches(struct web *w)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(w->multi, &left))) {
        CURLcode code = m->data.result;
        struct fetch *f;
        if (m->msg != CURLMSG_DONE ||
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&f))
            continue;
        curl_multi_remove_handle(w->multi, f->easy);
        f->under_way = false;
        f->on_end(f, code);
    }
}

static void act(struct web *w, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(w->multi, fd, events, &running);
    end_fetches(w);
}

/* The watch may be gone after act: libcurl says so by on_socket. */
static void on_ready(struct watch *watch, short events)
{
    struct web_socket *s = container_of(watch, struct web_socket, watch);
    act(s->web, watch->fd,
        (events & POLLIN ? CURL_CSELECT_IN : 0) | (events & POLLOUT ? CURL_CSELECT_OUT : 0));
}

static void on_due(struct timer *t)
{
    act(container_of(t, struct web, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *web, void *socket)
{
    struct web *w = web;
    struct web_socket *s = socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            loop_unwatch(w->loop, &s->watch);
        free(s);
        return 0;
    }
    if (s == NULL) {
        s = NEW(struct web_socket);
        s->web = w;
        s->watch = (struct watch){.fd = fd, .ready = on_ready};
        curl_multi_assign(w->multi, fd, s);
    }
    s->watch.events =
        (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    loop_watch(w->loop, &s->watch);
    return 0;
}

static int on_timeout(CURLM *multi, long ms, void *web)
{
    struct web *w = web;
    (void)multi;
    if (ms < 0)
        loop_no_timer(w->loop, &w->timer);
    else
        loop_timer(w->loop, &w->timer, w->loop->now + ms);
    return 0;
}

void web_init(struct web *w, struct loop *loop)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    *w = (struct web){.loop = loop, .multi = curl_multi_init(), .timer = {.due = on_due}};
    curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
    curl_multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(w->multi, CURLMOPT_TIMERDATA, w);
}

void web_done(struct web *w)
{
    if (w->multi == NULL)
        return;
    curl_multi_cleanup(w->multi);
    loop_no_timer(w->loop, &w->timer);
    curl_global_cleanup();
    w->multi = NULL;
}

/* ---- requests ---- */

static size_t on_body(char *data, size_t size, size_t n, void *fetch)
{
    struct fetch *f = fetch;
    size_t room = f->most - f->body.n;
    f->cut = f->cut || size * n > room;
    buf_add(&f->body, data, MIN(size * n, room));
    return size * n;
}

void fetch_init(struct fetch *f, struct web *web, size_t most)
{
    *f = (struct fetch){.web = web, .easy = curl_easy_init(), .most = most};
    curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
    curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(f->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(f->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(f->easy, CURLOPT_USERAGENT, "helios/" HELIOS_VERSION);
    curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->why);
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
}

void fetch_cancel(struct fetch *f)
{
    if (f->under_way)
        curl_multi_remove_handle(f->web->multi, f->easy);
    f->under_way = false;
}

void fetch_done(struct fetch *f)
{
    if (f->easy == NULL)
        return;
    fetch_cancel(f);
    curl_easy_cleanup(f->easy);
    buf_done(&f->body);
    f->easy = NULL;
}

int fetch_start(struct fetch *f, const char *url, int64_t timeout_ms)
{
    assert(!f->under_way);
    buf_clear(&f->body);
    f->cut = false;
    f->why[0] = '\0';
    curl_easy_setopt(f->easy, CURLOPT_URL, url);
    curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    if (curl_multi_add_handle(f->web->multi, f->easy))
        return -EINVAL;
    f->under_way = true;
    return 0;
}

long fetch_status(const struct fetch *f)
{
    long status = 0;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

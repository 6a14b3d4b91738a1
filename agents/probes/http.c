/* SPDX-License-Identifier: MPL-2.0 */
/* Times a GET as a new visitor has it: a fresh connection each time. Owns the meaning of an error:
 * no answer, none in time, or a status of 400 and above counts as the whole timeout, so that a page
 * that fails fast never looks fast. */
#include "agents/agent.h"
#include "agents/probes/probe.h"

enum { REDIRECTS = 5 };

static void say_error(struct probe *p, double percent)
{
    if (p->set->error_kpi.n)
        probe_kpi(p, p->set->error_kpi.at, percent);
}

static void say_failed(struct probe *p, const char *why)
{
    probe_figure(p, "total_ms", (double)p->set->timeout_ms);
    probe_figure(p, "first_byte_ms", (double)p->set->timeout_ms);
    say_error(p, 100);
    probe_end(p, why);
}

static double milliseconds(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;
    curl_easy_getinfo(easy, what, &us);
    return (double)us / 1000;
}

static double bytes_on_the_wire(CURL *easy)
{
    curl_off_t body = 0;
    long head = 0;
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T,
                      &body); /* as it came: before a gzip is undone */
    curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &head);
    return (double)body + (double)head;
}

static void on_end(struct fetch *f, CURLcode code)
{
    struct probe *p = f->owner;
    long status = fetch_status(f);
    char why[32];
    if (status)
        probe_figure(p, "status", (double)status);
    if (code) {
        say_failed(p, *f->why ? f->why : curl_easy_strerror(code));
        return;
    }
    probe_figure(p, "bytes", bytes_on_the_wire(f->easy));
    if (status >= 400) {
        snprintf(why, sizeof(why), "status %ld", status);
        say_failed(p, why);
        return;
    }
    double first = milliseconds(f->easy, CURLINFO_STARTTRANSFER_TIME_T);
    probe_figure(p, "total_ms",
                 p->set->body ? milliseconds(f->easy, CURLINFO_TOTAL_TIME_T) : first);
    probe_figure(p, "first_byte_ms", first);
    say_error(p, 0);
    probe_end(p, NULL);
}

static void start(struct probe *p)
{
    if (fetch_start(p->state, p->set->url.at, 0))
        say_failed(p, "its url is wrong");
}

static void stop(struct probe *p)
{
    fetch_cancel(p->state);
    say_failed(p, "no whole answer within its timeout");
}

static int init(struct probe *p, char **ret_why)
{
    struct fetch *f = NEW(struct fetch);
    (void)ret_why;
    fetch_init(f, &p->agent->web, 0);
    f->owner = p;
    f->on_end = on_end;
    p->state = f;
    curl_easy_setopt(f->easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(f->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(f->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(f->easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(f->easy, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    if (p->set->compressed)
        curl_easy_setopt(f->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    if (p->set->unix_socket.n) {
        _autofree_ char *path = agent_path(p->agent, p->set->unix_socket.at);
        curl_easy_setopt(f->easy, CURLOPT_UNIX_SOCKET_PATH, path);
    }
    return 0;
}

static void free_state(struct probe *p)
{
    fetch_done(p->state);
    free(p->state);
    p->state = NULL;
}

const struct probe_row probe_http = {init, start, stop, free_state, "total_ms"};

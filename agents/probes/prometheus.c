/* SPDX-License-Identifier: MPL-2.0 */
/* Reads /metrics. Owns selectors and rates; a counter that went back (its process was started
 * again) gives no rate. */
#include "agents/probes/prometheus.h"

#include <ctype.h>
#include <math.h>

#include "agents/agent.h"
#include "agents/probes/probe.h"
#include "common/text.h"

enum { TEXT_MAX = 8 * 1024 * 1024, NUMBER_MAX = 64 };

/* ---- the format ---- */

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == ':';
}

static struct bytes trim(struct bytes b)
{
    while (b.n && isspace((unsigned char)b.at[0]))
        b = (struct bytes){b.at + 1, b.n - 1};
    while (b.n && isspace((unsigned char)b.at[b.n - 1]))
        b.n--;
    return b;
}

/* take_name gives the metric's or label's name at the front of *text and moves behind it. */
static struct bytes take_name(struct bytes *text)
{
    struct bytes name = {text->at, 0};
    while (name.n < text->n && name_byte(text->at[name.n]))
        name.n++;
    *text = (struct bytes){text->at + name.n, text->n - name.n};
    return name;
}

/* take_quoted gives what stands between two quotes, escapes as they are, and moves behind the
 * second. */
static bool take_quoted(struct bytes *text, struct bytes *ret)
{
    if (text->n == 0 || text->at[0] != '"')
        return false;
    for (size_t i = 1; i < text->n; i++) {
        if (text->at[i] == '\\') {
            i++;
        } else if (text->at[i] == '"') {
            *ret = (struct bytes){text->at + 1, i - 1};
            *text = (struct bytes){text->at + i + 1, text->n - i - 1};
            return true;
        }
    }
    return false;
}

static bool skip(struct bytes *text, char c)
{
    *text = trim(*text);
    if (text->n == 0 || text->at[0] != c)
        return false;
    *text = trim((struct bytes){text->at + 1, text->n - 1});
    return true;
}

/* take_label takes one name="value" and the comma behind it; else *text stays where it is. */
static bool take_label(struct bytes *text, struct bytes *ret_name, struct bytes *ret_value)
{
    struct bytes rest = trim(*text);
    *ret_name = take_name(&rest);
    if (ret_name->n == 0 || !skip(&rest, '=') || !take_quoted(&rest, ret_value))
        return false;
    skip(&rest, ',');
    *text = rest;
    return true;
}

static bool has_label(struct bytes labels, struct bytes name, struct bytes value)
{
    struct bytes n, v;
    while (take_label(&labels, &n, &v))
        if (bytes_eq(n, name) && bytes_eq(v, value))
            return true;
    return false;
}

static bool has_labels(struct bytes labels, struct bytes wanted)
{
    struct bytes name, value;
    while (take_label(&wanted, &name, &value))
        if (!has_label(labels, name, value))
            return false;
    return true;
}

/* take_labels takes {…} when it stands there; what is inside goes to *ret. */
static bool take_labels(struct bytes *text, struct bytes *ret)
{
    struct bytes name, value;
    *ret = (struct bytes){text->at, 0};
    if (!skip(text, '{'))
        return true;
    const char *start = text->at;
    while (take_label(text, &name, &value))
        ;
    *ret = (struct bytes){start, (size_t)(text->at - start)};
    return skip(text, '}');
}

int selector_parse(struct bytes figure, struct selector *ret)
{
    struct selector s = {0};
    struct bytes text = trim(figure);
    if (text.n > 6 && memcmp(text.at, "rate(", 5) == 0 && text.at[text.n - 1] == ')') {
        s.rate = true;
        text = trim((struct bytes){text.at + 5, text.n - 6});
    }
    s.metric = take_name(&text);
    if (s.metric.n == 0 || !take_labels(&text, &s.labels) || text.n)
        return -EINVAL;
    *ret = s;
    return 0;
}

/* read_series: a line `metric{labels} value [time]`. */
static bool read_series(struct bytes line, const struct selector *s, double *ret)
{
    struct bytes labels;
    if (!bytes_eq(take_name(&line), s->metric) || !take_labels(&line, &labels) ||
        !has_labels(labels, s->labels))
        return false;
    line = trim(line);
    char number[NUMBER_MAX], *end;
    size_t n = 0;
    for (; n < line.n && n < sizeof(number) - 1 && !isspace((unsigned char)line.at[n]); n++)
        number[n] = line.at[n];
    number[n] = '\0';
    *ret = strtod(number, &end);
    return n && *end == '\0';
}

bool selector_sum(const struct selector *s, struct bytes text, double *ret)
{
    bool found = false;
    double sum = 0, value;
    while (text.n) {
        const char *newline = memchr(text.at, '\n', text.n);
        size_t n = newline ? (size_t)(newline - text.at) : text.n;
        struct bytes line = trim((struct bytes){text.at, n});
        n += newline != NULL;
        text = (struct bytes){text.at + n, text.n - n};
        if (line.n == 0 || line.at[0] == '#' || !read_series(line, s, &value))
            continue;
        found = true;
        sum += value;
    }
    if (found && isfinite(sum))
        *ret = sum;
    return found && isfinite(sum);
}

/* ---- the probe ---- */

static void say_rate(struct probe *p, struct wanted *w, double value)
{
    int64_t now = p->agent->loop.now;
    if (isfinite(w->before) && value >= w->before && now > w->before_at)
        probe_kpi(p, w->kpi, (value - w->before) * 1000 / (double)(now - w->before_at));
    w->before = value;
    w->before_at = now;
}

static void say_all(struct probe *p, struct bytes text)
{
    for (size_t i = 0; i < p->n_wanted; i++) {
        struct wanted *w = &p->wanted[i];
        struct selector s;
        double value;
        if (selector_parse(bytes_of(w->figure), &s) || !selector_sum(&s, text, &value))
            continue;
        if (s.rate)
            say_rate(p, w, value);
        else
            probe_kpi(p, w->kpi, value);
    }
}

static void on_end(struct fetch *f, CURLcode code)
{
    struct probe *p = f->owner;
    char why[32];
    if (code == 0 && fetch_status(f) == 200 && !f->cut) {
        say_all(p, buf_bytes(&f->body));
        probe_end(p, NULL);
        return;
    }
    snprintf(why, sizeof(why), f->cut ? "more than 8 MiB" : "status %ld", fetch_status(f));
    probe_end(p, code == 0 ? why : *f->why ? f->why : curl_easy_strerror(code));
}

static void start(struct probe *p)
{
    if (fetch_start(p->state, p->set->url.at, 0))
        probe_end(p, "its url is wrong");
}

static void stop(struct probe *p)
{
    fetch_cancel(p->state);
    probe_end(p, "no answer within its timeout");
}

static int init(struct probe *p, char **ret_why)
{
    struct selector ignored;
    for (size_t i = 0; i < p->n_wanted; i++)
        if (selector_parse(bytes_of(p->wanted[i].figure), &ignored)) {
            struct buf why = {0};
            buf_printf(&why, "probes.%s: %s is not metric{label=\"v\"} or rate(metric)",
                       p->set->name.at, p->wanted[i].figure);
            *ret_why = buf_take(&why);
            return -EINVAL;
        }
    struct fetch *f = NEW(struct fetch);
    fetch_init(f, &p->agent->web, TEXT_MAX);
    f->owner = p;
    f->on_end = on_end;
    p->state = f;
    curl_easy_setopt(f->easy, CURLOPT_NOPROXY, "*");
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

const struct probe_row probe_prometheus = {init, start, stop, free_state, ""};

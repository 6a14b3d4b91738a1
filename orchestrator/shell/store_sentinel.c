/* SPDX-License-Identifier: MPL-2.0 */
/* Where the Redis is that counts: asked of sentinels, one after the other, before each connection; told by a node of a cluster that
 * has not our slot. Owns where the next connection goes. Refuses to know how one is made. */
#include "store_inside.h"

#include "common/text.h"

#define SENTINELS_MAX 16
#define SENTINEL_PORT 26379
#define HOST_MAX 255

struct sentinel {
    char *host; /* owned */
    int port;
};

struct sentinels {
    struct sentinel at[SENTINELS_MAX];
    size_t n, next;    /* next: the one to ask */
    size_t unanswered; /* so many have failed in a row */
    char *master;      /* owned: the name that they know it by */
};

static void go_to(struct store *s, const char *host, int port)
{
    char *copy = xdup(host);
    free(s->host);
    s->host = copy;
    s->port = port;
}

static bool read_port(struct bytes text, int *ret)
{
    int64_t port;
    if (text_parse_int(text, &port) < 0 || port < 1 || port > 65535)
        return false;
    *ret = (int)port;
    return true;
}

/* split_address reads HOST:PORT, or HOST where there is a port to fall back on. */
static bool split_address(struct bytes text, int otherwise, char *host, int *port)
{
    const char *colon = memrchr(text.at, ':', text.n);
    struct bytes name = {text.at, colon ? (size_t)(colon - text.at) : text.n};
    if (name.n == 0 || name.n > HOST_MAX || memchr(name.at, '\0', name.n))
        return false;
    snprintf(host, HOST_MAX + 1, BYTES_F, BYTES_A(name));
    *port = otherwise;
    return colon ? read_port((struct bytes){colon + 1, (size_t)(text.at + text.n - colon - 1)}, port) : otherwise > 0;
}

/* ---- sentinels */

static const char no_url[] = "state.url must be sentinel://HOST:PORT,HOST:PORT/MASTER or …/MASTER/DB";

const char *sentinel_url(struct store *s, const char *url)
{
    struct sentinels *all = s->sentinels = NEW(struct sentinels);
    const char *slash = strchr(url, '/');
    if (slash == NULL)
        return no_url;
    for (const char *at = url; at < slash; at++) {
        char host[HOST_MAX + 1];
        size_t n = MIN(strcspn(at, ","), (size_t)(slash - at));
        int port;
        if (all->n == SENTINELS_MAX)
            return "state.url: too many sentinels";
        if (!split_address((struct bytes){at, n}, SENTINEL_PORT, host, &port))
            return no_url;
        all->at[all->n++] = (struct sentinel){xdup(host), port};
        at += n;
    }
    const char *db = strchr(slash + 1, '/');
    int64_t number = 0;
    all->master = bytes_dup((struct bytes){slash + 1, db ? (size_t)(db - slash - 1) : strlen(slash + 1)});
    if (all->n == 0 || all->master[0] == '\0' || (db && (text_parse_int(bytes_of(db + 1), &number) < 0 || number < 0 || number > 1000)))
        return no_url;
    s->db = (int)number;
    return NULL;
}

void sentinel_free(struct store *s)
{
    if (s->sentinels == NULL)
        return;
    for (size_t i = 0; i < s->sentinels->n; i++)
        free(s->sentinels->at[i].host);
    free(s->sentinels->master);
    free(s->sentinels);
}

static void on_address(struct store *s, redisReply *reply, void *data)
{
    const char *master = s->sentinels->master;
    char host[HOST_MAX + 1];
    int port;
    (void)data;
    if (reply == NULL || s->state != STORE_SEEKING)
        return;
    struct bytes name = reply_bytes(reply_item(reply, 0));
    if (reply->type == REDIS_REPLY_ERROR)
        store_hold(s, "the sentinel %s:%d refuses: %s", s->host, s->port, reply->str);
    else if (reply->type == REDIS_REPLY_NIL)
        store_hold(s, "the sentinel %s:%d knows no master %s", s->host, s->port, master);
    else if (name.n == 0 || name.n > HOST_MAX || !read_port(reply_bytes(reply_item(reply, 1)), &port))
        store_hold(s, "the sentinel %s:%d says no address of %s", s->host, s->port, master);
    else {
        snprintf(host, sizeof(host), BYTES_F, BYTES_A(name));
        s->sentinels->unanswered = 0;
        go_to(s, host, port);
        s->found = true;
    }
    s->drop = true; /* of the sentinel nothing more is wanted */
}

void sentinel_seek(struct store *s)
{
    struct sentinels *all = s->sentinels;
    _cleanup_(args_done) struct args a = {0};
    go_to(s, all->at[all->next].host, all->at[all->next].port);
    link_connect(s);
    args_text(&a, "SENTINEL");
    args_text(&a, "GET-MASTER-ADDR-BY-NAME");
    args_text(&a, all->master);
    link_send(s, on_address, NULL, &a);
}

/* Only when none of them has helped there is a pause. */
bool sentinel_try_next(struct store *s)
{
    struct sentinels *all = s->sentinels;
    all->next = (all->next + 1) % all->n;
    all->unanswered = (all->unanswered + 1) % all->n;
    return all->unanswered != 0;
}

/* ---- a cluster */

/* "MOVED 3999 127.0.0.1:6381": that node has our slot. Whatever goes wrong there, the next connection begins where the URL says. */
void cluster_moved(struct store *s, const char *text)
{
    const char *address = strrchr(text, ' ');
    char host[HOST_MAX + 1];
    int port;
    bool follows = s->home && address && split_address(bytes_of(address + 1), 0, host, &port);
    char why[200];
    snprintf(why, sizeof(why), follows ? "the cluster says where realm %s is: %s" : "name the node in state.url that has realm %s: %s",
             s->realm, text);
    store_drop(s, follows ? 0 : STORE_BACKOFF_LONG, why);
    if (!follows)
        return;
    free(s->moved_host);
    s->moved_host = xdup(host);
    s->moved_port = port;
}

void cluster_begin(struct store *s)
{
    if (s->home == NULL)
        return;
    go_to(s, s->moved_host ? s->moved_host : s->home, s->moved_host ? s->moved_port : s->home_port);
    free(s->moved_host);
    s->moved_host = NULL;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns endpoints and the publishing of samples. */
#include "agents/controller.h"

#include <jansson.h>
#include <sys/stat.h>

#include "agents/agent.h"
#include "common/log.h"
#include "proto/curve.h"
#include "proto/socket.h"

enum { AGENTS_PORT = 7301, KPI_PORT = 7303, LOOK_MS = 500, HWM = 10000 };

/* ---- samples ---- */

static void unpublish(struct controller *c)
{
    socket_close(c->pub);
    c->pub = NULL;
}

int controller_connect(const struct controller *c, void *socket, const char *endpoint)
{
    int error = 0;
    if (c->key[0])
        error = c->agent->key.public[0] ? curve_join(socket, &c->agent->key, c->key) : -ENOKEY;
    return error ? error : socket_connect(socket, endpoint);
}

static void publish_to(struct controller *c)
{
    unpublish(c);
    int error = socket_new(c->agent->zmq, SOCKET_PUB, HWM, &c->pub);
    if (!error)
        error = controller_connect(c, c->pub, c->kpi);
    if (!error)
        return;
    if (error != -ENOKEY) /* the links say that */
        log_error("samples.connect", "cannot publish to %s: %s", c->kpi, strerror(-error));
    unpublish(c);
}

void controllers_publish(struct agent *a, struct bytes body)
{
    for (size_t i = 0; i < a->n_controllers; i++)
        if (a->controllers[i].pub)
            socket_send(a->controllers[i].pub, NULL, NULL,
                        body); /* what is lost shows in the numbers (H1) */
}

/* ---- endpoints ---- */

/* set_endpoints takes both endpoints. Nothing happens when all is the same as before. */
static void set_endpoints(struct controller *c, char *agents, char *kpi, const char *key)
{
    bool same = c->agents && strcmp(c->agents, agents) == 0 && strcmp(c->kpi, kpi) == 0 &&
                strcmp(c->key, key) == 0;
    if (same) {
        free(agents);
        free(kpi);
        return;
    }
    free(c->agents);
    free(c->kpi);
    c->agents = agents;
    c->kpi = kpi;
    snprintf(c->key, sizeof(c->key), "%s", key);
    c->generation++;
    publish_to(c);
}

static void read_endpoints(struct controller *c, const char *file)
{
    json_error_t why;
    const char *agents, *kpi, *key = "";
    json_t *json = json_load_file(file, 0, &why);
    if (json == NULL || json_unpack_ex(json, &why, 0, "{s:s, s:s, s?s}", "agents", &agents, "kpi", &kpi,
                                       "key", &key))
        log_warn("controller.endpoints", "%s cannot be read: %s", file, why.text);
    else
        set_endpoints(c, xdup(agents), xdup(kpi), key);
    json_decref(json);
}

void controller_look(struct controller *c)
{
    int64_t now = c->agent->loop.now;
    struct stat file;
    if (strncmp(c->where, "tcp://", 6) == 0 || now - c->looked < LOOK_MS)
        return;
    c->looked = now;
    char *path = xalloc(strlen(c->where) + sizeof("/endpoints.json"));
    sprintf(path, "%s/endpoints.json", c->where);
    if (stat(path, &file) == 0) {
        int64_t mtime_ns = file.st_mtim.tv_sec * 1000000000LL + file.st_mtim.tv_nsec;
        if (mtime_ns != c->mtime_ns)
            read_endpoints(c, path);
        c->mtime_ns = mtime_ns;
    }
    free(path);
}

static char *endpoint(const char *host, unsigned port)
{
    struct buf text = {0};
    buf_printf(&text, "%s:%u", host, port);
    return buf_take(&text);
}

/* key_of gives the public key that the settings name for the i-th controller: itself or its file. */
static int key_of(const struct agent *a, size_t i, struct key *ret, char **ret_why)
{
    struct seq keys = manifest_config(a->manifest)->security.controllers;
    if (i >= keys.n)
        return 0;
    struct bytes given = ((struct bytes *)keys.at)[i];
    if (key_is_text(given)) {
        memcpy(ret->public, given.at, given.n + 1);
        return 0;
    }
    _autofree_ char *path = agent_path(a, given.at);
    return key_read(path, false, ret, ret_why);
}

static int new_one(struct controller *c, struct agent *a, const char *where, const char *key, char **ret_why)
{
    bool host = strncmp(where, "tcp://", 6) == 0;
    c->agent = a;
    if (host && (strchr(where + 6, ':') || strchr(where + 6, '/') || where[6] == '\0')) {
        struct buf why = {0};
        buf_printf(&why, "controllers: %s must be tcp://HOST without a port, or a data directory",
                   where);
        *ret_why = buf_take(&why);
        return -EINVAL;
    }
    c->where = host ? xdup(where) : agent_path(a, where);
    if (host)
        set_endpoints(c, endpoint(where, AGENTS_PORT), endpoint(where, KPI_PORT), key);
    else
        controller_look(c);
    return 0;
}

int controllers_new(struct agent *a, char **ret_why)
{
    struct seq where = manifest_config(a->manifest)->controllers;
    int error = 0;
    a->controllers = xalloc(where.n * sizeof(*a->controllers));
    SEQ_EACH(one, struct bytes, where)
    {
        struct key key = {0};
        if (!error)
            error = key_of(a, a->n_controllers, &key, ret_why);
        if (!error)
            error = new_one(&a->controllers[a->n_controllers++], a, one->at, key.public, ret_why);
    }
    if (where.n == 0) {
        *ret_why = xdup("controllers: at least one must be named");
        error = -EINVAL;
    }
    return error;
}

void controllers_free(struct agent *a)
{
    for (size_t i = 0; i < a->n_controllers; i++) {
        struct controller *c = &a->controllers[i];
        unpublish(c);
        free(c->where);
        free(c->agents);
        free(c->kpi);
    }
    free(a->controllers);
    a->controllers = NULL;
    a->n_controllers = 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns endpoints as they are known. Refuses to connect to any. */
#include "client/place.h"

#include <jansson.h>

static const char *const names[ENDPOINTS] = {"agents", "control", "kpi", "events"};

static void forget(struct place *p)
{
    for (size_t i = 0; i < ENDPOINTS; i++) {
        free(p->endpoints[i]);
        p->endpoints[i] = NULL;
    }
}

void places_done(struct places *p)
{
    for (size_t i = 0; i < p->n; i++) {
        forget(&p->at[i]);
        free(p->at[i].where);
    }
    *p = (struct places){0};
}

static bool is_host(const struct place *p)
{
    return strncmp(p->where, "tcp://", 6) == 0;
}

static void read_file(struct place *p)
{
    _autofree_ char *file = NULL;
    json_error_t error;
    bool complete = true;
    if (asprintf(&file, "%s/endpoints.json", p->where) < 0)
        abort();
    json_t *all = json_load_file(file, 0, &error);
    const char *key = json_string_value(json_object_get(all, "key"));
    snprintf(p->key, sizeof(p->key), "%s", key ? key : "");
    for (size_t i = 0; i < ENDPOINTS; i++) {
        const char *endpoint = json_string_value(json_object_get(all, names[i]));
        complete &= endpoint != NULL;
        p->endpoints[i] = xdup(endpoint);
    }
    if (!complete)
        forget(p);
    json_decref(all);
}

bool place_look(struct place *p)
{
    if (is_host(p))
        return false; /* its ports are always the same */
    struct place before = *p;
    memset(p->endpoints, 0, sizeof(p->endpoints));
    read_file(p);
    const char *old = before.endpoints[ENDPOINT_control], *now = p->endpoints[ENDPOINT_control];
    bool changed = now && (old == NULL || strcmp(old, now) != 0 || strcmp(before.key, p->key) != 0);
    if (now == NULL) /* it is being started again: what was known may still be true */
        *p = before;
    else
        forget(&before);
    return changed;
}

static void add(struct places *all, struct bytes where)
{
    if (all->n == CLIENT_CONTROLLERS || where.n == 0)
        return;
    struct place *p = &all->at[all->n++];
    p->where = bytes_dup(where);
    if (!is_host(p)) {
        read_file(p);
        return;
    }
    for (size_t i = 0; i < ENDPOINTS; i++)
        if (asprintf(&p->endpoints[i], "%s:%zu", p->where, 7301 + i) < 0)
            abort();
}

void places_add(struct places *all, const char *list)
{
    for (const char *at = list; *at; at += *at == ',') {
        size_t n = strcspn(at, ",");
        add(all, (struct bytes){at, n});
        at += n;
    }
}

const char *places_named(const char *given)
{
    const char *const all[] = {given, getenv("HELIOS_CONTROLLER"), getenv("HELIOS_DATA")};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (all[i])
            return all[i];
    return "./data";
}

/* say_realms: whoever names a keeper's directory means one of its realms. */
static bool say_realms(const char *where, struct buf *why)
{
    enum { SHOWN = 10 };
    _autofree_ char *file = NULL;
    if (asprintf(&file, "%s/realms.json", where) < 0)
        abort();
    json_t *keeper = json_load_file(file, 0, NULL), *realms = json_object_get(keeper, "realms"), *realm;
    size_t i, n = json_array_size(realms);
    if (n) {
        buf_printf(why, "the heliosd of %s keeps %zu realms: ", where, n);
        json_array_foreach (realms, i, realm)
            if (i < SHOWN)
                buf_printf(why, "%s%s", i ? ", " : "", json_string_value(realm));
        buf_printf(why, "%s; name one with --controller %s/%s", n > SHOWN ? ", …" : "", where,
                   json_string_value(json_array_get(realms, 0)));
    }
    json_decref(keeper);
    return n > 0;
}

int places_known(const struct places *all, struct buf *why)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].endpoints[ENDPOINT_control])
            return 0;
    for (size_t i = 0; i < all->n; i++)
        if (!is_host(&all->at[i]) && say_realms(all->at[i].where, why))
            return -ENOENT;
    buf_printf(why,
               "no controller runs with the data directory %s%s (it has no endpoints.json); name one with "
               "--controller DIR, --controller tcp://HOST, or $HELIOS_CONTROLLER",
               all->n ? all->at[0].where : "", all->n > 1 ? " or the others" : "");
    return -ENOENT;
}

static int take_key(struct place *p, struct bytes given, struct buf *why)
{
    struct key key;
    _autofree_ char *wrong = NULL, *path = bytes_dup(given);
    if (key_is_text(given))
        memcpy(key.public, path, given.n + 1);
    else if (key_read(path, false, &key, &wrong) < 0)
        return buf_text(why, wrong), -EINVAL;
    memcpy(p->key, key.public, sizeof(p->key));
    return 0;
}

int places_keys(struct places *all, const char *list, struct buf *why)
{
    int r = 0;
    for (size_t i = 0; list && i < all->n && r == 0 && *list; i++) {
        size_t n = strcspn(list, " ");
        if (n)
            r = take_key(&all->at[i], (struct bytes){list, n}, why);
        list += n + (list[n] == ' ');
    }
    return r;
}

/* SPDX-License-Identifier: MPL-2.0 */
#include "place.h"

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

static void add_list(struct places *all, const char *list)
{
    for (const char *at = list; *at; at += *at == ',') {
        size_t n = strcspn(at, ",");
        add(all, (struct bytes){at, n});
        at += n;
    }
}

static bool any_known(const struct places *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].endpoints[ENDPOINT_control])
            return true;
    return false;
}

int places_of(const char *directory, struct places *ret)
{
    *ret = (struct places){0};
    add(ret, bytes_of(directory));
    if (any_known(ret))
        return 0;
    places_done(ret);
    return -ENOENT;
}

static int take_key(struct place *p, struct bytes given)
{
    struct key key;
    _autofree_ char *why = NULL, *path = bytes_dup(given);
    if (key_is_text(given))
        memcpy(key.public, path, given.n + 1);
    else if (key_read(path, false, &key, &why) < 0)
        return fprintf(stderr, "helios: %s\n", why), -EINVAL;
    memcpy(p->key, key.public, sizeof(p->key));
    return 0;
}

/* take_keys gives the hosts their keys, in order; data directories say theirs themselves. */
static int take_keys(struct places *all, const char *list)
{
    int r = 0;
    for (size_t i = 0; list && i < all->n && r == 0 && *list; i++) {
        size_t n = strcspn(list, " ");
        if (n)
            r = take_key(&all->at[i], (struct bytes){list, n});
        list += n + (list[n] == ' ');
    }
    return r;
}

/* say_realms: whoever names a keeper's directory means one of its realms. */
static bool say_realms(const char *where)
{
    enum { SHOWN = 10 };
    _autofree_ char *file = NULL;
    if (asprintf(&file, "%s/realms.json", where) < 0)
        abort();
    json_t *keeper = json_load_file(file, 0, NULL), *realms = json_object_get(keeper, "realms"), *realm;
    size_t i, n = json_array_size(realms);
    if (n) {
        fprintf(stderr, "helios: the heliosd of %s keeps %zu realms: ", where, n);
        json_array_foreach (realms, i, realm)
            if (i < SHOWN)
                fprintf(stderr, "%s%s", i ? ", " : "", json_string_value(realm));
        fprintf(stderr, "%s; name one with --controller %s/%s\n", n > SHOWN ? ", …" : "", where,
                json_string_value(json_array_get(realms, 0)));
    }
    json_decref(keeper);
    return n > 0;
}

static void say_nobody(const struct places *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (!is_host(&all->at[i]) && say_realms(all->at[i].where))
            return;
    fprintf(stderr,
            "helios: no controller runs with the data directory %s%s (it has no endpoints.json); "
            "name one with --controller DIR, --controller tcp://HOST, or $HELIOS_CONTROLLER\n",
            all->n ? all->at[0].where : "", all->n > 1 ? " or the others" : "");
}

int places_list(const struct args *a, struct places *ret)
{
    *ret = (struct places){0};
    const char *list = getenv("HELIOS_CONTROLLER"), *data = getenv("HELIOS_DATA");
    for (size_t i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i], "controller") == 0)
            add_list(ret, a->values[i]);
    if (ret->n == 0 && list)
        add_list(ret, list);
    if (ret->n == 0)
        add(ret, bytes_of(data ? data : "./data"));
    int r = take_keys(ret, args_value(a, "controller-key", getenv("HELIOS_CONTROLLER_KEY")));
    if (r < 0)
        places_done(ret);
    return r;
}

int places_find(const struct args *a, struct places *ret)
{
    int r = places_list(a, ret);
    if (r < 0 || any_known(ret))
        return r;
    say_nobody(ret);
    places_done(ret);
    return -ENOENT;
}

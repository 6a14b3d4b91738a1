/* SPDX-License-Identifier: MPL-2.0 */
#include "place.h"

#include <jansson.h>

static const char *const names[ENDPOINTS] = {"agents", "control", "kpi", "events"};

void place_done(struct place *p)
{
    for (size_t i = 0; i < ENDPOINTS; i++)
        free(p->endpoints[i]);
    free(p->realm);
    *p = (struct place){0};
}

int place_read(const char *directory, struct place *ret)
{
    _autofree_ char *file = NULL;
    json_error_t error;
    if (asprintf(&file, "%s/endpoints.json", directory) < 0)
        return -ENOMEM;
    json_t *all = json_load_file(file, 0, &error);
    if (all == NULL)
        return -ENOENT;
    struct place p = {.realm = xdup(json_string_value(json_object_get(all, "realm")))};
    bool complete = true;
    for (size_t i = 0; i < ENDPOINTS; i++) {
        const char *endpoint = json_string_value(json_object_get(all, names[i]));
        complete &= endpoint != NULL;
        p.endpoints[i] = xdup(endpoint);
    }
    json_decref(all);
    if (complete)
        *ret = p;
    else
        place_done(&p);
    return complete ? 0 : -ENOENT;
}

static void place_of_host(const char *host, struct place *ret)
{
    *ret = (struct place){.realm = xdup("")};
    for (size_t i = 0; i < ENDPOINTS; i++)
        if (asprintf(&ret->endpoints[i], "%s:%zu", host, 7301 + i) < 0)
            abort();
}

int place_find(const struct args *a, struct place *ret)
{
    const char *where = args_value(a, "controller", getenv("HELIOS_CONTROLLER"));
    if (where == NULL)
        where = getenv("HELIOS_DATA");
    if (where == NULL)
        where = "./data";
    if (strncmp(where, "tcp://", 6) == 0) {
        place_of_host(where, ret);
        return 0;
    }
    if (place_read(where, ret) == 0)
        return 0;
    fprintf(stderr,
            "helios: no controller runs with the data directory %s (it has no endpoints.json); "
            "name one with "
            "--controller DIR, --controller tcp://HOST, or $HELIOS_CONTROLLER\n",
            where);
    return -ENOENT;
}

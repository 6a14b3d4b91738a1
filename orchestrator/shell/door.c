/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the door. Refuses to know what messages say: rights are the core's. */
#include "door.h"

#include <libgen.h>
#include <limits.h>

#include "common/log.h"
#include "disk.h"
#include "proto/curve.h"
#include "proto/rights.h"
#include "shell.h"

/* A path of the settings is relative to their file. */
static char *beside_settings(const struct shell *s, const char *path)
{
    _autofree_ char *file = realpath(s->file, NULL);
    return path[0] == '/' || file == NULL ? xdup(path) : disk_path(dirname(file), path);
}

static char *ring_dir(const struct shell *s)
{
    const char *given = s->config->security.allowed.at;
    return *given ? beside_settings(s, given) : disk_path(s->data_dir, "allowed");
}

int door_make(struct shell *s, char **ret_why)
{
    struct door *d = &s->door;
    if (s->config->security.key.n == 0)
        return 0;
    if (!curve_there()) {
        *ret_why = xdup("this libzmq was built without CURVE: take Debian's, or one that is built "
                        "with libsodium");
        return -ENOTSUP;
    }
    _autofree_ char *path = beside_settings(s, s->config->security.key.at);
    int r = key_read(path, true, &d->key, ret_why);
    if (r < 0)
        return r;
    if (d->key.role != key_role_controller) {
        struct buf why = {0};
        buf_printf(&why, "%s is the key of a%s %s; a heliosd needs one of role controller", path,
                   strchr("aeiou", enum_text(&enum_key_role, (int)d->key.role)[0]) ? "n" : "",
                   enum_text(&enum_key_role, (int)d->key.role));
        *ret_why = buf_take(&why);
        return -EINVAL;
    }
    _autofree_ char *dir = ring_dir(s);
    r = disk_make_dir(dir, 0755);
    keyring_init(&d->ring, dir);
    d->locked = true;
    log_info("door.locked", "keys are asked for; %u are allowed by %s", HASH_COUNT(d->ring.keys),
             dir);
    return r;
}

void door_done(struct door *d)
{
    if (d->locked)
        keyring_done(&d->ring);
    key_forget(&d->key);
    d->locked = false;
}

/* ---- who was let in and is not any more ---- */

/* Its messages are refused from now on. Who listens to events sends none: only closing the socket cuts it off; the others
 * come back, see the gap and ask for a snapshot (W1). */
static void on_gone(void *user, const struct key *key)
{
    struct shell *s = user;
    log_warn("door.revoked", "the key of %s is not allowed any more", key->name);
    helios_revoke(s->core, key->public, key->name);
    if (rights_may(key->role, MSG_event)) {
        bus_cut(&s->bus, ENDPOINT_events);
        s->audience = (struct audience){{0}};
    }
}

static void on_note(void *user, const char *why)
{
    (void)user;
    log_warn("door.key", "%s", why);
}

static const struct keyring_calls calls = {.gone = on_gone, .note = on_note};

/* ---- who knocks ---- */

static bool may_come(struct shell *s, const struct zap_question *q, int64_t now,
                     enum endpoint *ret_endpoint)
{
    const struct key *who = keyring_find_fresh(&s->door.ring, q->public, now, &calls, s);
    for (enum endpoint e = 0; e < ENDPOINTS; e++)
        if (strcmp(q->domain, bus_name(e)) == 0) {
            *ret_endpoint = e;
            return who && rights_connect(who->role, e);
        }
    *ret_endpoint = ENDPOINT_control;
    return false;
}

enum { QUESTIONS_A_TURN = 256 };

static void answer_all(struct shell *s, int64_t now)
{
    struct zap_question q;
    for (int i = 0; i < QUESTIONS_A_TURN && zap_next(s->bus.zap, &q) == 0; i++) {
        enum endpoint e;
        bool welcome = may_come(s, &q, now, &e);
        zap_answer(s->bus.zap, &q, welcome ? q.public : NULL);
        if (!welcome)
            helios_refused(s->core, e, "this key is not allowed here");
    }
}

int64_t door_tick(struct shell *s, int64_t now)
{
    if (!s->door.locked)
        return INT64_MAX;
    keyring_look(&s->door.ring, now, &calls, s);
    answer_all(s, now);
    return MIN(s->door.ring.next, bus_mend(&s->bus, now));
}

bool door_who(const struct shell *s, const char *user, const struct key **ret_who)
{
    *ret_who = s->door.locked ? keyring_find(&s->door.ring, user) : NULL;
    return *ret_who || !s->door.locked;
}

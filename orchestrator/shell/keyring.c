/* SPDX-License-Identifier: MPL-2.0 */
/* Owns who is let in. Refuses to know what they may do then: that is proto/rights.def. */
#include "keyring.h"

#include <dirent.h>
#include <sys/stat.h>

#include "common/text.h"
#include "disk.h"

static void drop_all(struct allowed *keys)
{
    struct allowed *a, *next;
    HASH_ITER (hh, keys, a, next) {
        HASH_DEL(keys, a);
        free(a);
    }
}

static uint64_t mix(uint64_t digest, const void *data, size_t n)
{
    const unsigned char *at = data;
    for (size_t i = 0; i < n; i++)
        digest = (digest ^ at[i]) * 0x100000001b3u;
    return digest;
}

static void see(uint64_t *digest, const char *name, const char *path)
{
    struct stat file = {0};
    uint64_t one = 0xcbf29ce484222325u;
    if (stat(path, &file))
        return;
    one = mix(one, name, strlen(name));
    one = mix(one, &file.st_mtim, sizeof(file.st_mtim));
    one = mix(one, &file.st_size, sizeof(file.st_size));
    one = mix(one, &file.st_ino, sizeof(file.st_ino));
    *digest += one; /* whatever order the directory has */
}

/* each_file calls see or read for every *.pub; the directory may be gone: then nobody is allowed. */
static void each_file(const struct keyring *k, void *user,
                      void (*each)(void *user, const char *name, const char *path))
{
    DIR *dir = opendir(k->dir);
    size_t n = 0;
    for (struct dirent *e; dir && n < KEYRING_MAX && (e = readdir(dir));) {
        if (!text_match("*.pub", bytes_of(e->d_name)))
            continue;
        _autofree_ char *path = disk_path(k->dir, e->d_name);
        each(user, e->d_name, path);
        n++;
    }
    if (dir)
        closedir(dir);
}

static void see_file(void *user, const char *name, const char *path)
{
    see(user, name, path);
}

struct reading {
    struct allowed *keys;
    const struct keyring_calls *calls;
    void *user;
};

static void read_file(void *user, const char *name, const char *path)
{
    struct reading *r = user;
    struct allowed *a = NEW(struct allowed), *same;
    _autofree_ char *why = NULL;
    (void)name;
    int error = key_read(path, false, &a->key, &why);
    if (error == 0 && a->key.secret[0]) {
        struct buf text = {0};
        buf_printf(&text, "%s holds a secret and is not let in: `helios keys allow` takes only the public half", path);
        why = buf_take(&text);
    } else if (error == 0) {
        HASH_FIND_STR(r->keys, a->key.public, same);
        if (same == NULL) {
            HASH_ADD_STR(r->keys, key.public, a);
            return;
        }
        why = xdup("two files have the same public key; the first one read counts");
    }
    key_forget(&a->key);
    free(a);
    if (r->calls)
        r->calls->note(r->user, why);
}

static bool same_rights(const struct key *a, const struct key *b)
{
    return a->role == b->role && strcmp(a->name, b->name) == 0 && strcmp(a->agents, b->agents) == 0;
}

static void read_all(struct keyring *k, const struct keyring_calls *calls, void *user)
{
    struct reading r = {NULL, calls, user};
    struct allowed *old = k->keys, *a, *next;
    each_file(k, &r, read_file);
    k->keys = r.keys;
    HASH_ITER (hh, old, a, next) {
        const struct key *now = keyring_find(k, a->key.public);
        if (calls && (now == NULL || !same_rights(now, &a->key)))
            calls->gone(user, &a->key);
    }
    drop_all(old);
}

static struct timespec dir_time(const struct keyring *k)
{
    struct stat dir = {0};
    (void)stat(k->dir, &dir);
    return dir.st_mtim;
}

static bool changed(struct keyring *k)
{
    uint64_t seen = 1;
    k->dir_seen = dir_time(k); /* before: what comes while we look is looked at again */
    each_file(k, &seen, see_file);
    bool differs = seen != k->seen;
    k->seen = seen;
    return differs;
}

void keyring_init(struct keyring *k, const char *dir)
{
    *k = (struct keyring){.dir = xdup(dir)};
    changed(k);
    read_all(k, NULL, NULL);
}

void keyring_done(struct keyring *k)
{
    drop_all(k->keys);
    free(k->dir);
    *k = (struct keyring){0};
}

void keyring_look(struct keyring *k, int64_t now, const struct keyring_calls *calls, void *user)
{
    if (now < k->next)
        return;
    k->next = now + KEYRING_LOOK_MS;
    if (changed(k))
        read_all(k, calls, user);
}

const struct key *keyring_find_fresh(struct keyring *k, const char *public, int64_t now,
                                     const struct keyring_calls *calls, void *user)
{
    const struct key *found = keyring_find(k, public);
    struct timespec then = k->dir_seen, is = dir_time(k);
    if (found || (is.tv_sec == then.tv_sec && is.tv_nsec == then.tv_nsec))
        return found;
    k->next = now;
    keyring_look(k, now, calls, user);
    return keyring_find(k, public);
}

const struct key *keyring_find(const struct keyring *k, const char *public)
{
    struct allowed *a;
    HASH_FIND_STR(k->keys, public, a);
    return a ? &a->key : NULL;
}

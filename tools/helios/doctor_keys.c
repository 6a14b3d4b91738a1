/* SPDX-License-Identifier: MPL-2.0 */
/* Secrets as `helios doctor` sees them: modes, owners, pairs that belong together. Never says what is in them (Z4). */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/text.h"
#include "doctor.h"
#include "files.h"
#include "proto/curve.h"

void look_curve(struct exam *e, struct finding *f)
{
    bool asked = e->config && e->config->security.key.n;
    if (curve_there())
        found(f, GRADE_OK, NULL, "libzmq knows CURVE");
    else
        found(f, asked ? GRADE_FAIL : GRADE_WARN,
              "take Debian's libzmq, or one that is built with libsodium",
              "libzmq was built without CURVE: no keys");
}

/* The public half follows from the secret one; a file that was edited or mixed up is seen here. */
static bool is_pair(const struct key *k)
{
    char public[KEY_TEXT];
    return zmq_curve_public(public, k->secret) != 0 || strcmp(public, k->public) == 0;
}

/* Who reads it must own it: root could, but the daemon is not root. */
static void judge_owner(const struct exam *e, struct finding *f, const char *path)
{
    struct stat file, data;
    if (stat(path, &file) == 0 && e->data && stat(e->data, &data) == 0 &&
        file.st_uid != data.st_uid)
        found(f, GRADE_WARN, "chown it to the user of heliosd",
              "%s belongs to uid %u, the data directory to uid %u", path, (unsigned)file.st_uid,
              (unsigned)data.st_uid);
}

static void judge_key(struct finding *f, const char *path, int role, struct key *k)
{
    _autofree_ char *why = NULL;
    if (key_read(path, true, k, &why) < 0)
        found(f, GRADE_FAIL,
              "a key file is the NAME.key of `helios keys new`, of mode 0600, owned by who uses it",
              "%s", why);
    else if (!is_pair(k))
        found(f, GRADE_FAIL,
              "take the whole file from where it was made, or make a new pair: `helios keys new`",
              "%s: its public key does not belong to its secret one", path);
    else if (role >= 0 && (int)k->role != role)
        found(f, GRADE_FAIL,
              "name a key that was made with this role: `helios keys new NAME --role ROLE`",
              "%s is a key of role %s; one of role %s is needed", path,
              enum_text(&enum_key_role, (int)k->role), enum_text(&enum_key_role, role));
    else
        found(f, GRADE_OK, NULL, "%s: %s, role %s, a good pair", path, k->name,
              enum_text(&enum_key_role, (int)k->role));
}

void look_key(struct exam *e, struct finding *f)
{
    struct key k = {0};
    _autofree_ char *path = exam_beside(e->config_file, e->config->security.key.at);
    judge_owner(e, f, path);
    judge_key(f, path, key_role_controller, &k);
    key_forget(&k);
}

void look_agent_key(struct exam *e, struct finding *f)
{
    struct key k = {0};
    _autofree_ char *path = exam_beside(e->agent_file, e->agent->security.key.at);
    judge_key(f, path, key_role_agent, &k);
    SEQ_EACH (member, const struct set_member, e->agent->members)
        if (k.name[0] && member->count == 1 && !key_may_be(&k, member->name))
            found(f, GRADE_FAIL, "make the key with --agents \"NAME NAME-*\", or rename the agent",
                  "the key of %s may not be the agent %s", k.name, member->name.at);
    key_forget(&k);
}

void look_identity(struct exam *e, struct finding *f)
{
    struct key k = {0};
    judge_key(f, exam_identity(e), -1, &k);
    e->identity_reads = f->grade != GRADE_FAIL;
    key_forget(&k);
}

/* ---- who is let in */

static unsigned count_keys(const char *dir, DIR *d, struct finding *f)
{
    unsigned n = 0;
    for (struct dirent *entry; (entry = readdir(d));) {
        struct key k;
        _autofree_ char *path = file_join(dir, entry->d_name, ""), *why = NULL;
        if (!text_match("*.pub", bytes_of(entry->d_name)))
            continue;
        if (key_read(path, false, &k, &why) < 0)
            found(f, GRADE_WARN, "take it out, or put the NAME.pub of `helios keys new` there",
                  "%s", why);
        else
            n++;
    }
    return n;
}

void look_allowed(struct exam *e, struct finding *f)
{
    const char *given = e->config->security.allowed.at;
    _autofree_ char *dir =
        *given ? exam_beside(e->config_file, given) : file_join(e->data, "allowed", "");
    struct stat about;
    DIR *d = opendir(dir);
    if (d == NULL) {
        found(f, GRADE_WARN, "helios keys allow NAME.pub --allowed DIR", "%s: %s: nobody is let in",
              dir, strerror(errno));
        return;
    }
    if (fstat(dirfd(d), &about) == 0 && (about.st_mode & S_IWOTH))
        found(f, GRADE_FAIL, "chmod o-w it: who writes there lets in whom he likes",
              "%s can be written by everybody (mode %03o)", dir, about.st_mode & 0777);
    unsigned n = count_keys(dir, d, f);
    closedir(d);
    if (n == 0)
        found(f, GRADE_WARN, "helios keys allow NAME.pub --allowed DIR",
              "%s holds no key: nobody is let in", dir);
    else
        found(f, GRADE_OK, NULL, "%u keys are let in by %s", n, dir);
}

/* ---- the password for Redis */

void look_password(struct exam *e, struct finding *f)
{
    const char *path = e->config->state.password_file.at;
    struct stat about;
    if (stat(path, &about) < 0 || access(path, R_OK) < 0)
        found(f, GRADE_FAIL,
              "make it readable for the user of heliosd; a path that is relative is so to where "
              "heliosd starts",
              "%s: %s", path, strerror(errno));
    else if (about.st_mode & 077)
        found(f, GRADE_FAIL, "chmod 600 it (Z4)", "%s is readable by others (mode %03o)", path,
              about.st_mode & 0777);
    else if (about.st_size == 0)
        found(f, GRADE_FAIL, "write the password of state.user into it, in one line", "%s is empty",
              path);
    else
        judge_owner(e, f, path);
    found(f, GRADE_OK, NULL, "%s: mode %03o", path, about.st_mode & 0777);
}

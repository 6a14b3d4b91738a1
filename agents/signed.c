/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the memory of nonces and the judgement of signed tasks. Refuses whatever it cannot remember.
 * A nonce belongs to the first task that came with it: attempts of that task go on rising, and
 * every other task is a replay. */
#include "agents/signed.h"

#include <dirent.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/text.h"
#include "proto/guard.h"
#include "proto/pack.h"
#include "proto/read.h"

enum { REWRITE_BYTES = 4 * 1024 * 1024 };

struct signed_row {
    UT_hash_handle hh;
    unsigned char nonce[NONCE_BYTES];
    char *task; /* owned */
    uint64_t attempt;
    int64_t expires;
    bool completed;
};

void signed_init(struct signed_guard *g)
{
    *g = (struct signed_guard){.realm = ""};
    journal_init(&g->journal);
}

/* ---- who may sign ---- */

static int fail(char **ret_why, int error, const char *path, const char *what)
{
    struct buf why = {0};
    buf_printf(&why, "security.signers: %s %s", path, what);
    *ret_why = buf_take(&why);
    return error;
}

static int trust_file(struct signed_guard *g, const char *path, char **ret_why)
{
    struct key k;
    int error = key_read(path, false, &k, ret_why);
    if (error)
        return error;
    if (k.role != key_role_signer)
        error = fail(ret_why, -EINVAL, path, "is no key of a signer: helios signer new NAME");
    else if (k.secret[0])
        error = fail(ret_why, -EINVAL, path,
                     "holds the secret; an agent needs NAME.signer.pub alone");
    if (error == 0) {
        g->signers = xrealloc(g->signers, (g->n_signers + 1) * sizeof(k));
        g->signers[g->n_signers++] = k;
    }
    key_forget(&k);
    return error;
}

int signed_trust(struct signed_guard *g, const char *path, char **ret_why)
{
    struct stat file;
    if (stat(path, &file))
        return fail(ret_why, -errno, path, strerror(errno));
    if (!S_ISDIR(file.st_mode))
        return trust_file(g, path, ret_why);
    DIR *dir = opendir(path);
    int error = dir ? 0 : fail(ret_why, -errno, path, strerror(errno));
    for (struct dirent *e; error == 0 && (e = readdir(dir));) {
        _cleanup_(buf_done) struct buf one = {0};
        buf_printf(&one, "%s/%s", path, e->d_name);
        if (text_match("*.signer.pub", bytes_of(e->d_name)))
            error = trust_file(g, buf_str(&one), ret_why);
    }
    if (dir)
        closedir(dir);
    return error;
}

/* ---- what is remembered ---- */

static struct signed_row *find(const struct signed_guard *g, const unsigned char *nonce)
{
    struct signed_row *row;
    HASH_FIND(hh, g->rows, nonce, NONCE_BYTES, row);
    return row;
}

static void forget(struct signed_guard *g, struct signed_row *row)
{
    HASH_DEL(g->rows, row);
    free(row->task);
    free(row);
}

static struct signed_row *keep(struct signed_guard *g, const unsigned char *nonce,
                               struct bytes task, int64_t expires)
{
    struct signed_row *row = find(g, nonce);
    if (row)
        return row;
    row = NEW(struct signed_row);
    memcpy(row->nonce, nonce, NONCE_BYTES);
    row->task = bytes_dup(task);
    row->expires = expires;
    HASH_ADD(hh, g->rows, nonce, NONCE_BYTES, row);
    return row;
}

static void drop_expired(struct signed_guard *g, int64_t wall)
{
    struct signed_row *row, *next;
    HASH_ITER (hh, g->rows, row, next) {
        if (row->expires >= wall - SIGNED_TOLERANCE_MS)
            continue;
        g->floor = MAX(g->floor, row->expires);
        forget(g, row);
    }
}

static int write_row(struct journal *j, const struct signed_row *row)
{
    _cleanup_(buf_done) struct buf record = {0};
    struct pack p;
    pack_init(&p, &record);
    pack_map(&p);
    pack_key(&p, "nonce");
    pack_bin(&p, (struct bytes){(const char *)row->nonce, NONCE_BYTES});
    pack_put_text(&p, "task", row->task);
    pack_put_int(&p, "attempt", (int64_t)row->attempt);
    pack_put_int(&p, "expires", row->expires);
    pack_put_bool(&p, "completed", row->completed);
    pack_end(&p);
    return journal_add(j, buf_bytes(&record));
}

static int write_all(void *guard, struct journal *fresh)
{
    struct signed_guard *g = guard;
    _cleanup_(buf_done) struct buf record = {0};
    struct pack p;
    pack_init(&p, &record);
    pack_map(&p);
    pack_put_int(&p, "floor", g->floor);
    pack_end(&p);
    int error = journal_add(fresh, buf_bytes(&record));
    for (struct signed_row *row = g->rows; row && !error; row = row->hh.next)
        error = write_row(fresh, row);
    return error;
}

static void read_record(void *guard, struct bytes record)
{
    struct signed_guard *g = guard;
    if (guard_check(record))
        return;
    g->floor = MAX(g->floor, map_int(record, "floor", 0));
    struct value nonce = map_get(record, "nonce");
    if (nonce.type != VALUE_BIN || nonce.text.n != NONCE_BYTES)
        return;
    struct signed_row *row = keep(g, (const unsigned char *)nonce.text.at,
                                  map_str(record, "task", ""), map_int(record, "expires", 0));
    row->attempt = MAX(row->attempt, (uint64_t)map_int(record, "attempt", 0));
    row->completed = row->completed || map_bool(record, "completed", false);
}

int signed_open(struct signed_guard *g, const char *path)
{
    return journal_open(&g->journal, path, read_record, g);
}

void signed_done(struct signed_guard *g)
{
    struct signed_row *row, *next;
    HASH_ITER (hh, g->rows, row, next)
        forget(g, row);
    free(g->signers);
    journal_close(&g->journal);
    signed_init(g);
}

/* remember is durable when it answers 0. */
static int remember(struct signed_guard *g, const struct signed_row *row)
{
    int error = write_row(&g->journal, row);
    if (!error && g->journal.size >= REWRITE_BYTES)
        error = journal_rewrite(&g->journal, write_all, g);
    return error ? error : journal_sync(&g->journal);
}

/* ---- the judgement ---- */

static bool no(struct buf *why, const char *sentence)
{
    buf_text(why, sentence);
    return false;
}

static bool made_by_signer(struct signed_guard *g, const struct signed_ask *ask,
                           struct statement *ret, struct buf *why)
{
    const struct key *signer;
    if (ask->signature.n == 0)
        return no(why, "not signed by an allowed signer: it carries no signature");
    int error = signature_open(ask->signature, ask->params, g->signers, g->n_signers, ret, &signer);
    if (error == -ENOKEY)
        return no(why, "not signed by an allowed signer: security.signers does not name this one");
    if (error == -EKEYREJECTED)
        return no(why,
                  "not signed by an allowed signer: the signature was made for something else");
    return error ? no(why, "not signed by an allowed signer: the signature cannot be read") : true;
}

static bool means_this(const struct signed_guard *g, const struct signed_ask *ask,
                       const struct statement *s, struct buf *why)
{
    const struct {
        struct bytes is, must_be;
        bool any; /* empty = any */
        const char *wrong;
    } cases[] = {
        {ask->action, s->action, false, "it was signed for another action"},
        {bytes_of(g->realm), s->realm, false, "it was signed for another realm (security.realm)"},
        {ask->agent, s->agent, true, "it was signed for another agent"},
        {ask->swarm, s->swarm, true, "it was signed for another swarm"},
        {ask->role, s->role, true, "it was signed for another role"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (!(cases[i].any && cases[i].must_be.n == 0) && !bytes_eq(cases[i].is, cases[i].must_be))
            return no(why, cases[i].wrong);
    return true;
}

/* in_time: what has just been forgotten must not come in again when the clock is set back. */
static bool in_time(const struct signed_guard *g, const struct statement *s, int64_t wall,
                    struct buf *why)
{
    if (s->expires < wall - SIGNED_TOLERANCE_MS) {
        buf_text(why, "its signature expired ");
        text_duration(why, wall - s->expires);
        buf_text(why, " ago");
        return false;
    }
    if (s->expires <= g->floor && find(g, s->nonce) == NULL)
        return no(why, "its signature is older than others that were forgotten: the clock was set "
                       "back");
    return true;
}

static bool not_run_before(struct signed_guard *g, const struct signed_ask *ask,
                           const struct statement *s, int64_t wall, struct buf *why)
{
    const struct signed_row *row = find(g, s->nonce);
    if (row && strcmp(row->task, ask->task) != 0) {
        buf_printf(why, "its signature was used for another task: %s", row->task);
        return false;
    }
    if (row && row->completed)
        return no(why, "this signed task has completed here already");
    if (row && ask->attempt <= row->attempt)
        return no(why, "this attempt of the signed task was started here already");
    if (row == NULL && HASH_COUNT(g->rows) >= SIGNED_MOST)
        drop_expired(g, wall);
    if (row == NULL && HASH_COUNT(g->rows) >= SIGNED_MOST)
        return no(why, "as many signed tasks as can be remembered have not expired yet");
    return true;
}

bool signed_admit(struct signed_guard *g, const struct signed_ask *ask, int64_t wall,
                  unsigned char ret_nonce[NONCE_BYTES], struct buf *why)
{
    struct statement s;
    if (!made_by_signer(g, ask, &s, why) || !means_this(g, ask, &s, why) ||
        !in_time(g, &s, wall, why) || !not_run_before(g, ask, &s, wall, why))
        return false;
    struct signed_row *row = keep(g, s.nonce, bytes_of(ask->task), s.expires);
    row->attempt = ask->attempt;
    int error = remember(g, row);
    if (error) {
        log_error("signed.disk", "%s: %s", g->journal.path, strerror(-error));
        return no(why, "it cannot be remembered on disk, so that it would not be known again");
    }
    memcpy(ret_nonce, s.nonce, NONCE_BYTES);
    return true;
}

void signed_completed(struct signed_guard *g, const unsigned char nonce[NONCE_BYTES])
{
    struct signed_row *row = find(g, nonce);
    if (row == NULL)
        return;
    row->completed = true;
    int error = remember(g, row);
    if (error)
        log_error("signed.disk", "%s: %s", g->journal.path, strerror(-error));
}

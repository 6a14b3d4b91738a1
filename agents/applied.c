/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the journal of applied changes. Refuses to know how they are made. */
#include "agents/applied.h"

#include "proto/guard.h"
#include "proto/pack.h"
#include "proto/read.h"

enum { REWRITE_BYTES = 4 * 1024 * 1024 }; /* a longer file is written anew at the start */

struct applied_row {
    UT_hash_handle hh;
    char *key;
    char *answer;
    size_t n;
};

void applied_init(struct applied *a)
{
    *a = (struct applied){0};
    journal_init(&a->journal);
}

static struct applied_row *find(const struct applied *a, const char *key)
{
    struct applied_row *row;
    HASH_FIND_STR(a->rows, key, row);
    return row;
}

static void forget(struct applied *a, struct applied_row *row)
{
    if (row == NULL)
        return;
    HASH_DEL(a->rows, row);
    free(row->key);
    free(row->answer);
    free(row);
}

static void keep(struct applied *a, const char *key, struct bytes answer)
{
    struct applied_row *row = NEW(struct applied_row);
    forget(a, find(a, key));
    row->key = xdup(key);
    row->answer = bytes_dup(answer);
    row->n = answer.n;
    HASH_ADD_KEYPTR(hh, a->rows, row->key, strlen(row->key), row);
    if (HASH_COUNT(a->rows) > APPLIED_KEPT)
        forget(a, a->rows); /* the head is the oldest */
}

/* A record is {key, answer}; one without an answer says that the key was rolled back. */
static int write_record(struct journal *j, const char *key, struct bytes answer)
{
    _cleanup_(buf_done) struct buf record = {0};
    struct pack p;
    pack_init(&p, &record);
    pack_map(&p);
    pack_put_text(&p, "key", key);
    if (answer.n)
        pack_put_raw(&p, "answer", answer);
    pack_end(&p);
    return journal_add(j, buf_bytes(&record));
}

static void read_record(void *applied, struct bytes record)
{
    struct applied *a = applied;
    if (guard_check(record))
        return;
    _autofree_ char *key = bytes_dup(map_str(record, "key", ""));
    struct value answer = map_get(record, "answer");
    if (answer.type == VALUE_MAP)
        keep(a, key, answer.whole);
    else
        forget(a, find(a, key));
}

static int write_all(void *applied, struct journal *fresh)
{
    struct applied *a = applied;
    int error = 0;
    for (struct applied_row *row = a->rows; row && !error; row = row->hh.next)
        error = write_record(fresh, row->key, (struct bytes){row->answer, row->n});
    return error;
}

int applied_open(struct applied *a, const char *path)
{
    int error = path ? journal_open(&a->journal, path, read_record, a) : 0;
    if (error || a->journal.size < REWRITE_BYTES)
        return error;
    return journal_rewrite(&a->journal, write_all, a);
}

void applied_done(struct applied *a)
{
    while (a->rows)
        forget(a, a->rows);
    journal_close(&a->journal);
}

struct bytes applied_find(const struct applied *a, const char *key)
{
    const struct applied_row *row = find(a, key);
    return row ? (struct bytes){row->answer, row->n} : (struct bytes){0};
}

int applied_add(struct applied *a, const char *key, struct bytes answer)
{
    if (*key == '\0')
        return 0;
    keep(a, key, answer);
    int error = write_record(&a->journal, key, answer);
    return error ? error : journal_sync(&a->journal);
}

void applied_drop(struct applied *a, const char *key)
{
    struct applied_row *row = find(a, key);
    if (row == NULL)
        return;
    forget(a, row);
    if (write_record(&a->journal, key, (struct bytes){0}) == 0)
        journal_sync(&a->journal);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the file's format: 4 bytes length, 4 bytes FNV-1a of the record, both little-endian, then
 * the record. */
#include "agents/journal.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct head {
    uint32_t n, sum; /* little-endian */
};

static uint32_t sum_of(struct bytes b)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < b.n; i++)
        sum = (sum ^ (unsigned char)b.at[i]) * 16777619u;
    return sum;
}

void journal_init(struct journal *j)
{
    *j = (struct journal){.fd = -1};
}

/* read_record: false at the end or where the rest is torn. */
static bool read_record(struct journal *j, struct bytes *ret)
{
    static char record[JOURNAL_RECORD_MAX];
    struct head head;
    if (pread(j->fd, &head, sizeof(head), j->size) != (ssize_t)sizeof(head))
        return false;
    size_t n = le32toh(head.n);
    if (n > sizeof(record) ||
        pread(j->fd, record, n, j->size + (int64_t)sizeof(head)) != (ssize_t)n)
        return false;
    *ret = (struct bytes){record, n};
    return sum_of(*ret) == le32toh(head.sum);
}

int journal_open(struct journal *j, const char *path,
                 void (*each)(void *owner, struct bytes record), void *owner)
{
    struct bytes record;
    *j = (struct journal){.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), .path = xdup(path)};
    int error = j->fd < 0 ? -errno : flock(j->fd, LOCK_EX | LOCK_NB) ? -EBUSY : 0;
    if (error) {
        journal_close(j);
        return error;
    }
    while (read_record(j, &record)) {
        each(owner, record);
        j->size += (int64_t)(sizeof(struct head) + record.n);
    }
    return ftruncate(j->fd, j->size) ? -errno : 0;
}

int journal_add(struct journal *j, struct bytes record)
{
    struct head head = {htole32((uint32_t)record.n), htole32(sum_of(record))};
    if (j->fd < 0)
        return 0;
    if (record.n > JOURNAL_RECORD_MAX)
        return -EMSGSIZE;
    if (pwrite(j->fd, &head, sizeof(head), j->size) != (ssize_t)sizeof(head) ||
        pwrite(j->fd, record.at, record.n, j->size + (int64_t)sizeof(head)) != (ssize_t)record.n)
        return errno ? -errno : -ENOSPC;
    j->size += (int64_t)(sizeof(head) + record.n);
    j->unsynced = true;
    return 0;
}

int journal_sync(struct journal *j)
{
    if (j->fd < 0 || !j->unsynced)
        return 0;
    j->unsynced = false;
    return fdatasync(j->fd) ? -errno : 0;
}

int journal_clear(struct journal *j)
{
    if (j->fd < 0 || j->size == 0)
        return 0;
    j->size = 0;
    j->unsynced = true;
    return ftruncate(j->fd, 0) ? -errno : 0;
}

static int open_fresh(struct journal *fresh, const char *path)
{
    size_t n = strlen(path) + sizeof(".new");
    *fresh = (struct journal){.path = xalloc(n)};
    snprintf(fresh->path, n, "%s.new", path);
    fresh->fd = open(fresh->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fresh->fd < 0 ? -errno : flock(fresh->fd, LOCK_EX | LOCK_NB) ? -EBUSY : 0;
}

int journal_rewrite(struct journal *j, int (*fill)(void *owner, struct journal *fresh), void *owner)
{
    struct journal fresh;
    if (j->fd < 0)
        return 0;
    int error = open_fresh(&fresh, j->path);
    if (!error)
        error = fill(owner, &fresh);
    if (!error)
        error = journal_sync(&fresh);
    if (!error && rename(fresh.path, j->path))
        error = -errno;
    if (!error) { /* j takes the new file and keeps its name; what is closed below is the old one */
        struct journal old = *j;
        j->fd = fresh.fd;
        j->size = fresh.size;
        j->unsynced = false;
        fresh.fd = old.fd;
    }
    journal_close(&fresh);
    return error;
}

void journal_close(struct journal *j)
{
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    journal_init(j);
}

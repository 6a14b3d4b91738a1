/* SPDX-License-Identifier: MPL-2.0 */
/* agents/journal.h on a node's virtual disk: what was synced is there at the next start, of the rest a torn piece may be. Records
 * stand one after the other with their length before them. Refuses to know what is in them. */
#include "agents/journal.h"

#include "disk.h"

void journal_init(struct journal *j)
{
    *j = (struct journal){.fd = -1};
}

static struct file *file_of(const struct journal *j)
{
    return disk_open(world.me, j->path);
}

int journal_open(struct journal *j, const char *path, void (*each)(void *owner, struct bytes record), void *owner)
{
    *j = (struct journal){.fd = (int)world.me->place, .path = xdup(path)};
    struct file *f = file_of(j);
    uint32_t n;
    for (; j->size + (int64_t)sizeof(n) <= (int64_t)f->content.n; j->size += (int64_t)sizeof(n) + n) {
        memcpy(&n, f->content.at + j->size, sizeof(n));
        if (j->size + (int64_t)sizeof(n) + n > (int64_t)f->content.n)
            break;
        each(owner, (struct bytes){f->content.at + j->size + sizeof(n), n});
    }
    f->content.n = f->synced = (size_t)j->size;
    return 0;
}

int journal_add(struct journal *j, struct bytes record)
{
    uint32_t n = (uint32_t)record.n;
    if (j->fd < 0 || node_muted())
        return 0;
    struct file *f = file_of(j);
    buf_add(&f->content, &n, sizeof(n));
    buf_add(&f->content, record.at, record.n);
    j->size = (int64_t)f->content.n;
    j->unsynced = true;
    return 0;
}

int journal_sync(struct journal *j)
{
    if (j->fd < 0 || !j->unsynced)
        return 0;
    trap_hit(world.me, POINT_sync);
    j->unsynced = false;
    if (!node_muted())
        file_of(j)->synced = file_of(j)->content.n;
    trap_hit(world.me, POINT_synced);
    return 0;
}

int journal_clear(struct journal *j)
{
    if (j->fd < 0 || j->size == 0 || node_muted())
        return 0;
    struct file *f = file_of(j);
    buf_clear(&f->content);
    f->synced = 0;
    j->size = 0;
    return 0;
}

int journal_rewrite(struct journal *j, int (*fill)(void *owner, struct journal *fresh), void *owner)
{
    if (j->fd < 0 || node_muted())
        return 0;
    journal_clear(j);
    int error = fill(owner, j);
    return error ? error : journal_sync(j);
}

void journal_close(struct journal *j)
{
    free(j->path);
    journal_init(j);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the files of nodes, and orchestrator/shell/disk.h and reports.h on them. Refuses to know what is in them. */
#include "disk.h"

#include "nodes.h"
#include "orchestrator/core/helios.h"
#include "orchestrator/shell/disk.h"
#include "orchestrator/shell/reports.h"

struct file *disk_find(struct node *n, const char *path)
{
    list_each(f, &n->files, struct file, link) if (strcmp(f->path, path) == 0) return f;
    return NULL;
}

struct file *disk_open(struct node *n, const char *path)
{
    struct file *f = disk_find(n, path);
    if (f)
        return f;
    f = NEW(struct file);
    f->path = xdup(path);
    list_push(&n->files, &f->link);
    return f;
}

void file_remove(struct file *f)
{
    list_out(&f->link);
    free(f->path);
    buf_done(&f->content);
    free(f);
}

void disk_crash(struct node *n)
{
    list_each(f, &n->files, struct file, link)
    {
        if (f->content.n > f->synced)
            f->content.n = f->synced + draw(f->content.n - f->synced + 1);
        f->synced = f->content.n;
    }
}

void disk_free(struct node *n)
{
    list_each(f, &n->files, struct file, link) file_remove(f);
}

/* ---- orchestrator/shell/disk.h ---- */

char *disk_path(const char *dir, const char *name)
{
    struct buf path = {0};
    buf_text(&path, dir);
    if (name)
        buf_printf(&path, "/%s", name);
    return buf_take(&path);
}

int disk_write(const char *path, struct bytes content, unsigned mode)
{
    (void)mode;
    if (node_muted())
        return 0;
    struct file *f = disk_open(world.me, path);
    buf_clear(&f->content);
    buf_add(&f->content, content.at, content.n);
    f->synced = f->content.n;
    return 0;
}

bool disk_there(const char *path)
{
    return disk_find(world.me, path) != NULL;
}

int disk_remove(const char *path)
{
    struct file *f = disk_find(world.me, path);
    if (f && !node_muted())
        file_remove(f);
    return 0;
}

/* Of these nothing is asked: the simulator knows who a controller is, and starts it once. */
int disk_make_dir(const char *path, unsigned mode)
{
    (void)path, (void)mode;
    return 0;
}

int disk_read_line(const char *path, char *ret, size_t room)
{
    (void)path, (void)ret, (void)room;
    return -ENOENT;
}

int disk_lock(const char *path, int *ret_fd)
{
    (void)path;
    *ret_fd = -1;
    return 0;
}

/* ---- orchestrator/shell/reports.h: reports are written for people ---- */

int reports_write(struct helios *h, const char *data_dir, size_t keep)
{
    (void)data_dir, (void)keep;
    for (struct wanted_file *f; (f = helios_take_file(h)); free(f)) {
        trace("writes the report %s", f->name);
        free(f->name);
        free(f->text);
    }
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns DATA/frozen. Refuses to know what freezing does. */
#include "freeze.h"

#include "disk.h"

void freeze_init(struct freeze *f, const char *data_dir)
{
    f->path = disk_path(data_dir, "frozen");
    f->on = disk_there(f->path);
}

void freeze_done(struct freeze *f)
{
    free(f->path);
}

bool freeze_look(struct freeze *f, int64_t now)
{
    if (now < f->next)
        return false;
    f->next = now + FREEZE_LOOK_MS;
    bool before = f->on;
    f->on = disk_there(f->path);
    return f->on != before;
}

int freeze_set(struct freeze *f, bool on, const char *reason)
{
    f->on = on;
    if (!on)
        return disk_remove(f->path);
    _cleanup_(buf_done) struct buf text = {0};
    buf_printf(&text, "%s\n", reason);
    return disk_write(f->path, buf_bytes(&text), 0644);
}

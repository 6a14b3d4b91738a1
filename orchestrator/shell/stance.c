/* SPDX-License-Identifier: MPL-2.0 */
/* What the core may say of where this controller stands (`helios controllers`). */
#include "common/clock.h"
#include "shell.h"

void shell_stance(struct shell *s)
{
    const struct lease *l = &s->lease;
    bool leads = lease_leads(l);
    struct stance *t = &s->stance;
    if (t->host == NULL)
        t->host = ""; /* who runs without main.c has none */
    t->id = s->id;
    t->data_dir = s->data_dir;
    for (enum endpoint e = 0; e < ENDPOINTS; e++)
        t->endpoints[e] = s->bus.endpoints[e];
    t->wall = clock_wall();
    t->holder = leads ? s->id : l->seen.holder;
    t->holder_epoch = leads ? l->epoch : l->seen.epoch;
    t->lease_read = leads ? l->good_since : l->read_at;
    t->lease_changed = leads ? l->good_since : l->same_since;
    t->store_why = store_held(s->store);
    s->core->stance = t;
    s->core->audience = &s->audience;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* `helios top`: the view on a terminal, or one line a second when piped. */
#include "common/clock.h"
#include "screen.h"
#include "stop.h"
#include "verbs.h"
#include "view.h"

static void draw(struct buf *out, struct view *v)
{
    view_paint(out, v, screen_rows(), clock_now());
    screen_show(out);
}

static void print(struct buf *out, struct view *v, bool json)
{
    if (json && v->snapshot)
        print_json(json_incref(v->snapshot));
    else if (!json)
        view_line(out, v, clock_now());
    print_text(out);
}

static void show(struct buf *out, struct view *v, bool full, bool json)
{
    if (full)
        draw(out, v);
    else
        print(out, v, json);
}

/* A burst of events is one picture: five a second are enough for eyes. */
static void follow(struct view *v, bool full, bool json)
{
    struct buf out = {0};
    bool fresh = false;
    for (int64_t shown = clock_now(); !stop_asked() && screen_key() != 'q';) {
        fresh |= view_poll(v, 200);
        if (clock_now() - shown < (full && fresh ? 200 : 1000))
            continue;
        show(&out, v, full, json);
        shown = clock_now();
        fresh = false;
    }
    buf_done(&out);
}

int run_top(const struct cli_verb *verb, const struct args *a)
{
    struct client c;
    struct view v = {0};
    bool full = screen_possible() && !args_has(a, "json");
    (void)verb;
    int r = client_open(&c, a);
    if (r == 0)
        r = view_open(&v, &c);
    if (r == 0) {
        stop_catch();
        if (full)
            screen_enter();
        follow(&v, full, args_has(a, "json"));
        screen_leave();
    }
    view_done(&v);
    client_close(&c);
    return r;
}

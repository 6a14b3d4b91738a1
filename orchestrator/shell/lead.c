/* SPDX-License-Identifier: MPL-2.0 */
/* The core's life: standing by, loading, leading, thrown away when fenced. A core never goes from
 * leading to standing by: what it thinks may be wrong then, so a fresh one is made and what is true
 * is loaded from Redis. */
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/ready.h"
#include "shell.h"

#define UNANSWERED_MS 1000 /* C5: submits are answered busy within this time */
#define HELD_LOOK_MS 100

static struct helios *new_core(const struct shell *s)
{
    uint64_t seed = (uint64_t)s->config->seed;
    if (seed == 0 && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        seed = (uint64_t)clock_us();
    return helios_new(s->config, seed);
}

void shell_stand_by(struct shell *s)
{
    helios_free(s->core);
    s->core = new_core(s);
    s->core->frozen = s->freeze.on; /* before a take-over a person may ask, or let it go on */
    s->stance.since = clock_now();
    s->hold_why = NULL;
    s->replace = false;
}

bool shell_leads(const struct shell *s)
{
    return s->core->epoch != 0 && !s->replace;
}

/* Two clocks are read one after the other; whoever was put aside between them looks again in its next turn. */
void shell_wall(const struct shell *s)
{
    int64_t before = clock_now(), wall = clock_wall();
    if (clock_now() - before <= 1)
        helios_wall(s->core, wall - before);
}

/* ---- what the store calls back */

static void on_load(void *user)
{
    struct shell *s = user;
    helios_free(s->loading);
    s->loading = new_core(s);
}

static int on_loaded(void *user, enum rec kind, struct bytes value)
{
    return helios_load(((struct shell *)user)->loading, kind, value);
}

static void on_ready(void *user)
{
    struct shell *s = user;
    helios_inherit(s->loading, s->core);
    helios_free(s->core);
    s->core = s->loading;
    s->loading = NULL;
    s->replace = false;
    s->hold_why = NULL;
    s->core->frozen = s->freeze.on; /* before anything can act */
    s->stance.since = clock_now();
    shell_wall(s);
    helios_lead(s->core, s->lease.epoch, clock_now());
    log_info("controller.leading", "leads realm %s in epoch %llu%s, %lld ms after the lease was taken",
             s->config->realm.at, (unsigned long long)s->lease.epoch,
             s->core->frozen ? ", frozen" : "", (long long)(clock_now() - s->lease.taken_at));
    ready_say("STATUS=leading");
}

static void on_durable(void *user, struct batch *batch)
{
    struct shell *s = user;
    for (size_t i = 0; i < batch->n_says; i++)
        bus_say(&s->bus, &batch->says[i]);
}

static void on_forget(void *user, struct batch *batch)
{
    (void)user;
    batch_free(batch);
}

/* While nobody leads here it only takes longer to begin. */
static void on_held(void *user, const char *why)
{
    struct shell *s = user;
    log_line(lease_leads(&s->lease) ? LOG_WARN : LOG_INFO, "store.held", "%s", why);
}

static void on_resumed(void *user)
{
    (void)user;
    log_info("store.resumed", "Redis answers and takes commits");
}

static void on_fenced(void *user, const char *why)
{
    struct shell *s = user;
    log_warn("controller.fenced", "steps down: %s", why);
    ready_say("STATUS=standing by");
    helios_free(s->loading);
    s->loading = NULL;
    s->replace = true;
    lease_lost(&s->lease);
}

/* A person looks first: the file makes it hold over restarts and take-overs by this controller. */
static void on_lost_data(void *user, bool again, const char *what)
{
    struct shell *s = user;
    (void)again;
    log_error("store.lost", "%s; automation is frozen", what);
    freeze_set(&s->freeze, true, what);
    helios_freeze(s->core, true, BYTES("heliosd"), bytes_of(what));
}

static void on_note(void *user, const char *text)
{
    (void)user;
    log_info("store.note", "%s", text);
}

int shell_open_store(struct shell *s, const char **ret_why)
{
    static const struct store_calls calls = {
        .on_load = on_load,
        .on_loaded = on_loaded,
        .on_ready = on_ready,
        .on_durable = on_durable,
        .on_forget = on_forget,
        .on_held = on_held,
        .on_resumed = on_resumed,
        .on_fenced = on_fenced,
        .on_lost_data = on_lost_data,
        .on_note = on_note,
    };
    struct store_config config = {
        .realm = s->config->realm.at,
        .url = s->redis ? redis_url(s->redis) : s->config->state.url.at,
        .state = &s->config->state,
        .entries = LEDGER_MAX,
    };
    int r = store_new(&config, &calls, s, &s->store, ret_why);
    if (r < 0)
        return r;
    lease_init(&s->lease, s->store, s->id);
    if (seat_taken(&s->seat)) {
        s->lease.wait_ms = seat_wait_ms;
        s->lease.wait_user = &s->seat;
    }
    return 0;
}

/* The Redis of our own ends last: nothing that we still have may be written later. */
void shell_close(struct shell *s)
{
    store_free(s->store);
    redis_stop(&s->redis);
    helios_free(s->loading);
    helios_free(s->core);
    bus_close(&s->bus);
    door_done(&s->door);
    freeze_done(&s->freeze);
    settings_free(s->settings);
    free(s->data_dir);
    seat_leave(&s->seat);
}

/* ---- what the core must know of the world */

static const char *reason_to_hold(const struct shell *s, int64_t now)
{
    const char *why = store_held(s->store);
    if (why)
        return why;
    if (now - store_unanswered_since(s->store) >= UNANSWERED_MS)
        return "Redis has not answered for a second";
    return lease_good(&s->lease, now) ? NULL : "the lease could not be renewed in time";
}

int64_t shell_hold(struct shell *s, int64_t now)
{
    if (!shell_leads(s))
        return INT64_MAX;
    const char *why = reason_to_hold(s, now);
    helios_hold(s->core, why != NULL, why);
    if ((why == NULL) != (s->hold_why == NULL))
        log_info(why ? "controller.held" : "controller.resumed", "%s",
                 why ? why : "commits flow again");
    s->hold_why = why;
    if (why)
        return now + HELD_LOOK_MS;
    return MIN(s->lease.good_since + LEASE_GOOD_MS,
               MIN(store_unanswered_since(s->store), INT64_MAX - UNANSWERED_MS) + UNANSWERED_MS);
}

void shell_follow_freeze(struct shell *s, int64_t now)
{
    if (s->core->frozen != s->freeze.on) { /* by a command, or the realm's record said so */
        int r = freeze_set(&s->freeze, s->core->frozen, "helios freeze");
        if (r < 0)
            log_error("freeze.file", "%s cannot be written, a restart will forget it: %s",
                      s->freeze.path, strerror(-r));
        log_warn("realm.frozen", "automation %s", s->core->frozen ? "stops" : "goes on");
    }
    if (freeze_look(&s->freeze, now)) {
        log_warn("realm.frozen", "automation %s: the file %s is %s",
                 s->freeze.on ? "stops" : "goes on", s->freeze.path,
                 s->freeze.on ? "there" : "gone");
        helios_freeze(s->core, s->freeze.on, BYTES("heliosd"),
                      s->freeze.on ? BYTES("the file `frozen` is there")
                                   : BYTES("the file `frozen` is gone"));
    }
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Fuzzes what a controller finds in Redis: records of every kind, then it leads with them. What it could read it must be able to
 * write, and a controller after it must be able to read that. */
#include "fuzz.h"
#include "roundtrip.h"
#include "world.h"

static struct bytes id_of(enum rec kind, struct bytes value)
{
    const char *name = schema_records[kind].fields[0].name;
    return kind == REC_control ? BYTES("realm") : map_str(value, name, "");
}

/* known: Redis has one record of each id, and the store gives each to the core once. */
static bool known(struct core *c, enum rec kind, struct bytes id)
{
    char key[200];
    struct core_record *r;
    snprintf(key, sizeof(key), "%d/" BYTES_F, (int)kind, (int)MIN(id.n, (size_t)150), id.at);
    HASH_FIND_STR(c->redis, key, r);
    return r != NULL;
}

/* load answers whether the core can read it. */
static bool load(struct core *c, enum rec kind, struct bytes value)
{
    bool is_one = guard_check(value) == 0 && roundtrip_check(&schema_records[kind], value);
    struct bytes id = is_one ? id_of(kind, value) : BYTES("");
    if (id.n > 150 || (is_one && kind != REC_entry && known(c, kind, id)))
        return true;
    if (helios_load(c->h, kind, value) < 0)
        return false;
    FUZZ_CHECK(is_one || kind == REC_kpi ||
               kind == REC_health); /* these two are for other programs */
    if (is_one)
        core_commit(c, &(struct op){.kind = kind, .id = id, .value = value});
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct core *c = world_begin();
    struct bytes left = {(const char *)data, n};
    bool readable = true;
    for (struct piece p; readable && fuzz_piece(&left, &p);) {
        _cleanup_(fuzz_release) struct bytes value = fuzz_tight(p.bytes);
        readable = load(c, p.what % REC_COUNT, value);
    }
    if (readable) { /* else it would refuse to lead */
        helios_lead(c->h, ++c->epoch, c->now);
        world_live(c);
        core_restart(c);
        world_live(c);
    }
    world_end(c);
    return 0;
}

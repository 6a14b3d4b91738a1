/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the counts of opened maps and lists; their values are written by write.h. Refuses to know what is written. */
#include "pack.h"

#include <math.h>

#include "write.h"

/* An opened container gets a 16-bit header of three bytes: its count is known only at the close. */
enum { HEADER = 3 };

/* count_value counts a value that lies directly in an open list; in a map the keys count. */
static void count_value(struct pack *p)
{
    if (p->depth && !p->open[p->depth - 1].map)
        p->open[p->depth - 1].count++;
}

void pack_init(struct pack *p, struct buf *out)
{
    p->out = out;
    p->depth = 0;
}

static void open_container(struct pack *p, bool map)
{
    assert(p->depth < PACK_MAX_DEPTH);
    count_value(p);
    p->open[p->depth].at = p->out->n;
    p->open[p->depth].count = 0;
    p->open[p->depth].map = map;
    p->depth++;
    buf_grow(p->out, HEADER);
}

void pack_map(struct pack *p)
{
    open_container(p, true);
}

void pack_list(struct pack *p)
{
    open_container(p, false);
}

void pack_end(struct pack *p)
{
    assert(p->depth > 0);
    size_t at = p->open[--p->depth].at;
    uint32_t count = p->open[p->depth].count;
    bool map = p->open[p->depth].map;
    if (count > UINT16_MAX) { /* rare: make room for a 32-bit header */
        buf_grow(p->out, 2);
        memmove(p->out->at + at + HEADER + 2, p->out->at + at + HEADER,
                p->out->n - at - HEADER - 2);
    }
    unsigned char *header = (unsigned char *)p->out->at + at;
    if (count > UINT16_MAX) {
        *header++ = map ? 0xdf : 0xdd;
        *header++ = (unsigned char)(count >> 24);
        *header++ = (unsigned char)(count >> 16);
    } else {
        *header++ = map ? 0xde : 0xdc;
    }
    *header++ = (unsigned char)(count >> 8);
    *header = (unsigned char)count;
}

void pack_key_bytes(struct pack *p, struct bytes key)
{
    assert(p->depth && p->open[p->depth - 1].map);
    p->open[p->depth - 1].count++;
    write_text(p->out, key);
}

void pack_key(struct pack *p, const char *key)
{
    pack_key_bytes(p, bytes_of(key));
}

void pack_nil(struct pack *p)
{
    count_value(p);
    write_nil(p->out);
}

void pack_bool(struct pack *p, bool v)
{
    count_value(p);
    if (v)
        write_true(p->out);
    else
        write_false(p->out);
}

void pack_int(struct pack *p, int64_t v)
{
    count_value(p);
    write_int64(p->out, v);
}

void pack_uint(struct pack *p, uint64_t v)
{
    count_value(p);
    write_uint64(p->out, v);
}

void pack_num(struct pack *p, double v)
{
    if (!isfinite(v)) {
        pack_nil(p);
        return;
    }
    count_value(p);
    write_double(p->out, v);
}

void pack_str(struct pack *p, struct bytes v)
{
    count_value(p);
    write_text(p->out, v);
}

void pack_text(struct pack *p, const char *v)
{
    pack_str(p, bytes_of(v));
}

void pack_bin(struct pack *p, struct bytes v)
{
    count_value(p);
    write_bytes(p->out, v);
}

void pack_raw(struct pack *p, struct bytes msgpack)
{
    count_value(p);
    write_raw(p->out, msgpack);
}

void pack_items(struct pack *p, struct bytes packed, size_t n)
{
    assert(p->depth && !p->open[p->depth - 1].map);
    p->open[p->depth - 1].count += (uint32_t)n;
    buf_add(p->out, packed.at, packed.n);
}

void pack_put_bool(struct pack *p, const char *key, bool v)
{
    pack_key(p, key);
    pack_bool(p, v);
}

void pack_put_int(struct pack *p, const char *key, int64_t v)
{
    pack_key(p, key);
    pack_int(p, v);
}

void pack_put_num(struct pack *p, const char *key, double v)
{
    pack_key(p, key);
    pack_num(p, v);
}

void pack_put_str(struct pack *p, const char *key, struct bytes v)
{
    pack_key(p, key);
    pack_str(p, v);
}

void pack_put_text(struct pack *p, const char *key, const char *v)
{
    pack_key(p, key);
    pack_text(p, v);
}

void pack_put_raw(struct pack *p, const char *key, struct bytes msgpack)
{
    pack_key(p, key);
    pack_raw(p, msgpack);
}

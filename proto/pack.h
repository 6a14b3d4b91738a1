/* SPDX-License-Identifier: MPL-2.0 */
/* Writing msgpack into a buf: values by msgpack-c's packer (write.h); maps and lists are opened and
 * closed, their counts are filled in at the close. */
#ifndef HELIOS_PROTO_PACK_H
#define HELIOS_PROTO_PACK_H

#include "common/buf.h"

#define PACK_MAX_DEPTH 16

struct pack {
    struct buf *out;
    size_t depth;
    struct {
        size_t at; /* where its header lies */
        uint32_t count;
        bool map;
    } open[PACK_MAX_DEPTH];
};

void pack_init(struct pack *p, struct buf *out);
void pack_map(struct pack *p);  /* opens; each key counts once */
void pack_list(struct pack *p); /* opens; each value directly in it counts once */
void pack_end(struct pack *p);  /* closes the innermost */
void pack_key(struct pack *p, const char *key);
void pack_key_bytes(struct pack *p, struct bytes key);

void pack_nil(struct pack *p);
void pack_bool(struct pack *p, bool v);
void pack_int(struct pack *p, int64_t v);
void pack_uint(struct pack *p, uint64_t v);
void pack_num(struct pack *p, double v); /* NaN and Inf become nil: no reader has to fear them */
void pack_str(struct pack *p, struct bytes v);
void pack_text(struct pack *p, const char *v);
void pack_bin(struct pack *p, struct bytes v);
/* pack_items appends n values that are packed already to the list that is open. */
void pack_items(struct pack *p, struct bytes packed, size_t n);
/* pack_raw appends one value that is packed already; nothing = the empty map. */
void pack_raw(struct pack *p, struct bytes msgpack);

/* In a map: key and value at once. */
void pack_put_bool(struct pack *p, const char *key, bool v);
void pack_put_int(struct pack *p, const char *key, int64_t v);
void pack_put_num(struct pack *p, const char *key, double v);
void pack_put_str(struct pack *p, const char *key, struct bytes v);
void pack_put_text(struct pack *p, const char *key, const char *v);
void pack_put_raw(struct pack *p, const char *key, struct bytes msgpack);

#endif

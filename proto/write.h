/* SPDX-License-Identifier: MPL-2.0 */
/* Values of msgpack into a buf: msgpack-c's own packer, made for our buf, so that the compiler sees through it. Only for pack.c and
 * encode.c; refuses to know what is written. */
#ifndef HELIOS_PROTO_WRITE_H
#define HELIOS_PROTO_WRITE_H

#include "common/buf.h"

#include <limits.h>
#include <msgpack/sysdep.h>
#include <msgpack/timestamp.h>

/* The template makes write_uint64(out, v), write_str(out, n), write_str_body(out, at, n) and so on. */
#define msgpack_pack_inline_func(name) static inline int write##name
#define msgpack_pack_inline_func_cint(name) static inline int write##name
#define msgpack_pack_inline_func_fixint(name) static inline int write_fix##name
#define msgpack_pack_user struct buf *
#define msgpack_pack_append_buffer(out, data, n) return buf_add(out, data, n), 0
#include <msgpack/pack_template.h>

/* Short strings, most of all that is written, go in one piece: a byte of head, then the text. */
static inline void write_text(struct buf *out, struct bytes text)
{
    enum { SHORT = 31, SHORT_HEAD = 0xa0 };
    if (text.n <= SHORT) {
        char *at = buf_grow(out, 1 + text.n);
        *at = (char)(SHORT_HEAD | text.n);
        if (text.n)
            memcpy(at + 1, text.at, text.n);
        return;
    }
    write_str(out, text.n);
    buf_add(out, text.at, text.n);
}

static inline void write_bytes(struct buf *out, struct bytes bytes)
{
    write_bin(out, bytes.n);
    buf_add(out, bytes.at, bytes.n);
}

/* write_raw writes one value that is packed already; nothing = the empty map. */
static inline void write_raw(struct buf *out, struct bytes msgpack)
{
    if (msgpack.n)
        buf_add(out, msgpack.at, msgpack.n);
    else
        write_map(out, 0);
}

#endif

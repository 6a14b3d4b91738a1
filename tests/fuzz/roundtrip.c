/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the comparison of a struct with itself after the wire. Refuses to know what it means. */
#include "roundtrip.h"

#include <math.h>

#include "fuzz.h"
#include "proto/guard.h"

/* Numbers that are none travel as nil, so what holds one comes back without it (pack_num). */
static bool all_finite(const struct schema *s, const void *from)
{
    for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
        const void *at = (const char *)from + f->offset;
        if (f->kind == KIND_NUM && !isfinite(*(const double *)at))
            return false;
        const struct seq *list = at;
        for (size_t i = 0; f->kind == KIND_LIST && i < list->n; i++)
            if (!all_finite(f->part, (const char *)list->at + i * f->part->size))
                return false;
    }
    return true;
}

bool roundtrip_check(const struct schema *s, struct bytes b)
{
    static struct buf first, second, shown;
    struct arena arena = {0};
    void *got = xalloc(s->size), *back = xalloc(s->size);
    bool fits = struct_decode(s, b, got, &arena, NULL) == 0;
    if (fits) {
        buf_clear(&shown);
        struct_show(&shown, s, got);
    }
    if (fits && all_finite(s, got)) {
        buf_clear(&first);
        buf_clear(&second);
        struct_encode(&first, s, got);
        FUZZ_CHECK(guard_check(buf_bytes(&first)) == 0);
        FUZZ_CHECK(struct_decode(s, buf_bytes(&first), back, &arena, NULL) == 0);
        struct_encode(&second, s, back);
        FUZZ_CHECK(bytes_eq(buf_bytes(&first), buf_bytes(&second)));
    }
    free(got);
    free(back);
    arena_done(&arena);
    return fits;
}

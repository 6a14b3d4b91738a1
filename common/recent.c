/* SPDX-License-Identifier: MPL-2.0 */
/* Owns two generations of digests: when the newer one is full it becomes the older one. Refuses to know what is digested. */
#include "recent.h"

void recent_init(struct recent *r, size_t most)
{
    *r = (struct recent){.most = most, .slots = 2};
    while (r->slots < 2 * most)
        r->slots *= 2;
    r->newer = xalloc(r->slots * sizeof(*r->newer));
    r->older = xalloc(r->slots * sizeof(*r->older));
}

void recent_done(struct recent *r)
{
    free(r->newer);
    free(r->older);
}

/* place_of answers where the digest is or would be; 0 is the mark of a free slot, so nothing else may be 0. */
static size_t place_of(const struct recent *r, const uint64_t *in, uint64_t digest)
{
    size_t at = digest & (r->slots - 1);
    while (in[at] && in[at] != digest)
        at = (at + 1) & (r->slots - 1);
    return at;
}

static uint64_t not_zero(uint64_t digest)
{
    return digest ? digest : 1;
}

void recent_add(struct recent *r, uint64_t digest)
{
    digest = not_zero(digest);
    if (r->n == r->most) {
        uint64_t *oldest = r->older;
        r->older = r->newer;
        r->newer = memset(oldest, 0, r->slots * sizeof(*oldest));
        r->n = 0;
    }
    size_t at = place_of(r, r->newer, digest);
    r->n += r->newer[at] == 0;
    r->newer[at] = digest;
}

bool recent_has(const struct recent *r, uint64_t digest)
{
    digest = not_zero(digest);
    return r->newer[place_of(r, r->newer, digest)] || r->older[place_of(r, r->older, digest)];
}

/* The multiplier is that of MurmurHash2; the shifts bring the high bits, which are the best mixed, down to where slots are chosen. */
uint64_t digest_number(uint64_t digest, uint64_t number)
{
    uint64_t h = (digest << 27 | digest >> 37) + 0x9e3779b97f4a7c15u;
    h = (h ^ number) * 0xc6a4a7935bd1e995u;
    h = (h ^ h >> 32) * 0xc6a4a7935bd1e995u;
    return h ^ h >> 29;
}

uint64_t digest_bytes(uint64_t digest, struct bytes b)
{
    uint64_t word = 0;
    digest = digest_number(digest, b.n);
    for (; b.n >= sizeof(word); b.at += sizeof(word), b.n -= sizeof(word)) {
        memcpy(&word, b.at, sizeof(word));
        digest = digest_number(digest, word);
    }
    word = 0;
    if (b.n)
        memcpy(&word, b.at, b.n);
    return digest_number(digest, word);
}

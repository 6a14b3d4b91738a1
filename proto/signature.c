/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the bytes that are signed. Refuses to know whether an action needs a signature. */
#include "signature.h"

#include <endian.h>
#include <sodium.h>
#include <zmq.h>

enum {
    PUBLIC_BYTES = crypto_sign_PUBLICKEYBYTES,
    SIGNATURE_BYTES = crypto_sign_BYTES,
    SEED_BYTES = crypto_sign_SEEDBYTES,
    TEXTS = 5,
};

static const char domain[] = "helios task 1"; /* with its NUL: no other protocol begins like that */

static bool ready(void)
{
    return sodium_init() >= 0;
}

int signature_new_pair(struct key *k)
{
    unsigned char public[PUBLIC_BYTES], secret[crypto_sign_SECRETKEYBYTES], seed[SEED_BYTES];
    if (!ready())
        return -EIO;
    randombytes_buf(seed, sizeof(seed));
    crypto_sign_seed_keypair(public, secret, seed);
    k->role = key_role_signer;
    zmq_z85_encode(k->public, public, sizeof(public));
    zmq_z85_encode(k->secret, seed, sizeof(seed));
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(seed, sizeof(seed));
    return 0;
}

int signature_draw(struct statement *s)
{
    if (!ready())
        return -EIO;
    randombytes_buf(s->nonce, sizeof(s->nonce));
    return 0;
}

/* ---- the canonical bytes ---- */

static void put_text(struct buf *out, struct bytes text)
{
    uint32_t n = htobe32((uint32_t)text.n);
    buf_add(out, &n, sizeof(n));
    buf_add(out, text.at, text.n);
}

static void put_head(struct buf *out, const struct statement *s)
{
    const struct bytes texts[TEXTS] = {s->realm, s->action, s->swarm, s->role, s->agent};
    uint64_t expires = htobe64((uint64_t)s->expires);
    buf_add(out, domain, sizeof(domain));
    for (size_t i = 0; i < TEXTS; i++)
        put_text(out, texts[i]);
    buf_add(out, &expires, sizeof(expires));
    buf_add(out, s->nonce, sizeof(s->nonce));
}

/* The codec writes no parameters as the empty map: both are signed as that. */
static void put_params(struct buf *out, struct bytes params)
{
    put_text(out, params.n ? params : BYTES("\x80"));
}

static bool take(struct bytes *rest, size_t n, struct bytes *ret)
{
    if (rest->n < n)
        return false;
    *ret = (struct bytes){rest->at, n};
    *rest = (struct bytes){rest->at + n, rest->n - n};
    return true;
}

static bool take_text(struct bytes *rest, struct bytes *ret)
{
    struct bytes length;
    uint32_t n;
    if (!take(rest, sizeof(n), &length))
        return false;
    memcpy(&n, length.at, sizeof(n));
    return take(rest, be32toh(n), ret);
}

static bool take_head(struct bytes rest, struct statement *s)
{
    struct bytes *const texts[TEXTS] = {&s->realm, &s->action, &s->swarm, &s->role, &s->agent};
    struct bytes part;
    uint64_t expires;
    if (!take(&rest, sizeof(domain), &part) || memcmp(part.at, domain, sizeof(domain)) != 0)
        return false;
    for (size_t i = 0; i < TEXTS; i++)
        if (!take_text(&rest, texts[i]))
            return false;
    if (!take(&rest, sizeof(expires), &part))
        return false;
    memcpy(&expires, part.at, sizeof(expires));
    s->expires = (int64_t)be64toh(expires);
    if (!take(&rest, NONCE_BYTES, &part))
        return false;
    memcpy(s->nonce, part.at, NONCE_BYTES);
    return rest.n == 0 && s->expires >= 0;
}

/* ---- made and checked ---- */

int signature_make(const struct key *k, const struct statement *s, struct buf *out)
{
    unsigned char public[PUBLIC_BYTES], secret[crypto_sign_SECRETKEYBYTES], seed[SEED_BYTES];
    unsigned char signature[SIGNATURE_BYTES];
    _cleanup_(buf_done) struct buf text = {0};
    if (!ready() || k->role != key_role_signer || zmq_z85_decode(seed, k->secret) == NULL)
        return -EINVAL;
    put_head(&text, s);
    size_t head = text.n;
    if (PUBLIC_BYTES + SIGNATURE_BYTES + head > SIGNATURE_MOST)
        return -EMSGSIZE;
    put_params(&text, s->params);
    crypto_sign_seed_keypair(public, secret, seed);
    crypto_sign_detached(signature, NULL, (unsigned char *)text.at, text.n, secret);
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(seed, sizeof(seed));
    buf_add(out, public, sizeof(public));
    buf_add(out, signature, sizeof(signature));
    buf_add(out, text.at, head);
    return 0;
}

static const struct key *owner_of(struct bytes public, const struct key *trusted, size_t n)
{
    unsigned char one[PUBLIC_BYTES];
    for (size_t i = 0; i < n; i++)
        if (zmq_z85_decode(one, trusted[i].public) && memcmp(one, public.at, sizeof(one)) == 0)
            return &trusted[i];
    return NULL;
}

int signature_open(struct bytes beside, struct bytes params, const struct key *trusted, size_t n,
                   struct statement *ret, const struct key **ret_signer)
{
    struct bytes public, signature, head = beside;
    struct statement s = {.params = params};
    if (!ready())
        return -EIO;
    if (beside.n > SIGNATURE_MOST || !take(&head, PUBLIC_BYTES, &public) ||
        !take(&head, SIGNATURE_BYTES, &signature) || !take_head(head, &s))
        return -EBADMSG;
    const struct key *signer = owner_of(public, trusted, n);
    if (signer == NULL)
        return -ENOKEY;
    _cleanup_(buf_done) struct buf text = {0};
    buf_add(&text, head.at, head.n);
    put_params(&text, params);
    if (crypto_sign_verify_detached((const unsigned char *)signature.at, (unsigned char *)text.at,
                                    text.n, (const unsigned char *)public.at))
        return -EKEYREJECTED;
    *ret = s;
    *ret_signer = signer;
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* What is signed, byte by byte (Z7): the vector of RFC 8032, every field, every bit, every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sodium.h>
#include <zmq.h>

#include "proto/signature.h"

/* RFC 8032, 7.1, TEST 2. */
static const char seed_hex[] = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                  public_hex[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                  signature_hex[] =
                      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

static struct key signer(void)
{
    unsigned char seed[32], public[32];
    struct key k = {.name = "ada", .role = key_role_signer};
    sodium_hex2bin(seed, 32, seed_hex, 64, NULL, NULL, NULL);
    sodium_hex2bin(public, 32, public_hex, 64, NULL, NULL, NULL);
    zmq_z85_encode(k.secret, seed, 32);
    zmq_z85_encode(k.public, public, 32);
    return k;
}

static struct statement statement(void)
{
    return (struct statement){.realm = BYTES("shop"), .action = BYTES("deploy"),
                              .swarm = BYTES("backend"), .role = BYTES("worker"),
                              .agent = BYTES("a1"), .params = BYTES("\x81\xa1n\x07"),
                              .expires = 1790000000000, .nonce = "0123456789abcde"};
}

static void the_vector_of_the_rfc(void **state)
{
    unsigned char public[32], signature[64], expected[64], seed[32], secret[64];
    const unsigned char message[1] = {0x72};
    (void)state;
    sodium_hex2bin(seed, 32, seed_hex, 64, NULL, NULL, NULL);
    sodium_hex2bin(expected, 64, signature_hex, 128, NULL, NULL, NULL);
    crypto_sign_seed_keypair(public, secret, seed);
    crypto_sign_detached(signature, NULL, message, 1, secret);
    assert_memory_equal(signature, expected, 64);
    struct key k = signer();
    unsigned char back[32];
    zmq_z85_decode(back, k.public);
    assert_memory_equal(back, public, 32);
}

/* Written out here a second time: whoever reads the header alone must come to the same bytes. */
static void the_bytes_are_those_of_the_header(void **state)
{
    static const char head[] = "helios task 1\0" "\0\0\0\4shop" "\0\0\0\6deploy" "\0\0\0\7backend"
                               "\0\0\0\6worker" "\0\0\0\2a1" "\0\0\1\xa0\xc4\x53\x80\0"
                               "0123456789abcde",
                      tail[] = "\0\0\0\4\x81\xa1n\7";
    struct key k = signer();
    struct statement s = statement();
    struct buf beside = {0}, text = {0};
    unsigned char public[32];
    (void)state;
    s.expires = 0x1a0c4538000;
    assert_int_equal(signature_make(&k, &s, &beside), 0);
    assert_int_equal(beside.n, 32 + 64 + sizeof(head));
    zmq_z85_decode(public, k.public);
    assert_memory_equal(beside.at, public, 32);
    assert_memory_equal(beside.at + 96, head, sizeof(head));
    buf_add(&text, head, sizeof(head));
    buf_add(&text, tail, sizeof(tail) - 1);
    assert_int_equal(crypto_sign_verify_detached((unsigned char *)beside.at + 32,
                                                 (unsigned char *)text.at, text.n, public), 0);
    buf_done(&beside);
    buf_done(&text);
}

static int open_it(struct bytes beside, struct bytes params)
{
    struct key k = signer();
    struct statement got;
    const struct key *who;
    /* An exact copy on the heap: a sanitizer sees every byte read beyond it. */
    _autofree_ char *copy = xalloc(beside.n ? beside.n : 1);
    memcpy(copy, beside.at, beside.n);
    return signature_open((struct bytes){copy, beside.n}, params, &k, 1, &got, &who);
}

static void what_was_signed_comes_back(void **state)
{
    struct key k = signer();
    struct statement s = statement(), got;
    struct buf beside = {0};
    const struct key *who = NULL;
    (void)state;
    assert_int_equal(signature_make(&k, &s, &beside), 0);
    assert_int_equal(signature_open(buf_bytes(&beside), s.params, &k, 1, &got, &who), 0);
    assert_ptr_equal(who, &k);
    assert_true(bytes_eq(got.realm, s.realm) && bytes_eq(got.action, s.action) &&
                bytes_eq(got.swarm, s.swarm) && bytes_eq(got.role, s.role) &&
                bytes_eq(got.agent, s.agent) && bytes_eq(got.params, s.params));
    assert_int_equal(got.expires, s.expires);
    assert_memory_equal(got.nonce, s.nonce, NONCE_BYTES);
    buf_done(&beside);
}

static void every_bit_and_every_cut_is_refused(void **state)
{
    struct key k = signer();
    struct statement s = statement();
    struct buf beside = {0};
    (void)state;
    assert_int_equal(signature_make(&k, &s, &beside), 0);
    assert_int_equal(open_it(buf_bytes(&beside), s.params), 0);
    for (size_t bit = 0; bit < 8 * beside.n; bit++) {
        beside.at[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(open_it(buf_bytes(&beside), s.params), 0);
        beside.at[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t n = 0; n < beside.n; n++)
        assert_int_not_equal(open_it((struct bytes){beside.at, n}, s.params), 0);
    char params[] = "\x81\xa1n\x07";
    for (size_t bit = 0; bit < 8 * 4; bit++) {
        params[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(open_it(buf_bytes(&beside), (struct bytes){params, 4}), -EKEYREJECTED);
        params[bit / 8] ^= (char)(1 << bit % 8);
    }
    buf_add(&beside, "", 1);
    assert_int_equal(open_it(buf_bytes(&beside), s.params), -EBADMSG);
    buf_done(&beside);
}

/* Bytes must not move from one field to its neighbour. */
static void fields_cannot_be_shifted(void **state)
{
    struct key k = signer();
    struct statement one = statement(), two = statement();
    struct buf a = {0}, b = {0};
    (void)state;
    one.realm = BYTES("ab"), one.action = BYTES("c");
    two.realm = BYTES("a"), two.action = BYTES("bc");
    assert_int_equal(signature_make(&k, &one, &a), 0);
    assert_int_equal(signature_make(&k, &two, &b), 0);
    memcpy(b.at + 32, a.at + 32, 64);
    assert_int_equal(open_it(buf_bytes(&b), one.params), -EKEYREJECTED);
    buf_done(&a);
    buf_done(&b);
}

static void no_parameters_are_the_empty_map(void **state)
{
    struct key k = signer();
    struct statement s = statement();
    struct buf beside = {0};
    (void)state;
    s.params = (struct bytes){0};
    assert_int_equal(signature_make(&k, &s, &beside), 0);
    assert_int_equal(open_it(buf_bytes(&beside), BYTES("\x80")), 0);
    assert_int_equal(open_it(buf_bytes(&beside), BYTES("")), 0);
    assert_int_equal(open_it(buf_bytes(&beside), BYTES("\x81\xa1n\x07")), -EKEYREJECTED);
    buf_done(&beside);
}

static void only_signers_sign_and_only_known_ones_count(void **state)
{
    struct key k = signer(), fresh = {0}, agent = signer();
    struct statement s = statement(), got;
    struct buf beside = {0};
    const struct key *who;
    (void)state;
    assert_int_equal(signature_new_pair(&fresh), 0);
    assert_true(key_is_text(bytes_of(fresh.public)) && key_is_text(bytes_of(fresh.secret)));
    assert_int_equal(signature_make(&fresh, &s, &beside), 0);
    assert_int_equal(signature_open(buf_bytes(&beside), s.params, &fresh, 1, &got, &who), 0);
    assert_int_equal(signature_open(buf_bytes(&beside), s.params, &k, 1, &got, &who), -ENOKEY);
    assert_int_equal(signature_open(buf_bytes(&beside), s.params, NULL, 0, &got, &who), -ENOKEY);
    agent.role = key_role_agent;
    assert_int_equal(signature_make(&agent, &s, &beside), -EINVAL);
    char longest[SIGNATURE_MOST] = {0};
    s.action = (struct bytes){longest, sizeof(longest)};
    assert_int_equal(signature_make(&k, &s, &beside), -EMSGSIZE);
    buf_done(&beside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_the_rfc),
        cmocka_unit_test(the_bytes_are_those_of_the_header),
        cmocka_unit_test(what_was_signed_comes_back),
        cmocka_unit_test(every_bit_and_every_cut_is_refused),
        cmocka_unit_test(fields_cannot_be_shifted),
        cmocka_unit_test(no_parameters_are_the_empty_map),
        cmocka_unit_test(only_signers_sign_and_only_known_ones_count),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

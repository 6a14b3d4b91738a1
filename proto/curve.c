/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the options of CURVE and the frames of ZAP. */
#include "curve.h"

#include <zmq.h>

bool curve_there(void)
{
    return zmq_has("curve") == 1;
}

int curve_new_pair(char ret_public[KEY_TEXT], char ret_secret[KEY_TEXT])
{
    return zmq_curve_keypair(ret_public, ret_secret) ? -zmq_errno() : 0;
}

static int set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text)) ? -zmq_errno() : 0;
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) ? -zmq_errno() : 0;
}

/* A key is set in its 40 letters and their NUL. */
static int set_key(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, KEY_TEXT) ? -zmq_errno() : 0;
}

int curve_serve(void *socket, const char *secret, const char *domain)
{
    int error = set_int(socket, ZMQ_CURVE_SERVER, 1);
    if (!error)
        error = set_key(socket, ZMQ_CURVE_SECRETKEY, secret);
    /* With a domain ZeroMQ must ask: when nobody answers nobody is let in. */
    return error ? error : set_text(socket, ZMQ_ZAP_DOMAIN, domain);
}

int curve_join(void *socket, const struct key *ours, const char *server)
{
    int error = set_key(socket, ZMQ_CURVE_SERVERKEY, server);
    if (!error)
        error = set_key(socket, ZMQ_CURVE_PUBLICKEY, ours->public);
    return error ? error : set_key(socket, ZMQ_CURVE_SECRETKEY, ours->secret);
}

/* ---- ZAP ---- */

enum { PARTS = 7, PART_MAX = 255 };
enum part { VERSION, REQUEST, DOMAIN, ADDRESS, ROUTING, MECHANISM, CREDENTIALS };

struct frames {
    char at[PARTS][PART_MAX + 1]; /* NUL-terminated */
    size_t n[PARTS];
    unsigned count; /* of all that came */
};

int zap_open(void *context, void **ret_socket)
{
    void *socket = zmq_socket(context, ZMQ_REP);
    if (socket == NULL)
        return -zmq_errno();
    if (set_int(socket, ZMQ_LINGER, 0) < 0 || zmq_bind(socket, "inproc://zeromq.zap.01")) {
        int error = -zmq_errno();
        zmq_close(socket);
        return error;
    }
    *ret_socket = socket;
    return 0;
}

/* Cut frames have no number that is right, so they are refused below. */
static int receive(void *socket, struct frames *ret)
{
    int more = 1;
    for (ret->count = 0; more; ret->count++) {
        char spare[PART_MAX];
        bool wanted = ret->count < PARTS;
        int n = zmq_recv(socket, wanted ? ret->at[ret->count] : spare, PART_MAX, ZMQ_DONTWAIT);
        if (n < 0)
            return -zmq_errno();
        if (wanted) {
            ret->n[ret->count] = (size_t)n;
            ret->at[ret->count][MIN(n, PART_MAX)] = '\0';
        }
        size_t size = sizeof(more);
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size))
            return -zmq_errno();
    }
    return 0;
}

static bool understood(const struct frames *f, struct zap_question *ret)
{
    enum { RAW_KEY = 32 };
    if (f->count != PARTS || strcmp(f->at[MECHANISM], "CURVE") != 0 ||
        f->n[CREDENTIALS] != RAW_KEY || f->n[DOMAIN] >= sizeof(ret->domain))
        return false;
    memcpy(ret->domain, f->at[DOMAIN], f->n[DOMAIN] + 1);
    return zmq_z85_encode(ret->public, (const uint8_t *)f->at[CREDENTIALS], RAW_KEY) != NULL;
}

int zap_next(void *socket, struct zap_question *ret)
{
    struct frames f;
    for (;;) {
        int error = receive(socket, &f);
        if (error)
            return error;
        *ret = (struct zap_question){0};
        if (f.count > REQUEST)
            snprintf(ret->request, sizeof(ret->request), "%.63s", f.at[REQUEST]);
        if (understood(&f, ret))
            return 0;
        error = zap_answer(socket, ret, NULL);
        if (error)
            return error;
    }
}

/* 300 and not 400: after 400 libzmq never connects that socket of the peer again, also when its key
 * is allowed later. After 300 the peer comes again when the time for the handshake is over. */
int zap_answer(void *socket, const struct zap_question *q, const char *user)
{
    const char *parts[] = {"1.0",
                           q->request,
                           user ? "200" : "300",
                           user ? "OK" : "this key is not allowed here",
                           user ? user : "",
                           ""};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (zmq_send(socket, parts[i], strlen(parts[i]),
                     ZMQ_DONTWAIT | (i + 1 < ARRAY_SIZE(parts) ? ZMQ_SNDMORE : 0)) < 0)
            return -zmq_errno();
    return 0;
}

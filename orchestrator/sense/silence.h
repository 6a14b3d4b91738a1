/* SPDX-License-Identifier: MPL-2.0 */
/* Silences and maintenance, each with author, reason and expiry (H6). */
#ifndef HELIOS_SENSE_SILENCE_H
#define HELIOS_SENSE_SILENCE_H

#include "sense.h"

struct verb_call;
struct silence {
    UT_hash_handle hh; /* sense.silences, key r.id */
    struct rec_silence r; /* owned */
    struct save save;
};

#define SILENCES_MAX 1000

void silences_init(struct helios *h);
void silences_done(struct helios *h);
int silence_load(struct helios *h, struct bytes value);
void silences_lead(struct helios *h);
int command_silence(struct helios *h, struct verb_call *call);
int command_unsilence(struct helios *h, struct verb_call *call);
int query_silences(struct helios *h, struct verb_call *call);

#endif

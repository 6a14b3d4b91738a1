/* SPDX-License-Identifier: MPL-2.0 */
/* What an error reply of Redis means (C5), as a table. */
#include "store_inside.h"

static void step_down(struct store *s, const char *text)
{
    store_fenced(s, text);
}


static void reconnect(struct store *s, const char *text)
{
    store_drop(s, 0, text);
}

/* Only a commit can wait for better times; whatever else was refused begins again with a new
 * connection. */
static void hold(struct store *s, const char *text)
{
    store_hold(s, "%s", text);
    if (s->state == STORE_READY)
        store_event(s, EV_HOLD);
    else if (s->state != STORE_HELD)
        store_drop(s, 0, text);
}

/* The position is not what we think: an answer was lost, or data. Reading it again tells which. */
static void read_again(struct store *s, const char *text)
{
    if (s->state == STORE_READY)
        store_event(s, EV_HOLD);
    else
        hold(s, text);
}

/* While they are being loaded it is no answer at all, and waiting for another one would last for ever. */
static void load_functions(struct store *s, const char *text)
{
    if (s->state == STORE_SETTING_UP)
        hold(s, text);
    else
        store_event(s, EV_MISSING);
}

static void wait_for_a_person(struct store *s, const char *text)
{
    store_drop(s, STORE_BACKOFF_LONG, text);
}

/* A cluster: another node has our slot. */
static void go_there(struct store *s, const char *text)
{
    cluster_moved(s, text);
}

static const struct {
    const char *prefix;
    void (*act)(struct store *, const char *text);
} classes[] = {
    {"FENCED", step_down},
    {"GAP", read_again},
    {"LOADING", reconnect},
    {"READONLY", reconnect},
    {"MASTERDOWN", reconnect},
    {"MOVED", go_there},
    {"OOM", hold},
    {"MISCONF", hold},
    {"NOREPLICAS", hold},
    {"BUSY", hold},
    {"NOSCRIPT", load_functions},
    {"ERR Function not found", load_functions},
    {"NOAUTH", wait_for_a_person},
    {"WRONGPASS", wait_for_a_person},
    {"NOPERM", wait_for_a_person},
    {"", hold}, /* nobody knows: nothing is lost by waiting */
};

void store_error(struct store *s, const char *text)
{
    size_t i = 0;
    if (text[0] == '\0') /* no words would mean that commits flow */
        text = "Redis refuses without a word";
    while (strncmp(text, classes[i].prefix, strlen(classes[i].prefix)) != 0)
        i++;
    classes[i].act(s, text);
}

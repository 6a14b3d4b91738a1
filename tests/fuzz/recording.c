/* SPDX-License-Identifier: MPL-2.0 */
/* Fuzzes what a person's tool reads from a file or an answer: `helios tap --replay`, a summary, and JSON as msgpack and back. The
 * first byte says which and how. */
#include <unistd.h>

#include "file.h"
#include "fuzz.h"
#include "proto/guard.h"
#include "proto/json.h"
#include "tools/helios/summary.h"
#include "tools/helios/verbs.h"

static bool terminal;

int isatty(int fd) /* in place of libc's: a line for people, or JSON, as the input says */
{
    return terminal && fd == STDOUT_FILENO;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    FUZZ_CHECK(freopen("/dev/null", "w", stdout) != NULL);
    return 0;
}

static void option(struct args *a, const char *name, const char *value)
{
    a->given[a->n_given] = name;
    a->values[a->n_given++] = value;
}

static void replay(unsigned how, struct bytes file)
{
    struct args a = {0};
    option(&a, "replay", fuzz_file(file));
    option(&a, "level", how & 8 ? "warning" : "debug");
    if (how & 16)
        option(&a, "rates", NULL);
    if (how & 32)
        option(&a, "record", "/dev/null");
    if (how & 128)
        option(&a, "speed", "9223372036854775807"); /* the way of the pauses, without them */
    if (how & 64)
        a.words[a.n_words++] = "task.*";
    run_tap(cli_verb_find("tap"), &a);
}

static void summary(unsigned how, struct bytes text)
{
    (void)how;
    struct buf out = {0};
    json_t *answer = json_loadb(text.at, text.n, 0, NULL);
    if (answer)
        summary_paint(&out, answer);
    json_decref(answer);
    buf_done(&out);
}

/* Integers, texts and the order of the keys stay as they are. */
static void there_and_back(unsigned how, struct bytes text)
{
    struct buf first = {0}, second = {0}, shown = {0};
    char why[200];
    if (json_text_to_msgpack(&first, text, why, sizeof(why)) == 0) {
        json_t *value = json_from_msgpack(buf_bytes(&first));
        FUZZ_CHECK(json_to_msgpack(&second, value) == 0);
        FUZZ_CHECK(bytes_eq(buf_bytes(&first), buf_bytes(&second)));
        int r = guard_check(buf_bytes(&first));
        FUZZ_CHECK(r == 0 || r == -E2BIG || !json_is_object(value));
        json_print(&shown, buf_bytes(&first), how & 8);
        json_decref(value);
    } else {
        json_print(&shown, guard_check(text) == 0 ? text : BYTES(""), how & 8);
    }
    buf_done(&first);
    buf_done(&second);
    buf_done(&shown);
}

static void (*const ways[])(unsigned how, struct bytes) = {replay, summary, there_and_back, replay};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    unsigned how = data[0];
    _cleanup_(fuzz_release) struct bytes rest =
        fuzz_tight((struct bytes){(const char *)data + 1, n - 1});
    terminal = how & 4;
    ways[how % 4](how, rest);
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Fuzzes an agent's manifest, and parameters that are sent to its actions: what passes the check becomes arguments and an
 * environment. The first piece is the file, the others are parameters: as msgpack, or (an odd one) as JSON text. */
#include "agents/argv.h"
#include "agents/manifest.h"
#include "file.h"
#include "fuzz.h"
#include "proto/guard.h"
#include "proto/json.h"

static struct manifest *load(struct bytes text)
{
    struct settings *s = NULL;
    struct manifest *m = NULL;
    char *why = NULL;
    int r = settings_load(section_agent_config, fuzz_file(text), NULL, 0, &s, &why);
    if (r == 0)
        r = manifest_new(&s, &m, &why);
    FUZZ_CHECK((r == 0) == (why == NULL) && s == NULL);
    free(why);
    return m;
}

static void start(const struct action *a, struct bytes params)
{
    struct words arguments = {0}, environment = {0};
    if (a->set) {
        words_run(&arguments, a->set->run, &a->params, params);
        FUZZ_CHECK(arguments.n == a->set->run.n);
        words_base(&environment, (struct seq){0}, a->set->env);
    }
    words_base64(&environment, "HELIOS_PARAMS", params);
    words_done(&arguments);
    words_done(&environment);
}

static void give(const struct manifest *m, struct bytes params)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct action *a = &m->actions[i];
        _cleanup_(buf_done) struct buf checked = {0}, again = {0};
        char *why = NULL;
        int r = params_check(&a->params, a->name, params, &checked, &why);
        FUZZ_CHECK((r == 0) == (why == NULL));
        free(why);
        if (r < 0)
            continue;
        FUZZ_CHECK(params_check(&a->params, a->name, buf_bytes(&checked), &again, &why) == 0);
        FUZZ_CHECK(
            bytes_eq(buf_bytes(&checked), buf_bytes(&again))); /* what passed passes as it is */
        start(a, buf_bytes(&checked));
    }
}

static void give_json(const struct manifest *m, struct bytes text)
{
    _cleanup_(buf_done) struct buf params = {0};
    char why[200] = "";
    if (json_text_to_msgpack(&params, text, why, sizeof(why)) < 0)
        FUZZ_CHECK(why[0] != '\0');
    else if (guard_check(buf_bytes(&params)) == 0)
        give(m, buf_bytes(&params));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bytes left = {(const char *)data, n};
    struct piece p;
    struct manifest *m = fuzz_piece(&left, &p) ? load(p.bytes) : NULL;
    while (m && fuzz_piece(&left, &p)) {
        _cleanup_(fuzz_release) struct bytes params = fuzz_tight(p.bytes);
        if (p.what % 2)
            give_json(m, params);
        else if (guard_check(params) == 0)
            give(m, params);
    }
    manifest_drop(m);
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Fuzzes the controller's config. One that is accepted can be shown, read back as the same, and led with. */
#include "file.h"
#include "fuzz.h"
#include "orchestrator/core/helios.h"

static int load(struct bytes text, struct settings **ret)
{
    char *report = NULL;
    int r = settings_load(section_config, fuzz_file(text), NULL, 0, ret, &report);
    FUZZ_CHECK((r == 0) == (report == NULL));
    FUZZ_CHECK(report == NULL || report[0] != '\0');
    free(report);
    return r;
}

static void check_shown(const struct settings *s)
{
    _cleanup_(buf_done) struct buf shown = {0}, differences = {0};
    struct settings *back;
    settings_show(&shown, s, false);
    FUZZ_CHECK(load(buf_bytes(&shown), &back) == 0);
    FUZZ_CHECK(settings_diff(&differences, s, back) == 0);
    settings_free(back);
}

static void check_leading(const struct settings *s)
{
    struct helios *h = helios_new(settings_root(s), 7);
    int64_t now = 1790000000000;
    helios_lead(h, 1, now);
    for (int turn = 0; turn < 3; turn++, now += 1000) {
        helios_tick(h, now);
        batch_free(helios_cut(h));
    }
    helios_free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct settings *s;
    if (load((struct bytes){(const char *)data, n}, &s) < 0)
        return 0;
    check_shown(s);
    check_leading(s);
    settings_free(s);
    return 0;
}

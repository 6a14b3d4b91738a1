/* SPDX-License-Identifier: MPL-2.0 */
/* helios-settings-doc prints docs/settings.md, a chapter of a man page, or a config file to begin with:
 *   helios-settings-doc
 *   helios-settings-doc manual|sample config|agent|up [KEY=VALUE…] */
#include "settings/settings.h"

static void document(struct buf *out, const struct section *root, char **more, size_t n)
{
    (void)root, (void)more, (void)n;
    settings_document(out);
}

static void manual(struct buf *out, const struct section *root, char **more, size_t n)
{
    (void)more, (void)n;
    settings_manual(out, root);
}

static void sample(struct buf *out, const struct section *root, char **more, size_t n)
{
    settings_sample(out, root, (const char *const *)more, n);
}

static const struct {
    const char *name;
    void (*print)(struct buf *out, const struct section *root, char **more, size_t n);
} forms[] = {{"document", document}, {"manual", manual}, {"sample", sample}};

static const struct section *root_of(const char *file)
{
    if (strcmp(file, "agent") == 0)
        return section_agent_config;
    return strcmp(file, "up") == 0 ? section_up : section_config;
}

int main(int argc, char **argv)
{
    _cleanup_(buf_done) struct buf text = {0};
    const char *form = argc > 1 ? argv[1] : "document";
    size_t n = argc > 3 ? (size_t)argc - 3 : 0;
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
        if (strcmp(forms[i].name, form) == 0)
            forms[i].print(&text, root_of(argc > 2 ? argv[2] : ""), argv + argc - n, n);
    return text.n && fwrite(text.at, 1, text.n, stdout) == text.n && fflush(stdout) == 0 ? 0 : 1;
}

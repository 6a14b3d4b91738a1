/* SPDX-License-Identifier: MPL-2.0 */
/* docs/settings.md from the tables. */
#include "settings/describe.h"
#include "settings/loaded.h"

static const char opening[] =
    "# Settings\n"
    "\n"
    "<!-- Made by helios-settings-doc from settings.def and kpis.def; do not edit. -->\n"
    "\n"
    "Three kinds of files, all YAML: `helios.yaml` for a controller, one file for each agent\n"
    "process, `up.yaml` for `helios up`. `helios config check FILE` names each mistake with\n"
    "its line, its column and a suggestion.\n"
    "\n"
    "- What counts: flag over `HELIOS_*` over file over default. A flag is\n"
    "  `section.key=value`, a variable `HELIOS_SECTION_KEY`: `HELIOS_CYCLE_EVERY=10s`, and\n"
    "  `HELIOS_REALM` for a setting without a section. Lists are then parted by commas. Rows\n"
    "  of tables (KPIs, optimizations, actions…) are the file's alone, and so is all of\n"
    "  `up.yaml`. `HELIOS_DATA` is the controller's data directory; in an agent's file it\n"
    "  changes nothing by itself, but `controllers: [\"${HELIOS_DATA}\"]` uses it.\n"
    "- `${VAR}` in any value is replaced from the environment, `${VAR:-default}` too; `$${`\n"
    "  stands for the two characters. What is replaced is shown by `config show`: keep\n"
    "  secrets in files.\n"
    "- Durations have units: `250ms`, `10s`, `5m`, `1h30m`, `7d`. Sizes: `4096`, `64KiB`,\n"
    "  `1MiB`, `2GiB`.\n"
    "- A file has at most 1 MiB and 8 levels. Anchors, aliases, tags and duplicate keys are\n"
    "  refused.\n";

/* A bar would end a table's cell. */
static void add_cell(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_printf(out, "%s%c", *text == '|' ? "\\" : "", *text);
}

static void add_link(struct buf *out, const struct setting *s)
{
    buf_printf(out, "[%s](#%s)", s->part->name, s->part->name);
}

static void add_range(struct buf *out, const struct setting *s)
{
    if (s->part) {
        buf_text(out, s->kind == SETTING_TABLE ? "name → " : "");
        add_link(out, s);
    } else {
        describe_range(out, s, "`");
    }
}

static void add_default(struct buf *out, const struct setting *s)
{
    _cleanup_(buf_done) struct buf value = {0};
    describe_default(&value, s);
    if (s->needed)
        buf_text(out, "*needed*");
    else if (value.n)
        buf_printf(out, "`%s`", buf_str(&value));
}

static void add_setting(struct buf *out, const struct setting *s)
{
    if (s->key[0] == '\0')
        return;
    buf_printf(out, "| `%s` | %s | ", s->key, describe_kind(s));
    add_default(out, s);
    buf_text(out, " | ");
    add_range(out, s);
    buf_text(out, " | ");
    add_cell(out, s->help);
    buf_text(out, " |\n");
}

static void add_section(struct buf *out, const struct section *section)
{
    buf_printf(out, "\n### %s\n\n%s\n\n", section->name, section->doc);
    buf_text(out, "| key | kind | default | range | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < section->n; i++)
        add_setting(out, &section->settings[i]);
}

static void add_catalogue(struct buf *out)
{
    size_t n = 0;
    const struct catalogue_kpi *all = kpi_catalogue(&n);
    buf_text(
        out,
        "\n## The KPI catalogue\n\n"
        "A row of `kpis:` with one of these names starts from these values; the file changes "
        "single keys. Those marked\n"
        "*computed* are measured by the controller of itself: every realm has them, with weight "
        "0.\n\n"
        "| name | title | unit | category | better | target | critical | measure | | what it is |\n"
        "|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const struct set_kpi *k = &all[i].kpi;
        buf_printf(out, "| `%s` | %s | %s | %s | %s | %.10g | %.10g | %s | %s | %s |\n", k->name.at,
                   k->title.at, k->unit.at, k->category.at, enum_text(&enum_better, (int)k->better),
                   k->target, k->critical, enum_text(&enum_measure, (int)k->measure),
                   all[i].computed ? "*computed*" : "", all[i].doc);
    }
}

void settings_document(struct buf *out)
{
    const struct {
        const char *title;
        const struct section *root;
    } files[] = {{"helios.yaml", section_config},
                 {"An agent's file", section_agent_config},
                 {"up.yaml", section_up}};
    _autofree_ bool *done = xalloc(sections_all_n * sizeof *done);
    buf_text(out, opening);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        buf_printf(out, "\n## %s\n", files[i].title);
        describe_tree(out, files[i].root, done, add_section);
    }
    add_catalogue(out);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the files' names and heads; the text for people is made in markdown.c. */
#include "report.h"

#include "common/text.h"
#include "orchestrator/core/helios.h"
#include "proto/json.h"

static void want(struct helios *h, const char *name, const char *ending, struct buf *text)
{
    char file[160];
    snprintf(file, sizeof(file), "%s.%s", name, ending);
    helios_want_file(h, file, buf_take(text));
}

void report_write(struct helios *h, const char *name, const char *title, const char *summary,
                  const char *id, struct bytes data)
{
    if (!h->config->reports.enabled)
        return;
    struct buf text = {0}, numbers = {0};
    struct pack p;
    buf_printf(&text, "# %s\n\n%s\n\nRealm %s, ", title, summary, h->config->realm.at);
    text_time(&text, h->now);
    buf_text(&text, "\n\n");
    markdown_of(&text, data);
    want(h, name, "md", &text);
    json_print(&text, data, true);
    buf_text(&text, "\n");
    want(h, name, "json", &text);
    pack_init(&p, &numbers);
    pack_map(&p);
    pack_put_text(&p, "file", name);
    pack_put_text(&p, "title", title);
    pack_end(&p);
    note(h, EVENT_report_written, id, NULL, &numbers, "%s.md and %s.json: %s", name, name, summary);
    buf_done(&numbers);
}

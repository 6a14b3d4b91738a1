/* SPDX-License-Identifier: MPL-2.0 */
/* A history as JSON lines, one fact each. The file is a test's own: what is wrong in it is said with its line. */
#include <inttypes.h>
#include <jansson.h>

#include "common/text.h"
#include "inside.h"

static void text_member(FILE *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    _cleanup_(buf_done) struct buf quoted = {0};
    text_json_string(&quoted, bytes_of(text));
    fprintf(out, ",\"%s\":%s", name, buf_str(&quoted));
}

static void number_member(FILE *out, const char *name, uint64_t n)
{
    if (n)
        fprintf(out, ",\"%s\":%" PRIu64, name, n);
}

void history_write(const struct fact *fact, FILE *out)
{
    fprintf(out, "{\"at\":%" PRId64 ",\"fact\":\"%s\"", fact->at, fact_name(fact->kind));
    text_member(out, "who", fact->who);
    text_member(out, "key", fact->key);
    text_member(out, "id", fact->id);
    text_member(out, "text", fact->text);
    number_member(out, "n", fact->n);
    number_member(out, "m", fact->m);
    fputs("}\n", out);
}

static int kind_of(const char *name, enum fact_kind *ret)
{
    for (int i = 0; name && i < FACT_KINDS; i++)
        if (strcmp(fact_name(i), name) == 0) {
            *ret = i;
            return 0;
        }
    return -EPROTO;
}

static int read_fact(struct history *h, const char *line, struct buf *why)
{
    json_error_t error;
    json_t *o = json_loads(line, 0, &error);
    if (!o) {
        buf_text(why, error.text);
        return -EPROTO;
    }
    const char *name = "";
    json_int_t at = 0, n = 0, m = 0;
    struct fact f = {0};
    int r = json_unpack_ex(o, &error, JSON_STRICT, "{s?I,s:s,s?s,s?s,s?s,s?s,s?I,s?I}", "at", &at,
                           "fact", &name, "who", &f.who, "key", &f.key, "id", &f.id, "text",
                           &f.text, "n", &n, "m", &m);
    if (r < 0)
        buf_text(why, error.text);
    else if ((r = kind_of(name, &f.kind)) < 0)
        buf_printf(why, "there is no fact `%s`", name);
    if (r == 0) {
        f.at = at;
        f.n = (uint64_t)n;
        f.m = (uint64_t)m;
        history_add(h, &f);
    }
    json_decref(o);
    return r < 0 ? -EPROTO : 0;
}

int history_read(struct history *h, FILE *in, char **ret_why)
{
    _autofree_ char *line = NULL;
    size_t room = 0;
    for (unsigned number = 1; getline(&line, &room, in) > 0; number++) {
        _cleanup_(buf_done) struct buf why = {0};
        if (read_fact(h, line, &why) == 0)
            continue;
        struct buf sentence = {0};
        buf_printf(&sentence, "line %u: %s", number, buf_str(&why));
        *ret_why = buf_take(&sentence);
        return -EPROTO;
    }
    return 0;
}

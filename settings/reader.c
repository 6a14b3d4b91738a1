/* SPDX-License-Identifier: MPL-2.0 */
/* A file's tree into the structs of sections.h, with a mistake for everything that does not fit.
 * Knows no meaning of any setting but one: rows of KPIs start from the catalogue. */
#include "common/text.h"
#include "proto/pack.h"
#include "settings/expand.h"
#include "settings/loaded.h"
#include "settings/value.h"
#include "settings/yaml.h"

/* Where the reader is, for messages: `kpis.api.target` is three of them. */
struct path {
    const struct path *up;
    const char *word;
};

struct reader {
    struct settings *s;
    struct mistakes *m;
    struct named { /* texts of a free value that name something: a check may blame one of them */
        size_t offset;
        struct place place;
    } *named; /* owned */
    size_t n_named;
};

static void add_path(struct buf *out, const struct path *path)
{
    if (path == NULL || path->word == NULL)
        return;
    size_t before = out->n;
    add_path(out, path->up);
    if (out->n > before)
        buf_text(out, ".");
    text_safe(out, bytes_of(path->word));
}

static void wrong(struct reader *r, struct place place, const struct path *path, const char *why)
{
    struct buf name = {0};
    add_path(&name, path);
    mistake(r->m, place, "%s %s", name.n ? buf_str(&name) : "the file", why);
    buf_done(&name);
}

static const char *kind_found(const struct yaml *node)
{
    static const char *const names[] = {
        [YAML_SCALAR] = "one value", [YAML_LIST] = "a list", [YAML_MAP] = "a map"};
    return yaml_nothing(node) ? "nothing" : names[node->kind];
}

static void wrong_kind(struct reader *r, const struct yaml *node, const struct path *path,
                       const char *wanted)
{
    struct buf why = {0};
    buf_printf(&why, "must be %s, but is %s", wanted, kind_found(node));
    wrong(r, yaml_nothing(node) ? node->key_place : node->place, path, buf_str(&why));
    buf_done(&why);
}

/* scalar_text gives a value's text with its variables replaced; {NULL} after a mistake. */
static struct bytes scalar_text(struct reader *r, const struct yaml *node, const struct path *path)
{
    struct buf text = {0}, why = {0};
    /* Who starts the processes of up.yaml chooses HELIOS_DATA, and may do so after reading it. */
    const char *leave = r->s->root == section_up ? "HELIOS_DATA" : NULL;
    struct bytes result = {0};
    if (expand_text(&text, node->text, leave, &why) < 0)
        wrong(r, node->place, path, buf_str(&why));
    else
        result = keep_bytes(&r->s->keep, buf_bytes(&text));
    buf_done(&text);
    buf_done(&why);
    return result;
}

typedef void read_fn(struct reader *, const struct setting *, void *member, const struct yaml *,
                     const struct path *);

static void read_single(struct reader *r, const struct setting *s, void *member,
                        const struct yaml *node, const struct path *path)
{
    if (node->kind != YAML_SCALAR || yaml_nothing(node)) {
        wrong_kind(r, node, path, "one value");
        return;
    }
    struct bytes text = scalar_text(r, node, path);
    struct buf why = {0};
    if (text.at && value_parse(&r->s->keep, s, member, text, &why) < 0)
        wrong(r, node->place, path, buf_str(&why));
    buf_done(&why);
}

static void read_words(struct reader *r, const struct setting *s, void *member,
                       const struct yaml *node, const struct path *path)
{
    (void)s;
    if (node->kind == YAML_MAP || yaml_nothing(node)) {
        wrong_kind(r, node, path, "a list of words");
        return;
    }
    size_t most = node->kind == YAML_LIST ? node->n : 1;
    struct bytes *words = keep_room(&r->s->keep, (most + 1) * sizeof *words);
    size_t n = 0;
    for (const struct yaml *item = node->kind == YAML_LIST ? node->first : node; item;
         item = item == node ? NULL : item->next) {
        if (item->kind != YAML_SCALAR || (yaml_nothing(item) && item != node)) {
            wrong_kind(r, item, path, "a list of words");
            continue;
        }
        words[n] = scalar_text(r, item, path);
        if (words[n].at)
            settings_note(r->s, &words[n++], ORIGIN_FILE, item->place);
    }
    *(struct seq *)member = (struct seq){n ? words : NULL, n};
}

/* An unquoted word is what it looks like; a quoted one is a string. */
static void pack_scalar(struct pack *p, const struct yaml *node, struct bytes text)
{
    int64_t integer = 0;
    double number = 0;
    if (!node->plain)
        pack_str(p, text);
    else if (yaml_nothing(node))
        pack_nil(p);
    else if (bytes_is(text, "true") || bytes_is(text, "false"))
        pack_bool(p, bytes_is(text, "true"));
    else if (text_parse_int(text, &integer) == 0)
        pack_int(p, integer);
    else if (text_parse_number(text, &number) == 0)
        pack_num(p, number);
    else
        pack_str(p, text);
}

static void remember_place(struct reader *r, const struct pack *p, const struct yaml *node, struct bytes text)
{
    if (text.n == 0 || memmem(text.at, text.n, "${", 2) == NULL)
        return;
    r->named = xrealloc(r->named, (r->n_named + 1) * sizeof(*r->named));
    r->named[r->n_named++] = (struct named){p->out->n, node->place};
}

static void pack_node(struct reader *r, struct pack *p, const struct yaml *node,
                      const struct path *path)
{
    if (node->kind == YAML_SCALAR) {
        struct bytes text = scalar_text(r, node, path);
        remember_place(r, p, node, text);
        pack_scalar(p, node, text.at ? text : BYTES(""));
        return;
    }
    if (node->kind == YAML_MAP)
        pack_map(p);
    else
        pack_list(p);
    YAML_EACH (child, node) {
        struct path inner = {path, child->key.at};
        if (node->kind == YAML_MAP)
            pack_key_bytes(p, child->key);
        pack_node(r, p, child, node->kind == YAML_MAP ? &inner : path);
    }
    pack_end(p);
}

static void read_any(struct reader *r, const struct setting *s, void *member,
                     const struct yaml *node, const struct path *path)
{
    (void)s;
    if (yaml_nothing(node))
        return;
    if (node->kind != YAML_MAP) {
        wrong_kind(r, node, path, "a map");
        return;
    }
    struct buf packed = {0};
    struct pack p;
    pack_init(&p, &packed);
    pack_node(r, &p, node, path);
    struct bytes kept = keep_bytes(&r->s->keep, buf_bytes(&packed));
    *(struct bytes *)member = kept;
    buf_done(&packed);
    for (size_t i = 0; i < r->n_named; i++) /* where the text's bytes begin stands for it */
        settings_note(r->s, kept.at + r->named[i].offset, ORIGIN_FILE, r->named[i].place);
    r->n_named = 0;
}

static void read_section(struct reader *r, const struct section *section, void *base,
                         const struct yaml *node, const struct path *path);

static void read_in(struct reader *r, const struct setting *s, void *member,
                    const struct yaml *node, const struct path *path)
{
    read_section(r, s->part, member, node, path);
}

static void start_row(struct reader *r, const struct section *part, void *row,
                      const struct yaml *node)
{
    const struct catalogue_kpi *built_in =
        part == &section_of_kpi ? catalogue_find(node->key) : NULL;
    section_fill(&r->s->keep, part, row);
    if (built_in)
        *(struct set_kpi *)row = built_in->kpi;
    *(struct bytes *)row = node->key;
    settings_note(r->s, row, ORIGIN_FILE, node->key_place);
}

static void read_table(struct reader *r, const struct setting *s, void *member,
                       const struct yaml *node, const struct path *path)
{
    if (node->kind != YAML_MAP && !yaml_nothing(node)) {
        wrong_kind(r, node, path, "a map of names");
        return;
    }
    char *rows = keep_room(&r->s->keep, node->n * s->part->size);
    size_t n = 0;
    YAML_EACH (child, node) {
        struct path inner = {path, child->key.at};
        if (!text_is_name(child->key)) {
            wrong(r, child->key_place, &inner,
                  "is no name: 1 to 64 letters, digits and _.:-, the first a letter or a digit");
            continue;
        }
        void *row = rows + n++ * s->part->size;
        start_row(r, s->part, row, child);
        read_section(r, s->part, row, child, &inner);
    }
    *(struct seq *)member = (struct seq){n ? rows : NULL, n};
}

static read_fn *const readers[] = {
    [SETTING_TEXT] = read_single,     [SETTING_BOOL] = read_single, [SETTING_INT] = read_single,
    [SETTING_NUM] = read_single,      [SETTING_SIZE] = read_single, [SETTING_CHOICE] = read_single,
    [SETTING_DURATION] = read_single, [SETTING_WORDS] = read_words, [SETTING_ANY] = read_any,
    [SETTING_IN] = read_in,           [SETTING_TABLE] = read_table,
};

static const struct setting *find_setting(const struct section *section, struct bytes key)
{
    for (size_t i = 0; i < section->n; i++)
        if (key.n && bytes_is(key, section->settings[i].key))
            return &section->settings[i];
    return NULL;
}

/* Somebody who writes `password: x` is told so without his password on the terminal and in the log
 * (Z4). */
static struct place place_of_unknown(const struct yaml *child)
{
    static const char *const secret[] = {"password", "passwd", "secret", "token"};
    struct place place = child->key_place;
    for (size_t i = 0; i < ARRAY_SIZE(secret); i++)
        if (strcasestr(child->key.at, secret[i]))
            place.width = 0;
    return place;
}

static void unknown_key(struct reader *r, const struct section *section, const struct yaml *child,
                        const struct path *path)
{
    _autofree_ const char **keys = xalloc(section->n * sizeof *keys);
    size_t n = 0;
    for (size_t i = 0; i < section->n; i++)
        if (section->settings[i].key[0])
            keys[n++] = section->settings[i].key;
    const char *meant = child->key.n <= 64 ? text_nearest(child->key.at, keys, n) : NULL;
    struct buf text = {0};
    buf_text(&text, "unknown key '");
    text_safe(&text, (struct bytes){child->key.at, MIN(child->key.n, (size_t)64)});
    buf_text(&text, "'");
    size_t before = text.n;
    buf_text(&text, " in ");
    add_path(&text, path);
    if (text.n == before + 4)
        buf_text(&text, r->m->file);
    if (meant)
        buf_printf(&text, "; did you mean '%s'?", meant);
    mistake(r->m, place_of_unknown(child), "%s", buf_str(&text));
    buf_done(&text);
}

static void check_needed(struct reader *r, const struct section *section, const void *base,
                         const struct yaml *node, const struct path *path)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct setting *s = &section->settings[i];
        const struct bytes *text = setting_member(s, base);
        if (!s->needed || text->at)
            continue;
        bool given = false;
        YAML_EACH (child, node)
            given |= bytes_is(child->key, s->key);
        if (given)
            continue; /* and what is wrong with it was said */
        struct buf why = {0};
        buf_printf(&why, "needs `%s`: %s", s->key, s->help);
        wrong(r, node->key_place, path, buf_str(&why));
        buf_done(&why);
    }
}

static void read_section(struct reader *r, const struct section *section, void *base,
                         const struct yaml *node, const struct path *path)
{
    if (node->kind != YAML_MAP && !yaml_nothing(node)) {
        wrong_kind(r, node, path, "a map");
        return;
    }
    YAML_EACH (child, node) {
        const struct setting *s = find_setting(section, child->key);
        if (s == NULL) {
            unknown_key(r, section, child, path);
            continue;
        }
        struct path inner = {path, s->key};
        void *member = setting_member(s, base);
        bool single = child->kind == YAML_SCALAR && !yaml_nothing(child);
        if (s->kind != SETTING_IN)
            settings_note(r->s, member, ORIGIN_FILE, single ? child->place : child->key_place);
        readers[s->kind](r, s, member, child, &inner);
    }
    check_needed(r, section, base, node, path);
}

void section_read(struct settings *s, const struct yaml *tree, struct mistakes *m)
{
    struct reader r = {.s = s, .m = m};
    read_section(&r, s->root, s->at, tree, NULL);
    free(r.named);
}

/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/yaml.h"

#include <libfyaml.h>

#include "common/text.h"

struct builder {
    struct keep *keep;
    struct mistakes *m;
    struct fy_parser *parser;
    struct yaml *open[YAML_MAX_DEPTH];
    size_t depth;
    struct yaml *root;
    size_t nodes, documents;
    struct yaml *key; /* read, its value is not yet */
};

bool yaml_nothing(const struct yaml *node)
{
    return node->kind == YAML_SCALAR && node->plain &&
           (node->text.n == 0 || bytes_is(node->text, "~") || bytes_is(node->text, "null"));
}

static struct place place_of(struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
    if (start == NULL)
        return (struct place){0};
    struct place at = {
        .line = (unsigned)start->line + 1, .column = (unsigned)start->column + 1, .width = 1};
    if (event->type == FYET_SCALAR && end && end->line == start->line &&
        end->column > start->column)
        at.width = (unsigned)(end->column - start->column);
    enum fy_scalar_style style =
        event->type == FYET_SCALAR ? fy_token_scalar_style(fy_event_get_token(event)) : FYSS_PLAIN;
    if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && at.column > 1) {
        at.column--; /* the library points behind the quote */
        at.width += 2;
    }
    return at;
}

/* What one may not write at all: answers the sentence, or NULL. */
static const char *refusal(const struct builder *b, struct fy_event *event)
{
    if (event->type == FYET_ALIAS || fy_event_get_anchor_token(event))
        return "anchors and aliases are not allowed here; write the value out";
    if (fy_event_get_tag_token(event))
        return "tags are not allowed here";
    if (b->nodes >= YAML_MAX_NODES)
        return "too many values for a config file";
    bool opens = event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START;
    if (opens && b->depth == YAML_MAX_DEPTH)
        return "nested too deeply: 8 levels are the most";
    bool wants_key = b->depth && b->open[b->depth - 1]->kind == YAML_MAP && b->key == NULL;
    if (opens && wants_key)
        return "a key must be a word";
    return NULL;
}

static struct yaml *new_node(struct builder *b, struct fy_event *event)
{
    struct yaml *node = keep_room(b->keep, sizeof *node);
    b->nodes++;
    node->place = place_of(event);
    node->kind = event->type == FYET_MAPPING_START    ? YAML_MAP
                 : event->type == FYET_SEQUENCE_START ? YAML_LIST
                                                      : YAML_SCALAR;
    if (node->kind == YAML_SCALAR) {
        size_t n = 0;
        const char *text = fy_token_get_text(event->scalar.value, &n);
        node->text = keep_bytes(b->keep, (struct bytes){text, text ? n : 0});
        node->plain = fy_token_scalar_style(fy_event_get_token(event)) == FYSS_PLAIN;
    }
    return node;
}

/* Puts a node where it belongs: the root, a list's item, a map's key, or that key's value. */
static void place_node(struct builder *b, struct yaml *node)
{
    struct yaml *in = b->depth ? b->open[b->depth - 1] : NULL;
    if (in == NULL) {
        b->root = node;
        return;
    }
    if (in->kind == YAML_MAP && b->key == NULL) {
        b->key = node;
        return;
    }
    if (b->key) {
        node->key = b->key->text;
        node->key_place = b->key->place;
        if (node->place.line == 0)
            node->place = node->key_place;
        b->key = NULL;
    }
    *(in->last ? &in->last->next : &in->first) = node;
    in->last = node;
    in->n++;
}

static int by_key(const void *a, const void *b)
{
    const struct yaml *one = *(struct yaml *const *)a, *two = *(struct yaml *const *)b;
    int order = strcmp(one->key.at, two->key.at);
    if (order)
        return order;
    if (one->key_place.line != two->key_place.line)
        return one->key_place.line < two->key_place.line ? -1 : 1;
    return one->key_place.column < two->key_place.column ? -1 : 1;
}

static void drop_repeated(struct yaml *map)
{
    struct yaml **at = &map->first;
    map->last = NULL;
    while (*at) {
        if ((*at)->repeated) {
            *at = (*at)->next;
            map->n--;
            continue;
        }
        map->last = *at;
        at = &(*at)->next;
    }
}

static void refuse_duplicates(struct builder *b, struct yaml *map)
{
    _autofree_ struct yaml **sorted = xalloc((map->n + 1) * sizeof *sorted);
    size_t n = 0;
    YAML_EACH (child, map)
        sorted[n++] = child;
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (!bytes_eq(sorted[first]->key, sorted[i]->key)) {
            first = i;
            continue;
        }
        mistake(b->m, sorted[i]->key_place, "duplicate key '%s': it is given in line %u already",
                sorted[i]->key.at, sorted[first]->key_place.line);
        sorted[i]->repeated = true;
    }
    drop_repeated(map);
}

/* An anchor or a tag is what is pointed at, not the value behind it. */
static struct place place_of_refusal(struct fy_event *event)
{
    struct fy_token *anchor = fy_event_get_anchor_token(event);
    struct fy_token *token = anchor ? anchor : fy_event_get_tag_token(event);
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (mark == NULL)
        return place_of(event);
    int column = mark->column + (anchor ? 0 : 1); /* an anchor's mark stands behind its & */
    return (struct place){.line = (unsigned)mark->line + 1, .column = (unsigned)column, .width = 1};
}

static int on_value(struct builder *b, struct fy_event *event)
{
    const char *why = refusal(b, event);
    if (why) {
        mistake(b->m, place_of_refusal(event), "%s", why);
        return -EINVAL;
    }
    struct yaml *node = new_node(b, event);
    place_node(b, node);
    if (node->kind != YAML_SCALAR)
        b->open[b->depth++] = node;
    return 0;
}

static int on_event(struct builder *b, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (b->documents++ == 0)
            return 0;
        mistake(b->m, (struct place){0}, "more than one document (`---`); a config is one");
        return -EINVAL;
    case FYET_MAPPING_START:
    case FYET_SEQUENCE_START:
    case FYET_SCALAR:
    case FYET_ALIAS:
        return on_value(b, event);
    case FYET_MAPPING_END:
        refuse_duplicates(b, b->open[b->depth - 1]);
        b->depth--;
        return 0;
    case FYET_SEQUENCE_END:
        b->depth--;
        return 0;
    default:
        return 0;
    }
}

static int read_events(struct builder *b)
{
    for (;;) {
        struct fy_event *event = fy_parser_parse(b->parser);
        if (event == NULL)
            return 0;
        int r = on_event(b, event);
        fy_parser_event_free(b->parser, event);
        if (r < 0)
            return r;
    }
}

static int check_bytes(struct mistakes *m)
{
    unsigned line = 1;
    if (m->source.n > YAML_MAX_BYTES) {
        mistake(m, (struct place){0}, "too large: a config file has at most 1 MiB");
        return -EFBIG;
    }
    for (size_t i = 0; i < m->source.n; i++) {
        unsigned char c = (unsigned char)m->source.at[i];
        line += c == '\n';
        if ((c < 32 && c != '\n' && c != '\r' && c != '\t') || c == 127) {
            mistake(m, (struct place){0}, "line %u has a control byte \\x%02x", line, c);
            return -EINVAL;
        }
    }
    if (!text_is_utf8(m->source)) {
        mistake(m, (struct place){0}, "is not UTF-8 text");
        return -EINVAL;
    }
    return 0;
}

/* The library's first complaint; those after it follow from the first. */
static void note_syntax(struct mistakes *m, struct fy_diag *diag)
{
    void *walk = NULL;
    struct fy_diag_error *error = fy_diag_errors_iterate(diag, &walk);
    struct place at = {0};
    if (error && error->line > 0)
        at = (struct place){
            .line = (unsigned)error->line, .column = (unsigned)MAX(1, error->column), .width = 1};
    mistake(m, at, "not YAML: %s", error && error->msg ? error->msg : "it cannot be parsed");
}

static int parse(struct builder *b)
{
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&quiet);
    assert(diag);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg how = {.search_path = "",
                               .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE |
                                        FYPCF_DEFAULT_VERSION_1_2,
                               .diag = diag};
    b->parser = fy_parser_create(&how);
    int r = b->parser ? fy_parser_set_string(b->parser, b->m->source.at, b->m->source.n) : -ENOMEM;
    r = r ? -ENOMEM : read_events(b);
    if (r == -ENOMEM || (r == 0 && fy_diag_got_error(diag))) {
        note_syntax(b->m, diag);
        r = -EINVAL;
    }
    if (b->parser)
        fy_parser_destroy(b->parser);
    fy_diag_destroy(diag);
    return r;
}

struct yaml *yaml_parse(struct keep *keep, struct mistakes *m)
{
    struct builder b = {.keep = keep, .m = m};
    if (check_bytes(m) < 0)
        return NULL;
    if (m->source.n && parse(&b) < 0)
        return NULL;
    if (b.root == NULL || yaml_nothing(b.root)) {
        b.root = keep_room(keep, sizeof *b.root);
        b.root->kind = YAML_MAP;
    }
    return b.root;
}

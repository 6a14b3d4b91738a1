/* SPDX-License-Identifier: MPL-2.0 */
/* helios-protocol-doc TEMPLATE [VERBS]: prints the protocol document. The prose is the template; a
 * line of it that is @name@ is replaced by the tables of that name. VERBS, the list of queries and
 * commands, comes last when it exists. */
#include <sysexits.h>

#include "common/text.h"
#include "rights.h"

static const char *const from_names[] = {"agent", "controller", "client", "source", ""};
static const char *const endpoint_names[] = {"agents", "control", "kpi", "events", ""};

/* The names of kinds in the document; those of ENUM and LIST are links. */
static const char *const kind_names[] = {
    [KIND_STR] = "string", [KIND_UINT] = "uint", [KIND_INT] = "int", [KIND_NUM] = "number",
    [KIND_BOOL] = "bool",  [KIND_BIN] = "bytes", [KIND_MAP] = "map", [KIND_NAMES] = "strings",
    [KIND_ENUM] = "",      [KIND_LIST] = "",
};

/* print_cell prints text inside a table: a bar would end its cell. */
static void print_cell(const char *text)
{
    for (; *text; text++)
        printf(*text == '|' ? "\\|" : "%c", *text);
}

static void print_type(const struct field *f)
{
    if (f->kind == KIND_ENUM)
        printf("[%s](#enum-%s)", f->enumeration->name, f->enumeration->name);
    else if (f->kind == KIND_LIST)
        printf("list of [%s](#part-%s)", f->part->name, f->part->name);
    else
        printf("%s", kind_names[f->kind]);
}

static void print_default(const struct field *f)
{
    if (f->needed)
        printf("*needed*");
    else if (f->kind == KIND_ENUM)
        printf("`%s`", enum_text(f->enumeration, (int)f->dflt));
    else if (f->kind == KIND_BOOL)
        printf("%s", f->dflt != 0 ? "true" : "false");
    else if (f->kind == KIND_UINT || f->kind == KIND_INT || f->kind == KIND_NUM)
        printf("%.15g", f->dflt);
    else if (f->dflt_text && *f->dflt_text)
        printf("`%s`", f->dflt_text);
    else
        printf("empty");
}

static void print_example(const struct field *f)
{
    if (f->kind == KIND_BOOL)
        printf("%s", *f->example == '1' ? "true" : "false");
    else if (*f->example)
        printf("`%s`", f->example);
}

static void print_fields(const struct schema *s)
{
    printf("| field | type | default | example | |\n|---|---|---|---|---|\n");
    for (const struct field *f = s->fields; f != s->fields + s->n; f++) {
        printf("| `%s` | ", f->name);
        print_type(f);
        printf(" | ");
        print_default(f);
        printf(" | ");
        print_example(f);
        printf(" | ");
        print_cell(f->doc);
        printf(" |\n");
    }
    printf("\n");
}

static void print_messages(void)
{
    for (size_t i = 0; i < MSG_COUNT; i++) {
        const struct schema *s = &schema_messages[i];
        printf("### %s\nFrom the %s, on `%s`. %s\n\n", s->name, from_names[s->from],
               endpoint_names[s->endpoint], s->doc);
        print_fields(s);
    }
}

static void print_parts(void)
{
    for (size_t i = 0; i < schema_parts_n; i++) {
        printf("### part %s\n%s\n\n", schema_parts[i]->name, schema_parts[i]->doc);
        print_fields(schema_parts[i]);
    }
}

static void print_records(void)
{
    for (size_t i = 0; i < REC_COUNT; i++) {
        printf("### record %s\n%s\n\n", schema_records[i].name, schema_records[i].doc);
        print_fields(&schema_records[i]);
    }
}

static void print_enum(const struct enumeration *e)
{
    printf("### enum %s\n\n| value | |\n|---|---|\n", e->name);
    for (size_t i = 0; i < e->n; i++) {
        printf("| `%s` | ", e->values[i]);
        print_cell(e->docs[i]);
        printf(" |\n");
    }
    printf("\n");
}

static void print_enums(void)
{
#define ENUM_OF(e) print_enum(&enum_##e);
#define VALUE(e, v, doc)
#define ENUM_END(e)
#include "enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END
}

static void print_events(void)
{
    printf("| topic | level | ledger | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        const struct event_kind *e = &event_kinds[i];
        printf("| `%s` | %s | %s | ", e->topic, enum_text(&enum_level, (int)e->level),
               e->durable ? "yes" : "");
        print_cell(e->doc);
        printf(" |\n");
    }
    printf("\n");
}

static void print_right(enum key_role role, enum msg m)
{
    bool may = rights_may(role, m);
    printf(" %s |", !may ? "" : m == MSG_event ? "hears" : "says");
}

/* Only what somebody has a right to. */
static void print_rights(void)
{
    printf("| | endpoint |");
    for (int role = 0; role < key_role_COUNT; role++)
        printf(" %s |", enum_text(&enum_key_role, role));
    printf("\n|---|---|");
    for (int role = 0; role < key_role_COUNT; role++)
        printf("---|");
    for (int m = 0; m < MSG_COUNT; m++) {
        if (schema_messages[m].from == FROM_CONTROLLER && m != MSG_event)
            continue;
        printf("\n| `%s` | %s |", schema_messages[m].name,
               endpoint_names[schema_messages[m].endpoint]);
        for (int role = 0; role < key_role_COUNT; role++)
            print_right((enum key_role)role, (enum msg)m);
    }
    printf("\n\n");
}

/* For the man page: names and what they are for; the fields stand in the document. */
static void print_manual(const char *name, const char *from, const char *doc)
{
    _cleanup_(buf_done) struct buf text = {0};
    buf_text(&text, "*");
    text_manual(&text, name);
    buf_printf(&text, "*%s\n\t", from);
    text_manual(&text, doc);
    printf("%s\n\n", buf_str(&text));
}

static void print_messages_manual(void)
{
    for (size_t i = 0; i < MSG_COUNT; i++) {
        const struct schema *s = &schema_messages[i];
        char from[64];
        snprintf(from, sizeof(from), " (from the %s, on %s)", from_names[s->from], endpoint_names[s->endpoint]);
        print_manual(s->name, from, s->doc);
    }
}

static void print_events_manual(void)
{
    for (size_t i = 0; i < EVENT_COUNT; i++)
        print_manual(event_kinds[i].topic, "", event_kinds[i].doc);
}

static const struct {
    const char *line;
    void (*print)(void);
} marks[] = {{"@messages@\n", print_messages},
             {"@parts@\n", print_parts},
             {"@enums@\n", print_enums},
             {"@events@\n", print_events},
             {"@records@\n", print_records},
             {"@rights@\n", print_rights},
             {"@messages-manual@\n", print_messages_manual},
             {"@events-manual@\n", print_events_manual}};

static void print_line(const char *line)
{
    for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
        if (strcmp(line, marks[i].line) == 0) {
            marks[i].print();
            return;
        }
    }
    fputs(line, stdout);
}

static bool print_file(const char *path)
{
    char line[1024];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof(line), file))
        print_line(line);
    fclose(file);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: helios-protocol-doc TEMPLATE [VERBS]\n");
        return EX_USAGE;
    }
    if (!print_file(argv[1])) {
        fprintf(stderr, "helios-protocol-doc: %s: %s\n", argv[1], strerror(errno));
        return EX_NOINPUT;
    }
    if (argc > 2)
        print_file(argv[2]); /* not written yet is no mistake */
    return 0;
}

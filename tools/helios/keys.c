/* SPDX-License-Identifier: MPL-2.0 */
/* `helios keys`: makes key pairs, and says who is let in by a directory of public keys. Works on files alone: the controller
 * looks at the directory twice a second. */
#include <dirent.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/text.h"
#include "files.h"
#include "proto/curve.h"
#include "verbs.h"

const struct option_row keys_options[] = {
    {"role", "ROLE", "new: controller, agent, client, operator, observer or source"},
    {"agents", "PATTERNS",
     "new, of role agent: ids that it may have, as \"web1 web1-*\"; default NAME and NAME-*"},
    {"dir", "DIR", "new: where the two files go (.)"},
    {"allowed", "DIR",
     "allow, revoke, list: the controller's directory; default $HELIOS_DATA/allowed, "
     "./data/allowed"},
    {0},
};

static char *allowed_dir(const struct args *a)
{
    const char *data = getenv("HELIOS_DATA"), *given = args_value(a, "allowed", NULL);
    return given ? xdup(given) : file_join(data ? data : "./data", "allowed", "");
}

static int write_pair(const char *dir, struct key *k)
{
    _autofree_ char *stem = file_join(dir, k->name, ""), *why = NULL;
    if (file_key_pair(stem, ".key", ".pub", k, &why))
        return complain(EX_CANTCREAT, "%s", why);
    printf("%s.key is the secret: keep it where %s runs. Give %s.pub to the controller: helios keys "
           "allow %s.pub\n",
           stem, k->name, stem, stem);
    return 0;
}

static int new_key(const struct args *a)
{
    struct key k = {0};
    const char *role = args_value(a, "role", NULL), *agents = args_value(a, "agents", "");
    int which = role ? enum_find(&enum_key_role, bytes_of(role)) : -1;
    if (a->n_words != 2 || !text_is_name(bytes_of(a->words[1])))
        return complain(
            EX_USAGE,
            "helios keys new NAME --role ROLE; a name is 1 to 64 letters, digits and _.:-");
    if (which < 0 || which == key_role_signer)
        return complain(EX_USAGE,
                        "--role is controller, agent, client, operator, observer or source");
    if (strlen(agents) >= sizeof(k.agents) || strpbrk(agents, "\r\n"))
        return complain(EX_USAGE, "--agents is one line of up to %zu letters",
                        sizeof(k.agents) - 1);
    if (!curve_there() || curve_new_pair(k.public, k.secret) < 0)
        return complain(EX_UNAVAILABLE, "this libzmq was built without CURVE");
    k.role = (enum key_role)which;
    snprintf(k.name, sizeof(k.name), "%s", a->words[1]);
    snprintf(k.agents, sizeof(k.agents), "%s", agents);
    int code = write_pair(args_value(a, "dir", "."), &k);
    key_forget(&k);
    return code;
}

/* ---- what is there */

static json_t *as_json(const struct key *k, const char *path)
{
    return json_pack("{ssssssssss}", "name", k->name, "role",
                     enum_text(&enum_key_role, (int)k->role), "agents", k->agents, "public",
                     k->public, "file", path);
}

static void print_rows(const struct args *a, json_t *rows)
{
    size_t i;
    json_t *row;
    if (args_has(a, "json")) {
        print_json(rows);
        return;
    }
    printf("%-24s %-10s %-42s %s\n", "NAME", "ROLE", "PUBLIC", "AGENTS");
    json_array_foreach (rows, i, row)
        printf("%-24s %-10s %-42s %s\n", json_string_value(json_object_get(row, "name")),
               json_string_value(json_object_get(row, "role")),
               json_string_value(json_object_get(row, "public")),
               json_string_value(json_object_get(row, "agents")));
    json_decref(rows);
}

static int read_public(const char *path, struct key *ret)
{
    _autofree_ char *why = NULL;
    return key_read(path, false, ret, &why) == 0 ? 0 : complain(EX_DATAERR, "%s", why);
}

static int show(const struct args *a)
{
    json_t *rows = json_array();
    int code = a->n_words < 2 ? complain(EX_USAGE, "helios keys show FILE…") : 0;
    for (size_t i = 1; i < a->n_words && code == 0; i++) {
        struct key k;
        code = read_public(a->words[i], &k);
        if (code == 0)
            json_array_append_new(rows, as_json(&k, a->words[i]));
        key_forget(&k);
    }
    if (code == 0)
        print_rows(a, json_incref(rows));
    json_decref(rows);
    return code;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* files_of gives the *.pub files of a directory, sorted; the caller frees each and the array. */
static char **files_of(const char *dir, size_t *ret_n)
{
    char **names = NULL;
    size_t n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!text_match("*.pub", bytes_of(e->d_name)))
            continue;
        names = xrealloc(names, (n + 1) * sizeof(*names));
        names[n++] = file_join(dir, e->d_name, "");
    }
    if (d)
        closedir(d);
    if (n)
        qsort(names, n, sizeof(*names), by_name);
    *ret_n = n;
    return names;
}

static int list(const struct args *a)
{
    size_t n;
    _autofree_ char *dir = allowed_dir(a);
    char **files = files_of(dir, &n);
    json_t *rows = json_array();
    int code = 0;
    for (size_t i = 0; i < n; i++) {
        struct key k;
        int r = read_public(files[i], &k);
        if (r == 0)
            json_array_append_new(rows, as_json(&k, files[i]));
        code = r ? r : code;
        free(files[i]);
    }
    free(files);
    print_rows(a, rows);
    return code;
}

/* ---- who is let in */

/* put makes the file appear whole: the controller may look at any moment. */
static int put(const char *dir, const struct key *k)
{
    _autofree_ char *path = file_join(dir, k->name, ".pub"), *fresh = file_join(dir, k->name, ".new");
    struct buf text = {0};
    key_print(k, false, &text);
    unlink(fresh);
    int error = file_create(fresh, &text, 0644);
    if (error == 0 && rename(fresh, path))
        error = -errno;
    buf_done(&text);
    if (error)
        return complain(EX_CANTCREAT, "%s: %s", path, strerror(-error));
    printf("%s (%s) is let in by %s\n", k->name, enum_text(&enum_key_role, (int)k->role), dir);
    return 0;
}

static int allow_all(const struct args *a)
{
    _autofree_ char *dir = allowed_dir(a);
    if (a->n_words < 2)
        return complain(EX_USAGE, "helios keys allow NAME.pub…");
    if (mkdir(dir, 0755) && errno != EEXIST)
        return complain(EX_CANTCREAT, "%s: %s", dir, strerror(errno));
    int code = 0;
    for (size_t i = 1; i < a->n_words && code == 0; i++) {
        struct key k;
        code = read_public(a->words[i], &k);
        k.secret[0] = '\0';
        if (code == 0 && k.role == key_role_signer)
            code = complain(EX_DATAERR, "%s signs tasks and opens no connection: name it in "
                            "security.signers of agents", a->words[i]);
        if (code == 0)
            code = put(dir, &k);
        key_forget(&k);
    }
    return code;
}

/* What is revoked is kept beside: who it was stays known. */
static int revoke_one(const char *dir, const char *name)
{
    _autofree_ char *path = file_join(dir, name, ".pub"), *gone = file_join(dir, name, ".revoked");
    if (!text_is_name(bytes_of(name)))
        return complain(EX_USAGE, "%s is no name of a key", name);
    if (rename(path, gone))
        return complain(errno == ENOENT ? EX_NOINPUT : EX_NOPERM,
                        "%s: %s; `helios keys list` shows who is let in", path, strerror(errno));
    printf("%s is shut out within a second; its key is kept as %s\n", name, gone);
    return 0;
}

static int revoke_all(const struct args *a)
{
    _autofree_ char *dir = allowed_dir(a);
    int code = a->n_words < 2 ? complain(EX_USAGE, "helios keys revoke NAME…") : 0;
    for (size_t i = 1; i < a->n_words && code == 0; i++)
        code = revoke_one(dir, a->words[i]);
    return code;
}

int run_keys(const struct cli_verb *verb, const struct args *a)
{
    static const struct {
        const char *word;
        int (*run)(const struct args *a);
    } rows[] = {
        {"new", new_key}, {"show", show}, {"list", list}, {"allow", allow_all}, {"revoke", revoke_all}};
    for (size_t i = 0; a->n_words && i < ARRAY_SIZE(rows); i++)
        if (strcmp(a->words[0], rows[i].word) == 0)
            return rows[i].run(a);
    return complain(EX_USAGE, "helios keys %s", verb->words);
}

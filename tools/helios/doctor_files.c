/* SPDX-License-Identifier: MPL-2.0 */
/* What `helios doctor` reads on disk: the controller's config and its data directory. Keys: doctor_keys.c; agents: doctor_agent.c. */
#include <libgen.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor.h"

/* ---- configs */

/* The first mistake in one line; the report has a line with a caret for each. */
static void tell_report(struct finding *f, const char *report)
{
    size_t more = 0, n = strcspn(report, "\n");
    for (const char *line = report; *line; line += strcspn(line, "\n"), line += *line == '\n')
        more += *line != ' ' && line != report;
    if (more)
        found(f, GRADE_FAIL, "mend them; `helios config check FILE` shows each with its place",
              "%.*s (and %zu more)", (int)n, report, more);
    else
        found(f, GRADE_FAIL, "mend it; `helios config check FILE` shows the place", "%.*s", (int)n,
              report);
}

const void *exam_read(const struct section *root, const char *file, const char *const *flags,
                      size_t n, struct settings **ret, struct finding *f)
{
    _autofree_ char *report = NULL;
    if (settings_load(root, file, flags, n, ret, &report) == 0)
        return settings_root(*ret);
    tell_report(f, report);
    return NULL;
}

static size_t given_flags(const struct exam *e, const char *flags[ARGS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < e->args->n_given; i++)
        if (strcmp(e->args->given[i], "set") == 0)
            flags[n++] = e->args->values[i];
    return n;
}

/* ---- one realm of several (docs/scaling.md) */

static const struct set_realm *choose_realm(const struct exam *e, const struct set_config *keeper,
                                            struct finding *f)
{
    const char *wanted = args_value(e->args, "realm", NULL);
    SEQ_EACH (realm, const struct set_realm, keeper->realms)
        if (wanted == NULL || bytes_is(realm->name, wanted))
            return realm;
    found(f, GRADE_FAIL, "name one that stands in its `realms`", "%s has no realm %s",
          e->config_file, wanted);
    return NULL;
}

/* The settings of one realm, as its keeper would start it; what the keeper was read into stays, since names lie in it. */
static const struct set_config *read_realm(struct exam *e, const struct set_config *keeper,
                                           const struct set_realm *realm, struct finding *f)
{
    const char *flags[ARGS_MAX + 2];
    size_t n = given_flags(e, flags);
    _autofree_ char *data = exam_beside(e->config_file, keeper->data_dir.at), *name_flag = NULL,
                    *data_flag = NULL;
    if (asprintf(&e->realm_data, "%s/%s", data, realm->name.at) < 0 ||
        asprintf(&name_flag, "realm=%s", realm->name.at) < 0 ||
        asprintf(&data_flag, "data=%s", e->realm_data) < 0)
        abort();
    SEQ_EACH (word, const struct bytes, realm->set)
        if (n < ARGS_MAX)
            flags[n++] = word->at;
    flags[n++] = name_flag;
    flags[n++] = data_flag;
    if (realm->file.n)
        e->config_file = e->realm_file = exam_beside(e->config_file, realm->file.at);
    setenv("HELIOS_REALM", realm->name.at, 1);
    setenv("HELIOS_DATA", e->realm_data, 1);
    e->keeper_read = e->config_read;
    e->config_read = NULL;
    return exam_read(section_config, e->config_file, flags, n, &e->config_read, f);
}

/* ---- the config */

void look_config(struct exam *e, struct finding *f)
{
    const char *flags[ARGS_MAX];
    const struct set_config *c =
        exam_read(section_config, e->config_file, flags, given_flags(e, flags), &e->config_read, f);
    size_t realms = c ? c->realms.n : 0;
    const struct set_realm *realm = realms ? choose_realm(e, c, f) : NULL;
    if (realms)
        c = realm ? read_realm(e, c, realm, f) : NULL;
    if (c == NULL)
        return;
    e->config = c;
    free(e->data);
    e->data = exam_beside(e->config_file, c->data_dir.at);
    if (c->state.url.n)
        e->url = xdup(c->state.url.at);
    if (realms > 1)
        found(f, GRADE_OK, NULL, "%s: realm %s of %zu; another one: --realm NAME", e->config_file,
              c->realm.at, realms);
    else
        found(f, GRADE_OK, NULL, "%s: realm %s, %zu KPIs, %zu optimizations", e->config_file,
              c->realm.at, c->kpis.n, c->optimizations.n);
}

/* Who may write the config can have the controller run any action of any agent. */
void look_config_mode(struct exam *e, struct finding *f)
{
    struct stat about;
    if (stat(e->config_file, &about) < 0)
        found(f, GRADE_FAIL, "name a file that is there", "%s: %s", e->config_file,
              strerror(errno));
    else if (about.st_mode & S_IWOTH)
        found(f, GRADE_FAIL, "chmod o-w it: who writes it decides what Helios does",
              "%s can be written by everybody (mode %03o)", e->config_file, about.st_mode & 0777);
    else
        found(f, GRADE_OK, NULL, "mode %03o", about.st_mode & 0777);
}

/* ---- the data directory */

/* The heliosd that runs here: endpoints.json of one that was killed stays behind, so its process must be there too. */
static void find_heliosd(struct exam *e)
{
    char name[32] = "";
    json_error_t error;
    _autofree_ char *file = NULL, *comm = NULL;
    if (asprintf(&file, "%s/endpoints.json", e->data) < 0)
        abort();
    json_t *all = json_load_file(file, 0, &error);
    json_int_t pid = json_integer_value(json_object_get(all, "pid"));
    if (asprintf(&comm, "/proc/%lld/comm", (long long)pid) < 0)
        abort();
    FILE *f = pid > 0 ? fopen(comm, "re") : NULL;
    if (f && fgets(name, sizeof(name), f) && strcmp(name, "heliosd\n") == 0) {
        e->pid = pid;
        e->endpoints = json_incref(all);
    }
    if (f)
        fclose(f);
    json_decref(all);
}

/* The private Redis may have its socket elsewhere, where DATA's path is too long for one: its config says so. */
static void find_private_redis(struct exam *e)
{
    char *line = NULL;
    size_t room = 0;
    _autofree_ char *file = NULL;
    if (asprintf(&file, "%s/redis/redis.conf", e->data) < 0)
        abort();
    FILE *f = e->pid && e->url == NULL ? fopen(file, "re") : NULL;
    while (f && e->url == NULL && getline(&line, &room, f) > 0) {
        char *path = strncmp(line, "unixsocket \"", 12) == 0 ? line + 12 : NULL;
        if (path) {
            path[strcspn(path, "\"")] = '\0';
            if (asprintf(&e->url, "unix:%s", path) < 0)
                abort();
        }
    }
    free(line);
    if (f)
        fclose(f);
}

static void judge_mode(struct finding *f, const char *path, const struct stat *about)
{
    if (!S_ISDIR(about->st_mode))
        found(f, GRADE_FAIL, "name a directory as `data`", "%s is no directory", path);
    else if (about->st_mode & S_IWOTH)
        found(f, GRADE_FAIL,
              "chmod o-w it: who writes there can freeze, mislead and impersonate the controller",
              "%s can be written by everybody (mode %03o)", path, about->st_mode & 0777);
    else if (about->st_mode & S_IWGRP)
        found(f, GRADE_WARN, "chmod g-w it, unless all of its group are operators",
              "%s can be written by its group (mode %03o)", path, about->st_mode & 0777);
    if (access(path, W_OK) < 0)
        found(f, GRADE_WARN, "run doctor as the user of heliosd, or chown it",
              "%s cannot be written by us (uid %u; its owner is %u)", path, (unsigned)getuid(),
              (unsigned)about->st_uid);
}

/* The nearest directory above that is there must let us make it. */
static void judge_absent(struct finding *f, const char *path)
{
    _autofree_ char *copy = xdup(path);
    char *above = dirname(copy);
    while (access(above, F_OK) < 0 && strcmp(above, "/") != 0 && strcmp(above, ".") != 0)
        above = dirname(above);
    if (access(above, W_OK) < 0)
        found(f, GRADE_FAIL, "make it, owned by the user of heliosd",
              "%s is not there, and we cannot make it in %s", path, above);
    else
        found(f, GRADE_OK, NULL, "%s is not there yet: heliosd makes it", path);
}

void look_data(struct exam *e, struct finding *f)
{
    struct stat about;
    _autofree_ char *redis = NULL;
    if (stat(e->data, &about) < 0) {
        judge_absent(f, e->data);
        return;
    }
    judge_mode(f, e->data, &about);
    if (asprintf(&redis, "%s/redis", e->data) < 0)
        abort();
    if (stat(redis, &about) == 0 && (about.st_mode & 077))
        found(f, GRADE_FAIL, "chmod 700 it: who reads or writes Helios' Redis is Helios",
              "%s is open to others (mode %03o)", redis, about.st_mode & 0777);
    find_heliosd(e);
    find_private_redis(e);
    if (e->pid)
        found(f, GRADE_OK, NULL, "%s; heliosd runs there as process %lld", e->data,
              (long long)e->pid);
    else
        found(f, GRADE_OK, NULL, "%s; no heliosd runs there now", e->data);
}

/* Bytes that are free for who is not root, of the file system that holds the directory or will. */
void look_disk(struct exam *e, struct finding *f)
{
    static const char todo[] = "free some, or move `data`: when it is full Redis stops taking "
                               "commits, and nothing is acknowledged";
    struct statvfs about;
    _autofree_ char *copy = xdup(e->data);
    const char *dir = copy;
    while (statvfs(dir, &about) < 0 && strcmp(dir, "/") != 0 && strcmp(dir, ".") != 0)
        dir = dirname(copy);
    unsigned long long mib = (unsigned long long)about.f_bavail * about.f_frsize >> 20;
    unsigned percent = about.f_blocks ? (unsigned)(about.f_bavail * 100 / about.f_blocks) : 0;
    bool no_files = about.f_files && about.f_favail * 100 / about.f_files < 1;
    enum grade grade = mib < 128 || no_files        ? GRADE_FAIL
                       : mib < 2048 && percent < 10 ? GRADE_WARN
                                                    : GRADE_OK;
    found(f, grade, grade ? todo : NULL, "%llu MiB (%u %%)%s are free for %s", mib, percent,
          no_files ? " but no inodes" : "", e->data);
}

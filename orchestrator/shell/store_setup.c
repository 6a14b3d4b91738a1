/* SPDX-License-Identifier: MPL-2.0 */
/* What is done on each new connection before anything else, as a table of steps: password,
 * database, our functions, and whether Redis keeps what it promises (C6). */
#include "store_inside.h"

#include <sys/stat.h>

#include "functions.h"

#define PASSWORD_MAX 512

struct step {
    const char *doing; /* for people: "… failed" */
    bool (*needed)(struct store *);
    int (*ask)(struct store *, struct args *); /* negative: the step has failed and said so */
    /* false: it has failed and said so. NULL = any answer but an error is good. */
    bool (*take)(struct store *, const redisReply *);
};

static bool is_error(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR;
}

static bool starts(const redisReply *reply, const char *prefix)
{
    return strncmp(reply->str, prefix, strlen(prefix)) == 0;
}

/* ---- password */

static bool has_password(struct store *s)
{
    return s->password_file[0] != '\0';
}

/* read_password answers why it cannot be used, or NULL (Z4). */
static const char *read_password(const char *file, char *ret, size_t room)
{
    FILE *f = fopen(file, "re");
    if (f == NULL)
        return "cannot be read";
    struct stat about;
    const char *why = NULL;
    if (fstat(fileno(f), &about) < 0 || (about.st_mode & 077))
        why = "must have mode 0600 or stricter";
    else if (fgets(ret, (int)room, f) == NULL)
        why = "is empty";
    else
        ret[strcspn(ret, "\r\n")] = '\0';
    fclose(f);
    return why;
}

static int ask_auth(struct store *s, struct args *a)
{
    char password[PASSWORD_MAX];
    const char *why = read_password(s->password_file, password, sizeof(password));
    if (why) {
        char text[400];
        snprintf(text, sizeof(text), "state.password_file: %s %s", s->password_file, why);
        store_drop(s, STORE_BACKOFF_LONG, text);
        return -EACCES;
    }
    args_text(a, "AUTH");
    if (s->acl_user[0])
        args_text(a, s->acl_user);
    args_text(a, password);
    explicit_bzero(password, sizeof(password));
    return 0;
}

/* ---- role: a sentinel may not know yet that the master is none any more */

static bool by_sentinel(struct store *s)
{
    return s->sentinels != NULL;
}

static int ask_role(struct store *s, struct args *a)
{
    (void)s;
    args_text(a, "ROLE");
    return 0;
}

static bool take_role(struct store *s, const redisReply *reply)
{
    const char *role = reply_text(reply_item(reply, 0));
    char text[300];
    if (is_error(reply)) {
        store_error(s, reply->str);
        return false;
    }
    if (role && strcmp(role, "master") == 0)
        return true;
    sentinel_try_next(s);
    snprintf(text, sizeof(text), "a sentinel names %s:%d, which is no master but a %.20s", s->host, s->port, role ? role : "riddle");
    store_drop(s, 0, text);
    return false;
}

/* ---- database */

static bool has_db(struct store *s)
{
    return s->db != 0;
}

static int ask_select(struct store *s, struct args *a)
{
    args_text(a, "SELECT");
    args_number(a, (uint64_t)s->db);
    return 0;
}

/* ---- functions */

static int ask_version(struct store *s, struct args *a)
{
    (void)s;
    args_text(a, "FCALL");
    args_text(a, "helios_version");
    args_text(a, "0");
    return 0;
}

static bool take_version(struct store *s, const redisReply *reply)
{
    if (is_error(reply) && !starts(reply, "ERR Function not found")) {
        store_error(s, reply->str);
        return false;
    }
    const char *version = reply_text(reply);
    s->have_functions = version && strtol(version, NULL, 10) >= FUNCTIONS_VERSION;
    return true;
}

static bool lacks_functions(struct store *s)
{
    return !s->have_functions;
}

static int ask_functions(struct store *s, struct args *a)
{
    (void)s;
    args_text(a, "FUNCTION");
    args_text(a, "LOAD");
    args_text(a, "REPLACE");
    args_add(a, functions_lua, functions_lua_n);
    return 0;
}

/* ---- durability (C6) */

static bool cares(struct store *s)
{
    return s->durability != durability_none;
}

static int ask_config(struct store *s, struct args *a)
{
    static const char *const words[] = {"CONFIG",      "GET",       "appendonly",
                                        "appendfsync", "maxmemory", "maxmemory-policy"};
    (void)s;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        args_text(a, words[i]);
    return 0;
}

static bool not_durable(struct store *s, const char *name, const char *is, const char *must)
{
    char text[250];
    snprintf(text, sizeof(text),
             "state.durability is `%s`, but Redis has %s %s: it must be %s (C6)",
             s->durability == durability_always ? "always" : "everysec", name, is, must);
    store_drop(s, STORE_BACKOFF_LONG, text);
    return false;
}

static const char *value_of(const redisReply *pairs, const char *name)
{
    for (size_t i = 0; i + 1 < reply_size(pairs); i += 2) {
        const char *key = reply_text(reply_item(pairs, i)), *value = reply_text(reply_item(pairs, i + 1));
        if (key && value && strcmp(key, name) == 0)
            return value;
    }
    return "?";
}

static bool take_config(struct store *s, const redisReply *reply)
{
    s->config_hidden = is_error(reply) && (starts(reply, "NOPERM") || starts(reply, "ERR unknown"));
    if (s->config_hidden)
        return true;
    if (is_error(reply)) {
        store_error(s, reply->str);
        return false;
    }
    const char *on = value_of(reply, "appendonly"), *fsync = value_of(reply, "appendfsync");
    const char *memory = value_of(reply, "maxmemory"),
               *policy = value_of(reply, "maxmemory-policy");
    if (strcmp(on, "yes") != 0)
        return not_durable(s, "appendonly", on, "yes");
    if (s->durability == durability_always && strcmp(fsync, "always") != 0)
        return not_durable(s, "appendfsync", fsync, "always");
    if (s->durability == durability_everysec && strcmp(fsync, "no") == 0)
        return not_durable(s, "appendfsync", fsync, "everysec or always");
    if (strcmp(memory, "0") != 0 && strcmp(policy, "noeviction") != 0)
        return not_durable(s, "maxmemory-policy", policy, "noeviction");
    return true;
}

static bool is_hidden(struct store *s)
{
    return cares(s) && s->config_hidden;
}

static int ask_info(struct store *s, struct args *a)
{
    (void)s;
    args_text(a, "INFO");
    args_text(a, "persistence");
    return 0;
}

static bool take_info(struct store *s, const redisReply *reply)
{
    if (is_error(reply)) {
        store_error(s, reply->str);
        return false;
    }
    const char *text = reply_text(reply);
    if (text == NULL || strstr(text, "aof_enabled:1") == NULL)
        return not_durable(s, "appendonly", "no", "yes");
    s->calls->on_note(s->user,
                      "CONFIG GET is not allowed: Redis appends to a file, but its appendfsync "
                      "cannot be checked (C6)");
    return true;
}

static const struct step steps[] = {
    {"the password", has_password, ask_auth, NULL},
    {"the role", by_sentinel, ask_role, take_role},
    {"the database", has_db, ask_select, NULL},
    {"the functions' version", NULL, ask_version, take_version},
    {"loading the functions", lacks_functions, ask_functions, NULL},
    {"durability", cares, ask_config, take_config},
    {"durability", is_hidden, ask_info, take_info},
};

static void on_answer(struct store *s, redisReply *reply, void *data);

/* Asks for the next needed step, or the set-up is done. */
static void next_step(struct store *s)
{
    while (s->step < ARRAY_SIZE(steps) && steps[s->step].needed && !steps[s->step].needed(s))
        s->step++;
    if (s->step == ARRAY_SIZE(steps)) {
        store_event(s, EV_SET);
        return;
    }
    _cleanup_(args_done) struct args a = {0};
    if (steps[s->step].ask(s, &a) == 0)
        link_send(s, on_answer, NULL, &a);
}

static void on_answer(struct store *s, redisReply *reply, void *data)
{
    (void)data;
    if (reply == NULL || s->state != STORE_SETTING_UP)
        return;
    const struct step *step = &steps[s->step];
    if (step->take ? !step->take(s, reply) : is_error(reply)) {
        if (step->take == NULL) {
            char text[250];
            snprintf(text, sizeof(text), "%s (%s)", reply->str, step->doing);
            store_error(s, text);
        }
        return;
    }
    s->step++;
    next_step(s);
}

void setup_begin(struct store *s)
{
    s->step = 0;
    s->have_functions = s->config_hidden = false;
    next_step(s);
}

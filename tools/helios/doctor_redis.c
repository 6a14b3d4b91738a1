/* SPDX-License-Identifier: MPL-2.0 */
/* What `helios doctor` asks of Redis: reach, version, and whether it keeps what the realm is promised (C6). Asks as the
 * controller would, with its user and password; what that user may do: doctor_rights.c. */
#include "doctor.h"

#include "common/text.h"

#define PASSWORD_MAX 512
#define CONNECT_MS 2000

int redis_place_of(const char *url, struct redis_place *ret)
{
    static const char tcp[] = "redis://", local[] = "unix:";
    struct redis_place p = {.port = 6379};
    if (strncmp(url, local, strlen(local)) == 0) {
        p.port = 0;
        snprintf(p.host, sizeof(p.host), "%s", url + strlen(local));
    } else if (strncmp(url, tcp, strlen(tcp)) != 0) {
        return -EINVAL;
    } else if (sscanf(url + strlen(tcp), "%255[^:/]:%d/%d", p.host, &p.port, &p.db) < 2) {
        sscanf(url + strlen(tcp), "%255[^:/]/%d", p.host, &p.db);
    }
    if (p.host[0] == '\0' || p.port < 0 || p.port > 65535 || p.db < 0)
        return -EINVAL;
    *ret = p;
    return 0;
}

bool info_field(const char *info, const char *name, char *ret, size_t room)
{
    size_t n = strlen(name);
    ret[0] = '\0';
    for (const char *line = info; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            snprintf(ret, room, "%.*s", (int)strcspn(line + n + 1, "\r\n"), line + n + 1);
            return true;
        }
    return false;
}

unsigned version_of(const char *text)
{
    unsigned major = 0, minor = 0, patch = 0;
    return sscanf(text, "%3u.%3u.%3u", &major, &minor, &patch) >= 2
               ? major * 10000 + minor * 100 + patch
               : 0;
}

static int64_t info_int(const struct exam *e, const char *name)
{
    char text[32];
    int64_t ret = -1;
    if (info_field(e->info, name, text, sizeof(text)))
        text_parse_int(bytes_of(text), &ret);
    return ret;
}

static bool info_is(const struct exam *e, const char *name, const char *value)
{
    char text[64];
    return info_field(e->info, name, text, sizeof(text)) && strcmp(text, value) == 0;
}

/* ---- the program of the private one */

void look_redis_program(struct exam *e, struct finding *f)
{
    char line[256] = "", *version;
    (void)e;
    FILE *p = popen("exec redis-server --version 2>&1", "re");
    if (p && fgets(line, sizeof(line), p) == NULL)
        line[0] = '\0';
    if (p)
        pclose(p);
    version = strstr(line, " v=");
    unsigned number = version ? version_of(version + 3) : 0;
    if (number == 0)
        found(f, GRADE_FAIL,
              "install it (Debian: redis-server), or name one that runs in state.url",
              "there is no redis-server in PATH, and state.url is empty: the controller starts its "
              "own");
    else if (number < 70000)
        found(f, GRADE_FAIL, "install Redis 7.0 or later",
              "redis-server is %.*s: it has no functions", (int)strcspn(version + 3, " "),
              version + 3);
    else
        found(f, GRADE_OK, NULL, "redis-server %.*s", (int)strcspn(version + 3, " "), version + 3);
}

/* ---- reach */

/* ask answers the reply, or NULL after saying why; the caller frees it. */
static redisReply *ask(redisContext *r, struct finding *f, const char *todo, const char *doing,
                       int n, const char **words)
{
    redisReply *reply = redisCommandArgv(r, n, words, NULL);
    if (reply && reply->type != REDIS_REPLY_ERROR)
        return reply;
    const char *silence = errno == EAGAIN ? "no answer within 2 s" : r->errstr;
    found(f, GRADE_FAIL, todo, "%s: %s", doing, reply ? reply->str : silence);
    if (reply)
        freeReplyObject(reply);
    return NULL;
}

static bool say_words(redisContext *r, struct finding *f, const char *todo, const char *doing,
                      int n, const char **words)
{
    redisReply *reply = ask(r, f, todo, doing, n, words);
    if (reply)
        freeReplyObject(reply);
    return reply != NULL;
}

static bool log_in(const struct exam *e, redisContext *r, struct finding *f)
{
    char password[PASSWORD_MAX] = "";
    const struct set_state *state = &e->config->state;
    if (state->password_file.n == 0)
        return true;
    FILE *file = fopen(state->password_file.at, "re");
    if (file && fgets(password, sizeof(password), file))
        password[strcspn(password, "\r\n")] = '\0';
    if (file)
        fclose(file);
    const char *words[] = {"AUTH", state->user.n ? state->user.at : password, password};
    bool good = say_words(
        r, f, "mend state.user and the password in state.password_file, or `ACL SETUSER` there",
        "Redis lets us not in", state->user.n ? 3 : 2, words);
    explicit_bzero(password, sizeof(password));
    return good;
}

static bool select_db(redisContext *r, const struct redis_place *place, struct finding *f)
{
    char number[16];
    const char *words[] = {"SELECT", number};
    snprintf(number, sizeof(number), "%d", place->db);
    return place->db == 0 ||
           say_words(r, f, "name a database that it has in state.url", "SELECT", 2, words);
}

static bool take_info(struct exam *e, redisContext *r, struct finding *f)
{
    const char *words[] = {"INFO"};
    redisReply *reply = ask(
        r, f,
        "with NOAUTH: set state.user and state.password_file; with NOPERM: `ACL SETUSER … +info`",
        e->url, 1, words);
    if (reply && reply->str)
        e->info = bytes_dup((struct bytes){reply->str, reply->len});
    else if (reply)
        found(f, GRADE_FAIL, "is it Redis that listens there?", "%s answers INFO with no text",
              e->url);
    if (reply)
        freeReplyObject(reply);
    return e->info != NULL;
}

static redisContext *connect_to(const struct redis_place *place, struct finding *f, const char *url)
{
    const struct timeval wait = {CONNECT_MS / 1000, CONNECT_MS % 1000 * 1000};
    redisContext *r = place->port ? redisConnectWithTimeout(place->host, place->port, wait)
                                  : redisConnectUnixWithTimeout(place->host, wait);
    if (r && r->err == 0) {
        redisSetTimeout(r, wait);
        return r;
    }
    found(f, GRADE_FAIL, "start it, or mend state.url; from here `redis-cli PING` must answer",
          "%s: %s", url, r ? r->errstr : "out of memory");
    if (r)
        redisFree(r);
    return NULL;
}

void look_redis(struct exam *e, struct finding *f)
{
    struct redis_place place;
    if (redis_place_of(e->url, &place) < 0) {
        found(f, GRADE_SKIP, NULL,
              "%s is no address that doctor can follow: name the Redis itself with --set", e->url);
        return;
    }
    redisContext *r = connect_to(&place, f, e->url);
    if (r && log_in(e, r, f) && select_db(r, &place, f) && take_info(e, r, f)) {
        e->redis = r;
        found(f, GRADE_OK, NULL, "%s answers", e->url);
    } else if (r) {
        redisFree(r);
    }
}

/* ---- what it says of itself */

void look_redis_version(struct exam *e, struct finding *f)
{
    char version[32];
    info_field(e->info, "redis_version", version, sizeof(version));
    if (version_of(version) < 70000)
        found(f, GRADE_FAIL, "Redis 7.0 or later is needed", "Redis %s has no functions", version);
    else
        found(f, GRADE_OK, NULL, "Redis %s", version);
}

void look_redis_role(struct exam *e, struct finding *f)
{
    char role[32], master[256];
    info_field(e->info, "role", role, sizeof(role));
    info_field(e->info, "master_host", master, sizeof(master));
    if (strcmp(role, "master") != 0)
        found(f, GRADE_FAIL, "name the master in state.url: a replica takes no commits",
              "it is a %s of %s", role, master);
    else
        found(f, GRADE_OK, NULL, "it is a master with %lld replicas",
              (long long)info_int(e, "connected_slaves"));
}

/* config_get answers a value that the caller frees; NULL when we may not ask. */
static char *config_get(const struct exam *e, const char *name)
{
    redisReply *reply = redisCommand(e->redis, "CONFIG GET %s", name);
    bool good =
        reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[1]->str;
    char *value = good ? xdup(reply->element[1]->str) : NULL;
    if (reply)
        freeReplyObject(reply);
    return value;
}

static const char *const durable_words[] = {
    [durability_always] = "always", [durability_everysec] = "everysec", [durability_none] = "none"};

static bool fsync_is_enough(enum durability wanted, const char *is)
{
    return strcmp(is, "always") == 0 ||
           (wanted == durability_everysec && strcmp(is, "everysec") == 0);
}

void look_redis_persistence(struct exam *e, struct finding *f)
{
    enum durability wanted = e->config->state.durability;
    if (wanted == durability_none) {
        found(f, GRADE_OK, NULL, "state.durability is none: nothing is asked of it");
        return;
    }
    _autofree_ char *fsync = config_get(e, "appendfsync");
    if (!info_is(e, "aof_enabled", "1"))
        found(f, GRADE_FAIL,
              "`CONFIG SET appendonly yes`, and in redis.conf; or ask for less: state.durability "
              "(C6)",
              "appendonly is no, and state.durability is %s", durable_words[wanted]);
    else if (fsync == NULL)
        found(f, GRADE_WARN,
              "allow `+config|get` to its user, or look yourself that appendfsync is what "
              "state.durability asks for",
              "it appends, but we may not ask for appendfsync");
    else if (!fsync_is_enough(wanted, fsync))
        found(f, GRADE_FAIL,
              "`CONFIG SET appendfsync always`, and in redis.conf; or ask for less: "
              "state.durability (C6)",
              "appendfsync is %s, and state.durability is %s", fsync, durable_words[wanted]);
    else
        found(f, GRADE_OK, NULL, "appendonly yes, appendfsync %s, as state.durability %s asks",
              fsync, durable_words[wanted]);
}

void look_redis_writes(struct exam *e, struct finding *f)
{
    if (info_is(e, "loading", "1"))
        found(f, GRADE_WARN, "wait until it has read its files", "it is still loading");
    if (info_is(e, "aof_enabled", "1") && info_is(e, "aof_last_write_status", "err"))
        found(f, GRADE_FAIL, "look into its log: its disk is full or broken",
              "its last write to the append-only file failed");
    if (info_is(e, "rdb_last_bgsave_status", "err") ||
        info_is(e, "aof_last_bgrewrite_status", "err"))
        found(f, GRADE_WARN, "look into its log: memory for the fork (overcommit) or the disk",
              "its last save in the background failed");
    found(f, GRADE_OK, NULL, "its last write and save were good");
}

void look_redis_eviction(struct exam *e, struct finding *f)
{
    char policy[32];
    bool limited = info_int(e, "maxmemory") > 0;
    info_field(e->info, "maxmemory_policy", policy, sizeof(policy));
    if (strcmp(policy, "noeviction") == 0)
        found(f, GRADE_OK, NULL, "maxmemory-policy noeviction");
    else
        found(f, limited ? GRADE_FAIL : GRADE_WARN,
              "`CONFIG SET maxmemory-policy noeviction`, and in redis.conf",
              "maxmemory-policy is %s: it %s throw tasks away when memory is short", policy,
              limited ? "will" : "would, with a maxmemory,");
}

void look_redis_memory(struct exam *e, struct finding *f)
{
    int64_t used = info_int(e, "used_memory"), most = info_int(e, "maxmemory");
    const char *of = "maxmemory";
    if (most <= 0) {
        most = info_int(e, "total_system_memory");
        of = "this machine's memory (no maxmemory)";
    }
    int64_t percent = most > 0 ? used / (most / 100 + 1) : 0;
    enum grade grade = percent >= 95 ? GRADE_FAIL : percent >= 80 ? GRADE_WARN : GRADE_OK;
    found(f, grade,
          grade ? "raise maxmemory, keep less (state.history, tasks.keep_failed), or give the "
                  "realm a Redis of its own"
                : NULL,
          "%lld MiB used, %lld %% of %s", (long long)(used >> 20), (long long)percent, of);
}

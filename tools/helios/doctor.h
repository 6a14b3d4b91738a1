/* SPDX-License-Identifier: MPL-2.0 */
/* `helios doctor`: a table of checks over one exam. The exam is what is known so far; a check looks at one thing, says what it
 * saw and what to do about it, and may add to the exam what later rows of the table need. Looks and never changes anything. */
#ifndef HELIOS_TOOL_DOCTOR_H
#define HELIOS_TOOL_DOCTOR_H

#include <hiredis/hiredis.h>

#include "client.h"
#include "settings/settings.h"

enum grade { GRADE_OK, GRADE_SKIP, GRADE_WARN, GRADE_FAIL, GRADES }; /* the worst is the last */

struct finding {
    enum grade grade;
    struct buf seen; /* one line; empty until something is said */
    struct buf todo; /* one line; empty = nothing is to be done */
};

/* found notes what was seen, unless something as bad was said before: of many files the worst one is told. todo: static, NULL =
 * nothing is to be done. */
void found(struct finding *f, enum grade grade, const char *todo, const char *seen, ...)
    FORMAT_LIKE(4, 5);

/* One controller that was named, or that the config tells of. */
struct station {
    struct client
        client; /* open while it may answer; asked alone, so that its answer can be timed */
    char *where;
    json_t *answer;   /* to the query `controller`; NULL = none */
    int64_t wall;     /* its clock, as it answered; none when not positive */
    int64_t ahead_ms; /* that less ours, half the round trip taken off */
    int64_t trip_ms;
};

struct exam {
    const struct args *args;
    const char *config_file, *agent_file; /* NULL = none */
    struct settings *config_read, *agent_read;
    struct settings
        *keeper_read; /* of a heliosd that keeps several realms; config_read is one of them then */
    char *realm_file, *realm_data;        /* of that realm; NULL = none, or the keeper's own file */
    const struct set_config *config;      /* NULL = none, or it does not read */
    const struct set_agent_config *agent; /* the same */
    char *data;                           /* the controller's data directory; NULL = not known */
    int64_t pid;                          /* of the heliosd that runs in it; 0 = none */
    json_t *endpoints;                    /* where it listens */
    char *url;                            /* of Redis; NULL = there is none to be asked */
    redisContext *redis;                  /* NULL = it does not answer */
    char *info;                           /* its INFO */
    struct station stations[CLIENT_CONTROLLERS];
    size_t n_stations, n_answers;
    const struct station *leader; /* NULL = not exactly one leads */
    bool identity_reads;          /* our own key is there and good */
    int64_t n_agents;             /* that the leader knows, also beyond those rows */
    json_t *agents;               /* rows of the query `agents` */
};

/* What a row needs, as bits; the table of reasons stands in doctor.c. */
enum need {
    NEED_CONFIG_FILE = 1 << 0,
    NEED_CONFIG = 1 << 1,
    NEED_AGENT_FILE = 1 << 2,
    NEED_AGENT = 1 << 3,
    NEED_DATA = 1 << 4,
    NEED_KEY = 1 << 5,
    NEED_AGENT_KEY = 1 << 6,
    NEED_IDENTITY = 1 << 7,
    NEED_PASSWORD = 1 << 8,
    NEED_PRIVATE = 1 << 9,
    NEED_URL = 1 << 10,
    NEED_REDIS = 1 << 11,
    NEED_NEAR = 1 << 12,
    NEED_ANSWER = 1 << 13,
    NEED_LEADER = 1 << 14,
};

struct doctor_check {
    const char *group, *name;
    unsigned needs; /* bits of enum need; what is lacking skips it */
    void (*look)(struct exam *e, struct finding *f);
};
extern const struct doctor_check doctor_checks[]; /* ends with a NULL name */

/* doctor_lacking answers why a row cannot be looked at, or NULL. */
const char *doctor_lacking(const struct exam *e, unsigned needs);
const char *exam_identity(const struct exam *e); /* our own key's file; NULL = none */
/* exam_read reads settings, or tells the first mistake and answers NULL. */
const void *exam_read(const struct section *root, const char *file, const char *const *flags,
                      size_t n, struct settings **ret, struct finding *f);
char *exam_beside(const char *file,
                  const char *path); /* a path of a config is relative to its file */

/* ---- doctor_show.c: pure */
extern const char *const grade_words[GRADES];
/* finding_json answers a new reference to one row of --json. */
json_t *finding_json(const struct doctor_check *check, const struct finding *f);
void finding_paint(struct buf *out, const struct doctor_check *check, const struct finding *f);
void grades_paint(struct buf *out, const unsigned counts[GRADES]); /* the last line */
int grades_exit(const unsigned counts[GRADES]);                    /* 0, 1 warnings, 2 failures */

/* ---- the rows, by the file that owns them */
void look_config(struct exam *e, struct finding *f);
void look_config_mode(struct exam *e, struct finding *f);
void look_agent(struct exam *e, struct finding *f);
void look_agent_programs(struct exam *e, struct finding *f);
void look_agent_controllers(struct exam *e, struct finding *f);
void look_data(struct exam *e, struct finding *f);
void look_disk(struct exam *e, struct finding *f);

void look_curve(struct exam *e, struct finding *f);
void look_key(struct exam *e, struct finding *f);
void look_agent_key(struct exam *e, struct finding *f);
void look_identity(struct exam *e, struct finding *f);
void look_allowed(struct exam *e, struct finding *f);
void look_password(struct exam *e, struct finding *f);

void look_redis_program(struct exam *e, struct finding *f);
void look_redis(struct exam *e, struct finding *f);
void look_redis_version(struct exam *e, struct finding *f);
void look_redis_role(struct exam *e, struct finding *f);
void look_redis_persistence(struct exam *e, struct finding *f);
void look_redis_writes(struct exam *e, struct finding *f);
void look_redis_eviction(struct exam *e, struct finding *f);
void look_redis_memory(struct exam *e, struct finding *f);
void look_redis_rights(struct exam *e, struct finding *f);

void look_controllers(struct exam *e, struct finding *f);
void look_realm(struct exam *e, struct finding *f);
void look_leader(struct exam *e, struct finding *f);
void look_store(struct exam *e, struct finding *f);
void look_frozen(struct exam *e, struct finding *f);
void look_versions(struct exam *e, struct finding *f);
void look_clocks(struct exam *e, struct finding *f);
void look_agents(struct exam *e, struct finding *f);

void look_ports(struct exam *e, struct finding *f);
void look_files_limit(struct exam *e, struct finding *f);
void look_overcommit(struct exam *e, struct finding *f);
void look_huge_pages(struct exam *e, struct finding *f);
void look_zones(struct exam *e, struct finding *f);

/* ---- parts that tests call */
/* info_field copies a field of INFO; false: it is not there, and ret is "". */
bool info_field(const char *info, const char *name, char *ret, size_t room);
/* redis_place reads state.url; of unix:PATH the host is the path and the port 0. -EINVAL */
struct redis_place {
    char host[256];
    int port, db;
};
int redis_place_of(const char *url, struct redis_place *ret);
/* tcp_split reads tcp://HOST:PORT; false for ipc and for a port that is chosen freely. */
bool tcp_split(const char *endpoint, char host[256], char port[8]);
/* version_of makes 7.0.15 comparable: 70015; 0 when it is none. */
unsigned version_of(const char *text);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the process of the private Redis, its directory and its config. Refuses to speak to it. */
#include "redis.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"

#define LOOK_MS 200    /* an adopted one is no child: nobody tells us of its death, so it is looked at so often */
#define BACKOFF_MS 100 /* before it is started again, doubling up to: */
#define BACKOFF_CAP_MS 5000
#define STOP_MS 5000

struct redis {
    char *dir, *config, *socket, *url; /* owned */
    char *short_dir; /* owned; holds the socket when DATA's path is too long for one, else NULL */
    pid_t pid;       /* 0 = not running */
    bool adopted;    /* started by an earlier controller */
    int64_t again, backoff_ms; /* when to start it again */
    int64_t look;              /* when to see whether it lives */
};

static const char *const fsync_of[] = {[durability_always] = "always",
                                       [durability_everysec] = "everysec",
                                       [durability_none] = "everysec"};

static int write_config(const struct redis *r, enum durability durability)
{
    _cleanup_(buf_done) struct buf text = {0};
    buf_printf(&text,
               "# Written anew at each start of heliosd.\n"
               "port 0\n"
               "unixsocket \"%s\"\n"
               "unixsocketperm 700\n"
               "dir \"%s\"\n"
               "logfile redis.log\n"
               "daemonize no\n"
               "databases 1\n"
               "save \"\"\n"
               "appendonly yes\n"
               "appendfsync %s\n"
               "maxmemory-policy noeviction\n",
               r->socket, r->dir, fsync_of[durability]);
    return disk_write(r->config, buf_bytes(&text), 0600);
}

/* A path of our own under /tmp: made by us, readable by nobody else, the same at each start. */
static int make_short_dir(struct redis *r)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *c = r->dir; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    struct buf path = {0};
    buf_printf(&path, "/tmp/helios-%u-%016llx", (unsigned)getuid(), (unsigned long long)hash);
    r->short_dir = buf_take(&path);
    int e = disk_make_dir(r->short_dir, 0700);
    struct stat about;
    if (e == 0 && lstat(r->short_dir, &about) < 0)
        e = -errno;
    if (e == 0 && (!S_ISDIR(about.st_mode) || about.st_uid != getuid() || (about.st_mode & 077)))
        e = -EPERM;
    return e;
}

static int choose_socket(struct redis *r)
{
    r->socket = disk_path(r->dir, "redis.sock");
    if (strlen(r->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
        int e = make_short_dir(r);
        if (e < 0)
            return e;
        free(r->socket);
        r->socket = disk_path(r->short_dir, "redis.sock");
    }
    struct buf url = {0};
    buf_printf(&url, "unix:%s", r->socket);
    r->url = buf_take(&url);
    return 0;
}

/* adopt finds the process that listens on our socket, if there is one: the kernel knows its pid. */
static bool adopt(struct redis *r)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t n = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", r->socket);
    bool found = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                 getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.pid > 0;
    if (fd >= 0)
        close(fd);
    if (found)
        r->pid = peer.pid;
    r->adopted = found;
    return found;
}

/* In the child: its own process group, so that Ctrl-C on a terminal reaches it only after the last
 * commit; and it ends when we die, however we die. */
static void become_redis(const struct redis *r, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent)
        execlp("redis-server", "redis-server", r->config, (char *)NULL);
    _exit(127);
}

static int launch(struct redis *r)
{
    if (adopt(r))
        return 0;
    unlink(r->socket);
    pid_t parent = getpid();
    r->pid = fork();
    if (r->pid == 0)
        become_redis(r, parent);
    if (r->pid < 0) {
        r->pid = 0;
        return -errno;
    }
    return 0;
}

static void redis_free(struct redis *r)
{
    free(r->dir);
    free(r->config);
    free(r->socket);
    free(r->url);
    if (r->short_dir)
        rmdir(r->short_dir);
    free(r->short_dir);
    free(r);
}

int redis_start(const char *data_dir, enum durability durability, struct redis **ret,
                const char **ret_why)
{
    struct redis *r = NEW(struct redis);
    r->backoff_ms = BACKOFF_MS;
    r->dir = disk_path(data_dir, "redis");
    r->config = disk_path(r->dir, "redis.conf");
    *ret_why = "the directory of the private Redis cannot be made";
    int e = disk_make_dir(r->dir, 0700);
    if (e == 0)
        e = choose_socket(r);
    if (e == 0) {
        *ret_why = "the config of the private Redis cannot be written";
        e = write_config(r, durability);
    }
    if (e == 0) {
        *ret_why = "the private redis-server cannot be started";
        e = launch(r);
    }
    if (e < 0)
        redis_free(r);
    else
        *ret = r;
    return e;
}

const char *redis_url(const struct redis *r)
{
    return r->url;
}

static bool is_dead(struct redis *r)
{
    if (r->adopted) /* no child: its pid may be a zombie's or another's by now, its socket never is
                     */
        return !adopt(r);
    return waitpid(r->pid, NULL, WNOHANG) != 0;
}

/* Or the clock was set back. */
static bool is_to_look(struct redis *r, int64_t now)
{
    if (now < r->look && r->look <= now + LOOK_MS)
        return false;
    r->look = now + LOOK_MS;
    return true;
}

void redis_child_ended(struct redis *r)
{
    if (r)
        r->look = 0;
}

int64_t redis_tick(struct redis *r, int64_t now)
{
    if (r == NULL)
        return INT64_MAX;
    if (r->pid && is_to_look(r, now) && is_dead(r)) {
        r->pid = 0;
        r->again = now + r->backoff_ms;
        r->backoff_ms = MIN(r->backoff_ms * 2, BACKOFF_CAP_MS);
    } else if (r->pid == 0 && now >= r->again) {
        launch(r);
        r->again = now + r->backoff_ms;
    } else if (r->pid && now > r->again + 10 * BACKOFF_CAP_MS) {
        r->backoff_ms = BACKOFF_MS; /* it has lived for a while */
    }
    return r->pid == 0  ? r->again
           : r->adopted ? r->look
                        : INT64_MAX; /* a child: SIGCHLD wakes us */
}

void redis_stop(struct redis **redis)
{
    struct redis *r = *redis;
    if (r == NULL)
        return;
    *redis = NULL;
    if (r->pid)
        kill(r->pid, SIGTERM);
    for (int left = STOP_MS; r->pid && !is_dead(r) && left > 0; left -= 5) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        if (left <= 5)
            kill(r->pid, SIGKILL);
    }
    redis_free(r);
}

/* SPDX-License-Identifier: MPL-2.0 */
/* A disk that can lose its power, as a library that is preloaded into a redis-server. Owns what of POWER_DIR is durable; refuses to
 * know what is written there.
 *
 * The model: bytes of a file are durable up to the length that it had when fsync or fdatasync was called on it; a name is durable
 * when its directory was synced after it was made. Files are appended to, cut, or written anew under another name: Redis does no
 * other. A name that is taken away is gone at once, which is the worse of both ways. Every end of the process is a power loss: when
 * the next one starts, the directory becomes what is durable, before main() sees it.
 *
 * The durable names are hard links below POWER_DIR/.durable, as they were at the last sync of each directory; the durable lengths
 * lie in POWER_DIR/.lengths, mapped, so that a kill -9 and a forked child change nothing about them.
 *
 *   POWER_SLOW_US   a sync takes so long: then a kill comes more often between write and sync
 *   POWER_LIE=1     a sync answers 0 and does nothing */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 256
#define PATH 4096

struct length {             /* of one file */
    _Atomic uint64_t inode; /* 0 = a free place */
    _Atomic uint64_t synced;
};

static struct length *lengths; /* FILES; mapped. NULL: the library has nothing to do */
static char root[PATH / 4];
static bool lies;
static useconds_t slow_us;
static uint64_t dropped; /* bytes that the last loss has taken */

/* The directories that a Redis writes to, below POWER_DIR. */
static const char *const places[] = {".", "appendonlydir"};
#define PLACES (sizeof(places) / sizeof(places[0]))

static void die(const char *what)
{
    fprintf(stderr, "power: %s: %s\n", what, strerror(errno));
    _exit(70);
}

/* ---- lengths ---- */

static struct length *find(uint64_t inode)
{
    for (size_t i = 0; i < FILES; i++)
        if (lengths[i].inode == inode)
            return &lengths[i];
    return NULL;
}

/* A place is claimed before it is filled: another thread of Redis may sync as well. */
static struct length *claim(uint64_t inode)
{
    for (size_t i = 0; i < FILES; i++) {
        uint64_t nobody = 0;
        if (atomic_compare_exchange_strong(&lengths[i].inode, &nobody, inode))
            return &lengths[i];
    }
    die("too many files");
    return NULL;
}

static void remember(uint64_t inode, uint64_t synced)
{
    struct length *l = find(inode);
    if (l == NULL)
        l = claim(inode);
    l->synced = synced;
}

/* ---- directories ---- */

typedef void visit(const char *name, const struct stat *about, const char *other);

/* each_file visits the files of FROM/place with their name in TO/place. */
static void each_file(const char *from, const char *to, const char *place, visit *fn)
{
    char name[PATH], other[PATH];
    snprintf(name, sizeof(name), "%s/%s", from, place);
    DIR *d = opendir(name);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat about;
        snprintf(name, sizeof(name), "%s/%s/%s", from, place, e->d_name);
        snprintf(other, sizeof(other), "%s/%s/%s", to, place, e->d_name);
        if (lstat(name, &about) == 0 && S_ISREG(about.st_mode) &&
            strcmp(e->d_name, ".lengths") != 0)
            fn(name, &about, other);
    }
    if (d)
        closedir(d);
}

static void durable_root(char *ret)
{
    snprintf(ret, PATH, "%s/.durable", root);
}

static void take_away(const char *name, const struct stat *about, const char *other)
{
    (void)about, (void)other;
    unlink(name);
}

static void link_there(const char *name, const struct stat *about, const char *other)
{
    (void)about;
    if (link(name, other) < 0)
        die(other);
}

/* Never synced: nothing of it is durable. */
static void cut(const char *name, const struct stat *about, const char *other)
{
    (void)other;
    const struct length *l = find(about->st_ino);
    uint64_t synced = l ? l->synced : 0, size = (uint64_t)about->st_size;
    if (size <= synced)
        return;
    dropped += size - synced;
    if (truncate(name, (off_t)synced) < 0)
        die(name);
}

static void all_of_it(const char *name, const struct stat *about, const char *other)
{
    (void)name, (void)other;
    remember(about->st_ino, (uint64_t)about->st_size);
}

static bool seen[FILES];

static void see(const char *name, const struct stat *about, const char *other)
{
    (void)name, (void)other;
    struct length *l = find(about->st_ino);
    if (l)
        seen[l - lengths] = true;
}

/* forget_gone frees the places of files without a name: another file may get their number. */
static void forget_gone(void)
{
    char durable[PATH];
    durable_root(durable);
    memset(seen, 0, sizeof(seen));
    for (size_t i = 0; i < PLACES; i++) {
        each_file(root, root, places[i], see);
        each_file(durable, root, places[i], see);
    }
    for (size_t i = 0; i < FILES; i++)
        if (!seen[i]) {
            lengths[i].synced = 0;
            lengths[i].inode = 0;
        }
}

/* names_synced: what stands in the directory now will stand there after a loss. */
static void names_synced(const char *place)
{
    char durable[PATH], directory[PATH + 64];
    durable_root(durable);
    snprintf(directory, sizeof(directory), "%s/%s", durable, place);
    mkdir(durable, 0700);
    mkdir(directory, 0700);
    each_file(durable, root, place, take_away);
    each_file(root, durable, place, link_there);
    forget_gone();
}

/* ---- a loss, and a new start ---- */

/* A name that is not durable, or leads to another file there, goes with all that it leads to. */
static void take_what_is_there(const char *name, const struct stat *about, const char *durable)
{
    struct stat kept;
    if (lstat(durable, &kept) < 0 || kept.st_ino != about->st_ino)
        dropped += (uint64_t)about->st_size;
    unlink(name);
}

static void lose(const char *place)
{
    char durable[PATH];
    durable_root(durable);
    each_file(durable, root, place, cut);
    each_file(root, durable, place, take_what_is_there);
    each_file(durable, root, place, link_there);
}

static void map_lengths(void)
{
    char name[PATH];
    snprintf(name, sizeof(name), "%s/.lengths", root);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, FILES * sizeof(*lengths)) < 0)
        die(name);
    lengths = mmap(NULL, FILES * sizeof(*lengths), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (lengths == MAP_FAILED)
        die(name);
    close(fd);
}

__attribute__((constructor)) static void power_comes(void)
{
    const char *directory = getenv("POWER_DIR"), *slow = getenv("POWER_SLOW_US");
    char durable[PATH];
    if (directory == NULL)
        return;
    snprintf(root, sizeof(root), "%s", directory);
    map_lengths();
    durable_root(durable);
    if (access(durable, F_OK) == 0) {
        for (size_t i = 0; i < PLACES; i++)
            lose(places[i]);
        fprintf(stderr, "power: %llu bytes were not durable\n", (unsigned long long)dropped);
    }
    memset(lengths, 0, FILES * sizeof(*lengths));
    for (size_t i = 0; i < PLACES; i++) {
        each_file(root, root, places[i], all_of_it);
        names_synced(places[i]);
    }
    lies = getenv("POWER_LIE") != NULL;
    slow_us = slow ? (useconds_t)atoi(slow) : 0;
    unsetenv("LD_PRELOAD");
}

/* ---- in place of libc's ---- */

static const char *place_of(const struct stat *directory)
{
    for (size_t i = 0; i < PLACES; i++) {
        char name[PATH];
        struct stat about;
        snprintf(name, sizeof(name), "%s/%s", root, places[i]);
        if (stat(name, &about) == 0 && about.st_ino == directory->st_ino &&
            about.st_dev == directory->st_dev)
            return places[i];
    }
    return NULL;
}

/* What was there before the call is durable after it. */
static int sync_with(const char *function, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, function);
    struct stat about;
    if (lies)
        return 0;
    if (lengths == NULL || fstat(fd, &about) < 0)
        return real(fd);
    if (slow_us)
        usleep(slow_us);
    int r = real(fd);
    const char *place = r == 0 && S_ISDIR(about.st_mode) ? place_of(&about) : NULL;
    if (place)
        names_synced(place);
    else if (r == 0 && S_ISREG(about.st_mode))
        remember(about.st_ino, (uint64_t)about.st_size);
    return r;
}

int fsync(int fd)
{
    return sync_with("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_with("fdatasync", fd);
}

int ftruncate(int fd, off_t size)
{
    int (*real)(int, off_t) = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");
    struct stat about;
    int r = real(fd, size);
    struct length *l = r == 0 && lengths && fstat(fd, &about) == 0 ? find(about.st_ino) : NULL;
    if (l && l->synced > (uint64_t)size)
        l->synced = (uint64_t)size;
    return r;
}

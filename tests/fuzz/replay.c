/* SPDX-License-Identifier: MPL-2.0 */
/* Stands in for libFuzzer where there is none: runs a target once with each input that was kept. An argument is a pack (inputs, each
 * after its length in four bytes, the highest first) or a directory of single inputs. Refuses to end well without any input. */
#include <dirent.h>

#include "common/buf.h"
#include "fuzz.h"

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static int read_whole_file(const char *name, struct buf *out)
{
    FILE *f = fopen(name, "re");
    char piece[16384];
    if (f == NULL)
        return -errno;
    for (size_t n; (n = fread(piece, 1, sizeof(piece), f)) > 0;)
        buf_add(out, piece, n);
    int r = ferror(f) ? -EIO : 0;
    fclose(f);
    return r;
}

static void run_one(struct bytes b)
{
    struct bytes input = fuzz_tight(b);
    LLVMFuzzerTestOneInput((const uint8_t *)input.at, input.n);
    fuzz_release(&input);
}

static size_t run_pack(const char *name)
{
    struct buf pack = {0};
    size_t count = 0;
    FUZZ_CHECK(read_whole_file(name, &pack) == 0);
    for (size_t at = 0; at + 4 <= pack.n; count++) {
        const unsigned char *head = (const unsigned char *)pack.at + at;
        size_t n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        FUZZ_CHECK(n <= pack.n - at - 4);
        run_one((struct bytes){pack.at + at + 4, n});
        at += 4 + n;
    }
    buf_done(&pack);
    return count;
}

static size_t run_directory(const char *name, DIR *directory)
{
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        char path[4096];
        struct buf input = {0};
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
        FUZZ_CHECK(read_whole_file(path, &input) == 0);
        fprintf(stderr, "%s\n", path);
        run_one(buf_bytes(&input));
        buf_done(&input);
        count++;
    }
    closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        count += directory ? run_directory(argv[i], directory) : run_pack(argv[i]);
    }
    fprintf(stderr, "%zu inputs\n", count);
    return count ? 0 : 1;
}

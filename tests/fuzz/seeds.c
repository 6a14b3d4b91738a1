/* SPDX-License-Identifier: MPL-2.0 */
/* Writes the seeds and dictionaries below a directory: fuzz_seeds DIR. Refuses to know what they say. */
#include "seeds.h"

#include <sys/stat.h>

static const char *directory;

static FILE *must_open(const char *name, const char *mode)
{
    FILE *f = fopen(name, mode);
    if (f == NULL) {
        perror(name);
        exit(1);
    }
    return f;
}

void seed_write(const char *target, struct bytes input)
{
    static unsigned n;
    char name[4096];
    snprintf(name, sizeof(name), "%s/%s", directory, target);
    mkdir(name, 0777);
    snprintf(name, sizeof(name), "%s/%s/seed-%04u", directory, target, n++);
    FILE *f = must_open(name, "we");
    fwrite(input.at, 1, input.n, f);
    fclose(f);
}

void seed_word(const char *target, struct bytes word)
{
    char name[4096];
    snprintf(name, sizeof(name), "%s/%s.dict", directory, target);
    FILE *f = must_open(name, "ae");
    fputc('"', f);
    for (size_t i = 0; i < word.n; i++)
        fprintf(f, "\\x%02x", (unsigned char)word.at[i]);
    fputs("\"\n", f);
    fclose(f);
}

void seed_words(const char *target, const char *const *words)
{
    for (; *words; words++)
        seed_word(target, bytes_of(*words));
}

void seed_piece(struct buf *out, unsigned what, struct bytes bytes)
{
    const char head[] = {(char)what, (char)(bytes.n >> 8), (char)bytes.n};
    buf_add(out, head, sizeof(head));
    buf_add(out, bytes.at, bytes.n);
}

void seed_file(struct buf *out, const char *name)
{
    char path[4096], piece[4096];
    snprintf(path, sizeof(path), HELIOS_SOURCE "/%s", name);
    FILE *f = must_open(path, "re");
    for (size_t n; (n = fread(piece, 1, sizeof(piece), f)) > 0;)
        buf_add(out, piece, n);
    fclose(f);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: fuzz_seeds DIR\n", stderr);
        return 64;
    }
    directory = argv[1];
    seeds_of_wire();
    seeds_of_texts();
    seeds_of_redis();
    return 0;
}

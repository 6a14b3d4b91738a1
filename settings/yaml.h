/* SPDX-License-Identifier: MPL-2.0 */
/* YAML text as a small tree in which every word knows its place. The only file that knows libfyaml.
 * Refused: anchors and aliases (a few lines of them grow to gigabytes), tags, several documents,
 * duplicate keys, keys that are no words, more than 1 MiB, 8 levels or 100,000 values, bytes that
 * are not UTF-8. */
#ifndef HELIOS_SETTINGS_YAML_H
#define HELIOS_SETTINGS_YAML_H

#include "settings/keep.h"
#include "settings/mistakes.h"

#define YAML_MAX_BYTES (1024 * 1024)
#define YAML_MAX_DEPTH 8
#define YAML_MAX_NODES 100000

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_kind kind;
    bool plain; /* of SCALAR: no quotes, so `5` is a number and `null` is nothing */
    struct place place;
    struct bytes text; /* of SCALAR; NUL-terminated */
    struct bytes key;  /* when it lies in a map; NUL-terminated */
    struct place key_place;
    bool repeated;                    /* used while parsing only */
    struct yaml *first, *last, *next; /* children in the file's order; the next sibling */
    size_t n;                         /* children */
};

#define YAML_EACH(child, node) for (struct yaml *child = (node)->first; child; child = child->next)

/* yaml_parse gives the tree of m->source, kept in `keep`; an empty file is an empty map. NULL when
 * it cannot be read at all; mistakes that leave the rest readable (a duplicate key) are noted in m
 * and the tree comes without them. */
struct yaml *yaml_parse(struct keep *keep, struct mistakes *m);

/* yaml_nothing says whether it is `key:` with nothing behind, ~ or null. */
bool yaml_nothing(const struct yaml *node);

#endif

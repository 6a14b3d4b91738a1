/* SPDX-License-Identifier: MPL-2.0 */
#include "settings/packed.h"

#include "proto/read.h"
#include "settings/loaded.h"

/* ---- writing ---- */

typedef void pack_fn(struct pack *p, const struct setting *s, const void *member);

static void pack_a_text(struct pack *p, const struct setting *s, const void *member)
{
    const struct bytes *text = member;
    if (bytes_is(*text, s->dflt_text ? s->dflt_text : ""))
        return;
    pack_put_str(p, s->key, *text);
}

static void pack_a_bool(struct pack *p, const struct setting *s, const void *member)
{
    const bool *yes = member;
    if (*yes != (s->dflt != 0))
        pack_put_bool(p, s->key, *yes);
}

static void pack_an_int(struct pack *p, const struct setting *s, const void *member)
{
    const int64_t *number = member;
    if ((double)*number != s->dflt)
        pack_put_int(p, s->key, *number);
}

static void pack_a_num(struct pack *p, const struct setting *s, const void *member)
{
    const double *number = member;
    if (*number < s->dflt || *number > s->dflt)
        pack_put_num(p, s->key, *number);
}

static void pack_a_choice(struct pack *p, const struct setting *s, const void *member)
{
    const int *choice = member;
    if (*choice != (int)s->dflt)
        pack_put_text(p, s->key, enum_text(s->choice, *choice));
}

static void pack_words(struct pack *p, const struct setting *s, const void *member)
{
    const struct seq *words = member;
    if (words->n == 0 && s->dflt_text[0] == '\0')
        return;
    pack_key(p, s->key);
    pack_list(p);
    SEQ_EACH (word, const struct bytes, *words)
        pack_str(p, *word);
    pack_end(p);
}

static void pack_any(struct pack *p, const struct setting *s, const void *member)
{
    const struct bytes *map = member;
    if (map->n)
        pack_put_raw(p, s->key, *map);
}

static void pack_in(struct pack *p, const struct setting *s, const void *member)
{
    pack_key(p, s->key);
    section_pack(p, s->part, member);
}

static void pack_table(struct pack *p, const struct setting *s, const void *member)
{
    const struct seq *rows = member;
    if (rows->n == 0)
        return;
    pack_key(p, s->key);
    pack_map(p);
    for (size_t i = 0; i < rows->n; i++) {
        const char *row = (const char *)rows->at + i * s->part->size;
        pack_key_bytes(p, *(const struct bytes *)(const void *)row); /* a row's first member is its name */
        section_pack(p, s->part, row);
    }
    pack_end(p);
}

static pack_fn *const packers[] = {
    [SETTING_TEXT] = pack_a_text,   [SETTING_BOOL] = pack_a_bool,     [SETTING_INT] = pack_an_int,
    [SETTING_NUM] = pack_a_num,     [SETTING_DURATION] = pack_an_int, [SETTING_SIZE] = pack_an_int,
    [SETTING_CHOICE] = pack_a_choice, [SETTING_WORDS] = pack_words,   [SETTING_ANY] = pack_any,
    [SETTING_IN] = pack_in,         [SETTING_TABLE] = pack_table,
};

void section_pack(struct pack *p, const struct section *section, const void *base)
{
    pack_map(p);
    for (size_t i = 0; i < section->n; i++) {
        const struct setting *s = &section->settings[i];
        if (s->key[0])
            packers[s->kind](p, s, setting_member(s, base));
    }
    pack_end(p);
}

/* ---- reading ---- */

typedef int unpack_fn(struct keep *keep, const struct setting *s, const struct value *v, void *member);

static int unpack_text(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    (void)s;
    if (v->type != VALUE_STR)
        return -EPROTO;
    *(struct bytes *)member = keep_bytes(keep, v->text);
    return 0;
}

static int unpack_bool(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    (void)keep, (void)s;
    if (v->type != VALUE_BOOL)
        return -EPROTO;
    *(bool *)member = v->boolean;
    return 0;
}

static int unpack_int(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    (void)keep;
    if (v->type != VALUE_INT || (double)v->integer < s->min || (double)v->integer > s->max)
        return -EPROTO;
    *(int64_t *)member = v->integer;
    return 0;
}

static int unpack_num(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    (void)keep;
    double number = v->type == VALUE_INT ? (double)v->integer : v->number;
    if ((v->type != VALUE_INT && v->type != VALUE_NUM) || number < s->min || number > s->max)
        return -EPROTO;
    *(double *)member = number;
    return 0;
}

static int unpack_choice(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    (void)keep;
    int choice = v->type == VALUE_STR ? enum_find(s->choice, v->text) : -1;
    if (choice < 0)
        return -EPROTO;
    *(int *)member = choice;
    return 0;
}

static int unpack_words(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    (void)s;
    struct walk w = walk_of(v->whole);
    struct value item;
    if (v->type != VALUE_LIST)
        return -EPROTO;
    struct bytes *words = keep_room(keep, (w.left + 1) * sizeof(*words));
    size_t n = 0;
    while (walk_item(&w, &item)) {
        if (item.type != VALUE_STR)
            return -EPROTO;
        words[n++] = keep_bytes(keep, item.text);
    }
    *(struct seq *)member = (struct seq){n ? words : NULL, n};
    return 0;
}

static int unpack_any(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    (void)s;
    if (v->type != VALUE_MAP)
        return -EPROTO;
    *(struct bytes *)member = keep_bytes(keep, v->whole);
    return 0;
}

static int unpack_in(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    return v->type == VALUE_MAP ? section_unpack(keep, s->part, v->whole, member) : -EPROTO;
}

static int unpack_table(struct keep *keep, const struct setting *s, const struct value *v, void *member)
{
    struct walk w = walk_of(v->whole);
    struct value key, item;
    if (v->type != VALUE_MAP)
        return -EPROTO;
    char *rows = keep_room(keep, (w.left + 1) * s->part->size);
    size_t n = 0;
    while (walk_pair(&w, &key, &item)) {
        void *row = rows + n++ * s->part->size;
        int r = item.type == VALUE_MAP ? section_unpack(keep, s->part, item.whole, row) : -EPROTO;
        if (r < 0)
            return r;
        *(struct bytes *)row = keep_bytes(keep, key.text);
    }
    *(struct seq *)member = (struct seq){n ? rows : NULL, n};
    return 0;
}

static unpack_fn *const unpackers[] = {
    [SETTING_TEXT] = unpack_text,     [SETTING_BOOL] = unpack_bool,    [SETTING_INT] = unpack_int,
    [SETTING_NUM] = unpack_num,       [SETTING_DURATION] = unpack_int, [SETTING_SIZE] = unpack_int,
    [SETTING_CHOICE] = unpack_choice, [SETTING_WORDS] = unpack_words,  [SETTING_ANY] = unpack_any,
    [SETTING_IN] = unpack_in,         [SETTING_TABLE] = unpack_table,
};

static const struct setting *find(const struct section *section, struct bytes key)
{
    for (size_t i = 0; i < section->n; i++)
        if (key.n && bytes_is(key, section->settings[i].key))
            return &section->settings[i];
    return NULL;
}

int section_unpack(struct keep *keep, const struct section *section, struct bytes map, void *base)
{
    struct walk w = walk_of(map);
    struct value key, item;
    section_fill(keep, section, base);
    while (walk_pair(&w, &key, &item)) {
        const struct setting *s = find(section, key.text);
        int r = s ? unpackers[s->kind](keep, s, &item, setting_member(s, base)) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/* Makes the descriptors of sections.h from the .def tables. Owns no logic. */
#include "settings/sections.h"

#define ENUM_OF(e) static const char *const values_##e[] = {
#define VALUE(e, v, doc) #v,
#define ENUM_END(e) };
#include "settings/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

#define ENUM_OF(e) static const char *const docs_##e[] = {
#define VALUE(e, v, doc) doc,
#define ENUM_END(e) };
#include "settings/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

#define ENUM_OF(e)
#define VALUE(e, v, doc)
#define ENUM_END(e) const struct enumeration enum_##e = {#e, values_##e, docs_##e, e##_COUNT};
#include "settings/enums.def"
#undef ENUM_OF
#undef VALUE
#undef ENUM_END

/* One macro serves both TEXT(…, "default", …) and TEXT(…, NEEDED, …). */
#define NEEDED NULL
#define ROW(s, m, k, kd, h, ...)                                                                   \
    {.key = k, .kind = kd, .offset = offsetof(struct set_##s, m), .help = h, __VA_ARGS__},
#define TEXT(s, m, k, d, h) ROW(s, m, k, SETTING_TEXT, h, .dflt_text = d, .needed = (d) == NEEDED)
#define BOOL(s, m, k, d, h) ROW(s, m, k, SETTING_BOOL, h, .dflt = d, .max = 1)
#define RANGED(s, m, k, kd, d, lo, hi, u, h)                                                       \
    ROW(s, m, k, kd, h, .dflt = (double)(d), .min = (double)(lo), .max = (double)(hi), .unit = u)
#define INT(s, m, k, d, lo, hi, u, h) RANGED(s, m, k, SETTING_INT, d, lo, hi, u, h)
#define NUM(s, m, k, d, lo, hi, u, h) RANGED(s, m, k, SETTING_NUM, d, lo, hi, u, h)
#define DURATION(s, m, k, d, lo, hi, h) RANGED(s, m, k, SETTING_DURATION, d, lo, hi, "", h)
#define SIZE(s, m, k, d, lo, hi, h) RANGED(s, m, k, SETTING_SIZE, d, lo, hi, "", h)
#define CHOICE(s, m, k, e, d, h)                                                                   \
    ROW(s, m, k, SETTING_CHOICE, h, .dflt = e##_##d, .choice = &enum_##e)
#define WORDS(s, m, k, d, h) ROW(s, m, k, SETTING_WORDS, h, .dflt_text = d)
#define ANY(s, m, k, h) ROW(s, m, k, SETTING_ANY, h, .dflt_text = "")
#define IN(s, m, k, p, h) ROW(s, m, k, SETTING_IN, h, .part = &section_of_##p)
#define TABLE(s, m, k, p, h) ROW(s, m, k, SETTING_TABLE, h, .part = &section_of_##p)
#define SECTION(s, d)                                                                              \
    extern const struct section section_of_##s;                                                    \
    static const char doc_##s[] = d;                                                               \
    static const struct setting settings_##s[] = {
#define END(s)                                                                                     \
    }                                                                                              \
    ;                                                                                              \
    const struct section section_of_##s = {#s, settings_##s, ARRAY_SIZE(settings_##s),             \
                                           sizeof(struct set_##s), doc_##s};
#include "settings/settings.def"
#undef TEXT
#undef BOOL
#undef INT
#undef NUM
#undef DURATION
#undef SIZE
#undef CHOICE
#undef WORDS
#undef ANY
#undef IN
#undef TABLE
#undef SECTION
#undef END

const struct section *const section_config = &section_of_config;
const struct section *const section_agent_config = &section_of_agent_config;
const struct section *const section_up = &section_of_up;

#define SECTION(s, d) &section_of_##s,
#define TEXT(s, m, k, d, h)
#define BOOL(s, m, k, d, h)
#define INT(s, m, k, d, lo, hi, u, h)
#define NUM(s, m, k, d, lo, hi, u, h)
#define DURATION(s, m, k, d, lo, hi, h)
#define SIZE(s, m, k, d, lo, hi, h)
#define CHOICE(s, m, k, e, d, h)
#define WORDS(s, m, k, d, h)
#define ANY(s, m, k, h)
#define IN(s, m, k, p, h)
#define TABLE(s, m, k, p, h)
#define END(s)
const struct section *const sections_all[] = {
#include "settings/settings.def"
};
const size_t sections_all_n = ARRAY_SIZE(sections_all);

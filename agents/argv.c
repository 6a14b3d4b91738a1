/* SPDX-License-Identifier: MPL-2.0 */
/* Owns argument lists and environments. Refuses to start anything. */
#include "agents/argv.h"

static const char usual_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void words_add(struct words *w, char *word)
{
    w->at = xrealloc(w->at, (w->n + 2) * sizeof(char *));
    w->at[w->n++] = word;
    w->at[w->n] = NULL;
}

void words_done(struct words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        explicit_bzero(w->at[i], strlen(w->at[i])); /* some are secrets */
        free(w->at[i]);
    }
    free(w->at);
    *w = (struct words){0};
}

/* named gives the parameter whose {name} stands at `at`, and its length with the braces; NULL for
 * anything else: other braces mean themselves. */
static const struct param_rule *named(const struct params *rules, struct bytes at, size_t *ret_n)
{
    const char *close = at.n > 2 && at.at[0] == '{' ? memchr(at.at, '}', at.n) : NULL;
    if (close == NULL || rules == NULL)
        return NULL;
    *ret_n = (size_t)(close - at.at) + 1;
    return params_find(rules, (struct bytes){at.at + 1, *ret_n - 2});
}

static char *fill_in(struct bytes argument, const struct params *rules, struct bytes params)
{
    struct buf text = {0};
    for (size_t i = 0; i < argument.n;) {
        size_t n = 1;
        const struct param_rule *rule =
            named(rules, (struct bytes){argument.at + i, argument.n - i}, &n);
        if (rule) {
            struct value v = map_get(params, rule->name);
            param_text(&text, &v);
        } else {
            n = 1;
            buf_add(&text, argument.at + i, 1);
        }
        i += n;
    }
    return buf_take(&text);
}

void words_run(struct words *w, struct seq run, const struct params *rules, struct bytes params)
{
    SEQ_EACH(argument, struct bytes, run)
    words_add(w, fill_in(*argument, rules, params));
}

void words_env(struct words *w, const char *name, struct bytes value)
{
    struct buf entry = {0};
    size_t n = strlen(name);
    buf_room(&entry, n + 1 + value.n); /* at once: a buffer that moves leaves a copy of a secret behind */
    buf_printf(&entry, "%s=" BYTES_F, name, BYTES_A(value));
    for (size_t i = 0; i < w->n; i++)
        if (strncmp(w->at[i], name, n) == 0 && w->at[i][n] == '=') {
            free(w->at[i]);
            w->at[i] = buf_take(&entry);
            return;
        }
    words_add(w, buf_take(&entry));
}

static void pass_on(struct words *w, const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    if (value || otherwise)
        words_env(w, name, bytes_of(value ? value : otherwise));
}

void words_base(struct words *w, struct seq pass, struct bytes env)
{
    pass_on(w, "PATH", usual_path);
    pass_on(w, "HOME", "/");
    pass_on(w, "LANG", "C.UTF-8");
    pass_on(w, "HELIOS_DATA", NULL);
    SEQ_EACH(name, struct bytes, pass)
    pass_on(w, name->at, NULL);
    struct walk walk = walk_of(env);
    struct value key, item;
    while (walk_pair(&walk, &key, &item)) {
        _autofree_ char *name = bytes_dup(key.text);
        _cleanup_(buf_done) struct buf text = {0};
        param_text(&text, &item);
        words_env(w, name, buf_bytes(&text));
    }
}

void words_base64(struct words *w, const char *name, struct bytes value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    _cleanup_(buf_done) struct buf text = {0};
    for (size_t i = 0; i < value.n; i += 3) {
        size_t left = MIN(value.n - i, (size_t)3);
        unsigned bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < left ? (unsigned char)value.at[i + k] : 0u);
        char *quad = buf_grow(&text, 4);
        for (size_t k = 0; k < 4; k++)
            quad[k] = k <= left ? digits[bits >> (18 - 6 * k) & 63] : '=';
    }
    words_env(w, name, buf_bytes(&text));
}

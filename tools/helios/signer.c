/* SPDX-License-Identifier: MPL-2.0 */
/* `helios signer`: key pairs that sign tasks, and the signing of one request. Works on files alone;
 * no controller ever sees the secret. */
#include <sysexits.h>

#include "common/clock.h"
#include "common/text.h"
#include "files.h"
#include "proto/signature.h"
#include "signer.h"
#include "verbs.h"

const struct option_row signer_options[] = {
    {"dir", "DIR", "new: where the two files go (.)"},
    {0},
};

static int new_signer(const struct args *a)
{
    struct key k = {0};
    if (a->n_words != 2 || !text_is_name(bytes_of(a->words[1])))
        return complain(
            EX_USAGE, "helios signer new NAME; a name is 1 to 64 letters, digits and _.:-");
    snprintf(k.name, sizeof(k.name), "%s", a->words[1]);
    if (signature_new_pair(&k))
        return complain(EX_OSERR, "there is no randomness to make a key of");
    _autofree_ char *why = NULL, *stem = file_join(args_value(a, "dir", "."), k.name, ".signer");
    int error = file_key_pair(stem, "", ".pub", &k, &why);
    key_forget(&k);
    if (error)
        return complain(EX_CANTCREAT, "%s", why);
    printf("%s is the secret: keep it where tasks are submitted, away from every controller. Name "
           "%s.pub in security.signers of the agents that are to trust it\n",
           stem, stem);
    return 0;
}

static int show(const struct args *a)
{
    if (a->n_words < 2)
        return complain(EX_USAGE, "helios signer show FILE…");
    json_t *rows = json_array();
    int code = 0;
    for (size_t i = 1; i < a->n_words && code == 0; i++) {
        struct key k;
        _autofree_ char *why = NULL;
        if (key_read(a->words[i], false, &k, &why))
            code = complain(EX_DATAERR, "%s", why);
        else if (k.role != key_role_signer)
            code = complain(EX_DATAERR, "%s is no key of a signer", a->words[i]);
        else if (args_has(a, "json"))
            json_array_append_new(rows, json_pack("{ssssss}", "name", k.name, "public", k.public,
                                                  "file", a->words[i]));
        else
            printf("%-24s %s\n", k.name, k.public);
        key_forget(&k);
    }
    if (args_has(a, "json") && code == 0)
        print_json(json_incref(rows));
    json_decref(rows);
    return code;
}

int run_signer(const struct cli_verb *verb, const struct args *a)
{
    if (a->n_words && strcmp(a->words[0], "new") == 0)
        return new_signer(a);
    if (a->n_words && strcmp(a->words[0], "show") == 0)
        return show(a);
    return complain(EX_USAGE, "helios signer %s", verb->words);
}

/* ---- one request ---- */

int signer_sign(const struct args *a, const struct msg_request *r, struct buf *ret)
{
    const char *path = args_value(a, "sign", NULL);
    struct key k;
    _autofree_ char *why = NULL;
    if (path == NULL)
        return args_has(a, "expires") || args_has(a, "realm")
                   ? complain(EX_USAGE, "--expires and --realm go with --sign")
                   : 0;
    int64_t life = args_ms(a, "expires", SIGNER_LIFE_MS);
    if (key_read(path, true, &k, &why))
        return complain(EX_NOINPUT, "%s", why);
    struct statement s = {.realm = bytes_of(args_value(a, "realm", "")),
                          .action = r->action,
                          .swarm = r->swarm,
                          .role = r->role,
                          .agent = r->agent,
                          .params = r->params,
                          .expires = clock_wall() + life};
    int error = signature_draw(&s);
    error = error ? error : signature_make(&k, &s, ret);
    key_forget(&k);
    if (error == -EINVAL)
        return complain(EX_DATAERR, "%s is no key of a signer: helios signer new NAME", path);
    return error ? complain(EX_DATAERR, "%s", strerror(-error)) : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_account_list.c - who may look, and which programs. */
#include "account_asked.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_account_list;

struct list {
    struct bw_jw w;
    bool json;
    int64_t now_unix_s;
    size_t n;
};

static void put_scopes(struct list *l,
                       const char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1],
                       size_t n)
{
    if (l->json) {
        bw_jw_karr(&l->w, "entities");
    }
    for (size_t i = 0; i < n; i++) {
        if (l->json) {
            bw_jw_str(&l->w, scopes[i]);
        } else {
            (void)printf(" %s", scopes[i]);
        }
    }
    if (l->json) {
        bw_jw_arr_end(&l->w);
    }
}

static int on_person(void *owner, const struct bw_person *p)
{
    struct list *l = owner;
    const char *state =
        p->removed_unix_s != BW_UNKNOWN ? "removed"
        : !p->hash[0]                   ? "invited"
        : p->locked_until_unix_s != BW_UNKNOWN && p->locked_until_unix_s > l->now_unix_s
            ? "locked"
            : "good";
    l->n++;
    if (l->json) {
        bw_jw_obj(&l->w);
        bw_jw_kstr(&l->w, "name", p->name);
        bw_jw_kstr(&l->w, "shown", p->shown);
        bw_jw_kstr(&l->w, "state", state);
        bw_jw_kstr(&l->w, "role", bw_role_name(p->role));
        put_scopes(l, p->scopes, p->n_scopes);
        bw_jw_ki64(&l->w, "created_s", p->created_unix_s);
        bw_jw_ki64(&l->w, "signed_in_s", p->signed_in_unix_s);
        bw_jw_ki64(&l->w, "failures", p->failures);
        bw_jw_ki64(&l->w, "recovery_codes", p->n_recovery);
        bw_jw_obj_end(&l->w);
        return 0;
    }
    char when[32] = "never";
    if (p->signed_in_unix_s != BW_UNKNOWN) {
        bw_time_format_s(p->signed_in_unix_s, when);
    }
    (void)printf("%-16s  %-7s  signed in %s  %s", p->name, state, when,
                 bw_role_name(p->role));
    put_scopes(l, p->scopes, p->n_scopes);
    (void)printf("  ");
    bw_cli_put(stdout, p->shown, strlen(p->shown));
    (void)printf("\n");
    return 0;
}

static int on_key(void *owner, const struct bw_api_key *k)
{
    struct list *l = owner;
    const char *state = k->revoked_unix_s != BW_UNKNOWN      ? "revoked"
                        : k->expires_unix_s <= l->now_unix_s ? "expired"
                                                             : "good";
    l->n++;
    if (l->json) {
        bw_jw_obj(&l->w);
        bw_jw_kstr(&l->w, "key", k->name);
        bw_jw_kstr(&l->w, "state", state);
        bw_jw_kbool(&l->w, "whole_state", k->n_scopes == 0);
        put_scopes(l, k->scopes, k->n_scopes);
        bw_jw_ki64(&l->w, "created_s", k->created_unix_s);
        bw_jw_ki64(&l->w, "expires_s", k->expires_unix_s);
        bw_jw_obj_end(&l->w);
        return 0;
    }
    char when[32];
    bw_time_format_s(k->expires_unix_s, when);
    (void)printf("%-16s  %-7s  until %s  key%s", k->name, state, when,
                 k->n_scopes ? "" : " for the state");
    put_scopes(l, k->scopes, k->n_scopes);
    (void)printf("\n");
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ACCOUNT_OPTIONS,
        BW_ACCOUNT_JSON,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_account_list;
    struct bw_account_asked a = {.typed_by = "nobody"}; /* nothing is done in a name */
    struct bw_err err = {""};
    struct bw_buf out;
    int status = 0;
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        status = bw_account_take(v, o, &a);
    }
    if (status == 0 && optind < argc) {
        status = bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    status = status ? status : bw_account_open(v, &a);
    struct list l = {.json = a.json, .now_unix_s = a.now_unix_s};
    bw_buf_init(&out, 64 << 20);
    bw_jw_init(&l.w, &out);
    bw_jw_arr(&l.w);
    if (status == 0 && (a.people->ops->persons(a.people, on_person, &l, &err) < 0 ||
                        a.people->ops->keys(a.people, on_key, &l, &err) < 0)) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    bw_jw_arr_end(&l.w);
    if (status == 0 && a.json) {
        (void)printf("%s\n", out.data);
    } else if (status == 0 && l.n == 0) {
        (void)fprintf(stderr, "Nobody has an account here yet.\n");
    }
    bw_buf_done(&out);
    bw_account_close(&a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_account_list = {
    .name = "account list",
    .summary = "list who may look, and which programs",
    .help =
        "[OPTION]...\n"
        "\n"
        "One a line: name, whether it is good, invited, locked or removed, when it last\n"
        "signed in, role and entities, shown name; then the keys of programs.\n"
        "\n"
        "  --json         one JSON array\n" BW_ACCOUNT_HELP "\n"
        "Exit status: 0 listed (also where there is nobody), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness account list --json\n",
    .run = run,
};

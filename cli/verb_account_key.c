/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_account_key.c - a key by which a program reads. The store keeps its hash only; the
 * key is shown once. */
#include "account_asked.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <hash.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_account_key;

enum {
    OPT_STATE = 1,
    OPT_DAYS,
    KEY_RAW = 32,
    DAYS_DEFAULT = 365,
    DAYS_MAX = 800,
    DAY_S = 86400
};

static void
print(const struct bw_account_asked *a, const struct bw_api_key *k, const char *key)
{
    char when[32];
    struct bw_buf out;
    struct bw_jw w;
    bw_time_format_s(k->expires_unix_s, when);
    if (!a->json) {
        (void)printf("%s\n", key);
        (void)fprintf(stderr, "Good until %s. Show it as:  Authorization: Bearer KEY\n",
                      when);
        return;
    }
    bw_buf_init(&out, 4096);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "name", k->name);
    bw_jw_kstr(&w, "key", key);
    bw_jw_ki64(&w, "expires_s", k->expires_unix_s);
    bw_jw_obj_end(&w);
    (void)printf("%s\n", out.data ? out.data : "");
    bw_buf_done(&out);
}

static int
make(const struct bw_verb *v, struct bw_account_asked *a, const char *name, int64_t days)
{
    struct bw_api_key k = {.role = a->n_entities > 0 ? BW_ROLE_DISTRICT : BW_ROLE_VIEWER,
                           .n_scopes = a->n_entities,
                           .created_unix_s = a->now_unix_s,
                           .expires_unix_s = a->now_unix_s + days * DAY_S};
    const char *what = a->n_entities > 0 ? a->told : " the state";
    const struct bw_act_said act = {.act = "key-add",
                                    .by = a->by,
                                    .via = "command",
                                    .about = name,
                                    .detail = what[0] ? what + 1 : ""};
    struct bw_err err = {""};
    uint8_t raw[KEY_RAW];
    char key[64] = "bwk_";
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), key + 4);
    bw_sha256(key, strlen(key), k.sha256);
    (void)snprintf(k.name, sizeof(k.name), "%s", name);
    memcpy(k.scopes, a->scopes, sizeof(k.scopes));
    if (a->people->ops->key_add(a->people, &k, NULL, &act, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    print(a, &k, key);
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ACCOUNT_OPTIONS,
        BW_ACCOUNT_BY,
        BW_ACCOUNT_JSON,
        {"entity", required_argument, NULL, BW_ACCOUNT_OPT_ENTITY},
        {"state", no_argument, NULL, OPT_STATE},
        {"days", required_argument, NULL, OPT_DAYS},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_account_key;
    struct bw_account_asked a = {.people = NULL};
    const char *name = NULL;
    int64_t days = DAYS_DEFAULT;
    bool state = false;
    int status = 0;
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == OPT_STATE) {
            state = true;
        } else if (o == OPT_DAYS) {
            status = bw_cli_int(v, "--days", optarg, 1, DAYS_MAX, &days);
        } else {
            status = bw_account_take(v, o, &a);
        }
    }
    status = status ? status : bw_account_name(v, argc, argv, &name);
    if (status == 0 && state == (a.n_entities > 0)) {
        status = bw_cli_usage(v, "say what it sees: --state, or --entity E");
    }
    status = status ? status : bw_account_open(v, &a);
    status = status ? status : make(v, &a, name, days);
    bw_account_close(&a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_account_key = {
    .name = "account key",
    .summary = "a key by which a program reads",
    .help =
        "[OPTION]... --state|--entity E... NAME\n"
        "\n"
        "Prints a key, once, which a program shows as \"Authorization: Bearer KEY\". It "
        "reads\n"
        "what a person of that role would see, and changes nothing. NAME says what for.\n"
        "\n"
        "  --state        it sees the whole state\n"
        "  --entity E     it sees this entity (id or name) and what is below it; may "
        "stand\n"
        "                 several times\n"
        "  --days N       how long it is good (365; at most 800)\n"
        "  --json         {\"name\",\"key\",\"expires_s\"}\n" BW_ACCOUNT_BY_HELP
            BW_ACCOUNT_HELP "\n"
        "Exit status: 0 done, 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness account key grafana --entity alder-valley --days 90\n",
    .run = run,
};

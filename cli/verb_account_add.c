/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_account_add.c - somebody who may look, with a link to get in. */
#include "account_asked.h"
#include "cli.h"

#include <bw/err.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_account_add;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ACCOUNT_OPTIONS, BW_ACCOUNT_BY,      BW_ACCOUNT_JSON,
        BW_ACCOUNT_WHO,     {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_account_add;
    struct bw_account_asked a = {.people = NULL};
    struct bw_err err = {""};
    const char *name = NULL;
    int status = 0;
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        status = bw_account_take(v, o, &a);
    }
    status = status ? status : bw_account_name(v, argc, argv, &name);
    if (status == 0 && !a.has_role) {
        status = bw_cli_usage(v, "--role says what the account is for");
    }
    status = status ? status : bw_account_open(v, &a);
    const struct bw_act_said act = {.act = "account-add",
                                    .by = a.by,
                                    .via = "command",
                                    .about = name,
                                    .detail = a.told};
    if (status == 0) {
        struct bw_person p;
        bw_account_person(&a, name, &p);
        if (a.people->ops->person_add(a.people, &p, a.now_unix_s, &act, &err) < 0) {
            status = bw_cli_failed(v, "%s", err.text);
        }
    }
    status = status ? status : bw_account_link(v, &a, name, NULL);
    bw_account_close(&a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_account_add = {
    .name = "account add",
    .summary = "an account for somebody, and the link that sets it up",
    .help = "[OPTION]... --role ROLE [--entity E]... NAME\n"
            "\n"
            "Prints a link that is good once and for 24 hours: whoever opens it sets a "
            "password, an\n"
            "authenticator and recovery codes. There is no first password. NAME is 1 to 64 "
            "of a-z,\n"
            "0-9, '.', '_', '-'; it is this person's for ever, also when the account is "
            "removed.\n"
            "\n" BW_ACCOUNT_WHO_HELP
            "  --json         {\"name\",\"url\",\"expires_s\"}\n" BW_ACCOUNT_BY_HELP
                BW_ACCOUNT_HELP "\n"
            "Exit status: 0 done, 1 it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness account add wren --role district --entity alder-valley\n",
    .run = run,
};

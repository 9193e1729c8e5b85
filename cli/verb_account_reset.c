/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_account_reset.c - password, codes and sessions end at once. */
#include "account_asked.h"
#include "cli.h"

#include <bw/err.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_account_reset;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ACCOUNT_OPTIONS,
        BW_ACCOUNT_BY,
        BW_ACCOUNT_JSON,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_account_reset;
    struct bw_account_asked a = {.people = NULL};
    struct bw_err err = {""};
    const char *name = NULL;
    int status = 0;
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        status = bw_account_take(v, o, &a);
    }
    status = status ? status : bw_account_name(v, argc, argv, &name);
    status = status ? status : bw_account_open(v, &a);
    const struct bw_act_said act = {.act = "account-reset",
                                    .by = a.by,
                                    .via = "command",
                                    .about = name,
                                    .detail = a.told};
    if (status == 0 &&
        a.people->ops->person_clear(a.people, name, true, a.now_unix_s, &act, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    status = status ? status : bw_account_link(v, &a, name, NULL);
    bw_account_close(&a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_account_reset = {
    .name = "account reset",
    .summary = "end an account's password, codes and sessions, and make a link",
    .help = "[OPTION]... NAME\n"
            "\n"
            "At once nobody can sign in as NAME, every session of it is over, and a lock "
            "is off. The\n"
            "link that is printed sets a new password and authenticator.\n"
            "\n"
            "  --json         {\"name\",\"url\",\"expires_s\"}\n" BW_ACCOUNT_BY_HELP
                BW_ACCOUNT_HELP "\n"
            "Exit status: 0 done, 1 it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness account reset wren\n",
    .run = run,
};

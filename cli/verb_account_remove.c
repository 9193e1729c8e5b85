/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_account_remove.c - somebody may look no longer. */
#include "account_asked.h"
#include "cli.h"

#include <bw/err.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_account_remove;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ACCOUNT_OPTIONS,
        BW_ACCOUNT_BY,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_account_remove;
    struct bw_account_asked a = {.people = NULL};
    struct bw_err err = {""};
    const char *name = NULL;
    int status = 0;
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        status = bw_account_take(v, o, &a);
    }
    status = status ? status : bw_account_name(v, argc, argv, &name);
    status = status ? status : bw_account_open(v, &a);
    const struct bw_act_said act = {.act = "account-remove",
                                    .by = a.by,
                                    .via = "command",
                                    .about = name,
                                    .detail = a.told};
    if (status == 0 &&
        a.people->ops->person_clear(a.people, name, false, a.now_unix_s, &act, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    bw_account_close(&a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_account_remove = {
    .name = "account remove",
    .summary = "end an account for good",
    .help = "[OPTION]... NAME\n"
            "\n"
            "At once: password, codes and sessions are gone. What was said in the name "
            "stays, and the\n"
            "name is never another's. The last administrator who can sign in stays.\n"
            "\n" BW_ACCOUNT_BY_HELP BW_ACCOUNT_HELP "\n"
            "Exit status: 0 done, 1 it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness account remove wren\n",
    .run = run,
};

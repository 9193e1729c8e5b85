/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_account_link.c - a new link for somebody who has none any more. */
#include "account_asked.h"
#include "cli.h"

#include <bw/err.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_account_link;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ACCOUNT_OPTIONS,
        BW_ACCOUNT_BY,
        BW_ACCOUNT_JSON,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_account_link;
    struct bw_account_asked a = {.people = NULL};
    struct bw_err err = {""};
    const char *name = NULL;
    int status = 0;
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        status = bw_account_take(v, o, &a);
    }
    status = status ? status : bw_account_name(v, argc, argv, &name);
    status = status ? status : bw_account_open(v, &a);
    const struct bw_act_said act = {.act = "account-link",
                                    .by = a.by,
                                    .via = "command",
                                    .about = name,
                                    .detail = a.told};
    (void)err;
    status = status ? status : bw_account_link(v, &a, name, &act);
    bw_account_close(&a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_account_link = {
    .name = "account link",
    .summary = "another link that sets password and codes",
    .help = "[OPTION]... NAME\n"
            "\n"
            "For somebody whose link expired, or who wants a new password and "
            "authenticator: nothing\n"
            "changes until the link is used. The link before it is void.\n"
            "\n"
            "  --json         {\"name\",\"url\",\"expires_s\"}\n" BW_ACCOUNT_BY_HELP
                BW_ACCOUNT_HELP "\n"
            "Exit status: 0 done, 1 it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness account link wren\n",
    .run = run,
};

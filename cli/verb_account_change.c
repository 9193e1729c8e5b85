/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_account_change.c - another role, other entities, another shown name. */
#include "account_asked.h"
#include "cli.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_account_change;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ACCOUNT_OPTIONS,
        BW_ACCOUNT_BY,
        BW_ACCOUNT_WHO,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_account_change;
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
    const struct bw_act_said act = {.act = "account-change",
                                    .by = a.by,
                                    .via = "command",
                                    .about = name,
                                    .detail = a.told};
    if (status == 0) {
        struct bw_person p;
        struct bw_person was;
        bw_account_person(&a, name, &p);
        int r = a.people->ops->person_get(a.people, name, &was, &err);
        if (r == 0 && !a.shown) {
            memcpy(p.shown, was.shown, sizeof(p.shown));
        }
        explicit_bzero(&was, sizeof(was));
        r = r < 0 ? r : a.people->ops->person_change(a.people, &p, &act, &err);
        status = r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
    }
    bw_account_close(&a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_account_change = {
    .name = "account change",
    .summary = "give an account another role, entities or shown name",
    .help = "[OPTION]... --role ROLE [--entity E]... NAME\n"
            "\n"
            "Role and entities are as said here, all of them; open sessions go on with "
            "them within a\n"
            "second.\n"
            "\n" BW_ACCOUNT_WHO_HELP BW_ACCOUNT_BY_HELP BW_ACCOUNT_HELP "\n"
            "Exit status: 0 done, 1 it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness account change wren --role viewer\n",
    .run = run,
};

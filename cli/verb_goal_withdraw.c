/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_goal_withdraw.c - a goal holds no longer. */
#include "goal_asked.h"

#include <bw/err.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_goal_withdraw;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {BW_DOCKET_ASKED_OPTIONS,
                                          BW_DOCKET_ASKED_BY,
                                          {"text", required_argument, NULL, 'x'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_goal_withdraw;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_err err = {.text = ""};
    char id[BW_HASH_LEN + 1] = "";
    const char *why = "";
    bool json = false;

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        if (o == 'x') {
            why = optarg;
            r = bw_cli_label(v, "--text", optarg, BW_GOAL_TEXT_MAX);
        } else if (o == 'j') {
            json = true;
        } else {
            r = bw_docket_asked_take(v, o, &asked);
        }
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "which goal? NAME");
    }
    int status = goal_open(v, &asked, true, &d);
    if (status == 0 && bw_goal_withdraw(d.catalogue, argv[optind], why, d.by,
                                        "goal withdraw", d.now_unix_ms, id, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && json) {
        (void)printf("{\"id\":\"%s\"}\n", id);
    } else if (status == 0) {
        (void)printf("%s  goal %s withdrawn by %s\n", id, argv[optind], d.by);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_goal_withdraw = {
    .name = "goal withdraw",
    .summary = "say that a goal holds no longer",
    .help = "[OPTION]... [--by NAME] [WHERE] NAME\n"
            "\n"
            "At a collector: the goal NAME holds no longer. It stays on record, with who\n"
            "withdrew it and when; saying it again is a new statement.\n"
            "\n"
            "  --text TEXT        why\n"
            "  --json             {\"id\":…}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP
            "\n"
            "Exit status: 0 withdrawn, 1 no such goal holds, or it failed, 2 wrong usage.\n"
            "\n"
            "Example:\n"
            "  bandwitness goal withdraw --ledger /var/lib/bandwitness-collector \\\n"
            "    --text 'plan of 2028' each-1m\n",
    .run = run,
};

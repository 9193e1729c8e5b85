/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_goal_list.c - the goals on file at a collector. */
#include "goal_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct bw_verb bw_verb_goal_list;

enum {
    OUT_MAX = 16 * 1024 * 1024
};

static int print_json(const struct bw_verb *v, const struct bw_goal_said *list, size_t n)
{
    struct bw_buf out;
    struct bw_jw w;
    int status = 0;

    bw_buf_init(&out, OUT_MAX);
    bw_jw_init(&w, &out);
    bw_jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        goal_json(&w, &list[i]);
    }
    bw_jw_arr_end(&w);
    if (bw_buf_error(&out) < 0) {
        status = bw_cli_failed(v, "out of memory");
    } else {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {BW_DOCKET_ASKED_OPTIONS,
                                          {"history", no_argument, NULL, 'h'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_goal_list;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_goal_said *list = NULL;
    struct bw_err err = {.text = ""};
    bool ended = false;
    bool json = false;
    int64_t unread = 0;
    size_t n = 0;

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'h') {
            ended = true;
        } else if (o == 'j') {
            json = true;
        } else if (bw_docket_asked_take(v, o, &asked) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "'%s' is one word too many", argv[optind]);
    }
    int status = goal_open(v, &asked, false, &d);
    if (status == 0 && bw_goals_read(d.catalogue, ended, &list, &n, &unread, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && json) {
        status = print_json(v, list, n);
    }
    for (size_t i = 0; status == 0 && !json && i < n; i++) {
        goal_print(&list[i]);
    }
    if (status == 0 && !json && n == 0) {
        (void)printf("There is no goal in %s.\n", d.folder);
    }
    if (status == 0 && unread > 0) {
        (void)fprintf(stderr,
                      "%lld statements about goals are of a form that only a newer program "
                      "reads\n",
                      (long long)unread);
    }
    free(list);
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_goal_list = {
    .name = "goal list",
    .summary = "list what is to be reached, and by when",
    .help =
        "[OPTION]... [WHERE]\n"
        "\n"
        "The goals in force at a collector, by name: what, for whom, by when, who said "
        "it.\n"
        "How far they are reached stands on its page /progress.\n"
        "\n"
        "  --history          withdrawn ones as well\n"
        "  --json             one JSON array\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 listed (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness goal list --ledger /var/lib/bandwitness-collector\n",
    .run = run,
};

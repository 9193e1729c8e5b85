/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_reply_list.c - replies that were kept. */
#include "cli.h"
#include "docket_asked.h"
#include "reply_view.h"
#include "statement_view.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_reply_list;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"history", no_argument, NULL, 'h'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_reply_list;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_said_query q = {.kind = "reply"};
    struct bw_docket d = {.catalogue = NULL};
    struct reply_view words = {.whole = false};
    struct statement_view view;
    struct bw_err err = {.text = ""};
    char circuit[BW_DOCKET_CIRCUIT_MAX + 1];
    char about[BW_DOCKET_CIRCUIT_MAX + 16];
    bool json = false;

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        if (o == 'j') {
            json = true;
        } else if (o == 'h') {
            q.ended = true;
        } else {
            r = bw_docket_asked_take(v, o, &asked);
        }
        if (r != 0) {
            return r;
        }
    }
    if (argc - optind > 1) {
        return bw_cli_usage(v, "%s is too much", argv[optind + 1]);
    }
    const char *typed = optind < argc ? argv[optind] : NULL;
    int status = bw_docket_open(v, &asked, false, &d);
    if (status == 0 && typed) {
        status = bw_docket_circuit(v, &d, typed, false, circuit);
        (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
        q.about = about;
    }
    statement_view_begin(&view, json);
    if (status == 0 && bw_docket_each(&d, &q, json ? statement_view_line : reply_view_each,
                                      json ? (void *)&view : (void *)&words, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && !json && words.n == 0) {
        (void)fprintf(stderr, "No reply is kept in %s.\n", d.folder);
    }
    bw_docket_close(&d);
    return statement_view_end(v, &view, status);
}

const struct bw_verb bw_verb_reply_list = {
    .name = "reply list",
    .summary = "list the replies to reports and letters that were kept",
    .help =
        "[OPTION]... [CIRCUIT]\n"
        "\n"
        "One a line: when it was kept, its id's beginning, the circuit, who wrote it to "
        "what,\n"
        "who kept it, how it begins. Comments that came by a link (bandwitness share) are\n"
        "kept by link-NAME.\n"
        "\n"
        "  --history          those that hold no longer as well\n"
        "  --json             one JSON array, whole statements\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 listed (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness reply list s-4f9k2.wan\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_statement_show.c - one statement whole, with what became of its key. */
#include "cli.h"
#include "docket_asked.h"
#include "statement_view.h"

extern const struct bw_verb bw_verb_statement_show;

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {"raw", no_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_statement_show;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct statement_view view;
    bool json = false;
    bool raw = false;
    const char *id = bw_docket_dashed_id(&argc, argv);
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        if (o == 'j') {
            json = true;
        } else if (o == 'r') {
            raw = true;
        } else {
            r = bw_docket_asked_take(v, o, &asked);
        }
        if (r != 0) {
            return r;
        }
    }
    if (optind + (id == NULL) != argc) {
        return bw_cli_usage(v,
                            "give one id, or how it begins (bandwitness statement list)");
    }
    if (json && raw) {
        return bw_cli_usage(v, "give one of --json and --raw");
    }
    statement_view_begin(&view, json);
    view.single = true;
    int status = bw_docket_open(v, &asked, false, &d);
    if (status == 0) {
        status = bw_docket_one(v, &d, id ? id : argv[optind],
                               raw    ? statement_view_raw
                               : json ? statement_view_line
                                      : statement_view_whole,
                               &view);
    }
    bw_docket_close(&d);
    return statement_view_end(v, &view, status);
}

const struct bw_verb bw_verb_statement_show = {
    .name = "statement show",
    .summary = "show one statement whole: who said what, when, and what became of it",
    .help =
        "[OPTION]... ID\n"
        "\n"
        "The statement with this id, or whose id begins so (after -- where that begins\n"
        "with a -).\n"
        "\n"
        "  --json             one JSON object\n"
        "  --raw              its bytes alone, without a newline: their SHA-256 in\n"
        "                     base64url is the id\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 shown, 1 there is none or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness statement show --raw p10RN33j | sha256sum\n",
    .run = run,
};

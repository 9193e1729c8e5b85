/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_errata_show.c - one erratum, and which records of which circuits it concerns. */
#include "cli.h"
#include "docket_asked.h"
#include "errata_touch.h"
#include "errata_view.h"
#include "statement_view.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_errata_show;

struct shown {
    struct statement_view *view;
    struct bw_erratum_said e;
    struct bw_err *err;
};

static int on_found(void *owner, const struct bw_said *said)
{
    struct shown *s = owner;
    int r = bw_erratum_take(said->statement, &s->e, s->err);
    if (r < 0) {
        return bw_err_prefix(s->err, r, "%.10s…", said->id);
    }
    if (s->view->json) {
        return statement_view_line(s->view, said);
    }
    errata_view_print(said, &s->e);
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_errata_show;
    struct bw_docket_asked asked = {.state = NULL};
    struct errata_touch touch = {.list = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_err err = {.text = ""};
    struct statement_view view;
    struct shown s = {.view = &view, .err = &err};
    bool json = false;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'j') {
            json = true;
        } else if (bw_docket_asked_take(v, o, &asked) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "which one? its id, or enough of how it begins");
    }
    statement_view_begin(&view, json);
    view.single = true;
    int status = bw_docket_open(v, &asked, false, &d);
    if (status == 0 && !d.catalogue) {
        status = bw_cli_failed(v, "nothing was ever said in %s", d.folder);
    }
    if (status == 0 && d.catalogue->ops->statement_find(d.catalogue, argv[optind], on_found,
                                                        &s, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && !json) {
        status = errata_touch_find(v, &d, &s.e, &touch);
        if (status == 0) {
            errata_touch_print(&touch, &s.e.erratum);
        }
    }
    free(touch.list);
    bw_docket_close(&d);
    return statement_view_end(v, &view, status);
}

const struct bw_verb bw_verb_errata_show = {
    .name = "errata show",
    .summary = "show an erratum and which records it concerns",
    .help = "[OPTION]... ID\n"
            "\n"
            "One erratum as it was said, and how many records, intervals and test runs of "
            "which\n"
            "circuits it concerns. ID is its id, or enough of how it begins.\n"
            "\n"
            "  --json             the statement, as JSON\n" BW_DOCKET_ASKED_HELP "\n"
            "Exit status: 0 shown, 1 there is none or it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness errata show p10RN33j\n",
    .run = run,
};

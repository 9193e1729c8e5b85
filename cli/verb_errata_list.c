/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_errata_list.c - the errata on file. */
#include "cli.h"
#include "docket_asked.h"
#include "errata_view.h"
#include "statement_view.h"

#include <stdio.h>

extern const struct bw_verb bw_verb_errata_list;

struct asked {
    struct bw_docket_asked docket;
    struct bw_said_query query;
    bool json;
};

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"history", no_argument, NULL, 'h'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_errata_list;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'h') {
            a->query.ended = true;
        } else if (o == 'j') {
            a->json = true;
        } else if (bw_docket_asked_take(v, o, &a->docket) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    return optind < argc ? bw_cli_usage(v, "'%s' is one word too many", argv[optind]) : 0;
}

static int on_erratum(void *owner, const struct bw_said *said)
{
    struct statement_view *view = owner;
    struct bw_erratum_said e;
    if (view->json) {
        return statement_view_line(owner, said);
    }
    view->n++;
    if (bw_erratum_take(said->statement, &e, NULL) < 0) {
        (void)printf("%s  %s\n  is of a form that only a newer program reads\n", said->id,
                     said->statement->about);
        return 0;
    }
    errata_view_print(said, &e);
    return 0;
}

static int run(int argc, char **argv)
{
    struct asked a = {.query = {.kind = "erratum"}};
    int status = read_options(argc, argv, &a);
    return status != 0 ? status
                       : statement_view_list(&bw_verb_errata_list, &a.docket, &a.query,
                                             a.json, on_erratum, "There is no erratum");
}

const struct bw_verb bw_verb_errata_list = {
    .name = "errata list",
    .summary = "list where our own software or a server was wrong",
    .help =
        "[OPTION]...\n"
        "\n"
        "The errata in force, by whom they are about: when and in what it was wrong, what\n"
        "reports do about it, why, who said it.\n"
        "\n"
        "  --history          those that are good no longer as well\n"
        "  --json             one JSON array, whole statements\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 listed (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness errata list --ledger /var/lib/bandwitness-collector\n",
    .run = run,
};

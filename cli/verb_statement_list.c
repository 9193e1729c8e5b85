/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_statement_list.c - what people and imports said, and which of it is in force. */
#include "cli.h"
#include "docket_asked.h"
#include "statement_view.h"

#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_statement_list;

struct asked {
    struct bw_docket_asked docket;
    struct bw_said_query query;
    bool json;
};

/* A kind that only a newer program knows may be on file; a slip of the finger is not. */
static int check_kind(const struct bw_verb *v, const char *word)
{
    static const char *const words[] = {"entity",     "claim",      "binding", "calendar",
                                        "annotation", "adoption",   "erratum", "reply",
                                        "withdrawal", "revocation", "site",    "terms",
                                        "share",      NULL};
    const char *meant = bw_cli_nearest(word, words);
    return bw_statement_kind_parse(word) == BW_STATEMENT_OTHER && meant &&
                   strcmp(word, meant) != 0
               ? bw_cli_usage(v, "--kind %s: did you mean %s?", word, meant)
               : 0;
}

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"kind", required_argument, NULL, 'k'},
        {"about", required_argument, NULL, 'a'},
        {"history", no_argument, NULL, 'h'},
        {"before", required_argument, NULL, 'b'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_statement_list;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        switch (o) {
        case 'k':
            a->query.kind = optarg;
            r = check_kind(v, optarg);
            break;
        case 'a':
            a->query.about = optarg;
            break;
        case 'h':
            a->query.ended = true;
            break;
        case 'b':
            a->query.as_of = true;
            r = bw_cli_int(v, "--before", optarg, 0, INT64_MAX, &a->query.before_position);
            break;
        case 'j':
            a->json = true;
            break;
        default:
            r = bw_docket_asked_take(v, o, &a->docket);
        }
        if (r != 0) {
            return r;
        }
    }
    return optind < argc ? bw_cli_usage(v, "%s is too much", argv[optind]) : 0;
}

/* A star at the end: keys that begin so. */
static void take_star(struct bw_said_query *q, char about[BW_STATEMENT_ABOUT_MAX + 1])
{
    size_t n = q->about ? strlen(q->about) : 0;
    if (n > 0 && n <= BW_STATEMENT_ABOUT_MAX && q->about[n - 1] == '*') {
        (void)snprintf(about, BW_STATEMENT_ABOUT_MAX + 1, "%.*s", (int)n - 1, q->about);
        q->about = about;
        q->prefix = true;
    }
}

static int run(int argc, char **argv)
{
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    struct asked a = {.json = false};
    int status = read_options(argc, argv, &a);
    if (status != 0) {
        return status;
    }
    take_star(&a.query, about);
    return statement_view_list(&bw_verb_statement_list, &a.docket, &a.query, a.json,
                               statement_view_line, "Nothing of the kind was said");
}

const struct bw_verb bw_verb_statement_list = {
    .name = "statement list",
    .summary =
        "list what people and imports said: claims, bindings, calendars, annotations",
    .help =
        "[OPTION]...\n"
        "\n"
        "One statement a line, by kind and what it is about: when it was said, its id's\n"
        "beginning, kind, key, who said it, its body's beginning. What was replaced or\n"
        "withdrawn is shown with --history, and says so.\n"
        "\n"
        "  --kind KIND        entity, claim, binding, calendar, annotation, adoption,\n"
        "                     terms, erratum, reply, revocation, share, site or\n"
        "                     withdrawal\n"
        "  --about KEY        of this key; with a * at its end all that begin so\n"
        "  --history          those that are good no longer as well\n"
        "  --before POSITION  as it stood before the statement of that position\n"
        "  --json             one JSON array, whole statements\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 listed (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness statement list --about 'circuit:s-4f9k2.*' --history\n",
    .run = run,
};

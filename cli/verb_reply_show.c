/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_reply_show.c - one reply that was kept, with all of its words. */
#include "cli.h"
#include "docket_asked.h"
#include "reply_view.h"
#include "statement_view.h"

extern const struct bw_verb bw_verb_reply_show;

struct showing {
    bool json;
    bool other; /* it is no reply */
    struct reply_view words;
    struct statement_view view;
};

static int on_found(void *owner, const struct bw_said *said)
{
    struct showing *s = owner;

    if (said->statement->kind != BW_STATEMENT_REPLY) {
        s->other = true;
        return 0;
    }
    return s->json ? statement_view_line(&s->view, said) : reply_view_each(&s->words, said);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_reply_show;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct showing s = {.words = {.whole = true}};
    const char *id = bw_docket_dashed_id(&argc, argv);

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        if (o == 'j') {
            s.json = true;
        } else {
            r = bw_docket_asked_take(v, o, &asked);
        }
        if (r != 0) {
            return r;
        }
    }
    if (optind + (id == NULL) != argc) {
        return bw_cli_usage(v, "give one id, or how it begins (bandwitness reply list)");
    }
    id = id ? id : argv[optind];
    statement_view_begin(&s.view, s.json);
    s.view.single = true;
    int status = bw_docket_open(v, &asked, false, &d);
    status = status != 0 ? status : bw_docket_one(v, &d, id, on_found, &s);
    if (status == 0 && s.other) {
        status = bw_cli_failed(v, "%s is no reply (bandwitness statement show)", id);
    }
    bw_docket_close(&d);
    return statement_view_end(v, &s.view, status);
}

const struct bw_verb bw_verb_reply_show = {
    .name = "reply show",
    .summary = "show one reply that was kept, whole",
    .help =
        "[OPTION]... ID\n"
        "\n"
        "All of its words, what it answers, who wrote it, who kept it and when. ID is its "
        "id,\n"
        "or how that begins.\n"
        "\n"
        "  --json             the whole statement as JSON\n" BW_DOCKET_ASKED_HELP "\n"
        "Exit status: 0 shown, 1 there is none or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness reply show 8fGq\n",
    .run = run,
};

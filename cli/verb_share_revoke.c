/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_share_revoke.c - a link to a pack is good no longer. */
#include "cli.h"
#include "share_view.h"

#include <bw/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_share_revoke;

static int revoke(const struct bw_verb *v, struct bw_docket *d, const char *id)
{
    struct share_listed *list = NULL;
    const struct share_listed *x = NULL;
    struct bw_statement s;
    struct bw_err err = {""};
    size_t n = 0;
    int status = 0;

    if (share_view_all(d, &list, &n, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    for (size_t i = 0; i < n && !x; i++) {
        x = strcmp(list[i].share.id, id) == 0 ? &list[i] : NULL;
    }
    if (!x) {
        status = bw_cli_failed(v, "there is no link %s (bandwitness share list)", id);
    } else if (x->revoked) {
        status = bw_cli_failed(v, "link %s was revoked already", id);
    } else {
        bw_docket_begin(v, d, BW_STATEMENT_WITHDRAWAL, &s);
        (void)snprintf(s.about, sizeof(s.about), "%s", x->statement);
        if (bw_catalogue_say(d->catalogue, &s, d->now_unix_ms, NULL, &err) < 0) {
            status = bw_cli_failed(v, "%s", err.text);
        } else {
            (void)printf("link %s shows nothing from now on; what was commented by it is "
                         "kept\n",
                         id);
        }
    }
    free(list);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_share_revoke;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = bw_docket_asked_take(v, o, &asked);
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "give one link's id (bandwitness share list)");
    }
    const char *id = argv[optind];
    int status = bw_docket_open(v, &asked, true, &d);
    status = status ? status : revoke(v, &d, id);
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_share_revoke = {
    .name = "share revoke",
    .summary = "a link to a pack shows nothing from now on",
    .help = "[OPTION]... ID\n"
            "\n"
            "Whoever opens it sees what an unknown link shows. Who revoked it and when is "
            "kept, and\n"
            "so is what was commented by it. ID is the link's id, not its token.\n"
            "\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP "\n"
            "Exit status: 0 revoked, 1 there is no such link, or it was revoked already, 2 "
            "wrong\n"
            "usage.\n"
            "\n"
            "Example: bandwitness share revoke k7f2qx4m\n",
    .run = run,
};

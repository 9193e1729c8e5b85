/* SPDX-License-Identifier: GPL-3.0-or-later
 * claim_said.c - reading what is said of a claim, and finding the claim. */
#include "claim_said.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

static int take_option(const struct bw_verb *v, int o, struct claim_said *a)
{
    int r;
    switch (o) {
    case 'f':
        return saying_day(v, "--from", a->from);
    case 't':
        return saying_day(v, "--to", a->to);
    case 'x':
        r = bw_cli_label(v, "--text", optarg, CLAIM_SAID_TEXT_MAX);
        (void)snprintf(a->text, sizeof(a->text), "%s", optarg);
        return r;
    default:
        return saying_take(o, &a->saying) ? 0 : bw_docket_asked_take(v, o, &a->docket);
    }
}

int claim_said_read(const struct bw_verb *v,
                    int argc,
                    char **argv,
                    const struct option *longs,
                    bool why,
                    const char *words,
                    struct claim_said *a)
{
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = take_option(v, o, a);
        if (r != 0) {
            return r;
        }
    }
    if (a->saying.withdraw) {
        bool more = a->from[0] || a->to[0] || (a->text[0] && !why) || a->saying.replaces ||
                    optind < argc;
        return more ? bw_cli_usage(v, "--withdraw ID says all there is%s",
                                   why ? ", but for --text why" : "")
                    : 0;
    }
    if (optind + 2 != argc) {
        return bw_cli_usage(v, "%s", words);
    }
    return a->from[0] && a->to[0] && strcmp(a->from, a->to) > 0
               ? bw_cli_usage(v, "--to is before --from")
               : 0;
}

bool claim_said_apart(const char *from, const char *to, const char *from2, const char *to2)
{
    return (to[0] && from2[0] && strcmp(to, from2) < 0) ||
           (to2[0] && from[0] && strcmp(to2, from) < 0);
}

int claim_said_find(const struct bw_verb *v,
                    const struct bw_docket *d,
                    const char *text,
                    struct claim_lines *lines,
                    const struct claim_row **ret)
{
    struct bw_err err = {.text = ""};
    *ret = NULL;
    if (claim_lines_read(d, BW_UNKNOWN, lines, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    *ret = claim_lines_find(lines, text);
    return *ret ? 0
                : bw_cli_failed(v, "no claim %s is on file (bandwitness claim list)", text);
}

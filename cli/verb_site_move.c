/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_move.c - a site belongs to another entity from a date on. */
#include "site_act.h"

extern const struct bw_verb bw_verb_site_move;

static int run(int argc, char **argv)
{
    return bw_cli_site_act(&bw_verb_site_move, BW_SITEACT_MOVED, argc, argv);
}

const struct bw_verb bw_verb_site_move = {
    .name = "site move",
    .summary = "a site belongs to another entity from a date on (at the collector)",
    .help =
        "[OPTION]... --reason TEXT SITE ENTITY\n"
        "\n"
        "The site (its id, s-4f9k2) is listed at ENTITY (id or name) from now on; what "
        "was\n"
        "said and by whom stays on record (`bandwitness statement list --about "
        "site:SITE`),\n"
        "and the log has a leaf of it. Records, claims and bindings are untouched.\n"
        "\n" BW_SITE_ACT_HELP "\n"
        "Exit status: 0 done, 1 no such site or entity, it is so already, or it failed,\n"
        "2 wrong usage.\n"
        "\n"
        "Example: bandwitness site move --reason 'districts merged' s-4f9k2 \"Willow "
        "Valley\"\n",
    .run = run,
};

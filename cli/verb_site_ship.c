/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_ship.c - the boxes of sites were sent, for the fleet's funnel. */
#include "site_act.h"

extern const struct bw_verb bw_verb_site_ship;

static int run(int argc, char **argv)
{
    return bw_cli_site_act(&bw_verb_site_ship, BW_SITEACT_SHIPPED, argc, argv);
}

const struct bw_verb bw_verb_site_ship = {
    .name = "site ship",
    .summary = "say that the boxes of sites were sent (at the collector)",
    .help =
        "[OPTION]... SITE...\n"
        "\n"
        "The fleet's page then has these sites as shipped, until their boxes come. It "
        "changes\n"
        "nothing else; who said so stays on record, and the log has a leaf of it. Said\n"
        "again, the newest date counts.\n"
        "\n" BW_SITE_ACT_HELP "\n"
        "Without --reason the reason is \"sent\".\n"
        "Exit status: 0 said, 1 no such site, or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness site ship --from 2026-11-02 s-4f9k2 s-7h2mm\n",
    .run = run,
};

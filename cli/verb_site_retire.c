/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_retire.c - a site has no box any more, from a date on. */
#include "site_act.h"

extern const struct bw_verb bw_verb_site_retire;

static int run(int argc, char **argv)
{
    return bw_cli_site_act(&bw_verb_site_retire, BW_SITEACT_RETIRED, argc, argv);
}

const struct bw_verb bw_verb_site_retire = {
    .name = "site retire",
    .summary = "a site has no box any more (at the collector)",
    .help =
        "[OPTION]... --reason TEXT SITE\n"
        "\n"
        "No box can be enrolled for the site any more, and none of its boxes is let test\n"
        "at the collector's server. Records that still come are kept; reports of them are\n"
        "made as before. Who said so stays on record (`bandwitness statement list --about\n"
        "site:SITE`), and the log has a leaf of it.\n"
        "\n" BW_SITE_ACT_HELP "\n"
        "Exit status: 0 done, 1 no such site, it is so already, or it failed,\n"
        "2 wrong usage.\n"
        "\n"
        "Example: bandwitness site retire --reason 'the school closed' s-4f9k2\n",
    .run = run,
};

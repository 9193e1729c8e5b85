/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_rename.c - another name for a site; the old one stays on record. */
#include "admin.h"
#include "cli.h"
#include "rename.h"

extern const struct bw_verb bw_verb_site_rename;

static int run(int argc, char **argv)
{
    return bw_cli_rename(&bw_verb_site_rename, BW_NAMED_SITE, argc, argv);
}

const struct bw_verb bw_verb_site_rename = {
    .name = "site rename",
    .summary = "give a site another name from a date on (at the collector)",
    .help = "[--from TIME] [--data DIR | --config FILE] SITE NAME\n"
            "\n"
            "From TIME on the site (its id, s-4f9k2) is called NAME on the pages and in "
            "reports.\n"
            "A report of a time before keeps the name of then; every name stays on record\n"
            "(`bandwitness site show`). A slip is mended by saying it again with the same "
            "date.\n"
            "\n"
            "  --from TIME    since when: a day (2026-07-01, midnight UTC) or an instant; "
            "not in\n"
            "                 the future (now)\n"
            "  --data DIR     the collector's data folder\n"
            "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
            "\n"
            "Exit status: 0 done, 1 no such site, or it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness site rename --from 2026-07-01 s-4f9k2 \"Alder Middle "
            "School\"\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_entity_rename.c - another name for a district, library or other entity. */
#include "admin.h"
#include "cli.h"
#include "rename.h"

extern const struct bw_verb bw_verb_entity_rename;

static int run(int argc, char **argv)
{
    return bw_cli_rename(&bw_verb_entity_rename, BW_NAMED_ENTITY, argc, argv);
}

const struct bw_verb bw_verb_entity_rename = {
    .name = "entity rename",
    .summary = "give a district or library another name from a date on (at the collector)",
    .help = "[--from TIME] [--data DIR | --config FILE] ENTITY NAME\n"
            "\n"
            "From TIME on the entity (its id or its present name) is called NAME. Its id "
            "stays,\n"
            "so nothing that refers to it changes; the old name stays on record.\n"
            "\n"
            "  --from TIME    since when: a day (2026-07-01, midnight UTC) or an instant; "
            "not in\n"
            "                 the future (now)\n"
            "  --data DIR     the collector's data folder\n"
            "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
            "\n"
            "Exit status: 0 done, 1 no such entity, or it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness entity rename alder-valley \"Alder Valley Unified\"\n",
    .run = run,
};

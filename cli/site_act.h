/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_act.h - what `site move`, `site retire` and `site ship` share. */
#ifndef BW_CLI_SITE_ACT_H
#define BW_CLI_SITE_ACT_H

#include "admin.h"
#include "cli.h"
#include "docket_asked.h"

#include <siteact.h>

/* clang-format off */
/* Their lines of --help. */
#define BW_SITE_ACT_HELP \
    "  --from TIME    since when: a day (midnight UTC) or an instant; not in the\n" \
    "                 future (now)\n" \
    "  --reason TEXT  in your words; no names of people\n" BW_DOCKET_ASKED_BY_HELP \
    "  --data DIR     the collector's data folder\n" \
    "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n" \
    "  --json         {\"id\":…}\n"
/* clang-format on */

/* The whole verb. */
int bw_cli_site_act(const struct bw_verb *v,
                    enum bw_siteact_what act,
                    int argc,
                    char **argv);

#endif

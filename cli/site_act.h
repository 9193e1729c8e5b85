/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_act.h - what `site move` and `site retire` share. */
#ifndef BW_CLI_SITE_ACT_H
#define BW_CLI_SITE_ACT_H

#include "cli.h"
#include "docket_asked.h"

#include <siteact.h>

/* The whole verb. */
int bw_cli_site_act(const struct bw_verb *v,
                    enum bw_siteact_what act,
                    int argc,
                    char **argv);

#endif

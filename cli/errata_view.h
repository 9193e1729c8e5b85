/* SPDX-License-Identifier: GPL-3.0-or-later
 * errata_view.h - errata as verbs print them. */
#ifndef BW_CLI_ERRATA_VIEW_H
#define BW_CLI_ERRATA_VIEW_H

#include <catalogue.h>
#include <errata.h>

/* Whom, when, what and why, over some lines. */
void errata_view_print(const struct bw_said *said, const struct bw_erratum_said *e);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * rename.h - what `site rename` and `entity rename` have in common. */
#ifndef BW_CLI_RENAME_H
#define BW_CLI_RENAME_H

#include <catalogue.h>

struct bw_verb;

/* The whole verb. */
int bw_cli_rename(const struct bw_verb *v, enum bw_named what, int argc, char **argv);

#endif

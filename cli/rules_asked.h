/* SPDX-License-Identifier: GPL-3.0-or-later
 * rules_asked.h - the folder of rules that a verb reads, and one rule of it. */
#ifndef BW_CLI_RULES_ASKED_H
#define BW_CLI_RULES_ASKED_H

#include "cli.h"

#include <evrule.h>

#define BW_CLI_RULES "/etc/bandwitness/rules"

/* A rule by its name in the folder, or by its file (a word with a slash or .conf). Tells
 * what is wrong, with the nearest name; 0 or the exit status. */
int rules_asked_one(const struct bw_verb *v,
                    const char *folder,
                    const char *word,
                    struct bw_evrule *ret);

#endif

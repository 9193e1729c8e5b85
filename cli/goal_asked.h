/* SPDX-License-Identifier: GPL-3.0-or-later
 * goal_asked.h - where goals are said, and how one is shown; for the verbs of goals. */
#ifndef BW_CLI_GOAL_ASKED_H
#define BW_CLI_GOAL_ASKED_H

#include "docket_asked.h"

#include <goal.h>

struct bw_jw;

/* A collector's catalogue: 0, or the exit status after a sentence. Close also then. */
int goal_open(const struct bw_verb *v,
              const struct bw_docket_asked *asked,
              bool write,
              struct bw_docket *ret);

void goal_print(const struct bw_goal_said *s);
void goal_json(struct bw_jw *w, const struct bw_goal_said *s);

#endif

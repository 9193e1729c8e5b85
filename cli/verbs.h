/* SPDX-License-Identifier: GPL-3.0-or-later
 * verbs.h - the generated table of verbs; NULL ends it. */
#ifndef BW_VERBS_H
#define BW_VERBS_H

struct bw_verb;

extern const struct bw_verb *const bw_verbs[];

#endif

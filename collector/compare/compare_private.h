/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_private.h - what compare.c (rows and classes) and compare_show.c (what is told of
 * others) share. */
#ifndef BW_COMPARE_PRIVATE_H
#define BW_COMPARE_PRIVATE_H

#include "compare.h"

/* Decide which cohorts may be shown to who asks; rows and classes are there. -ENOMEM. */
int bw_compare_decide(struct bw_compare *c);
void bw_compare_shown_free(struct bw_compare_shown *s);

#endif

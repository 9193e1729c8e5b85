/* SPDX-License-Identifier: GPL-3.0-or-later
 * alike.h - how much two names of places or firms are alike (method name-dice/1). Pure. */
#ifndef BW_ALIKE_H
#define BW_ALIKE_H

#include <stdint.h>

/* Of the words of both names: twice those that both have over all, in parts of a million.
 * Letters in either case are the same; "school", "district", "of" and the like are no
 * words; "elem" and "es" are "elementary", "hs" is "high", and so on. 0 where a name has no
 * word of its own. At most the first 24 words of a name are looked at. */
int64_t bw_alike_ppm(const char *a, const char *b);

#endif

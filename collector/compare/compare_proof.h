/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_proof.h - that cohorts single nobody out, whatever sums and differences are made
 * of them.
 *
 * A row is a column of noughts and ones: in which of the cohorts it is. A figure that is
 * made of cohorts by adding and taking them from each other, any number of times, gives
 * each row a weight that depends on its column alone. Take a set of rows whose columns span
 * all that there are: a figure that is not nought everywhere is not nought on one of them.
 * Of such sets as many are looked for as districts are demanded, no district in two of
 * them; where they are found, every figure is about that many districts. */
#ifndef BW_COMPARE_PROOF_H
#define BW_COMPARE_PROOF_H

#include "compare.h"

#include <stdbool.h>

enum {
    BW_COMPARE_SHOWN_MAX = 40 /* cohorts in one proof */
};

struct bw_compare_proof;

/* Of the rows with their classes; lent. NULL without memory. */
struct bw_compare_proof *bw_compare_proof_new(const struct bw_compare *c);
void bw_compare_proof_free(struct bw_compare_proof *p);

/* Begin anew: among those that tell a measure (BW_COMPARE_MEASURES: all), and, of who is
 * not seen by whoever looks, or of all. */
void bw_compare_proof_begin(struct bw_compare_proof *p, int measure, bool unseen);
/* Take one more cohort, if it is still so with it; false: it is not taken. A cohort of who
 * meets the target has to leave as many districts that do not, and of those that it has and
 * those that it leaves none may have more than half of the rows. */
bool bw_compare_proof_add(struct bw_compare_proof *p, const struct bw_compare_set *s);
/* All of a list at once, right after _begin(); false: not all of them, and none is taken.
 */
bool bw_compare_proof_all(struct bw_compare_proof *p,
                          const struct bw_compare_set *const *list,
                          size_t n);

#endif

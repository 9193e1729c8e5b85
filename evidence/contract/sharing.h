/* SPDX-License-Identifier: GPL-3.0-or-later
 * sharing.h - whether the bill of a claim is one circuit's: to how many it is bound. */
#ifndef BW_SHARING_H
#define BW_SHARING_H

#include <decimal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;

/* To how many circuits bindings in force bind a claim ("frn:…", "own:…"): the most on any
 * one of the days from the first to the last. One that took another's place is no second
 * one. The claim itself is taken to hold on all of them. Blocking; the catalogue's thread.
 */
int bw_sharing_count(struct bw_catalogue *c,
                     const char *claim,
                     const char *first_day,
                     const char *last_day,
                     int64_t *ret,
                     struct bw_err *reterr);

/* All bindings in force, for many claims: read once, asked for each. Zeroed to begin with;
 * done also after a failure. */
struct bw_sharing_tie;
struct bw_sharings {
    struct bw_sharing_tie *list; /* by claim */
    size_t n, cap;
};
int bw_sharings_read(struct bw_catalogue *c,
                     struct bw_sharings *ret,
                     struct bw_err *reterr);
void bw_sharings_done(struct bw_sharings *s);
/* As bw_sharing_count(). -ENOMEM. */
int bw_sharings_count(const struct bw_sharings *s,
                      const char *claim,
                      const char *first_day,
                      const char *last_day,
                      int64_t *ret);

/* Are there more circuits than lines? A claim that does not say of how many lines it is is
 * taken for no more than one: what is one circuit's of its bill is stated nowhere then. */
bool bw_sharing_is(const struct bw_decimal *quantity, int64_t n_circuits);

enum {
    BW_SHARING_WORDS_MAX = 128
};

/* "3 circuits are bound to that claim of one line"; no circuit is named, for they may be
 * another district's. */
void bw_sharing_words(const struct bw_decimal *quantity,
                      int64_t n_circuits,
                      char out[BW_SHARING_WORDS_MAX]);

#endif

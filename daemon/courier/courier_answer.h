/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_answer.h - the collector's answer to a post, taken apart. Pure.
 *
 * The collector is not trusted with more than it needs: an answer that does not speak of
 * what was sent, or in other types than agreed, is no answer at all. */
#ifndef BW_COURIER_ANSWER_H
#define BW_COURIER_ANSWER_H

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct json_t;

enum {
    BW_COURIER_CHAINS_MAX = 64,
    BW_COURIER_CHECKPOINT_MAX = 16384,
    BW_COURIER_DETAIL_MAX = 400 /* bytes of a sentence; a longer one is left out */
};

/* One line of a post. */
struct bw_courier_ref {
    char kid[BW_KID_LEN + 1];
    int64_t seq;
    char hash[BW_HASH_LEN + 1]; /* of its compact JWS */
};

enum bw_refusal {
    BW_REFUSED_FOR_GOOD,
    BW_REFUSED_FORK,   /* or the record does not link: a new key mends it */
    BW_REFUSED_FOR_NOW /* people or time may mend it: keep it and try again */
};

struct bw_courier_chain {
    const char *kid;
    int64_t acked_through;            /* 0: nothing; never above what was sent */
    int64_t said_through;             /* as it stands in the answer: above that when more of
                                         this chain was delivered than we know of */
    const struct bw_courier_ref *ref; /* the line of that seq in the post, or NULL */
    const char *receipt;              /* NULL: none */
};

struct bw_courier_refused {
    const struct bw_courier_ref *ref;
    enum bw_refusal what;
    const char *type;
    const char *detail;
};

/* Texts point into `root`, refs into the caller's. */
struct bw_courier_answer {
    struct json_t *root;
    struct bw_courier_chain chains[BW_COURIER_CHAINS_MAX];
    size_t n_chains;
    struct bw_courier_refused *refused;
    size_t n_refused;
    const char *checkpoint; /* NULL: none; else at most BW_COURIER_CHECKPOINT_MAX bytes */
};

/* Read a body of status 200, 409 or 422. -BW_EMALFORMED names what is wrong, -ENOMEM. */
int bw_courier_answer_read(const char *text,
                           size_t n,
                           const struct bw_courier_ref *sent,
                           size_t n_sent,
                           struct bw_courier_answer *ret,
                           struct bw_err *reterr);
void bw_courier_answer_done(struct bw_courier_answer *a); /* zeroed is fine */

/* The newest record of a chain that the answer covers and did not refuse for good: the one
 * that its receipt must be about; *ret_n: how many there are. NULL when all were refused.
 */
const struct bw_courier_ref *bw_courier_taken(const struct bw_courier_answer *a,
                                              const struct bw_courier_chain *k,
                                              const struct bw_courier_ref *sent,
                                              size_t n_sent,
                                              size_t *ret_n);

/* The oldest record of a chain that the answer covers though the collector has not got it:
 * another one stands in its place, or it may be taken later. NULL: none. */
const struct bw_courier_ref *bw_courier_untaken(const struct bw_courier_answer *a,
                                                const struct bw_courier_chain *k);

/* Text of the other side goes to logs, journal and terminals: one line, printable, without
 * addresses, in place and at most cap bytes. */
void bw_courier_tame(char *text, size_t cap);

/* "type: detail" of a problem+json into out, for a person; "" when it is none. */
void bw_courier_problem(const char *text, size_t n, char *out, size_t cap);

#endif

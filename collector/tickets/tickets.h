/* SPDX-License-Identifier: GPL-3.0-or-later
 * tickets.h - who may test when: bookings at the measurement server, their tickets, and
 * the receipts of what became of them.
 *
 * Kept in memory: a restart voids tickets that are out, which live for a minute or two, and
 * begins each site's day anew. Loop thread only; nothing blocks. */
#ifndef BW_TICKETS_H
#define BW_TICKETS_H

#include <receipt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_key;
struct bw_prefix;
struct bw_tickets;

enum {
    BW_TICKETS_MAX = 4096,        /* bookings remembered, spent ones too */
    BW_TICKETS_PREFIXES_MAX = 16, /* of one circuit that are looked at */
    BW_TICKETS_SKEW_MS = 300000,  /* a request's clock may be off so much */
    BW_TICKETS_ONE_MS = 60000,    /* a test begins within … */
    BW_TICKETS_BOTH_MS = 120000   /* … or both of them, one after the other */
};

struct bw_tickets_opts {
    const struct bw_key *log_key; /* borrowed for life */
    const char *server;           /* its name; copied, as are the two below */
    const char *host;             /* "speed.example.org:8443", as boxes reach it */
    bool tls;
    int64_t tests;         /* at once */
    int64_t rate_bps;      /* all tests at once together, by their circuits' claims */
    int64_t unclaimed_bps; /* what a circuit without a claim counts for */
    int64_t test_bytes;    /* most of one test, one direction */
    int64_t site_bytes;    /* … of a site's tests in a UTC day */
    int64_t site_tests;
};

int bw_tickets_new(const struct bw_tickets_opts *opts, struct bw_tickets **ret);
void bw_tickets_free(struct bw_tickets *t); /* NULL is fine */

/* What the catalogue knows of a box that asks, rightly signed. */
struct bw_tickets_asker {
    const char *kid;
    const char *site;
    const struct bw_ticket_request *request;
    int64_t claim_bps[BW_DIRECTIONS]; /* of the circuit; unknown */
    const struct bw_prefix *prefixes; /* of the circuit, in force; copied */
    size_t n_prefixes;
    bool more_prefixes; /* than are looked at: who is in none of these may be in one */
};

/* Book: 0, with the answer to send appended to *out. Else a reason as a sentence, and
 *   -EPERM     another collector is meant, or the request is too old or from the future
 *   -EALREADY  this nonce was used
 *   -EFBIG     the circuit's claim is more than the server can carry: it never will
 *   -EDQUOT    the site's day is used up; *ret_wait_s until it is over
 *   -EBUSY     all tests are taken; *ret_wait_s until one may be free
 *   -ENOMEM */
int bw_tickets_book(struct bw_tickets *t,
                    const struct bw_tickets_asker *a,
                    struct bw_buf *out,
                    int64_t *ret_wait_s,
                    struct bw_err *reterr);

/* A ticket is shown at the server, from this address: 200 with the most bytes it may move,
 * or the status to answer (401, 403, 409) and why. `number` is the server's for the test.
 */
int bw_tickets_begin(struct bw_tickets *t,
                     const char *token,
                     const char *peer,
                     enum bw_test_kind kind,
                     enum bw_direction direction,
                     uint64_t number,
                     int64_t *ret_max_bytes,
                     struct bw_err *reterr);

/* Another connection of that test came, from this address: by which line the whole test
 * came its receipt says, and the worst of them counts. */
void bw_tickets_joined(struct bw_tickets *t, uint64_t number, const char *peer);

/* That test is over: its receipt, a compact JWS, appended to *out. -ENOENT: there is no
 * such test, or it was of another kind or direction. */
int bw_tickets_end(struct bw_tickets *t,
                   uint64_t number,
                   const struct bw_receipt *measured,
                   struct bw_buf *out,
                   struct bw_err *reterr);

/* The server died: whatever runs is over, without a receipt. */
void bw_tickets_lost(struct bw_tickets *t);

/* For people and /metrics. */
struct bw_tickets_stats {
    int64_t booked;   /* ever */
    int64_t refused;  /* ever: busy, or the day is used up */
    int64_t receipts; /* ever */
    int64_t taken;    /* bookings that hold a place now */
};
void bw_tickets_stats(const struct bw_tickets *t, struct bw_tickets_stats *ret);

#endif

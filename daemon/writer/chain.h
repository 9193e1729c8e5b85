/* SPDX-License-Identifier: GPL-3.0-or-later
 * chain.h - the box's key and the chain it signs: which key is current, what the next
 * record's seq, prev and chain are, and how one key gives way to the next.
 *
 * Keys are files STATE_DIR/keys/KID.jwk and are never deleted; which one is current is
 * kept in the journal, written last whenever it changes, so that a crash in between
 * leaves the old key in force. One thread at a time (the storage thread's). */
#ifndef BW_CHAIN_H
#define BW_CHAIN_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_chain;
struct bw_err;
struct bw_journal;

/* Load the current key, or make the first one; take over a finished enrolment; finish a
 * change of keys that a crash cut short. The journal stays the caller's. */
int bw_chain_open(struct bw_journal *j,
                  const char *state_dir,
                  struct bw_chain **ret,
                  struct bw_err *reterr);
void bw_chain_free(struct bw_chain *c); /* NULL is fine */

const char *bw_chain_kid(const struct bw_chain *c);
const char *bw_chain_site(const struct bw_chain *c);

/* A signed record, kept across retries so that the same bytes are written again. */
struct bw_chain_signed {
    char kid[BW_KID_LEN + 1];
    char *jws; /* free() */
    size_t n_jws;
    int64_t refusals_through;
    size_t own_gaps; /* the summary's before refusals were told in it */
    bool tried;
};
void bw_chain_signed_done(struct bw_chain_signed *s); /* zeroed is fine */

/* Make *s the next record of the chain (site, seq, prev, chain, refusals as gaps), sign
 * and append it. *keep is zeroed before the first try; after a failure the same *s and
 * *keep go into the next one. 0 when it is durable; codes of journal.h. */
int bw_chain_append(struct bw_chain *c,
                    struct bw_summary *s,
                    struct bw_chain_signed *keep,
                    struct bw_err *reterr);

/* Append the compact JWS of payload[n] by the current key: a request, never a record. */
int bw_chain_sign(struct bw_chain *c,
                  const char *typ,
                  const char *payload,
                  size_t n,
                  struct bw_buf *out,
                  struct bw_err *reterr);

/* The collector holds another record under (kid, seq): close that chain; when it is the
 * current one, go on under a new key. Doing so twice is 0, and so is it where there is no
 * room for the key: bw_chain_append() makes it then, or fails as storage does. */
int bw_chain_fork(struct bw_chain *c,
                  const char *kid,
                  int64_t seq,
                  const char *detail,
                  struct bw_err *reterr);

/* Read enrolment.json again; a newly enrolled key becomes current. */
int bw_chain_reload(struct bw_chain *c, struct bw_err *reterr);

/* A key the collector must be told of before its records are posted: its compact JWS,
 * signed by the key before, into *out. -ENOENT: none. */
int bw_chain_key_request(struct bw_chain *c, struct bw_buf *out, char kid[BW_KID_LEN + 1]);
int bw_chain_key_known(struct bw_chain *c, const char *kid, struct bw_err *reterr);

#endif

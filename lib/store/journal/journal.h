/* SPDX-License-Identifier: GPL-3.0-or-later
 * journal.h - the box's own book: every signed summary, durable before anyone hears of it.
 *
 * A row that bw_journal_append() answered with 0 survives kill -9 and loss of power
 * (SQLite, WAL, synchronous FULL). Only such rows are posted, and a row is freed only
 * after the collector's receipt and the local keep time. Nothing is ever updated: a
 * (kid, seq) is written once.
 *
 * One process writes (a lock file beside the journal sees to it); any number of others
 * read meanwhile through bw_journal_records() or BW_JOURNAL_READ. A handle belongs to one
 * thread at a time.
 *
 * Failures come in the bins of store.h (bw_store_bin()): a full disk, something to try
 * again, and the rest. */
#ifndef BW_STORE_JOURNAL_H
#define BW_STORE_JOURNAL_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <store.h>

struct bw_buf;
struct bw_err;
struct bw_journal;
struct bw_records;

enum bw_journal_mode {
    BW_JOURNAL_WRITE, /* create, recover, migrate, and hold the writer's lock */
    BW_JOURNAL_READ   /* look only; the writer may be running */
};

/* Open PATH. With BW_JOURNAL_WRITE the file is made when missing (mode 0640), what a
 * crash left is recovered, and a journal of an older version is brought up to date.
 * -BW_ENEWER: written by a newer version, untouched. -BW_EMALFORMED: not a journal, or
 * damaged. -EBUSY: another process writes it. -ENOENT (read): there is none. Blocking:
 * off the loop. */
int bw_journal_open(const char *path,
                    enum bw_journal_mode mode,
                    struct bw_journal **ret,
                    struct bw_err *reterr);
void bw_journal_close(struct bw_journal *j); /* NULL is fine */

/* The last record of one key's chain. */
struct bw_journal_head {
    char kid[BW_KID_LEN + 1];   /* "" when the journal is empty */
    int64_t seq;                /* 0: nothing under this key yet */
    char hash[BW_HASH_LEN + 1]; /* SHA-256 of its compact JWS; "" with seq 0 */
    int64_t end_unix_s;         /* of its interval; unknown with seq 0 */
    int64_t acked_through;      /* 0: nothing acknowledged */
    bool forked;                /* bw_journal_forked() was called: sign no more with it */
};

/* The head of `kid`, or with kid NULL of the chain written last. Survives pruning. */
int bw_journal_head(struct bw_journal *j,
                    const char *kid,
                    struct bw_journal_head *ret,
                    struct bw_err *reterr);

/* One record to keep. `summary` is what was signed, for the typed columns; `jws` its
 * compact signature under `kid`. */
struct bw_journal_entry {
    const struct bw_summary *summary;
    const char *jws;
    size_t jws_len;
    const char *kid;
    /* The newest refusal (its id) that summary->gaps tells of; 0: none. Those up to it
     * are marked as reported in the same transaction. */
    int64_t reports_refusals_through;
};

/* Write it and come back when it is on disk. seq must be the head's plus one and prev
 * the head's hash (seq 1: no predecessor under this key), else -BW_EHOLE; the very same
 * record again is 0 (a retry after a commit whose answer was lost); another under a used
 * seq is -BW_EFORK. On failure nothing of it is kept. */
int bw_journal_append(struct bw_journal *j,
                      const struct bw_journal_entry *e,
                      struct bw_err *reterr);

/* Rows for one post: neither acknowledged nor refused, oldest first, chain by chain. */
struct bw_journal_ref {
    char kid[BW_KID_LEN + 1];
    int64_t seq;
};
struct bw_journal_batch {
    char *body; /* one JWS a line, each ended by '\n'; NULL when n is 0 */
    size_t body_len;
    struct bw_journal_ref *refs; /* refs[i] is line i (0-based) */
    size_t n;
};

/* At most max_rows rows and max_bytes of body, but at least one row where any is pending;
 * none of the keys without_kids (a space between them; "": of all). The batch owns its
 * memory and may travel to another thread. */
int bw_journal_pending(struct bw_journal *j,
                       size_t max_rows,
                       size_t max_bytes,
                       const char *without_kids,
                       struct bw_journal_batch *ret,
                       struct bw_err *reterr);
void bw_journal_batch_done(struct bw_journal_batch *b); /* zeroed is fine */

/* The collector holds everything of `kid` up to acked_through. `receipt` is its signed
 * text, received_unix_ms the time it states (BW_UNKNOWN: none). An older or equal ack is 0
 * and changes nothing; -ERANGE beyond what was ever written, -ENOENT for an unknown kid. */
int bw_journal_ack(struct bw_journal *j,
                   const char *kid,
                   int64_t acked_through,
                   const char *receipt,
                   int64_t received_unix_ms,
                   struct bw_err *reterr);

/* The collector holds `kid` up to `through` only, and acknowledged more before: it was
 * restored from a backup. What came after is pending again (not what was refused), if
 * record `through` is kept here with this hash (0: if record 1 is kept); else, and where
 * no more was acknowledged, it is 0 and nothing changes. Receipts stay. */
int bw_journal_rewind(struct bw_journal *j,
                      const char *kid,
                      int64_t through,
                      const char *hash,
                      bool *ret_moved,
                      struct bw_err *reterr);

/* The collector refused one record for good; it is posted no more. Doing so twice is 0. */
int bw_journal_refused(struct bw_journal *j,
                       const char *kid,
                       int64_t seq,
                       const char *type,
                       const char *detail,
                       struct bw_err *reterr);

/* The collector holds another record under (kid, seq): the chain is closed, every row of
 * it from seq on that is not acknowledged counts as refused ("fork"), and the caller goes
 * on under a new key. */
int bw_journal_forked(struct bw_journal *j,
                      const char *kid,
                      int64_t seq,
                      const char *detail,
                      struct bw_err *reterr);

/* A refusal that no summary has told of yet: it becomes a gap in the next one. */
struct bw_journal_refusal {
    int64_t id;
    char kid[BW_KID_LEN + 1];
    int64_t seq;
    int64_t start_unix_s; /* the interval it was about */
    int64_t end_unix_s;
    char type[64];
};

/* The oldest unreported refusals into ret[cap], ascending id; *ret_n how many. */
int bw_journal_refusals(struct bw_journal *j,
                        struct bw_journal_refusal *ret,
                        size_t cap,
                        size_t *ret_n,
                        struct bw_err *reterr);

/* Free rows that ended keep_s or more before now_unix_s and have their receipt (or were
 * refused and reported, or are of a box that is not enrolled: BW_SITE_LOCAL), oldest
 * first, at most max_rows (0: all). The heads of chains
 * stay. Call it only while the clock is synchronised. */
int bw_journal_prune(struct bw_journal *j,
                     int64_t keep_s,
                     int64_t now_unix_s,
                     size_t max_rows,
                     size_t *ret_freed,
                     struct bw_err *reterr);

/* Small values under a name: site id, collector's key and address, serials, schedule
 * secrets. Durable on return; value NULL removes. get: -ENOENT when there is none; the
 * value replaces the contents of *out. */
int bw_journal_meta_set(struct bw_journal *j,
                        const char *name,
                        const void *value,
                        size_t n,
                        struct bw_err *reterr);
int bw_journal_meta_get(struct bw_journal *j,
                        const char *name,
                        struct bw_buf *out,
                        struct bw_err *reterr);

/* Bytes that probes moved, for budgets: added under a day (the caller's own midnight as
 * Unix time) and a circuit, both directions and the warm-up included. */
int bw_journal_usage_add(struct bw_journal *j,
                         int64_t day_unix_s,
                         const char *circuit,
                         int64_t bytes,
                         struct bw_err *reterr);
/* The sum over days in [from, to); circuit NULL: all. 0 is a true zero. */
int bw_journal_usage(struct bw_journal *j,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     const char *circuit,
                     int64_t *ret_bytes,
                     struct bw_err *reterr);

/* For status pages. */
struct bw_journal_stat {
    int64_t rows;
    int64_t pending;
    int64_t first_start_unix_s; /* of the rows kept; unknown when empty */
    int64_t last_end_unix_s;
    int64_t refused;          /* ever, of rows still kept */
    int64_t unreported;       /* refusals no summary has told of */
    int64_t last_ack_unix_ms; /* newest receipt's time; unknown: none */
    int64_t file_bytes;       /* database and log */
};
int bw_journal_stat(struct bw_journal *j,
                    struct bw_journal_stat *ret,
                    struct bw_err *reterr);

/* The newest receipt kept for (kid, seq) or a later seq of the same key, as text into
 * *out; -ENOENT when none. */
int bw_journal_receipt(struct bw_journal *j,
                       const char *kid,
                       int64_t seq,
                       struct bw_buf *out,
                       struct bw_err *reterr);

/* A read-only connection of its own to PATH as <bw/records.h>; works beside the writer and
 * without it. Refused and forked rows are part of the walk: they are what the box signed.
 */
int bw_journal_records(const char *path, struct bw_records **ret, struct bw_err *reterr);

#endif

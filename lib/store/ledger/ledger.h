/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger.h - the collector's append-only book of signed summaries.
 *
 * Positions are 0, 1, 2 … without holes from the first day. The order of the log is kept
 * here too: each record is a leaf, and between them stand those of other things (log_add).
 * Identity is (kid, seq, SHA-256): a record is inserted once and never changed; the same
 * again is a duplicate, another under the same (kid, seq) is a fork and both are kept.
 * Each key's chain moves by compare-and-set on its head, in the transaction that writes
 * the record. An answer of 0 means durable on disk.
 *
 * This is an interface: callers see only what stands here, so that a back end on other
 * machines can take SQLite's place. One writer; readers open handles of their own. A
 * handle belongs to one thread at a time. Failures come in the bins of store.h. */
#ifndef BW_STORE_LEDGER_H
#define BW_STORE_LEDGER_H

#include <bw/records.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <store.h>

struct bw_buf;
struct bw_err;
struct bw_ledger;
struct bw_leaf; /* of lib/tlog */
struct bw_seal; /* one sealing under way */

enum bw_ledger_limits {
    BW_LEDGER_HELD_MAX = 2000,  /* records out of order, per chain */
    BW_LEDGER_FORKS_MAX = 1000, /* fork records kept per chain; later ones only answered */
    BW_LEDGER_HOLD_S = 86400    /* how long a missing predecessor is waited for */
};

/* One record, its signature checked by the caller. */
struct bw_ledger_entry {
    const struct bw_summary *summary; /* decoded; of a refused one at least site, seq, prev,
                                         start and end as far as they could be read */
    const char *jws;
    size_t jws_len;
    char kid[BW_KID_LEN + 1];
    char sha256[BW_HASH_LEN + 1]; /* of the compact JWS */
    int64_t received_unix_ms;
    enum bw_egress egress;
    /* Not NULL: the caller refuses it for good (rightly signed, but not acceptable). Only
     * its hash is kept, so that the chain still links. */
    const char *refuse_type;
    const char *refuse_detail;
};

enum bw_ledger_verdict {
    BW_LEDGER_ACCEPTED,  /* in the book at `position` */
    BW_LEDGER_DUPLICATE, /* was there already, `position` and time of the first arrival */
    BW_LEDGER_HELD,      /* its predecessor is missing: kept, not acknowledged yet */
    BW_LEDGER_FORK,      /* another record stands at its place; both are kept */
    BW_LEDGER_REFUSED,   /* the caller refused it; hash kept, the chain goes on */
    BW_LEDGER_CROWDED,   /* too many are held for this chain: not kept, send again later */
    BW_LEDGER_UNREADABLE /* what stands at its place lies in a damaged sealed file: not
                            kept, send again when that is restored */
};

struct bw_ledger_result {
    enum bw_ledger_verdict verdict;
    int64_t position;         /* unknown unless accepted, or duplicate of an accepted one */
    int64_t received_unix_ms; /* of the first arrival */
    char sha256[BW_HASH_LEN + 1]; /* fork: of the record that stands there, "" if unknown */
};

/* Where one key's chain stands. */
struct bw_ledger_head {
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    int64_t acked_through;      /* = the head's seq; 0: nothing yet */
    char hash[BW_HASH_LEN + 1]; /* "" with 0 */
    int64_t position;           /* of the newest accepted record; unknown with none */
    int64_t received_unix_ms;   /* of that record */
    int64_t end_unix_s;         /* of its interval */
    int64_t n_held;
    int64_t n_forks;
};

/* The newest of one site. */
struct bw_ledger_site {
    char site[BW_SITE_MAX + 1];
    int64_t start_unix_s; /* of the interval with the latest end */
    int64_t end_unix_s;
    int64_t usual_s; /* length of that interval or of the one shown before, the longer: a
                        cut one says nothing of when the next is due */
    int64_t received_unix_ms; /* newest arrival, whatever its interval */
    char agent[64];
    bool clock_known;
    bool clock_synced;
};

/* The newest figures of one circuit, for pages; never for reports. */
struct bw_ledger_circuit {
    char site[BW_SITE_MAX + 1];
    struct bw_circuit_summary
        facts; /* of the interval with the latest end, flow included */
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t first_start_unix_s; /* of the first interval that named it */
    int64_t latency_sent;       /* that interval, all targets; unknown: none measured */
    int64_t latency_lost;
    int64_t latency_p50_us; /* of the target with the lowest P50 */
    int64_t latency_p95_us; /* of the same target */
    bool silent;            /* an outage was open when the interval closed */
    struct {                /* newest run with state ok */
        int64_t at_unix_ms; /* unknown: none yet */
        int64_t goodput_bps;
        int64_t line_bps;
    } test[BW_DIRECTIONS];
};

struct bw_ledger_hole { /* records given up: they never came */
    char kid[BW_KID_LEN + 1];
    int64_t from_seq;
    int64_t to_seq; /* inclusive */
    int64_t declared_unix_ms;
};

struct bw_ledger_fork {
    char kid[BW_KID_LEN + 1];
    int64_t seq;
    char sha256[BW_HASH_LEN + 1];
    int64_t received_unix_ms;
    const char *jws; /* lent until the callback returns */
    size_t jws_len;
};

struct bw_ledger_seal_report {
    int64_t segments; /* made by this call */
    int64_t rows;
    int64_t raw_bytes; /* of their compact JWS */
    int64_t file_bytes;
    int64_t ahead; /* of the rows, received while the collector's clock was ahead */
};

struct bw_ledger_stat {
    int64_t n_positions; /* = the next position */
    int64_t n_hot;
    int64_t n_segments;
    int64_t n_held;
    int64_t n_forks;
    int64_t n_refused;
    int64_t n_holes;
    int64_t hot_bytes; /* of the database and its log */
    int64_t sealed_bytes;
};

typedef int (*bw_ledger_site_cb)(void *owner, const struct bw_ledger_site *s);
typedef int (*bw_ledger_circuit_cb)(void *owner, const struct bw_ledger_circuit *c);
typedef int (*bw_ledger_hole_cb)(void *owner, const struct bw_ledger_hole *h);
typedef int (*bw_ledger_fork_cb)(void *owner, const struct bw_ledger_fork *f);
typedef int (*bw_ledger_leaf_cb)(void *owner,
                                 int64_t position,
                                 const uint8_t sha256[32],
                                 int64_t received_unix_ms);

typedef int (*bw_ledger_log_cb)(void *owner, int64_t index, const struct bw_leaf *leaf);

/* Callbacks: everything lent until they return; non-zero ends the walk and is given back.
 * They must not call the handle that calls them. */
struct bw_ledger_ops {
    /* Take n records, in the order given, in one durable transaction. results[n] is
     * good only on success; on failure nothing was kept. */
    int (*append)(struct bw_ledger *l,
                  const struct bw_ledger_entry *entries,
                  size_t n,
                  struct bw_ledger_result *results,
                  struct bw_err *reterr);
    /* -ENOENT: nothing of this key. */
    int (*head)(struct bw_ledger *l,
                const char *kid,
                struct bw_ledger_head *ret,
                struct bw_err *reterr);
    /* Look one record up; -ENOENT. r's pointers are lent until the callback returns. */
    int (*at)(struct bw_ledger *l,
              int64_t position,
              bw_record_cb cb,
              void *owner,
              struct bw_err *reterr);
    int (*by_seq)(struct bw_ledger *l,
                  const char *kid,
                  int64_t seq,
                  bw_record_cb cb,
                  void *owner,
                  struct bw_err *reterr);
    /* Hash and time of each position in [from, to); needs no bytes. */
    int (*leaves)(struct bw_ledger *l,
                  int64_t from,
                  int64_t to,
                  bw_ledger_leaf_cb cb,
                  void *owner,
                  struct bw_err *reterr);
    /* What is no summary enters the log: n leaves, in the order given, in one durable
     * transaction, after all that is there. One of the same type and hash as a leaf
     * there already is left out. *ret_added may be NULL. */
    int (*log_add)(struct bw_ledger *l,
                   const struct bw_leaf *leaves,
                   size_t n,
                   int64_t *ret_added,
                   struct bw_err *reterr);
    /* How many leaves there are, and the leaf that the record at `position` is. */
    int (*log_size)(struct bw_ledger *l, int64_t *ret, struct bw_err *reterr);
    int (*log_index)(struct bw_ledger *l,
                     int64_t position,
                     int64_t *ret,
                     struct bw_err *reterr);
    /* Which leaf, and since when, one of this type that is no summary is; -ENOENT. */
    int (*log_find)(struct bw_ledger *l,
                    int type,
                    const uint8_t sha256[32],
                    int64_t *ret_index,
                    int64_t *ret_unix_ms,
                    struct bw_err *reterr);
    /* The leaves [from, to) in order, as far as they are there; keeps those that are no
     * summaries in memory meanwhile (60 bytes each). */
    int (*log_leaves)(struct bw_ledger *l,
                      int64_t from,
                      int64_t to,
                      bw_ledger_log_cb cb,
                      void *owner,
                      struct bw_err *reterr);
    /* Give up predecessors that were waited for longer than hold_s: what is held behind
     * them is linked after a declared hole. *ret_linked: records that got a position. */
    int (*expire_held)(struct bw_ledger *l,
                       int64_t now_unix_ms,
                       int64_t hold_s,
                       int64_t *ret_linked,
                       struct bw_err *reterr);
    /* site NULL: every site, by id. */
    int (*sites)(struct bw_ledger *l,
                 const char *site,
                 bw_ledger_site_cb cb,
                 void *owner,
                 struct bw_err *reterr);
    /* site NULL: every circuit, by site and id. */
    int (*circuits)(struct bw_ledger *l,
                    const char *site,
                    bw_ledger_circuit_cb cb,
                    void *owner,
                    struct bw_err *reterr);
    /* kid NULL: all. */
    int (*holes)(struct bw_ledger *l,
                 const char *kid,
                 bw_ledger_hole_cb cb,
                 void *owner,
                 struct bw_err *reterr);
    int (*forks)(struct bw_ledger *l,
                 const char *kid,
                 bw_ledger_fork_cb cb,
                 void *owner,
                 struct bw_err *reterr);
    int (*stat)(struct bw_ledger *l, struct bw_ledger_stat *ret, struct bw_err *reterr);
    /* Move records received before the UTC day that lies keep_days before now into
     * immutable files. A crash at any step leaves the rows hot or sealed, never neither
     * and never both.
     *
     * In three parts, so that append() never waits long. seal_plan: on the writer's thread;
     * *ret is NULL when nothing is due. seal_build: long (about 1 s per 10,000 rows), on
     * any one thread beside the writer's; seal_stop, from any thread, makes it end soon
     * with -ECANCELED. seal_step: on the writer's thread again, some milliseconds each, 1
     * while there is more to do; after a failure the same step may be tried again.
     * seal_free: at any time, NULL is fine; adds what was made to *report (may be NULL). */
    int (*seal_plan)(struct bw_ledger *l,
                     int64_t now_unix_ms,
                     int64_t keep_days,
                     struct bw_seal **ret,
                     struct bw_err *reterr);
    int (*seal_build)(struct bw_seal *s, struct bw_err *reterr);
    int (*seal_step)(struct bw_ledger *l, struct bw_seal *s, struct bw_err *reterr);
    void (*seal_stop)(struct bw_seal *s);
    void (*seal_free)(struct bw_seal *s, struct bw_ledger_seal_report *report);
    /* All of it at once, at most max_segments (0: all due): for tools that do nothing
     * else meanwhile. */
    int (*seal)(struct bw_ledger *l,
                int64_t now_unix_ms,
                int64_t keep_days,
                int64_t max_segments,
                struct bw_ledger_seal_report *ret,
                struct bw_err *reterr);
    void (*close)(struct bw_ledger *l);
};

/* Every back end's handle begins with this. */
struct bw_ledger {
    const struct bw_ledger_ops *ops;
};

enum bw_ledger_mode {
    BW_LEDGER_WRITE, /* create, recover, migrate; holds the writer's lock (-EBUSY) */
    BW_LEDGER_READ   /* beside the writer or without it; append, expire, seal are -EROFS */
};

/* The embedded back end: FOLDER/ledger.db for the hot rows, FOLDER/segments/ for sealed
 * days. The folder is made when missing (mode 0750). */
int bw_ledger_open(const char *folder,
                   enum bw_ledger_mode mode,
                   struct bw_ledger **ret,
                   struct bw_err *reterr);

/* A read-only handle of its own as <bw/records.h>: each() in position order, hot and
 * sealed alike. */
int bw_ledger_records(const char *folder, struct bw_records **ret, struct bw_err *reterr);

static inline int bw_ledger_append(struct bw_ledger *l,
                                   const struct bw_ledger_entry *entries,
                                   size_t n,
                                   struct bw_ledger_result *results,
                                   struct bw_err *reterr)
{
    return l->ops->append(l, entries, n, results, reterr);
}

static inline int bw_ledger_head(struct bw_ledger *l,
                                 const char *kid,
                                 struct bw_ledger_head *ret,
                                 struct bw_err *reterr)
{
    return l->ops->head(l, kid, ret, reterr);
}

static inline void bw_ledger_close(struct bw_ledger *l)
{
    if (l) {
        l->ops->close(l);
    }
}

#endif

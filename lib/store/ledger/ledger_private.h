/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_private.h - what the files of the ledger's embedded back end share. */
#ifndef BW_STORE_LEDGER_PRIVATE_H
#define BW_STORE_LEDGER_PRIVATE_H

#include "ledger.h"

#include <columns.h>
#include <sql.h>

struct bw_segments;

struct ledger {
    struct bw_ledger base;
    struct bw_sql sql;
    char *folder;
    bool write;
    struct bw_segments *segments; /* open sealed files, for reading */
    bool sealed_fault; /* a look-up failed by a sealed file, not by the data base */
    bool log_known; /* the writer's: the last leaf that is no summary, where it is known */
    int64_t log_index;
    int64_t log_position; /* of the records, how many stand before it */
};

static inline struct ledger *bw_ledger_of(struct bw_ledger *l)
{
    return (struct ledger *)(void *)l;
}

/* clang-format off */
enum {
    NEXT_GET = BW_COLUMNS_STMTS, NEXT_SET, CHAIN_GET, CHAIN_ADD, CHAIN_MOVE, CHAIN_HELD,
    CHAIN_FORKS, CHAIN_HEAD, HOT_SEQ, HOT_POSITION, RECORD_ADD, REFUSED_GET, REFUSED_ADD,
    HELD_GET, HELD_ADD, HELD_NEXT, HELD_DROP, HELD_OLD, HELD_FIRST, FORK_ADD, HOLE_ADD,
    SITE_PUT, LATEST_PUT, LATEST_FIRST, LATEST_TEST, SITES_ALL, SITES_ONE, LATEST_ALL, LATEST_ONE,
    HOLES_LIST, FORKS_LIST, STAT, HOT_FROM, LEAVES_HOT, EACH_HOT, EACH_HOT_SITE, DAY_HOT,
    SITE_RANGE, SEAL_NEXT, SEAL_SCAN, SEAL_SURE, SEAL_CHAINS, SEAL_ROWS, SEAL_BACK, SEAL_DROP, SEAL_FIRST,
    SEGMENT_ID, SEGMENT_TAKE, SEGMENT_ADD,
    SEGMENT_PART_ADD, SEGMENT_FILES, SEGMENT_RANGE, SEGMENT_OF_SEQ, SEGMENT_OF_SITE, SEGMENT_OF_ALL,
    DAY_PUT, DAY_GET, DAY_STALE, DAY_DROP, SITE_CIRCUITS,
    LOG_ADD, LOG_LAST, LOG_BEFORE, LOG_AT, LOG_RANGE, LOG_FIND, N_STMTS
};
/* clang-format on */

extern const struct bw_sql_schema bw_ledger_schema;
extern const char *const bw_ledger_text[N_STMTS];

/* A record as found, hot or sealed. jws is owned (free()). */
struct bw_found {
    struct bw_record record;
    char *jws;
};

/* ledger_find.c. -ENOENT without a sentence when there is none. */
int bw_ledger_find_seq(struct ledger *l,
                       int64_t chain,
                       const char *kid,
                       int64_t seq,
                       struct bw_found *ret,
                       struct bw_err *reterr);
int bw_ledger_find_position(struct ledger *l,
                            int64_t position,
                            struct bw_found *ret,
                            struct bw_err *reterr);
void bw_found_done(struct bw_found *f); /* zeroed is fine */

/* One view for several statements: *ret_own tells that this call opened it, so that
 * bw_ledger_unsnap() closes it. Within a transaction: nothing to do. */
int bw_ledger_snap(struct ledger *l, bool *ret_own, struct bw_err *reterr);
void bw_ledger_unsnap(struct ledger *l, bool own);
/* The first position that is not sealed. */
int bw_ledger_hot_from(struct ledger *l, int64_t *ret, struct bw_err *reterr);

/* Sealed files as the ledger names them. */
struct bw_segment_ref {
    int64_t id;
    int64_t from_position;
    int64_t to_position;
    char file[64];
    char index_sha256[BW_HASH_LEN + 1];
};
/* The rows of a bound statement; free() *ret. */
int bw_ledger_segments(struct ledger *l,
                       struct sqlite3_stmt *st,
                       struct bw_segment_ref **ret,
                       size_t *ret_n,
                       struct bw_err *reterr);
/* Those with records of `site` ("": any) that start within [from, to). */
int bw_ledger_segments_of(struct ledger *l,
                          const char *site,
                          int64_t from_unix_s,
                          int64_t to_unix_s,
                          struct bw_segment_ref **ret,
                          size_t *ret_n,
                          struct bw_err *reterr);
struct bw_block;
struct bw_block_record;
void bw_ledger_record_of(const struct bw_block *b,
                         const struct bw_block_record *r,
                         struct bw_record *ret);

/* ledger_days.c: one day of one circuit, folded from its records, hot and sealed. At most
 * one call of cb. */
int bw_ledger_fold_day(struct ledger *l,
                       const char *site,
                       const char *circuit,
                       int64_t from_unix_s,
                       int64_t to_unix_s,
                       bw_day_cb cb,
                       void *owner,
                       struct bw_err *reterr);
/* 1: the stored day row holds every record of that day; *ret is where it lies. */
struct bw_day_place {
    char file[64];
    int64_t offset;
    int64_t length;
    char sha256[BW_HASH_LEN + 1];
};
int bw_ledger_day_row(struct ledger *l,
                      const char *site,
                      const char *circuit,
                      int64_t day_unix_s,
                      struct bw_day_place *ret,
                      struct bw_err *reterr);
int bw_ledger_do_days(struct ledger *l,
                      const char *site,
                      const char *circuit,
                      int64_t from_unix_s,
                      int64_t to_unix_s,
                      bw_day_cb cb,
                      void *owner,
                      struct bw_err *reterr);

/* ledger_append.c */
int bw_ledger_do_append(struct bw_ledger *l,
                        const struct bw_ledger_entry *entries,
                        size_t n,
                        struct bw_ledger_result *results,
                        struct bw_err *reterr);
int bw_ledger_do_expire(struct bw_ledger *l,
                        int64_t now_unix_ms,
                        int64_t hold_s,
                        int64_t *ret_linked,
                        struct bw_err *reterr);

/* ledger_latest.c: the tables pages read; within the caller's transaction. */
int bw_ledger_put_latest(struct ledger *l,
                         const struct bw_summary *u,
                         int64_t received_unix_ms,
                         struct bw_err *reterr);
int bw_ledger_do_sites(struct bw_ledger *l,
                       const char *site,
                       bw_ledger_site_cb cb,
                       void *owner,
                       struct bw_err *reterr);
int bw_ledger_do_circuits(struct bw_ledger *l,
                          const char *site,
                          bw_ledger_circuit_cb cb,
                          void *owner,
                          struct bw_err *reterr);

/* ledger_read.c */
int bw_ledger_do_head(struct bw_ledger *l,
                      const char *kid,
                      struct bw_ledger_head *ret,
                      struct bw_err *reterr);
int bw_ledger_do_at(struct bw_ledger *l,
                    int64_t position,
                    bw_record_cb cb,
                    void *owner,
                    struct bw_err *reterr);
int bw_ledger_do_by_seq(struct bw_ledger *l,
                        const char *kid,
                        int64_t seq,
                        bw_record_cb cb,
                        void *owner,
                        struct bw_err *reterr);
int bw_ledger_do_leaves(struct bw_ledger *l,
                        int64_t from,
                        int64_t to,
                        bw_ledger_leaf_cb cb,
                        void *owner,
                        struct bw_err *reterr);
/* ledger_log.c */
int bw_ledger_do_log_add(struct bw_ledger *l,
                         const struct bw_leaf *leaves,
                         size_t n,
                         int64_t *ret_added,
                         struct bw_err *reterr);
int bw_ledger_do_log_size(struct bw_ledger *l, int64_t *ret, struct bw_err *reterr);
int bw_ledger_do_log_index(struct bw_ledger *l,
                           int64_t position,
                           int64_t *ret,
                           struct bw_err *reterr);
int bw_ledger_do_log_find(struct bw_ledger *l,
                          int type,
                          const uint8_t sha256[32],
                          int64_t *ret_index,
                          int64_t *ret_unix_ms,
                          struct bw_err *reterr);
int bw_ledger_do_log_leaves(struct bw_ledger *l,
                            int64_t from,
                            int64_t to,
                            bw_ledger_log_cb cb,
                            void *owner,
                            struct bw_err *reterr);

int bw_ledger_do_holes(struct bw_ledger *l,
                       const char *kid,
                       bw_ledger_hole_cb cb,
                       void *owner,
                       struct bw_err *reterr);
int bw_ledger_do_forks(struct bw_ledger *l,
                       const char *kid,
                       bw_ledger_fork_cb cb,
                       void *owner,
                       struct bw_err *reterr);
int bw_ledger_do_stat(struct bw_ledger *l,
                      struct bw_ledger_stat *ret,
                      struct bw_err *reterr);

/* ledger_seal.c */
int bw_ledger_do_seal_plan(struct bw_ledger *l,
                           int64_t now_unix_ms,
                           int64_t keep_days,
                           struct bw_seal **ret,
                           struct bw_err *reterr);
int bw_ledger_do_seal_build(struct bw_seal *s, struct bw_err *reterr);
int bw_ledger_do_seal_step(struct bw_ledger *l, struct bw_seal *s, struct bw_err *reterr);
void bw_ledger_do_seal_stop(struct bw_seal *s);
void bw_ledger_do_seal_free(struct bw_seal *s, struct bw_ledger_seal_report *report);
int bw_ledger_do_seal(struct bw_ledger *l,
                      int64_t now_unix_ms,
                      int64_t keep_days,
                      int64_t max_segments,
                      struct bw_ledger_seal_report *ret,
                      struct bw_err *reterr);

/* ledger_tidy.c: what a crash left of sealing: files that nobody names. */
int bw_ledger_tidy(struct ledger *l, struct bw_err *reterr);
/* Hot rows of the positions [from, to) go, in one transaction. */
int bw_ledger_drop_rows(struct ledger *l, int64_t from, int64_t to, struct bw_err *reterr);
/* The lowest position that has a hot row; unknown: none has. */
int bw_ledger_first_row(struct ledger *l, int64_t *ret, struct bw_err *reterr);

/* A row of the RECORD statements; jws is lent until the next step. */
void bw_ledger_row(struct sqlite3_stmt *st, struct bw_record *r);

/* Where a summary comes from its own signed bytes. */
int bw_ledger_decode(const char *jws,
                     size_t n,
                     struct bw_summary *ret,
                     struct bw_err *reterr);

#endif

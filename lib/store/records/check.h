/* SPDX-License-Identifier: GPL-3.0-or-later
 * check.h - is this the whole, unbroken, rightly signed story? A streaming verifier of
 * any sequence of records: a file line by line, a journal, a ledger.
 *
 * It keeps 48 bytes a record and one head a chain, so ten years of a site fit in 50 MB.
 * The first fault is told exactly; checking goes on behind it, so that the
 * counts are those of the whole input. */
#ifndef BW_CHECK_H
#define BW_CHECK_H

#include "check_receipt.h"
#include "check_schedule.h"

#include <bw/records.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_check;
struct bw_pubkey;

enum bw_fault {
    BW_FAULT_NONE,
    BW_FAULT_LINE,      /* not a compact JWS of ours: bytes, header, type */
    BW_FAULT_KEY,       /* signed by a key that was not given */
    BW_FAULT_SIGNATURE, /* the signature does not fit key and bytes */
    BW_FAULT_PAYLOAD,   /* rightly signed, but no canonical summary */
    BW_FAULT_NEWER, /* of a version this program does not read: its content is unchecked */
    BW_FAULT_SITE,  /* one key speaks for two sites */
    BW_FAULT_BEGIN, /* a chain's first record here is not its first */
    BW_FAULT_HOLE,  /* records of a chain are missing */
    BW_FAULT_ORDER, /* a record stands after one that follows it */
    BW_FAULT_DUPLICATE, /* the same record again */
    BW_FAULT_FORK,      /* two different records under one (kid, seq) */
    BW_FAULT_PREV,      /* prev is not the hash of the record before */
    BW_FAULT_CHAIN,     /* a new chain that does not cite its predecessor rightly */
    BW_FAULT_OVERLAP,   /* the interval begins before the one before it ended, and no
                           stepped or unsynchronised clock explains it */
    BW_FAULT_SECRET,    /* a day's secret is not the one that was committed to */
    BW_FAULT_COMMIT,    /* one key committed to two secrets for one day */
    BW_FAULT_RECEIPT_MALFORMED, /* of a test: no receipt at all */
    BW_FAULT_RECEIPT_SIGNATURE, /* … not signed by the collector */
    BW_FAULT_RECEIPT_KEY,       /* … of another box */
    BW_FAULT_RECEIPT_RUN,       /* … of another circuit, kind, direction or egress */
    BW_FAULT_RECEIPT_WINDOW,    /* … of another time */
    BW_FAULT_RECEIPT_BYTES,     /* … with other bytes in as many seconds */
    BW_FAULT_RECEIPT_AGAIN      /* … shown by two runs */
};

/* "hole", "wrong-signature", … for machines; static storage. */
const char *bw_fault_name(enum bw_fault f);

struct bw_check_opts {
    const struct bw_pubkey *keys; /* borrowed until bw_check_free() */
    size_t n_keys;                /* 0: no signature is checked, and n_verified stays 0 */
    const struct bw_pubkey *log_keys; /* of collectors, for receipts of tests; borrowed */
    size_t n_log_keys;                /* 0: their signatures are not checked, all else is */
    bool some_log_keys; /* there may be others: their receipts are not checked */
    bool partial;      /* a chain may begin after its first record, and cite one that is not
                          here: an export with --from, or of one box after another */
    int64_t moved_max; /* how far records may be out of order; 0: as far as is looked at
                          within seconds, which no box or ledger comes near */
};

struct bw_check_result {
    enum bw_fault first; /* BW_FAULT_NONE: everything holds */
    int64_t first_line;  /* counted from 1; for records without lines their ordinal */
    char first_kid[BW_KID_LEN + 1]; /* "" when the line did not tell */
    int64_t first_seq;              /* BW_UNKNOWN when the line did not tell */
    char first_text[600];           /* one sentence: what, where, what it means */
    int64_t n_faults;
    int64_t n_holes;    /* of them: records that are missing, and no more */
    int64_t n_records;  /* lines that are summaries, rightly signed or not */
    int64_t n_verified; /* of them with a signature that fits a given key */
    int64_t n_duplicates;
    int64_t n_missing; /* seq numbers that no record carries, between first and last */
    int64_t n_newer;
    int64_t n_chains;
    int64_t n_sites;
    int64_t n_gaps; /* times without a record between two of one site */
    int64_t gap_s;  /* … in all */
    struct bw_schedule_counts schedule;
    struct bw_receipt_counts receipts;
    int64_t n_clock;      /* records whose clock was stepped or not synchronised */
    int64_t start_unix_s; /* of the whole; BW_UNKNOWN when there is no record */
    int64_t end_unix_s;
};

/* One chain, in order of appearance. */
struct bw_check_chain {
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    int64_t first_seq;
    int64_t last_seq;
    int64_t n_records;
    int64_t start_unix_s;
    int64_t end_unix_s;
    enum bw_chain_why why;         /* BW_CHAIN_CONTINUES: its first record is not here */
    char prev_kid[BW_KID_LEN + 1]; /* "" when it cites none */
};

int bw_check_new(const struct bw_check_opts *opts, struct bw_check **ret);
/* Check one record. Faults are results, not errors: 0, -ENOMEM, or -E2BIG where the records
 * are so far out of order that they are not looked at further. */
int bw_check_add(struct bw_check *c, const char *jws, size_t n, int64_t line);
/* End: what can only be known at the end (missing records, chains cited but not here). */
void bw_check_finish(struct bw_check *c, struct bw_check_result *ret);
/* n-th chain, -ENOENT after the last. */
int bw_check_chain_at(const struct bw_check *c, size_t n, struct bw_check_chain *ret);
void bw_check_free(struct bw_check *c); /* NULL is fine */

/* Whole sources at once: add every record, then finish. progress (may be NULL) is called
 * now and then with parts done of 1000. */
typedef void (*bw_check_progress_cb)(void *owner, int per_mille);
int bw_check_file(const char *path,
                  struct bw_check *c,
                  bw_check_progress_cb progress,
                  void *owner,
                  struct bw_check_result *ret,
                  struct bw_err *reterr);
int bw_check_bytes(const char *data,
                   size_t size,
                   struct bw_check *c,
                   bw_check_progress_cb progress,
                   void *owner,
                   struct bw_check_result *ret,
                   struct bw_err *reterr);
int bw_check_records(struct bw_records *r,
                     const char *site,
                     struct bw_check *c,
                     struct bw_check_result *ret,
                     struct bw_err *reterr);

/* Public keys of a file: one JWK, a JWK Set, or one of either a line. A private JWK is
 * taken for its public half; in a set, keys of other kinds are passed over. Appends to
 * *keys (realloc) and *n. -BW_EMALFORMED with the file's name and what is wrong. */
int bw_keys_parse(const char *text, /* NUL-terminated behind size */
                  size_t size,
                  struct bw_pubkey **keys,
                  size_t *n,
                  struct bw_err *reterr);
int bw_keys_load(const char *path,
                 struct bw_pubkey **keys,
                 size_t *n,
                 struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle.h - one circuit's evidence of one period as a bag that a stranger can check
 * alone: the signed records, the keys, what was asked, and the report that follows.
 *
 * Invariant: the reports in a bag are made from the bag's own members by the very
 * function that checks them later, so what verify makes again is the same. docs/bag-v1.md
 * names every member. Blocking; any one thread. */
#ifndef BW_BUNDLE_H
#define BW_BUNDLE_H

#include "model.h"

#include <log_facts.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_origin;
struct bw_pubkey;

/* What is being done, and how far of 1000; may be NULL. */
typedef void (*bw_bundle_progress_cb)(void *owner, const char *what, int per_mille);

struct bw_bundle_options {
    struct bw_origin *origin;
    const struct bw_report_query *query; /* all but check and progress; tz is set */
    const char *key_path;                /* further public keys; may be NULL */
    const char *rules_folder;            /* the files of query->judging; NULL: no rules */
    const char *terms_path;              /* … and of its terms; NULL: none */
    bool pdf;                            /* with PDFs, where fonts are there */
    const char *path;                    /* of the archive */
    bw_bundle_progress_cb progress;
    /* The report of the bag, before the file is in its place; may be NULL. */
    void (*writing)(void *owner, const struct bw_report *report);
    void *owner;
};

/* What came out. */
struct bw_bundle_told {
    int64_t n_records;
    int64_t bytes;    /* of the archive */
    char no_pdf[200]; /* why there is none although it was asked for; "" */
    enum bw_report_check check;
    char check_text[480];
};

/* Write the bag. -ENODATA, -EKEYREJECTED with a sentence as bw_report_make();
 * -BW_EUNKNOWNKEY when a record's key is not known, or what failed. Signatures that do
 * not hold are no failure: the report and *ret say so. */
int bw_bundle_write(const struct bw_bundle_options *o,
                    struct bw_bundle_told *ret,
                    struct bw_err *reterr);

/* One thing about one member ("" the archive as a whole). */
typedef void (*bw_bundle_say_cb)(void *owner, const char *member, const char *text);

struct bw_bundle_checks {
    bw_bundle_say_cb fault; /* what does not hold */
    bw_bundle_say_cb note;  /* what could not be checked, or should be known */
    bw_bundle_progress_cb progress;
    const struct bw_pubkey *log_keys; /* of collectors, for receipts of tests; borrowed */
    size_t n_log_keys;
    bool log_expected; /* a bag that is in no log proves less than was asked */
    const char *const
        *witness_keys; /* "NAME+HASH+BASE64": who must have signed; borrowed */
    size_t n_witness_keys;
    void *owner; /* all are called on the thread that called bw_bundle_verify() */
};

struct bw_bundle_verdict {
    int64_t n_faults;    /* 0 here and below: everything holds */
    int64_t n_holes;     /* of them: places of a chain where records are missing */
    int64_t n_missing;   /* records there */
    int64_t n_unchecked; /* files, figures and receipts that prove nothing; told as notes */
    int64_t n_form;      /* of them: files of another form than is made here, no more */
    int64_t n_figures;   /* figures of a bag of other forms that are the same here */
    int64_t n_members;
    int64_t n_records;
    int64_t n_verified;          /* of them with a signature that fits a key of the bag */
    int64_t n_receipts;          /* runs of tests with a server's receipt */
    int64_t n_receipts_verified; /* of them signed by a log key, and in agreement */
    bool receipts_by_own_key;    /* … by the log's key that is in the bag itself */
    int64_t n_compared;          /* files that were made again from the records */
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char software[64]; /* that packed it */
    bool other_forms;  /* … makes other forms than this program does */
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t made_unix_s;
    struct bw_log_facts log;
    bool log_key_given; /* the log's key is one that was given, not the bag's own word */
    char (*kids)[BW_KID_LEN + 1]; /* keys of the bag that signed records; free() */
    size_t n_kids;
};

/* Check everything in a bag, archive or folder: manifests, signatures, chains, and every
 * report made again. Needs no network, no data base and no file beside the bag. 0 with the
 * verdict, whatever it is; -errno with a sentence when there is no bag to be checked. */
int bw_bundle_verify(const char *path,
                     const struct bw_bundle_checks *c,
                     struct bw_bundle_verdict *ret,
                     struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged.h - what a collector's log proves of records, statements and keys, as files of a
 * bag (docs/bag-v1.md): written from the log's store, and checked from these files alone.
 *
 * Invariant: whoever checks computes every leaf from the bag's own records, statements and
 * keys; the files tell which leaf is whose and hold the hashes of all others. Blocking; any
 * one thread. */
#ifndef BW_LOGGED_H
#define BW_LOGGED_H

#include "log_facts.h"

#include <jws.h>
#include <note.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_ledger;
struct bw_record;

#define BW_IN_LOG "data/log/"
#define BW_IN_LOG_KEYS BW_IN_LOG "log-key.jwks"

/* A record as the collector took it in. */
struct bw_logged_record {
    int64_t position;         /* unknown: no ledger's */
    int64_t received_unix_ms; /* unknown likewise */
    int64_t end_unix_s;       /* of its interval, by the box; unknown */
    int64_t seq;
    uint64_t key;       /* the same for all of one key */
    uint8_t sha256[32]; /* of the compact JWS */
};

/* What the log has of a key: its enrolment, its end where it has one, and that another box
 * took its box's place. */
struct bw_logged_key {
    char kid[BW_KID_LEN + 1];
    char prev_kid[BW_KID_LEN + 1]; /* "" none */
    int64_t from_unix_s;           /* unknown: the log has nothing of it */
    int64_t revoked_unix_s;        /* unknown: in force */
    int64_t replaced_unix_s;       /* unknown: no other box is in its place */
};

/* What may stand in the log. All lent. */
struct bw_logged_things {
    const char *site;
    const struct bw_logged_record *records; /* in any order */
    size_t n_records;
    const char *statements; /* one a line */
    size_t n_statements;    /* bytes */
    const struct bw_logged_key *keys;
    size_t n_keys;
};

/* Records by their places in a list, as they come. */
struct bw_logged_list {
    struct bw_logged_record *list; /* free() */
    size_t n;
    size_t cap;
};
/* -ENOMEM; -EINVAL: its sha256 is no hash. */
int bw_logged_add(struct bw_logged_list *l, const struct bw_record *rec);

/* ---- packing */

struct bw_logged_source {
    struct bw_ledger *ledger;
    const char *folder;   /* the log's; "FOLDER.before-N" are those of earlier epochs */
    const char *key_path; /* the log's private key, read where the log does not tell its
                             public one */
};

/* One file of the bag; its bytes are copied. */
typedef int (*bw_logged_file_cb)(
    void *owner, const char *member, const void *data, size_t n, struct bw_err *reterr);

/* Give the files; none where there is no log or no checkpoint yet. What the log does not
 * have, or has otherwise, is left out: the reader counts it. */
int bw_logged_write(const struct bw_logged_source *s,
                    const struct bw_logged_things *things,
                    bw_logged_file_cb file,
                    void *owner,
                    struct bw_err *reterr);

/* What the log says of itself now, without counts of records; key_path is not asked. No
 * log and no checkpoint is no failure. */
int bw_logged_facts(const struct bw_logged_source *s,
                    struct bw_log_facts *ret,
                    struct bw_err *reterr);

/* Append the JWK Set of one public key and a newline; -ENOMEM. */
int bw_logged_key_set(const struct bw_pubkey *key, struct bw_buf *out);

/* ---- checking */

struct bw_logged_view {
    /* A file of the bag into *ret_data and *ret_n (lent), or false. */
    bool (*find)(void *owner, const char *member, const char **ret_data, size_t *ret_n);
    /* What does not hold; with the member it concerns. */
    void (*fault)(void *owner, const char *member, const char *text);
    /* What could not be checked. */
    void (*unchecked)(void *owner, const char *member, const char *text);
    void *owner;
};

/* What came out into *ret; keys are those that the bag gives as the log's. Faults are told
 * and no failure; -ENOMEM. */
int bw_logged_read(const struct bw_logged_view *v,
                   const struct bw_logged_things *things,
                   const struct bw_pubkey *keys,
                   size_t n_keys,
                   struct bw_log_facts *ret,
                   struct bw_err *reterr);

#endif

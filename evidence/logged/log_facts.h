/* SPDX-License-Identifier: GPL-3.0-or-later
 * log_facts.h - what a collector's log says of a site's records: the newest checkpoint at
 * hand, who else signed it, and how much of what is here stands in it. */
#ifndef BW_LOG_FACTS_H
#define BW_LOG_FACTS_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_LOG_NAME_MAX = 120, /* bytes of a log's or witness's name */
    BW_LOG_OTHERS_MAX = 16,
    BW_LOG_BEFORE_MAX = 16
};

/* A witness or a time stamper: the newest thing that it said. */
struct bw_log_other {
    char name[BW_LOG_NAME_MAX + 1]; /* of the witness's key; the stamper's address */
    char signer[200];               /* whom a stamp's certificate names; "" a witness */
    char vkey[192];                 /* a witness's key as it is written; "" a stamper */
    int64_t unix_s;                 /* when, by its own clock */
    int64_t size;                   /* leaves of the checkpoint that it is on */
};

/* A log that this one goes on from, oldest first. */
struct bw_log_before {
    char name[BW_LOG_NAME_MAX + 1];
    int64_t size;    /* leaves of its last checkpoint that anybody had */
    int64_t unix_ms; /* when the one after it was begun */
};

struct bw_log_facts {
    bool there;                     /* else: not in a log, and only the counts hold */
    char name[BW_LOG_NAME_MAX + 1]; /* the log's */
    char kid[BW_KID_LEN + 1];       /* of the key that signed it */
    char vkey[192];                 /* the same as notes have it, with the name */
    int64_t size;                   /* leaves of the newest checkpoint */
    int64_t signed_unix_s;          /* when the collector says it signed it */
    int64_t n_records;
    int64_t n_records_in;        /* of them in the newest checkpoint */
    int64_t n_records_witnessed; /* in one that a witness signed */
    int64_t n_records_stamped;   /* in one that was stamped */
    int64_t n_statements;
    int64_t n_statements_in;
    int64_t n_keys; /* enrolments of keys and their ends */
    int64_t n_keys_in;
    struct bw_log_other witness[BW_LOG_OTHERS_MAX];
    size_t n_witnesses;
    struct bw_log_other cosigner[BW_LOG_OTHERS_MAX]; /* every witness, on its newest */
    size_t n_cosigners;
    struct bw_log_other stamp[BW_LOG_OTHERS_MAX];
    size_t n_stamps;
    struct bw_log_before before[BW_LOG_BEFORE_MAX];
    size_t n_before;
};

#endif

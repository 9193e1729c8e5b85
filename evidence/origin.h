/* SPDX-License-Identifier: GPL-3.0-or-later
 * origin.h - where a report's records come from: a box's journal, a collector's ledger
 * with its catalogue, or an exported file; with the circuits in it, the span of its
 * records, and the claims that are on file. Blocking; one thread at a time. */
#ifndef BW_EVIDENCE_ORIGIN_H
#define BW_EVIDENCE_ORIGIN_H

#include "model.h"

#include <jws.h>
#include <limits.h>

struct bw_buf;
struct bw_catalogue;
struct bw_check_result;
struct bw_err;
struct bw_ledger;
struct bw_log_facts;
struct bw_records;
struct bw_origin;
struct bw_tz;

enum bw_origin_from {
    BW_FROM_JOURNAL,
    BW_FROM_LEDGER,
    BW_FROM_FILE
};

/* A circuit that the records name. */
struct bw_origin_circuit {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t first_start_unix_s; /* unknown where only reading everything would tell */
    int64_t last_end_unix_s;
};
typedef int (*bw_origin_circuit_cb)(void *owner, const struct bw_origin_circuit *c);

/* Open: the journal's file; the collector's data folder or the ledger's folder in it; a
 * file of JWS, one a line (.zst too). The sentence of a failure says what was looked
 * for. Free with bw_origin_close(). */
int bw_origin_open(enum bw_origin_from from,
                   const char *path,
                   struct bw_origin **ret,
                   struct bw_err *reterr);
void bw_origin_close(struct bw_origin *s); /* NULL is fine */

struct bw_records *bw_origin_records(struct bw_origin *s); /* lent */
const char *bw_origin_word(const struct bw_origin *s);     /* "journal", "ledger", "file" */
const char *bw_origin_text(const struct bw_origin *s);     /* for a reader of the report */

/* The folder that the catalogue and the journal, or the ledger's folder, lie in. -ENOENT:
 * an exported file has none. */
int bw_origin_beside(const struct bw_origin *s, char ret[PATH_MAX]);

/* What people said and the state knows, lent; NULL: there is none beside the records, and
 * who reads statements from it (bw_annotations_read() and the like) finds none. */
struct bw_catalogue *bw_origin_catalogue(struct bw_origin *s);

/* The ledger, lent, and the collector's data folder around it; NULL: from elsewhere. */
struct bw_ledger *bw_origin_ledger(struct bw_origin *s, const char **ret_data);

/* What the collector's log says now; there is none beside other records. */
int bw_origin_log(struct bw_origin *s, struct bw_log_facts *ret, struct bw_err *reterr);

/* The log key that a journal's box was given at its enrolment; false: none is known. */
bool bw_origin_log_key(const struct bw_origin *s, struct bw_pubkey *ret);

/* Check signatures and chain of a file against the keys in key_path; *ret_check and
 * text[480] say what came out. Other sources: BW_CHECK_NOT_DONE, their records were
 * checked when they were taken in. */
int bw_origin_check(struct bw_origin *s,
                    const char *key_path,
                    void (*progress)(void *owner, int per_mille),
                    void *owner,
                    enum bw_report_check *ret_check,
                    char text[480],
                    struct bw_err *reterr);

/* What a check's result means, as pages say it. */
void bw_origin_check_words(const struct bw_check_result *res,
                           enum bw_report_check *ret_check,
                           char text[480]);

/* A site's key as far as its history is known. */
struct bw_origin_key {
    struct bw_pubkey key;
    int64_t from_unix_s;                  /* unknown: not on file here */
    int64_t revoked_unix_s;               /* unknown: in force, or not on file */
    char replaced_by[BW_KID_LEN + 1];     /* "" none */
    char prev_kid[BW_KID_LEN + 1];        /* the key that signed for it; "" none */
    char why[BW_REVOCATION_TEXT_MAX + 1]; /* it was revoked; "" nobody said */
    char by[65];                          /* who said so */
    int64_t replaced_unix_s; /* another box stands there since; unknown: none */
    char replaced_why[BW_SITEACT_TEXT_MAX + 1]; /* "" nobody said */
    char replaced_said_by[65];
};

/* Every key of a site: of the ledger's catalogue, of the folder that the journal lies in,
 * or (key_path, may be NULL) of a file that was given; each once, by kid. *ret is freed
 * with free(). None is no failure. */
int bw_origin_keys(struct bw_origin *s,
                   const char *site,
                   const char *key_path,
                   struct bw_origin_key **ret,
                   size_t *ret_n,
                   struct bw_err *reterr);

/* Every circuit of a site ("" = of all), by site and name. Non-zero from cb ends it. */
int bw_origin_circuits(struct bw_origin *s,
                       const char *site,
                       bw_origin_circuit_cb cb,
                       void *owner,
                       struct bw_err *reterr);

enum {
    BW_ORIGIN_LISTED_MAX = 40
};

/* What a name that was typed can mean. */
struct bw_origin_found {
    char site[BW_SITE_MAX + 1]; /* of the first match; without one as typed, else of any */
    char circuit[BW_NAME_MAX + 1];
    int64_t from_unix_s; /* span of its records; unknown where that is not known */
    int64_t to_unix_s;
    size_t n_match;
    size_t n; /* circuits in all; the first BW_ORIGIN_LISTED_MAX by name: */
    char names[BW_ORIGIN_LISTED_MAX][BW_SITE_MAX + BW_NAME_MAX + 2];
};

/* "SITE.CIRCUIT" or "CIRCUIT" (NULL: any) of a site (NULL: any). No match is no failure:
 * n_match tells. */
int bw_origin_find(struct bw_origin *s,
                   const char *site,
                   const char *circuit,
                   struct bw_origin_found *ret,
                   struct bw_err *reterr);

/* Claims written down for a circuit itself within [from, to), oldest first, at most cap;
 * and the place's name ("" unknown) into place[128]. None is no failure, more is: -E2BIG.
 */
int bw_origin_claims(struct bw_origin *s,
                     const char *site,
                     const char *circuit,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     struct bw_report_claim *ret,
                     size_t cap,
                     size_t *ret_n,
                     char place[128],
                     struct bw_err *reterr);

/* What is claimed: by claims that people bound to the circuit (days are those of `tz`), and
 * where none holds as bw_origin_claims() has it. At any instant at most one; oldest first;
 * more than cap: -E2BIG. */
int bw_origin_dated_claims(struct bw_origin *s,
                           const char *site,
                           const char *circuit,
                           const struct bw_tz *tz,
                           int64_t from_unix_s,
                           int64_t to_unix_s,
                           struct bw_report_claim *ret,
                           size_t cap,
                           size_t *ret_n,
                           char place[128],
                           struct bw_err *reterr);

/* The same of a catalogue alone, without an origin. */
int bw_claims_dated(struct bw_catalogue *c,
                    const char *site,
                    const char *circuit,
                    const struct bw_tz *tz,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_report_claim *ret,
                    size_t cap,
                    size_t *ret_n,
                    struct bw_err *reterr);

/* By whom claims were bound to the circuit, as bw_bound_list(). No catalogue is no failure.
 */
int bw_origin_bindings(struct bw_origin *s,
                       const char *site,
                       const char *circuit,
                       const struct bw_tz *tz,
                       int64_t from_unix_s,
                       int64_t to_unix_s,
                       struct bw_bound **ret,
                       size_t *ret_n,
                       struct bw_err *reterr);

/* What is on file of a site's keys, for a report; free() *ret. None is no failure. */
int bw_origin_keyfacts(struct bw_origin *s,
                       const char *site,
                       struct bw_report_keyfact **ret,
                       size_t *ret_n,
                       struct bw_err *reterr);

/* What a configuration of the box states for a circuit: the journal keeps its text under
 * the hash that records carry; a text that does not fit its hash is not believed. 0, or
 * -ENOENT. */
int bw_origin_config_claim(struct bw_origin *s,
                           const char *circuit,
                           const char *config_sha256,
                           struct bw_report_claim *ret);
/* The text of that configuration itself, its hash checked; 0 or -ENOENT. */
int bw_origin_config_text(struct bw_origin *s,
                          const char *config_sha256,
                          struct bw_buf *out);
/* The claim of a text that must have this hash; it ends in NUL. 0 or -ENOENT. Pure. */
int bw_origin_read_config(const char *text,
                          size_t n,
                          const char *config_sha256,
                          const char *circuit,
                          struct bw_report_claim *ret);
/* The same from the text itself, as `bandwitnessd -T` prints it. Pure. */
int bw_origin_read_claim(const char *text,
                         const char *circuit,
                         struct bw_report_claim *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * erratum.h - where our own software or a server was wrong: the body of a statement of kind
 * "erratum", about "software:NAME", "server:NAME", "site:ID" or "circuit:SITE.CIRCUIT"
 * (docs/erratum-v1.md). No record is changed by it; what a report makes of them is. */
#ifndef BW_ERRATUM_H
#define BW_ERRATUM_H

#include <bw/summary.h>
#include <bw/units.h>
#include <fields.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum bw_erratum_limits {
    BW_ERRATUM_TEXT_MAX = 600, /* bytes, without NUL */
    BW_ERRATUM_REFERENCE_MAX = 200,
    BW_ERRATUM_VERSION_MAX = 23,
    BW_ERRATUM_NAME_MAX = 63, /* of a program or server */
    BW_ERRATUM_ABOUT_MAX = 120
};

/* What of a record it is about, bits; in the order of bw_erratum_field_words. */
enum bw_erratum_field {
    BW_ERRATUM_RECORDS,    /* all of it: as if it were not there */
    BW_ERRATUM_THROUGHPUT, /* runs of every kind … */
    BW_ERRATUM_HTTP,       /* … of this kind */
    BW_ERRATUM_NDT7,
    BW_ERRATUM_IPERF3,
    BW_ERRATUM_UDPST,
    BW_ERRATUM_LATENCY, /* targets of every kind … */
    BW_ERRATUM_ICMP,    /* … of this kind */
    BW_ERRATUM_STAMP,
    BW_ERRATUM_TCP,
    BW_ERRATUM_DNS,
    BW_ERRATUM_HTTP_GET,
    BW_ERRATUM_PATHS,
    BW_ERRATUM_COUNTERS, /* and what runs say of the line's rate */
    BW_ERRATUM_OUTAGES,
    BW_ERRATUM_TRAFFIC,
    BW_ERRATUM_FIELDS
};
extern const char *const bw_erratum_field_words[]; /* NULL ends them */

enum bw_erratum_action {
    BW_ERRATUM_NO_ACTION,
    BW_ERRATUM_EXCLUDE,
    BW_ERRATUM_ANNOTATE
};

struct bw_erratum {
    char from_version[BW_ERRATUM_VERSION_MAX + 1]; /* of software; "": from the first on */
    char before_version[BW_ERRATUM_VERSION_MAX + 1]; /* the first that is right; "": none */
    int64_t from_unix_s;                             /* of software alone: may be unknown */
    int64_t to_unix_s;                               /* exclusive */
    int64_t fields;                                  /* bits */
    int64_t action;
    char reason[BW_ERRATUM_TEXT_MAX + 1];
    char reference[BW_ERRATUM_REFERENCE_MAX + 1]; /* where more is said; "" */
};

extern const struct bw_field bw_erratum_fields[];
extern const size_t bw_erratum_n_fields;

enum bw_erratum_of {
    BW_ERRATUM_OF_SOFTWARE,
    BW_ERRATUM_OF_SERVER,
    BW_ERRATUM_OF_SITE,
    BW_ERRATUM_OF_CIRCUIT
};

/* Whom a key names. */
struct bw_erratum_about {
    enum bw_erratum_of of;
    char name[BW_ERRATUM_NAME_MAX + 1]; /* of software or server */
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
};

void bw_erratum_init(struct bw_erratum *e);
/* As bw_fields_encode and bw_fields_decode; what a body alone can tell is checked. */
int bw_erratum_encode(const struct bw_erratum *e,
                      struct bw_buf *out,
                      struct bw_err *reterr);
int bw_erratum_decode(const char *text,
                      size_t n,
                      struct bw_erratum *ret,
                      struct bw_err *reterr);

/* "software:bandwitnessd"; -EINVAL with a sentence. */
int bw_erratum_about_parse(const char *about,
                           struct bw_erratum_about *ret,
                           struct bw_err *reterr);
/* Do key and body go together? Versions are software's alone; the others need both times;
 * of a server only runs can be wrong. -EINVAL with a sentence. */
int bw_erratum_check(const struct bw_erratum_about *a,
                     const struct bw_erratum *e,
                     struct bw_err *reterr);

/* Words of fields between commas or white space, into bits. -EINVAL names the word. */
int bw_erratum_fields_parse(const char *text, int64_t *ret, struct bw_err *reterr);
/* The same in words, ", " between them. */
void bw_erratum_fields_text(int64_t fields, struct bw_buf *out);

/* Versions are numbers between dots, a missing one is 0, what follows is not compared.
 * Below, at or above 0. */
int bw_erratum_version_compare(const char *a, const char *b);
/* Did this agent ("bandwitnessd/0.1.0") write what the erratum of software is about? */
bool bw_erratum_of_agent(const struct bw_erratum_about *a,
                         const struct bw_erratum *e,
                         const char *agent);

/* Runs, or targets, of this kind? */
bool bw_erratum_of_run(const struct bw_erratum *e, const char *kind);
bool bw_erratum_of_target(const struct bw_erratum *e, const char *kind);
bool bw_erratum_has(const struct bw_erratum *e, enum bw_erratum_field f);

/* Is this instant in its period? */
bool bw_erratum_at(const struct bw_erratum *e, int64_t unix_s);

#endif

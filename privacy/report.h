/* SPDX-License-Identifier: GPL-3.0-or-later
 * report.h - what a check of the box's files came to: files, findings, what could not be
 * looked at. */
#ifndef BW_PRIVACY_REPORT_H
#define BW_PRIVACY_REPORT_H

#include "shape.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bare bytes that equal an address stand in files by chance, too. */
struct bw_chance {
    int64_t places; /* looked at */
    int64_t hits;
    double expected; /* hits that chance alone makes in that many places */
    size_t kept;     /* findings by it that are listed … */
    int64_t beyond;  /* … and further ones */
};

enum bw_chance_of {
    BW_CHANCE_ALONE,     /* an IPv4 address by itself, where bytes have no structure */
    BW_CHANCE_IN_TABLES, /* … within data bases and pictures */
    BW_CHANCE_NUMBER,    /* … as a number of a data base or record */
    BW_CHANCE_BESIDE,    /* two of them within 16 bytes */
    BW_CHANCE_MAC,       /* a MAC address */
    BW_CHANCE_V6,        /* an IPv6 address */
    BW_CHANCES
};

enum bw_found_why {
    BW_FOUND_SEEN,  /* an address that was given, as text */
    BW_FOUND_BYTES, /* … as its bare bytes */
    BW_FOUND_SHAPE, /* something that looks like an address */
    BW_FOUND_CORE   /* a core file: the memory of the program */
};

struct bw_found {
    enum bw_found_why why;
    enum bw_shape_kind kind;
    char text[80];            /* the address, readable */
    char where[200];          /* "records row 12 jws, throughput[0].reason" or "" */
    size_t file;              /* index into files */
    int64_t offset;           /* bytes into the file; BW_UNKNOWN where `where` says it */
    enum bw_chance_of chance; /* with BW_FOUND_BYTES */
};

struct bw_scanned {
    char path[PATH_MAX];
    char kind[32]; /* "SQLite data base", … */
    int64_t bytes;
};

enum {
    BW_FOUND_KEPT = 1000, /* as text, and by each sort of bare bytes: further ones are only
                             counted */
    BW_ANSWERS_KEPT = 100
};

struct bw_privacy_report {
    struct bw_scanned *files;
    size_t n_files;
    size_t cap_files;
    struct bw_found *found;
    size_t n_found;
    size_t cap_found;
    size_t n_text;        /* of them: not by bare bytes */
    int64_t found_beyond; /* BW_FOUND_KEPT; those by bare bytes once they are judged */
    char (*troubles)[PATH_MAX + 200];
    size_t n_troubles;
    size_t cap_troubles;
    char answers[BW_ANSWERS_KEPT][80]; /* names that answered the box's own tests */
    size_t n_answers;
    int64_t answers_beyond;
    int64_t records; /* signed records that were decoded */
    struct bw_chance chance[BW_CHANCES];
    bool no_memory; /* something is missing in all this */
};

void bw_report_done(struct bw_privacy_report *r); /* zeroed is fine */

/* A new file; gives its index. */
size_t bw_report_file(struct bw_privacy_report *r,
                      const char *path,
                      const char *kind,
                      int64_t bytes);
void bw_report_found(struct bw_privacy_report *r, const struct bw_found *f);
void bw_report_trouble(struct bw_privacy_report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void bw_report_answer(struct bw_privacy_report *r, const char *text, size_t n);

/* Chance alone makes hardly any hit where it makes fewer than this. */
#define BW_CHANCE_MAX 0.01

/* Do the hits of this sort tell something: does chance make hardly any, or are they far
 * more than it makes? Numbers of a data base are not random, and tell only where it makes
 * hardly any; four bytes alone in tables never do. */
bool bw_chance_is_judged(enum bw_chance_of of, const struct bw_chance *c);
/* Hits of sorts of which nothing can be said (tables apart). */
int64_t bw_report_not_judged(const struct bw_privacy_report *r);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * usac.h - USAC's open data, as downloaded, read into claims and entities.
 *
 * The files are streamed, each once; what lies outside the asked state, year or payers is
 * left out early, so that memory is bounded whatever their size. Rows are counted by what
 * became of them, and refused ones are told with file and line. Nothing is written. */
#ifndef BW_USAC_H
#define BW_USAC_H

#include <bw/units.h>
#include <claimline.h>
#include <entityline.h>
#include <hash.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <usac_columns.h>

struct bw_err;
struct bw_usac;

enum bw_usac_limits {
    BW_USAC_LINES_MAX = 60000,
    BW_USAC_FRNS_MAX = 60000,
    BW_USAC_ENTITIES_MAX = 100000,
    BW_USAC_LINKS_MAX = 600000, /* recipients of lines */
    BW_USAC_FILES_MAX = 64,
    BW_USAC_PAYERS_MAX = 64
};

/* What became of a row that is neither kept nor refused. */
enum bw_usac_left_out {
    BW_LEFT_OUTSIDE,   /* another state, year or payer */
    BW_LEFT_VERSION,   /* not the current form version */
    BW_LEFT_TAX,       /* a line of taxes or fees */
    BW_LEFT_NO_SPEED,  /* nor purpose: equipment, Category Two, one-time work */
    BW_LEFT_TWICE,     /* the same as a row before it */
    BW_LEFT_UNRELATED, /* of no line and entity that is kept */
    BW_LEFTS
};

struct bw_usac_options {
    const char *state;         /* "OR"; NULL: all */
    const char *const *payers; /* entity numbers: who pays or uses; n_payers 0: all */
    size_t n_payers;
    int64_t year;            /* funding year; BW_UNKNOWN: all */
    enum bw_speed_unit unit; /* of speeds for which the file has none */
};

struct bw_usac_file {
    const char *path;
    enum bw_usac_set set;
    int64_t rows;
    int64_t kept;
    char sha256[BW_HASH_LEN + 1];
};

struct bw_usac_sum {
    struct bw_usac_file files[BW_USAC_FILES_MAX];
    size_t n_files;
    int64_t left_out[BW_LEFTS];
    int64_t refused;
    int64_t
        refused_unnamed;  /* of them, line items of which nobody can tell which they are */
    const char *refusals; /* "file:line: why" a line, the first some thousand of them */
    int64_t doubtful;     /* lines with a flag that asks a question */
    const char *doubts;   /* the same of them */
};

/* Called now and then; size_bytes BW_UNKNOWN: not known. */
typedef void (*bw_usac_progress_cb)(void *owner,
                                    const char *path,
                                    int64_t read_bytes,
                                    int64_t size_bytes);

/* *options and what it points to is lent for the life of the object. -ENOMEM. */
int bw_usac_new(const struct bw_usac_options *options, struct bw_usac **ret);
void bw_usac_free(struct bw_usac *u);

/* Read all files, in whatever order they are named. A file that is none, or broken, fails
 * all of it (-BW_EMALFORMED, -errno); -ENOSPC: more than is kept. Once. */
int bw_usac_read(struct bw_usac *u,
                 const char *const *paths,
                 size_t n,
                 bw_usac_progress_cb progress,
                 void *owner,
                 struct bw_err *reterr);

const struct bw_usac_sum *bw_usac_sum(const struct bw_usac *u);

/* Where something came from. */
struct bw_usac_place {
    const struct bw_usac_file *file;
    int64_t line;
};

/* The claims, joined, by index in the order of the line items. 1 and *ret (done() it); 0:
 * this row was refused after all; below 0 a failure. has_frn / has_recipients: the files
 * told of its FRN / of its recipients; else those members are not stated because nobody
 * asked. */
size_t bw_usac_claims(const struct bw_usac *u);
int bw_usac_claim(const struct bw_usac *u,
                  size_t i,
                  struct bw_claimline *ret,
                  struct bw_usac_place *ret_place,
                  bool *ret_has_frn,
                  bool *ret_has_recipients,
                  struct bw_err *reterr);
/* The entities in the same way. */
size_t bw_usac_entities(const struct bw_usac *u);
int bw_usac_entity(const struct bw_usac *u,
                   size_t i,
                   struct bw_entityline *ret,
                   struct bw_usac_place *ret_place,
                   struct bw_err *reterr);

/* How the files stand to a claim that is on file already. */
enum bw_usac_stand {
    BW_USAC_THERE,   /* they have it, or nothing of its payer and year */
    BW_USAC_REFUSED, /* its row is there and was refused */
    BW_USAC_GONE     /* they have lines of its payer and year, but no row of it */
};
enum bw_usac_stand bw_usac_stand(const struct bw_usac *u, const struct bw_claimline *c);

/* Is it a member that only the FRN's status, or the recipients, tell? By its name. */
bool bw_usac_of_frn(const char *field);
bool bw_usac_of_recipients(const char *field);

/* Taxes and fees by their words ("Taxes", "Fees & Charges", "Surcharge"). */
bool bw_usac_is_tax(const char *function, const char *product);

#endif

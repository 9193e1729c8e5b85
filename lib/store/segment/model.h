/* SPDX-License-Identifier: GPL-3.0-or-later
 * model.h - numbers and histograms as few bits, by what came before: an adaptive binary
 * range coder, contexts that learn, and predictors of which each context uses the one that
 * did best so far. Writing and reading take the same steps in the same order, in integers
 * alone, so that every machine gives the same bytes. For sealed blocks alone. */
#ifndef BW_STORE_MODEL_H
#define BW_STORE_MODEL_H

#include <hist.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;

/* ---- the coder ------------------------------------------------------------------- */

/* One of out and in is set: writing, or reading. */
struct bw_coder {
    struct bw_buf *out;
    const uint8_t *in;
    size_t left;
    size_t beyond; /* bytes read behind the end: more than a few are damage */
    uint32_t low;
    uint32_t high;
    uint32_t code;
};

void bw_coder_write(struct bw_coder *c, struct bw_buf *out);
void bw_coder_read(struct bw_coder *c, const void *data, size_t n);
void bw_coder_end(struct bw_coder *c); /* of writing */
bool bw_coder_bad(const struct bw_coder *c);

/* One bit by what came before; writes *v (0 or 1), or reads it. */
struct bw_bit {
    uint16_t p; /* of a 1, of 65536 */
    uint8_t n;  /* times seen, up to a limit */
};
void bw_bits_init(struct bw_bit *bits, size_t n);
void bw_model_flag(struct bw_coder *c, struct bw_bit *b, int64_t *v);

/* ---- numbers --------------------------------------------------------------------- */

enum {
    BW_MODEL_NODES = 64,
    BW_MODEL_MANTISSA = 3, /* nodes of its two upper bits */
    BW_MODEL_HINTS = 8,
    BW_MODEL_PREDICTORS = 9 + BW_MODEL_HINTS
};

/* What is known of one kind of number: its length in bits and the bits below the first. */
struct bw_number {
    struct bw_bit zero;
    struct bw_bit length[BW_MODEL_NODES];
    struct bw_bit upper[65][BW_MODEL_MANTISSA];
};

/* One place of a record, through all records. */
struct bw_place {
    int64_t last;
    int64_t last2;
    uint16_t cost[BW_MODEL_PREDICTORS]; /* decayed bits that each would have cost */
    struct bw_number number;
};

void bw_number_init(struct bw_number *n);
void bw_place_init(struct bw_place *p);

/* The number before this one in the record, and the one before that; what else may tell
 * it. Unused hints are 0. */
struct bw_beside {
    int64_t a;
    int64_t b;
    int64_t last_a; /* `a` of the record before */
    int64_t hint[BW_MODEL_HINTS];
};

/* Writes *v, or reads it into *v. */
void bw_model_number(struct bw_coder *c,
                     struct bw_place *p,
                     const struct bw_beside *beside,
                     int64_t *v);

/* ---- histograms ------------------------------------------------------------------ */

enum {
    BW_MODEL_EXPECT = 96 /* steps of what is expected in a bucket */
};

/* How counts lie about what is expected; one for all histograms of a block. */
struct bw_counts {
    struct bw_number number[BW_MODEL_EXPECT];
};

/* The shape of one place's histograms so far. */
struct bw_shape {
    uint32_t weight[BW_HIST_BUCKETS];
    struct bw_place total;
};

void bw_counts_init(struct bw_counts *c);
void bw_shape_init(struct bw_shape *s);
/* Writes *h, or reads it. Reading stops at damage; bw_coder_bad() tells. */
void bw_model_hist(struct bw_coder *c,
                   struct bw_counts *counts,
                   struct bw_shape *shape,
                   const struct bw_beside *beside,
                   struct bw_hist *h);

/* Any bytes, without a model worth the name. */
void bw_model_bytes(struct bw_coder *c, struct bw_bit nodes[256], uint8_t *data, size_t n);

#endif

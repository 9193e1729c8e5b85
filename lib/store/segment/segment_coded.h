/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_coded.h - what differs between the records of a block, coded record by record
 * (block format 2). Each number knows its place: the names on its way through the payload
 * and what the object is about, so that records of different templates learn from each
 * other. For segment_block.c and segment_unblock.c. */
#ifndef BW_STORE_SEGMENT_CODED_H
#define BW_STORE_SEGMENT_CODED_H

#include "model.h"
#include "segment_block_private.h"

#include <stddef.h>
#include <stdint.h>

struct bw_coded;

enum {
    BW_CODED_BLOBS_MAX = 96 /* of a record; beyond: it is kept whole */
};

/* A template's bytes, lent. */
struct bw_coded_template {
    const uint8_t *data;
    size_t len;
};

/* Base64url text's bytes. */
struct bw_coded_blob {
    const uint8_t *data;
    size_t len;
};

/* One record: writing, all is given; reading, all is filled in, and blobs are lent until
 * the next. */
struct bw_coded_record {
    size_t kind; /* 0: kept whole; template + 1 */
    int64_t meta[META];
    int64_t *ints; /* SLOTS_MAX */
    struct bw_coded_blob blobs[BW_CODED_BLOBS_MAX];
    size_t n_ints;
    size_t n_blobs;
};

/* Templates stay where they are until bw_coded_free(). -BW_EMALFORMED for one that no
 * payload makes, -ENOMEM. */
int bw_coded_new(const struct bw_coded_template *templates,
                 size_t n_templates,
                 struct bw_coded **ret);
void bw_coded_free(struct bw_coded *k); /* NULL is fine */
void bw_coded_write(struct bw_coded *k, struct bw_buf *out);
void bw_coded_read(struct bw_coded *k, const void *data, size_t n);
/* The next record. -BW_EMALFORMED: damage. */
int bw_coded_next(struct bw_coded *k, struct bw_coded_record *r);
void bw_coded_end(struct bw_coded *k); /* of writing */

#endif

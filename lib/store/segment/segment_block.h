/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_block.h - a run of signed records of one key as few bytes, and back exactly.
 *
 * What repeats is written once: the JWS header, the payload's words (as templates), the
 * previous record's hash (made again from that record). Numbers become columns of
 * differences, histograms raw bytes, and everything but the signatures goes through zstd;
 * where that is not enough they are coded by what came before (format 2).
 * Decoding gives the very bytes that were signed; the encoder decodes its own output and
 * compares before it answers. For segments alone. */
#ifndef BW_STORE_SEGMENT_BLOCK_H
#define BW_STORE_SEGMENT_BLOCK_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum {
    BW_BLOCK_MAX = 500
}; /* records a block; must stay below 512 (segment_read.c) */

struct bw_block_record {
    const char *jws;
    size_t jws_len;
    char sha256[BW_HASH_LEN + 1];
    int64_t position;
    int64_t seq;
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t received_unix_ms;
    enum bw_egress egress;
};

struct bw_block {
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    size_t n;
    struct bw_block_record *records;
    char *text; /* what the records' jws point into */
};

/* Append the block's bytes: n records of one key and site, in the order of seq. Checked:
 * what was appended decodes to the same. -EINVAL when it does not, -ENOMEM. Any thread. */
int bw_block_encode(const char *kid,
                    const char *site,
                    const struct bw_block_record *records,
                    size_t n,
                    struct bw_buf *out,
                    struct bw_err *reterr);

/* The whole block of n bytes; *ret on success only. -BW_EMALFORMED, -BW_ENEWER, -ENOMEM.
 * Safe on any bytes. Any thread. */
int bw_block_decode(const void *data,
                    size_t n,
                    struct bw_block *ret,
                    struct bw_err *reterr);
void bw_block_done(struct bw_block *b); /* zeroed is fine */

#endif

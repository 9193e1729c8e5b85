/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment.h - one immutable file of sealed records: blocks, day rows, an index.
 *
 * A segment holds the positions [from, to) of the ledger, every one of them. It is
 * written under a temporary name, synced, renamed, its folder synced; only then may the
 * ledger name it. Every byte that is read was checked against a SHA-256: that of a block
 * stands in the index, that of the index and of each day row in the ledger. For the
 * ledger alone. */
#ifndef BW_STORE_SEGMENT_H
#define BW_STORE_SEGMENT_H

#include "segment_block.h"

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum {
    BW_SEGMENT_NAME_MAX = 63,
    BW_BLOCK_SUM = 32
};

/* ---- writing ---------------------------------------------------------------------- */

struct bw_segment_writer;

struct bw_segment_made {
    char file[BW_SEGMENT_NAME_MAX + 1]; /* its name within the folder */
    char sha256[BW_HASH_LEN + 1];       /* of the whole file, for people */
    char index_sha256[BW_HASH_LEN + 1]; /* of its magic, index and footer */
    int64_t file_bytes;
    int64_t raw_bytes; /* of the compact JWS within */
};

/* Begin FOLDER/NAME.tmp; the folder is made when missing. */
int bw_segment_writer_new(const char *folder,
                          int64_t from_position,
                          int64_t to_position,
                          struct bw_segment_writer **ret,
                          struct bw_err *reterr);
/* Records of one key and site in the order of seq, at most BW_BLOCK_MAX. */
int bw_segment_add_block(struct bw_segment_writer *w,
                         const char *kid,
                         const char *site,
                         const struct bw_block_record *records,
                         size_t n,
                         struct bw_err *reterr);
/* A day's bytes; where they lie is for the ledger to remember. */
int bw_segment_add_day(struct bw_segment_writer *w,
                       const void *day,
                       size_t n,
                       int64_t *ret_offset,
                       int64_t *ret_length,
                       char ret_sha256[BW_HASH_LEN + 1],
                       struct bw_err *reterr);
/* Index, sync, rename, sync of the folder. -EINVAL when a position is missing. */
int bw_segment_finish(struct bw_segment_writer *w,
                      struct bw_segment_made *ret,
                      struct bw_err *reterr);
/* Drops the temporary file of an unfinished one; NULL is fine. */
void bw_segment_writer_free(struct bw_segment_writer *w);

/* ---- reading ---------------------------------------------------------------------- */

struct bw_block_info {
    int64_t offset;
    int64_t length;
    int64_t n;
    int64_t from_seq;
    int64_t to_seq;
    int64_t min_start;
    int64_t max_start;
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    uint8_t sum[BW_BLOCK_SUM]; /* SHA-256 of its bytes */
};

struct bw_segment {
    int64_t from_position;
    int64_t to_position;
    const struct bw_block_info *blocks;
    size_t n_blocks;
};

/* Open files of one folder, the newest used kept open; and decoded blocks likewise. */
struct bw_segments;

struct bw_segments *bw_segments_new(const char *folder); /* NULL: no memory */
void bw_segments_free(struct bw_segments *s);            /* NULL is fine */

/* Lent until the next bw_segments_open(). index_sha256 as bw_segment_finish() gave it.
 * -EIO when the file is gone, -BW_EMALFORMED when it is damaged. */
int bw_segments_open(struct bw_segments *s,
                     const char *file,
                     const char *index_sha256,
                     const struct bw_segment **ret,
                     struct bw_err *reterr);
/* Block i, lent until the next call that decodes or opens. */
int bw_segments_block(struct bw_segments *s,
                      const struct bw_segment *seg,
                      size_t i,
                      const struct bw_block **ret,
                      struct bw_err *reterr);
/* The record at a position of seg, lent likewise, with its block. */
int bw_segments_at(struct bw_segments *s,
                   const struct bw_segment *seg,
                   int64_t position,
                   const struct bw_block **ret_block,
                   const struct bw_block_record **ret,
                   struct bw_err *reterr);
/* Append the day's bytes. */
int bw_segments_day(struct bw_segments *s,
                    const char *file,
                    int64_t offset,
                    int64_t length,
                    const char *sha256,
                    struct bw_buf *out,
                    struct bw_err *reterr);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * batch.h - the body of a post as lines: inflating and splitting, both bounded. Pure, any
 * thread; the input is hostile. */
#ifndef BW_BATCH_H
#define BW_BATCH_H

#include <bw/units.h>
#include <stddef.h>

struct bw_buf;
struct bw_err;

struct bw_batch_line {
    const char *text; /* within the body, not NUL-terminated */
    size_t len;
};

/* Inflate zstd frames into *out (cleared first; its own maximum does not matter): a
 * window of at most 8 MiB, at most BW_POST_BYTES_MAX bytes. -BW_EMALFORMED: broken, cut
 * short or asking for more memory; -E2BIG: more bytes than that. */
int bw_batch_inflate(const void *data, size_t n, struct bw_buf *out, struct bw_err *reterr);

/* Split into lines without their '\n'; the last may lack it. -BW_EMALFORMED: nothing at
 * all, or a NUL byte; -E2BIG: more than BW_POST_BYTES_MAX bytes; -EOVERFLOW: more than
 * BW_POST_LINES_MAX lines. lines[BW_POST_LINES_MAX]. */
int bw_batch_split(const char *text,
                   size_t n,
                   struct bw_batch_line *lines,
                   size_t *ret_n,
                   struct bw_err *reterr);

#endif

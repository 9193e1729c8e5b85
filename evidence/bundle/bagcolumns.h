/* SPDX-License-Identifier: GPL-3.0-or-later
 * bagcolumns.h - signed records as columns of text (docs/bag-v1.md, "Records"): what a
 * general compressor finds repeats in, and what a few lines of any language turn into the
 * exact compact JWS again. Pure. */
#ifndef BW_BUNDLE_COLUMNS_H
#define BW_BUNDLE_COLUMNS_H

#include <stddef.h>

struct bw_buf;
struct bw_err;

enum {
    BW_COLUMNS_RECORDS = 4096,    /* of a part, as written */
    BW_COLUMNS_RECORDS_MAX = 8192 /* … and as read */
};

/* Append one part: lines[n] are compact JWS, each with its newline. Checked: what was
 * appended gives the same lines again. -EINVAL where a line is none that a part can hold,
 * -ENOMEM. Any thread. */
int bw_columns_write(const char *lines,
                     size_t n,
                     struct bw_buf *out,
                     struct bw_err *reterr);
/* Append a part's lines. -BW_EMALFORMED, -BW_ENEWER, -ENOMEM. Safe on any bytes. Any
 * thread. */
int bw_columns_read(const char *data, size_t n, struct bw_buf *out, struct bw_err *reterr);

#endif

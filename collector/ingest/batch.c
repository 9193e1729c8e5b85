/* SPDX-License-Identifier: GPL-3.0-or-later
 * batch.c - inflate and split a post. No output byte is made beyond the limit, whatever
 * the input claims. */
#include "batch.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <string.h>
#include <zstd.h>

enum {
    WINDOW_LOG_MAX = 23, /* 8 MiB */
    PIECE_BYTES = 65536
};

int bw_batch_inflate(const void *data, size_t n, struct bw_buf *out, struct bw_err *reterr)
{
    int r = 0;
    char piece[PIECE_BYTES];
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    if (!ctx) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_buf_clear(out);
    (void)ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    ZSTD_inBuffer in = {.src = data, .size = n, .pos = 0};
    size_t left = 1; /* 0: a frame is whole */
    for (;;) {
        ZSTD_outBuffer o = {.dst = piece, .size = sizeof(piece), .pos = 0};
        size_t before = in.pos;
        if (left == 0 && in.pos == in.size) {
            break;
        }
        left = ZSTD_decompressStream(ctx, &o, &in);
        if (ZSTD_isError(left)) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "zstd: %s", ZSTD_getErrorName(left));
            goto out;
        }
        if (out->len + o.pos > BW_POST_BYTES_MAX) {
            r = bw_err_set(reterr, -E2BIG, "more than %d bytes after inflating",
                           BW_POST_BYTES_MAX);
            goto out;
        }
        bw_buf_add(out, piece, o.pos);
        if (o.pos == 0 && in.pos == before && left != 0) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "zstd: cut short after %zu bytes", n);
            goto out;
        }
    }
    r = bw_buf_error(out);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
    }
out:
    ZSTD_freeDCtx(ctx);
    return r;
}

int bw_batch_split(const char *text,
                   size_t n,
                   struct bw_batch_line *lines,
                   size_t *ret_n,
                   struct bw_err *reterr)
{
    if (n == 0) {
        return bw_err_set(reterr, -BW_EMALFORMED, "the post is empty");
    }
    if (n > BW_POST_BYTES_MAX) {
        return bw_err_set(reterr, -E2BIG, "more than %d bytes", BW_POST_BYTES_MAX);
    }
    if (memchr(text, '\0', n)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "the post contains a NUL byte");
    }
    size_t count = 0;
    const char *end = text + n;
    for (const char *t = text; t < end;) {
        const char *newline = memchr(t, '\n', (size_t)(end - t));
        const char *stop = newline ? newline : end;
        if (count == BW_POST_LINES_MAX) {
            return bw_err_set(reterr, -EOVERFLOW, "more than %d lines", BW_POST_LINES_MAX);
        }
        lines[count].text = t;
        lines[count].len = (size_t)(stop - t);
        count++;
        t = stop + 1;
    }
    *ret_n = count;
    return 0;
}

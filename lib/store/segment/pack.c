/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack.c - small binary pieces. */
#include "pack.h"

#include "buf.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

void bw_pack_u64(struct bw_buf *b, uint64_t v)
{
    uint8_t out[10];
    size_t n = 0;
    while (v >= 0x80) {
        out[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    out[n++] = (uint8_t)v;
    bw_buf_add(b, out, n);
}

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

void bw_pack_i64(struct bw_buf *b, int64_t v)
{
    bw_pack_u64(b, zigzag(v));
}

size_t bw_pack_size_i64(int64_t v)
{
    size_t n = 1;
    for (uint64_t u = zigzag(v); u >= 0x80; u >>= 7) {
        n++;
    }
    return n;
}

void bw_pack_bytes(struct bw_buf *b, const void *data, size_t n)
{
    bw_pack_u64(b, n);
    if (n > 0) {
        bw_buf_add(b, data, n);
    }
}

uint64_t bw_unpack_u64(struct bw_unpack *u)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (u->bad || u->left == 0) {
            break;
        }
        uint8_t c = *u->at++;
        u->left--;
        if (shift == 63 && c > 1) {
            break;
        }
        v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80)) {
            return v;
        }
    }
    u->bad = true;
    return 0;
}

int64_t bw_unpack_i64(struct bw_unpack *u)
{
    uint64_t v = bw_unpack_u64(u);
    uint64_t half = v >> 1;
    return v & 1 ? -(int64_t)half - 1 : (int64_t)half;
}

const void *bw_unpack_raw(struct bw_unpack *u, size_t n)
{
    const void *p = u->at;
    if (u->bad || n > u->left) {
        u->bad = true;
        return NULL;
    }
    u->at += n;
    u->left -= n;
    return p;
}

const void *bw_unpack_bytes(struct bw_unpack *u, size_t *ret_n)
{
    uint64_t n = bw_unpack_u64(u);
    *ret_n = 0;
    if (u->bad || n > u->left) {
        u->bad = true;
        return NULL;
    }
    *ret_n = (size_t)n;
    return bw_unpack_raw(u, (size_t)n);
}

int bw_pack_zstd(struct bw_buf *out, const void *data, size_t n, int level)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    size_t cap = ZSTD_compressBound(n);
    void *frame = malloc(cap);
    size_t got = 0;
    int r = -ENOMEM;
    if (!z || !frame) {
        goto out;
    }
    (void)ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level);
    (void)ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    got = ZSTD_compress2(z, frame, cap, data, n);
    if (ZSTD_isError(got)) {
        goto out;
    }
    bw_buf_add(out, frame, got);
    r = bw_buf_error(out);
out:
    free(frame);
    (void)ZSTD_freeCCtx(z);
    return r;
}

int bw_unpack_zstd(
    struct bw_buf *out, const void *frame, size_t n, size_t max, struct bw_err *reterr)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame, n);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > max) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a sealed piece is damaged");
    }
    char *plain = malloc(size > 0 ? (size_t)size : 1);
    if (!plain) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    size_t got = ZSTD_decompress(plain, (size_t)size, frame, n);
    int r = 0;
    if (ZSTD_isError(got) || got != size) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "a sealed piece is damaged");
    } else {
        bw_buf_add(out, plain, got);
        r = bw_buf_error(out);
    }
    free(plain);
    return r;
}

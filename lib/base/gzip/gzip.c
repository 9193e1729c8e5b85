/* SPDX-License-Identifier: GPL-3.0-or-later
 * gzip.c - zlib's deflate and inflate with gzip's frame.
 *
 * Invariant: a packer is at the beginning of a member after each whole one. */
#include "gzip.h"

#include <buf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    WINDOW_BITS = 15,
    GZIP_FRAME = 16, /* added to them: zlib.h, deflateInit2 */
    MEM_LEVEL = 8,
    STEP_BYTES = 16384
};

struct bw_gzip {
    z_stream z;
};

int bw_gzip_new(int level, struct bw_gzip **ret)
{
    struct bw_gzip *g = calloc(1, sizeof(*g));

    if (!g || deflateInit2(&g->z, level, Z_DEFLATED, WINDOW_BITS + GZIP_FRAME, MEM_LEVEL,
                           Z_DEFAULT_STRATEGY) != Z_OK) {
        free(g);
        return -ENOMEM;
    }
    *ret = g;
    return 0;
}

void bw_gzip_free(struct bw_gzip *g)
{
    if (g) {
        (void)deflateEnd(&g->z);
        free(g);
    }
}

/* zlib counts in unsigned int, and wants what it only reads without const. */
static Bytef *bytes_of(const void *data)
{
    union {
        const void *in;
        Bytef *out;
    } lent = {.in = data};
    return lent.out;
}

static unsigned step_of(size_t n)
{
    return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

int bw_gzip_some(struct bw_gzip *g,
                 const char **io_data,
                 size_t *io_n,
                 bool last,
                 char *out,
                 size_t cap,
                 size_t *ret_n)
{
    unsigned in = step_of(*io_n);
    unsigned room = step_of(cap);
    int r;

    g->z.next_in = bytes_of(*io_data);
    g->z.avail_in = in;
    g->z.next_out = bytes_of(out);
    g->z.avail_out = room;
    r = deflate(&g->z, last && in == *io_n ? Z_FINISH : Z_NO_FLUSH);
    *io_data += in - g->z.avail_in;
    *io_n -= in - g->z.avail_in;
    *ret_n = room - g->z.avail_out;
    if (r == Z_STREAM_END) {
        (void)deflateReset(&g->z);
        return 1;
    }
    return 0; /* Z_BUF_ERROR: nothing to do without more of either */
}

int bw_gzip_whole(struct bw_gzip *g, const void *data, size_t n, struct bw_buf *out)
{
    char piece[STEP_BYTES];
    const char *at = data;
    size_t got = 0;
    int over = 0;

    while (!over) {
        over = bw_gzip_some(g, &at, &n, true, piece, sizeof(piece), &got);
        bw_buf_add(out, piece, got);
    }
    return bw_buf_error(out);
}

int bw_gzip_open(const void *data, size_t n, struct bw_buf *out)
{
    char piece[STEP_BYTES];
    z_stream z;
    int r = n > UINT_MAX ? Z_DATA_ERROR : Z_OK;

    memset(&z, 0, sizeof(z));
    if (inflateInit2(&z, WINDOW_BITS + GZIP_FRAME) != Z_OK) {
        return -ENOMEM;
    }
    z.next_in = bytes_of(data);
    z.avail_in = step_of(n);
    while (r == Z_OK && bw_buf_error(out) == 0) {
        z.next_out = bytes_of(piece);
        z.avail_out = sizeof(piece);
        r = inflate(&z, Z_NO_FLUSH);
        bw_buf_add(out, piece, sizeof(piece) - z.avail_out);
    }
    (void)inflateEnd(&z);
    if (bw_buf_error(out) < 0) {
        return bw_buf_error(out);
    }
    return r == Z_STREAM_END && z.avail_in == 0 ? 0 : r == Z_MEM_ERROR ? -ENOMEM : -EINVAL;
}

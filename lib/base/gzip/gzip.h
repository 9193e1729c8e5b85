/* SPDX-License-Identifier: GPL-3.0-or-later
 * gzip.h - gzip members (RFC 1952) in memory, by zlib. The same bytes give the same member:
 * it names no time and no file. */
#ifndef BW_GZIP_H
#define BW_GZIP_H

#include <stdbool.h>
#include <stddef.h>

struct bw_buf;
struct bw_gzip;

enum {
    BW_GZIP_FAST = 1, /* zlib's levels */
    BW_GZIP_USUAL = 5,
    BW_GZIP_BEST = 9
};

/* A packer makes one member after the other; one thread at a time. -ENOMEM. */
int bw_gzip_new(int level, struct bw_gzip **ret);
void bw_gzip_free(struct bw_gzip *g); /* NULL is fine */

/* data[n] as one member, appended to *out, whose errors stick there. */
int bw_gzip_whole(struct bw_gzip *g, const void *data, size_t n, struct bw_buf *out);

/* A member in pieces. Takes from *io_data (moved on, with *io_n) what it can, and puts what
 * is ready into out[cap], *ret_n bytes of it. `last`: nothing comes after these; 1 says
 * that the member is whole, and the next call begins another. */
int bw_gzip_some(struct bw_gzip *g,
                 const char **io_data,
                 size_t *io_n,
                 bool last,
                 char *out,
                 size_t cap,
                 size_t *ret_n);

/* What one member holds, appended to *out. -EINVAL: it is none, is cut, or something stands
 * behind it; -E2BIG: it is larger than *out may become. */
int bw_gzip_open(const void *data, size_t n, struct bw_buf *out);

#endif

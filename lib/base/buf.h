/* SPDX-License-Identifier: GPL-3.0-or-later
 * buf.h - a growing byte buffer with a named maximum. Errors stick: after the first
 * failed append every later one is a no-op, and bw_buf_error() tells once at the end. */
#ifndef BW_BUF_H
#define BW_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf {
    char *data; /* NUL-terminated for convenience; NULL while empty */
    size_t len;
    size_t cap;
    size_t max;
    int error; /* 0, -ENOMEM or -E2BIG */
};

/* Empty, may grow to max bytes. Nothing is allocated yet. */
void bw_buf_init(struct bw_buf *b, size_t max);
void bw_buf_done(struct bw_buf *b);
/* Length 0, error cleared, memory kept. */
void bw_buf_clear(struct bw_buf *b);

void bw_buf_add(struct bw_buf *b, const void *data, size_t n);
void bw_buf_puts(struct bw_buf *b, const char *text);
void bw_buf_putc(struct bw_buf *b, char c);
void bw_buf_printf(struct bw_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void bw_buf_vprintf(struct bw_buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
void bw_buf_i64(struct bw_buf *b, int64_t v); /* decimal, fast */

/* 0 or the first error. */
int bw_buf_error(const struct bw_buf *b);

/* Take the bytes (free() them); *ret_n may be NULL. NULL when an error stuck. */
char *bw_buf_take(struct bw_buf *b, size_t *ret_n);

#endif

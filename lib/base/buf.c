/* SPDX-License-Identifier: GPL-3.0-or-later
 * buf.c - a growing byte buffer with a named maximum.
 *
 * Invariant: data is NULL or holds cap bytes, cap > len, data[len] == 0; len <= max. Once
 * error is set nothing is appended any more. */
#include "buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAP = 256
};

void bw_buf_init(struct bw_buf *b, size_t max)
{
    *b = (struct bw_buf){.max = max};
}

void bw_buf_done(struct bw_buf *b)
{
    free(b->data);
    *b = (struct bw_buf){.max = b->max};
}

void bw_buf_clear(struct bw_buf *b)
{
    b->len = 0;
    b->error = 0;
    if (b->data) {
        b->data[0] = '\0';
    }
}

/* Room for n more bytes and the NUL; false with the error set otherwise. */
static int reserve(struct bw_buf *b, size_t n)
{
    size_t want;
    size_t cap;
    char *data;

    if (b->error) {
        return b->error;
    }
    if (n > b->max - b->len) {
        b->error = -E2BIG;
        return b->error;
    }
    want = b->len + n + 1;
    if (want == 0) {
        b->error = -E2BIG;
        return b->error;
    }
    if (want <= b->cap) {
        return 0;
    }
    cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < want) {
        cap = cap > SIZE_MAX / 2 ? want : cap * 2;
    }
    if (b->max < SIZE_MAX && cap > b->max + 1) {
        cap = b->max + 1;
    }
    data = realloc(b->data, cap);
    if (!data) {
        b->error = -ENOMEM;
        return b->error;
    }
    b->data = data;
    b->cap = cap;
    b->data[b->len] = '\0';
    return 0;
}

void bw_buf_add(struct bw_buf *b, const void *data, size_t n)
{
    /* n = 0 still allocates, so that data is a string afterwards */
    if (reserve(b, n) < 0 || n == 0) {
        return;
    }
    memcpy(b->data + b->len, data, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void bw_buf_puts(struct bw_buf *b, const char *text)
{
    bw_buf_add(b, text, strlen(text));
}

void bw_buf_putc(struct bw_buf *b, char c)
{
    bw_buf_add(b, &c, 1);
}

void bw_buf_vprintf(struct bw_buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    if (reserve(b, 0) < 0) {
        return;
    }
    va_copy(again, ap);
    n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
    if (n < 0) {
        b->data[b->len] = '\0';
        b->error = -EINVAL;
    } else if ((size_t)n < b->cap - b->len) {
        b->len += (size_t)n;
    } else {
        b->data[b->len] = '\0';
        if (reserve(b, (size_t)n) == 0) {
            (void)vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
            b->len += (size_t)n;
        }
    }
    va_end(again);
}

void bw_buf_printf(struct bw_buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    bw_buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void bw_buf_i64(struct bw_buf *b, int64_t v)
{
    char text[20];
    size_t at = sizeof(text);
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    do {
        text[--at] = (char)('0' + (char)(u % 10));
        u /= 10;
    } while (u);
    if (v < 0) {
        text[--at] = '-';
    }
    bw_buf_add(b, text + at, sizeof(text) - at);
}

int bw_buf_error(const struct bw_buf *b)
{
    return b->error;
}

char *bw_buf_take(struct bw_buf *b, size_t *ret_n)
{
    char *data;
    size_t n;

    if (reserve(b, 0) < 0) {
        return NULL;
    }
    data = b->data;
    n = b->len;
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
    if (ret_n) {
        *ret_n = n;
    }
    return data;
}

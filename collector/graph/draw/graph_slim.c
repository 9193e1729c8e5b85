/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_slim.c - a picture in fewer bytes: cairo writes places to a millionth of a pixel,
 * of which less than a tenth is seen by nobody. Text, colours and matrices stay as they
 * are. */
#include "graph_worker.h"

#include <buf.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number at text[0 … n) to one decimal, none where that is a zero. */
static void put_number(struct bw_buf *out, const char *text, size_t n)
{
    const char *dot = memchr(text, '.', n);
    size_t whole = dot ? (size_t)(dot - text) : n;
    if (!dot || n - whole <= 2 || whole > 9) {
        bw_buf_add(out, text, n);
        return;
    }
    bool minus = text[0] == '-';
    long v = 0;
    for (size_t i = minus ? 1 : 0; i < whole + 2; i++) {
        v = i == whole ? v : v * 10 + (text[i] - '0');
    }
    v += text[whole + 2] >= '5';
    bw_buf_printf(out, "%s%ld", minus && v > 0 ? "-" : "", v / 10);
    if (v % 10 > 0) {
        bw_buf_printf(out, ".%ld", v % 10);
    }
}

/* The value of an attribute: up to its quote. */
static const char *slim_value(struct bw_buf *out, const char *p, const char *end)
{
    while (p < end && *p != '"') {
        size_t n = *p == '-' && p + 1 < end && is_digit(p[1]) ? 1 : 0;
        while (p + n < end && (is_digit(p[n]) || p[n] == '.')) {
            n++;
        }
        bool exponent = n > 0 && p + n < end && (p[n] == 'e' || p[n] == 'E');
        if (n > 0 && !exponent) {
            put_number(out, p, n);
            p += n;
        } else {
            bw_buf_add(out, p, n + 1);
            p += n + 1;
        }
    }
    return p;
}

void bw_graph_slim(const char *svg, size_t n, struct bw_buf *out)
{
    static const char *const names[] = {" d=\"", " x=\"", " y=\""};
    const char *end = svg + n;
    const char *p = svg;
    while (p < end) {
        size_t k = 0;
        while (k < 3 &&
               !((size_t)(end - p) > 4 && memcmp(p, names[k], strlen(names[k])) == 0)) {
            k++;
        }
        if (k == 3) {
            const char *next = memchr(p + 1, ' ', (size_t)(end - p - 1));
            next = next ? next : end;
            bw_buf_add(out, p, (size_t)(next - p));
            p = next;
        } else {
            bw_buf_puts(out, names[k]);
            p = slim_value(out, p + strlen(names[k]), end);
        }
    }
}

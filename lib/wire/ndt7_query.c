/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_query.c - the metadata in an ndt7 address: "name=value" joined by "&", each
 * percent-encoded (RFC 3986); "+" is itself. */
#include "ndt7.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <string.h>
#include <text.h>
#include <utf8.h>

void bw_ndt7_query_add(struct bw_buf *out, const char *name, const char *value)
{
    bool begun = out->data && memchr(out->data, '?', out->len) != NULL;
    bw_buf_putc(out, begun ? '&' : '?');
    bw_text_url(out, name);
    bw_buf_putc(out, '=');
    bw_text_url(out, value);
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; the new length, or -1. */
static long decode(char *text, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '%') {
            int high = i + 2 < n ? hex_of(text[i + 1]) : -1;
            int low = i + 2 < n ? hex_of(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return -1;
            }
            text[to++] = (char)(high << 4 | low);
            i += 2;
        } else {
            text[to++] = text[i];
        }
    }
    text[to] = '\0';
    return (long)to;
}

static bool is_fine(const char *text, size_t n)
{
    return n > 0 && bw_utf8_valid(text, n) && bw_utf8_hidden(text, n) == n;
}

static int
read_one(char *text, size_t n, struct bw_ndt7_parameter *ret, struct bw_err *reterr)
{
    char *equals = memchr(text, '=', n);
    long name_n;
    long value_n;
    if (!equals || equals == text || equals + 1 == text + n) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a parameter without a name or a value");
    }
    value_n = decode(equals + 1, (size_t)(text + n - (equals + 1)));
    name_n = decode(text, (size_t)(equals - text));
    if (name_n < 0 || value_n < 0 || !is_fine(text, (size_t)name_n) ||
        !is_fine(equals + 1, (size_t)value_n)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "a parameter that is no UTF-8 text");
    }
    *ret = (struct bw_ndt7_parameter){.name = text, .value = equals + 1};
    return 0;
}

int bw_ndt7_query_read(char *text,
                       size_t n,
                       struct bw_ndt7_parameter ret[BW_NDT7_PARAMETERS_MAX],
                       size_t *ret_n,
                       struct bw_err *reterr)
{
    size_t count = 0;
    size_t at = 0;
    if (n > BW_NDT7_QUERY_MAX) {
        return bw_err_set(reterr, -E2BIG, "metadata of more than %d bytes",
                          BW_NDT7_QUERY_MAX);
    }
    while (n > 0 && at <= n) { /* behind a last "&" stands one without a name */
        char *amp = memchr(text + at, '&', n - at);
        size_t length = amp ? (size_t)(amp - (text + at)) : n - at;
        int r;
        if (count == BW_NDT7_PARAMETERS_MAX) {
            return bw_err_set(reterr, -E2BIG, "more than %d parameters",
                              BW_NDT7_PARAMETERS_MAX);
        }
        r = read_one(text + at, length, &ret[count], reterr);
        if (r < 0) {
            return r;
        }
        for (size_t i = 0; i < count; i++) {
            if (strcmp(ret[i].name, ret[count].name) == 0) {
                return bw_err_set(reterr, -BW_EMALFORMED,
                                  "parameter '%.60s' is there twice", ret[count].name);
            }
        }
        count++;
        at += length + 1;
    }
    *ret_n = count;
    return 0;
}

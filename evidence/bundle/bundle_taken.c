/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_taken.c - when the collector took each record in: a table whose n-th row belongs
 * to the n-th record. An empty field is what is not known. */
#include "bundle_private.h"

#include "buf.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char heading[] = "position,received_unix_ms,egress\r\n";

enum {
    DIGITS_MAX = 18,
    FIRST_CAP = 1024
};

void bw_bundle_taken_head(struct bw_buf *out)
{
    bw_buf_puts(out, heading);
}

static void put(struct bw_buf *out, int64_t v)
{
    if (v != BW_UNKNOWN) {
        bw_buf_i64(out, v);
    }
}

void bw_bundle_taken_add(struct bw_buf *out, const struct bw_josefile_taken *t)
{
    put(out, t->position);
    bw_buf_putc(out, ',');
    put(out, t->received_unix_ms);
    bw_buf_putc(out, ',');
    bw_buf_puts(out, bw_egress_name(t->egress) ? bw_egress_name(t->egress) : "");
    bw_buf_puts(out, "\r\n");
}

/* A number or nothing, up to its comma. */
static bool number(const char **at, const char *end, int64_t *ret)
{
    const char *p = *at;
    int64_t v = 0;

    while (p < end && *p >= '0' && *p <= '9' && p - *at < DIGITS_MAX) {
        v = v * 10 + (*p++ - '0');
    }
    if (p == end || *p != ',' || (p - *at > 1 && **at == '0')) {
        return false;
    }
    *ret = p == *at ? BW_UNKNOWN : v;
    *at = p + 1;
    return true;
}

static bool egress(const char **at, const char *end, enum bw_egress *ret)
{
    static const enum bw_egress all[] = {BW_EGRESS_UNKNOWN, BW_EGRESS_MATCH,
                                         BW_EGRESS_OTHER};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *name = bw_egress_name(all[i]) ? bw_egress_name(all[i]) : "";
        size_t n = strlen(name);
        if ((size_t)(end - *at) >= n + 2 && memcmp(*at, name, n) == 0 &&
            memcmp(*at + n, "\r\n", 2) == 0) {
            *ret = all[i];
            *at += n + 2;
            return true;
        }
    }
    return false;
}

int bw_bundle_taken_read(const char *data,
                         size_t n,
                         size_t most,
                         struct bw_josefile_taken **ret,
                         size_t *ret_n,
                         struct bw_err *reterr)
{
    struct bw_josefile_taken *list = NULL;
    const char *at = data + strlen(heading);
    const char *end = data + n;
    size_t cap = 0;
    size_t k = 0;
    int r = 0;

    if (n < strlen(heading) || memcmp(data, heading, strlen(heading)) != 0) {
        return bw_err_set(reterr, -BW_EMALFORMED, "does not begin with its heading");
    }
    for (; r == 0 && at < end; k++) {
        if (k == most) {
            r = bw_err_set(reterr, -E2BIG, "more rows than records");
            break;
        }
        if (k == cap) {
            struct bw_josefile_taken *grown;
            cap = cap ? 2 * cap : FIRST_CAP;
            grown = reallocarray(list, cap, sizeof(*grown));
            if (!grown) {
                r = bw_err_set(reterr, -ENOMEM, "out of memory");
                break;
            }
            list = grown;
        }
        if (!number(&at, end, &list[k].position) ||
            !number(&at, end, &list[k].received_unix_ms) ||
            !egress(&at, end, &list[k].egress)) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "row %zu is none", k + 1);
        }
    }
    if (r < 0) {
        free(list);
        return r;
    }
    *ret = list ? list : calloc(1, sizeof(*list));
    *ret_n = k;
    return *ret ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
}

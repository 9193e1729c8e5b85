/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_claimline.c - any bytes as the body of a claim or an entity: what is taken encodes
 * to the same bytes. */
#include "claimline.h"
#include "entityline.h"

#include <buf.h>
#include <bw/err.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data;
    struct bw_claimline c;
    struct bw_entityline e;
    struct bw_decimal d;
    struct bw_err err;
    struct bw_buf b;

    bw_buf_init(&b, 65536);
    if (bw_claimline_decode(text, n, &c, &err) == 0) {
        if (bw_claimline_encode(&c, &b, &err) < 0 || b.len != n ||
            memcmp(b.data, text, n) != 0) {
            abort();
        }
    }
    bw_claimline_done(&c);
    bw_buf_clear(&b);
    if (bw_entityline_decode(text, n, &e, &err) == 0) {
        if (bw_entityline_encode(&e, &b, &err) < 0 || b.len != n ||
            memcmp(b.data, text, n) != 0) {
            abort();
        }
    }
    bw_buf_done(&b);
    if (bw_decimal_parse(text, n, &d) == 0) {
        char out[BW_DECIMAL_TEXT_MAX + 1];
        struct bw_decimal again;
        bw_decimal_text(&d, 0, out);
        if (bw_decimal_parse(out, strlen(out), &again) < 0 || again.n != d.n ||
            again.scale != d.scale) {
            abort();
        }
    }
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_plainclaims.c - any bytes as a plain table of claims: what is kept can be read
 * again, and every row is kept or refused. */
#include "plainclaims.h"

#include <bw/err.h>
#include <csvrows.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bw_csv *csv;
    struct bw_plain *p;
    struct bw_claimline c;
    struct bw_err err;
    int64_t line;

    if (bw_csv_memory("fuzz", data, n, &csv, &err) < 0) {
        return 0;
    }
    if (bw_plain_read(csv, BW_UNIT_NONE, &p, &err) == 0) {
        const struct bw_plain_sum *sum = bw_plain_sum(p);
        int64_t kept = 0;
        for (size_t i = 0; i < bw_plain_claims(p); i++) {
            int r = bw_plain_claim(p, i, &c, &line, &err);
            if (r < 0) {
                abort();
            }
            if (r > 0) {
                kept++;
                bw_claimline_done(&c);
            }
        }
        if (sum->rows != sum->kept + sum->refused || sum->kept != kept) {
            abort();
        }
        bw_plain_free(p);
    }
    bw_csv_close(csv);
    return 0;
}

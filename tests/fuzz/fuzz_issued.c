/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_issued.c - any bytes as an entry of the register of issued reports: rows that are
 * taken are sorted, and each is found by its name. */
#include "issued_private.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_issued *e = calloc(1, sizeof(*e));
    struct bw_buf text;
    if (!e) {
        return 0;
    }
    bw_buf_init(&text, BW_ISSUED_ROWS_BYTES_MAX);
    bw_buf_init(&e->rows.text, BW_ISSUED_ROWS_BYTES_MAX);
    bw_buf_add(&text, data, size);
    if (size > 0 && bw_issued_parse(e, &text, NULL) == 0) {
        for (size_t i = 0; i < e->rows.n; i++) {
            if ((i > 0 &&
                 bw_issued_row_compare(&e->rows.list[i - 1], &e->rows.list[i]) >= 0) ||
                bw_issued_rows_find(&e->rows, &e->rows.list[i]) != &e->rows.list[i]) {
                abort();
            }
        }
    }
    bw_issued_done(e);
    bw_buf_done(&text);
    free(e);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_roster.c - any bytes as a table of sites, pasted or not: it is read without harm,
 * wrong rows are no more than rows, and what is told of them are lines. */
#include "roster.h"

#include <buf.h>
#include <bw/err.h>
#include <csvrows.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bw_roster *r = NULL;
    struct bw_csv *csv = NULL;
    struct bw_err err;
    struct bw_buf text;
    const char *words = NULL;

    bw_buf_init(&text, 4 * n + 16);
    bw_roster_pasted((const char *)data, n, &text);
    if (bw_buf_error(&text) < 0) {
        abort(); /* a cell at most doubles, but for its quotes */
    }
    if (bw_csv_memory("fuzz", text.data ? text.data : "", text.len, &csv, &err) == 0) {
        if (bw_roster_read(csv, &r, &err) == 0) {
            size_t lines = 0;
            size_t wrong = bw_roster_wrong(r, &words);
            for (const char *w = words; *w; w++) {
                lines += *w == '\n';
            }
            if (wrong > bw_roster_rows(r) || bw_roster_n_new(r) > bw_roster_rows(r) ||
                lines < (wrong < BW_ROSTER_WRONG_MAX ? wrong : BW_ROSTER_WRONG_MAX)) {
                abort();
            }
        }
        bw_roster_free(r);
        bw_csv_close(csv);
    }
    bw_buf_done(&text);
    return 0;
}

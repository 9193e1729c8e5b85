/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_schoolcal_csv.c - any bytes as a calendar's table; what is accepted reads back from
 * its canonical text. */
#include "schoolcal.h"
#include "schoolcal_csv.h"

#include <buf.h>
#include <bw/err.h>
#include <csvrows.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bw_schoolcal *c = NULL;
    struct bw_schoolcal *d = NULL;
    struct bw_csv *csv = NULL;
    struct bw_err err = {""};
    struct bw_buf text;

    if (bw_csv_memory("fuzz", data, n, &csv, &err) < 0) {
        return 0;
    }
    bw_buf_init(&text, BW_SCHOOLCAL_BODY_MAX);
    if (bw_schoolcal_read_csv(csv, NULL, &c, &err) == 0) {
        bw_schoolcal_encode(c, &text);
        if (bw_buf_error(&text) < 0 ||
            bw_schoolcal_decode(text.data, text.len, &d, &err) < 0) {
            abort();
        }
        bw_schoolcal_free(d);
    } else if (!err.text[0]) {
        abort();
    }
    bw_buf_done(&text);
    bw_schoolcal_free(c);
    bw_csv_close(csv);
    return 0;
}

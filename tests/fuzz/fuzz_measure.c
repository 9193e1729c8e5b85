/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_measure.c - any bytes as a line between the collector and its measurement process:
 * what is taken says the same when it is written and read again. */
#include "buf.h"
#include "measure_words.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_measure_line l;
    struct bw_measure_line again;
    struct bw_buf out;
    if (bw_measure_read((const char *)data, size, &l, NULL) < 0) {
        return 0;
    }
    bw_buf_init(&out, 2 * BW_MEASURE_LINE_MAX);
    if (bw_measure_write(&l, &out) < 0 ||
        bw_measure_read(out.data, out.len - 1, &again, NULL) < 0 || again.what != l.what ||
        again.test != l.test) {
        abort();
    }
    bw_measure_line_done(&l);
    bw_measure_line_done(&again);
    bw_buf_done(&out);
    return 0;
}

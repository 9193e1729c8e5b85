/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_hist.c - any bytes as a histogram's text: what is accepted is canonical, and its
 * total is the sum of its counts. */
#include "buf.h"
#include "hist.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_hist h;
    struct bw_buf text;
    int64_t sum = 0;

    bw_hist_init(&h);
    if (bw_hist_decode((const char *)data, size, &h) != 0) {
        return 0;
    }
    bw_buf_init(&text, 65536);
    if (bw_hist_encode(&h, &text) != 0 || text.len != size ||
        (size > 0 && memcmp(text.data, data, size) != 0)) {
        abort();
    }
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        sum += h.count[i];
    }
    if (sum != h.total || bw_hist_at_most(&h, 100000) > sum ||
        (sum == 0) != (bw_hist_percentile_us(&h, 950000) == BW_UNKNOWN)) {
        abort();
    }
    bw_buf_done(&text);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_day.c - a circuit-day's bytes: what is read is written again byte for byte, and
 * stands being clipped. */
#include "buf.h"
#include "fold.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_day_owned d;
    struct bw_buf b;
    if (bw_day_decode(data, size, &d, NULL) != 0) {
        return 0;
    }
    bw_buf_init(&b, 1u << 26);
    if (bw_day_encode(&d.day, &b, NULL) != 0 || b.len != size ||
        memcmp(b.data, data, size) != 0) {
        abort();
    }
    bw_day_clip(&d.day, d.day.day_unix_s + 3600, d.day.day_unix_s + 7200);
    d.day.n_outages = bw_outages_join(d.day.outages, d.day.n_outages);
    bw_buf_done(&b);
    bw_day_done(&d);
    return 0;
}

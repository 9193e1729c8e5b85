/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_summary.c - the reader of contract v1: what it takes, the encoder writes again byte
 * for byte. */
#include "buf.h"

#include <bw/summary.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_summary s;
    struct bw_buf b;
    if (size > 0 && data[size - 1] == '\n') {
        size--; /* seeds are text files */
    }
    if (bw_summary_decode((const char *)data, size, &s, NULL) != 0) {
        return 0;
    }
    bw_buf_init(&b, BW_PAYLOAD_MAX);
    if (bw_summary_encode(&s, &b, NULL) != 0 || b.len != size ||
        memcmp(b.data, data, size) != 0) {
        abort();
    }
    bw_buf_done(&b);
    bw_summary_done(&s);
    return 0;
}

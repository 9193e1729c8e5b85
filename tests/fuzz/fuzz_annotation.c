/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_annotation.c - any bytes as an annotation's body: what is taken ends after it begins
 * and is written back to the same bytes. */
#include "annotation.h"
#include "buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_annotation a;
    struct bw_buf again;
    if (bw_annotation_decode((const char *)data, size, &a, NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 32768);
    if (bw_annotation_encode(&a, &again, NULL) < 0 || again.len != size ||
        memcmp(again.data, data, size) != 0 || a.to_unix_s <= a.from_unix_s ||
        !bw_cause_name((enum bw_cause)a.cause)) {
        abort();
    }
    bw_buf_done(&again);
    return 0;
}

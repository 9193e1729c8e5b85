/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_adoption.c - any bytes as an adoption's body: what is taken is written back to the
 * same bytes. */
#include "adoption.h"
#include "buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_adopt a;
    struct bw_buf again;

    memset(&a, 0, sizeof(a));
    if (bw_fields_decode(bw_adopt_fields, bw_adopt_n_fields, (const char *)data, size, &a,
                         NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 32768);
    if (bw_fields_encode(bw_adopt_fields, bw_adopt_n_fields, &a, &again, NULL) < 0 ||
        again.len != size || memcmp(again.data, data, size) != 0 || a.version < 1) {
        abort();
    }
    bw_buf_done(&again);
    return 0;
}

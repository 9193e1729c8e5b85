/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_binding.c - any bytes as a binding's body: what is taken ends no earlier than it
 * begins and is written back to the same bytes. */
#include "binding.h"
#include "buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_binding a;
    struct bw_buf again;
    if (bw_binding_decode((const char *)data, size, &a, NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 32768);
    if (bw_binding_encode(&a, &again, NULL) < 0 || again.len != size ||
        memcmp(again.data, data, size) != 0 ||
        (a.from[0] && a.to[0] && strcmp(a.from, a.to) > 0)) {
        abort();
    }
    bw_buf_done(&again);
    return 0;
}

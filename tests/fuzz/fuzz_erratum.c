/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_erratum.c - any bytes as an erratum's body: what is taken names fields and an
 * action, ends after it begins, and is written back to the same bytes. */
#include "buf.h"
#include "erratum.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_erratum e;
    struct bw_buf again;
    if (bw_erratum_decode((const char *)data, size, &e, NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 32768);
    if (bw_erratum_encode(&e, &again, NULL) < 0 || again.len != size ||
        memcmp(again.data, data, size) != 0 || e.fields == 0 ||
        e.fields >= INT64_C(1) << BW_ERRATUM_FIELDS || e.action == BW_ERRATUM_NO_ACTION ||
        (e.from_unix_s != BW_UNKNOWN && e.to_unix_s != BW_UNKNOWN &&
         e.to_unix_s <= e.from_unix_s)) {
        abort();
    }
    bw_buf_done(&again);
    return 0;
}

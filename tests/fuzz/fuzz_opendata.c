/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_opendata.c - any bytes as the body of a word about publication: what is taken is
 * written back to the same bytes, and can be weighed. */
#include "buf.h"
#include "opendata_say.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_opendata_say a;
    struct bw_opendata_verdict v;
    struct bw_buf again;

    memset(&a, 0, sizeof(a));
    if (bw_fields_decode(bw_opendata_fields, bw_opendata_n_fields, (const char *)data, size,
                         &a, NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 32768);
    if (bw_fields_encode(bw_opendata_fields, bw_opendata_n_fields, &a, &again, NULL) < 0 ||
        again.len != size || memcmp(again.data, data, size) != 0) {
        abort();
    }
    bw_buf_done(&again);
    (void)bw_opendata_say_check(&a, NULL);
    struct bw_opendata_said said = {.act = a.act,
                                    .from_day = INT64_MIN,
                                    .to_day = INT64_MAX,
                                    .ended_unix_s = BW_UNKNOWN,
                                    .reason = a.reason,
                                    .seen = a.seen};
    bw_opendata_judge(&said, 1, 20759, 2, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
                      &v);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_goal.c - any bytes as the body of a goal: what is taken is
 * written back to the same bytes. */
#include "buf.h"
#include "goal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_goal a;
    struct bw_buf again;

    memset(&a, 0, sizeof(a));
    if (bw_fields_decode(bw_goal_fields, bw_goal_n_fields, (const char *)data, size, &a,
                         NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 32768);
    if (bw_fields_encode(bw_goal_fields, bw_goal_n_fields, &a, &again, NULL) < 0 ||
        again.len != size || memcmp(again.data, data, size) != 0) {
        abort();
    }
    bw_buf_done(&again);
    return 0;
}

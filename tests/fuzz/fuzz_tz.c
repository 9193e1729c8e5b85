/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_tz.c - any bytes as a time zone's file; what is accepted must answer any instant. */
#include "tz.h"

#include <bw/err.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const int64_t instants[] = {-4000000000, -1,         0,         1793577600,
                                       2147483648,  4102444800, 7258118400};
    struct bw_tz *tz;
    struct bw_err err;

    if (bw_tz_parse("fuzz", data, n, &tz, &err) < 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
        struct bw_civil c;
        bw_tz_local(tz, instants[i], &c);
        if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 || c.hour < 0 ||
            c.hour > 23 || c.weekday < 0 || c.weekday > 6) {
            abort();
        }
        (void)bw_tz_unix(tz, &c);
        (void)bw_tz_day_start(tz, c.year, c.month, c.day);
    }
    bw_tz_free(tz);
    return 0;
}

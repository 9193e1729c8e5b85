/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_calendar.c - any bytes as an instructional calendar; what is accepted answers any
 * day. */
#include "calendar.h"

#include <bw/err.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const int64_t days[] = {-1, 0, 20781, 20782, 20783, 20820, 1000000};
    struct bw_calendar *c = NULL;
    struct bw_err err = {0};
    if (bw_calendar_parse((const char *)data, n, "fuzz", &c, &err) < 0) {
        if (!err.text[0]) {
            abort();
        }
        return 0;
    }
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        int until = bw_calendar_until_min(c, days[i]);
        if (until < 0 || until > BW_CALENDAR_WHOLE_DAY) {
            abort();
        }
    }
    bw_calendar_free(c);
    return 0;
}

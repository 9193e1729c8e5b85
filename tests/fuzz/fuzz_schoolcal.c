/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_schoolcal.c - any bytes as the body of a calendar; what is accepted answers any day,
 * writes itself again to the same bytes, and its seconds add up. */
#include "schoolcal.h"
#include "tz.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void ask(const struct bw_schoolcal *c, const struct bw_tz *tz)
{
    const struct bw_schoolcal_spec *s = bw_schoolcal_spec(c);
    int64_t day = s->from_day == BW_UNKNOWN ? 20000 : s->from_day;
    int64_t from = (day - 3) * 86400 + 1;
    int64_t to = from + INT64_C(40) * 86400;
    int64_t seconds[BW_CLASSES];
    int64_t walked[BW_CLASSES] = {0};
    struct bw_schoolcal_count count;

    bw_schoolcal_count(c, day - 2, day + 40, &count);
    if (count.testing > count.instructional || count.instructional > 42) {
        abort();
    }
    bw_schoolcal_seconds(c, tz, from, to, seconds);
    for (int64_t at = from; at < to;) {
        int64_t next = bw_schoolcal_border(c, tz, at);
        if (next <= at) {
            abort();
        }
        next = next < to ? next : to;
        walked[bw_schoolcal_at(c, tz, at)] += next - at;
        at = next;
    }
    if (memcmp(seconds, walked, sizeof(walked)) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    /* a TZif file of one type, at Greenwich, and the rule of the west of Ireland */
    static const char zone[] =
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0\0\0\0UTC\0"
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0\0\0\0UTC\0"
        "\nGMT0IST,M3.5.0/1,M10.5.0\n";
    struct bw_schoolcal *c = NULL;
    struct bw_err err = {0};
    struct bw_tz *tz = NULL;
    struct bw_buf again;

    if (bw_schoolcal_decode((const char *)data, n, &c, &err) < 0) {
        if (!err.text[0]) {
            abort();
        }
        return 0;
    }
    if (bw_tz_parse("fuzz", zone, sizeof(zone) - 1, &tz, &err) < 0) {
        abort();
    }
    bw_buf_init(&again, BW_SCHOOLCAL_BODY_MAX);
    bw_schoolcal_encode(c, &again);
    if (bw_buf_error(&again) < 0 || again.len != n || memcmp(again.data, data, n) != 0) {
        abort();
    }
    ask(c, tz);
    bw_buf_done(&again);
    bw_schoolcal_free(c);
    bw_tz_free(tz);
    return 0;
}

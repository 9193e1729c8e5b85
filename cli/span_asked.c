/* SPDX-License-Identifier: GPL-3.0-or-later
 * span_asked.c - which period a verb is told. */
#include "span_asked.h"

#include <bw/err.h>
#include <period.h>
#include <tz.h>

bool bw_span_asked_take(int o, struct bw_span_asked *a)
{
    switch (o) {
    case BW_SPAN_OPT_YEAR:
        a->year = optarg;
        return true;
    case BW_SPAN_OPT_MONTH:
        a->month = optarg;
        return true;
    case BW_SPAN_OPT_FROM:
        a->from = optarg;
        return true;
    case BW_SPAN_OPT_TO:
        a->to = optarg;
        return true;
    case BW_SPAN_OPT_TZ:
        a->tz = optarg;
        return true;
    default:
        return false;
    }
}

int bw_span_asked_times(const struct bw_verb *v,
                        const struct bw_span_asked *a,
                        int64_t *ret_from_unix_s,
                        int64_t *ret_to_unix_s)
{
    struct bw_err err = {.text = ""};
    struct bw_tz *tz = NULL;
    char name[64];
    int r;

    bw_tz_host_name(name, sizeof(name));
    r = bw_tz_load(a->tz ? a->tz : name, &tz, &err);
    r = r < 0 || !a->from ? r : bw_period_instant(tz, a->from, ret_from_unix_s, &err);
    r = r < 0 || !a->to ? r : bw_period_instant(tz, a->to, ret_to_unix_s, &err);
    bw_tz_free(tz);
    return r < 0 ? bw_cli_usage(v, "%s", err.text) : 0;
}

int bw_span_asked_read(const struct bw_verb *v,
                       const struct bw_span_asked *a,
                       int64_t *ret_from_unix_s,
                       int64_t *ret_to_unix_s)
{
    struct bw_err err = {.text = ""};
    struct bw_tz *tz = NULL;
    char name[64];
    int r;

    if ((a->year != NULL) + (a->month != NULL) + (a->from || a->to) != 1 ||
        (a->from == NULL) != (a->to == NULL)) {
        return bw_cli_usage(v,
                            "which period? --year FY2026, --month 2026-11, or --from DAY "
                            "--to DAY");
    }
    bw_tz_host_name(name, sizeof(name));
    r = bw_tz_load(a->tz ? a->tz : name, &tz, &err);
    if (r == 0 && a->year) {
        r = bw_period_year(tz, a->year, ret_from_unix_s, ret_to_unix_s, &err);
    } else if (r == 0 && a->month) {
        r = bw_period_month(tz, a->month, ret_from_unix_s, ret_to_unix_s, &err);
    } else if (r == 0) {
        r = bw_period_instant(tz, a->from, ret_from_unix_s, &err);
        r = r < 0 ? r : bw_period_instant(tz, a->to, ret_to_unix_s, &err);
    }
    bw_tz_free(tz);
    if (r < 0) {
        return bw_cli_usage(v, "%s", err.text);
    }
    return *ret_to_unix_s > *ret_from_unix_s
               ? 0
               : bw_cli_usage(v, "the period ends before it begins");
}

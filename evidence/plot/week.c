/* SPDX-License-Identifier: GPL-3.0-or-later
 * week.c - the 168 hours of a week. */
#include "week.h"

#include <bw/units.h>
#include <errno.h>
#include <model.h>
#include <stat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    CELLS = BW_WEEK_DAYS * BW_WEEK_HOURS,
    NONE = CELLS
};

/* The cell of an interval; NONE where it is in no rate. */
static int
cell_of(const struct bw_report *r, const struct bw_report_interval *v, int direction)
{
    struct bw_civil at;

    if (v->rate_bps[direction] == BW_UNKNOWN || v->with_test || v->is_short ||
        v->at_least || r->n_used == 0 || v->layer != r->used[0].layer) {
        return NONE;
    }
    bw_tz_local(r->tz, v->start_unix_s, &at);
    return at.weekday * BW_WEEK_HOURS + at.hour;
}

int bw_week_make(const struct bw_report *r, int direction, struct bw_week *ret)
{
    uint8_t *cells = malloc(r->n_intervals + 1);
    int64_t *values = calloc(r->n_intervals + 1, sizeof(*values));
    size_t begin[CELLS + 1] = {0};
    size_t at[CELLS];
    int rc = cells && values ? 0 : -ENOMEM;

    if (rc < 0) {
        goto out;
    }
    *ret = (struct bw_week){.report = r, .direction = direction, .highest_bps = BW_UNKNOWN};
    for (size_t i = 0; i < r->n_intervals; i++) {
        cells[i] = (uint8_t)cell_of(r, &r->intervals[i], direction);
        if (cells[i] != NONE) {
            begin[cells[i] + 1]++;
        }
    }
    for (int c = 0; c < CELLS; c++) {
        begin[c + 1] += begin[c];
        at[c] = begin[c];
    }
    for (size_t i = 0; i < r->n_intervals; i++) {
        if (cells[i] != NONE) {
            values[at[cells[i]]++] = r->intervals[i].rate_bps[direction];
        }
    }
    for (int c = 0; c < CELLS; c++) {
        size_t n = begin[c + 1] - begin[c];
        int64_t p95 = bw_stat_percentile(values + begin[c], n, 950000);
        ret->n[c / BW_WEEK_HOURS][c % BW_WEEK_HOURS] = (int64_t)n;
        ret->p95_bps[c / BW_WEEK_HOURS][c % BW_WEEK_HOURS] = p95;
        if (n > 0 && (ret->highest_bps == BW_UNKNOWN || p95 > ret->highest_bps)) {
            ret->highest_bps = p95;
            ret->highest_day = c / BW_WEEK_HOURS;
            ret->highest_hour = c % BW_WEEK_HOURS;
        }
    }
out:
    free(cells);
    free(values);
    return rc;
}

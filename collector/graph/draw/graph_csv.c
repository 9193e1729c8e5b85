/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_csv.c - the figures that a picture is drawn from, as CSV: means of steps as the
 * series has them, an empty cell where nothing is known. Not evidence, as the picture is
 * none. */
#include "graph_worker.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <math.h>
#include <rrd.h>

enum {
    ROWS = 1000 /* about as many as a picture has pixels */
};

static void head(struct bw_buf *out, char *const *names, unsigned long n)
{
    bw_buf_puts(out, "end");
    for (unsigned long k = 0; k < n; k++) {
        bw_buf_printf(out, ",%s", names[k]);
    }
    bw_buf_puts(out, "\r\n");
}

int bw_graph_csv(const struct bw_graph_job *j, struct bw_buf *out, struct bw_err *reterr)
{
    time_t start = (time_t)j->from_unix_s;
    time_t end = (time_t)j->to_unix_s;
    int64_t want = (j->to_unix_s - j->from_unix_s) / ROWS;
    unsigned long step = (unsigned long)(want > j->step_s ? want : j->step_s);
    unsigned long n = 0;
    char **names = NULL;
    rrd_value_t *data = NULL;
    rrd_clear_error();
    if (rrd_fetch_r(j->rrd, "AVERAGE", &start, &end, &step, &n, &names, &data) != 0) {
        return bw_err_set(reterr, -EIO, "%s", rrd_get_error());
    }
    head(out, names, n);
    const rrd_value_t *v = data;
    for (time_t at = start + (time_t)step; step > 0 && at <= end; at += (time_t)step) {
        char text[32];
        bw_time_format_s(at, text);
        bw_buf_puts(out, text);
        for (unsigned long k = 0; k < n; k++, v++) {
            bw_buf_puts(out, ",");
            if (!isnan(*v)) {
                bw_buf_printf(out, "%.9g", *v);
            }
        }
        bw_buf_puts(out, "\r\n");
    }
    for (unsigned long k = 0; k < n; k++) {
        rrd_freemem(names[k]);
    }
    rrd_freemem(names);
    rrd_freemem(data);
    return bw_buf_error(out);
}

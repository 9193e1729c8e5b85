/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_range.c - of which sources a series knows nothing in a job's range: librrd prints
 * "-nan" for their figures, and a legend should not. */
#include "graph_worker.h"

#include <math.h>
#include <rrd.h>
#include <string.h>

void bw_graph_find_blank(struct bw_graph_job *job)
{
    time_t start = (time_t)job->from_unix_s;
    time_t end = (time_t)job->to_unix_s;
    /* A pixel is the finest that librrd looks at when it draws. */
    int64_t pixel_s = job->width > 0 ? (job->to_unix_s - job->from_unix_s) / job->width : 0;
    unsigned long step = (unsigned long)(pixel_s > job->step_s ? pixel_s : job->step_s);
    unsigned long n_ds = 0;
    char **names = NULL;
    rrd_value_t *data = NULL;
    memset(job->blank, 0, sizeof(job->blank));
    if (rrd_fetch_r(job->rrd, "AVERAGE", &start, &end, &step, &n_ds, &names, &data) != 0) {
        rrd_clear_error();
        return; /* drawing will say why */
    }
    size_t rows = step > 0 && end > start ? (size_t)(end - start) / step : 0;
    for (size_t k = 0; k < n_ds && k < BW_SERIES_DS_MAX; k++) {
        size_t i = 0;
        while (i < rows && isnan(data[i * n_ds + k])) {
            i++;
        }
        job->blank[k] = i == rows;
    }
    for (size_t k = 0; k < n_ds; k++) {
        rrd_freemem(names[k]);
    }
    rrd_freemem(names);
    rrd_freemem(data);
}

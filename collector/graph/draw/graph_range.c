/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_range.c - of which sources a series knows nothing in a job's range: librrd prints
 * "-nan" for their figures, and a legend should not; and which series lie beside it. */
#include "graph_worker.h"

#include <dirent.h>
#include <math.h>
#include <rrd.h>
#include <stdio.h>
#include <stdlib.h>
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

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct bw_graph_beside *)a)->name,
                  ((const struct bw_graph_beside *)b)->name);
}

/* Keep the first by name. */
static void keep_beside(struct bw_graph_job *j, const char *folder, const char *file)
{
    static const char head[] = "latency-";
    struct bw_graph_beside one;
    size_t n = strlen(file);
    size_t skip = sizeof(head) - 1;
    if (n < skip + 5 || n - skip - 4 > BW_NAME_MAX || strncmp(file, head, skip) != 0 ||
        strcmp(file + n - 4, ".rrd") != 0) {
        return;
    }
    (void)snprintf(one.name, sizeof(one.name), "%.*s", (int)(n - skip - 4), file + skip);
    int len = snprintf(one.rrd, sizeof(one.rrd), "%s/%s", folder, file);
    if (len < 0 || (size_t)len >= sizeof(one.rrd) || strpbrk(one.rrd, ":\\")) {
        return; /* one that librrd would read otherwise */
    }
    if (j->n_beside < BW_GRAPH_BESIDE_MAX) {
        j->beside[j->n_beside++] = one;
    } else if (by_name(&one, &j->beside[j->n_beside - 1]) < 0) {
        j->beside[j->n_beside - 1] = one;
    }
    qsort(j->beside, j->n_beside, sizeof(j->beside[0]), by_name);
}

void bw_graph_find_beside(struct bw_graph_job *job)
{
    char folder[PATH_MAX];
    job->n_beside = 0;
    (void)snprintf(folder, sizeof(folder), "%s", job->rrd);
    char *slash = strrchr(folder, '/');
    if (strcmp(job->topic, "rtt") != 0 || !slash) {
        return;
    }
    *slash = '\0';
    DIR *dir = opendir(folder);
    while (dir) {
        const struct dirent *e = readdir(dir); /* NOLINT(concurrency-mt-unsafe): own */
        if (!e) {
            break;
        }
        keep_beside(job, folder, e->d_name);
    }
    if (dir) {
        (void)closedir(dir);
    }
}

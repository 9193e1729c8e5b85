/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_worker.c - the loop of a drawing process. rrd_graph_v() keeps state per process
 * and may use much memory: it lives here, nice'd, and dies with its parent. */
#include "graph_worker.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <gzip.h>
#include <rrd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    JOB_SECONDS_MAX = 20,
    CSV_BYTES_MAX = 2 * 1024 * 1024,
    JOBS_MAX = 500, /* then a fresh process: librrd and pango keep what they allocate */
    NICE = 10
};

static void complain(const char *why)
{
    char line[300];
    (void)snprintf(line, sizeof(line), "%s", why);
    line[strcspn(line, "\n")] = '\0';
    (void)printf("error %s\n", line);
}

static void put(const void *picture, size_t n)
{
    (void)printf("ok %zu\n", n);
    (void)fwrite(picture, 1, n, stdout);
}

/* Packed here, once: the collector's loop only passes it on. */
static void put_svg(const char *svg, size_t n)
{
    struct bw_gzip *g = NULL;
    struct bw_buf slim;
    struct bw_buf out;

    bw_buf_init(&slim, n + 1);
    bw_graph_slim(svg, n, &slim);
    bw_buf_init(&out, n + n / 16 + 1024);
    if (bw_buf_error(&slim) < 0 || bw_gzip_new(BW_GZIP_USUAL, &g) < 0 ||
        bw_gzip_whole(g, slim.data, slim.len, &out) < 0) {
        complain("out of memory");
    } else {
        put(out.data, out.len);
    }
    bw_gzip_free(g);
    bw_buf_done(&slim);
    bw_buf_done(&out);
}

static void give(const rrd_info_t *info, enum bw_graph_format format)
{
    for (; info; info = info->next) {
        if (strcmp(info->key, "image") == 0 && info->type == RD_I_BLO) {
            const rrd_blob_t *image = &info->value.u_blo;
            if (format == BW_GRAPH_SVG) {
                put_svg((const char *)image->ptr, image->size);
            } else {
                put(image->ptr, image->size);
            }
            return;
        }
    }
    complain("librrd gave no picture");
}

static void give_csv(const struct bw_graph_job *job)
{
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    bw_buf_init(&out, CSV_BYTES_MAX);
    if (bw_graph_csv(job, &out, &err) < 0) {
        complain(err.text[0] ? err.text : "too many figures");
    } else {
        (void)printf("ok %lu\n", (unsigned long)out.len);
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    bw_buf_done(&out);
}

static void work(const char *line, size_t n)
{
    struct bw_err err = {.text = ""};
    struct bw_graph_job job;
    char **args = NULL;
    int n_args = 0;
    if (bw_graph_job_read(line, n, &job, &err) < 0) {
        complain(err.text);
        return;
    }
    if (job.zone[0]) { /* a process of its own, with one thread */
        char zone[sizeof(job.zone) + 1];
        (void)snprintf(zone, sizeof(zone), ":%s", job.zone);
        (void)setenv("TZ", zone, 1);
        tzset();
    }
    if (job.format == BW_GRAPH_CSV) {
        give_csv(&job);
        return;
    }
    bw_graph_find_blank(&job);
    bw_graph_find_beside(&job);
    if (bw_graph_args(&job, &args, &n_args) < 0) {
        complain("a job that cannot be drawn");
        return;
    }
    (void)alarm(JOB_SECONDS_MAX); /* its default action ends this process */
    rrd_clear_error();
    rrd_info_t *info = rrd_graph_v(n_args, args);
    if (info) {
        give(info, job.format);
        rrd_info_free(info);
    } else {
        complain(rrd_get_error());
    }
    (void)alarm(0);
    bw_graph_args_free(args, n_args);
}

int bw_graph_worker_main(void)
{
    char *line = NULL;
    size_t cap = 0;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    for (int jobs = 0; jobs < JOBS_MAX; jobs++) {
        ssize_t n = getline(&line, &cap, stdin);
        if (n <= 0) {
            break;
        }
        work(line, (size_t)n - (line[n - 1] == '\n' ? 1 : 0));
        if (fflush(stdout) != 0) {
            break;
        }
    }
    free(line);
    return 0;
}

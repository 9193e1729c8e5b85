/* SPDX-License-Identifier: GPL-3.0-or-later
 * series.c - RRD files by librrd's thread-safe functions.
 *
 * Invariant: the heartbeat is the step itself and every step is preceded by its own
 * start, so librrd never stretches a value over time nobody measured. */
#include "series.h"
#include "buf.h"

#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <rrd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    N_ARCHIVES = 3,
    N_ROWS = 2 * N_ARCHIVES, /* AVERAGE, then MAX */
    HOUR_ROWS = 396 * 24,    /* 13 months of at most 30.46 days */
    DAY_ROWS = 4018,         /* 11 years */
    FINE_S = 14 * 86400,
    HEADER_BYTES = 8192,       /* more than librrd needs for 8 sources and 6 archives */
    MEAN_HEADER_BYTES = 16384, /* … for all sources that may be, and 3 */
    STEPS_PER_WRITE = 500,     /* twice as many lines at most */
    LINE_BYTES = 32 + BW_SERIES_DS_MAX * 32
};

const struct bw_series_shape bw_series_link = {
    .topic = "link",
    .ds = {"down", "up", "down_peak", "up_peak", NULL},
};
const struct bw_series_shape bw_series_latency = {
    .topic = "latency",
    .ds = {"p50", "p95", "loss", NULL},
    .scale = {1000000, 1000000, 1000000},
};
const struct bw_series_shape bw_series_throughput = {
    .topic = "throughput",
    .ds = {"down", "up", "line_down", "line_up", NULL},
    .sparse = true,
};

const char *const bw_series_classes[BW_SERIES_CLASSES + 1] = {
    "tls", "quic", "http", "dns", "mail", "vpn", "ssh", "ntp", "icmp", "other", NULL};
const struct bw_series_shape bw_series_traffic = {
    .topic = "traffic",
    .ds = {"down_tls", "down_quic", "down_http", "down_dns",   "down_mail", "down_vpn",
           "down_ssh", "down_ntp",  "down_icmp", "down_other", "up_tls",    "up_quic",
           "up_http",  "up_dns",    "up_mail",   "up_vpn",     "up_ssh",    "up_ntp",
           "up_icmp",  "up_other",  NULL},
    .mean_only = true,
};
const struct bw_series_shape bw_series_tcp = {
    .topic = "tcp",
    .ds = {"wan", "wan_min", "lan", "down", "up", "down_low", "up_low", "down_high",
           "up_high", "full", "full_wan", NULL},
    .scale = {1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000,
              1000000, 1000000, 1000000},
    .mean_only = true,
};

struct archive {
    unsigned long per_row;
    unsigned long rows;
};

static size_t count_ds(const struct bw_series_shape *shape)
{
    size_t n = 0;

    while (n < BW_SERIES_DS_MAX && shape->ds[n]) {
        n++;
    }
    return n;
}

/* Each archive is there twice, AVERAGE and MAX, or once, with 8 bytes a value. */
static size_t count_rows(const struct bw_series_shape *shape)
{
    return shape->mean_only ? N_ARCHIVES : N_ROWS;
}

static unsigned long bytes_max(const struct bw_series_shape *shape)
{
    return shape->mean_only ? BW_SERIES_MEAN_BYTES_MAX - MEAN_HEADER_BYTES
                            : BW_SERIES_BYTES_MAX - HEADER_BYTES;
}

static void plan_archives(const struct bw_series_shape *shape,
                          int64_t step_s,
                          struct archive a[N_ARCHIVES])
{
    unsigned long row_bytes =
        (unsigned long)(count_ds(shape) * 8 * (count_rows(shape) / N_ARCHIVES));
    unsigned long coarse_bytes = row_bytes * (HOUR_ROWS + DAY_ROWS);
    unsigned long fine_max = (bytes_max(shape) - coarse_bytes) / row_bytes;
    unsigned long step = (unsigned long)step_s;

    a[0] = (struct archive){.per_row = 1, .rows = FINE_S / step};
    a[1] = (struct archive){.per_row = step < 3600 ? 3600 / step : 1, .rows = HOUR_ROWS};
    a[2] = (struct archive){.per_row = 86400 / step, .rows = DAY_ROWS};
    if (a[0].rows > fine_max) {
        a[0].rows = fine_max;
    }
}

/* Is there too little room beside path for one more series? */
static bool is_full(const char *path)
{
    char folder[PATH_MAX];
    char *slash;
    struct statvfs v;
    int n = snprintf(folder, sizeof(folder), "%s", path);

    if (n < 0 || (size_t)n >= sizeof(folder)) {
        return false;
    }
    slash = strrchr(folder, '/');
    if (slash) {
        slash[1] = '\0';
    }
    return statvfs(slash ? folder : ".", &v) == 0 &&
           v.f_bavail < BW_SERIES_MEAN_BYTES_MAX / (v.f_frsize ? v.f_frsize : 1) + 1;
}

/* After a failed call of librrd: its words where it has any. Of a full disk it says
 * nothing, and errno is that of its tidying up. */
static int rrd_fault(struct bw_err *reterr, const char *path, const char *what)
{
    int r = is_full(path) ? -ENOSPC : -EIO;

    return bw_err_set(reterr, r, "%s: %s: %s", path, what,
                      rrd_test_error() ? rrd_get_error() : bw_strerror(r));
}

/* ---- what a file says about itself ---- */

struct facts {
    unsigned long step;
    int64_t last_update;
    size_t n_ds;      /* of the shape's, at their places */
    size_t n_strange; /* others */
    struct archive archives[N_ROWS];
    bool is_max[N_ROWS];
    size_t n_archives;
};

/* "ds[NAME].index" of the shape's i-th source? */
static bool is_ds_key(const char *key, const char *name)
{
    char want[64];
    (void)snprintf(want, sizeof(want), "ds[%s].index", name);
    return strcmp(key, want) == 0;
}

static void
take_ds(struct facts *f, const struct bw_series_shape *shape, const rrd_info_t *i)
{
    size_t n = count_ds(shape);

    for (size_t k = 0; k < n; k++) {
        if (is_ds_key(i->key, shape->ds[k]) && i->value.u_cnt == k) {
            f->n_ds++;
            return;
        }
    }
    f->n_strange++;
}

static void take_archive(struct facts *f, const rrd_info_t *i)
{
    char *member;
    unsigned long at;

    if (strncmp(i->key, "rra[", 4) != 0) {
        return;
    }
    at = strtoul(i->key + 4, &member, 10);
    if (strncmp(member, "].", 2) != 0) {
        return;
    }
    member += 2;
    if (at >= N_ROWS) {
        f->n_strange++;
    } else if (strcmp(member, "rows") == 0) {
        f->archives[at].rows = i->value.u_cnt;
        f->n_archives++;
    } else if (strcmp(member, "pdp_per_row") == 0) {
        f->archives[at].per_row = i->value.u_cnt;
    } else if (strcmp(member, "cf") == 0) {
        f->is_max[at] = strcmp(i->value.u_str, "MAX") == 0;
    }
}

static int
read_facts(const char *path, const struct bw_series_shape *shape, struct facts *ret)
{
    rrd_info_t *info;
    struct facts f = {0};

    rrd_clear_error();
    info = rrd_info_r(path);
    if (!info) {
        return -BW_EMALFORMED;
    }
    for (const rrd_info_t *i = info; i; i = i->next) {
        size_t n = strlen(i->key);
        if (strcmp(i->key, "step") == 0) {
            f.step = i->value.u_cnt;
        } else if (strcmp(i->key, "last_update") == 0) {
            f.last_update = (int64_t)i->value.u_cnt;
        } else if (n > 6 && strcmp(i->key + n - 6, ".index") == 0) {
            take_ds(&f, shape, i);
        } else {
            take_archive(&f, i);
        }
    }
    rrd_info_free(info);
    *ret = f;
    return 0;
}

static bool
facts_fit(const struct facts *f, const struct bw_series_shape *shape, int64_t step_s)
{
    struct archive plan[N_ARCHIVES];

    plan_archives(shape, step_s, plan);
    if (f->step != (unsigned long)step_s || f->n_strange != 0 ||
        f->n_ds != count_ds(shape) || f->n_archives != count_rows(shape)) {
        return false;
    }
    for (size_t i = 0; i < count_rows(shape); i++) {
        const struct archive *want = &plan[i % N_ARCHIVES];
        if (f->archives[i].rows != want->rows || f->archives[i].per_row != want->per_row ||
            f->is_max[i] != (i >= N_ARCHIVES)) {
            return false;
        }
    }
    return true;
}

/* ---- making ---- */

static int make_file(const char *path,
                     const struct bw_series_shape *shape,
                     int64_t step_s,
                     int64_t start_unix_s,
                     struct bw_err *reterr)
{
    struct archive plan[N_ARCHIVES];
    char lines[BW_SERIES_DS_MAX + N_ROWS][96];
    const char *argv[BW_SERIES_DS_MAX + N_ROWS];
    size_t n = 0;

    plan_archives(shape, step_s, plan);
    for (size_t i = 0; i < count_ds(shape); i++) {
        (void)snprintf(lines[n++], sizeof(lines[0]), "DS:%s:GAUGE:%lld:0:U", shape->ds[i],
                       (long long)step_s);
    }
    for (size_t i = 0; i < count_rows(shape); i++) {
        (void)snprintf(lines[n++], sizeof(lines[0]), "RRA:%s:%s:%lu:%lu",
                       i < N_ARCHIVES ? "AVERAGE" : "MAX",
                       shape->sparse ? "0.99999" : "0.5", plan[i % N_ARCHIVES].per_row,
                       plan[i % N_ARCHIVES].rows);
    }
    for (size_t i = 0; i < n; i++) {
        argv[i] = lines[i];
    }
    rrd_clear_error();
    if (rrd_create_r(path, (unsigned long)step_s, (time_t)start_unix_s, (int)n, argv) !=
        0) {
        return rrd_fault(reterr, path, "cannot make the series");
    }
    return 0;
}

int bw_series_create(const char *path,
                     const struct bw_series_shape *shape,
                     int64_t step_s,
                     int64_t start_unix_s,
                     int *ret_remade,
                     struct bw_err *reterr)
{
    char aside[PATH_MAX];
    struct facts f;
    bool there;
    int fd;
    int r;

    if (step_s <= 0 || 86400 % step_s != 0) {
        return bw_err_set(reterr, -EINVAL, "%s: a step of %lld s does not divide a day",
                          path, (long long)step_s);
    }
    fd = open(path, O_RDWR | O_CLOEXEC);
    r = fd < 0 ? -errno : 0;
    there = r != -ENOENT;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (r < 0 && r != -ENOENT && r != -EISDIR) {
        return bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r));
    }
    if (there) {
        if (r == 0 && read_facts(path, shape, &f) == 0 && facts_fit(&f, shape, step_s)) {
            if (ret_remade) {
                *ret_remade = 0;
            }
            return 0;
        }
        r = snprintf(aside, sizeof(aside), "%s.corrupt", path);
        r = r < 0 || (size_t)r >= sizeof(aside) ? -ENAMETOOLONG : 0;
        if (r == 0 && rename(path, aside) < 0) {
            r = -errno;
        }
        if (r < 0) {
            return bw_err_set(reterr, r, "%s: cannot be moved aside: %s", path,
                              bw_strerror(r));
        }
    }
    r = make_file(path, shape, step_s, start_unix_s, reterr);
    if (r == 0 && ret_remade) {
        *ret_remade = there;
    }
    return r;
}

/* ---- writing ---- */

/* value / scale in decimal, exactly, whatever the locale. */
static void put_value(struct bw_buf *b, int64_t value, int64_t scale)
{
    int64_t rest;
    char digits[24];
    size_t n = 0;

    if (value == BW_UNKNOWN) {
        bw_buf_puts(b, ":U");
        return;
    }
    bw_buf_putc(b, ':');
    if (scale <= 1) {
        bw_buf_i64(b, value);
        return;
    }
    if (value < 0) {
        bw_buf_putc(b, '-');
    }
    bw_buf_i64(b, llabs(value / scale));
    rest = llabs(value % scale);
    for (int64_t unit = scale / 10; unit > 0 && rest > 0 && n < sizeof(digits);
         unit /= 10) {
        digits[n++] = (char)('0' + (char)(rest / unit % 10));
        rest %= unit;
    }
    if (n > 0) {
        bw_buf_putc(b, '.');
        bw_buf_add(b, digits, n);
    }
}

static char *
make_line(const struct bw_series_shape *shape, int64_t at_s, const int64_t *values)
{
    struct bw_buf b;
    char *line;

    bw_buf_init(&b, LINE_BYTES);
    bw_buf_i64(&b, at_s);
    for (size_t i = 0; i < count_ds(shape); i++) {
        put_value(&b, values ? values[i] : BW_UNKNOWN, shape->scale[i]);
    }
    line = bw_buf_take(&b, NULL);
    bw_buf_done(&b);
    return line;
}

struct lines {
    char *line[2 * STEPS_PER_WRITE];
    size_t n;
};

static int write_lines(const char *path, struct lines *l, struct bw_err *reterr)
{
    int r = 0;

    rrd_clear_error();
    if (l->n > 0 &&
        rrd_update_r(path, NULL, (int)l->n, (const char **)(void *)l->line) != 0) {
        r = rrd_fault(reterr, path, "cannot write the series");
    }
    for (size_t i = 0; i < l->n; i++) {
        free(l->line[i]);
    }
    l->n = 0;
    return r;
}

static int add_line(struct lines *l,
                    const struct bw_series_shape *shape,
                    int64_t at_s,
                    const int64_t *values)
{
    l->line[l->n] = make_line(shape, at_s, values);
    if (!l->line[l->n]) {
        return -ENOMEM;
    }
    l->n++;
    return 0;
}

int bw_series_update(const char *path,
                     const struct bw_series_shape *shape,
                     const struct bw_series_step *steps,
                     size_t n_steps,
                     struct bw_err *reterr)
{
    struct lines *l = calloc(1, sizeof(*l));
    struct facts f;
    int64_t step_s;
    bool any = false;
    int r = 0;

    if (!l) {
        return bw_err_set(reterr, -ENOMEM, "%s: %s", path, bw_strerror(-ENOMEM));
    }
    if (access(path, R_OK | W_OK) < 0) {
        r = -errno;
        (void)bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r));
        goto out;
    }
    r = read_facts(path, shape, &f);
    if (r < 0 || f.n_ds != count_ds(shape) || f.step == 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "%s: is no series of '%s'", path,
                       shape->topic);
        goto out;
    }
    step_s = (int64_t)f.step;
    for (size_t i = 0; i < n_steps; i++) {
        int64_t end = steps[i].end_unix_s;
        int64_t start = steps[i].start_unix_s;
        if (end <= f.last_update) {
            continue;
        }
        start = start < end - step_s || start >= end ? end - step_s : start;
        if (l->n + 2 > sizeof(l->line) / sizeof(l->line[0])) {
            r = write_lines(path, l, reterr);
            if (r < 0) {
                goto out;
            }
        }
        if (start > f.last_update) {
            r = add_line(l, shape, start, NULL);
        }
        r = r < 0 ? r : add_line(l, shape, end, steps[i].values);
        if (r < 0) {
            (void)bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r));
            goto out;
        }
        f.last_update = end;
        any = true;
    }
    r = write_lines(path, l, reterr);
    if (r == 0 && !any) {
        r = bw_err_set(reterr, -EEXIST, "%s: already holds this time", path);
    }
out:
    for (size_t i = 0; i < l->n; i++) {
        free(l->line[i]);
    }
    free(l);
    return r;
}

int64_t bw_series_last(const char *path)
{
    time_t last;

    if (access(path, R_OK) < 0) {
        return -errno;
    }
    rrd_clear_error();
    last = rrd_last_r(path);
    return last < 0 ? -BW_EMALFORMED : (int64_t)last;
}

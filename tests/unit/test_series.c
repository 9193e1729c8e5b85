/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_series.c - RRD files, read back by the stock rrdtool: shape, values, unknowns,
 * and what becomes of damaged files. */
#include "bw_test.h"

#include "buf.h"
#include "hist.h"
#include "series.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    T0 = 1789000200, /* a multiple of 300 */
    OUT_MAX = 65536
};

static char folder[] = "/tmp/bw_test_series.XXXXXX";
static char path[64];
static char aside[80];
static char out[OUT_MAX];

/* Run rrdtool with these arguments; its output goes to out[]. */
static void rrdtool(const char **argv)
{
    posix_spawn_file_actions_t actions;
    int fds[2];
    pid_t pid;
    int status;
    size_t n = 0;
    ssize_t got;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, fds[1], 1), 0);
    assert_int_equal(
        posix_spawnp(&pid, "rrdtool", &actions, NULL, (char *const *)(void *)argv, environ),
        0);
    assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
    assert_int_equal(close(fds[1]), 0);
    while ((got = read(fds[0], out + n, OUT_MAX - 1 - n)) > 0) {
        n += (size_t)got;
    }
    out[n] = '\0';
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The ds-th value of the row that ends at `end`, NaN when it is not known. */
static double fetched(const char *cf, int64_t end, int64_t step, int ds)
{
    char from[24];
    char to[24];
    char resolution[24];
    char row[32];
    const char *argv[] = {"rrdtool", "fetch", path, cf, "-r", resolution,
                          "-s",      from,    "-e", to, NULL};
    char *at;

    (void)snprintf(resolution, sizeof(resolution), "%lld", (long long)step);
    (void)snprintf(from, sizeof(from), "%lld", (long long)(end - step));
    (void)snprintf(to, sizeof(to), "%lld", (long long)(end - 1));
    rrdtool(argv);
    (void)snprintf(row, sizeof(row), "\n%lld:", (long long)end);
    at = strstr(out, row);
    if (!at) {
        fail_msg("no row %lld in %s", (long long)end, out);
    }
    at += strlen(row);
    for (; ds > 0; ds--) {
        (void)strtod(at, &at);
    }
    return strtod(at, &at);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/x.rrd", folder);
    (void)snprintf(aside, sizeof(aside), "%s.corrupt", path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(aside);
    return 0;
}

static void create(const struct bw_series_shape *shape, int64_t step_s, int want_remade)
{
    struct bw_err err = {""};
    int remade = -1;
    if (bw_series_create(path, shape, step_s, T0, &remade, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(remade, want_remade);
}

static void the_shape_of_the_design(void **state)
{
    const char *argv[] = {"rrdtool", "info", path, NULL};
    struct stat st;

    (void)state;
    create(&bw_series_link, 300, 0);
    rrdtool(argv);
    assert_non_null(strstr(out, "step = 300\n"));
    assert_non_null(strstr(out, "ds[up_peak].index = 3\n"));
    assert_non_null(strstr(out, "ds[down].minimal_heartbeat = 300\n"));
    assert_non_null(strstr(out, "rra[0].cf = \"AVERAGE\"\nrra[0].rows = 4032\n"));
    assert_non_null(strstr(out, "rra[1].rows = 9504\n"));
    assert_non_null(strstr(out, "rra[1].pdp_per_row = 12\n"));
    assert_non_null(strstr(out, "rra[2].rows = 4018\n"));
    assert_non_null(strstr(out, "rra[2].pdp_per_row = 288\n"));
    assert_non_null(strstr(out, "rra[5].cf = \"MAX\"\nrra[5].rows = 4018\n"));
    assert_null(strstr(out, "rra[6]"));
    /* a second time: kept */
    create(&bw_series_link, 300, 0);
    assert_int_equal(bw_series_last(path), T0);
    /* ten seconds: no larger than the named maximum, hours and days still there */
    teardown(NULL);
    create(&bw_series_link, 10, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size <= BW_SERIES_BYTES_MAX);
    rrdtool(argv);
    assert_non_null(strstr(out, "rra[1].pdp_per_row = 360\n"));
    assert_non_null(strstr(out, "rra[2].pdp_per_row = 8640\n"));
    /* a step that divides the day but not the hour */
    teardown(NULL);
    create(&bw_series_link, 432, 0);
    rrdtool(argv);
    assert_non_null(strstr(out, "rra[1].pdp_per_row = 8\n"));
    assert_non_null(strstr(out, "rra[2].pdp_per_row = 200\n"));
    assert_int_equal(bw_series_create(path, &bw_series_link, 7, T0, NULL, NULL), -EINVAL);
}

static void values_equal_and_unknown_stays(void **state)
{
    struct bw_series_step steps[12] = {{0}};
    const int64_t u = BW_UNKNOWN;

    (void)state;
    create(&bw_series_latency, 300, 0);
    for (int i = 0; i < 12; i++) {
        steps[i].end_unix_s = T0 + 300 * (i + 1);
        steps[i].values[0] = 20000 + i;
        steps[i].values[1] = i % 2 ? 35007 : u;
        steps[i].values[2] = 0;
    }
    steps[7].values[0] = u;
    assert_int_equal(bw_series_update(path, &bw_series_latency, steps, 12, NULL), 0);
    assert_int_equal(bw_series_last(path), T0 + 3600);
    bw_assert_near(fetched("AVERAGE", T0 + 300, 300, 0), 0.020000, 1e-12);
    bw_assert_near(fetched("AVERAGE", T0 + 3600, 300, 0), 0.020011, 1e-12);
    assert_true(isnan(fetched("AVERAGE", T0 + 2400, 300, 0)));
    assert_true(isnan(fetched("AVERAGE", T0 + 300, 300, 1)));
    bw_assert_near(fetched("AVERAGE", T0 + 600, 300, 1), 0.035007, 1e-12);
    bw_assert_near(fetched("MAX", T0 + 600, 300, 1), 0.035007, 1e-12);
    /* a measured zero is a zero */
    bw_assert_near(fetched("AVERAGE", T0 + 600, 300, 2), 0, 0);
    /* the same again: nothing newer */
    assert_int_equal(bw_series_update(path, &bw_series_latency, steps, 12, NULL), -EEXIST);
    /* some newer: those alone */
    steps[11].end_unix_s = T0 + 3900;
    steps[11].values[0] = 5;
    assert_int_equal(bw_series_update(path, &bw_series_latency, steps, 12, NULL), 0);
    bw_assert_near(fetched("AVERAGE", T0 + 3900, 300, 0), 0.000005, 1e-15);
    bw_assert_near(fetched("AVERAGE", T0 + 3600, 300, 0), 0.020011, 1e-12);
}

static void gaps_stay_unknown(void **state)
{
    const struct bw_series_step first = {.end_unix_s = T0 + 300, .values = {100, 1, 1, 1}};
    const struct bw_series_step later = {.end_unix_s = T0 + 1200, .values = {700, 1, 1, 1}};
    /* begun after three of five minutes; then one that ends early */
    const struct bw_series_step part[] = {
        {.start_unix_s = T0 + 1380, .end_unix_s = T0 + 1500, .values = {50, 1, 1, 1}},
        {.start_unix_s = T0 + 1500, .end_unix_s = T0 + 1740, .values = {80, 1, 1, 1}},
        {.start_unix_s = T0 + 1740, .end_unix_s = T0 + 1800, .values = {180, 1, 1, 1}},
    };

    (void)state;
    create(&bw_series_link, 300, 0);
    assert_int_equal(bw_series_update(path, &bw_series_link, &first, 1, NULL), 0);
    assert_int_equal(bw_series_update(path, &bw_series_link, &later, 1, NULL), 0);
    bw_assert_near(fetched("AVERAGE", T0 + 300, 300, 0), 100, 0);
    /* two steps were never measured: not stretched from either side */
    assert_true(isnan(fetched("AVERAGE", T0 + 600, 300, 0)));
    assert_true(isnan(fetched("AVERAGE", T0 + 900, 300, 0)));
    bw_assert_near(fetched("AVERAGE", T0 + 1200, 300, 0), 700, 0);
    assert_int_equal(bw_series_update(path, &bw_series_link, part, 3, NULL), 0);
    assert_true(isnan(fetched("AVERAGE", T0 + 1500, 300, 0)));
    bw_assert_near(fetched("AVERAGE", T0 + 1800, 300, 0), 100, 1e-9); /* 4·80 + 1·180 */
}

static void long_fill(void **state)
{
    enum {
        N = 2000
    };
    struct bw_series_step *steps = calloc(N, sizeof(*steps));

    (void)state;
    assert_non_null(steps);
    for (int i = 0; i < N; i++) {
        steps[i].end_unix_s = T0 + 300 * (i + 1);
        steps[i].values[0] = i;
    }
    create(&bw_series_throughput, 300, 0);
    assert_int_equal(bw_series_update(path, &bw_series_throughput, steps, N, NULL), 0);
    bw_assert_near(fetched("AVERAGE", T0 + 300 * 500, 300, 0), 499, 0);
    bw_assert_near(fetched("AVERAGE", T0 + 300 * 501, 300, 0), 500, 0);
    bw_assert_near(fetched("AVERAGE", T0 + 300 * N, 300, 0), N - 1, 0);
    free(steps);
}

static void overwrite(int64_t offset, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, offset), n);
    assert_int_equal(close(fd), 0);
}

static void damaged_files_are_remade(void **state)
{
    const struct bw_series_step step = {.end_unix_s = T0 + 300, .values = {100, 1, 1, 1}};
    struct bw_err err = {""};
    struct stat st;

    (void)state;
    /* another cookie */
    create(&bw_series_link, 300, 0);
    overwrite(0, "XXXX", 4);
    assert_int_equal(bw_series_update(path, &bw_series_link, &step, 1, &err),
                     -BW_EMALFORMED);
    assert_int_equal(bw_series_last(path), -BW_EMALFORMED);
    create(&bw_series_link, 300, 1);
    assert_int_equal(stat(aside, &st), 0);
    assert_int_equal(bw_series_update(path, &bw_series_link, &step, 1, &err), 0);
    /* cut short */
    assert_int_equal(truncate(path, 5000), 0);
    assert_int_equal(bw_series_update(path, &bw_series_link, &step, 1, &err),
                     -BW_EMALFORMED);
    create(&bw_series_link, 300, 1);
    /* empty */
    assert_int_equal(truncate(path, 0), 0);
    create(&bw_series_link, 300, 1);
    /* another step, another shape */
    create(&bw_series_link, 60, 1);
    create(&bw_series_latency, 60, 1);
    assert_int_equal(bw_series_update(path, &bw_series_link, &step, 1, &err),
                     -BW_EMALFORMED);
    /* gone */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(bw_series_update(path, &bw_series_latency, &step, 1, &err), -ENOENT);
    assert_int_equal(bw_series_last(path), -ENOENT);
    /* no folder */
    (void)snprintf(path, sizeof(path), "%s/no/x.rrd", folder);
    assert_true(bw_series_create(path, &bw_series_link, 300, T0, NULL, &err) < 0);
    assert_non_null(strstr(err.text, path));
    setup(NULL);
}

/* ---- what a line is full of ---- */

static void one_hist(int64_t us, char *text, size_t cap)
{
    struct bw_hist h;
    struct bw_buf b;
    bw_hist_init(&h);
    bw_hist_add(&h, us);
    bw_buf_init(&b, 256);
    assert_int_equal(bw_hist_encode(&h, &b), 0);
    (void)snprintf(text, cap, "%s", b.data);
    bw_buf_done(&b);
}

static void traffic_as_steps(void **state)
{
    struct bw_circuit_summary c;
    struct bw_traffic t;
    struct bw_traffic_share mix[3];
    struct bw_summary s;
    struct stat st;
    char wan[64];
    int64_t v[BW_SERIES_DS_MAX];
    int64_t tcp[BW_SERIES_DS_MAX];

    (void)state;
    bw_summary_init(&s);
    bw_circuit_summary_init(&c);
    bw_traffic_init(&t);
    for (size_t i = 0; i < 3; i++) {
        bw_traffic_share_init(&mix[i]);
    }
    (void)snprintf(c.id, sizeof(c.id), "wan");
    (void)snprintf(t.circuit, sizeof(t.circuit), "wan");
    (void)snprintf(mix[0].klass, sizeof(mix[0].klass), "tls");
    (void)snprintf(mix[1].klass, sizeof(mix[1].klass), "icmp");
    (void)snprintf(mix[2].klass, sizeof(mix[2].klass), "of-later");
    mix[0].down_ppm = 750000;
    mix[1].down_ppm = 50000;
    mix[2].down_ppm = 200000;
    c.covered_s = 200; /* of the counters: what they counted, they counted then */
    c.flow[BW_DOWN].bytes = 2500000000; /* 100 Mbit/s */
    c.flow[BW_UP].bytes = 25000000;
    c.saturated_s = 50;
    t.mix = mix;
    t.n_mix = 3;
    one_hist(30000, wan, sizeof(wan));
    t.tcp_rtt_hist = wan;
    t.tcp[BW_UP].resent_ppm = 4000;
    t.tcp[BW_UP].resent_high_ppm = 9000;
    s.circuits = &c;
    s.n_circuits = 1;
    assert_false(bw_series_traffic_values(&s, "wan", v, tcp)); /* none in it */
    s.traffic = &t;
    s.n_traffic = 1;
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_true(v[0] == 75000000);
    assert_true(v[1] == 0); /* no quic among all that was drawn */
    assert_true(v[8] == 5000000);
    assert_true(v[9] == 20000000); /* of a class of later versions */
    for (size_t i = BW_SERIES_CLASSES; i < BW_SERIES_DS_MAX; i++) {
        assert_true(v[i] == BW_UNKNOWN); /* nothing was told of the way up */
    }
    assert_true(tcp[BW_TCP_WAN] >= 29000 && tcp[BW_TCP_WAN] <= 31000);
    assert_true(tcp[BW_TCP_LAN] == BW_UNKNOWN && tcp[BW_TCP_FULL_WAN] == BW_UNKNOWN);
    assert_true(tcp[BW_TCP_FULL] == 250000);
    assert_true(tcp[BW_TCP_RESENT + BW_DOWN] == BW_UNKNOWN);
    assert_true(tcp[BW_TCP_RESENT_LOW + BW_UP] == 4000); /* exact on that side */
    assert_true(tcp[BW_TCP_RESENT_HIGH + BW_UP] == 9000);
    c.flow[BW_DOWN].bytes = BW_UNKNOWN; /* nobody counts: a share of nothing known */
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_true(v[0] == BW_UNKNOWN);
    assert_false(bw_series_traffic_values(&s, "dsl", v, tcp));
    create(&bw_series_traffic, 300, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size <= BW_SERIES_MEAN_BYTES_MAX);
    create(&bw_series_traffic, 300, 0); /* kept */
}

static void bare_traffic(struct bw_summary *s,
                         struct bw_circuit_summary *c,
                         struct bw_traffic *t,
                         struct bw_traffic_share *tls)
{
    bw_summary_init(s);
    bw_circuit_summary_init(c);
    bw_traffic_init(t);
    bw_traffic_share_init(tls);
    (void)snprintf(c->id, sizeof(c->id), "wan");
    (void)snprintf(t->circuit, sizeof(t->circuit), "wan");
    (void)snprintf(tls->klass, sizeof(tls->klass), "tls");
    tls->down_ppm = tls->up_ppm = 1000000;
    s->start_unix_s = 1789000200;
    s->end_unix_s = s->start_unix_s + 300;
    c->covered_s = 300;
    c->flow[BW_DOWN].bytes = c->flow[BW_UP].bytes = 1000000000;
    c->saturated_s = 30;
    t->covered_s = 300;
    t->mix = tls;
    t->n_mix = 1;
    s->circuits = c;
    s->n_circuits = 1;
    s->traffic = t;
    s->n_traffic = 1;
}

static size_t told(const int64_t values[BW_SERIES_DS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < BW_SERIES_DS_MAX; i++) {
        n += values[i] != BW_UNKNOWN;
    }
    return n;
}

/* A picture leaves out what a report's table does: our own tests' bytes and seconds, shares
 * of a few seconds, round trips of seconds that were known too late. */
static void what_is_not_drawn(void **state)
{
    struct bw_summary s;
    struct bw_circuit_summary c;
    struct bw_traffic t;
    struct bw_traffic_share tls;
    struct bw_throughput run;
    char wan[64];
    int64_t v[BW_SERIES_DS_MAX];
    int64_t tcp[BW_SERIES_DS_MAX];

    (void)state;
    one_hist(30000, wan, sizeof(wan));
    bare_traffic(&s, &c, &t, &tls);
    t.tcp_rtt_hist = t.saturated_rtt_hist = wan;
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_int_equal(told(v), 2 * BW_SERIES_CLASSES);
    assert_true(tcp[BW_TCP_FULL] == 100000 && tcp[BW_TCP_FULL_WAN] != BW_UNKNOWN);
    bw_throughput_init(&run);
    (void)snprintf(run.circuit, sizeof(run.circuit), "wan");
    run.state = BW_TEST_OK;
    s.throughput = &run;
    s.n_throughput = 1;
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_int_equal(told(v), 0);
    assert_true(tcp[BW_TCP_FULL] == BW_UNKNOWN && tcp[BW_TCP_WAN] != BW_UNKNOWN);
    run.state = BW_TEST_DEFERRED; /* it sent nothing */
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_int_equal(told(v), 2 * BW_SERIES_CLASSES);
    t.flags[0] = "own-test"; /* told in the record after this */
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_int_equal(told(v), 0);
    assert_true(tcp[BW_TCP_FULL] == BW_UNKNOWN);
    t.flags[0] = NULL;
    t.covered_s = 100;
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_int_equal(told(v), 0);
    assert_true(tcp[BW_TCP_FULL] == 100000); /* the counter's, which looked all the time */
    t.covered_s = 150;
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_int_equal(told(v), 2 * BW_SERIES_CLASSES);
    c.source = BW_SOURCE_SNMP;
    c.resolution_ms = 30000;
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_true(tcp[BW_TCP_FULL] == 100000 && tcp[BW_TCP_FULL_WAN] == BW_UNKNOWN);
    c.resolution_ms = 3000;
    assert_true(bw_series_traffic_values(&s, "wan", v, tcp));
    assert_true(tcp[BW_TCP_FULL_WAN] != BW_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_shape_of_the_design, setup, teardown),
        cmocka_unit_test_setup_teardown(values_equal_and_unknown_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(gaps_stay_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(long_fill, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_files_are_remade, setup, teardown),
        cmocka_unit_test_setup_teardown(traffic_as_steps, setup, teardown),
        cmocka_unit_test(what_is_not_drawn),
    };
    int failed;
    if (!mkdtemp(folder)) {
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(folder) == 0 ? failed : 1;
}

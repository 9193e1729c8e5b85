/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_rrdcache.c - a circuit's RRD files are the same from circuit-days as from records,
 * by librrd's own dump, whatever a box did in those days; and what a range of them
 * lacks. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <bw/records.h>
#include <dirent.h>
#include <errno.h>
#include <graph_worker.h>
#include <ledger.h>
#include <rrd.h>
#include <rrdcache_private.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DAY = 86400,
    START = 1788998400, /* midnight UTC */
    DAYS = 9
};

struct fixture {
    char *folder;
    char path[300];
    struct bw_ledger *l;
    struct box box;
    struct bw_err err;
};

/* A run that began `before_s` before the interval that tells it. */
static void add_run(struct bw_summary *u,
                    struct bw_throughput *t,
                    enum bw_direction direction,
                    int64_t before_s,
                    int64_t goodput_bps)
{
    bw_throughput_init(t);
    (void)snprintf(t->circuit, sizeof(t->circuit), "wan");
    (void)snprintf(t->probe, sizeof(t->probe), "state");
    (void)snprintf(t->kind, sizeof(t->kind), "http");
    (void)snprintf(t->server, sizeof(t->server), "state-1");
    t->method = "http/1";
    t->direction = direction;
    t->at_unix_ms = (u->start_unix_s - before_s) * 1000;
    t->duration_ms = 10000;
    t->state = BW_TEST_OK;
    t->bytes = goodput_bps;
    t->goodput_bps = goodput_bps;
}

/* What the line was full of, which days do not keep. */
static void add_traffic(struct bw_summary *u, int64_t ppm)
{
    struct bw_traffic *t = bw_summary_alloc(u, sizeof(*t));
    struct bw_traffic_share *mix = bw_summary_alloc(u, 2 * sizeof(*mix));
    assert_non_null(t);
    assert_non_null(mix);
    bw_traffic_init(t);
    memcpy(t->circuit, u->circuits[0].id, sizeof(t->circuit));
    for (size_t i = 0; i < 2; i++) {
        bw_traffic_share_init(&mix[i]);
        (void)snprintf(mix[i].klass, sizeof(mix[i].klass), i ? "quic" : "tls");
        mix[i].down_ppm = i ? 1000000 - ppm : ppm;
        mix[i].up_ppm = i ? ppm : BW_UNKNOWN;
    }
    t->mix = mix;
    t->n_mix = 2;
    t->tcp_rtt_hist = u->latency[0].rtt_hist;
    u->traffic = t;
    u->n_traffic = 1;
}

/* What days may hold that a plain fold would tell differently. */
static void trouble(struct bw_summary *u)
{
    int64_t day = (u->start_unix_s - START) / DAY;
    int64_t at = (u->start_unix_s - START) % DAY;
    if (at == 0 && day > 0) { /* begun before midnight, told after it, and one more */
        struct bw_throughput *t = bw_summary_alloc(u, 3 * sizeof(*t));
        assert_non_null(t);
        add_run(u, &t[0], BW_DOWN, 6, 90000000 + day);
        add_run(u, &t[1], BW_DOWN, -20, 80000000 + day);
        add_run(u, &t[2], BW_UP, 120, 9000000 + day);
        u->throughput = t;
        u->n_throughput = 3;
    }
    if (day == 1 && at >= 7200 && at % 900) { /* the capture was switched on */
        add_traffic(u, 300000 + at);
    }
    if (day == 4) { /* one name, two kinds */
        memcpy(u->latency[1].probe, u->latency[0].probe, sizeof(u->latency[1].probe));
        (void)snprintf(u->latency[0].kind, sizeof(u->latency[0].kind), "tcp");
    }
    if (day == 6 && at < 7200) { /* the counters say nothing */
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            bw_flow_init(&u->circuits[0].flow[d]);
        }
    }
    if (day == 6 && at >= 7200 && at < 9000) { /* all lost */
        u->latency[0].lost = u->latency[0].sent;
        u->latency[0].rtt_hist = NULL;
        u->latency[0].sum_us = u->latency[0].p50_us = BW_UNKNOWN;
        u->latency[0].p95_us = u->latency[0].pdv_p95_us = BW_UNKNOWN;
    }
}

static void put_next(struct fixture *f)
{
    struct signed_summary s;
    struct bw_ledger_result res;
    box_next(&f->box, &s);
    struct bw_ledger_entry e = {.summary = &s.summary,
                                .jws = s.jws.data,
                                .jws_len = s.jws.len,
                                .received_unix_ms = s.summary.end_unix_s * 1000 + 5000};
    memcpy(e.kid, s.kid, sizeof(e.kid));
    memcpy(e.sha256, s.sha256, sizeof(e.sha256));
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, BW_LEDGER_ACCEPTED);
    signed_done(&s);
}

static void fill(struct fixture *f)
{
    while (f->box.start_unix_s < START + DAYS * DAY - 7200) {
        int64_t day = (f->box.start_unix_s - START) / DAY;
        int64_t at = (f->box.start_unix_s - START) % DAY;
        f->box.length_s = 300;
        if (day == 3 && at == 36000) { /* restarted: two short ones in one cell */
            f->box.length_s = 130;
            put_next(f);
            f->box.length_s = 170;
        }
        if (day == 5 && at == 36000) { /* the clock was set back */
            f->box.start_unix_s -= 700;
        }
        if (day == 6 && at == 43200) { /* nothing for some time, and off the grid after */
            f->box.start_unix_s += 5000;
        }
        put_next(f);
        if (day == 6 && at > 80000) {
            f->box.start_unix_s = START + 7 * (int64_t)DAY;
        }
    }
}

static int setup(void **state)
{
    struct bw_ledger_seal_report report;
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/ledger", f->folder);
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &f->l, &f->err), 0);
    box_init(&f->box, "s-alder", START);
    f->box.change = trouble;
    fill(f);
    /* the last three days stay hot */
    assert_int_equal(
        f->l->ops->seal(f->l, (START + 9 * (int64_t)DAY) * 1000, 3, 0, &report, &f->err),
        0);
    assert_true(report.segments >= 5);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bw_ledger_close(f->l);
    box_done(&f->box);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

/* ---- comparing ------------------------------------------------------------------------
 */

typedef int put_fn(struct refresh *, struct bw_records *, int64_t, int64_t);

static void make_files(struct fixture *f, const char *name, put_fn *put, int64_t from)
{
    struct refresh *r = calloc(1, sizeof(*r));
    struct bw_records *records = NULL;
    assert_non_null(r);
    (void)snprintf(r->folder, sizeof(r->folder), "%s/%s", f->folder, name);
    assert_int_equal(mkdir(r->folder, 0700), 0);
    r->site = "s-alder";
    r->circuit = "wan";
    r->step_s = 300;
    r->from_unix_s = from;
    r->last_unix_s = BW_UNKNOWN;
    bw_buf_init(&r->scratch, BW_JWS_MAX + 1);
    assert_int_equal(bw_ledger_records(f->path, &records, &f->err), 0);
    int n = put(r, records, from, f->box.start_unix_s);
    n = n == 0 ? bw_rrd_flush(r) : n;
    if (n != 0) {
        fail_msg("%s", r->err.text);
    }
    bw_records_close(records);
    for (size_t i = 0; i < r->n_series; i++) {
        free(r->series[i]);
    }
    bw_buf_done(&r->scratch);
    free(r->kept);
    free(r);
}

static char *dump_of(const char *folder, const char *name)
{
    char rrd[800];
    char xml[820];
    (void)snprintf(rrd, sizeof(rrd), "%s/%s", folder, name);
    (void)snprintf(xml, sizeof(xml), "%s.xml", rrd);
    rrd_clear_error();
    if (rrd_dump_r(rrd, xml) != 0) {
        fail_msg("%s: %s", rrd, rrd_get_error());
    }
    FILE *h = fopen(xml, "re");
    assert_non_null(h);
    assert_int_equal(fseek(h, 0, SEEK_END), 0);
    long n = ftell(h);
    assert_true(n > 0);
    rewind(h);
    char *text = calloc((size_t)n + 1, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)n, h), n);
    assert_int_equal(fclose(h), 0);
    assert_int_equal(remove(xml), 0);
    return text;
}

static int is_rrd(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 4 && strcmp(e->d_name + n - 4, ".rrd") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void assert_same_files(struct fixture *f, int from_offset)
{
    struct dirent **a = NULL;
    struct dirent **b = NULL;
    char one[400];
    char two[400];
    make_files(f, "records", bw_rrd_put_records, START + from_offset);
    make_files(f, "days", bw_rrd_put_days, START + from_offset);
    (void)snprintf(one, sizeof(one), "%s/records", f->folder);
    (void)snprintf(two, sizeof(two), "%s/days", f->folder);
    int n = scandir(one, &a, is_rrd, by_name);
    assert_int_equal(n, 6); /* link, throughput, two targets, traffic, tcp */
    assert_int_equal(scandir(two, &b, is_rrd, by_name), n);
    for (int i = 0; i < n; i++) {
        char *x = dump_of(one, a[i]->d_name);
        char *y = dump_of(two, a[i]->d_name);
        assert_string_equal(a[i]->d_name, b[i]->d_name);
        size_t at = 0;
        while (x[at] && x[at] == y[at]) {
            at++;
        }
        if (x[at] || y[at]) {
            at = at > 200 ? at - 200 : 0;
            fail_msg("%s differs: records %.300s; days %.300s", a[i]->d_name, x + at,
                     y + at);
        }
        assert_non_null(strstr(x, "<v>")); /* it is a dump, and not of nothing */
        free(x);
        free(y);
        free(a[i]);
        free(b[i]);
    }
    free(a);
    free(b);
}

static void test_from_the_first_record(void **state)
{
    assert_same_files(*state, 0);
}

/* As after some days without a look: from the middle of a day on. */
static void test_from_the_middle(void **state)
{
    assert_same_files(*state, DAY + 40200);
}

/* An hour of which everything was lost, and one of which nothing is known. */
static void test_what_a_range_lacks(void **state)
{
    (void)state;
    char *folder = tmp_folder();
    struct bw_err err = {.text = ""};
    struct bw_graph_job j = {.step_s = 300, .width = 860};
    struct bw_series_step steps[12];
    (void)snprintf(j.rrd, sizeof(j.rrd), "%s/latency-hub.rrd", folder);
    assert_int_equal(bw_series_create(j.rrd, &bw_series_latency, 300, START, NULL, &err),
                     0);
    for (int64_t i = 0; i < 12; i++) {
        steps[i] = (struct bw_series_step){.start_unix_s = START + i * 300,
                                           .end_unix_s = START + (i + 1) * 300,
                                           .values = {BW_UNKNOWN, BW_UNKNOWN, 1000000}};
    }
    assert_int_equal(bw_series_update(j.rrd, &bw_series_latency, steps, 12, &err), 0);
    j.from_unix_s = START;
    j.to_unix_s = START + 3600;
    bw_graph_find_blank(&j);
    assert_true(j.blank[0] && j.blank[1]);
    assert_false(j.blank[2]);
    j.from_unix_s = START - 7200;
    j.to_unix_s = START - 3600;
    bw_graph_find_blank(&j);
    assert_true(j.blank[0] && j.blank[1] && j.blank[2]);
    (void)snprintf(j.rrd, sizeof(j.rrd), "%s/none.rrd", folder);
    bw_graph_find_blank(&j);
    assert_false(j.blank[0] || j.blank[2]);
    tmp_folder_drop(folder);
}

/* Where the field of a picture begins and ends: a script on a circuit's page tells times by
 * it. */
static void test_the_field_of_a_picture(void **state)
{
    (void)state;
    char *folder = tmp_folder();
    struct bw_err err = {.text = ""};
    struct bw_graph_job j = {.topic = "latency",
                             .step_s = 300,
                             .width = 1100,
                             .height = 340,
                             .from_unix_s = START - 7200,
                             .to_unix_s = START - 3600};
    char **args = NULL;
    int n = 0;
    long told[2] = {0, 0};
    int ends[2];
    (void)snprintf(j.rrd, sizeof(j.rrd), "%s/latency-hub.rrd", folder);
    assert_int_equal(bw_series_create(j.rrd, &bw_series_latency, 300, START, NULL, &err),
                     0);
    assert_int_equal(bw_graph_args(&j, &args, &n), 0);
    assert_int_equal(pipe(ends), 0);
    pid_t child =
        fork(); /* librrd keeps memory, as in the collector: a process of its own */
    if (child == 0) {
        for (const rrd_info_t *i = rrd_graph_v(n, args); i; i = i->next) {
            told[0] = strcmp(i->key, "graph_left") == 0 ? (long)i->value.u_cnt : told[0];
            told[1] = strcmp(i->key, "graph_width") == 0 ? (long)i->value.u_cnt : told[1];
        }
        _exit(write(ends[1], told, sizeof(told)) == (ssize_t)sizeof(told) ? 0 : 1);
    }
    assert_int_equal(read(ends[0], told, sizeof(told)), sizeof(told));
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ends[0]);
    (void)close(ends[1]);
    bw_graph_args_free(args, n);
    assert_in_range(told[0], BW_GRAPH_LEFT_PIXELS - 2, BW_GRAPH_LEFT_PIXELS + 2);
    assert_in_range(1100 - told[0] - told[1], BW_GRAPH_RIGHT_PIXELS - 2,
                    BW_GRAPH_RIGHT_PIXELS + 2);
    tmp_folder_drop(folder);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_from_the_first_record),
        T(test_from_the_middle),
        cmocka_unit_test(test_what_a_range_lacks),
        cmocka_unit_test(test_the_field_of_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_collector.c - the collector's pure parts: posts taken apart within their limits,
 * names and times read, jobs for the drawing process. */
#include <batch.h>
#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <graph_marks.h>
#include <graph_worker.h>
#include <overview.h>
#include <page_parts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include <cmocka.h>

/* --- posts ------------------------------------------------------------------------------
 */

static int split(const char *text, size_t n, size_t *ret_n)
{
    static struct bw_batch_line lines[BW_POST_LINES_MAX];
    struct bw_err err;
    int r = bw_batch_split(text, n, lines, ret_n, &err);
    return r;
}

static void test_split(void **state)
{
    (void)state;
    struct bw_batch_line lines[BW_POST_LINES_MAX];
    size_t n = 0;
    assert_int_equal(bw_batch_split("ab\n\ncd", 6, lines, &n, NULL), 0);
    assert_int_equal(n, 3);
    assert_int_equal(lines[0].len, 2);
    assert_int_equal(lines[1].len, 0);
    assert_memory_equal(lines[2].text, "cd", 2);
    assert_int_equal(split("a\n", 2, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(split("", 0, &n), -BW_EMALFORMED);
    assert_int_equal(split("a\0b", 3, &n), -BW_EMALFORMED);
}

static void test_split_limits(void **state)
{
    (void)state;
    size_t n = 0;
    char *many = malloc(2 * (BW_POST_LINES_MAX + 1));
    assert_non_null(many);
    for (size_t i = 0; i <= BW_POST_LINES_MAX; i++) {
        memcpy(many + 2 * i, "x\n", 2);
    }
    assert_int_equal(split(many, (size_t)2 * BW_POST_LINES_MAX, &n), 0);
    assert_int_equal(n, BW_POST_LINES_MAX);
    assert_int_equal(split(many, (size_t)2 * (BW_POST_LINES_MAX + 1), &n), -EOVERFLOW);
    free(many);
    char *large = malloc(BW_POST_BYTES_MAX + 1);
    assert_non_null(large);
    memset(large, 'x', BW_POST_BYTES_MAX + 1);
    assert_int_equal(split(large, BW_POST_BYTES_MAX, &n), 0);
    assert_int_equal(split(large, BW_POST_BYTES_MAX + 1, &n), -E2BIG);
    free(large);
}

static void test_inflate(void **state)
{
    (void)state;
    enum {
        SIZE = BW_POST_BYTES_MAX + 1
    };
    struct bw_buf out;
    struct bw_err err;
    char *plain = calloc(1, SIZE);
    size_t cap = ZSTD_compressBound(SIZE);
    char *packed = malloc(cap);
    assert_true(plain && packed);
    bw_buf_init(&out, BW_POST_BYTES_MAX + 1);
    for (size_t i = 0; i < 4; i++) {
        static const size_t sizes[] = {0, 1, 100000, BW_POST_BYTES_MAX};
        size_t n = ZSTD_compress(packed, cap, plain, sizes[i], 3);
        assert_int_equal(bw_batch_inflate(packed, n, &out, &err), 0);
        assert_int_equal(out.len, sizes[i]);
        for (size_t cut = 0; cut < n; cut += 1 + n / 7) {
            assert_int_equal(bw_batch_inflate(packed, cut, &out, &err), -BW_EMALFORMED);
        }
    }
    size_t n = ZSTD_compress(packed, cap, plain, SIZE, 3);
    assert_int_equal(bw_batch_inflate(packed, n, &out, &err), -E2BIG);
    assert_true(out.len <= BW_POST_BYTES_MAX);
    /* Two frames in a row are one body. */
    size_t a = ZSTD_compress(packed, cap, "abc", 3, 3);
    a += ZSTD_compress(packed + a, cap - a, "def", 3, 3);
    assert_int_equal(bw_batch_inflate(packed, a, &out, &err), 0);
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.data, "abcdef", 6);
    bw_buf_done(&out);
    free(plain);
    free(packed);
}

/* --- words of pages ---------------------------------------------------------------------
 */

static void figure(void (*write)(struct bw_buf *, int64_t), int64_t v, const char *want)
{
    struct bw_buf b;
    bw_buf_init(&b, 4096);
    write(&b, v);
    assert_string_equal(b.data, want);
    bw_buf_done(&b);
}

static void test_figures(void **state)
{
    (void)state;
    figure(bw_page_rate, 0, "0&nbsp;bit/s");
    figure(bw_page_rate, 100000000, "100&nbsp;Mbit/s");
    figure(bw_page_rate, 94120000, "94.1&nbsp;Mbit/s");
    figure(bw_page_rate, 9412000, "9.41&nbsp;Mbit/s");
    figure(bw_page_rate, 1000000000, "1&nbsp;Gbit/s");
    figure(bw_page_span, 45, "45&nbsp;s");
    figure(bw_page_span, 7300, "2&nbsp;h 1&nbsp;min");
    figure(bw_page_span, 200000, "2&nbsp;days");
    figure(bw_page_ms, 9140, "9.14&nbsp;ms");
    figure(bw_page_ms, 20049, "20.0&nbsp;ms");
    figure(bw_page_count, 1234567, "1&#8239;234&#8239;567");
}

static void test_addresses(void **state)
{
    (void)state;
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t t = 0;
    assert_int_equal(bw_circuit_id_parse("s-4f9k2.wan.2", site, circuit), 0);
    assert_string_equal(site, "s-4f9k2");
    assert_string_equal(circuit, "wan.2");
    static const char *const bad[] = {"",
                                      ".",
                                      "s-4f9k2",
                                      "s-4f9k2.",
                                      ".wan",
                                      "s/../x.wan",
                                      "s-4f9k2.w/n",
                                      "s-4f9k2.w\xC3\xA4n",
                                      "s-0123456789012345678901234567890123.wan"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_circuit_id_parse(bad[i], site, circuit), -EINVAL);
    }
    assert_int_equal(bw_when_parse("1789000200", &t), 0);
    assert_true(t == 1789000200);
    assert_int_equal(bw_when_parse("2026-11-22", &t), 0);
    assert_true(t == 1795305600);
    assert_int_equal(bw_when_parse("2026-11-22T00:00:01Z", &t), 0);
    assert_true(t == 1795305601);
    assert_true(bw_when_parse("soon", &t) < 0);
    assert_true(bw_when_parse("", &t) < 0);
}

/* --- drawing jobs -----------------------------------------------------------------------
 */

static void test_graph_job(void **state)
{
    (void)state;
    struct bw_graph_job in = {.topic = "link",
                              .rrd = "/x:y/s-4f9k2.wan/link.rrd",
                              .from_unix_s = 1789000200,
                              .to_unix_s = 1789086600,
                              .step_s = 300,
                              .width = 860,
                              .height = 300,
                              .title = "A \"quoted\" <title>: 100 %",
                              .layer = "ethernet",
                              .at_least = true,
                              .claims = {{.to_unix_s = INT64_MAX / 2,
                                          .layer = "ip",
                                          .bps = {100000000, BW_UNKNOWN}}},
                              .n_claims = 1};
    struct bw_graph_job out;
    struct bw_buf text;
    struct bw_err err = {.text = ""};
    bw_buf_init(&text, 65536);
    assert_int_equal(bw_graph_job_write(&in, &text), 0);
    assert_int_equal(bw_graph_job_read(text.data, text.len, &out, &err), 0);
    assert_string_equal(out.title, in.title);
    assert_string_equal(out.rrd, in.rrd);
    assert_int_equal(out.n_claims, 1);
    assert_true(out.at_least);
    assert_true(out.claims[0].bps[BW_DOWN] == 100000000);
    assert_true(out.claims[0].bps[BW_UP] == BW_UNKNOWN);
    char **args = NULL;
    int n = 0;
    assert_int_equal(bw_graph_args(&out, &args, &n), 0);
    bool path = false;
    bool claim = false;
    for (int i = 0; i < n; i++) {
        path = path || strstr(args[i], "=/x\\:y/s-4f9k2.wan/link.rrd:down:AVERAGE");
        claim = claim || strstr(args[i], "Claimed down 100 Mbit/s (ip layer)");
        assert_null(strstr(args[i], "Claimed up"));
    }
    assert_true(path && claim);
    bw_graph_args_free(args, n);
    assert_true(bw_graph_job_read("{}", 2, &out, &err) < 0);
    assert_true(bw_graph_job_read("nonsense", 8, &out, &err) < 0);
    bw_buf_done(&text);
}

/* A claim that changed within the picture is drawn as it was at each time, and the legend
 * says from when. */
static void test_graph_claims_by_date(void **state)
{
    (void)state;
    struct bw_graph_job j = {
        .topic = "link",
        .rrd = "/x/link.rrd",
        .from_unix_s = 1782864000 - 10 * 86400,
        .to_unix_s = 1782864000 + 10 * 86400,
        .step_s = 300,
        .width = 860,
        .height = 300,
        .title = "A",
        .layer = "ethernet",
        .claims = {{.to_unix_s = 1782864000, .layer = "ip", .bps = {100000000, BW_UNKNOWN}},
                   {.from_unix_s = 1782864000,
                    .to_unix_s = INT64_MAX / 2,
                    .layer = "ip",
                    .bps = {200000000, 50000000}}},
        .n_claims = 2};
    char **args = NULL;
    int n = 0;
    int seen = 0;
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    assert_int_equal(bw_graph_args(&j, &args, &n), 0);
    for (int i = 0; i < n; i++) {
        seen += strcmp(args[i], "CDEF:claim0=down,POP,TIME,0,LE,UNKN,TIME,1782864000,LE,"
                                "100000000,TIME,1782864000,LE,UNKN,TIME,"
                                "4611686018427387903,LE,200000000,UNKN,IF,IF,IF,IF") == 0;
        seen +=
            strstr(args[i], ":Claimed down 100 Mbit/s (ip layer) to 2026-07-01:") != NULL;
        seen +=
            strcmp(args[i], "COMMENT:   then 200 Mbit/s (ip layer) from 2026-07-01") == 0;
        seen +=
            strstr(args[i], ":Claimed up 50 Mbit/s (ip layer) from 2026-07-01:") != NULL;
        assert_null(strstr(args[i], "LINE1.5:100000000"));
    }
    assert_int_equal(seen, 4);
    bw_graph_args_free(args, n);
}

/* P95 of days, an outage, one that is shorter than a pixel, and what somebody said: over
 * the wire, and drawn. */
static void test_graph_marks(void **state)
{
    (void)state;
    enum {
        FROM = 1782864000,
        TO = FROM + 10 * 86400
    };
    struct bw_graph_job in = {
        .topic = "link",
        .rrd = "/x/link.rrd",
        .from_unix_s = FROM,
        .to_unix_s = TO,
        .step_s = 300,
        .width = 1000, /* a pixel is 864 s */
        .height = 300,
        .title = "A",
        .zone = "America/Chicago",
        .seen = "Seen from: router; counters: kernel.",
        .p95_days = 1,
        .p95 = {{.from_unix_s = FROM, .to_unix_s = FROM + 86400, .bps = {7000, BW_UNKNOWN}},
                {.from_unix_s = FROM + 86400,
                 .to_unix_s = FROM + 2 * 86400,
                 .bps = {BW_UNKNOWN, BW_UNKNOWN}}},
        .n_p95 = 2,
        .marks = {{BW_GRAPH_OUTAGE, FROM + 1000, FROM + 4600},
                  {BW_GRAPH_OUTAGE, FROM + 9000, FROM + 9030},
                  {BW_GRAPH_KNOWN, FROM - 600, FROM + 4000}},
        .n_marks = 3};
    struct bw_graph_job j;
    struct bw_buf text;
    struct bw_err err = {.text = ""};
    char **args = NULL;
    int n = 0;
    int seen = 0;
    bw_buf_init(&text, 65536);
    assert_int_equal(bw_graph_job_write(&in, &text), 0);
    assert_int_equal(bw_graph_job_read(text.data, text.len, &j, &err), 0);
    assert_int_equal(bw_graph_args(&j, &args, &n), 0);
    for (int i = 0; i < n; i++) {
        seen +=
            strcmp(args[i], "CDEF:p950=down,POP,TIME,1782864000,LE,UNKN,TIME,1782950400,LE,"
                            "7000,TIME,1782950400,LE,UNKN,TIME,1783036800,LE,UNKN,UNKN,IF,"
                            "IF,IF,IF") == 0;
        seen += strstr(args[i], ":P95 of class hours, each day, down:") != NULL;
        seen +=
            strcmp(args[i], "CDEF:moutage=down,POP,0,TIME,1782865000,GT,TIME,1782868600,LE,"
                            "*,+,0,GT,INF,UNKN,IF") == 0;
        seen += strncmp(args[i], "VRULE:1782865000#", 17) == 0;
        seen += strncmp(args[i], "VRULE:1782873000#", 17) == 0; /* too short for a band */
        seen +=
            strcmp(args[i], "CDEF:mknown=down,POP,0,TIME,1782863400,GT,TIME,1782868000,LE,"
                            "*,+,0,GT,INF,UNKN,IF") == 0;
        seen += strstr(args[i], "Time zone\\: America/Chicago") != NULL;
        seen += strcmp(args[i], "COMMENT:Seen from\\: router; counters\\: kernel.\\l") == 0;
        assert_null(strstr(args[i], "p951"));             /* nothing is known upwards */
        assert_null(strstr(args[i], "VRULE:1782863400")); /* it began before */
    }
    assert_int_equal(seen, 8);
    bw_graph_args_free(args, n);
    bw_buf_done(&text);
}

/* Of more days than steps each step is the highest of several; a day without class is a
 * gap where it stands alone. */
static void test_graph_p95_steps(void **state)
{
    (void)state;
    static struct bw_room_day days[100];
    struct bw_graph_job j = {.from_unix_s = 0, .to_unix_s = 100 * 86400};
    for (int i = 0; i < 100; i++) {
        bw_room_day_init(&days[i]);
        days[i].day = i;
        days[i].from_unix_s = i * 86400;
        days[i].to_unix_s = (i + 1) * 86400;
        days[i].way[BW_DOWN].class_p95_bps = i % 7 < 5 ? i : BW_UNKNOWN;
    }
    days[40].outage_ms = 60000;
    bw_graph_marks_days(days, 100, &j);
    assert_int_equal(j.p95_days, 2);
    assert_int_equal(j.n_p95, 50);
    assert_int_equal(j.p95[0].bps[BW_DOWN], 1);
    assert_int_equal(j.p95[2].bps[BW_DOWN], 4); /* days 4 and 5, of which 5 has no class */
    assert_int_equal(j.p95[0].bps[BW_UP], BW_UNKNOWN);
    assert_int_equal(j.p95[49].to_unix_s, 100 * 86400);
    assert_int_equal(j.n_marks, 1); /* in a longer range the day of an outage */
    assert_int_equal(j.marks[0].from_unix_s, 40 * 86400);
    j = (struct bw_graph_job){.from_unix_s = 0, .to_unix_s = 10 * 86400};
    bw_graph_marks_days(days, 10, &j);
    assert_int_equal(j.p95_days, 1);
    assert_int_equal(j.n_p95, 10);
    assert_int_equal(j.p95[5].bps[BW_DOWN], BW_UNKNOWN);
    assert_int_equal(j.n_marks, 0);
    bw_graph_marks_days(days, 0, &j);
    assert_int_equal(j.n_p95, 0);
}

/* The figures that a legend prints: "GPRINT:vdown", "GPRINT:vdpeak", …. */
static size_t count_figures(const struct bw_graph_job *j, const char *name)
{
    char want[32];
    char **args = NULL;
    int n = 0;
    size_t found = 0;
    (void)snprintf(want, sizeof(want), "GPRINT:v%s:", name);
    assert_int_equal(bw_graph_args(j, &args, &n), 0);
    for (int i = 0; i < n; i++) {
        found += strncmp(args[i], want, strlen(want)) == 0 ? 1 : 0;
    }
    bw_graph_args_free(args, n);
    return found;
}

/* What nobody knows is not printed, the rest is. */
static void test_graph_figures_by_source(void **state)
{
    (void)state;
    struct bw_graph_job j = {.topic = "throughput",
                             .rrd = "/x/throughput.rrd",
                             .from_unix_s = 1789000200,
                             .to_unix_s = 1789086600,
                             .step_s = 300,
                             .width = 860,
                             .height = 300,
                             .title = "A",
                             .blank = {[BW_UP] = true}};
    assert_int_equal(count_figures(&j, "down"), 1);
    assert_int_equal(count_figures(&j, "up"), 0);
    (void)snprintf(j.topic, sizeof(j.topic), "link");
    assert_int_equal(count_figures(&j, "down"), 1);
    assert_int_equal(count_figures(&j, "dpeak"), 1);
    assert_int_equal(count_figures(&j, "up"), 0);
    j.blank[BW_DIRECTIONS + BW_DOWN] = true; /* counters that are read too seldom */
    assert_int_equal(count_figures(&j, "down"), 1);
    assert_int_equal(count_figures(&j, "dpeak"), 0);
    (void)snprintf(j.topic, sizeof(j.topic), "latency");
    memset(j.blank, 0, sizeof(j.blank));
    assert_int_equal(count_figures(&j, "p95"), 1);
    assert_int_equal(count_figures(&j, "p50"), 1);
    j.blank[0] = j.blank[1] = true; /* all lost */
    assert_int_equal(count_figures(&j, "p95"), 0);
    assert_int_equal(count_figures(&j, "p50"), 0);
    assert_int_equal(count_figures(&j, "loss"), 1);
}

static bool has_arg(const struct bw_graph_job *j, const char *part)
{
    char **args = NULL;
    int n = 0;
    bool found = false;
    assert_int_equal(bw_graph_args(j, &args, &n), 0);
    for (int i = 0; i < n; i++) {
        found = found || strstr(args[i], part) != NULL;
    }
    bw_graph_args_free(args, n);
    return found;
}

/* Every picture of what a mirror port counted says that it is a lower bound; no other does,
 * and nothing is said of a highest second that there is not. */
static void test_graphs_of_a_mirror(void **state)
{
    static const struct {
        const char *topic;
        const char *says[4];
    } of[] = {{"link",
               {"--vertical-label=at least, bit/s, ethernet layer",
                ":Down, at least, mean of interval ", ":Up, at least, mean of interval ",
                "Counted at a mirror port"}},
              {"traffic",
               {"--vertical-label=at least, bit/s, ethernet layer",
                "the line carried this much or more", "Counted at a mirror port", "bit/s"}},
              {"saturated",
               {"Mean at least ", "the line was full this long or longer",
                "Counted at a mirror port", "ms"}}};
    (void)state;
    struct bw_graph_job j = {.rrd = "/x/y.rrd",
                             .from_unix_s = 1789000200,
                             .to_unix_s = 1789086600,
                             .step_s = 300,
                             .width = 860,
                             .height = 300,
                             .title = "A",
                             .layer = "ethernet",
                             .at_least = true};
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        (void)snprintf(j.topic, sizeof(j.topic), "%s", of[i].topic);
        j.at_least = true;
        for (size_t k = 0; k < 4; k++) {
            assert_true(has_arg(&j, of[i].says[k]));
        }
        j.at_least = false;
        assert_false(has_arg(&j, "at least"));
        assert_false(has_arg(&j, "mirror"));
    }
    (void)snprintf(j.topic, sizeof(j.topic), "link");
    j.blank[BW_DIRECTIONS + BW_DOWN] = j.blank[BW_DIRECTIONS + BW_UP] = true;
    assert_true(has_arg(&j, "highest"));
    j.at_least = true;
    assert_false(has_arg(&j, "highest"));
}

/* Classes in the same order on both sides of the axis, each on top of the one before; an
 * interval of error as a band; what is not known is not printed. */
static void test_graphs_of_traffic(void **state)
{
    (void)state;
    struct bw_graph_job j = {.topic = "traffic",
                             .rrd = "/x/traffic.rrd",
                             .from_unix_s = 1789000200,
                             .to_unix_s = 1789086600,
                             .step_s = 300,
                             .width = 860,
                             .height = 300,
                             .title = "A",
                             .layer = "ethernet",
                             .n_beside = 1,
                             .beside = {{"edge", "/x/latency-edge.rrd"}}};
    assert_true(has_arg(&j, "AREA:d0#2C7FB8:tls"));
    assert_true(has_arg(&j, "AREA:d1#7CC4EA:quic :STACK"));
    assert_true(has_arg(&j, "AREA:n1#7CC4EA::STACK"));
    assert_true(has_arg(&j, "AREA:d9#9AA5B1:other:STACK"));
    assert_false(has_arg(&j, "--lower-limit"));
    /* Either way may be told alone: the other is then not measured, and not idle. */
    assert_true(has_arg(&j, "CDEF:gap=d0,UN,INF,UNKN,IF"));
    assert_true(has_arg(&j, "CDEF:gapup=u0,UN,NEGINF,UNKN,IF"));
    assert_string_equal(bw_graph_file("traffic"), "traffic");
    assert_string_equal(bw_graph_file("rtt"), "tcp");
    (void)snprintf(j.topic, sizeof(j.topic), "rtt");
    assert_true(has_arg(&j, "DEF:p0s=/x/latency-edge.rrd:p50:AVERAGE"));
    assert_int_equal(count_figures(&j, "wan"), 1);
    j.blank[BW_TCP_WAN] = true;
    assert_int_equal(count_figures(&j, "wan"), 0);
    (void)snprintf(j.topic, sizeof(j.topic), "resent");
    assert_true(has_arg(&j, "AREA:downband#0072B233::STACK"));
    assert_false(has_arg(&j, "GPRINT")); /* what nobody weighed is no period's figure */
    assert_true(has_arg(&j, ":Down, of TCP payload bytes\\l"));
    j.blank[BW_TCP_RESENT + BW_UP] = true;
    assert_true(has_arg(&j, ":Up, of TCP payload bytes, nothing in this range\\l:dashes"));
    assert_true(has_arg(&j, ":Down, of TCP payload bytes\\l"));
    (void)snprintf(j.topic, sizeof(j.topic), "saturated");
    assert_int_equal(count_figures(&j, "pct"), 1);
    j.blank[BW_TCP_FULL] = true; /* no claim to hold it against */
    assert_int_equal(count_figures(&j, "pct"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_split_limits),
        cmocka_unit_test(test_inflate),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_graph_job),
        cmocka_unit_test(test_graph_claims_by_date),
        cmocka_unit_test(test_graph_marks),
        cmocka_unit_test(test_graph_p95_steps),
        cmocka_unit_test(test_graph_figures_by_source),
        cmocka_unit_test(test_graphs_of_a_mirror),
        cmocka_unit_test(test_graphs_of_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

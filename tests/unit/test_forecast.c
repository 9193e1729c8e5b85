/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_forecast.c - how many bytes a configuration will move, and what it cannot test. */
#include "bw_test.h"
#include "forecast.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MONDAY INT64_C(1795392000) /* 2026-11-23 */

static struct bw_boxconf *take(const char *text)
{
    char path[] = "/tmp/bw-forecast-XXXXXX";
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    if (bw_boxconf_load(path, &c, &err) < 0) {
        fail_msg("%s", err.text);
    }
    (void)unlink(path);
    return c;
}

static const int64_t silent[BW_CIRCUITS_MAX] = {BW_UNKNOWN, BW_UNKNOWN};

/* 100 Mbit/s for 10.05 s of a download, every 6 h in the 14 hours that lessons leave on
 * five days and the 24 of two. */
static void bytes_a_day(void **state)
{
    struct bw_forecast f;
    (void)state;
    struct bw_boxconf *c =
        take("circuit \"wan\" { vantage = router source = none\n"
             " claim { down = 100M up = 20M } }\n"
             "class_hours \"l\" { days = \"mon-fri\" from = \"07:00\" to = \"17:00\" }\n"
             "icmp \"e\" { interval = 1s target \"a\" { address = \"192.0.2.1\" }\n"
             " target \"b\" { address = \"192.0.2.2\" } }\n"
             "http \"h\" { every = 6h direction = down\n"
             " target \"s\" { address = \"http://192.0.2.3/f\" } }\n"
             "http \"asked\" { target \"s\" { address = \"http://192.0.2.3/f\" } }\n");
    bw_forecast_make(c, MONDAY, silent, &f);
    assert_int_equal(f.n_probes, 3);

    for (size_t i = 0; i < f.n_probes; i++) {
        const struct bw_boxconf_probe *p = &c->probes[f.probes[i].probe];
        const struct bw_forecast_probe *x = &f.probes[i];
        if (!x->heavy) {
            assert_int_equal(x->milliruns_day, INT64_C(2) * 86400 * 1000);
            assert_int_equal(x->run_bytes, 2 * (56 + 28));
            assert_int_equal(x->day_bytes, INT64_C(2) * 86400 * 168);
        } else if (p->every_ms > 0) {
            int64_t open_h = (5 * 14 + 2 * 24) * 10000 / 7; /* 10,000ths of an hour */
            int64_t want = open_h * 1000 / 6 / 10000 * 1000000 / 922752;
            assert_true(x->milliruns_day >= want - 2 && x->milliruns_day <= want + 2);
            assert_int_equal(x->run_bytes, p->ops->cost_bytes(p->opts, INT64_C(100000000)));
            assert_int_equal(x->day_bytes, x->milliruns_day * x->run_bytes / 1000);
        } else {
            assert_int_equal(x->milliruns_day, 0);
            assert_int_equal(x->day_bytes, 0);
        }
    }
    assert_int_equal(f.day_bytes,
                     f.probes[0].day_bytes + f.probes[1].day_bytes + f.probes[2].day_bytes);
    bw_boxconf_unref(c);
}

static int64_t moved(const struct bw_boxconf *c, const char *target, int family)
{
    struct bw_latency l = {.circuit = "wan", .kind = "tcp", .family = family, .sent = 60};
    (void)snprintf(l.probe, sizeof(l.probe), "%s", target);
    return bw_forecast_moved_bytes(c, &l);
}

/* A name is measured over both families: twice the packets, and each is counted once. */
static void names_over_both_families(void **state)
{
    static const char *const kinds[] = {"icmp", "stamp", "tcp", "dns", "http_get"};
    struct bw_forecast f;
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const bool url = strcmp(kinds[i], "http_get") == 0;
        const char *options = strcmp(kinds[i], "dns") == 0    ? "name = \"ash.example\""
                              : strcmp(kinds[i], "icmp") == 0 ? "family = both"
                                                              : "";
        char text[512];
        (void)snprintf(text, sizeof(text),
                       "circuit \"wan\" { vantage = router source = none }\n"
                       "%s \"n\" { %s target \"a\" { address = \"%smaple.example\" } }\n"
                       "%s \"l\" { %s target \"b\" { address = \"%s192.0.2.1\" } }\n",
                       kinds[i], options, url ? "http://" : "", kinds[i], options,
                       url ? "http://" : "");
        struct bw_boxconf *c = take(text);
        bw_forecast_make(c, MONDAY, silent, &f);
        assert_int_equal(f.n_probes, 2);
        assert_int_equal(f.probes[0].run_bytes, f.probes[1].run_bytes);
        assert_true(f.probes[1].day_bytes > 0);
        assert_int_equal(f.probes[0].day_bytes, 2 * f.probes[1].day_bytes);
        if (strcmp(kinds[i], "tcp") == 0) {
            int64_t exchange = f.probes[1].run_bytes;
            assert_int_equal(moved(c, "a", 4) + moved(c, "a", 6), 120 * exchange);
            assert_int_equal(moved(c, "b", 4), 60 * exchange);
            assert_int_equal(moved(c, "of-yesterday", 4), 0);
        }
        bw_boxconf_unref(c);
    }
}

static struct bw_forecast_probe of_window(const char *hours, const char *every)
{
    char text[512];
    struct bw_forecast f;
    (void)snprintf(text, sizeof(text),
                   "circuit \"wan\" { vantage = router source = none }\n"
                   "window \"w\" { %s }\n"
                   "http \"h\" { %s target \"s\" { address = \"http://192.0.2.3/f\" } }\n",
                   hours, every);
    struct bw_boxconf *c = take(text);
    bw_forecast_make(c, MONDAY, silent, &f);
    bw_boxconf_unref(c);
    return f.probes[0];
}

/* Each UTC day draws from zero: where no day is long enough for the least gap, nothing will
 * ever run, and the forecast may not say otherwise. */
static void what_never_runs(void **state)
{
    const char *night = "days = \"mon-sun\" from = \"20:00\" to = \"22:00\"";
    /* 23:00 to 01:00 UTC: an hour of each of two days */
    const char *evening = "days = \"mon\" from = \"18:00\" to = \"20:00\"";
    const char *long_mondays = "days = \"mon\" from = \"08:00\" to = \"20:00\"";
    (void)state;
    struct bw_forecast_probe x = of_window(night, "every = 1d");
    assert_true(x.never);
    assert_int_equal(x.milliruns_day, 0);
    assert_int_equal(x.day_bytes, 0);
    x = of_window(night, "every = 19h");
    assert_false(x.never);
    assert_true(x.milliruns_day > 100);
    x = of_window(night, "");
    assert_false(x.never); /* only when asked */
    x = of_window(long_mondays, "every = 4d");
    assert_false(x.never);
    assert_true(x.milliruns_day > 0);

    (void)setenv("TZ", "America/New_York", 1);
    tzset();
    x = of_window(evening, "every = 10h");
    assert_true(x.never);
    assert_int_equal(x.milliruns_day, 0);
    x = of_window(evening, "every = 9h");
    assert_false(x.never);
    (void)setenv("TZ", "UTC", 1);
    tzset();
}

/* Without a claim the port says how fast; without either the probe's own guess. */
static void by_the_port(void **state)
{
    const int64_t fast[BW_CIRCUITS_MAX] = {INT64_C(10000000000)};
    struct bw_forecast a;
    struct bw_forecast b;
    (void)state;
    struct bw_boxconf *c = take(
        "circuit \"wan\" { vantage = router source = none }\n"
        "http \"h\" { every = 10s target \"s\" { address = \"http://192.0.2.3/f\" } }\n");
    bw_forecast_make(c, MONDAY, fast, &a);
    bw_forecast_make(c, MONDAY, silent, &b);
    assert_true(a.day_bytes > b.day_bytes && b.day_bytes > 0);
    assert_int_equal(a.probes[0].run_bytes,
                     c->probes[0].ops->cost_bytes(c->probes[0].opts, fast[0]));
    bw_boxconf_unref(c);
}

static void what_cannot_be_tested(void **state)
{
    const int64_t g = 1000000000;
    (void)state;
    assert_int_equal(bw_forecast_untestable(BW_UNKNOWN, g / 10, g / 10), BW_TESTABLE);
    assert_int_equal(bw_forecast_untestable(g, BW_UNKNOWN, BW_UNKNOWN), BW_TESTABLE);
    assert_int_equal(bw_forecast_untestable(g, g, g), BW_TESTABLE);
    assert_int_equal(bw_forecast_untestable(g + 1, g, BW_UNKNOWN), BW_UNTESTABLE_PORT);
    assert_int_equal(bw_forecast_untestable(g + 1, BW_UNKNOWN, g), BW_UNTESTABLE_SERVER);
    assert_int_equal(bw_forecast_untestable(g + 1, g, g), BW_UNTESTABLE_PORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_a_day),           cmocka_unit_test(names_over_both_families),
        cmocka_unit_test(what_never_runs),       cmocka_unit_test(by_the_port),
        cmocka_unit_test(what_cannot_be_tested),
    };
    (void)setenv("TZ", "UTC", 1);
    tzset();
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_boxconf.c - the box's configuration file: what is taken, and what every mistake is
 * answered with. */
#include "boxconf.h"
#include "bw_test.h"
#include "calendar.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GOOD_CIRCUIT                                                                       \
    "circuit \"wan\" {\n vantage = router\n source = kernel\n interface = \"eth0\"\n}\n"
#define GOOD_ICMP                                                                          \
    "icmp \"edges\" {\n circuit = \"wan\"\n"                                               \
    " target \"a\" { address = \"192.0.2.1\" }\n}\n"

static int load(const char *text, struct bw_boxconf **ret, struct bw_err *err)
{
    char path[] = "/tmp/bw-boxconf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    int r = bw_boxconf_load(path, ret, err);
    (void)unlink(path);
    return r;
}

static struct bw_boxconf *take(const char *text)
{
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    if (load(text, &c, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return c;
}

static void refuse(const char *text, const char *line, const char *word)
{
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    if (load(text, &c, &err) == 0) {
        fail_msg("was taken: %s", text);
    }
    if (!strstr(err.text, line) || !strstr(err.text, word)) {
        fail_msg("\"%s\" has not \"%s\" and \"%s\"", err.text, line, word);
    }
}

static void smallest(void **state)
{
    (void)state;
    struct bw_boxconf *c = take(GOOD_CIRCUIT);
    assert_int_equal(c->interval_s, 300);
    assert_string_equal(c->state_dir, "/var/lib/bandwitness");
    assert_string_equal(c->collector.url, "");
    assert_int_equal(c->collector.every_ms, 300000);
    assert_int_equal(c->tests.gate_ppm, 100000);
    assert_int_equal(c->tests.day_bytes, INT64_C(20000000000));
    assert_int_equal(c->n_circuits, 1);
    assert_int_equal(c->circuits[0].vantage, BW_VANTAGE_ROUTER);
    assert_int_equal(c->circuits[0].source, BW_SOURCE_KERNEL);
    assert_false(c->circuits[0].has_claim);
    assert_int_equal(c->circuits[0].claim_bps[BW_DOWN], BW_UNKNOWN);
    bw_boxconf_unref(c);
}

static void everything(void **state)
{
    (void)state;
    struct bw_boxconf *c = take(
        "interval = 10s\n"
        "state_dir = \"/srv/bw\"\ncontrol = \"/srv/bw/c\"\nkeep = 30d\n"
        "collector {\n url = \"https://c.example///\"\n ca_file = \"/etc/ca\"\n every = "
        "1min\n}\n"
        "tests {\n day_bytes = 1GB\n gate = fcc\n in_class = yes\n retry = 2s\n}\n"
        "class_hours \"a\" {\n days = \"mon-fri\"\n from = \"07:00\"\n to = \"17:00\"\n}\n"
        "circuit \"wan\" {\n vantage = lan-side\n behind = \"nat,filter\"\n source = none\n"
        " device = \"eth1\"\n claim {\n down = 100M\n up = 1.544M\n layer = ethernet\n "
        "}\n}\n"
        "icmp \"edges\" { target \"a\" { address = \"192.0.2.1\" }\n"
        " target \"b\" { address = \"2001:db8::1\" } }\n");
    assert_int_equal(c->interval_s, 10);
    assert_string_equal(c->collector.url, "https://c.example");
    assert_int_equal(c->collector.every_ms, 60000);
    assert_int_equal(c->keep_s, 30 * 86400);
    assert_int_equal(c->tests.gate, BW_BOXCONF_GATE_FCC);
    assert_true(c->tests.in_class);
    assert_int_equal(c->circuits[0].behind, BW_BEHIND_NAT | BW_BEHIND_FILTER);
    assert_int_equal(c->circuits[0].claim_bps[BW_UP], 1544000);
    assert_int_equal(c->circuits[0].claim_layer, BW_LAYER_ETHERNET);
    assert_int_equal(c->n_probes, 1);
    assert_int_equal(bw_opts_n_targets(c->probes[0].opts), 2);
    assert_string_equal(bw_opts_device(c->probes[0].opts), "eth1");
    bw_boxconf_unref(c);
}

/* What -T prints reads back to the same thing. */
static void prints_itself(void **state)
{
    struct bw_buf a;
    struct bw_buf b;
    (void)state;
    bw_buf_init(&a, 1000000);
    bw_buf_init(&b, 1000000);
    struct bw_boxconf *c = take("interval = 10s\n" GOOD_CIRCUIT GOOD_ICMP);
    assert_int_equal(bw_boxconf_print(c, &a), 0);
    struct bw_boxconf *again = take(a.data);
    assert_int_equal(bw_boxconf_print(again, &b), 0);
    assert_string_equal(a.data, b.data);
    assert_string_equal(c->sha256, again->sha256);
    assert_true(bw_boxconf_same_measuring(c, again));
    bw_boxconf_unref(c);
    bw_boxconf_unref(again);
    bw_buf_done(&a);
    bw_buf_done(&b);
}

static void mistakes(void **state)
{
    (void)state;
    refuse("", "", "circuit");
    refuse("intervall = 5min\n" GOOD_CIRCUIT, ":1:", "interval");
    refuse("interval = 300\n" GOOD_CIRCUIT, ":1:", "unit");
    refuse("interval = 7s\n" GOOD_CIRCUIT, ":1:", "divide a day");
    refuse("interval = 1500ms\n" GOOD_CIRCUIT, ":1:", "whole seconds");
    refuse("interval = 2h\n" GOOD_CIRCUIT, ":1:", "interval");
    refuse("interval = 5min\ninterval = 5min\n" GOOD_CIRCUIT, ":2:", "interval");
    refuse("state_dir = \"var\"\n" GOOD_CIRCUIT, ":1:", "start with /");
    refuse("circuit \"wan\" {\n source = none\n}\n", ":1:", "vantage");
    refuse("circuit \"wan\" {\n vantage = ruoter\n source = none\n}\n", ":2:", "router");
    refuse("circuit \"wan\" {\n vantage = unknown\n source = none\n}\n", ":2:", "stands");
    refuse("circuit \"wan\" {\n vantage = router\n source = kernel\n}\n",
           ":3:", "interface");
    refuse(
        "circuit \"wan\" {\n vantage = router\n source = none\n interface = \"eth0\"\n}\n",
        ":4:", "counts nothing");
    refuse("circuit \"w n\" {\n vantage = router\n source = none\n}\n",
           ":1:", "a name has");
    refuse("circuit \"../x\" {\n vantage = router\n source = none\n}\n",
           ":1:", "a name has");
    refuse(GOOD_CIRCUIT GOOD_CIRCUIT, ":", "wan");
    refuse("circuit \"wan\" {\n vantage = router\n source = none\n", ":", "}");
    refuse("collector {\n url = \"ftp://x.example\"\n}\n" GOOD_CIRCUIT, ":2:", "https://");
    refuse("collector {\n}\n" GOOD_CIRCUIT, ":", "url");
    refuse("tests {\n share = 010\n}\n" GOOD_CIRCUIT, ":2:", "share");
    refuse("tests {\n share = 0\n}\n" GOOD_CIRCUIT, ":2:", "share");
    refuse("tests {\n gate = fc\n}\n" GOOD_CIRCUIT, ":2:", "fcc");
    refuse("class_hours \"a\" {\n from = \"7:00\"\n to = \"17:00\"\n}\n" GOOD_CIRCUIT,
           ":2:", "from");
    refuse("class_hours \"a\" {\n from = \"07:00\"\n to = \"24:30\"\n}\n" GOOD_CIRCUIT,
           ":3:", "17:00");
    refuse("class_hours \"a\" {\n days = \"mo-fr\"\n from = \"07:00\"\n to = "
           "\"17:00\"\n}\n" GOOD_CIRCUIT,
           ":2:", "mon-fri");
    refuse("class_hours \"a\" {\n days = \"mon-fri-sat\"\n from = \"07:00\"\n to = "
           "\"17:00\"\n}\n" GOOD_CIRCUIT,
           ":2:", "mon-fri");
}

static void mistakes_in_probes(void **state)
{
    (void)state;
    refuse(GOOD_CIRCUIT
           "icmp \"e\" {\n circuit = \"wna\"\n target \"a\" { address = \"x\" }\n}\n",
           ":7:", "wan");
    refuse(GOOD_CIRCUIT "icmp \"e\" {\n}\n", ":6:", "target");
    refuse(GOOD_CIRCUIT "icmp \"e\" {\n target \"a/b\" { address = \"192.0.2.1\" }\n}\n",
           ":", "a name has");
    refuse(GOOD_CIRCUIT "icmpp \"e\" {\n}\n", ":6:", "icmp");
    refuse("interval = 10s\n" GOOD_CIRCUIT
           "icmp \"e\" {\n interval = 20s\n target \"a\" { address = \"192.0.2.1\" }\n}\n",
           ":8:", "10s");
    refuse(GOOD_CIRCUIT GOOD_ICMP
           "icmp \"more\" {\n target \"a\" { address = \"192.0.2.2\" }\n}\n",
           ":10:", "already");
    refuse("circuit \"a\" {\n vantage = router\n source = none\n}\n"
           "circuit \"b\" {\n vantage = router\n source = none\n}\n"
           "icmp \"e\" {\n target \"x\" { address = \"192.0.2.1\" }\n}\n",
           ":9:", "which one");
    refuse(GOOD_CIRCUIT "ndt7 \"s\" {\n target \"m-lab\" { address = \"locate\" }\n}\n",
           ":6:", "consent = yes");
    refuse(GOOD_CIRCUIT "ndt7 \"s\" {\n every = 2h\n consent = yes\n"
                        " target \"m-lab\" { address = \"locate\" }\n}\n",
           ":7:", "every = 6h");
    refuse(GOOD_CIRCUIT
           "http \"h\" {\n every = 45d\n target \"x\" { address = \"http://a/\" }\n}\n",
           ":7:", "9d");
    char many[8192];
    size_t n = (size_t)snprintf(many, sizeof(many), "%sicmp \"e\" {\n", GOOD_CIRCUIT);
    for (int i = 0; i <= BW_TARGETS_MAX; i++) {
        n += (size_t)snprintf(many + n, sizeof(many) - n,
                              " target \"t%d\" { address = \"192.0.2.%d\" }\n", i, i + 1);
    }
    (void)snprintf(many + n, sizeof(many) - n, "}\n");
    refuse(many, ":", "16");
}

static void unreadable(void **state)
{
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    (void)state;
    assert_int_equal(bw_boxconf_load("/nowhere/bandwitness.conf", &c, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nowhere/bandwitness.conf"));
}

static void hours(void **state)
{
    static uint8_t ok[BW_BOXCONF_DAY_MIN];
    const int64_t monday = 1795392000 - 86400; /* 2026-11-22 is a Sunday */
    (void)state;
    (void)setenv("TZ", "UTC", 1);
    tzset();
    struct bw_boxconf *c =
        take(GOOD_CIRCUIT
             "class_hours \"l\" { days = \"mon-fri\" from = \"07:00\" to = \"17:00\" }\n"
             "window \"night\" { days = \"sun-thu\" from = \"20:00\" to = \"05:00\" }\n"
             "window \"noon\" { days = \"mon,sun\" from = \"06:30\" to = \"07:30\" }\n");
    bw_boxconf_allowed(c, monday + 86400, ok); /* Monday 23rd */
    assert_true(ok[0]);                        /* Sunday's night goes on */
    assert_true(ok[299]);
    assert_false(ok[300]);
    assert_false(ok[389]);
    assert_true(ok[390]);
    assert_true(ok[419]);
    assert_false(ok[420]); /* lessons begin */
    assert_false(ok[1199]);
    assert_true(ok[1200]);
    assert_true(ok[1439]);
    bw_boxconf_allowed(c, monday + 6 * 86400, ok); /* Saturday 28th */
    assert_false(ok[0]);                           /* Friday has no night */
    assert_false(ok[1439]);
    bw_boxconf_unref(c);

    (void)setenv("TZ", "America/Chicago", 1);
    tzset();
    c = take(GOOD_CIRCUIT
             "class_hours \"l\" { days = \"mon-fri\" from = \"07:00\" to = \"17:00\" }\n");
    bw_boxconf_allowed(c, monday + 86400, ok);
    assert_true(ok[12 * 60 + 59]);
    assert_false(ok[13 * 60]); /* 07:00 CST */
    assert_false(ok[22 * 60 + 59]);
    assert_true(ok[23 * 60]);
    bw_boxconf_unref(c);
    (void)unsetenv("TZ");
    tzset();
}

static struct bw_calendar *calendar(const char *text)
{
    struct bw_calendar *c = NULL;
    struct bw_err err = {0};
    if (bw_calendar_parse(text, strlen(text), "days", &c, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return c;
}

/* What the C library would take for UTC in silence, so that tests ran in lessons. */
static void zones(void **state)
{
    (void)state;
    struct bw_boxconf *c = take("timezone = \"America/Chicago\"\n" GOOD_CIRCUIT);
    assert_string_equal(c->timezone, "America/Chicago");
    bw_boxconf_unref(c);
    c = take("timezone = UTC\n" GOOD_CIRCUIT);
    assert_string_equal(c->timezone, "UTC");
    bw_boxconf_unref(c);
    refuse("interval = 5min\ntimezone = \"America/Chicgo\"\n" GOOD_CIRCUIT,
           ":2:", "\"America/Chicgo\"");
    refuse("timezone = \"America/Chicgo\"\n" GOOD_CIRCUIT, ":1:", "tzdata");
    refuse("timezone = \"America\"\n" GOOD_CIRCUIT, ":1:", "zone"); /* a folder */
    refuse("timezone = \"zone.tab\"\n" GOOD_CIRCUIT, ":1:", "zone");
    refuse("timezone = \"/usr/share/zoneinfo/UTC\"\n" GOOD_CIRCUIT, ":1:", "zone");
    refuse("timezone = \"../zoneinfo/UTC\"\n" GOOD_CIRCUIT, ":1:", "zone");
}

static void calendars(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {{"2026-13-01\n", "days:1: a line is"},
                 {"# one\n\n2026-02-29\n", "days:3: a line is"},
                 {"2026-11-26 - 2026-11-25\n", "days:1: the range ends"},
                 {"2026-11-26 - soon\n", "days:1: after the dash"},
                 {"2026-11-25 until noon\n", "days:1: after \"until\""},
                 {"2026-11-25 until 00:00\n", "days:1: after \"until\""},
                 {"2026-11-25 holiday\n", "days:1: something stands"},
                 {"26.11.2026", "days:1: a line is"}};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct bw_calendar *c = NULL;
        struct bw_err err = {0};
        assert_int_equal(
            bw_calendar_parse(wrong[i].text, strlen(wrong[i].text), "days", &c, &err),
            -EINVAL);
        if (!strstr(err.text, wrong[i].says)) {
            fail_msg("\"%s\" has not \"%s\"", err.text, wrong[i].says);
        }
    }
    struct bw_calendar *c = calendar("# Hazel River\r\n"
                                     "2026-11-25 until 12:00   # half a day\n"
                                     "  2026-11-26..2026-11-27\n"
                                     "2026-12-21 to 2027-01-02\n"
                                     "2027-02-15");
    const int64_t day = bw_civil_days(2026, 11, 25);
    assert_int_equal(day, 1795564800 / 86400);
    assert_int_equal(bw_calendar_until_min(c, day - 1), 1440);
    assert_int_equal(bw_calendar_until_min(c, day), 720);
    assert_int_equal(bw_calendar_until_min(c, day + 1), 0);
    assert_int_equal(bw_calendar_until_min(c, day + 2), 0);
    assert_int_equal(bw_calendar_until_min(c, day + 3), 1440);
    assert_int_equal(bw_calendar_until_min(c, bw_civil_days(2027, 1, 2)), 0);
    assert_int_equal(bw_calendar_until_min(c, bw_civil_days(2027, 1, 3)), 1440);
    assert_int_equal(bw_calendar_until_min(c, bw_civil_days(2027, 2, 15)), 0);
    assert_int_equal(bw_calendar_until_min(NULL, day), 1440);
    bw_calendar_free(c);
    assert_int_equal(bw_civil_days(1970, 1, 1), 0);
    assert_int_equal(bw_civil_days(2000, 3, 1), 951868800 / 86400);
}

/* No lessons, no class hours; the rest of a half day is free. */
static void days_off(void **state)
{
    static uint8_t ok[BW_BOXCONF_DAY_MIN];
    char path[] = "/tmp/bw-calendar-XXXXXX";
    char text[512];
    const char days[] = "2026-11-23 until 12:00\n2026-11-24\n";
    const int64_t monday = 1795392000;
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, days, sizeof(days) - 1), (ssize_t)sizeof(days) - 1);
    (void)close(fd);
    (void)setenv("TZ", "UTC", 1);
    tzset();
    (void)snprintf(
        text, sizeof(text),
        "instruction_calendar = \"%s\"\n" GOOD_CIRCUIT
        "class_hours \"l\" { days = \"mon-fri\" from = \"07:00\" to = \"17:00\" }\n",
        path);
    struct bw_boxconf *c = take(text);
    bw_boxconf_allowed(c, monday, ok);
    assert_false(ok[7 * 60]);
    assert_false(ok[12 * 60 - 1]);
    assert_true(ok[12 * 60]);
    assert_true(bw_boxconf_in_class(c, monday + 9 * 3600));
    bw_boxconf_allowed(c, monday + 86400, ok);
    assert_null(memchr(ok, 0, sizeof(ok)));
    assert_false(bw_boxconf_in_class(c, monday + 86400 + 9 * 3600));
    bw_boxconf_allowed(c, monday + 2 * 86400, ok);
    assert_false(ok[16 * 60 + 59]);
    bw_boxconf_unref(c);
    (void)unlink(path);
    refuse(text, path, "No such file");
    refuse("instruction_calendar = \"days\"\n" GOOD_CIRCUIT, ":1:", "start with /");
    (void)unsetenv("TZ");
    tzset();
}

static void manners(void **state)
{
    (void)state;
    struct bw_boxconf *c = take("tests { gate = fcc month_bytes = 90GB }\n" GOOD_CIRCUIT);
    assert_int_equal(c->tests.retry_ms, 60000);
    assert_int_equal(c->tests.give_up_ms, 3600000);
    assert_true(c->tests.give_up_at_hour);
    assert_int_equal(c->tests.month_bytes, INT64_C(90000000000));
    assert_int_equal(c->tests.retest_ppm, 900000);
    bw_boxconf_unref(c);
    c = take(
        "tests { gate = fcc retry = 2s give_up = 3s retest_below = 0 }\n" GOOD_CIRCUIT);
    assert_int_equal(c->tests.retry_ms, 2000);
    assert_int_equal(c->tests.give_up_ms, 3000);
    assert_false(c->tests.give_up_at_hour);
    assert_int_equal(c->tests.retest_ppm, 0);
    bw_boxconf_unref(c);
    c = take(GOOD_CIRCUIT);
    assert_int_equal(c->tests.retry_ms, 300000);
    assert_false(c->tests.give_up_at_hour);
    assert_int_equal(c->tests.month_bytes, BW_UNKNOWN);
    assert_string_equal(c->campaigns_dir, "/etc/bandwitness/campaigns");
    assert_string_equal(c->old_name, "");
    bw_boxconf_unref(c);
    c = take("rules = \"/srv/campaigns\"\n" GOOD_CIRCUIT);
    assert_string_equal(c->campaigns_dir, "/srv/campaigns");
    assert_non_null(strstr(c->old_name, ":1: "));
    assert_non_null(strstr(c->old_name, "write campaigns = \"/srv/campaigns\""));
    bw_boxconf_unref(c);
    refuse("rules = \"here\"\n" GOOD_CIRCUIT, ":1:", "'rules' must start with /");
    refuse("campaigns = \"here\"\n" GOOD_CIRCUIT, ":1:", "'campaigns' must start with /");
    refuse("rules = \"/a\"\ncampaigns = \"/b\"\n" GOOD_CIRCUIT,
           ":1:", "take this line out");
}

static void servers_outside(void **state)
{
    char many[4096];
    (void)state;
    struct bw_boxconf *c =
        take(GOOD_CIRCUIT "http \"h\" {\n server_rate = 1G\n"
                          " outside \"far\" { address = \"http://192.0.2.9/f\" }\n"
                          " target \"near\" { address = \"http://192.0.2.1/f\" }\n}\n");
    assert_int_equal(c->probes[0].n_outside, 1);
    assert_int_equal(c->probes[0].server_bps, INT64_C(1000000000));
    assert_int_equal(bw_opts_n_targets(c->probes[0].opts), 2);
    assert_string_equal(bw_opts_target(c->probes[0].opts, 0)->name, "near");
    assert_string_equal(bw_opts_target(c->probes[0].opts, 1)->name, "far");
    bw_boxconf_unref(c);
    refuse(GOOD_CIRCUIT
           "http \"h\" {\n outside \"far\" { address = \"http://192.0.2.9/f\" }\n}\n",
           ":6:", "usual");
    refuse(GOOD_CIRCUIT "http \"h\" {\n target \"x\" { address = \"http://192.0.2.1/f\" }\n"
                        " outside \"x\" { address = \"http://192.0.2.9/f\" }\n}\n",
           ":8:", "another target");
    refuse(GOOD_CIRCUIT "icmp \"e\" {\n target \"a\" { address = \"192.0.2.1\" }\n"
                        " outside \"x\" { address = \"192.0.2.9\" }\n}\n",
           ":8:", "outside");
    size_t n = (size_t)snprintf(
        many, sizeof(many), "%shttp \"h\" {\n target \"x\" { address = \"http://a/\" }\n",
        GOOD_CIRCUIT);
    for (int i = 0; i < 5; i++) {
        n += (size_t)snprintf(many + n, sizeof(many) - n,
                              " outside \"%s-%d\" { address = \"http://a/\" }\n",
                              "a-very-long-name-of-a-server-that-nobody-would-give-it", i);
    }
    (void)snprintf(many + n, sizeof(many) - n, "}\n");
    refuse(many, ":8:", "together");
}

/* With a ticket all runs go to one server: no record may name another. */
static void one_server_with_a_ticket(void **state)
{
    (void)state;
    struct bw_boxconf *c =
        take(GOOD_CIRCUIT "http \"h\" {\n ticket = collector\n"
                          " target \"state\" { address = \"http://192.0.2.1/f\" }\n}\n"
                          "http \"more\" {\n ticket = none\n"
                          " target \"x\" { address = \"http://192.0.2.1/f\" }\n"
                          " outside \"y\" { address = \"http://192.0.2.2/f\" }\n}\n");
    assert_true(c->probes[0].with_ticket);
    assert_false(c->probes[1].with_ticket);
    bw_boxconf_unref(c);
    refuse(GOOD_CIRCUIT "http \"h\" {\n ticket = collector\n"
                        " target \"x\" { address = \"http://192.0.2.1/f\" }\n"
                        " target \"y\" { address = \"http://192.0.2.2/f\" }\n}\n",
           ":7:", "one target and no outside");
    refuse(GOOD_CIRCUIT "ndt7 \"n\" {\n target \"x\" { address = \"ws://192.0.2.1\" }\n"
                        " ticket = collector\n"
                        " outside \"y\" { address = \"ws://192.0.2.2\" }\n}\n",
           ":8:", "section of their own");
}

static void several_circuits(void **state)
{
    (void)state;
    struct bw_boxconf *c = take("circuit \"a\" {\n vantage = lan-side\n source = none\n"
                                " source_address = \"192.0.2.10\"\n}\n"
                                "circuit \"b\" {\n vantage = lan-side\n source = none\n"
                                " source_address6 = \"2001:db8::10\"\n}\n");
    assert_string_equal(c->circuits[0].source4, "192.0.2.10");
    assert_string_equal(c->circuits[1].source6, "2001:db8::10");
    struct bw_boxconf *d = take("circuit \"a\" {\n vantage = lan-side\n source = none\n"
                                " source_address = \"192.0.2.11\"\n}\n"
                                "circuit \"b\" {\n vantage = lan-side\n source = none\n"
                                " source_address6 = \"2001:db8::10\"\n}\n");
    assert_false(bw_boxconf_same_measuring(c, d));
    bw_boxconf_unref(c);
    bw_boxconf_unref(d);
    refuse("circuit \"a\" {\n vantage = lan-side\n source = none\n"
           " source_address = \"eth0\"\n}\n",
           ":4:", "IPv4 addresses");
}

#define EDGE(more)                                                                         \
    "circuit \"wan\" {\n vantage = lan-side\n source = snmp\n snmp {\n"                    \
    "  address = \"192.0.2.254\"\n  secrets = \"/etc/edge.secret\"\n" more "\n }\n}\n"

static void edge_devices(void **state)
{
    (void)state;
    struct bw_boxconf *c =
        take(EDGE("  interface = \"ge-0/0/0\"\n  user = \"bandwitness\""));
    const struct bw_snmp_job *j = &c->circuits[0].snmp.job;
    assert_int_equal(c->circuits[0].source, BW_SOURCE_SNMP);
    assert_string_equal(j->address, "192.0.2.254");
    assert_int_equal(j->port, 161);
    assert_int_equal(j->version, BW_SNMP_V3);
    assert_int_equal(j->auth, BW_SNMP_SHA256);
    assert_int_equal(j->privacy, BW_SNMP_AES128);
    assert_string_equal(j->name, "ge-0/0/0");
    assert_false(j->by_alias);
    assert_int_equal(j->every_ms, 1000);
    assert_string_equal(c->circuits[0].snmp.program, "");
    struct bw_boxconf *d = take(EDGE("  alias = \"WAN of birch\"\n  version = v2c\n"
                                     "  every = 5s\n  port = 1161"));
    assert_int_equal(d->circuits[0].snmp.job.version, BW_SNMP_V2C);
    assert_true(d->circuits[0].snmp.job.by_alias);
    assert_string_equal(d->circuits[0].snmp.job.name, "WAN of birch");
    assert_false(bw_boxconf_same_measuring(c, d));
    struct bw_boxconf *e =
        take(EDGE("  interface = \"ge-0/0/0\"\n  user = \"bandwitness\""));
    assert_true(bw_boxconf_same_measuring(c, e));
    bw_boxconf_unref(c);
    bw_boxconf_unref(d);
    bw_boxconf_unref(e);
    refuse(EDGE("  interface = \"a\""), ":4:", "user");
    refuse(EDGE("  user = \"u\""), ":4:", "ifAlias");
    refuse(EDGE("  user = \"u\"\n  interface = \"a\"\n  alias = \"b\""), ":9:", "one of");
    refuse(EDGE("  user = \"u\"\n  interface = \"a\"\n  every = 100ms"), ":9:", "every");
    refuse(EDGE("  user = \"u\"\n  interface = \"a\"\n  program = \"snmp\""), ":9:", "/");
    refuse("circuit \"wan\" {\n vantage = router\n source = snmp\n}\n",
           ":3:", "section snmp");
    refuse(
        "circuit \"wan\" {\n vantage = router\n source = snmp\n interface = \"eth0\"\n}\n",
        ":4:", "section snmp");
    refuse("circuit \"wan\" {\n vantage = router\n source = none\n snmp {\n"
           "  address = \"a\"\n  secrets = \"/s\"\n }\n}\n",
           ":4:", "source = snmp");
}

#define MIRROR(vantage, more)                                                              \
    "circuit \"wan\" {\n vantage = " vantage "\n source = mirror\n" more "}\n"

static void mirror_ports(void **state)
{
    (void)state;
    struct bw_boxconf *c =
        take(MIRROR("mirror", " interface = \"eth1\"\n capture = mix\n"));
    assert_int_equal(c->circuits[0].source, BW_SOURCE_MIRROR);
    assert_string_equal(c->circuits[0].capture.interface, "eth1");
    assert_int_equal(c->circuits[0].port_bps, BW_UNKNOWN);
    struct bw_boxconf *d = take(MIRROR("mirror", " interface = \"eth1\"\n capture = flows\n"
                                                 " port_speed = 1G\n"));
    assert_int_equal(d->circuits[0].port_bps, 1000000000);
    assert_false(bw_boxconf_same_counters(&c->circuits[0], &d->circuits[0]));
    bw_boxconf_unref(c);
    bw_boxconf_unref(d);
    refuse(MIRROR("lan-side", " interface = \"eth1\"\n capture = mix\n"),
           ":3:", "vantage = mirror");
    refuse(MIRROR("mirror", " interface = \"eth1\"\n"), ":3:", "capture = mix");
    refuse(MIRROR("mirror", " capture_interface = \"eth1\"\n capture = mix\n"),
           ":3:", "the mirror's port");
    refuse(MIRROR("mirror", " interface = \"eth1\"\n capture = mix\n"
                            " capture_interface = \"eth2\"\n"),
           ":3:", "the mirror's port");
    refuse("circuit \"wan\" {\n vantage = router\n source = kernel\n"
           " interface = \"eth0\"\n port_speed = 1G\n}\n",
           ":5:", "vantage = mirror");
}

static void what_needs_a_restart(void **state)
{
    char text[200];
    (void)state;
    struct bw_boxconf *a = take(GOOD_CIRCUIT GOOD_ICMP);
    struct bw_boxconf *b = take("interval = 10s\nstate_dir = \"/x\"\n" GOOD_CIRCUIT);
    bw_boxconf_restart_needed(a, b, text, sizeof(text));
    assert_string_equal(text, "interval, state_dir");
    assert_false(bw_boxconf_same_measuring(a, b));
    bw_boxconf_keep_fixed(b, a);
    bw_boxconf_restart_needed(a, b, text, sizeof(text));
    assert_string_equal(text, "");
    bw_boxconf_keep_measuring(b, a);
    assert_true(bw_boxconf_same_measuring(a, b));
    bw_boxconf_unref(a); /* b still lives on its probes */
    assert_string_equal(bw_opts_name(b->probes[0].opts), "edges");
    bw_boxconf_unref(b);
}

/* The shipped sample is what it says it is. */
static void sample(void **state)
{
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    (void)state;
    if (bw_boxconf_load(BW_SOURCE_DIR "/etc/bandwitness.conf", &c, &err) < 0) {
        fail_msg("%s", err.text);
    }
    bw_boxconf_unref(c);
}

#define ROUTER                                                                             \
    "circuit \"wan\" {\n vantage = router\n source = kernel\n interface = \"eth0\"\n"
#define AT_A_MIRROR "circuit \"wan\" {\n vantage = mirror\n source = none\n"

static void captures(void **state)
{
    const struct bw_boxconf_capture *k;
    struct bw_boxconf *c = take(GOOD_CIRCUIT);
    struct bw_boxconf *d;
    (void)state;
    assert_int_equal(c->circuits[0].capture.what, BW_BOXCONF_CAPTURE_OFF);
    d = take(ROUTER " capture = mix\n}\n");
    k = &d->circuits[0].capture;
    assert_int_equal(k->what, BW_BOXCONF_CAPTURE_MIX);
    assert_string_equal(k->interface, "eth0");
    assert_true(k->by_mac && !k->devices && k->inside.n > 0);
    assert_int_equal(k->smallest_group, 5);
    assert_int_equal(k->flows_one_in, 16);
    assert_false(bw_boxconf_same_measuring(c, d));
    bw_boxconf_unref(c);
    c = take(ROUTER
             " capture = flows\n capture_interface = \"br0\"\n capture_side = school\n"
             " devices = yes\n flows_one_in = 4\n}\n");
    k = &c->circuits[0].capture;
    assert_string_equal(k->interface, "br0");
    assert_true(k->faces_school && !k->by_mac && k->devices);
    assert_false(bw_boxconf_same_capture(k, &d->circuits[0].capture));
    bw_boxconf_unref(c);
    bw_boxconf_unref(d);
    c = take(AT_A_MIRROR " capture = mix\n capture_interface = \"eth1\"\n"
                         " router = \"02:00:00:00:00:01, 02-00-00-00-00-02\"\n"
                         " inside = \"192.0.2.0/24 2001:db8::/48\"\n}\n");
    k = &c->circuits[0].capture;
    assert_true(k->by_mac && k->inside.by_outer);
    assert_int_equal(k->inside.n_outer_also, 1);
    assert_int_equal(k->inside.n, 2);
    bw_boxconf_unref(c);

    refuse(AT_A_MIRROR " capture = mix\n}\n", ":4:", "capture_interface");
    refuse(ROUTER " capture = all\n}\n", ":5:", "flows");
    refuse(ROUTER " router = \"02:00:00:00:00:01\"\n}\n", ":5:", "router");
    refuse(AT_A_MIRROR " router = \"02:00:00\"\n}\n", ":4:", "02:00:00");
    refuse(ROUTER " inside = \"10.0.0.1/8\"\n}\n", ":5:", "10.0.0.1/8");
    refuse(ROUTER " inside = \"10.0.0.0/8,hazel\"\n}\n", ":5:", "hazel");
    refuse(ROUTER " flows_one_in = 12\n}\n", ":5:", "power of two");
    refuse(ROUTER " smallest_group = 4\n}\n", ":5:", "5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smallest),
        cmocka_unit_test(captures),
        cmocka_unit_test(everything),
        cmocka_unit_test(prints_itself),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(mistakes_in_probes),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(hours),
        cmocka_unit_test(zones),
        cmocka_unit_test(calendars),
        cmocka_unit_test(days_off),
        cmocka_unit_test(manners),
        cmocka_unit_test(servers_outside),
        cmocka_unit_test(one_server_with_a_ticket),
        cmocka_unit_test(several_circuits),
        cmocka_unit_test(edge_devices),
        cmocka_unit_test(mirror_ports),
        cmocka_unit_test(what_needs_a_restart),
        cmocka_unit_test(sample),
    };
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

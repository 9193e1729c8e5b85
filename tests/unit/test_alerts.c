/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_alerts.c - timelines written by hand: what is told, when, and what is not. Times are
 * seconds from the scene's begin; a box delivers each 300 s, so it counts as silent from
 * 900 s after it was last heard. */
#include "alerts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SITES = 100,
    T0 = 1790000000 - 1790000000 % 300
};

struct scene {
    struct bw_alerts *a;
    struct bw_watch w;
    struct bw_watch_site site[SITES];
    struct bw_watch_circuit circuit[SITES];
    char id[SITES][24];
    bool alive[SITES];
    int64_t now;
    struct bw_alert_shared shared; /* of the newest event with one */
    struct bw_alert kept[SITES * 3];
    size_t n_kept;
    char log[8192];
};

static void on_event(void *owner, const struct bw_alert_event *e)
{
    static const char *const what[] = {"opened",  "held",   "told",
                                       "changed", "closed", "was"};
    struct scene *s = owner;
    size_t n = strlen(s->log);

    assert_true(n < sizeof(s->log) - 200);
    (void)snprintf(s->log + n, sizeof(s->log) - n, "%d %s %s %s %s%s\n",
                   (int)(e->at_unix_s - T0), what[e->what],
                   bw_alert_kind_name(e->alert->kind), e->alert->scope,
                   e->alert->told ? "told" : bw_alert_hold_name(e->alert->held),
                   e->unwatched ? " unwatched" : "");
    if (e->shared) {
        s->shared = *e->shared;
    }
}

static struct scene *begin(size_t n)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->a = bw_alerts_new(&bw_alerts_usual, 1);
    assert_non_null(s->a);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(s->id[i], sizeof(s->id[i]), "s-%03zu", i);
        s->alive[i] = true;
        s->site[i] = (struct bw_watch_site){.id = s->id[i],
                                            .provider = "",
                                            .region = "",
                                            .hub = BW_WATCH_NONE,
                                            .watched = true,
                                            .heard_unix_s = T0,
                                            .interval_s = 300,
                                            .first_circuit = (uint32_t)i,
                                            .end_circuit = (uint32_t)i + 1};
        s->circuit[i] = (struct bw_watch_circuit){.name = "wan",
                                                  .at_unix_s = T0,
                                                  .interval_s = 300,
                                                  .class_now = BW_TOLD_YES,
                                                  .out = BW_TOLD_NO,
                                                  .day = 100,
                                                  .outage_ms = {0, 0},
                                                  .loss_ppm = BW_UNKNOWN,
                                                  .latency_us = BW_UNKNOWN,
                                                  .share_ppm = BW_UNKNOWN,
                                                  .share_day = BW_UNKNOWN,
                                                  .below = BW_TOLD_UNKNOWN,
                                                  .below_ppm = BW_UNKNOWN};
    }
    s->w = (struct bw_watch){.listening_unix_s = T0 - 86400,
                             .certificate_days = BW_UNKNOWN,
                             .sites = s->site,
                             .n_sites = n,
                             .circuits = s->circuit,
                             .n_circuits = n};
    return s;
}

static int on_change(void *owner, const struct bw_alert *a, bool gone)
{
    struct scene *s = owner;
    size_t i = 0;

    while (i < s->n_kept &&
           (s->kept[i].kind != a->kind || strcmp(s->kept[i].scope, a->scope) != 0)) {
        i++;
    }
    if (gone && i < s->n_kept) {
        s->kept[i] = s->kept[--s->n_kept];
    } else if (!gone) {
        s->kept[i] = *a;
        s->n_kept += i == s->n_kept;
    }
    return 0;
}

/* A step each minute, up to this second. */
static void run(struct scene *s, int64_t to)
{
    for (; s->now <= to; s->now += 60) {
        for (size_t i = 0; i < s->w.n_sites && s->now % 300 == 0; i++) {
            if (s->alive[i]) {
                s->site[i].heard_unix_s = T0 + s->now;
                s->circuit[i].at_unix_s = T0 + s->now;
            }
        }
        s->w.now_unix_s = T0 + s->now;
        assert_int_equal(bw_alerts_step(s->a, &s->w, on_event, s), 0);
        assert_int_equal(bw_alerts_changes(s->a, on_change, s), 0);
    }
}

static void expect(struct scene *s, const char *log)
{
    assert_string_equal(s->log, log);
    s->log[0] = '\0';
}

static void end(struct scene *s)
{
    bw_alerts_free(s->a);
    free(s);
}

/* As after a restart: only what was kept is known. */
static void restart(struct scene *s)
{
    int64_t next = bw_alerts_next_id(s->a);

    bw_alerts_free(s->a);
    s->a = bw_alerts_new(&bw_alerts_usual, 1);
    assert_non_null(s->a);
    for (size_t i = 0; i < s->n_kept; i++) {
        assert_int_equal(bw_alerts_load(s->a, &s->kept[i]), 0);
    }
    assert_true(bw_alerts_next_id(s->a) <= next);
}

/* ---- silence ---------------------------------------------------------------------------
 */

static void silence(void **state)
{
    struct scene *s = begin(2);

    (void)state;
    run(s, 3600);
    s->alive[0] = false;
    run(s, 5099);
    expect(s, "");
    run(s, 5100); /* 3600 + 900 + 600 */
    expect(s, "5100 opened silent s-000 told\n");
    run(s, 6000);
    s->alive[0] = true; /* next delivers at 6300 */
    run(s, 6840);
    expect(s, "");
    run(s, 7000); /* 6300 + 600 */
    expect(s, "6900 closed silent s-000 told\n");
    assert_int_equal(bw_alerts_count(s->a), 0);
    assert_int_equal(s->n_kept, 0);
    end(s);
}

static void short_silence_and_flapping(void **state)
{
    struct scene *s = begin(1);

    (void)state;
    run(s, 600);
    s->alive[0] = false;
    run(s, 2000); /* 600 + 900 + 600 = 2100 */
    s->alive[0] = true;
    run(s, 3600);
    expect(s, "");
    s->alive[0] = false;
    run(s, 5200);
    expect(s, "5100 opened silent s-000 told\n");
    s->alive[0] = true;
    run(s, 5460); /* heard at 5400 once … */
    s->alive[0] = false;
    run(s, 9000); /* … and silent for as long again: still the same one */
    expect(s, "6000 closed silent s-000 told\n6900 opened silent s-000 told\n");
    s->alive[0] = true;
    run(s, 9060);
    s->alive[0] = false;
    s->site[0].interval_s = 60; /* silent again within what closing takes */
    run(s, 12000);
    expect(s, "");
    end(s);
}

static void deaf_collector(void **state)
{
    struct scene *s = begin(3);

    (void)state;
    run(s, 600);
    s->alive[2] = false;
    run(s, 2400);
    expect(s, "2100 opened silent s-002 told\n");
    /* It was down for two hours, and nobody could be heard. */
    restart(s);
    s->now = 9600;
    s->w.listening_unix_s = T0 + 9600;
    for (int i = 0; i < 3; i++) {
        s->alive[i] = false;
    }
    run(s, 10500);
    expect(s, ""); /* 9600 + 900: nothing is known yet */
    s->alive[0] = true;
    run(s, 11100);
    /* Two silent of three: an alarm of many needs three. */
    expect(s, "11100 opened silent s-001 told\n");
    end(s);
}

static void nobody_watches(void **state)
{
    struct scene *s = begin(2);

    (void)state;
    run(s, 600);
    s->alive[0] = false;
    run(s, 2160);
    s->site[0].watched = false; /* retired */
    run(s, 2220);
    expect(s, "2100 opened silent s-000 told\n2220 closed silent s-000 told unwatched\n");
    assert_int_equal(s->n_kept, 0);
    end(s);
}

/* ---- figures of circuits ---------------------------------------------------------------
 */

static void hysteresis(void **state)
{
    struct scene *s = begin(1);

    (void)state;
    run(s, 899);
    s->circuit[0].loss_ppm = 25000; /* in the intervals from 600 on */
    run(s, 1499);
    expect(s, "");
    run(s, 1500); /* 600 … 1500: 15 minutes */
    expect(s, "1500 opened loss s-000.wan told\n");
    s->circuit[0].loss_ppm = 15000; /* between 1 % and 2 % */
    run(s, 3299);
    s->circuit[0].loss_ppm = BW_UNKNOWN;
    run(s, 5999);
    expect(s, "");
    s->circuit[0].loss_ppm = 9999;
    run(s, 6299); /* one interval below, from 5700 */
    s->circuit[0].loss_ppm = 10000;
    run(s, 6599);
    s->circuit[0].loss_ppm = 0;
    run(s, 7199); /* from 6300 on */
    expect(s, "");
    run(s, 7200);
    expect(s, "7200 closed loss s-000.wan told\n");
    end(s);
}

static void gaps_begin_anew(void **state)
{
    struct scene *s = begin(1);

    (void)state;
    s->circuit[0].loss_ppm = 25000;
    run(s, 300);
    s->circuit[0].loss_ppm = BW_UNKNOWN; /* 300 … 600: nobody knows */
    run(s, 899);
    s->circuit[0].loss_ppm = 25000;
    run(s, 1499); /* 600 … 1200 */
    expect(s, "");
    run(s, 1500);
    expect(s, "1500 opened loss s-000.wan told\n");
    end(s);
}

static void class_hours_only(void **state)
{
    struct scene *s = begin(1);

    (void)state;
    s->circuit[0].class_now = BW_TOLD_NO;
    s->circuit[0].latency_us = 200000;
    run(s, 3599);
    s->circuit[0].class_now = BW_TOLD_UNKNOWN;
    run(s, 7199);
    expect(s, "");
    s->circuit[0].class_now = BW_TOLD_YES;
    run(s, 7800);
    expect(s, "7800 opened latency s-000.wan told\n"); /* 6900 … 7800 */
    s->circuit[0].class_now = BW_TOLD_NO;
    s->circuit[0].latency_us = 20000; /* the night does not end it */
    run(s, 20000);
    expect(s, "");
    end(s);
}

static void days_and_tests(void **state)
{
    struct scene *s = begin(1);

    (void)state;
    s->circuit[0].share_ppm = 790000;
    run(s, 300);
    s->circuit[0].share_ppm = 810000;
    run(s, 600);
    expect(s, "360 opened headroom s-000.wan told\n");
    s->circuit[0].share_ppm = 750000;
    run(s, 900);
    s->circuit[0].share_ppm = 690000;
    s->circuit[0].below = BW_TOLD_YES;
    s->circuit[0].below_ppm = 610000;
    run(s, 1200);
    expect(s, "960 closed headroom s-000.wan told\n960 opened below s-000.wan told\n");
    s->circuit[0].below = BW_TOLD_UNKNOWN;
    run(s, 4000);
    expect(s, "");
    s->circuit[0].below = BW_TOLD_NO;
    run(s, 4200);
    expect(s, "4020 closed below s-000.wan told\n");
    end(s);
}

/* ---- outages ---------------------------------------------------------------------------
 */

static void outage_by_its_record(void **state)
{
    struct scene *s = begin(1);

    (void)state;
    run(s, 299);
    s->circuit[0].out = BW_TOLD_YES; /* at the end of 0 … 300 and of 300 … 600 */
    s->circuit[0].outage_ms[0] = 200000;
    run(s, 300);
    expect(s, "");
    s->circuit[0].outage_ms[0] = 500000;
    run(s, 600);
    expect(s, "600 opened outage s-000.wan told\n");
    s->circuit[0].out = BW_TOLD_NO;
    s->circuit[0].outage_ms[0] = 620000;
    run(s, 1200);
    expect(s, "900 closed outage s-000.wan told\n"); /* 600 … 900 was clear: five minutes */
    end(s);
}

static void outage_told_later(void **state)
{
    struct scene *s = begin(1);

    (void)state;
    bw_alerts_begin(s->a);
    s->circuit[0].outage_ms[0] = 3600000; /* before anybody listened */
    run(s, 300);
    expect(s, "");
    s->circuit[0].outage_ms[0] = 3600000 + 119999;
    run(s, 600);
    expect(s, ""); /* too short for a word … */
    s->circuit[0].outage_ms[0] = 3600000 + 130000;
    run(s, 660);
    expect(s, "660 was outage s-000.wan told\n");
    restart(s);
    run(s, 1800); /* counted already */
    expect(s, "");
    s->circuit[0].day = 101; /* midnight; and the day before tells more */
    s->circuit[0].outage_ms[1] = 3600000 + 130000 + 240000;
    s->circuit[0].outage_ms[0] = 0;
    run(s, 2100);
    expect(s, "1860 was outage s-000.wan told\n");
    s->circuit[0].outage_ms[1] = 0;
    s->circuit[0].day = 102;
    run(s, 2400);
    expect(s, "");
    assert_int_equal(s->n_kept, 0); /* nothing to remember */
    end(s);
}

static void silent_is_not_out(void **state)
{
    struct scene *s = begin(1);

    (void)state;
    run(s, 600);
    s->alive[0] = false;
    s->circuit[0].out = BW_TOLD_YES; /* of no newer record: never looked at */
    s->circuit[0].loss_ppm = 1000000;
    run(s, 1560);
    s->circuit[0].share_ppm = 990000; /* judged once it is heard again */
    run(s, 9000);
    expect(s, "2100 opened silent s-000 told\n");
    /* It is back; its journal tells of half an hour. */
    s->alive[0] = true;
    s->circuit[0].out = BW_TOLD_NO;
    s->circuit[0].loss_ppm = 0;
    s->circuit[0].outage_ms[0] = 1800000;
    run(s, 10000);
    expect(s, "9300 was outage s-000.wan told\n9300 opened headroom s-000.wan told\n"
              "9900 closed silent s-000 told\n");
    end(s);
}

/* ---- held ------------------------------------------------------------------------------
 */

static void maintenance(void **state)
{
    struct scene *s = begin(2);

    (void)state;
    s->site[0].maintenance = true;
    s->circuit[1].maintenance = true;
    s->circuit[1].loss_ppm = 50000;
    run(s, 600);
    s->alive[0] = false;
    run(s, 3000);
    expect(s, "600 opened loss s-001.wan maintenance\n"
              "2100 opened silent s-000 maintenance\n");
    s->circuit[1].loss_ppm = 0; /* over within its window: nobody hears of it */
    s->alive[0] = true;
    run(s, 3960);
    expect(s, "3900 closed silent s-000 maintenance\n"
              "3900 closed loss s-001.wan maintenance\n");
    s->alive[0] = false;
    run(s, 6000); /* heard at 3900 */
    expect(s, "5400 opened silent s-000 maintenance\n");
    s->site[0].maintenance = false; /* 6060: 600 + 900 s to come back in */
    run(s, 7500);
    expect(s, "");
    run(s, 7560);
    expect(s, "7560 told silent s-000 told\n");
    end(s);
}

static void quiet_hours(void **state)
{
    struct scene *s = begin(2);

    (void)state;
    s->w.quiet = true;
    s->circuit[0].loss_ppm = 30000;
    run(s, 600);
    s->alive[1] = false; /* silence is urgent */
    run(s, 3000);
    expect(s, "600 opened loss s-000.wan quiet\n2100 opened silent s-001 told\n");
    s->w.quiet = false;
    run(s, 3060);
    expect(s, "3060 told loss s-000.wan told\n");
    end(s);
}

static void hub(void **state)
{
    struct scene *s = begin(8);

    (void)state;
    for (size_t i = 0; i < 7; i++) { /* the last one is the hub of six */
        s->site[i].hub = i < 6 ? 7 : BW_WATCH_NONE;
    }
    struct bw_alerts_conf conf = bw_alerts_usual;
    conf.rules[BW_ALERT_MASS].on = false;
    bw_alerts_set_conf(s->a, &conf);
    run(s, 600);
    for (size_t i = 0; i < 3; i++) {
        s->alive[i] = false;
    }
    run(s, 900);
    for (size_t i = 3; i < 6; i++) {
        s->alive[i] = false;
    }
    s->alive[7] = false; /* one interval later than the first three */
    run(s, 2340);
    expect(s, ""); /* the first three wait for what the hub is going to be */
    run(s, 2400);
    expect(s, "2400 opened silent s-000 hub\n"
              "2400 opened silent s-001 hub\n"
              "2400 opened silent s-002 hub\n"
              "2400 opened silent s-003 hub\n"
              "2400 opened silent s-004 hub\n"
              "2400 opened silent s-005 hub\n"
              "2400 opened silent s-007 told\n");
    s->alive[7] = true;
    for (size_t i = 0; i < 5; i++) {
        s->alive[i] = true;
    }
    run(s, 3300);
    expect(s, "3300 closed silent s-000 hub\n3300 closed silent s-001 hub\n"
              "3300 closed silent s-002 hub\n3300 closed silent s-003 hub\n"
              "3300 closed silent s-004 hub\n3300 closed silent s-007 told\n");
    run(s, 4140); /* seen back at 2700; 600 + 900 s later the sixth one is on its own */
    expect(s, "");
    run(s, 4200);
    expect(s, "4200 told silent s-005 told\n");
    end(s);
}

static void hub_line(void **state)
{
    struct scene *s = begin(3);

    (void)state;
    s->site[0].hub = 2;
    s->site[1].hub = 2;
    for (size_t i = 0; i < 3; i++) {
        s->circuit[i].loss_ppm = 40000;
    }
    run(s, 900);
    expect(s, "600 opened loss s-000.wan hub\n"
              "600 opened loss s-001.wan hub\n"
              "600 opened loss s-002.wan told\n");
    end(s);
}

/* ---- many at once ----------------------------------------------------------------------
 */

static void five_in_a_hundred(void **state)
{
    struct scene *s = begin(100);

    (void)state;
    run(s, 600);
    for (size_t i = 10; i < 15; i++) {
        s->alive[i] = false;
    }
    run(s, 3000);
    expect(s, "2100 opened silent s-010 told\n2100 opened silent s-011 told\n"
              "2100 opened silent s-012 told\n2100 opened silent s-013 told\n"
              "2100 opened silent s-014 told\n");
    end(s);
}

static void six_in_a_hundred(void **state)
{
    struct scene *s = begin(100);

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        s->site[i].provider = i % 10 == 0 ? "Heron Fiber" : "Otter Telecom";
        s->site[i].region = i < 50 ? "North" : "South";
    }
    run(s, 600);
    s->alive[0] = s->alive[10] = s->alive[20] = false;
    run(s, 900);
    s->alive[30] = s->alive[40] = s->alive[50] = false; /* 300 s later */
    run(s, 1799);
    expect(s, "");
    run(s, 1860); /* the sixth counts as silent after 900 + 900 */
    expect(s, "1860 opened mass mass-1 told\n");
    assert_int_equal(s->shared.n_silent, 6);
    assert_int_equal(s->shared.n_watched, 100);
    assert_string_equal(s->shared.provider, "Heron Fiber");
    assert_int_equal(s->shared.n_provider_silent, 6);
    assert_int_equal(s->shared.n_provider, 10);
    assert_string_equal(s->shared.region, ""); /* five of six are less than nine in ten */
    assert_false(s->shared.collector);
    run(s, 2400);
    expect(s, "2100 opened silent s-000 mass\n2100 opened silent s-010 mass\n"
              "2100 opened silent s-020 mass\n2400 opened silent s-030 mass\n"
              "2400 opened silent s-040 mass\n2400 opened silent s-050 mass\n");
    restart(s);
    s->alive[60] = false; /* heard at 2400: silent at 3300, within no window of it */
    s->alive[0] = s->alive[10] = s->alive[20] = true;
    run(s, 2700);
    expect(s, ""); /* three are more than two and a half in a hundred */
    s->alive[30] = true;
    run(s, 3000);
    expect(s, "3000 closed mass mass-1 told\n3000 told silent s-040 told\n"
              "3000 told silent s-050 told\n");
    assert_int_equal(s->shared.n_silent, 2);
    assert_int_equal(s->shared.n_members, 6);
    run(s, 4200);
    expect(s, "3300 closed silent s-000 mass\n3300 closed silent s-010 mass\n"
              "3300 closed silent s-020 mass\n3600 closed silent s-030 mass\n"
              "3900 opened silent s-060 told\n");
    end(s);
}

static void late_ones_join(void **state)
{
    struct scene *s = begin(100);

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        s->site[i].region = i < 20 ? "North" : "South";
    }
    run(s, 600);
    for (size_t i = 0; i < 6; i++) {
        s->alive[i] = false;
    }
    run(s, 900);
    s->alive[6] = false;
    run(s, 1800);
    expect(s, "1560 opened mass mass-1 told\n");
    run(s, 1860);
    expect(s, "1860 changed mass mass-1 told\n");
    assert_int_equal(s->shared.n_silent, 7);
    assert_string_equal(s->shared.region, "North");
    assert_int_equal(s->shared.n_region, 20);
    end(s);
}

static void all_of_them(void **state)
{
    struct scene *s = begin(40);

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        s->site[i].provider = "Otter Telecom";
        s->alive[i] = i == 0;
    }
    s->w.certificate_days = -1;
    run(s, 2000);
    assert_true(s->shared.collector);
    assert_true(s->shared.certificate);
    assert_string_equal(s->shared.provider, "");
    assert_int_equal(s->shared.n_silent, 39);
    assert_non_null(strstr(s->log, "960 opened mass mass-1 told\n"));
    assert_null(strstr(s->log, "silent s-001 told"));
    s->log[0] = '\0';
    for (size_t i = 0; i < 40; i++) {
        s->alive[i] = true;
    }
    run(s, 2100);
    expect(s, "2100 closed mass mass-1 told\n");
    run(s, 4000);
    assert_null(strstr(s->log, "told silent"));
    assert_int_equal(bw_alerts_count(s->a), 0);
    assert_int_equal(s->n_kept, 0);
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence),
        cmocka_unit_test(short_silence_and_flapping),
        cmocka_unit_test(deaf_collector),
        cmocka_unit_test(nobody_watches),
        cmocka_unit_test(hysteresis),
        cmocka_unit_test(gaps_begin_anew),
        cmocka_unit_test(class_hours_only),
        cmocka_unit_test(days_and_tests),
        cmocka_unit_test(outage_by_its_record),
        cmocka_unit_test(outage_told_later),
        cmocka_unit_test(silent_is_not_out),
        cmocka_unit_test(maintenance),
        cmocka_unit_test(quiet_hours),
        cmocka_unit_test(hub),
        cmocka_unit_test(hub_line),
        cmocka_unit_test(five_in_a_hundred),
        cmocka_unit_test(six_in_a_hundred),
        cmocka_unit_test(late_ones_join),
        cmocka_unit_test(all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

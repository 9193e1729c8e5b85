/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_pack_use.c - use is held against what was claimed then, at the layer of its rates;
 * what a month costs, and until when it is kept. */
#include "packs_private.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <claimline.h>
#include <doc.h>
#include <doc_html.h>
#include <filed.h>
#include <model.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

#include <cmocka.h>

enum {
    DAY_S = 86400,
    N = 8, /* intervals: four of each of two days */
    MBPS = 1000000
};

/* The first day at `first` Mbit/s of 500 claimed, the second at 600 of 1000 claimed. */
static struct bw_pack_use use(enum bw_layer before,
                              int64_t first_mbps,
                              int64_t changed_unix_s,
                              struct bw_pack_seen *seen)
{
    struct bw_report *r = calloc(1, sizeof(*r));
    struct bw_report_claim claims[2] = {
        {.from_unix_s = 0,
         .to_unix_s = changed_unix_s,
         .bps = {[BW_DOWN] = 500 * MBPS, [BW_UP] = BW_UNKNOWN},
         .layer = before},
        {.from_unix_s = changed_unix_s,
         .to_unix_s = BW_UNKNOWN,
         .bps = {[BW_DOWN] = 1000 * MBPS, [BW_UP] = BW_UNKNOWN},
         .layer = BW_LAYER_ETHERNET}};
    struct bw_report_day days[2] = {
        {.year = 1970, .month = 1, .day = 1, .from_unix_s = 0, .to_unix_s = DAY_S},
        {.year = 1970, .month = 1, .day = 2, .from_unix_s = DAY_S, .to_unix_s = 2 * DAY_S}};
    struct bw_report_interval list[N] = {{.seq = 0}};
    struct bw_pack_use u;

    assert_non_null(r);
    for (int i = 0; i < N; i++) {
        int64_t mbps = i < N / 2 ? first_mbps : 600;
        list[i] = (struct bw_report_interval){
            .start_unix_s = (i / (N / 2)) * DAY_S + (i % (N / 2)) * 300,
            .covered_s = 300,
            .rate_bps = {[BW_DOWN] = mbps * MBPS, [BW_UP] = BW_UNKNOWN},
            .layer = BW_LAYER_ETHERNET,
            .in_class = true};
    }
    r->until_unix_s = 2 * DAY_S;
    r->claims = claims;
    r->n_claims = 2;
    r->days = days;
    r->n_days = 2;
    r->intervals = list;
    r->n_intervals = N;
    r->n_used = 1;
    r->used[0].layer = BW_LAYER_ETHERNET;
    assert_int_equal(bw_pack_use_make(r, &u), 0);
    bw_pack_use_done(&u);
    assert_int_equal(bw_pack_seen_of(r, seen), 0);
    free(r);
    return u;
}

static void test_a_claim_at_another_layer(void **state)
{
    struct bw_pack_seen seen;
    struct bw_pack_use u = use(BW_LAYER_ETHERNET, 455, DAY_S, &seen);

    (void)state;
    assert_int_equal(u.full_s[BW_DOWN], 1200); /* the first day, at 91 % */
    assert_int_equal(u.counted_s[BW_DOWN], 2400);
    u = use(BW_LAYER_UNKNOWN, 455, DAY_S, &seen); /* it meant IP */
    assert_int_equal(u.full_s[BW_DOWN], 0);
    assert_int_equal(u.counted_s[BW_DOWN], 1200);
}

static void test_share_of_that_days_claim(void **state)
{
    struct bw_pack_seen seen;

    (void)state;
    (void)use(BW_LAYER_ETHERNET, 455, DAY_S, &seen); /* busiest: the second, 600 of 1000 */
    assert_int_equal(bw_pack_busy_ppm(&seen), 600000);
    (void)use(BW_LAYER_ETHERNET, 700, DAY_S, &seen); /* the first, 700 of 500 */
    assert_int_equal(bw_pack_busy_ppm(&seen), 1400000);
    (void)use(BW_LAYER_UNKNOWN, 700, DAY_S, &seen); /* of a speed at another layer */
    assert_int_equal(bw_pack_busy_ppm(&seen), BW_UNKNOWN);
    (void)use(BW_LAYER_ETHERNET, 700, 600, &seen); /* it changed within that day */
    assert_int_equal(bw_pack_busy_ppm(&seen), BW_UNKNOWN);
}

/* $500 for the circuit of one school, and $9,000 of Internet access for its whole district
 * or for it alone. */
static void test_a_bill_of_others_too(void **state)
{
    static char own[][BW_NUMBER_MAX + 1] = {"123456"};
    static char all[][BW_NUMBER_MAX + 1] = {"123456", "123457"};
    struct bw_claimline line;
    struct bw_claimline other;
    struct bw_pack_filed filed = {.line = &line,
                                  .origin = "",
                                  .others = &other,
                                  .n_others = 1,
                                  .monthly = BW_DECIMAL_NOT_STATED};
    struct bw_pack_asked asked = {.filed = &filed, .n_reports = 1};
    struct bw_pack_made m = {.asked = &asked};
    enum bw_pack_part part;

    (void)state;
    bw_claimline_init(&line);
    bw_claimline_init(&other);
    line.role = BW_ROLE_TRANSPORT;
    line.unit_monthly = (struct bw_decimal){.n = 500};
    line.recipients = (struct bw_numbers){.text = own, .n = 1};
    line.n_recipients = 1;
    other.role = BW_ROLE_ISP_ONLY;
    other.unit_monthly = (struct bw_decimal){.n = 9000};
    other.recipients = line.recipients;
    other.n_recipients = 1;
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), 950000);
    other.recipients = (struct bw_numbers){.text = all, .n = 2};
    other.n_recipients = 2;
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), BW_UNKNOWN);
    other.recipients = (struct bw_numbers){.text = &all[1], .n = 1};
    other.n_recipients = 1;
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), BW_UNKNOWN);
    other.n_recipients = BW_UNKNOWN; /* who uses it is not stated */
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), 950000);
}

/* Internet access at $9,000 bound to this circuit and others, the circuit's own bill of
 * $500 apart; of two lines at $4,500 each. */
static void test_a_bill_of_other_circuits_too(void **state)
{
    struct bw_claimline line;
    struct bw_claimline other;
    int64_t circuits[2] = {1, 1};
    struct bw_pack_filed filed = {.line = &line,
                                  .origin = "",
                                  .others = &other,
                                  .n_others = 1,
                                  .circuits = circuits,
                                  .monthly = BW_DECIMAL_NOT_STATED};
    struct bw_pack_asked asked = {.filed = &filed, .n_reports = 1};
    struct bw_pack_made m = {.asked = &asked};
    enum bw_pack_part part;

    (void)state;
    bw_claimline_init(&line);
    bw_claimline_init(&other);
    line.role = BW_ROLE_ISP_ONLY;
    line.unit_monthly = (struct bw_decimal){.n = 9000};
    other.role = BW_ROLE_TRANSPORT;
    other.unit_monthly = (struct bw_decimal){.n = 500};
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), 950000);
    circuits[0] = 2; /* of how many lines it is nobody says */
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), BW_UNKNOWN);
    line.quantity = (struct bw_decimal){.n = 1};
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), BW_UNKNOWN);
    line.quantity = (struct bw_decimal){.n = 2}; /* a line each, at the price of one */
    line.unit_monthly = (struct bw_decimal){.n = 4500};
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), 500000);
    circuits[0] = 3;
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), BW_UNKNOWN);
    filed.monthly = (struct bw_decimal){.n = 70001, .scale = 2}; /* of the circuit itself */
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), 70001);
    assert_int_equal(part, BW_PRICE_TYPED);
    filed.monthly = BW_DECIMAL_NOT_STATED;
    circuits[0] = 1;
    circuits[1] = 2;
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), BW_UNKNOWN);
    filed.n_others = 0; /* one bill alone */
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), 450000);
    circuits[0] = 3;
    assert_int_equal(bw_pack_monthly_cents(&m, 0, &part), BW_UNKNOWN);
}

static const char *figure_of(const struct bw_pack_made *m, const char *name)
{
    for (size_t i = 0; i < m->n_figures; i++) {
        if (strcmp(m->figures[i].figure, name) == 0) {
            return m->figures[i].text;
        }
    }
    return "";
}

/* A contract of one's own that goes on over 1 July 2026: the records of either funding year
 * have a date of their own. */
static void test_kept_for_each_year(void **state)
{
    struct bw_filed_held held[2] = {{.key = "own:fiber"}, {.key = "own:fiber"}};
    struct bw_pack_filed filed = {.origin = "", .held = held, .n_held = 2};
    struct bw_pack_asked asked = {.filed = &filed, .n_reports = 1};
    struct bw_report *r = calloc(1, sizeof(*r));
    struct bw_pack_made m = {.asked = &asked, .r = r};
    struct bw_tz *tz = NULL;
    struct bw_err err = {""};

    (void)state;
    assert_non_null(r);
    assert_int_equal(bw_tz_load("America/Chicago", &tz, &err), 0);
    r->tz = tz;
    r->from_unix_s = 1767247200; /* 2026 in Chicago, by zoneinfo */
    r->to_unix_s = 1798783200;
    m.doc = bw_doc_new(&(struct bw_doc_head){.title = "Audit"});
    assert_non_null(m.doc);
    for (int i = 0; i < 2; i++) {
        bw_claimline_init(&held[i].line);
        (void)snprintf(held[i].line.own, sizeof(held[i].line.own), "fiber");
        held[i].line.year = 2025 + i;
    }
    filed.line = &held[1].line;
    bw_pack_keep_until(&m);
    assert_int_equal(m.error, 0);
    assert_int_equal(m.n_figures, 2);
    assert_string_equal(figure_of(&m, "keep_until"), "2037-06-30");
    assert_string_equal(figure_of(&m, "keep_until.before.1"), "2036-06-30");
    free(m.figures);
    free(m.absent);
    bw_doc_free(m.doc);
    bw_tz_free(tz);
    free(r);
}

static int64_t number_of(const struct bw_pack_made *m, const char *name)
{
    for (size_t i = 0; i < m->n_figures; i++) {
        if (strcmp(m->figures[i].figure, name) == 0) {
            return m->figures[i].value;
        }
    }
    return BW_UNKNOWN;
}

/* Two circuits: nine errata concern the first, of which a line tells eight, and the eighth
 * the second. */
static void test_more_errata_than_a_line_has_room_for(void **state)
{
    static struct bw_pack_line lines[2];
    static struct bw_report_erratum list[BW_PACK_APART_MAX + 1];
    struct bw_pack_many many = {.lines = lines, .n_lines = 2};
    struct bw_pack_asked asked = {.many = &many};
    struct bw_pack_made m = {.asked = &asked};
    struct bw_report *r = calloc(1, sizeof(*r));
    struct bw_buf out;

    (void)state;
    assert_non_null(r);
    for (int i = 0; i < BW_PACK_APART_MAX + 1; i++) {
        (void)snprintf(list[i].said.id, sizeof(list[i].said.id), "%derratum", i);
        (void)snprintf(list[i].said.key, sizeof(list[i].said.key), "site:s-teal");
        list[i].n_records = 1;
    }
    r->errata.list = list;
    r->errata.n = BW_PACK_APART_MAX + 1;
    bw_pack_apart_of(r, &lines[0].now);
    r->errata.list = &list[BW_PACK_APART_MAX - 1];
    r->errata.n = 1;
    bw_pack_apart_of(r, &lines[1].now);
    bw_pack_apart_of(r, &lines[0].before);
    m.doc = bw_doc_new(&(struct bw_doc_head){.title = "Lines"});
    assert_non_null(m.doc);
    bw_pack_many_apart(&m);
    assert_int_equal(m.error, 0);
    assert_int_equal(number_of(&m, "7erratum site:s-teal annotated circuits"), 2);
    assert_int_equal(number_of(&m, "circuits with errata that are not counted"), 1);
    assert_int_equal(m.n_figures, 8 * 4 + 1 + 4); /* not in the period before */
    bw_buf_init(&out, 65536);
    assert_int_equal(bw_doc_finish(m.doc, NULL), 0);
    assert_int_equal(bw_doc_html(m.doc, &out, NULL), 0);
    assert_non_null(strstr(out.data, "Of at least 2 circuits"));
    assert_non_null(strstr(out.data, "In the period before: Of 1 circuit "));
    bw_buf_done(&out);
    free(m.figures);
    bw_doc_free(m.doc);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_claim_at_another_layer),
        cmocka_unit_test(test_share_of_that_days_claim),
        cmocka_unit_test(test_a_bill_of_others_too),
        cmocka_unit_test(test_a_bill_of_other_circuits_too),
        cmocka_unit_test(test_kept_for_each_year),
        cmocka_unit_test(test_more_errata_than_a_line_has_room_for)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_claimline.c - the bodies of claims and entities: one form, both directions, and what
 * is refused. */
#include "bw_test.h"

#include "claimline.h"
#include "entityline.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Written by hand from docs/claim-v1.md. */
static const char full[] =
    "{\"v\":1,\"year\":2026,\"frn\":\"2699048824\",\"line\":\"003\",\"payer\":\"123456\","
    "\"payer_name\":\"Alder Creek Schools\",\"state\":\"OR\",\"application\":\"261015206\","
    "\"version\":\"Current\",\"function\":\"Fiber\",\"product\":\"Ethernet\","
    "\"purpose\":\"Internet\",\"role\":\"internet\",\"used_by\":\"All\",\"direct\":true,"
    "\"supports\":false,\"down\":{\"bps\":1500000000,\"filed\":\"1.5\",\"unit\":\"Gbps\"},"
    "\"up\":{\"bps\":500000000,\"filed\":\"500\",\"unit\":\"Mbps\",\"unit_asked\":true},"
    "\"burst\":{\"bps\":1544000,\"filed\":\"1544\",\"unit\":\"Kbps\"},\"layer\":\"ip\","
    "\"quantity\":\"2\",\"months\":\"12\",\"unit_monthly\":\"450.5\",\"unit_eligible\":"
    "\"450\","
    "\"unit_ineligible\":\"0.5\",\"monthly\":\"900\",\"recurring\":\"10800\","
    "\"pre_discount\":\"10800\",\"status\":\"Funded\",\"service\":\"Data\","
    "\"category\":\"Category 1\",\"spin\":\"143000555\",\"provider\":\"Heron Fiber\","
    "\"contract\":\"C-17\",\"discount\":\"0.8\",\"service_start\":\"2026-07-01\","
    "\"contract_end\":\"2029-06-30\",\"delivery_deadline\":\"2027-06-30\","
    "\"commitment\":\"2026-05-14\",\"from\":\"2026-07-01\",\"to\":\"2027-01-14\","
    "\"recipients\":[\"123456\",\"17012400\",\"234567\"],\"n_recipients\":3,"
    "\"students\":1200,\"leaid\":\"4100001\",\"ncessch\":\"410000100001\","
    "\"flags\":[\"mbps-typed-wrong\",\"many-recipients\"]}";
static const char least[] = "{\"v\":1,\"year\":2026,\"own\":\"wan-2026\"}";

static int decode(const char *text, struct bw_claimline *c, struct bw_err *err)
{
    return bw_claimline_decode(text, strlen(text), c, err);
}

static void encodes_to(const struct bw_claimline *c, const char *want)
{
    struct bw_buf b;
    struct bw_err err = {.text = ""};
    bw_buf_init(&b, 16384);
    int r = bw_claimline_encode(c, &b, &err);
    if (r < 0) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(b.data, want);
    bw_buf_done(&b);
}

static void both_ways(void **state)
{
    struct bw_claimline c;
    struct bw_err err = {.text = ""};
    (void)state;
    if (decode(full, &c, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(c.year, 2026);
    assert_string_equal(c.frn, "2699048824");
    assert_int_equal(c.role, BW_ROLE_INTERNET);
    assert_int_equal(c.down.bps, 1500000000);
    assert_int_equal(c.up.unit, BW_UNIT_MBPS);
    assert_true(c.up.unit_asked);
    assert_int_equal(c.unit_monthly.n, 4505);
    assert_int_equal(c.recipients.n, 3);
    assert_string_equal(c.recipients.text[1], "17012400");
    assert_int_equal(c.flags, BW_CLAIM_MBPS_TYPED_WRONG | BW_CLAIM_MANY_RECIPIENTS);
    encodes_to(&c, full);
    bw_claimline_done(&c);
    assert_int_equal(decode(least, &c, &err), 0);
    assert_int_equal(c.down.bps, BW_UNKNOWN);
    assert_int_equal(c.students, BW_UNKNOWN);
    assert_int_equal(c.direct, BW_UNKNOWN);
    assert_int_equal(c.monthly.n, BW_UNKNOWN);
    encodes_to(&c, least);
    bw_claimline_done(&c);
}

/* The full body with one piece replaced is refused, and the sentence names the member. */
static void refuses(const char *piece, const char *by, const char *want)
{
    char text[4096];
    struct bw_claimline c;
    struct bw_err err = {.text = ""};
    const char *at = strstr(full, piece);
    assert_non_null(at);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - full), full, by,
                   at + strlen(piece));
    int r = decode(text, &c, &err);
    if (r != -BW_EMALFORMED || !strstr(err.text, want)) {
        fail_msg("%s for %s: %d, \"%s\"", by, piece, r, err.text);
    }
    assert_int_equal(c.year, BW_UNKNOWN);
    bw_claimline_done(&c);
}

static void refused(void **state)
{
    (void)state;
    refuses("\"year\":2026,", "", "year");
    refuses("2026,\"frn\"", "1997,\"frn\"", "year");
    refuses("2026,\"frn\"", "\"2026\",\"frn\"", "year");
    refuses("\"frn\":\"2699048824\",", "", "FRN");
    refuses("\"line\":\"003\",", "", "FRN");
    refuses("\"line\":\"003\"", "\"line\":\"3a\"", "line");
    refuses("\"line\":\"003\"", "\"line\":\"03\"", "three digits");
    refuses("143000555", "14300055", "spin");
    refuses("1500000000", "1500000001", "down");
    refuses("\"filed\":\"1.5\"", "\"filed\":\"1.50\"", "canonical");
    refuses("\"filed\":\"1.5\"", "\"filed\":\"0\"", "down");
    refuses("\"unit\":\"Gbps\"", "\"unit\":\"gbps\"", "canonical");
    refuses("\"unit\":\"Gbps\"", "\"unit\":\"GB\"", "down");
    refuses("\"unit_asked\":true", "\"unit_asked\":false", "canonical");
    refuses("\"450.5\"", "450", "unit_monthly");
    refuses("\"450.5\"", "\"-450.5\"", "unit_monthly");
    refuses("\"450.5\"", "\"450.50\"", "canonical");
    refuses("2026-05-14", "2026-02-29", "commitment");
    refuses("2026-05-14", "5/14/2026", "commitment");
    refuses("\"to\":\"2027-01-14\"", "\"to\":\"2026-06-30\"", "after");
    refuses("\"123456\",\"17012400\"", "\"17012400\",\"123456\"", "canonical");
    refuses("\"123456\",\"17012400\"", "\"123456\",\"123456\"", "canonical");
    refuses("\"n_recipients\":3", "\"n_recipients\":4", "n_recipients");
    refuses("\"role\":\"internet\"", "\"role\":\"\"", "role");
    refuses("\"role\":\"internet\"", "\"role\":\"internets\"", "role");
    refuses("\"layer\":\"ip\"", "\"layer\":\"wire\"", "layer");
    refuses("\"many-recipients\"", "\"many\"", "flags");
    refuses("[\"mbps-typed-wrong\",\"many-recipients\"]", "[]", "flags");
    refuses("\"direct\":true", "\"direct\":1", "direct");
    refuses("Alder Creek", "Alder\\u202e Creek", "payer_name");
    refuses("\"state\":\"OR\"", "\"state\":\"OREGON\"", "state");
    refuses("\"state\":\"OR\"", "\"state\":\"OR\",\"phone\":\"1\"", "canonical");
    refuses("\"state\":\"OR\"", "\"state\": \"OR\"", "canonical");
    refuses("\"students\":1200", "\"students\":null", "students");
}

static void newer(void **state)
{
    struct bw_claimline c;
    struct bw_err err;
    (void)state;
    assert_int_equal(decode("{\"v\":2,\"speed\":\"fast\"}", &c, &err), -BW_ENEWER);
    bw_claimline_done(&c);
}

static void abouts(void **state)
{
    struct bw_claimline c;
    struct bw_err err;
    char about[BW_CLAIM_ABOUT_MAX + 1];
    (void)state;
    bw_claimline_init(&c);
    assert_int_equal(bw_claimline_about(&c, about, &err), -EINVAL);
    (void)snprintf(c.frn, sizeof(c.frn), "1699048824");
    (void)snprintf(c.line, sizeof(c.line), "003");
    assert_int_equal(bw_claimline_about(&c, about, &err), 0);
    assert_string_equal(about, "frn:1699048824.003");
    (void)snprintf(c.own, sizeof(c.own), "state.wan_7-a");
    assert_int_equal(bw_claimline_about(&c, about, &err), 0);
    assert_string_equal(about, "own:state.wan_7-a");
    (void)snprintf(c.own, sizeof(c.own), "state wan");
    assert_int_equal(bw_claimline_about(&c, about, &err), -EINVAL);
}

static void role_of_purpose(void **state)
{
    (void)state;
    assert_int_equal(
        bw_claim_role_of_purpose("Internet access service that includes a connection from "
                                 "any applicant site directly to the Internet Service "
                                 "Provider"),
        BW_ROLE_INTERNET);
    assert_int_equal(
        bw_claim_role_of_purpose("Internet access service with no circuit (data circuit to "
                                 "ISP state/regional network is billed separately)"),
        BW_ROLE_ISP_ONLY);
    assert_int_equal(bw_claim_role_of_purpose(
                         "Data Connection between two or more sites entirely within "
                         "the applicant\xe2\x80\x99s network"),
                     BW_ROLE_WAN);
    assert_int_equal(bw_claim_role_of_purpose(
                         "Data connection(s) for an applicant's hub site to an "
                         "Internet Service Provider or state/regional network where "
                         "Internet access service is billed separately"),
                     BW_ROLE_TRANSPORT);
    assert_int_equal(bw_claim_role_of_purpose("Internet access service"), BW_ROLE_UNKNOWN);
    assert_int_equal(bw_claim_role_of_purpose(""), BW_ROLE_UNKNOWN);
}

static void nothing_paid(void **state)
{
    struct bw_claimline c;
    (void)state;
    bw_claimline_init(&c);
    assert_false(bw_claimline_void(&c));
    (void)snprintf(c.status, sizeof(c.status), "Cancelled");
    assert_true(bw_claimline_void(&c));
    (void)snprintf(c.status, sizeof(c.status), "Pending");
    assert_false(bw_claimline_void(&c));
}

static void entities(void **state)
{
    static const char text[] =
        "{\"v\":1,\"number\":\"123456\",\"name\":\"Alder Creek Elementary\","
        "\"type\":\"School\",\"status\":\"Active\",\"parent\":\"98765\",\"state\":\"OR\","
        "\"county\":\"Lane\",\"students\":0,\"nces_state\":\"41\","
        "\"nces_district\":\"00001\",\"nces_building\":\"00007\",\"locale\":\"42\"}";
    struct bw_entityline e;
    struct bw_err err = {.text = ""};
    struct bw_buf b;
    char leaid[8];
    char ncessch[13];
    (void)state;
    assert_int_equal(bw_entityline_decode(text, strlen(text), &e, &err), 0);
    assert_int_equal(e.students, 0); /* a school without pupils is no unknown one */
    bw_buf_init(&b, 16384);
    assert_int_equal(bw_entityline_encode(&e, &b, &err), 0);
    assert_string_equal(b.data, text);
    bw_buf_done(&b);
    assert_string_equal(bw_entityline_locale(&e), "42");
    bw_entityline_nces(&e, leaid, ncessch);
    assert_string_equal(leaid, "4100001");
    assert_string_equal(ncessch, "410000100007");
    (void)snprintf(e.nces_building, sizeof(e.nces_building), "7");
    bw_entityline_nces(&e, leaid, ncessch);
    assert_string_equal(leaid, "4100001");
    assert_string_equal(ncessch, "");
}

/* The day that a cell gives; "" refused. */
static void day_is(const char *cell, const char *want)
{
    struct bw_claimline c;
    const struct bw_field *f = bw_claimline_fields;
    while (strcmp(f->name, "service_start") != 0) {
        f++;
    }
    bw_claimline_init(&c);
    int r = bw_field_take(f, &c, cell, NULL);
    if ((r == 0) != (want[0] != '\0') || strcmp(c.service_start, want) != 0) {
        fail_msg("'%s': %d, '%s'", cell, r, c.service_start);
    }
}

static void days_of_cells(void **state)
{
    (void)state;
    day_is("2026-07-01", "2026-07-01");
    day_is(" 2026-07-01T00:00:00.000 ", "2026-07-01");
    day_is("7/1/2026", "2026-07-01");
    day_is("07/01/2026 12:00:00 AM", "2026-07-01");
    day_is("2/29/2028", "2028-02-29");
    day_is("2/29/2026", "");
    day_is("13/1/2026", "");
    day_is("7/1/26", "");
    day_is("7/1/20260", "");
    day_is("7-1-2026", "");
    day_is("2026-07-011", "");
    day_is("2026-7-1", "");
    day_is("July 1, 2026", "");
}

static void lists(void **state)
{
    struct bw_claimline a;
    struct bw_claimline b;
    const struct bw_field *f = bw_claimline_fields;
    (void)state;
    while (f->kind != BW_FIELD_NUMBERS) {
        f++;
    }
    bw_claimline_init(&a);
    bw_claimline_init(&b);
    assert_int_equal(bw_numbers_add(&a.recipients, "12345678901"), 0);
    assert_int_equal(bw_numbers_add(&a.recipients, "1"), 0);
    assert_int_equal(bw_numbers_add(&a.recipients, "1"), 0);
    assert_int_equal(bw_numbers_add(&b.recipients, "1"), 0);
    assert_false(bw_field_same(f, &a, &b));
    assert_int_equal(bw_numbers_add(&b.recipients, "12345678901"), 0);
    assert_true(bw_field_same(f, &a, &b));
    assert_int_equal(bw_numbers_add(&b.recipients, "123456789012"), -EINVAL);
    assert_int_equal(bw_numbers_add(&b.recipients, "1a"), -EINVAL);
    assert_int_equal(bw_field_copy(f, &b, &a), 0);
    assert_true(bw_field_same(f, &a, &b));
    bw_claimline_done(&a);
    bw_claimline_done(&b);
}

static void units(void **state)
{
    struct bw_speed s = {.filed = {.n = 15, .scale = 1}, .unit = BW_UNIT_GBPS};
    (void)state;
    assert_int_equal(bw_speed_unit_parse("Mbps"), BW_UNIT_MBPS);
    assert_int_equal(bw_speed_unit_parse("gbit/s"), BW_UNIT_GBPS);
    assert_int_equal(bw_speed_unit_parse("MB"), BW_UNIT_NONE);
    assert_int_equal(bw_speed_unit_parse(""), BW_UNIT_NONE);
    assert_int_equal(bw_speed_unit_parse(NULL), BW_UNIT_NONE);
    assert_int_equal(bw_speed_settle(&s), 0);
    assert_int_equal(s.bps, 1500000000);
    s.unit = BW_UNIT_BPS;
    assert_int_equal(bw_speed_settle(&s), -ERANGE);
    assert_int_equal(s.bps, BW_UNKNOWN);
    s = (struct bw_speed){.filed = {.n = 10000}, .unit = BW_UNIT_GBPS};
    assert_int_equal(bw_speed_settle(&s), 0);
    s.filed.n = 10001;
    assert_int_equal(bw_speed_settle(&s), -ERANGE);
    s.filed.n = 0;
    assert_int_equal(bw_speed_settle(&s), -ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),     cmocka_unit_test(refused),
        cmocka_unit_test(newer),         cmocka_unit_test(abouts),
        cmocka_unit_test(units),         cmocka_unit_test(lists),
        cmocka_unit_test(days_of_cells), cmocka_unit_test(role_of_purpose),
        cmocka_unit_test(entities),      cmocka_unit_test(nothing_paid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_match.c - proposals: names that are alike, points with their sentences, each worked
 * by hand from the table of docs/binding-v1.md. */
#include "alike.h"
#include "bw_test.h"
#include "match.h"

#include <claimline.h>
#include <string.h>

#define M INT64_C(1000000)

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(bw_alike_ppm("Alder Elementary School", "ALDER ELEM SCH"), 800000);
    assert_int_equal(bw_alike_ppm("Alder Elementary School", "Alder ES"), 1000000);
    assert_int_equal(bw_alike_ppm("Alder Elementary", "Alder High School"), 500000);
    assert_int_equal(bw_alike_ppm("St. Mary's", "Saint Marys School"), 1000000);
    assert_int_equal(bw_alike_ppm("School District", "School District"), 0);
    assert_int_equal(bw_alike_ppm("", "Alder"), 0);
    assert_int_equal(bw_alike_ppm("Oak Oak Oak", "Oak"), 500000); /* one for one */
    assert_int_equal(bw_alike_ppm("\xc3\x89"
                                  "cole",
                                  "\xc3\x89"
                                  "cole"),
                     1000000);
    /* More words, and longer ones, than are looked at. */
    char many[2000] = "";
    for (int i = 0; i < 60; i++) {
        (void)strncat(many, "abcdefghijklmnopqrstuvwxyz ", sizeof(many) - strlen(many) - 1);
    }
    assert_int_equal(bw_alike_ppm(many, many), 1000000);
}

static const char *const recipients[] = {"Heron High School", "Alder Elem"};
static const char *const numbers[] = {"123456", "223456"};

static struct bw_match_circuit circuit(void)
{
    return (struct bw_match_circuit){.site_name = "Alder Elementary",
                                     .entity_name = "",
                                     .entity_id = "alder",
                                     .link_bps = BW_UNKNOWN,
                                     .tested_bps = BW_UNKNOWN,
                                     .carried_bps = BW_UNKNOWN,
                                     .written_bps = BW_UNKNOWN,
                                     .provider = "",
                                     .spin = ""};
}

static struct bw_match_claim claim(void)
{
    return (struct bw_match_claim){.payer_name = "Willow Valley School District",
                                   .names = recipients,
                                   .n_names = 2,
                                   .numbers = numbers,
                                   .n_numbers = 2,
                                   .down_bps = 500 * M,
                                   .role = BW_ROLE_INTERNET,
                                   .quantity = 1,
                                   .provider = "",
                                   .spin = ""};
}

static void judged(const struct bw_match_circuit *c,
                   const struct bw_match_claim *k,
                   int points,
                   const char *reason,
                   const char *doubt)
{
    struct bw_match m;
    bool found = reason == NULL;
    bool doubted = doubt == NULL;
    bw_match_judge(c, k, &m);
    for (size_t i = 0; i < m.n_reasons; i++) {
        found = found || strstr(m.reasons[i], reason);
    }
    for (size_t i = 0; i < m.n_doubts; i++) {
        doubted = doubted || strstr(m.doubts[i], doubt);
    }
    assert_int_equal(m.points, points);
    if (!found || !doubted) {
        fail_msg("not said: %s", !found ? reason : doubt);
    }
}

static void test_place(void **state)
{
    struct bw_match_circuit c = circuit();
    struct bw_match_claim k = claim();
    (void)state;
    judged(&c, &k, 40, "\"Alder Elem\" is called like \"Alder Elementary\"", "no test");
    c.entity_id = "ben-223456";
    judged(&c, &k, 50, "entity ben-223456 is one of its recipients", NULL);
    c.entity_id = "ben-22345";
    c.site_name = "Alder Elementary North Campus"; /* 2 of 2 and 4 words: 4/6 */
    judged(&c, &k, 25, "somewhat like", "not the same");
    c.site_name = "Egret Middle";
    judged(&c, &k, 0, NULL,
           "none of its 2 known recipients is called like \"Egret Middle\"");
    c.entity_name = "Willow Valley";
    judged(&c, &k, 15, "\"Willow Valley School District\" pays for it", NULL);
    k.n_names = 0;
    k.n_numbers = 0;
    judged(&c, &k, 15, NULL, "names no recipient");
}

static void test_speeds(void **state)
{
    struct bw_match_circuit c = circuit();
    struct bw_match_claim k = claim();
    (void)state;
    static const struct {
        int64_t tested;
        int points;
        const char *reason;
        const char *doubt;
    } borders[] = {
        {555 * M, 20, NULL, "more than the 500 that it claims"}, /* 111 % */
        {550 * M, 70, "tests reach 550 of the 500", NULL},       /* 110 % */
        {400 * M, 70, "tests reach 400 of the 500", NULL},       /* 80 % */
        {399 * M, 50, NULL, "79 %"},
        {250 * M, 50, NULL, "50 %"},
        {249 * M, 30, NULL, "49 %"},
    };
    for (size_t i = 0; i < sizeof(borders) / sizeof(borders[0]); i++) {
        c.tested_bps = borders[i].tested;
        judged(&c, &k, borders[i].points, borders[i].reason, borders[i].doubt);
    }
    c.tested_bps = 450 * M; /* 40 + 30 from here on */
    c.link_bps = 500 * M;
    judged(&c, &k, 70, NULL, NULL);
    c.link_bps = 100 * M;
    judged(&c, &k, 40, NULL, "the port that counts has 100");
    c.link_bps = 1000 * M;
    c.carried_bps = 550 * M;
    judged(&c, &k, 70, NULL, NULL);
    c.carried_bps = 551 * M;
    judged(&c, &k, 50, NULL, "users drew 551");
    c.carried_bps = BW_UNKNOWN;
    c.written_bps = 500 * M;
    judged(&c, &k, 90, "the same 500 Mbit/s are written down", NULL);
    c.written_bps = 250 * M;
    judged(&c, &k, 70, NULL, "250 Mbit/s are written down");
    k.down_bps = BW_UNKNOWN;
    judged(&c, &k, 40, NULL, "states no speed");
}

static void test_provider_and_kind(void **state)
{
    struct bw_match_circuit c = circuit();
    struct bw_match_claim k = claim();
    (void)state;
    c.provider = "Oak Fibre Inc.";
    judged(&c, &k, 40, NULL, NULL); /* the claim names none */
    k.provider = "OAK FIBRE";
    judged(&c, &k, 55, "the one written down", NULL);
    k.spin = "143000555";
    c.spin = "143000556";
    judged(&c, &k, 30, NULL, "its provider is OAK FIBRE");
    c.spin = "143000555";
    c.provider = "another name";
    judged(&c, &k, 55, "the one written down", NULL);
    c = circuit();
    k = claim();
    k.role = BW_ROLE_WAN;
    judged(&c, &k, 35, NULL, "between sites");
    k.role = BW_ROLE_ISP_ONLY;
    judged(&c, &k, 40, NULL, "billed apart");
    k.role = BW_ROLE_INTERNET;
    k.n_bound = 1;
    judged(&c, &k, 20, NULL, "1 other circuit is bound to it already");
    k.quantity = 2;
    judged(&c, &k, 40, NULL, "it is for 2 lines");
    k.n_bound = 2;
    judged(&c, &k, 20, NULL, "2 other circuits are");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_speeds),
        cmocka_unit_test(test_provider_and_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

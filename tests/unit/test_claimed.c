/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_claimed.c - what a district claims: sums worked by hand, the lesser of two, and
 * every reason for which a line is not counted. */
#include "bw_test.h"

#include "claimed.h"

#include <stdio.h>
#include <string.h>

#define MBPS INT64_C(1000000)

/* A line of payer 100, FY2026, `quantity` · `mbps` both ways. */
static void
line_of(struct bw_claimline *c, enum bw_claim_role role, int64_t quantity, int64_t mbps)
{
    bw_claimline_init(c);
    c->year = 2026;
    (void)snprintf(c->payer, sizeof(c->payer), "100");
    c->role = role;
    c->quantity = (struct bw_decimal){.n = quantity};
    c->down.bps = mbps * MBPS;
    c->up.bps = mbps * MBPS;
}

static void begin(struct bw_claimed *c)
{
    bw_claimed_init(c, "100", 2026, "2026-11-23", NULL);
}

static void add(struct bw_claimed *c, const struct bw_claimline *line)
{
    assert_int_equal(bw_claimed_add(c, "frn:2699000001.001", line), 0);
}

static void sums(void **state)
{
    struct bw_claimed c;
    struct bw_claimline l;
    (void)state;
    begin(&c);
    bw_claimed_settle(&c);
    assert_int_equal(c.sum[BW_DOWN].bps, BW_UNKNOWN); /* no line is no 0 */
    assert_false(c.sum[BW_DOWN].at_least);
    line_of(&l, BW_ROLE_INTERNET, 2, 500);
    l.up.bps = 100 * MBPS;
    add(&c, &l);
    line_of(&l, BW_ROLE_INTERNET, 1, 1000);
    add(&c, &l);
    line_of(&l, BW_ROLE_WAN, 3, 10000);
    add(&c, &l);
    bw_claimed_settle(&c);
    assert_int_equal(c.n, 3);
    assert_int_equal(c.rows[0].total_bps[BW_DOWN], 1000 * MBPS);
    assert_int_equal(c.rows[2].part, BW_CLAIMED_NOT);
    assert_int_equal(c.sum[BW_DOWN].bps, 2000 * MBPS);
    assert_int_equal(c.sum[BW_UP].bps, 1200 * MBPS);
    assert_false(c.sum[BW_DOWN].at_least);
    bw_claimed_done(&c);
}

static void the_lesser(void **state)
{
    struct bw_claimed c;
    struct bw_claimline l;
    (void)state;
    begin(&c);
    line_of(&l, BW_ROLE_INTERNET, 1, 100);
    add(&c, &l);
    line_of(&l, BW_ROLE_ISP_ONLY, 1, 2000);
    add(&c, &l);
    bw_claimed_settle(&c); /* no transport: only what has its circuit is sure */
    assert_int_equal(c.sum[BW_DOWN].bps, 100 * MBPS);
    assert_int_equal(c.sum[BW_DOWN].lesser_bps, BW_UNKNOWN);
    assert_true(c.sum[BW_DOWN].at_least);
    line_of(&l, BW_ROLE_TRANSPORT, 2, 500);
    l.up.bps = BW_UNKNOWN;
    add(&c, &l);
    bw_claimed_settle(&c);
    assert_int_equal(c.sum[BW_DOWN].lesser_bps, 1000 * MBPS);
    assert_int_equal(c.sum[BW_DOWN].bps, 1100 * MBPS);
    assert_false(c.sum[BW_DOWN].at_least);
    assert_int_equal(c.sum[BW_UP].bps,
                     100 * MBPS); /* the transport's way up is not stated */
    assert_true(c.sum[BW_UP].at_least);
    line_of(&l, BW_ROLE_TRANSPORT, 1, 1001);
    add(&c, &l);
    bw_claimed_settle(&c); /* 2001 of transport: now the ISP is the lesser */
    assert_int_equal(c.sum[BW_DOWN].bps, 2100 * MBPS);
    bw_claimed_done(&c);
    begin(&c);
    line_of(&l, BW_ROLE_TRANSPORT, 1, 500);
    add(&c, &l);
    bw_claimed_settle(&c);
    assert_int_equal(c.sum[BW_DOWN].bps, BW_UNKNOWN);
    assert_true(c.sum[BW_DOWN].at_least);
    bw_claimed_done(&c);
}

/* Speeds at unlike layers are neither added nor likened, in whichever order. */
static void layers(void **state)
{
    static const struct {
        enum bw_claim_role role[2];
        bool known;
    } rows[] = {{{BW_ROLE_INTERNET, BW_ROLE_INTERNET}, false},
                {{BW_ROLE_ISP_ONLY, BW_ROLE_TRANSPORT}, false},
                {{BW_ROLE_TRANSPORT, BW_ROLE_ISP_ONLY}, false},
                {{BW_ROLE_INTERNET, BW_ROLE_WAN}, true}};
    struct bw_claimed c;
    struct bw_claimline l;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(&c);
        line_of(&l, rows[i].role[0], 1, 1000); /* no layer: IP */
        add(&c, &l);
        line_of(&l, rows[i].role[1], 1, 1000);
        l.layer = BW_LAYER_ETHERNET;
        add(&c, &l);
        bw_claimed_settle(&c);
        assert_int_equal(c.sum[BW_DOWN].two_layers, !rows[i].known);
        assert_int_equal(c.sum[BW_DOWN].bps, rows[i].known ? 1000 * MBPS : BW_UNKNOWN);
        assert_int_equal(c.sum[BW_DOWN].lesser_bps, BW_UNKNOWN);
        bw_claimed_done(&c);
    }
    begin(&c); /* IP by name and without one are alike */
    line_of(&l, BW_ROLE_INTERNET, 1, 1000);
    add(&c, &l);
    l.layer = BW_LAYER_IP;
    add(&c, &l);
    bw_claimed_settle(&c);
    assert_int_equal(c.sum[BW_DOWN].bps, 2000 * MBPS);
    bw_claimed_done(&c);
}

/* A part that counts nothing, for the other is not there, is at no layer of what counts. */
static void layers_of_one_part(void **state)
{
    struct bw_claimed c;
    struct bw_claimline l;
    (void)state;
    begin(&c);
    line_of(&l, BW_ROLE_INTERNET, 1, 1000); /* no layer: IP */
    add(&c, &l);
    line_of(&l, BW_ROLE_TRANSPORT, 1, 2000);
    l.layer = BW_LAYER_ETHERNET;
    add(&c, &l);
    for (int i = 0; i < 2;
         i++) { /* then with a second circuit, at two layers by themselves */
        bw_claimed_settle(&c);
        assert_int_equal(c.sum[BW_DOWN].bps, 1000 * MBPS);
        assert_true(c.sum[BW_DOWN].at_least);
        assert_false(c.sum[BW_DOWN].two_layers);
        line_of(&l, BW_ROLE_TRANSPORT, 1, 2000);
        add(&c, &l);
    }
    line_of(&l, BW_ROLE_ISP_ONLY, 1, 2000);
    l.up.bps = BW_UNKNOWN;
    add(&c, &l);
    bw_claimed_settle(&c);
    assert_true(c.sum[BW_DOWN].two_layers);
    assert_int_equal(c.sum[BW_DOWN].bps, BW_UNKNOWN);
    assert_false(c.sum[BW_UP].two_layers); /* no Internet is stated that way */
    assert_int_equal(c.sum[BW_UP].bps, 1000 * MBPS);
    assert_true(c.sum[BW_UP].at_least);
    bw_claimed_done(&c);
}

/* Beside a sure line of 100 Mbit/s. */
static void beside(const struct bw_claimline *l,
                   enum bw_claimed_part part,
                   const char *why,
                   bool at_least)
{
    struct bw_claimed c;
    struct bw_claimline sure;
    begin(&c);
    line_of(&sure, BW_ROLE_INTERNET, 1, 100);
    add(&c, &sure);
    add(&c, l);
    bw_claimed_settle(&c);
    assert_int_equal(c.n, 2);
    assert_int_equal(c.rows[1].part, part);
    if (!strstr(c.rows[1].why, why)) {
        fail_msg("'%s' is not in '%s'", why, c.rows[1].why);
    }
    assert_int_equal(c.sum[BW_DOWN].bps, 100 * MBPS);
    assert_int_equal(c.sum[BW_DOWN].at_least, at_least);
    bw_claimed_done(&c);
}

static void not_counted(void **state)
{
    struct bw_claimline l;
    (void)state;
    line_of(&l, BW_ROLE_UNKNOWN, 1, 500);
    beside(&l, BW_CLAIMED_OPEN, "purpose", true);
    line_of(&l, BW_ROLE_BACKUP, 1, 500);
    beside(&l, BW_CLAIMED_NOT, "backup", false);
    line_of(&l, BW_ROLE_INTERNET, 1, 500);
    (void)snprintf(l.status, sizeof(l.status), "Denied");
    beside(&l, BW_CLAIMED_NOT, "Denied", false);
    line_of(&l, BW_ROLE_INTERNET, 1, 500000);
    l.flags = BW_CLAIM_MBPS_TYPED_WRONG;
    beside(&l, BW_CLAIMED_OPEN, "101 Gbps", true);
    line_of(&l, BW_ROLE_INTERNET, 0, 500);
    beside(&l, BW_CLAIMED_OPEN, "how many", true);
    l.quantity = (struct bw_decimal){.n = 15, .scale = 1};
    beside(&l, BW_CLAIMED_OPEN, "how many", true);
    l.quantity = BW_DECIMAL_NOT_STATED;
    beside(&l, BW_CLAIMED_OPEN, "how many", true);
    /* days: the first and the last one count */
    line_of(&l, BW_ROLE_INTERNET, 1, 500);
    (void)snprintf(l.from, sizeof(l.from), "2026-11-24");
    beside(&l, BW_CLAIMED_NOT, "this day", false);
    l.from[0] = '\0';
    (void)snprintf(l.to, sizeof(l.to), "2026-11-22");
    beside(&l, BW_CLAIMED_NOT, "this day", false);
}

static void days(void **state)
{
    struct bw_claimed c;
    struct bw_claimline l;
    (void)state;
    begin(&c);
    line_of(&l, BW_ROLE_INTERNET, 1, 500);
    (void)snprintf(l.from, sizeof(l.from), "2026-11-23");
    (void)snprintf(l.to, sizeof(l.to), "2026-11-23");
    add(&c, &l);
    l.year = 2025;
    add(&c, &l);
    bw_claimed_settle(&c);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.sum[BW_DOWN].bps, 500 * MBPS);
    bw_claimed_done(&c);
    assert_true(bw_claimed_day_in_year("2026-07-01", 2026));
    assert_true(bw_claimed_day_in_year("2027-06-30", 2026));
    assert_false(bw_claimed_day_in_year("2026-06-30", 2026));
    assert_false(bw_claimed_day_in_year("2027-07-01", 2026));
}

static void paid_by_others(void **state)
{
    struct bw_numbers users = {NULL, 0};
    struct bw_claimed c;
    struct bw_claimline l;
    (void)state;
    assert_int_equal(bw_numbers_add(&users, "100"), 0);
    assert_int_equal(bw_numbers_add(&users, "101"), 0);
    bw_claimed_init(&c, "100", 2026, "2026-11-23", &users);
    line_of(&l, BW_ROLE_INTERNET, 1, 10000);
    (void)snprintf(l.payer, sizeof(l.payer), "900");
    add(&c, &l); /* nobody of here uses it */
    assert_int_equal(c.n, 0);
    assert_int_equal(bw_numbers_add(&l.recipients, "101"), 0);
    assert_int_equal(bw_numbers_add(&l.recipients, "801"), 0);
    l.n_recipients = 2;
    add(&c, &l);
    bw_claimed_settle(&c);
    assert_int_equal(c.n, 1);
    assert_string_equal(c.rows[0].why,
                        "900 pays for it, for 2 users: the share here is not stated");
    assert_int_equal(c.sum[BW_DOWN].bps, BW_UNKNOWN);
    assert_true(c.sum[BW_DOWN].at_least);
    bw_claimline_done(&l);
    bw_claimed_done(&c);
    free(users.text);
}

static void of_too_many(void **state)
{
    struct bw_claimline l;
    (void)state;
    line_of(&l, BW_ROLE_INTERNET, 1, 10000);
    (void)snprintf(l.payer, sizeof(l.payer), "900");
    l.flags = BW_CLAIM_MANY_RECIPIENTS;
    l.n_recipients = 1200;
    beside(&l, BW_CLAIMED_OPEN,
           "900 pays for it, for 1200 users: whether one is of here and its share is not",
           true);
    l.role = BW_ROLE_BACKBONE; /* nothing would be missing for it */
    struct bw_claimed c;
    begin(&c);
    add(&c, &l);
    assert_int_equal(c.n, 0);
    bw_claimed_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers),      cmocka_unit_test(sums),
        cmocka_unit_test(the_lesser),  cmocka_unit_test(not_counted),
        cmocka_unit_test(days),        cmocka_unit_test(paid_by_others),
        cmocka_unit_test(of_too_many), cmocka_unit_test(layers_of_one_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

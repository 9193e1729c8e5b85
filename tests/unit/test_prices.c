/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_prices.c - what lines cost for each Mbit/s: prices worked by hand, every reason for
 * which a line has none, medians by rank, and whose lines are seen. */
#include "prices.h"

#include "bw_test.h"
#include "said_fixture.h"

#include <buf.h>
#include <catalogue.h>
#include <stdio.h>
#include <string.h>

#define MBPS INT64_C(1000000)

static struct bw_decimal money(int64_t n, int scale)
{
    return (struct bw_decimal){.n = n, .scale = (uint8_t)scale};
}

static void line_of(struct bw_claimline *c, int64_t mbps, struct bw_decimal unit)
{
    bw_claimline_init(c);
    c->year = 2026;
    c->role = BW_ROLE_INTERNET;
    c->down.bps = mbps * MBPS;
    c->up.bps = mbps * MBPS;
    c->quantity = money(1, 0);
    c->unit_monthly = unit;
}

static struct bw_price_row judged(const struct bw_claimline *c, int64_t circuits)
{
    struct bw_price_row r = {.about = ""};

    bw_price_judge(c, circuits, &r);
    return r;
}

static void each(void **state)
{
    static const struct {
        int64_t n;
        int scale;
        int64_t bps;
        int64_t udollars;
        const char *text;
    } rows[] = {
        {1390, 0, 1000 * MBPS, 1390000, "$1.39"},
        {4505, 1, 1500 * MBPS, 300333, "$0.300"}, /* 450.5 / 1500 = 0.30033…: cut */
        {1999999, 6, MBPS, 1999999, "$1.99"},     /* never up to 2 */
        {1, 9, MBPS, 0, "$0.000"},
        {2, 0, 3000000, 666666, "$0.666"},
        {9007199254740991, 0, 10000000 * MBPS, 900719925474099, "$900719925.47"},
        {9007199254740991, 0, 1, BW_UNKNOWN, NULL}, /* no such price is kept */
        {5, 0, 0, BW_UNKNOWN, NULL},
    };
    char text[BW_PRICE_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_decimal d = money(rows[i].n, rows[i].scale);
        assert_int_equal(bw_price_each(&d, rows[i].bps), rows[i].udollars);
        if (rows[i].text) {
            bw_price_text(rows[i].udollars, text);
            assert_string_equal(text, rows[i].text);
        }
    }
    bw_price_exact(300333, text);
    assert_string_equal(text, "0.300333");
}

static void classes(void **state)
{
    (void)state;
    assert_string_equal(bw_price_classes[bw_price_class_of(1)].id, "under-100m");
    assert_string_equal(bw_price_classes[bw_price_class_of(100 * MBPS - 1)].id,
                        "under-100m");
    assert_string_equal(bw_price_classes[bw_price_class_of(100 * MBPS)].id, "100m");
    assert_string_equal(bw_price_classes[bw_price_class_of(1000 * MBPS)].id, "1g");
    assert_string_equal(bw_price_classes[bw_price_class_of(400000 * MBPS)].id, "10g");
    assert_int_equal(bw_price_class_of(BW_UNKNOWN), BW_PRICE_CLASSES);
    assert_int_equal(bw_price_class_parse("4g"), 5);
    assert_int_equal(bw_price_class_parse("5g"), BW_PRICE_CLASSES);
    for (size_t i = 1; i < BW_PRICE_CLASSES; i++) { /* no speed is between two, or in two */
        assert_int_equal(bw_price_classes[i].from_bps, bw_price_classes[i - 1].below_bps);
    }
}

/* A line is good until one thing is otherwise. */
static void reasons(void **state)
{
    struct bw_claimline c;
    struct bw_price_row r;
    (void)state;

    line_of(&c, 1000, money(1390, 0));
    r = judged(&c, 1);
    assert_int_equal(r.why, BW_PRICE_KNOWN);
    assert_int_equal(r.price_udollars, 1390000);
    assert_int_equal(r.marks, 0);

    (void)snprintf(c.status, sizeof(c.status), "Denied");
    assert_int_equal(judged(&c, 1).why, BW_PRICE_VOID);

    line_of(&c, 1, money(25, 0));
    assert_int_equal(judged(&c, 0).why, BW_PRICE_SPEED_1);
    (void)snprintf(c.product, sizeof(c.product), "Taxes and USF Fees");
    assert_int_equal(judged(&c, 0).why, BW_PRICE_NO_LINE);
    line_of(&c, 1000, money(25, 0));
    (void)snprintf(c.product, sizeof(c.product),
                   "Coffee-Syntax Ethernet"); /* no such word */
    assert_int_equal(judged(&c, 0).why, BW_PRICE_KNOWN);
    (void)snprintf(c.function, sizeof(c.function), "Miscellaneous");
    assert_int_equal(judged(&c, 0).why, BW_PRICE_NO_LINE);

    line_of(&c, 1000, money(1390, 0));
    c.down.bps = BW_UNKNOWN;
    assert_int_equal(judged(&c, 1).why, BW_PRICE_NO_SPEED);
    assert_int_equal(judged(&c, 1).speed, BW_PRICE_CLASSES);
    line_of(&c, 500000, money(1390, 0));
    c.flags = BW_CLAIM_MBPS_TYPED_WRONG;
    assert_int_equal(judged(&c, 1).why, BW_PRICE_SPEED_ODD);

    /* an ISP's bill bound to three circuits is the price of none; of three lines it is */
    line_of(&c, 1000, money(1390, 0));
    assert_int_equal(judged(&c, 3).why, BW_PRICE_SHARED);
    assert_int_equal(judged(&c, 3).price_udollars, BW_UNKNOWN);
    c.quantity = money(3, 0);
    r = judged(&c, 3);
    assert_int_equal(r.price_udollars, 1390000);
    assert_int_equal(r.marks, BW_PRICE_MARK_MANY);
    c.quantity = BW_DECIMAL_NOT_STATED; /* one, for all that is known */
    assert_int_equal(judged(&c, 2).why, BW_PRICE_SHARED);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_KNOWN);
}

static void costs(void **state)
{
    struct bw_claimline c;
    struct bw_price_row r;
    (void)state;

    line_of(&c, 100, BW_DECIMAL_NOT_STATED);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_NO_COST);
    c.unit_eligible = money(80, 0);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_PART);
    c.unit_ineligible = money(205, 1);
    r = judged(&c, 1);
    assert_int_equal(r.price_udollars, 1005000); /* 80 + 20.5 for 100 Mbit/s */
    assert_int_equal(r.marks, BW_PRICE_MARK_PART);
    c.unit_monthly = money(1005, 1);
    assert_int_equal(judged(&c, 1).price_udollars, 1005000);
    c.unit_monthly = money(1006, 1);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_UNLIKE);
    /* the bill of two lines in the place of one's */
    c.quantity = money(2, 0);
    c.unit_monthly = money(201, 0);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_UNLIKE);
    line_of(&c, 100, money(100, 0));
    c.monthly = money(1001, 1); /* more eligible than there is */
    assert_int_equal(judged(&c, 1).why, BW_PRICE_UNLIKE);
    c.monthly = money(100, 0);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_KNOWN);
    line_of(&c, 100, BW_DECIMAL_NOT_STATED);
    c.monthly = money(100, 0); /* eligible, of all lines */
    assert_int_equal(judged(&c, 1).why, BW_PRICE_PART);

    line_of(&c, 100, money(0, 0));
    assert_int_equal(judged(&c, 1).why, BW_PRICE_FREE);
    c.pre_discount = money(250000, 0);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_ONE_TIME);
    line_of(&c, 100, BW_DECIMAL_NOT_STATED);
    c.pre_discount = money(250000, 0);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_NO_COST);
    c.recurring = money(0, 0);
    assert_int_equal(judged(&c, 1).why, BW_PRICE_ONE_TIME);

    line_of(&c, 100, money(100, 0));
    c.recurring = money(1200, 0);
    c.pre_discount = money(61200, 0);
    c.burst.bps = 200 * MBPS;
    c.up.bps = 99 * MBPS;
    r = judged(&c, 1);
    assert_int_equal(r.price_udollars, 1000000); /* as if there were nothing else */
    assert_int_equal(r.one_off.n, 60000);
    assert_int_equal(r.marks,
                     BW_PRICE_MARK_ONE_TIME | BW_PRICE_MARK_BURST | BW_PRICE_MARK_SLOW_UP);
}

/* ---- from a catalogue --------------------------------------------------------------- */

static void
entity(struct fixture *f, const char *id, enum bw_entity_kind kind, const char *parent)
{
    struct bw_entity e = {.kind = kind};

    (void)snprintf(e.id, sizeof(e.id), "%s", id);
    (void)snprintf(e.name, sizeof(e.name), "%s", id);
    (void)snprintf(e.parent, sizeof(e.parent), "%s", parent);
    assert_int_equal(f->c->ops->entity_add(f->c, &e, &f->err), 0);
}

/* A line item of `mbps` for `usd`, of this payer and provider. */
static void claim(struct fixture *f,
                  const char *item,
                  const char *payer,
                  const char *spin,
                  int mbps,
                  int usd,
                  const char *more)
{
    char about[64];
    char body[512];

    (void)snprintf(about, sizeof(about), "frn:2699000001.%s", item);
    (void)snprintf(
        body, sizeof(body),
        "{\"v\":1,\"year\":2026,\"frn\":\"2699000001\",\"line\":\"%s\",\"payer\":"
        "\"%s\",\"role\":\"internet\",\"down\":{\"bps\":%d000000,\"filed\":\"%d\","
        "\"unit\":\"Mbps\"}%s,\"quantity\":\"1\",\"unit_monthly\":\"%d\","
        "\"spin\":\"%s\",\"provider\":\"Heron %s\"}",
        item, payer, mbps, mbps, more, usd, spin, spin + 8);
    say(f, BW_STATEMENT_CLAIM, about, NULL, body, NULL);
}

/* A circuit for which somebody confirmed that it is this line item. */
static void
bound(struct fixture *f, const char *circuit, const char *item, const char *days)
{
    char body[256];

    (void)snprintf(body, sizeof(body),
                   "{\"v\":1,\"claim\":\"frn:2699000001.%s\",\"seen\":"
                   "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"%s}",
                   item, days);
    say(f, BW_STATEMENT_BINDING, circuit, NULL, body, NULL);
}

static bool of_110002(void *owner, const struct bw_prices *p, const struct bw_price_row *r)
{
    (void)owner;
    return strcmp(p->payers[r->payer].entity, "district-110002") == 0;
}

static void from_a_catalogue(void **state)
{
    struct fixture *f = *state;
    struct bw_prices p;
    struct bw_price_seen s;
    struct bw_price_group *g = NULL;
    struct bw_buf out;
    size_t n = 0;
    struct bw_price_ask ask = {.year = BW_UNKNOWN,
                               .role = BW_ROLE_INTERNET,
                               .layer = BW_PRICE_ANY,
                               .speed = BW_PRICE_CLASSES};

    entity(f, "north", BW_ENTITY_REGION, "");
    entity(f, "district-110001", BW_ENTITY_DISTRICT, "north");
    entity(f, "district-110002", BW_ENTITY_DISTRICT, "");
    say(f, BW_STATEMENT_ENTITY, "ben:220001", NULL,
        "{\"v\":1,\"number\":\"220001\",\"parent\":\"110001\"}", NULL);
    claim(f, "001", "110001", "143000001", 1000, 500, "");
    claim(f, "002", "110001", "143000002", 1000, 900, "");
    claim(f, "003", "220001", "143000001", 1500, 900, ""); /* a school of the first */
    claim(f, "004", "110002", "143000001", 1000, 700, "");
    claim(f, "005", "110002", "143000001", 100, 300, "");
    claim(f, "006", "990009", "143000002", 1000, 800, ",\"layer\":\"ethernet\"");
    claim(f, "007", "110002", "143000002", 1000, 600, "");
    bound(f, "circuit:s-aaaaa.wan", "007", "");
    bound(f, "circuit:s-bbbbb.wan", "007", ",\"from\":\"2027-06-30\"");
    bound(f, "circuit:s-ccccc.wan", "006", ""); /* in turn, and one a year too late */
    bound(f, "circuit:s-ddddd.wan", "005", ",\"to\":\"2026-11-01\"");
    bound(f, "circuit:s-eeeee.wan", "005", ",\"from\":\"2026-11-02\"");
    bound(f, "circuit:s-fffff.wan", "005", ",\"from\":\"2027-07-01\"");

    assert_int_equal(bw_prices_read(f->c, &p, &f->err), 0);
    assert_int_equal(p.n, 7);
    assert_int_equal(p.n_regions, 1);
    assert_int_equal(p.n_providers, 2);
    assert_string_equal(p.providers[p.rows[0].provider].name, "Heron 1");
    assert_string_equal(p.payers[p.rows[2].payer].entity, "district-110001");
    assert_string_equal(p.payers[p.rows[5].payer].entity, "");
    assert_int_equal(p.rows[6].why, BW_PRICE_SHARED);

    assert_int_equal(bw_prices_choose(&p, &ask, &s), 0);
    assert_int_equal(s.year, 2026);
    assert_int_equal(s.n, 6);
    assert_int_equal(s.n_apart, 1);
    assert_int_equal(s.n_why[BW_PRICE_SHARED], 1);
    /* 1 Gbit/s: 0.5, 0.6 (900 for 1500), 0.7, 0.9; the layer that is named stands alone */
    assert_int_equal(bw_prices_group(&p, &s, BW_PRICE_BY_SPEED, &g, &n), 0);
    assert_int_equal(n, 3);
    assert_int_equal(g[0].speed, 1);
    assert_int_equal(g[0].s.median, 3000000);
    assert_int_equal(g[0].s.q1, BW_UNKNOWN); /* of one line there are no quartiles */
    assert_int_equal(g[1].speed, 3);
    assert_int_equal(g[1].layer, BW_LAYER_UNKNOWN);
    assert_int_equal(g[1].s.n, 4);
    assert_int_equal(g[1].s.min, 500000);
    assert_int_equal(g[1].s.q1, 500000);
    assert_int_equal(g[1].s.median, 600000); /* rank 2 of 4: never between two */
    assert_int_equal(g[1].s.q3, 700000);
    assert_int_equal(g[1].s.max, 900000);
    assert_int_equal(g[1].n_private, 4); /* said by grey, not imported from USAC */
    assert_int_equal(g[2].layer, BW_LAYER_ETHERNET);
    free(g);
    assert_int_equal(
        bw_prices_group(&p, &s, BW_PRICE_BY_REGION | BW_PRICE_BY_PROVIDER, &g, &n), 0);
    assert_int_equal(n, 4); /* north: 1 and 2; nowhere: 1, and 2 at its layer */
    assert_int_equal(g[0].region, 0);
    assert_int_equal(g[0].s.n, 2);
    assert_int_equal(g[2].region, BW_PRICE_NONE);
    free(g);
    bw_price_seen_done(&s);

    ask.region = "";
    ask.provider = "143000001";
    assert_int_equal(bw_prices_choose(&p, &ask, &s), 0);
    assert_int_equal(s.n, 2);
    bw_price_seen_done(&s);

    /* who sees one district's only gets no other line into any count */
    ask = (struct bw_price_ask){.year = BW_UNKNOWN,
                                .role = BW_ROLE_INTERNET,
                                .layer = BW_PRICE_ANY,
                                .speed = BW_PRICE_CLASSES,
                                .sees = of_110002};
    assert_int_equal(bw_prices_choose(&p, &ask, &s), 0);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.n_apart, 1);
    assert_int_equal(s.n_role[BW_ROLE_INTERNET], 2);
    bw_buf_init(&out, 65536);
    bw_prices_csv_lines(&p, &s, &out);
    bw_buf_putc(&out, '\0');
    assert_null(strstr(out.data, "110001"));
    assert_non_null(strstr(out.data,
                           "frn:2699000001.005,2026,110002,,district-110002,,,"
                           "143000001,Heron 1,internet,not-stated,100m,100000000,,"
                           "300,3.000000,1,1,,,,no,line-price/1\r\n"));
    assert_non_null(strstr(out.data, ",600,,1,2,,,shared,no,line-price/1\r\n"));
    bw_buf_clear(&out);
    bw_prices_json(&p, &ask, &s, true, &out);
    bw_buf_putc(&out, '\0');
    assert_non_null(strstr(out.data, "\"shared\":1"));
    assert_non_null(strstr(out.data, "\"median_udollars\":3000000"));
    bw_buf_done(&out);
    bw_price_seen_done(&s);
    bw_prices_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each),
        cmocka_unit_test(classes),
        cmocka_unit_test(reasons),
        cmocka_unit_test(costs),
        cmocka_unit_test_setup_teardown(from_a_catalogue, said_setup, said_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

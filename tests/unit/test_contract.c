/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_contract.c - the terms of a circuit's contract and its people, from statements
 * alone. */
#include "buf.h"
#include "bw_test.h"
#include "contract.h"
#include "filed.h"
#include "promise.h"
#include "said_fixture.h"

#include <binding.h>
#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <hash.h>
#include <sharing.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

/* In Chicago, by Python's zoneinfo: 1 July, 1 October 2026, 1 January, 1 July 2027. */
#define JUL INT64_C(1782882000)
#define OCT INT64_C(1790830800)
#define JAN INT64_C(1798783200)
#define JUL2 INT64_C(1814418000)
#define SPEED "speed_part = 95%\\nspeed_share = 90%\\n"
#define CREDITS                                                                            \
    "available = 99.9%\\ncredit \\\"a\\\" {\\n\\tbelow = 99.9%\\n\\tcredit = 10%\\n}\\n"

/* What is said first is said on 1 June. */
static int setup(void **state)
{
    struct fixture *f;
    int r = said_setup(state);
    f = *state;
    f->now_unix_s = JUL - 86400 * 30;
    return r;
}

/* A line of 100 Mbps (or so) with what more is said of it, bound to the circuit. */
static void line(struct fixture *f, const char *own, int mbps, const char *tail)
{
    char about[64];
    char body[700];
    char id[BW_HASH_LEN + 1];
    (void)snprintf(about, sizeof(about), "own:%s", own);
    (void)snprintf(body, sizeof(body),
                   "{\"v\":1,\"year\":2026,\"own\":\"%s\",\"down\":{\"bps\":%d000000,"
                   "\"filed\":\"%d\",\"unit\":\"Mbps\"}%s}",
                   own, mbps, mbps, tail);
    say(f, BW_STATEMENT_CLAIM, about, NULL, body, id);
    (void)snprintf(body, sizeof(body), "{\"v\":1,\"claim\":\"own:%s\",\"seen\":\"%s\"}",
                   own, id);
    say(f, BW_STATEMENT_BINDING, "circuit:s-heron.wan", NULL, body, NULL);
}

static void terms(struct fixture *f,
                  const char *own,
                  const char *days, /* further members before the clauses */
                  const char *clauses,
                  const char *replaces,
                  char id[BW_HASH_LEN + 1])
{
    char about[64];
    char body[700];
    (void)snprintf(about, sizeof(about), "own:%s", own);
    (void)snprintf(body, sizeof(body), "{\"v\":1%s,\"clauses\":\"%s\"}", days, clauses);
    say(f, BW_STATEMENT_TERMS, about, replaces, body, id);
}

static struct bw_contract of(struct fixture *f, int64_t from, int64_t until)
{
    struct bw_contract k;
    assert_int_equal(
        bw_contract_find(f->c, "s-heron", "wan", f->tz, from, until, &k, &f->err), 0);
    return k;
}

static void test_nothing_on_file(void **state)
{
    struct fixture *f = *state;
    struct bw_contract k = of(f, JUL, JUL2);
    assert_false(k.terms.known);
    assert_string_equal(k.terms_open, "");
    assert_int_equal(k.students, BW_UNKNOWN);
    line(f, "oak", 100, "");
    k = of(f, JUL, JUL2); /* a claim without terms */
    assert_false(k.terms.known);
    assert_string_equal(k.terms_open, "");
}

static void test_terms_hold_as_long_as_the_claim(void **state)
{
    struct fixture *f = *state;
    char first[BW_HASH_LEN + 1];
    struct bw_contract k;
    line(f, "oak", 100, ",\"unit_monthly\":\"450.5\"");
    terms(f, "oak", "", SPEED CREDITS, NULL, first);
    k = of(f, JUL, JUL2);
    assert_string_equal(k.terms_open, "");
    assert_true(k.terms.known);
    assert_int_equal(k.terms.part_ppm, 950000);
    assert_int_equal(k.terms.monthly_cents, 45050); /* as the claim says */
    assert_string_equal(k.terms_origin, "its terms for own:oak were said by grey on "
                                        "2026-06-01; a month costs what that claim says");
    k = of(f, OCT, JAN);
    assert_true(k.terms.known);
    /* A day before the claim's first one: they hold for a part alone. */
    k = of(f, JUL - 86400, OCT);
    assert_false(k.terms.known);
    assert_string_equal(k.terms_open,
                        "the contract's terms hold for a part of the period alone, on days "
                        "from 2026-07-01 to 2026-09-30: ask for that part by itself");
    /* Corrected: what the contract itself says of its cost goes first. Said after the
     * period began, which is told. */
    f->now_unix_s = OCT + 3600;
    terms(f, "oak", "", "monthly_cost = 500.00\\n" CREDITS, first, NULL);
    k = of(f, JUL, JUL2);
    assert_true(k.terms.known);
    assert_int_equal(k.terms.part_ppm, BW_UNKNOWN);
    assert_int_equal(k.terms.monthly_cents, 50000);
    assert_string_equal(k.terms_origin, "its terms for own:oak were said by grey on "
                                        "2026-10-01, after the period began");
}

static void test_terms_that_change(void **state)
{
    struct fixture *f = *state;
    struct bw_contract k;
    line(f, "oak", 100, "");
    terms(f, "oak", ",\"to\":\"2026-12-31\"", SPEED, NULL, NULL);
    terms(f, "oak", ",\"from\":\"2027-01-01\"", CREDITS, NULL, NULL);
    k = of(f, JUL, JAN); /* the last day counts */
    assert_true(k.terms.known);
    assert_int_equal(k.terms.part_ppm, 950000);
    k = of(f, JAN, JUL2);
    assert_int_equal(k.terms.there_ppm, 999000);
    k = of(f, JUL, JAN + 1);
    assert_false(k.terms.known);
    assert_string_equal(k.terms_open,
                        "two sets of terms hold within the period, those of own:oak from "
                        "2027-01-01 on: ask for the parts by themselves, or name one with "
                        "--terms");
}

static void test_billed_apart(void **state)
{
    struct fixture *f = *state;
    struct bw_contract k;
    line(f, "oak", 300, "");
    line(f, "isp", 200, "");
    terms(f, "oak", "", CREDITS, NULL, NULL);
    k = of(f, JUL, JUL2); /* no part of a speed is promised */
    assert_true(k.terms.known);
    terms(f, "isp", "", SPEED, NULL, NULL);
    k = of(f, JUL, JUL2);
    assert_false(k.terms.known);
    assert_non_null(strstr(k.terms_open, "two sets of terms"));
}

static void test_a_part_of_another_speed(void **state)
{
    struct fixture *f = *state;
    struct bw_contract k;
    line(f, "oak", 300, "");
    terms(f, "oak", "", SPEED, NULL, NULL);
    assert_true(of(f, JUL, JUL2).terms.known);
    line(f, "egret", 300, ""); /* as fast: what is claimed is what the contract says */
    assert_true(of(f, JUL, JUL2).terms.known);
    line(f, "isp", 200, ",\"from\":\"2027-01-01\"");
    assert_true(of(f, JUL, JAN).terms.known);
    k = of(f, JUL, JAN + 1);
    assert_false(k.terms.known);
    assert_string_equal(k.terms_open,
                        "own:oak promises a part of its speed, and another claim of this "
                        "circuit, billed apart, is for less, or at another layer");
}

static void test_people(void **state)
{
    struct fixture *f = *state;
    struct bw_contract k;
    line(f, "oak", 100,
         ",\"recipients\":[\"123456\",\"123457\"],\"n_recipients\":2,\"users\":150,"
         "\"users_are\":\"students and staff\"");
    say(f, BW_STATEMENT_ENTITY, "ben:123456", NULL,
        "{\"v\":1,\"number\":\"123456\",\"students\":80}", NULL);
    k = of(f, JUL, JUL2); /* one of them has no entry */
    assert_int_equal(k.students, BW_UNKNOWN);
    assert_int_equal(k.users, 150);
    assert_string_equal(k.users_are, "students and staff");
    f->now_unix_s += 86400;
    say(f, BW_STATEMENT_ENTITY, "ben:123457", NULL,
        "{\"v\":1,\"number\":\"123457\",\"students\":40}", NULL);
    k = of(f, JUL, JUL2);
    assert_int_equal(k.students, 120);
    assert_string_equal(
        k.students_are,
        "full-time students of the 2 recipients of the line, as the entries "
        "on file have them (said between 2026-06-01 and 2026-06-02 UTC)");
}

static void test_people_of_several_lines(void **state)
{
    struct fixture *f = *state;
    struct bw_contract k;
    say(f, BW_STATEMENT_ENTITY, "ben:123456", NULL,
        "{\"v\":1,\"number\":\"123456\",\"students\":80}", NULL);
    line(f, "oak", 100,
         ",\"quantity\":\"3\",\"recipients\":[\"123456\"],\"n_recipients\":1,"
         "\"users\":150,\"users_are\":\"students and staff\"");
    k = of(f, JUL, JUL2);
    assert_int_equal(k.students, BW_UNKNOWN);
    assert_int_equal(k.users, BW_UNKNOWN);
    assert_string_equal(k.people_open, "the claim is of more than one line, and its people "
                                       "are those of all of them");
}

/* Internet access for two schools, the circuit for one of them: whichever key is less. */
static void people_apart(struct fixture *f, const char *access, const char *circuit)
{
    struct bw_contract k;
    say(f, BW_STATEMENT_ENTITY, "ben:123456", NULL,
        "{\"v\":1,\"number\":\"123456\",\"students\":80}", NULL);
    say(f, BW_STATEMENT_ENTITY, "ben:123457", NULL,
        "{\"v\":1,\"number\":\"123457\",\"students\":40}", NULL);
    line(f, access, 1000,
         ",\"quantity\":\"1\",\"recipients\":[\"123456\","
         "\"123457\"],\"n_recipients\":2");
    line(f, circuit, 100,
         ",\"quantity\":\"1\",\"recipients\":[\"123456\"],"
         "\"n_recipients\":1");
    k = of(f, JUL, JUL2);
    assert_int_equal(k.students, BW_UNKNOWN);
    assert_string_equal(k.people_open,
                        "the claims bound to this circuit, billed apart, are "
                        "not for the same people");
}

static void test_people_of_unlike_bills(void **state)
{
    people_apart(*state, "ash", "elm");
}

static void test_people_of_unlike_bills_turned(void **state)
{
    people_apart(*state, "elm", "ash");
}

static void test_people_of_like_bills(void **state)
{
    struct fixture *f = *state;
    struct bw_contract k;
    say(f, BW_STATEMENT_ENTITY, "ben:123456", NULL,
        "{\"v\":1,\"number\":\"123456\",\"students\":80}", NULL);
    line(f, "ash", 1000, ",\"recipients\":[\"123456\"],\"n_recipients\":1");
    line(f, "elm", 100,
         ",\"recipients\":[\"123456\"],\"n_recipients\":1,\"users\":90,"
         "\"users_are\":\"all\"");
    k = of(f, JUL, JUL2);
    assert_int_equal(k.students, 80);
    assert_string_equal(k.people_open,
                        "the claims bound to this circuit, billed apart, are "
                        "not for the same people");
    assert_int_equal(k.users, BW_UNKNOWN);
}

static struct bw_filed filed(struct fixture *f, int64_t from, int64_t until)
{
    struct bw_filed x;
    assert_int_equal(bw_filed_find(f->c, "s-heron", "wan", f->tz, from, until, &x, &f->err),
                     0);
    return x;
}

static void held(const struct bw_filed *x, size_t i, const char *key, const char *days)
{
    char got[32];
    assert_true(i < x->n_held);
    (void)snprintf(got, sizeof(got), "%s %s", x->held[i].first_day, x->held[i].last_day);
    assert_string_equal(x->held[i].key, key);
    assert_string_equal(got, days);
}

/* One that ended and one that followed; of a version with another provider each. */
static void test_all_that_hold(void **state)
{
    struct fixture *f = *state;
    char fir[BW_HASH_LEN + 1];
    char body[200];
    struct bw_filed x;
    line(f, "oak", 100, ",\"spin\":\"143000551\",\"to\":\"2026-12-31\"");
    line(f, "elm", 200, ",\"spin\":\"143000552\",\"from\":\"2027-01-01\"");
    x = filed(f, JUL, JUL2);
    assert_int_equal(x.n_held, 2);
    held(&x, 0, "own:oak", "2026-07-01 2026-12-31");
    held(&x, 1, "own:elm", "2027-01-01 2027-06-30");
    assert_true(x.has);
    assert_string_equal(x.line.own, "elm");
    assert_false(bw_filed_same_provider(&x.held[0].line, &x.held[1].line));
    bw_filed_done(&x);
    x = filed(f, OCT, JAN);
    assert_int_equal(x.n_held, 1);
    held(&x, 0, "own:oak", "2026-10-01 2026-12-31");
    bw_filed_done(&x);
    /* the speed alone, then the provider of the second is corrected */
    say(f, BW_STATEMENT_CLAIM, "own:fir", NULL,
        "{\"v\":1,\"year\":2026,\"own\":\"fir\",\"spin\":\"143000552\"}", fir);
    (void)snprintf(body, sizeof(body), "{\"v\":1,\"claim\":\"own:fir\",\"seen\":\"%s\"}",
                   fir);
    say(f, BW_STATEMENT_BINDING, "circuit:s-heron.wan", NULL, body, NULL);
    say(f, BW_STATEMENT_CLAIM, "own:fir", fir,
        "{\"v\":1,\"year\":2026,\"own\":\"fir\",\"down\":{\"bps\":1000000,"
        "\"filed\":\"1\",\"unit\":\"Mbps\"},\"spin\":\"143000552\","
        "\"from\":\"2026-10-01\"}",
        fir);
    say(f, BW_STATEMENT_CLAIM, "own:fir", fir,
        "{\"v\":1,\"year\":2026,\"own\":\"fir\",\"spin\":\"143000553\","
        "\"from\":\"2027-02-01\"}",
        NULL);
    x = filed(f, JUL, JUL2);
    assert_int_equal(x.n_held, 4);
    held(&x, 0, "own:fir", "2026-07-01 2027-01-31");
    assert_int_equal(x.held[0].line.down.bps, 1000000);
    held(&x, 1, "own:oak", "2026-07-01 2026-12-31");
    held(&x, 2, "own:elm", "2027-01-01 2027-06-30");
    held(&x, 3, "own:fir", "2027-02-01 2027-06-30");
    bw_filed_done(&x);
}

/* Bound from a day after its last one, a claim holds on no day of a period around both. */
static void test_that_holds_on_no_day(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    char body[300];
    struct bw_filed x;
    say(f, BW_STATEMENT_CLAIM, "own:oak", NULL,
        "{\"v\":1,\"year\":2026,\"own\":\"oak\",\"spin\":\"143000551\",\"to\":\"2026-09-"
        "15\"}",
        oak);
    (void)snprintf(
        body, sizeof(body),
        "{\"v\":1,\"claim\":\"own:oak\",\"seen\":\"%s\",\"from\":\"2026-10-01\"}", oak);
    say(f, BW_STATEMENT_BINDING, "circuit:s-heron.wan", NULL, body, NULL);
    x = filed(f, JUL, JAN);
    assert_int_equal(x.n_held, 0);
    assert_false(x.has);
    bw_filed_done(&x);
    line(f, "elm", 200, ",\"spin\":\"143000552\"");
    x = filed(f, JUL, JAN);
    assert_int_equal(x.n_held, 1);
    held(&x, 0, "own:elm", "2026-07-01 2026-12-31");
    bw_filed_done(&x);
}

/* `own` is bound to another circuit as well, on such days. */
static void bind(struct fixture *f,
                 const char *own,
                 const char *circuit,
                 const char *days,
                 char id[BW_HASH_LEN + 1])
{
    static const char seen[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    char about[64];
    char body[200];
    (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
    (void)snprintf(body, sizeof(body), "{\"v\":1,\"claim\":\"own:%s\",\"seen\":\"%s\"%s}",
                   own, seen, days);
    say(f, BW_STATEMENT_BINDING, about, NULL, body, id);
}

static int64_t circuits(struct fixture *f, int64_t from, int64_t until, size_t i)
{
    struct bw_filed x = filed(f, from, until);
    int64_t n;
    assert_true(x.has && i <= x.n_others);
    n = x.circuits[i];
    bw_filed_done(&x);
    return n;
}

/* On the period's last day count those that are bound then, each once. */
static void test_circuits_of_one_bill(void **state)
{
    struct fixture *f = *state;
    char id[BW_HASH_LEN + 1];
    struct bw_statement end;
    line(f, "elm", 1000, "");
    line(f, "oak", 100, "");
    assert_int_equal(circuits(f, JUL, JUL2, 0), 1);
    bind(f, "elm", "s-egret.wan", ",\"to\":\"2026-09-30\"", NULL);
    assert_int_equal(circuits(f, JUL, OCT, 0), 2);
    assert_int_equal(circuits(f, OCT, JAN, 0), 1); /* it had ended */
    assert_int_equal(circuits(f, JUL, OCT + 1, 0), 1);
    bind(f, "elm", "s-plover.wan", ",\"from\":\"2026-11-15\"", id);
    bind(f, "elm", "s-plover.wan", ",\"from\":\"2026-12-01\"", NULL);
    assert_int_equal(circuits(f, OCT, OCT + 86400, 0), 1); /* not yet */
    assert_int_equal(circuits(f, OCT, JAN, 0), 2);         /* within the period */
    bind(f, "elm", "s-heron.lte", "", NULL);               /* at the same place */
    assert_int_equal(circuits(f, OCT, JAN, 0), 3);
    assert_int_equal(circuits(f, OCT, JAN, 1), 1); /* of the other bill */
    bw_statement_init(&end, BW_STATEMENT_WITHDRAWAL);
    (void)snprintf(end.about, sizeof(end.about), "%s", id);
    (void)snprintf(end.by, sizeof(end.by), "grey");
    end.said_unix_s = ++f->now_unix_s;
    assert_int_equal(bw_catalogue_say(f->c, &end, 1, NULL, &f->err), 0);
    assert_int_equal(circuits(f, OCT, OCT + 50 * 86400, 0), 2); /* until 19 November */
    assert_int_equal(circuits(f, OCT, JAN, 0), 3);
}

/* What credits are parts of: a month of this circuit, or it is not known. */
static void test_credits_of_one_bill(void **state)
{
    struct fixture *f = *state;
    char first[BW_HASH_LEN + 1];
    struct bw_contract k;
    line(f, "oak", 100, ",\"quantity\":\"2\",\"unit_monthly\":\"450.5\"");
    terms(f, "oak", "", CREDITS, NULL, first);
    bind(f, "oak", "s-egret.wan", ",\"to\":\"2026-09-30\"", NULL);
    assert_int_equal(of(f, JUL, JUL2).terms.monthly_cents, 45050); /* of two lines */
    bind(f, "oak", "s-plover.wan", ",\"from\":\"2026-10-01\"", NULL);
    assert_int_equal(of(f, JUL, JUL2).terms.monthly_cents, 45050); /* in its place */
    bind(f, "oak", "s-dunlin.wan", ",\"from\":\"2026-12-31\"", NULL);
    assert_int_equal(of(f, JUL, JAN - 86400).terms.monthly_cents, 45050);
    k = of(f, JUL, JAN);
    assert_true(k.terms.known);
    assert_int_equal(k.terms.n_credits, 1);
    assert_int_equal(k.terms.monthly_cents, BW_UNKNOWN);
    assert_string_equal(k.terms_origin,
                        "its terms for own:oak were said by grey on 2026-06-01; what a "
                        "month of this circuit costs is not known: 3 circuits are bound "
                        "to that claim of 2 lines");
    /* no more is what the contract says of the cost of all of it */
    terms(f, "oak", "", "monthly_cost = 500.00\\n" CREDITS, first, first);
    assert_int_equal(of(f, JUL, JAN - 86400).terms.monthly_cents, 50000);
    assert_int_equal(of(f, JUL, JAN).terms.monthly_cents, BW_UNKNOWN);
}

static void test_shared_or_not(void **state)
{
    char words[BW_SHARING_WORDS_MAX];
    struct bw_decimal none = BW_DECIMAL_NOT_STATED;
    struct bw_decimal one = {.n = 10, .scale = 1};
    struct bw_decimal half = {.n = 25, .scale = 1};
    (void)state;
    assert_false(bw_sharing_is(&none, 1));
    assert_true(bw_sharing_is(&none, 2));
    assert_false(bw_sharing_is(&one, 1));
    assert_true(bw_sharing_is(&one, 2));
    assert_true(bw_sharing_is(&half, 2)); /* of no whole number of lines */
    bw_sharing_words(&half, INT64_MAX, words);
    assert_string_equal(words,
                        "9223372036854775807 circuits are bound to that claim, which "
                        "does not say of how many lines it is");
}

static void test_bodies(void **state)
{
    static const char good[] = "{\"v\":1,\"from\":\"2026-07-01\",\"to\":\"2027-06-30\","
                               "\"text\":\"H-7\",\"clauses\":\"a = 1\\n\\tb = 2\\n\"}";
    static const char *const bad[] = {
        "{\"v\":1}", "{\"v\":1,\"clauses\":\"\"}",
        "{\"v\":1,\"from\":\"2027-07-01\",\"to\":\"2027-06-30\",\"clauses\":\"a\"}",
        "{\"v\":1,\"clauses\":\"a\\u001b[2J\"}",
        "{\"v\":1,\"text\":\"a\\nb\",\"clauses\":\"a\"}"};
    struct fixture *f = *state;
    static struct bw_promise p;
    struct bw_buf out;
    bw_buf_init(&out, 2000);
    assert_int_equal(bw_promise_decode(good, strlen(good), &p, &f->err), 0);
    assert_string_equal(p.clauses, "a = 1\n\tb = 2\n");
    assert_int_equal(bw_promise_encode(&p, &out, &f->err), 0);
    assert_string_equal(out.data, good);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_promise_decode(bad[i], strlen(bad[i]), &p, &f->err),
                         -BW_EMALFORMED);
    }
    bw_buf_done(&out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, said_teardown)
    const struct CMUnitTest tests[] = {
        T(test_nothing_on_file),         T(test_terms_hold_as_long_as_the_claim),
        T(test_terms_that_change),       T(test_billed_apart),
        T(test_a_part_of_another_speed), T(test_people),
        T(test_all_that_hold),           T(test_people_of_several_lines),
        T(test_people_of_unlike_bills),  T(test_people_of_unlike_bills_turned),
        T(test_people_of_like_bills),    T(test_that_holds_on_no_day),
        T(test_circuits_of_one_bill),    T(test_credits_of_one_bill),
        T(test_shared_or_not),           T(test_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

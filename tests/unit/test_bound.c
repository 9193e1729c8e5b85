/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_bound.c - bindings: their bytes, and what is claimed from day to day by the claims
 * that are bound to a circuit. */
#include "binding.h"
#include "bound.h"
#include "buf.h"
#include "bw_test.h"
#include "said_fixture.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <hash.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

#define MBPS INT64_C(1000000)

static void claim(struct fixture *f,
                  const char *own,
                  int64_t down_mbps,
                  int64_t up_mbps,
                  const char *tail, /* further members after the speeds */
                  const char *replaces,
                  char id[BW_HASH_LEN + 1])
{
    char about[64];
    char body[600];
    char up[120] = "";
    (void)snprintf(about, sizeof(about), "own:%s", own);
    if (up_mbps > 0) {
        (void)snprintf(up, sizeof(up),
                       ",\"up\":{\"bps\":%lld,\"filed\":\"%lld\",\"unit\":\"Mbps\"}",
                       (long long)(up_mbps * MBPS), (long long)up_mbps);
    }
    (void)snprintf(body, sizeof(body),
                   "{\"v\":1,\"year\":2026,\"own\":\"%s\",\"down\":{\"bps\":%lld,\"filed\":"
                   "\"%lld\",\"unit\":\"Mbps\"}%s%s}",
                   own, (long long)(down_mbps * MBPS), (long long)down_mbps, up, tail);
    say(f, BW_STATEMENT_CLAIM, about, replaces, body, id);
}

static void bind_to(struct fixture *f,
                    const char *circuit,
                    struct bw_binding *b,
                    char id[BW_HASH_LEN + 1])
{
    struct bw_buf body;
    char about[100];
    bw_buf_init(&body, 2000);
    assert_int_equal(bw_binding_encode(b, &body, &f->err), 0);
    (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
    say(f, BW_STATEMENT_BINDING, about, NULL, body.data, id);
    bw_buf_done(&body);
}

static struct bw_binding binding(const char *claim_key, const char *seen)
{
    struct bw_binding b;
    bw_binding_init(&b);
    (void)snprintf(b.claim, sizeof(b.claim), "%s", claim_key);
    (void)snprintf(b.seen, sizeof(b.seen), "%s", seen);
    return b;
}

/* What is claimed in [from, to) as "first-last down/up claims;", in Unix seconds. */
static void claims(struct fixture *f, int64_t from, int64_t to, const char *want)
{
    struct bw_bound_claim *list = NULL;
    struct bw_buf got;
    size_t n = 0;
    bw_buf_init(&got, 4000);
    assert_int_equal(
        bw_bound_claims(f->c, "s-heron.wan", f->tz, from, to, &list, &n, &f->err), 0);
    for (size_t i = 0; i < n; i++) {
        bw_buf_printf(
            &got, "%lld-%lld %lld/%lld %s;", (long long)list[i].from_unix_s,
            (long long)list[i].to_unix_s, (long long)(list[i].bps[BW_DOWN] / MBPS),
            (long long)(list[i].bps[BW_UP] == BW_UNKNOWN ? -1 : list[i].bps[BW_UP] / MBPS),
            list[i].claims);
    }
    assert_string_equal(got.data ? got.data : "", want);
    free(list);
    bw_buf_done(&got);
}

/* Days in Chicago, by Python's zoneinfo: 1 July 2026, 1 October 2026, 1 January 2027,
 * 1 July 2027. */
#define JUL "1782882000"
#define OCT "1790830800"
#define JAN "1798783200"
#define JUL2 "1814418000"
enum {
    BEFORE = 1780000000,
    AFTER = 1820000000
};

static void test_day_to_day(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    char isp[BW_HASH_LEN + 1];
    char id[BW_HASH_LEN + 1];
    char later[BW_HASH_LEN + 1];
    claim(f, "oak", 500, 100, "", NULL, oak);
    claim(f, "isp", 300, 0,
          ",\"layer\":\"ip\",\"from\":\"2026-10-01\",\"to\":\"2026-12-31\"", NULL, isp);
    claims(f, BEFORE, AFTER, ""); /* nobody said that they are about this circuit */
    struct bw_binding b = binding("own:oak", oak);
    bind_to(f, "s-heron.wan", &b, id);
    claims(f, BEFORE, AFTER, JUL "-" JUL2 " 500/100 own:oak;");
    b = binding("own:isp", isp);
    bind_to(f, "s-heron.wan", &b, id);
    b = binding("own:oak", oak);
    bind_to(f, "s-heron.lan", &b, later);
    claims(f, BEFORE, AFTER,
           JUL "-" OCT " 500/100 own:oak;" OCT "-" JAN " 300/100 own:oak, own:isp;" JAN
               "-" JUL2 " 500/100 own:oak;");
    claims(f, 1790830800, 1790830801, OCT "-" JAN " 300/100 own:oak, own:isp;");
    claims(f, 1790830799, 1790830800, JUL "-" OCT " 500/100 own:oak;");
    /* A correction of the claim is meant as well; its binding stays. */
    claim(f, "oak", 1000, 200, "", oak, later);
    claims(f, BEFORE, AFTER,
           JUL "-" OCT " 1000/200 own:oak;" OCT "-" JAN " 300/200 own:oak, own:isp;" JAN
               "-" JUL2 " 1000/200 own:oak;");
    /* A binding that is withdrawn, and one whose claim is. */
    say(f, BW_STATEMENT_WITHDRAWAL, id, NULL, "{}", NULL);
    claims(f, BEFORE, AFTER, JUL "-" JUL2 " 1000/200 own:oak;");
    say(f, BW_STATEMENT_WITHDRAWAL, later, NULL, "{}", NULL);
    claims(f, BEFORE, AFTER, "");
}

static struct bw_bound_claim together(struct fixture *f)
{
    struct bw_bound_claim *list = NULL;
    struct bw_bound_claim all;
    size_t n = 0;
    assert_int_equal(bw_bound_claims(f->c, "s-heron.wan", f->tz, 1782882000, 1790830800,
                                     &list, &n, &f->err),
                     0);
    assert_int_equal(n, 1);
    all = list[0];
    free(list);
    return all;
}

/* Speeds at unlike layers: none is the lesser, whatever the bindings' hashes. */
static void test_two_layers(void **state)
{
    static const char *const names[] = {"alder", "birch", "cedar", "elm", "fir"};
    struct fixture *f = *state;
    char words[160];
    struct bw_bound_claim all;
    struct bw_binding b;
    char id[BW_HASH_LEN + 1];
    claim(f, "isp", 1000, 500, "", NULL, id); /* no layer: IP */
    b = binding("own:isp", id);
    bind_to(f, "s-heron.wan", &b, NULL);
    claim(f, "oak", 1000, 100, ",\"layer\":\"ip\"", NULL, id);
    b = binding("own:oak", id);
    bind_to(f, "s-heron.wan", &b, NULL);
    all = together(f);
    assert_false(all.two_layers);
    assert_int_equal(all.bps[BW_DOWN] / MBPS, 1000);
    assert_int_equal(all.bps[BW_UP] / MBPS, 100);
    assert_string_equal(all.claims, "own:isp, own:oak"); /* by name */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char key[32];
        char bound[BW_HASH_LEN + 1];
        claim(f, names[i], 2000, 2000, ",\"layer\":\"ethernet\"", NULL, id);
        (void)snprintf(key, sizeof(key), "own:%s", names[i]);
        b = binding(key, id);
        bind_to(f, "s-heron.wan", &b, bound);
        all = together(f);
        assert_true(all.two_layers);
        assert_int_equal(all.bps[BW_DOWN], BW_UNKNOWN);
        assert_int_equal(all.bps[BW_UP], BW_UNKNOWN);
        assert_int_equal(all.layer, BW_LAYER_UNKNOWN);
        bw_bound_claim_words(&all, words, sizeof(words));
        assert_non_null(strstr(words, "at unlike layers"));
        say(f, BW_STATEMENT_WITHDRAWAL, bound, NULL, "{}", NULL);
    }
    /* a list of keys is cut between two of them */
    (void)snprintf(all.claims, sizeof(all.claims),
                   "frn:2699000001.001, frn:2699000001.002, frn:2699000001.003, "
                   "frn:2699000001.004, frn:2699000001.005");
    bw_bound_claim_words(&all, words, sizeof(words));
    assert_non_null(strstr(words, "frn:2699000001.003, …, bound"));
}

/* A correction never reaches back by itself (days in Chicago by Python's zoneinfo). */
static void test_corrected_in_mid_year(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    char second[BW_HASH_LEN + 1];
    char third[BW_HASH_LEN + 1];
    struct bw_bound *list = NULL;
    int64_t unread = -1;
    size_t n = 0;
    claim(f, "oak", 500, 100, "", NULL, oak);
    struct bw_binding b = binding("own:oak", oak);
    bind_to(f, "s-heron.wan", &b, NULL);
    /* Said on 1 October 2026, 00:30 there: it names no day. */
    f->now_unix_s = 1790830800 + 1800;
    claim(f, "oak", 1000, 100, "", oak, second);
    claims(f, BEFORE, AFTER,
           JUL "-" OCT " 500/100 own:oak;" OCT "-" JUL2 " 1000/100 own:oak;");
    /* Said of a day to come. */
    claim(f, "oak", 2000, 100, ",\"from\":\"2027-01-01\"", second, third);
    claims(f, BEFORE, AFTER,
           JUL "-" OCT " 500/100 own:oak;" OCT "-" JAN " 1000/100 own:oak;" JAN "-" JUL2
               " 2000/100 own:oak;");
    claims(f, 1790830799, 1790830800, JUL "-" OCT " 500/100 own:oak;");
    assert_int_equal(bw_bound_list(f->c, "s-heron.wan", f->tz, BEFORE, AFTER, &list, &n,
                                   &unread, &f->err),
                     0);
    assert_int_equal(n, 3);
    assert_string_equal(list[0].claim_id, oak);
    assert_string_equal(list[0].last_day, "2026-09-30");
    assert_false(list[0].replaced);
    assert_string_equal(list[1].claim_id, second);
    assert_string_equal(list[1].first_day, "2026-10-01");
    assert_string_equal(list[1].last_day, "2026-12-31");
    assert_int_equal(list[1].claim_said_unix_s, 1790830800 + 1801);
    assert_true(list[1].replaced);
    assert_string_equal(list[2].first_day, "2027-01-01");
    free(list);
    /* The same speeds again make no new stretch; a correction that names the first day
     * takes the place of all. */
    claim(f, "oak", 2000, 100, ",\"contract\":\"H-7\",\"from\":\"2027-02-01\"", third, oak);
    claims(f, BEFORE, AFTER,
           JUL "-" OCT " 500/100 own:oak;" OCT "-" JAN " 1000/100 own:oak;" JAN "-" JUL2
               " 2000/100 own:oak;");
    claim(f, "oak", 300, 100, ",\"from\":\"2026-07-01\"", oak, NULL);
    claims(f, BEFORE, AFTER, JUL "-" JUL2 " 300/100 own:oak;");
}

/* Its last day is told when it is over: nothing is claimed after it, whoever says it when.
 */
static void test_ended_afterwards(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    char second[BW_HASH_LEN + 1];
    char third[BW_HASH_LEN + 1];
    claim(f, "oak", 500, 100, "", NULL, oak);
    struct bw_binding b = binding("own:oak", oak);
    bind_to(f, "s-heron.wan", &b, NULL);
    f->now_unix_s = 1790830800 + 1800;
    claim(f, "oak", 1000, 100, "", oak, second);
    f->now_unix_s = 1805000000; /* in March */
    claim(f, "oak", 1000, 100, ",\"to\":\"2026-12-31\"", second, third);
    claims(f, BEFORE, AFTER,
           JUL "-" OCT " 500/100 own:oak;" OCT "-" JAN " 1000/100 own:oak;");
    claim(f, "oak", 1000, 100, ",\"to\":\"2026-09-30\"", third, NULL);
    claims(f, BEFORE, AFTER, JUL "-" OCT " 500/100 own:oak;");
}

/* A binding that ended knows nothing of a later version of its claim. */
static void test_corrected_after_the_binding(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    struct bw_bound *list = NULL;
    int64_t unread = -1;
    size_t n = 0;
    claim(f, "oak", 500, 0, "", NULL, oak);
    struct bw_binding b = binding("own:oak", oak);
    (void)snprintf(b.to, sizeof(b.to), "2026-12-31");
    bind_to(f, "s-heron.wan", &b, NULL);
    claim(f, "oak", 250, 0, ",\"from\":\"2027-01-10\"", oak, NULL);
    assert_int_equal(bw_bound_list(f->c, "s-heron.wan", f->tz, BEFORE, AFTER, &list, &n,
                                   &unread, &f->err),
                     0);
    assert_int_equal(n, 1);
    assert_string_equal(list[0].claim_id, oak);
    assert_string_equal(list[0].last_day, "2026-12-31");
    free(list);
}

/* Bindings in [from, to) as "first/last mbps" each, "!" where it only tells of a change,
 * "!!" and the day that it ends on where it holds on none. */
static void listed(struct fixture *f, int64_t from, int64_t to, const char *want)
{
    struct bw_bound *list = NULL;
    struct bw_buf got;
    int64_t unread = -1;
    size_t n = 0;
    bw_buf_init(&got, 4000);
    assert_int_equal(
        bw_bound_list(f->c, "s-heron.wan", f->tz, from, to, &list, &n, &unread, &f->err),
        0);
    for (size_t i = 0; i < n; i++) {
        bw_buf_printf(&got, "%s/%s %lld%s%s;", list[i].first_day, list[i].last_day,
                      (long long)(list[i].bps[BW_DOWN] / MBPS),
                      list[i].never  ? "!!"
                      : list[i].idle ? "!"
                                     : "",
                      list[i].ends_day);
    }
    assert_string_equal(got.data ? got.data : "", want);
    free(list);
    bw_buf_done(&got);
}

/* A correction that holds only after the period, or never, is told and claims nothing. */
static void test_corrected_too_late(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    char second[BW_HASH_LEN + 1];
    f->now_unix_s = 1790000000; /* in September 2026 */
    claim(f, "oak", 1000, 0, "", NULL, oak);
    struct bw_binding b = binding("own:oak", oak);
    bind_to(f, "s-heron.wan", &b, NULL);
    f->now_unix_s = 1799000000; /* 3 January 2027 */
    claim(f, "oak", 800, 0, "", oak, second);
    listed(f, 1790830800, 1793509200,
           "2026-07-01/2027-01-02 1000;2027-01-03/2027-06-30 800!;");
    listed(f, 1799100000, 1799200000, "2027-01-03/2027-06-30 800;");
    f->now_unix_s = 1817300000; /* 3 August 2027: the claim is over */
    claim(f, "oak", 500, 0, "", second, NULL);
    listed(f, 1782882000, 1814418000,
           "2026-07-01/2027-01-02 1000;2027-01-03/2027-06-30 800;2027-08-03/ 500!!;");
    listed(f, 1814418000, AFTER, ""); /* of the year after it is no claim */
    claims(f, BEFORE, AFTER,
           JUL "-1798956000 1000/-1 own:oak;1798956000-" JUL2 " 800/-1 own:oak;");
    /* Bound on days that the claim has not. */
    b = binding("own:oak", oak);
    (void)snprintf(b.to, sizeof(b.to), "2026-06-01");
    bind_to(f, "s-heron.lan", &b, NULL);
    struct bw_bound *list = NULL;
    int64_t unread = -1;
    size_t n = 9;
    assert_int_equal(bw_bound_list(f->c, "s-heron.lan", f->tz, BEFORE - 86400 * 90, AFTER,
                                   &list, &n, &unread, &f->err),
                     0);
    assert_int_equal(n, 0);
    free(list);
}

/* Of two corrections on one day the first holds on none and is no change of another time;
 * nor is one that a later version's first or last day leaves no day. */
static void test_corrected_twice_on_a_day(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    char second[BW_HASH_LEN + 1];
    char third[BW_HASH_LEN + 1];
    char fourth[BW_HASH_LEN + 1];
    claim(f, "oak", 1000, 0, "", NULL, oak);
    struct bw_binding b = binding("own:oak", oak);
    bind_to(f, "s-heron.wan", &b, NULL);
    f->now_unix_s = 1791817200; /* 12 October 2026, 10:00 in Chicago */
    claim(f, "oak", 500, 0, "", oak, second);
    claim(f, "oak", 900, 0, "", second, third);
    listed(f, 1782882000, 1814418000,
           "2026-07-01/2026-10-11 1000;2026-10-12/2027-06-30 900;");
    claim(f, "oak", 700, 0, ",\"from\":\"2026-09-01\"", third, fourth);
    listed(f, 1782882000, 1814418000,
           "2026-07-01/2026-08-31 1000;2026-09-01/2027-06-30 700;");
    f->now_unix_s = 1805000000; /* in March */
    claim(f, "oak", 700, 0, ",\"to\":\"2026-08-31\"", fourth, NULL);
    listed(f, 1782882000, 1814418000,
           "2026-07-01/2026-08-31 1000;2027-03-13/ 700!!2026-08-31;");
}

static void test_the_bindings_own_days(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    claim(f, "oak", 500, 0, "", NULL, oak);
    struct bw_binding b = binding("own:oak", oak);
    (void)snprintf(b.from, sizeof(b.from), "2026-10-01");
    (void)snprintf(b.to, sizeof(b.to), "2030-12-31"); /* later than the claim itself */
    bind_to(f, "s-heron.wan", &b, NULL);
    claims(f, BEFORE, AFTER, OCT "-" JUL2 " 500/-1 own:oak;");
}

static void test_changes_since_then(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    char first[BW_HASH_LEN + 1];
    char gone[BW_HASH_LEN + 1];
    struct bw_bound *list = NULL;
    int64_t unread = -1;
    size_t n = 0;
    f->now_unix_s = 1795000000; /* said from 18 November 2026 on */
    claim(f, "oak", 500, 0, "", NULL, oak);
    struct bw_binding b = binding("own:oak", oak);
    bind_to(f, "s-heron.wan", &b, first);
    say(f, BW_STATEMENT_WITHDRAWAL, first, NULL, "{}", gone);
    (void)snprintf(b.from, sizeof(b.from), "2026-10-01");
    bind_to(f, "s-heron.wan", &b, NULL);
    /* Of October: what held then is shown, and that it was changed later. */
    assert_int_equal(bw_bound_list(f->c, "s-heron.wan", f->tz, 1790830800, 1793509200,
                                   &list, &n, &unread, &f->err),
                     0);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].binding_id, first);
    assert_string_equal(list[0].ended_by, gone);
    assert_string_equal(list[0].ended_who, "grey");
    assert_int_equal(list[0].ended_unix_s, 1795000003);
    assert_string_equal(list[1].ended_by, "");
    assert_int_equal(list[1].ended_unix_s, BW_UNKNOWN);
    assert_string_equal(list[1].first_day, "2026-10-01");
    free(list);
    /* Of a period after it was ended, and of one before the other's days. */
    assert_int_equal(bw_bound_list(f->c, "s-heron.wan", f->tz, 1795000003, 1796000000,
                                   &list, &n, &unread, &f->err),
                     0);
    assert_int_equal(n, 1);
    assert_string_equal(list[0].ended_by, "");
    free(list);
    assert_int_equal(bw_bound_list(f->c, "s-heron.wan", f->tz, 1782882000, 1790830800,
                                   &list, &n, &unread, &f->err),
                     0);
    assert_int_equal(n, 1);
    assert_string_equal(list[0].binding_id, first);
    free(list);
}

static int count(void *owner, const char *about, const struct bw_bound *b)
{
    int *n = owner;
    assert_string_equal(about, *n < 1 ? "circuit:s-egret.wan" : "circuit:s-heron.wan");
    if (*n == 1) {
        assert_string_equal(b->by, "grey");
        assert_string_equal(b->first_day, "2026-07-01");
        assert_string_equal(b->last_day, "2027-06-30");
        assert_int_equal(b->bps[BW_DOWN], 500 * MBPS);
        assert_int_equal(strlen(b->claim_id), BW_HASH_LEN);
    } else {
        assert_string_equal(b->claim_id, ""); /* not on file */
        assert_int_equal(b->bps[BW_DOWN], BW_UNKNOWN);
    }
    ++*n;
    return 0;
}

static void test_all_bindings(void **state)
{
    struct fixture *f = *state;
    char oak[BW_HASH_LEN + 1];
    int64_t unread = -1;
    int n = 0;
    claim(f, "oak", 500, 0, "", NULL, oak);
    struct bw_binding b = binding("own:oak", oak);
    bind_to(f, "s-heron.wan", &b, NULL);
    b = binding("own:elm", oak);
    bind_to(f, "s-egret.wan", &b, NULL);
    say(f, BW_STATEMENT_BINDING, "circuit:s-heron.wan", NULL, "{\"v\":2}", NULL);
    assert_int_equal(bw_bound_each(f->c, NULL, NULL, count, &n, &unread, &f->err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(unread, 1);
}

static void test_bodies(void **state)
{
    static const char good[] =
        "{\"v\":1,\"claim\":\"frn:1699048824.003\",\"seen\":"
        "\"p10RN33j1fHBUpULDXk9HB5So9BCd6WCOuBQGZkh-Gw\",\"from\":\"2026-07-01\",\"to\":"
        "\"2027-06-30\",\"text\":\"the only line of this school\"}";
    struct fixture *f = *state;
    struct bw_binding b;
    struct bw_buf out;
    bw_buf_init(&out, 2000);
    assert_int_equal(bw_binding_decode(good, strlen(good), &b, &f->err), 0);
    assert_string_equal(b.claim, "frn:1699048824.003");
    assert_string_equal(b.to, "2027-06-30");
    assert_int_equal(bw_binding_encode(&b, &out, &f->err), 0);
    assert_string_equal(out.data, good);
    (void)snprintf(b.to, sizeof(b.to), "2026-06-30");
    assert_int_equal(bw_binding_encode(&b, &out, &f->err), -EINVAL);
    b.to[0] = '\0';
    b.seen[3] = '\0';
    assert_int_equal(bw_binding_encode(&b, &out, &f->err), -EINVAL);
    bw_buf_done(&out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, said_setup, said_teardown)
    const struct CMUnitTest tests[] = {
        T(test_day_to_day),
        T(test_two_layers),
        T(test_corrected_in_mid_year),
        T(test_ended_afterwards),
        T(test_corrected_after_the_binding),
        T(test_corrected_too_late),
        T(test_corrected_twice_on_a_day),
        T(test_the_bindings_own_days),
        T(test_changes_since_then),
        T(test_all_bindings),
        T(test_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

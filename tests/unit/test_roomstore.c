/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_roomstore.c - what goes into room.db comes out of it, unknown as unknown; and a file
 * that cannot be used is made anew, unless it is somebody else's. */
#include "roomstore.h"

#include "bw_test.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
    char folder[64];
    char path[96];
    struct bw_roomstore *s;
    struct bw_err err;
};

static int begin(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    assert_non_null(p);
    (void)snprintf(p->folder, sizeof(p->folder), "/tmp/bw-room-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->path, sizeof(p->path), "%s/room.db", p->folder);
    *state = p;
    return 0;
}

static int end(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    struct place *p = *state;
    char name[128];

    bw_roomstore_close(p->s);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", p->path, ends[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(p->folder), 0);
    free(p);
    return 0;
}

/* Every member another value, so that two that change places are seen. */
static struct bw_room_day a_day(int64_t day)
{
    struct bw_room_day d;

    bw_room_day_init(&d);
    d.day = day;
    d.from_unix_s = 1001;
    d.to_unix_s = 1002;
    d.n_days = 1003;
    d.day_kind = 4;
    d.flags = BW_ROOM_DAY_MIRROR | BW_ROOM_DAY_RUNNING;
    d.layer = BW_LAYER_ETHERNET;
    d.claim_layer = BW_LAYER_IP;
    d.n_records = 288;
    d.n_stepped = 1004;
    d.n_egress_match = 1005;
    d.n_egress_other = 1006;
    d.recorded_s = 1007;
    d.counted_s = 1008;
    d.class_s = 1009;
    d.unsynced_s = 1010;
    d.sent = 1012;
    d.lost = 0; /* a measured zero */
    d.rtt_p50_us = 1014;
    d.rtt_p95_us = 1015;
    d.class_rtt_p95_us = 1016;
    d.outage_class_ms = 1018;
    d.outage_excluded_ms = 1019;
    d.watched_s = 1020;
    d.way[BW_DOWN].claim_bps = INT64_C(100000000000);
    d.way[BW_DOWN].p95_bps = 2001;
    d.way[BW_DOWN].peak_bps = 2002;
    d.way[BW_DOWN].class_p95_bps = 2003;
    d.way[BW_DOWN].class_peak_bps = 2004;
    d.way[BW_DOWN].class_share_ppm = 2005;
    d.way[BW_DOWN].claimed_p95_bps = 2024;
    d.way[BW_DOWN].claimed_peak_bps = 2025;
    d.way[BW_DOWN].bytes = INT64_C(1) << 50;
    d.way[BW_DOWN].full_s = 2006;
    d.way[BW_DOWN].full_of_s = 2007;
    d.way[BW_DOWN].class_expected = 2008;
    d.way[BW_DOWN].best_bps = 2009;
    d.way[BW_DOWN].median_bps = 2010;
    d.way[BW_DOWN].idle_p50_us = 2011;
    d.way[BW_DOWN].loaded_p50_us = 2012;
    d.way[BW_DOWN].goodput_bps = 2013;
    d.way[BW_DOWN].class_known = 2014;
    d.way[BW_DOWN].n_wanted = 2015;
    d.way[BW_DOWN].n_made = 2016;
    d.way[BW_DOWN].n_ok = 2017;
    d.way[BW_DOWN].n_failed = 2018;
    d.way[BW_DOWN].n_deferred = 2019;
    d.way[BW_DOWN].n_apart = 2020;
    d.way[BW_DOWN].n_compared = 2021;
    d.way[BW_DOWN].n_at_80 = 2022;
    d.way[BW_DOWN].n_at_90 = 2023;
    d.way[BW_UP].n_at_90 = 3001;
    return d;
}

struct heard {
    struct bw_room_day days[4];
    int64_t circuits[4];
    size_t n_days;
    struct bw_room_run runs[4];
    size_t n_runs;
    struct bw_roomstore_spell spell;
    struct bw_roomstore_risk risk;
    struct bw_roomstore_circuit circuit;
};

static int on_day(void *owner, int64_t circuit, const struct bw_room_day *d)
{
    struct heard *h = owner;
    assert_true(h->n_days < 4);
    h->circuits[h->n_days] = circuit;
    h->days[h->n_days++] = *d;
    return 0;
}

static int on_run(void *owner, int64_t circuit, const struct bw_room_run *t)
{
    struct heard *h = owner;
    (void)circuit;
    assert_true(h->n_runs < 4);
    h->runs[h->n_runs++] = *t;
    return 0;
}

static int on_spell(void *owner, const struct bw_roomstore_spell *s)
{
    ((struct heard *)owner)->spell = *s;
    return 0;
}

static int on_risk(void *owner, const struct bw_roomstore_risk *k)
{
    ((struct heard *)owner)->risk = *k;
    return 0;
}

static int on_circuit(void *owner, const struct bw_roomstore_circuit *c)
{
    ((struct heard *)owner)->circuit = *c;
    return 0;
}

static void put(struct place *p, int64_t circuit, enum bw_room_span span, int64_t day)
{
    struct bw_room_day d = a_day(day);
    assert_int_equal(bw_roomstore_put_day(p->s, circuit, span, &d, &p->err), 0);
}

static void days_come_back(void **state)
{
    struct place *p = *state;
    struct heard h = {.n_days = 0};
    bool anew = false;
    int64_t alder = 0;
    int64_t birch = 0;

    assert_int_equal(bw_roomstore_open(p->path, &p->s, &anew, &p->err), 0);
    assert_true(anew);
    assert_int_equal(bw_roomstore_circuit(p->s, "s-alder", "wan", &alder, &p->err), 0);
    assert_int_equal(bw_roomstore_circuit(p->s, "s-birch", "wan", &birch, &p->err), 0);
    assert_int_equal(bw_roomstore_circuit(p->s, "s-alder", "wan", &birch, &p->err), 0);
    assert_int_equal(birch, alder);
    birch = alder + 1;
    put(p, alder, BW_ROOM_SPAN_DAY, 20000);
    put(p, alder, BW_ROOM_SPAN_DAY, 20001);
    put(p, alder, BW_ROOM_SPAN_MERGED, 20000);
    put(p, birch, BW_ROOM_SPAN_DAY, 20000);
    put(p, birch, BW_ROOM_SPAN_DAY, 20003);

    struct bw_room_day want = a_day(20001);
    assert_int_equal(
        bw_roomstore_days(p->s, alder, BW_ROOM_SPAN_DAY, 20001, 20002, on_day, &h, &p->err),
        0);
    assert_int_equal(h.n_days, 1);
    assert_memory_equal(&h.days[0], &want, sizeof(want));
    assert_int_equal(h.days[0].lost, 0);
    assert_int_equal(h.days[0].outage_ms, BW_UNKNOWN);
    assert_int_equal(h.days[0].way[BW_UP].bytes, BW_UNKNOWN);

    h.n_days = 0;
    assert_int_equal(bw_roomstore_days(p->s, BW_UNKNOWN, BW_ROOM_SPAN_DAY, 20000, 20003,
                                       on_day, &h, &p->err),
                     0);
    assert_int_equal(h.n_days, 3);
    assert_int_equal(h.circuits[0], alder);
    assert_int_equal(h.circuits[1], alder);
    assert_int_equal(h.circuits[2], birch);
    h.n_days = 0;
    assert_int_equal(bw_roomstore_days(p->s, alder, BW_ROOM_SPAN_MERGED, 0, INT64_MAX,
                                       on_day, &h, &p->err),
                     0);
    assert_int_equal(h.n_days, 1);

    /* a day without a record is none; what is old goes */
    want = a_day(20001);
    want.n_records = 0;
    assert_int_equal(bw_roomstore_put_day(p->s, alder, BW_ROOM_SPAN_DAY, &want, &p->err),
                     0);
    assert_int_equal(bw_roomstore_forget(p->s, 20001, 0, 0, &p->err), 0);
    h.n_days = 0;
    assert_int_equal(bw_roomstore_days(p->s, BW_UNKNOWN, BW_ROOM_SPAN_DAY, 0, INT64_MAX,
                                       on_day, &h, &p->err),
                     0);
    assert_int_equal(h.n_days, 1);
    assert_int_equal(h.days[0].day, 20003);
    assert_int_equal(bw_roomstore_set_filled(p->s, birch, 19999, &p->err), 0);
    assert_int_equal(bw_roomstore_circuits(p->s, on_circuit, &h, &p->err), 0);
    assert_string_equal(h.circuit.site, "s-birch");
    assert_int_equal(h.circuit.filled_from_day, 19999);
}

struct heard_months {
    struct bw_room_month list[4];
    int64_t circuits[4];
    size_t n;
};

static int on_month(void *owner, int64_t circuit, const struct bw_room_month *m)
{
    struct heard_months *h = owner;

    assert_true(h->n < 4);
    h->list[h->n] = *m;
    h->circuits[h->n++] = circuit;
    return 0;
}

static void months_come_back(void **state)
{
    struct place *p = *state;
    struct heard h = {.n_days = 0};
    struct heard_months got = {.n = 0};
    struct bw_room_month m;
    struct bw_room_day d = a_day(20001);
    int64_t alder = 0;
    int64_t birch = 0;

    assert_int_equal(bw_roomstore_open(p->path, &p->s, NULL, &p->err), 0);
    assert_int_equal(bw_roomstore_circuit(p->s, "s-alder", "wan", &alder, &p->err), 0);
    assert_int_equal(bw_roomstore_circuit(p->s, "s-birch", "wan", &birch, &p->err), 0);
    d.n_days = 20;
    bw_room_month_take(&d, 24321, &m);
    assert_int_equal(m.median_bps, 2010);
    assert_int_equal(m.class_expected, 2008);
    for (int32_t month = 24323; month >= 24321; month--) {
        m.month = month;
        assert_int_equal(bw_roomstore_put_month(p->s, alder, &m, &p->err), 0);
    }
    m.claim_bps = BW_UNKNOWN;
    assert_int_equal(bw_roomstore_put_month(p->s, birch, &m, &p->err), 0);
    assert_int_equal(bw_roomstore_months(p->s, 24322, on_month, &got, &p->err), 0);
    assert_int_equal(got.n, 2);
    got.n = 0;
    assert_int_equal(bw_roomstore_months(p->s, 0, on_month, &got, &p->err), 0);
    assert_int_equal(got.n, 4);
    assert_int_equal(got.circuits[3], birch);
    assert_memory_equal(&got.list[3], &m, sizeof(m));
    assert_int_equal(got.list[0].month, 24321);
    assert_int_equal(got.list[0].claim_bps, INT64_C(100000000000));
    /* one without a day is none; what is old goes */
    m.n_days = 0;
    m.month = 24323;
    assert_int_equal(bw_roomstore_put_month(p->s, alder, &m, &p->err), 0);
    assert_int_equal(bw_roomstore_forget(p->s, 0, 24322, 0, &p->err), 0);
    got.n = 0;
    assert_int_equal(bw_roomstore_months(p->s, 0, on_month, &got, &p->err), 0);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.list[0].month, 24322);
    assert_int_equal(bw_roomstore_set_months(p->s, birch, 24324, 6, &p->err), 0);
    assert_int_equal(bw_roomstore_circuits(p->s, on_circuit, &h, &p->err), 0);
    assert_int_equal(h.circuit.months_at, 24324);
    assert_int_equal(h.circuit.months_due, 6);
}

static void the_rest_comes_back(void **state)
{
    static const struct bw_room_run runs[] = {
        {.at_unix_ms = 5000,
         .compared_bps = 7,
         .claim_bps = 8,
         .goodput_bps = 6,
         .direction = BW_UP,
         .state = 1,
         .apart = 2,
         .egress = 1,
         .retest = true,
         .server = "state-1"},
        {.at_unix_ms = 5000,
         .compared_bps = BW_UNKNOWN,
         .claim_bps = 8,
         .goodput_bps = BW_UNKNOWN},
        {.at_unix_ms = 9000, .compared_bps = 1, .claim_bps = 1, .goodput_bps = 1}};
    static const struct bw_roomstore_spell spell = {"s-alder.wan", 4, 77, BW_UNKNOWN};
    static const struct bw_roomstore_risk risk = {
        1, "fcc-caf/capacity", "too few", 1, 168, 12, 40, 99, 98, 2, 640, 3};
    struct place *p = *state;
    struct heard h = {.n_days = 0};
    int64_t v = 0;

    assert_int_equal(bw_roomstore_open(p->path, &p->s, NULL, &p->err), 0);
    assert_int_equal(bw_roomstore_begin(p->s, &p->err), 0);
    assert_int_equal(bw_roomstore_put_runs(p->s, 1, 0, 10000, runs, 3, &p->err), 0);
    assert_int_equal(bw_roomstore_put_runs(p->s, 1, 9000, 10000, NULL, 0, &p->err), 0);
    assert_int_equal(bw_roomstore_put_spell(p->s, &spell, &p->err), 0);
    assert_int_equal(bw_roomstore_put_risk(p->s, &risk, &p->err), 0);
    assert_int_equal(bw_roomstore_set(p->s, "cursor", 42, &p->err), 0);
    assert_int_equal(bw_roomstore_commit(p->s, &p->err), 0);

    assert_int_equal(bw_roomstore_runs(p->s, BW_UNKNOWN, 5000, on_run, &h, &p->err), 0);
    assert_int_equal(h.n_runs, 2);
    assert_memory_equal(&h.runs[0], &runs[0], sizeof(runs[0]));
    assert_int_equal(h.runs[1].compared_bps, BW_UNKNOWN);
    assert_int_equal(bw_roomstore_spells(p->s, on_spell, &h, &p->err), 0);
    assert_memory_equal(&h.spell, &spell, sizeof(spell));
    assert_int_equal(bw_roomstore_risks(p->s, on_risk, &h, &p->err), 0);
    assert_string_equal(h.risk.rule, risk.rule);
    assert_int_equal(h.risk.n_rules, 2);
    assert_int_equal(h.risk.by_unix_s, 99);
    assert_int_equal(h.risk.students, 640);
    assert_int_equal(bw_roomstore_get(p->s, "cursor", &v, &p->err), 0);
    assert_int_equal(v, 42);
    assert_int_equal(bw_roomstore_get(p->s, "other", &v, &p->err), 0);
    assert_int_equal(v, BW_UNKNOWN);
}

static void write_file(const char *path, size_t at, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "r+e");
    f = f ? f : fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void what_cannot_be_used_is_made_anew(void **state)
{
    struct place *p = *state;
    bool anew = true;

    assert_int_equal(bw_roomstore_open(p->path, &p->s, NULL, &p->err), 0);
    bw_roomstore_close(p->s);
    p->s = NULL;
    assert_int_equal(bw_roomstore_open(p->path, &p->s, &anew, &p->err), 0);
    assert_false(anew);
    bw_roomstore_close(p->s);
    p->s = NULL;
    /* user_version: a format of tomorrow */
    write_file(p->path, 60, "\0\0\0\11", 4);
    assert_int_equal(bw_roomstore_open(p->path, &p->s, &anew, &p->err), 0);
    assert_true(anew);
    bw_roomstore_close(p->s);
    p->s = NULL;
    /* the mark of somebody else: not touched */
    write_file(p->path, 68, "CARS", 4);
    assert_true(bw_roomstore_open(p->path, &p->s, &anew, &p->err) < 0);
    assert_int_equal(access(p->path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(days_come_back, begin, end),
        cmocka_unit_test_setup_teardown(months_come_back, begin, end),
        cmocka_unit_test_setup_teardown(the_rest_comes_back, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_used_is_made_anew, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

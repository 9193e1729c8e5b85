/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_details.c - what probes tell beside the round trip adds up over records, in any
 * order; what none of them tells stays unknown. */
#include "buf.h"
#include "bw_test.h"
#include "details.h"
#include "hash.h"
#include "hist.h"

#include <bw/err.h>
#include <bw/records.h>
#include <bw/summary.h>
#include <stdio.h>
#include <string.h>

static const int64_t start = 1793577600;

/* ---- summaries -------------------------------------------------------------------- */

static void new_summary(struct bw_summary *s, int64_t n)
{
    bw_summary_init(s);
    (void)snprintf(s->site, sizeof(s->site), "s-oaks2");
    s->seq = n + 2;
    s->start_unix_s = start + n * 300;
    s->end_unix_s = s->start_unix_s + 300;
    s->latency = bw_summary_alloc(s, 80 * sizeof(*s->latency));
    s->paths = bw_summary_alloc(s, 80 * sizeof(*s->paths));
    assert_true(s->latency && s->paths);
}

static struct bw_latency *
put_latency(struct bw_summary *s, const char *probe, const char *kind, int64_t sent)
{
    struct bw_latency *l = &s->latency[s->n_latency++];
    bw_latency_init(l);
    (void)snprintf(l->circuit, sizeof(l->circuit), "wan");
    (void)snprintf(l->probe, sizeof(l->probe), "%s", probe);
    (void)snprintf(l->kind, sizeof(l->kind), "%s", kind);
    l->family = 4;
    l->sent = sent;
    l->lost = 0;
    l->codes = bw_summary_alloc(s, 8 * sizeof(*l->codes));
    l->phases = bw_summary_alloc(s, 8 * sizeof(*l->phases));
    assert_true(l->codes && l->phases);
    return l;
}

static void put_code(struct bw_latency *l, const char *code, int64_t n)
{
    struct bw_code *c = &l->codes[l->n_codes++];
    memset(c, 0, sizeof(*c));
    (void)snprintf(c->code, sizeof(c->code), "%s", code);
    c->n = n;
}

/* A histogram's text of n times the same value. */
static const char *times(struct bw_summary *s, int64_t us, int n)
{
    struct bw_hist h;
    struct bw_buf text;
    const char *copy;
    bw_hist_init(&h);
    for (int i = 0; i < n; i++) {
        bw_hist_add(&h, us);
    }
    bw_buf_init(&text, 4096);
    assert_int_equal(bw_hist_encode(&h, &text), 0);
    copy = bw_summary_strdup(s, text.data);
    bw_buf_done(&text);
    assert_non_null(copy);
    return copy;
}

static void put_phase(struct bw_latency *l, const char *phase, const char *hist)
{
    struct bw_phase_times *p = &l->phases[l->n_phases++];
    memset(p, 0, sizeof(*p));
    (void)snprintf(p->phase, sizeof(p->phase), "%s", phase);
    p->sum_us = 1;
    p->time_hist = hist;
}

/* `hops` names one router a letter, '-' is silent; NULL: the record does not tell them. */
static struct bw_path *put_path(
    struct bw_summary *s, int64_t at_s, const char *way, const char *hops, int64_t changed)
{
    struct bw_path *p = &s->paths[s->n_paths++];
    bw_path_init(p);
    (void)snprintf(p->circuit, sizeof(p->circuit), "wan");
    (void)snprintf(p->probe, sizeof(p->probe), "hub");
    (void)snprintf(p->method, sizeof(p->method), "udp");
    (void)snprintf(p->hash, sizeof(p->hash), "%s", way);
    p->family = 4;
    p->at_unix_ms = (start + at_s) * 1000;
    p->reached = 1;
    p->changed = changed;
    if (hops) {
        p->n_hops = strlen(hops);
        p->hops = bw_summary_alloc(s, p->n_hops * sizeof(*p->hops));
        assert_non_null(p->hops);
        memset(p->hops, 0, p->n_hops * sizeof(*p->hops));
        for (size_t i = 0; i < p->n_hops; i++) {
            p->hops[i].ttl = (int64_t)i + 1;
            p->hops[i].hash[0] = hops[i] == '-' ? '\0' : hops[i];
            p->hops[i].sent = p->hops[i].lost = p->hops[i].rtt_us = BW_UNKNOWN;
        }
    }
    return p;
}

static struct bw_details_maker *begin(void)
{
    struct bw_details_maker *m = NULL;
    assert_int_equal(bw_details_begin("wan", &m), 0);
    return m;
}

static void add(struct bw_details_maker *m, struct bw_summary *s)
{
    struct bw_err e = {.text = ""};
    if (bw_details_add(m, s, &e) != 0) {
        fail_msg("%s", e.text);
    }
    bw_summary_done(s);
}

static struct bw_details end(struct bw_details_maker *m)
{
    struct bw_details d;
    assert_int_equal(bw_details_finish(m, &d), 0);
    bw_details_free(m);
    return d;
}

/* ---- targets ---------------------------------------------------------------------- */

static void answers_are_added_up(void **state)
{
    struct bw_details_maker *m = begin();
    const struct bw_detail_target *t;
    struct bw_summary s;
    struct bw_details d;
    struct bw_latency *l;
    (void)state;
    for (int64_t i = 0; i < 3; i++) {
        new_summary(&s, i);
        l = put_latency(&s, "names", "dns", 10);
        l->lost = i == 2 ? 10 : 1;
        if (i < 2) {
            put_code(l, "nxdomain", 2);
            put_code(l, "noerror", 7);
        }
        (void)put_latency(&s, "edge", "icmp", 300); /* has nothing of the kind */
        l = put_latency(&s, "names", "dns", 99);    /* of another line */
        (void)snprintf(l->circuit, sizeof(l->circuit), "lte");
        add(m, &s);
    }
    d = end(m);
    assert_int_equal(d.n_targets, 1);
    assert_int_equal(d.n_paths, 0);
    assert_false(d.more);
    t = &d.targets[0];
    assert_string_equal(t->probe, "names");
    assert_int_equal(t->n_intervals, 3);
    assert_int_equal(t->sent, 30);
    assert_int_equal(t->lost, 12);
    assert_int_equal(t->n_codes, 2);
    assert_string_equal(t->codes[0].code, "noerror");
    assert_int_equal(t->codes[0].n, 14);
    assert_int_equal(t->codes[1].n, 4);
    assert_int_equal(t->n_coded, 18);
    assert_true(bw_detail_is_exchange(t));
    assert_true(t->cert_days == BW_UNKNOWN && t->lost_out == BW_UNKNOWN);
    assert_int_equal(t->out.n, 0);
    assert_true(t->out.p50_us == BW_UNKNOWN && t->one_way_error_us == BW_UNKNOWN);
    bw_details_done(&d);
}

static void a_code_too_many_is_another(void **state)
{
    struct bw_details_maker *m = begin();
    struct bw_summary s;
    struct bw_details d;
    int64_t sum = 0;
    bool other = false;
    (void)state;
    for (int64_t i = 0; i < 40; i++) {
        char code[32];
        new_summary(&s, i);
        (void)snprintf(code, sizeof(code), "%d", 200 + (int)i);
        put_code(put_latency(&s, "page", "http_get", 1), code, 1);
        add(m, &s);
    }
    d = end(m);
    assert_int_equal(d.targets[0].n_codes, BW_DETAIL_CODES_MAX);
    for (size_t i = 0; i < d.targets[0].n_codes; i++) {
        sum += d.targets[0].codes[i].n;
        if (strcmp(d.targets[0].codes[i].code, "other") == 0) {
            other = true;
            assert_int_equal(d.targets[0].codes[i].n, 9);
        }
    }
    assert_true(other);
    assert_int_equal(sum, 40);
    assert_int_equal(d.targets[0].n_coded, 40);
    bw_details_done(&d);
}

static void times_come_from_merged_histograms(void **state)
{
    struct bw_details_maker *m = begin();
    const struct bw_detail_target *t;
    struct bw_summary s;
    struct bw_details d;
    struct bw_latency *l;
    (void)state;
    new_summary(&s, 0);
    l = put_latency(&s, "page", "http_get", 6);
    put_phase(l, "connect", times(&s, 8000, 6));
    put_phase(l, "transfer", times(&s, 1000, 6));
    add(m, &s);
    new_summary(&s, 1);
    l = put_latency(&s, "page", "http_get", 7);
    put_phase(l, "dns", times(&s, 2000, 5));
    put_phase(l, "connect", times(&s, 32000, 5));
    put_phase(l, "transfer", NULL); /* the record was too long for it */
    add(m, &s);
    d = end(m);
    t = &d.targets[0];
    assert_int_equal(t->n_phases, 3);
    assert_string_equal(t->phases[0].phase, "dns");
    assert_int_equal(t->phases[0].times.n, 5);
    assert_string_equal(t->phases[1].phase, "connect");
    assert_int_equal(t->phases[1].times.n, 11);
    assert_int_equal(t->phases[1].n_intervals, 2);
    assert_int_equal(t->phases[1].n_without, 0);
    assert_int_equal(bw_hist_bucket(t->phases[1].times.min_us), bw_hist_bucket(8000));
    assert_int_equal(bw_hist_bucket(t->phases[1].times.p50_us), bw_hist_bucket(8000));
    assert_int_equal(bw_hist_bucket(t->phases[1].times.p95_us), bw_hist_bucket(32000));
    assert_string_equal(t->phases[2].phase, "transfer");
    assert_int_equal(t->phases[2].n_intervals, 2);
    assert_int_equal(t->phases[2].n_without, 1);
    assert_int_equal(t->phases[2].times.n, 6);
    bw_details_done(&d);
}

/* Read 20, 9, 9, 89 days, renewed in between, in an order that is not that of time. */
static void the_certificate_with_fewest_days(void **state)
{
    static const int order[] = {2, 0, 3, 1, 4};
    static const int64_t days[] = {20, 9, 9, 89, BW_UNKNOWN};
    struct bw_details_maker *m = begin();
    struct bw_summary s;
    struct bw_details d;
    (void)state;
    for (int i = 0; i < 5; i++) {
        new_summary(&s, order[i]);
        put_latency(&s, "page", "http_get", 5)->cert_days = days[order[i]];
        add(m, &s);
    }
    d = end(m);
    assert_int_equal(d.targets[0].n_cert, 4);
    assert_int_equal(d.targets[0].cert_days, 9);
    assert_true(d.targets[0].cert_unix_s == start + 300);
    assert_int_equal(d.targets[0].cert_newest_days, 89);
    assert_true(d.targets[0].cert_newest_unix_s == start + 900);
    bw_details_done(&d);
}

static void loss_has_a_side_where_it_is_told(void **state)
{
    struct bw_details_maker *m = begin();
    const struct bw_detail_target *t;
    struct bw_summary s;
    struct bw_details d;
    struct bw_latency *l;
    (void)state;
    new_summary(&s, 0);
    l = put_latency(&s, "hub", "stamp", 300);
    l->lost = 7;
    l->lost_out = 4;
    l->lost_back = 1;
    l->out_hist = times(&s, 5000, 293);
    l->back_hist = times(&s, 9000, 293);
    l->one_way_error_us = 800;
    add(m, &s);
    new_summary(&s, 1);
    l = put_latency(&s, "hub", "stamp", 300);
    l->lost = 3; /* nobody knows where */
    l->out_hist = times(&s, 5000, 7);
    l->back_hist = times(&s, 9000, 7);
    l->one_way_error_us = 1200;
    add(m, &s);
    new_summary(&s, 2);
    (void)put_latency(&s, "hub", "stamp", 300); /* a clock was not synchronised */
    add(m, &s);
    d = end(m);
    t = &d.targets[0];
    assert_int_equal(t->sent, 900);
    assert_int_equal(t->lost, 10);
    assert_int_equal(t->lost_out, 4);
    assert_int_equal(t->lost_back, 1);
    assert_int_equal(t->out.n, 300);
    assert_int_equal(t->back.n, 300);
    assert_int_equal(bw_hist_bucket(t->out.p50_us), bw_hist_bucket(5000));
    assert_int_equal(bw_hist_bucket(t->back.p50_us), bw_hist_bucket(9000));
    assert_int_equal(t->one_way_error_us, 1200);
    assert_false(bw_detail_is_exchange(t));
    bw_details_done(&d);
}

static void there_is_room_for_so_many(void **state)
{
    struct bw_details_maker *m = begin();
    struct bw_summary s;
    struct bw_details d;
    (void)state;
    new_summary(&s, 0);
    for (int i = 0; i <= BW_DETAIL_TARGETS_MAX; i++) {
        char name[24];
        (void)snprintf(name, sizeof(name), "t-%02d", 99 - i);
        (void)put_latency(&s, name, "tcp", 1);
    }
    add(m, &s);
    d = end(m);
    assert_true(d.more);
    assert_int_equal(d.n_targets, BW_DETAIL_TARGETS_MAX);
    assert_string_equal(d.targets[0].probe, "t-36"); /* by name */
    bw_details_done(&d);
}

/* ---- paths ------------------------------------------------------------------------ */

/* A B C, A B C (its hops not told again), A X C, and back; told newest first. */
static void a_change_has_a_time_and_a_place(void **state)
{
    for (int turned = 0; turned < 2; turned++) {
        struct bw_details_maker *m = begin();
        struct bw_summary part[4];
        struct bw_details d;
        const struct bw_detail_path *p;
        (void)state;
        for (int i = 0; i < 4; i++) {
            new_summary(&part[i], i);
        }
        (void)put_path(&part[0], 10, "way-1", "ABC", BW_UNKNOWN);
        (void)put_path(&part[1], 310, "way-1", NULL, 0);
        (void)put_path(&part[2], 610, "way-2", "AXC", 1);
        put_path(&part[3], 910, "way-2", NULL, 0)->mtu = 1492;
        part[3].paths[0].reached = 0;
        part[3].paths[0].flag = "mtu-black-hole";
        for (int i = 0; i < 4; i++) {
            add(m, &part[turned ? 3 - i : i]);
        }
        d = end(m);
        assert_int_equal(d.n_paths, 1);
        p = &d.paths[0];
        assert_int_equal(p->n_traces, 4);
        assert_int_equal(p->n_reached, 3);
        assert_int_equal(p->n_compared, 3);
        assert_int_equal(p->n_changes, 1);
        assert_true(p->changed_unix_ms == (start + 610) * 1000);
        assert_int_equal(p->changed_ttl, 2);
        assert_true(p->last_unix_ms == (start + 910) * 1000);
        assert_int_equal(p->reached, 0);
        assert_int_equal(p->mtu, 1492);
        assert_string_equal(p->flag, "mtu-black-hole");
        assert_int_equal(p->n_hops, 3);
        assert_string_equal(p->hops[1].hash, "X");
        assert_true(p->hops_unix_ms == (start + 610) * 1000);
        bw_details_done(&d);
    }
}

static int64_t place_of_change(const char *before, const char *after)
{
    struct bw_details_maker *m = begin();
    struct bw_summary s;
    struct bw_details d;
    int64_t ttl;
    new_summary(&s, 0);
    (void)put_path(&s, 10, "way-1", before, BW_UNKNOWN);
    (void)put_path(&s, 70, "way-2", after, 1);
    add(m, &s);
    d = end(m);
    assert_int_equal(d.paths[0].n_changes, 1);
    ttl = d.paths[0].changed_ttl;
    bw_details_done(&d);
    return ttl;
}

static void the_place_of_a_change_is_known_or_not(void **state)
{
    (void)state;
    assert_int_equal(place_of_change("ABCD", "AXYD"), 2);
    assert_int_equal(place_of_change("A-CD", "AXYD"), 3); /* silent says nothing */
    assert_int_equal(place_of_change("ABC", "ABCD"), 4);  /* longer */
    assert_int_equal(place_of_change("A-C", "AX"), 3);
    assert_true(place_of_change(NULL, "ABC") == BW_UNKNOWN);
    assert_true(place_of_change("ABC", NULL) == BW_UNKNOWN);
    assert_true(place_of_change("A-C", "A-C") == BW_UNKNOWN);
}

static void hops_nobody_tells_are_not_known(void **state)
{
    struct bw_details_maker *m = begin();
    struct bw_summary s;
    struct bw_details d;
    (void)state;
    new_summary(&s, 0);
    (void)put_path(&s, 10, "way-1", "ABC", BW_UNKNOWN);
    (void)put_path(&s, 70, "way-2", NULL, BW_UNKNOWN);
    add(m, &s);
    d = end(m);
    assert_int_equal(d.paths[0].n_compared, 0);
    assert_true(d.paths[0].changed_unix_ms == BW_UNKNOWN);
    assert_int_equal(d.paths[0].n_hops, 0);
    assert_null(d.paths[0].hops);
    bw_details_done(&d);
}

/* ---- records ---------------------------------------------------------------------- */

static int add_payload(struct bw_details_maker *m, const char *json, const char *sha256)
{
    struct bw_record rec = {.seq = 1};
    struct bw_err e = {.text = ""};
    char *jws = malloc(strlen(json) * 2 + 32);
    size_t n;
    int r;
    assert_non_null(jws);
    memcpy(jws, "e30.", 4);
    n = bw_b64_encode(json, strlen(json), jws + 4);
    memcpy(jws + 4 + n, ".c2ln", 6);
    rec.jws = jws;
    rec.jws_len = strlen(jws);
    (void)snprintf(rec.sha256, sizeof(rec.sha256), "%s", sha256);
    r = bw_details_add_record(m, &rec, &e);
    free(jws);
    return r;
}

#define HASH "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
#define HEAD                                                                               \
    "{\"v\":1,\"site\":\"s-oaks2\",\"seq\":2,\"prev\":\"" HASH                             \
    "\",\"agent\":\"a\",\"config\":\"" HASH                                                \
    "\",\"start\":1793577600,\"end\":1793577900,\"circuits\":[{\"id\":\"wan\",\"source\":" \
    "\"none\"}],"
#define LATENCY(kind)                                                                      \
    "\"latency\":[{\"circuit\":\"wan\",\"probe\":\"x\",\"kind\":\"" kind                   \
    "\",\"family\":4,\"sent\":5,\"lost\":5"

static void records_are_read_where_they_tell_something(void **state)
{
    struct bw_details_maker *m = begin();
    struct bw_details d;
    (void)state;
    /* Nothing in it: not even decoded, so that its fault does not show. */
    assert_int_equal(add_payload(m, HEAD LATENCY("icmp") "}],\"fault\":1}", "a"), 0);
    assert_true(add_payload(m, HEAD LATENCY("tcp") "}],\"fault\":1}", "b") < 0);
    /* All silent: no code, and asked none the less. */
    assert_int_equal(add_payload(m, HEAD LATENCY("tcp") "}]}", "c"), 0);
    assert_int_equal(add_payload(m, HEAD LATENCY("tcp") "}]}", "c"), 0); /* the same one */
    assert_int_equal(add_payload(m, "{\"v\":2,\"kind\":\"tcp\"}", "d"), 0); /* newer */
    assert_int_equal(add_payload(m, "", "e"), -BW_EMALFORMED);
    d = end(m);
    assert_int_equal(d.n_targets, 1);
    assert_int_equal(d.targets[0].sent, 5);
    assert_int_equal(d.targets[0].n_coded, 0);
    assert_true(bw_detail_is_exchange(&d.targets[0]));
    bw_details_done(&d);
}

static void held_bytes_are_told(void **state)
{
    (void)state;
    struct bw_summary s;
    bw_summary_init(&s);
    assert_int_equal(bw_summary_bytes(&s), 0);
    assert_non_null(bw_summary_alloc(&s, 10));
    size_t little = bw_summary_bytes(&s);
    assert_true(little >= 10);
    assert_non_null(bw_summary_alloc(&s, 100000));
    assert_true(bw_summary_bytes(&s) >= little + 100000);
    bw_summary_done(&s);
    assert_int_equal(bw_summary_bytes(&s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_added_up),
        cmocka_unit_test(a_code_too_many_is_another),
        cmocka_unit_test(times_come_from_merged_histograms),
        cmocka_unit_test(the_certificate_with_fewest_days),
        cmocka_unit_test(loss_has_a_side_where_it_is_told),
        cmocka_unit_test(there_is_room_for_so_many),
        cmocka_unit_test(a_change_has_a_time_and_a_place),
        cmocka_unit_test(the_place_of_a_change_is_known_or_not),
        cmocka_unit_test(hops_nobody_tells_are_not_known),
        cmocka_unit_test(records_are_read_where_they_tell_something),
        cmocka_unit_test(held_bytes_are_told),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_erratum.c - errata: their bytes, whom they are about, which are on file, and what
 * they leave of a record. */
#include "buf.h"
#include "bw_test.h"
#include "errata.h"
#include "store_chain.h"
#include "without_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <hash.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The body of the example in docs/erratum-v1.md. */
static const char example[] =
    "{\"v\":1,\"from_s\":1789000200,\"to_s\":1789003800,\"fields\":[\"throughput:http\"],"
    "\"action\":\"exclude\",\"reason\":\"its disk was full: it sent half\"}";

static struct bw_erratum_said erratum(const char *about, const char *fields)
{
    struct bw_erratum_said e = {.position = BW_UNKNOWN};
    bw_erratum_init(&e.erratum);
    assert_int_equal(bw_erratum_about_parse(about, &e.about, NULL), 0);
    assert_int_equal(bw_erratum_fields_parse(fields, &e.erratum.fields, NULL), 0);
    e.erratum.from_unix_s = 1000;
    e.erratum.to_unix_s = 2000;
    e.erratum.action = BW_ERRATUM_EXCLUDE;
    (void)snprintf(e.key, sizeof(e.key), "%s", about);
    (void)snprintf(e.erratum.reason, sizeof(e.erratum.reason), "x");
    return e;
}

static void test_the_example(void **state)
{
    struct bw_erratum_said e = erratum("server:state-1", " throughput:http,");
    struct bw_erratum got;
    struct bw_err err = {.text = ""};
    struct bw_buf out;
    (void)state;
    bw_buf_init(&out, 4096);
    e.erratum.from_unix_s = 1789000200;
    e.erratum.to_unix_s = 1789003800;
    (void)snprintf(e.erratum.reason, sizeof(e.erratum.reason),
                   "its disk was full: it sent half");
    assert_int_equal(bw_erratum_encode(&e.erratum, &out, &err), 0);
    assert_string_equal(out.data, example);
    assert_int_equal(bw_erratum_decode(example, strlen(example), &got, &err), 0);
    assert_memory_equal(&got, &e.erratum, sizeof(got));
    bw_buf_clear(&out);
    bw_erratum_fields_text(got.fields | 1 << BW_ERRATUM_RECORDS, &out);
    assert_string_equal(out.data, "records, throughput:http");
    bw_buf_done(&out);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "{\"v\":1,\"from_s\":2,\"to_s\":2,\"fields\":[\"records\"],\"action\":\"exclude\","
        "\"reason\":\"x\"}",
        "{\"v\":1,\"from_s\":1,\"to_s\":2,\"fields\":[],\"action\":\"exclude\","
        "\"reason\":\"x\"}",
        "{\"v\":1,\"from_s\":1,\"to_s\":2,\"fields\":[\"moon\"],\"action\":\"exclude\","
        "\"reason\":\"x\"}",
        "{\"v\":1,\"from_s\":1,\"to_s\":2,\"fields\":[\"records\"],\"action\":\"forget\","
        "\"reason\":\"x\"}",
        "{\"v\":1,\"from_s\":1,\"to_s\":2,\"fields\":[\"records\"],\"action\":\"exclude\"}",
        "{\"v\":1,\"from_version\":\"x1\",\"fields\":[\"records\"],\"action\":\"exclude\","
        "\"reason\":\"x\"}",
        "{\"v\":1,\"from_version\":\"0.2\",\"before_version\":\"0.1.9\",\"fields\":["
        "\"records\"],\"action\":\"exclude\",\"reason\":\"x\"}"};
    static const char *const abouts[] = {"moon:x",   "server:",         "server:a b",
                                         "site:wan", "circuit:s-heron", "software:a/1",
                                         ""};
    struct bw_erratum_about about;
    struct bw_erratum e;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_erratum_decode(bad[i], strlen(bad[i]), &e, NULL),
                         -BW_EMALFORMED);
    }
    for (size_t i = 0; i < sizeof(abouts) / sizeof(abouts[0]); i++) {
        assert_int_equal(bw_erratum_about_parse(abouts[i], &about, NULL), -EINVAL);
    }
}

static void test_what_goes_together(void **state)
{
    struct bw_erratum_said e = erratum("server:state-1", "throughput");
    (void)state;
    assert_int_equal(bw_erratum_check(&e.about, &e.erratum, NULL), 0);
    e.erratum.to_unix_s = BW_UNKNOWN;
    assert_int_equal(bw_erratum_check(&e.about, &e.erratum, NULL), -EINVAL);
    e = erratum("server:state-1", "throughput latency");
    assert_int_equal(bw_erratum_check(&e.about, &e.erratum, NULL), -EINVAL);
    e = erratum("site:s-heron", "latency");
    assert_int_equal(bw_erratum_check(&e.about, &e.erratum, NULL), 0);
    (void)snprintf(e.erratum.from_version, sizeof(e.erratum.from_version), "1");
    assert_int_equal(bw_erratum_check(&e.about, &e.erratum, NULL), -EINVAL);
    e = erratum("software:bandwitnessd", "latency");
    e.erratum.from_unix_s = BW_UNKNOWN;
    assert_int_equal(bw_erratum_check(&e.about, &e.erratum, NULL), -EINVAL);
    (void)snprintf(e.erratum.before_version, sizeof(e.erratum.before_version), "1");
    assert_int_equal(bw_erratum_check(&e.about, &e.erratum, NULL), 0);
}

static void test_versions(void **state)
{
    struct bw_erratum_said e = erratum("software:bandwitnessd", "latency");
    (void)state;
    assert_int_equal(bw_erratum_version_compare("0.1.9", "0.1.10"), -1);
    assert_int_equal(bw_erratum_version_compare("0.2", "0.1.10"), 1);
    assert_int_equal(bw_erratum_version_compare("0.1", "0.1.0"), 0);
    assert_int_equal(bw_erratum_version_compare("0.1.0-rc1", "0.1.0"), 0);
    assert_int_equal(bw_erratum_version_compare("0.1.0.1", "0.1"), 1);
    (void)snprintf(e.erratum.from_version, sizeof(e.erratum.from_version), "0.1.2");
    (void)snprintf(e.erratum.before_version, sizeof(e.erratum.before_version), "0.1.10");
    assert_false(bw_erratum_of_agent(&e.about, &e.erratum, "bandwitnessd/0.1.1"));
    assert_true(bw_erratum_of_agent(&e.about, &e.erratum, "bandwitnessd/0.1.2"));
    assert_true(bw_erratum_of_agent(&e.about, &e.erratum, "bandwitnessd/0.1.9"));
    assert_false(bw_erratum_of_agent(&e.about, &e.erratum, "bandwitnessd/0.1.10"));
    assert_false(bw_erratum_of_agent(&e.about, &e.erratum, "bandwitnessd2/0.1.2"));
    assert_false(bw_erratum_of_agent(&e.about, &e.erratum, "bandwitness/0.1.2"));
}

/* ---- those on file ---------------------------------------------------------------- */

static void say(struct bw_catalogue *c, const struct bw_erratum_said *e, const char *ends)
{
    struct bw_err err = {.text = ""};
    struct bw_statement s;
    struct bw_buf body;
    bw_buf_init(&body, 4096);
    assert_int_equal(bw_erratum_encode(&e->erratum, &body, &err), 0);
    bw_statement_init(&s, ends ? BW_STATEMENT_WITHDRAWAL : BW_STATEMENT_ERRATUM);
    (void)snprintf(s.about, sizeof(s.about), "%.120s", ends ? ends : e->key);
    (void)snprintf(s.by, sizeof(s.by), "grey");
    s.body = ends ? "{}" : body.data;
    s.n_body = strlen(s.body);
    assert_int_equal(bw_catalogue_say(c, &s, 1, NULL, &err), 0);
    bw_buf_done(&body);
}

static size_t read_of(struct bw_catalogue *c,
                      int64_t from,
                      int64_t to,
                      int64_t as_of,
                      struct bw_erratum_said **ret)
{
    int64_t unread = -1;
    size_t n = 0;
    assert_int_equal(
        bw_errata_read(c, "s-heron", "wan", from, to, as_of, ret, &n, &unread, NULL), 0);
    assert_int_equal(unread, 0);
    return n;
}

static void test_on_file(void **state)
{
    char *folder = tmp_folder();
    char path[300];
    struct bw_catalogue *c = NULL;
    struct bw_erratum_said *list = NULL;
    struct bw_err err = {.text = ""};
    struct bw_erratum_said e;
    char id[BW_HASH_LEN + 1];
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", folder);
    assert_int_equal(bw_catalogue_open(path, &c, &err), 0);
    e = erratum("server:state-1", "throughput");
    say(c, &e, NULL);
    e = erratum("site:s-egret", "records"); /* another's */
    say(c, &e, NULL);
    e = erratum("circuit:s-heron.lan2", "records");
    say(c, &e, NULL);
    e = erratum("circuit:s-heron.wan", "counters");
    say(c, &e, NULL);
    e = erratum("software:bandwitnessd", "latency");
    e.erratum.from_unix_s = e.erratum.to_unix_s = BW_UNKNOWN;
    (void)snprintf(e.erratum.before_version, sizeof(e.erratum.before_version), "1");
    say(c, &e, NULL);
    assert_int_equal(read_of(c, 2000, 3000, BW_UNKNOWN, &list), 1); /* versions alone */
    assert_string_equal(list[0].key, "software:bandwitnessd");
    free(list);
    /* A record that begins up to 900 s behind can tell of a run in the period. */
    assert_int_equal(read_of(c, 50, 100, BW_UNKNOWN, &list), 1);
    free(list);
    assert_int_equal(read_of(c, 50, 101, BW_UNKNOWN, &list), 3);
    free(list);
    assert_int_equal(read_of(c, 1999, 3000, BW_UNKNOWN, &list), 3);
    assert_string_equal(list[0].key, "circuit:s-heron.wan");
    assert_string_equal(list[1].key, "server:state-1");
    assert_int_equal(list[1].position, 0);
    memcpy(id, list[1].id, sizeof(id));
    free(list);
    say(c, &e, id);
    assert_int_equal(read_of(c, 1000, 2000, BW_UNKNOWN, &list), 2);
    free(list);
    assert_int_equal(read_of(c, 1000, 2000, 5, &list), 3); /* before the withdrawal */
    free(list);
    assert_int_equal(read_of(c, 1000, 2000, 4, &list), 2); /* before the last of them */
    free(list);
    bw_catalogue_close(c);
    tmp_folder_drop(folder);
}

/* ---- what they leave -------------------------------------------------------------- */

struct scene {
    struct bw_summary s;
    struct bw_without_ask ask;
    struct bw_without_count count;
    struct bw_without_done done;
};

/* An interval from 1500 to 1800 with two targets, and two runs beside its circuit's. */
static void begin(struct scene *x, const struct bw_erratum_said *e)
{
    struct gen g = {.state = 7};
    struct bw_throughput *t;
    memset(x, 0, sizeof(*x));
    gen_plausible_summary(&g, 1, 1500, 300, 2, &x->s);
    (void)snprintf(x->s.agent, sizeof(x->s.agent), "bandwitnessd/0.1.0");
    t = bw_summary_alloc(&x->s, 2 * sizeof(*t));
    assert_non_null(t);
    for (int i = 0; i < 2; i++) {
        bw_throughput_init(&t[i]);
        memcpy(t[i].circuit, x->s.circuits[0].id, sizeof(t[i].circuit));
        (void)snprintf(t[i].kind, sizeof(t[i].kind), "%s", i ? "ndt7" : "http");
        (void)snprintf(t[i].server, sizeof(t[i].server), "state-%d", i + 1);
        t[i].at_unix_ms = i ? 1600000 : 999000; /* the first began before the record … */
        t[i].line_bps = 5;
    }
    x->s.throughput = t;
    x->s.n_throughput = 2;
    x->ask = (struct bw_without_ask){.site = x->s.site,
                                     .circuit = x->s.circuits[0].id,
                                     .from_unix_s = 900,
                                     .to_unix_s = 3000,
                                     .errata = e,
                                     .n_errata = 1};
}

static void apply(struct scene *x, bool only_runs)
{
    memset(&x->count, 0, sizeof(x->count));
    assert_int_equal(bw_without_apply(&x->ask, &x->s, "kid", 1900000, only_runs, &x->count,
                                      &x->count, &x->done),
                     0);
}

static void test_a_server(void **state)
{
    struct bw_erratum_said e = erratum("server:state-2", "throughput");
    struct scene x;
    (void)state;
    begin(&x, &e);
    x.s.throughput[0].flags[0] = "erratum"; /* what a box says of its run is no erratum */
    apply(&x, false);
    assert_true(x.done.runs);
    assert_int_equal(x.done.outcome, BW_WITHOUT_SAME);
    assert_int_equal(bw_throughput_apart(&x.s.throughput[0]), BW_APART_NOT);
    assert_int_equal(bw_throughput_apart(&x.s.throughput[1]), BW_APART_ERRATUM);
    assert_int_equal(x.count.records, 1);
    assert_int_equal(x.count.intervals, 0);
    assert_int_equal(x.count.runs, 1);
    assert_int_equal(x.s.n_latency, 2);
    bw_summary_done(&x.s);
    e = erratum("server:state-2", "throughput:http"); /* it served no such run */
    begin(&x, &e);
    apply(&x, false);
    assert_int_equal(x.done.outcome, BW_WITHOUT_SAME);
    assert_int_equal(x.count.records, 0);
    bw_summary_done(&x.s);
    /* A run belongs to its own instant: 999 s is before the erratum, and 1000 is in it. */
    e = erratum("server:state-1", "throughput");
    begin(&x, &e);
    apply(&x, false);
    assert_int_equal(x.count.runs, 0);
    x.s.throughput[0].at_unix_ms = 1000000;
    apply(&x, true);
    assert_int_equal(x.count.runs, 1);
    assert_int_equal(x.count.records, 1);
    bw_summary_done(&x.s);
}

static void test_fields(void **state)
{
    struct bw_erratum_said e = erratum("site:s-heron", "latency:icmp counters");
    struct scene x;
    (void)state;
    begin(&x, &e);
    (void)snprintf(x.s.latency[1].kind, sizeof(x.s.latency[1].kind), "stamp");
    apply(&x, false);
    assert_int_equal(x.s.n_latency, 1);
    assert_string_equal(x.s.latency[0].kind, "stamp");
    assert_true(x.done.counters);
    assert_int_equal(x.s.circuits[0].covered_s, 0);
    assert_int_equal(x.s.circuits[0].flow[BW_DOWN].bytes, BW_UNKNOWN);
    assert_int_equal(x.s.throughput[1].line_bps, BW_UNKNOWN);
    assert_int_equal(bw_throughput_apart(&x.s.throughput[1]), BW_APART_NOT);
    assert_int_equal(x.count.intervals, 1);
    assert_int_equal(x.count.runs, 0);
    bw_summary_done(&x.s);
    e.erratum.action = BW_ERRATUM_ANNOTATE; /* counts alike, and changes nothing */
    begin(&x, &e);
    apply(&x, false);
    assert_int_equal(x.done.outcome, BW_WITHOUT_SAME);
    assert_int_equal(x.s.n_latency, 2);
    assert_int_equal(x.count.intervals, 1);
    bw_summary_done(&x.s);
    e = erratum("site:s-heron", "latency");
    e.erratum.to_unix_s = 1500; /* ends where the interval begins */
    begin(&x, &e);
    apply(&x, false);
    assert_int_equal(x.count.records, 0);
    bw_summary_done(&x.s);
}

/* What two of them touch counts in both, whichever comes first. */
static void test_two_of_one_record(void **state)
{
    struct bw_erratum_said e[2] = {erratum("site:s-heron", "latency:icmp"),
                                   erratum("software:bandwitnessd", "latency")};
    struct bw_without_count counts[2];
    struct scene x;
    (void)state;
    begin(&x, e);
    x.ask.n_errata = 2;
    memset(counts, 0, sizeof(counts));
    for (size_t i = 0; i < x.s.n_latency; i++) {
        (void)snprintf(x.s.latency[i].kind, sizeof(x.s.latency[i].kind), "icmp");
    }
    assert_int_equal(
        bw_without_apply(&x.ask, &x.s, "kid", 1900000, false, counts, NULL, &x.done), 0);
    assert_int_equal(x.s.n_latency, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(counts[i].records, 1);
        assert_int_equal(counts[i].intervals, 1);
    }
    bw_summary_done(&x.s);
}

/* Records of one: lines with one payload. */
struct one_record {
    struct bw_records base;
    struct bw_record rec;
};

static int give(struct bw_records *r,
                const char *site,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_record_cb cb,
                void *owner,
                struct bw_err *reterr)
{
    (void)site;
    (void)from_unix_s;
    (void)to_unix_s;
    (void)reterr;
    return cb(owner, &((struct one_record *)(void *)r)->rec);
}

static int keep_text(void *owner, const struct bw_record *rec)
{
    struct bw_buf *out = owner;
    char *json = malloc(BW_PAYLOAD_MAX + 1);
    const char *text = strchr(rec->jws, '.') + 1;
    long n = bw_b64_decode(text, strcspn(text, "."), json, BW_PAYLOAD_MAX);
    assert_true(n > 0);
    bw_buf_add(out, json, (size_t)n);
    free(json);
    return 0;
}

/* Runs that fill a record to its limit can be marked, and a record that changes has no
 * mark. */
static void test_a_full_record(void **state)
{
    enum {
        RUNS = 30
    };
    static const struct bw_records_ops ops = {.each = give};
    struct bw_erratum_said e = erratum("site:s-heron", "throughput latency");
    struct one_record one = {.base = {.ops = &ops},
                             .rec = {.seq = 7, .start_unix_s = 1500}};
    struct bw_without *w = NULL;
    struct bw_err err = {""};
    struct bw_buf json;
    struct bw_buf jws;
    struct scene x;
    char token[2001];
    int r;
    (void)state;
    memset(token, 'r', sizeof(token) - 1);
    token[sizeof(token) - 1] = '\0';
    begin(&x, &e);
    x.s.n_throughput = RUNS;
    x.s.throughput = bw_summary_alloc(&x.s, RUNS * sizeof(*x.s.throughput));
    assert_non_null(x.s.throughput);
    bw_buf_init(&json, BW_PAYLOAD_MAX * 2);
    bw_buf_init(&jws, BW_PAYLOAD_MAX * 2);
    for (size_t i = 0; i < RUNS; i++) {
        struct bw_throughput *t = &x.s.throughput[i];
        bw_throughput_init(t);
        memcpy(t->circuit, x.s.circuits[0].id, sizeof(t->circuit));
        (void)snprintf(t->probe, sizeof(t->probe), "alder");
        (void)snprintf(t->kind, sizeof(t->kind), "http");
        t->at_unix_ms = 1600000;
        t->state = BW_TEST_FAILED;
    }
    for (size_t i = 0; i < RUNS; i++) { /* fill it up */
        json.len = 0;
        r = bw_summary_encode(&x.s, &json, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(r, 0);
        size_t room = BW_PAYLOAD_MAX - json.len;
        if (room > 20) {
            room = room - 13 < 2000 ? room - 13 : 2000; /* ,"receipt":"" */
            x.s.throughput[i].receipt = token + 2000 - room;
        }
    }
    assert_true(json.len > BW_PAYLOAD_MAX - 20);
    bw_buf_puts(&jws, "h.");
    bw_b64_append(&jws, json.data, json.len);
    bw_buf_puts(&jws, ".s");
    one.rec.jws = jws.data;
    one.rec.jws_len = jws.len;
    x.ask.records = &one.base;
    json.len = 0;
    assert_int_equal(bw_without_new(&x.ask, &w, &err), 0);
    r = bw_records_each(bw_without_records(w), "s-heron", 900, 3000, keep_text, &json,
                        &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    assert_int_equal(bw_without_of_erratum(w, 0)->runs, RUNS);
    assert_non_null(strstr(json.data, "\"throughput\":["));
    assert_null(strstr(json.data, "\"latency\":["));
    assert_null(strstr(json.data, "erratum"));
    bw_without_free(w);
    bw_buf_done(&json);
    bw_buf_done(&jws);
    bw_summary_done(&x.s);
}

static void test_whole_records(void **state)
{
    struct bw_erratum_said e = erratum("software:bandwitnessd", "records");
    struct bw_without_key key = {.kid = "kid", .from_unix_s = 1900};
    struct scene x;
    (void)state;
    begin(&x, &e);
    apply(&x, false);
    assert_int_equal(x.done.outcome, BW_WITHOUT_DROPPED);
    assert_int_equal(x.done.dropped_for, BW_WITHOUT_SPAN_ERRATUM);
    assert_int_equal(x.count.records, 1);
    assert_int_equal(x.count.intervals, 1);
    assert_int_equal(x.count.runs, 2);
    (void)snprintf(x.s.agent, sizeof(x.s.agent), "bandwitnessd2/0.1.0");
    apply(&x, false);
    assert_int_equal(x.done.outcome, BW_WITHOUT_SAME);
    /* Received when the key was in other hands, whatever the record says of its time. */
    x.ask.keys = &key;
    x.ask.n_keys = 1;
    apply(&x, false);
    assert_int_equal(x.done.outcome, BW_WITHOUT_DROPPED);
    assert_int_equal(x.done.dropped_for, BW_WITHOUT_SPAN_KEY);
    key.from_unix_s = 1901;
    apply(&x, false);
    assert_int_equal(x.done.outcome, BW_WITHOUT_SAME);
    assert_int_equal(bw_without_key_of(&x.ask, "kid", BW_UNKNOWN), -1); /* at a box */
    bw_summary_done(&x.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_what_goes_together),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_on_file),
        cmocka_unit_test(test_a_server),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_two_of_one_record),
        cmocka_unit_test(test_a_full_record),
        cmocka_unit_test(test_whole_records),
    };
    return bw_crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

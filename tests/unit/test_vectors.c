/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_vectors.c - docs/vectors/ is what the contract says in bytes: the encoder makes the
 * payloads again, the signer the EdDSA signatures, the reader refuses what it must.
 *
 * `test_vectors --write DIR` writes them anew (a change of the contract, never a repair);
 * `test_vectors --random N` prints N payloads, one a line, for checks by other programs. */
#include "buf.h"
#include "check.h"
#include "file.h"
#include "hash.h"
#include "hist.h"
#include "json.h"
#include "jws.h"
#include "schedule_vectors.h"
#include "starts.h"
#include "summary_gen.h"
#include "traffic_vectors.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START INT64_C(1789000200)
#define HASH_A "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
#define HASH_B "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"

static const char *folder = BW_SOURCE_DIR "/docs/vectors";
static bool writing;

#define DAY INT64_C(1788998400) /* the UTC day of START */
#define MEAN_MS INT64_C(3600000)
#define MINUTES "0-780+1260-1440"

#define PUT(array, ...) (void)snprintf(array, sizeof(array), __VA_ARGS__)

/* ---- the summaries ---------------------------------------------------------------------
 */

static void head(struct bw_summary *s, int64_t seq)
{
    bw_summary_init(s);
    PUT(s->site, "s-4f9k2");
    s->seq = seq;
    PUT(s->agent, "bandwitnessd/0.1.0");
    PUT(s->config, HASH_A);
    s->start_unix_s = START + (seq - 1) * 300;
    s->end_unix_s = s->start_unix_s + 300;
}

static void smallest(struct bw_summary *s)
{
    head(s, 1);
    s->chain.why = BW_CHAIN_NEW;
}

static struct bw_circuit_summary *circuit(struct bw_summary *s, const char *id)
{
    struct bw_circuit_summary *c;
    if (!s->circuits) {
        s->circuits = bw_summary_alloc(s, BW_CIRCUITS_MAX * sizeof(*s->circuits));
    }
    c = &s->circuits[s->n_circuits++];
    bw_circuit_summary_init(c);
    PUT(c->id, "%s", id);
    return c;
}

static struct bw_latency *latency(struct bw_summary *s, const char *target, int64_t family)
{
    struct bw_latency *l;
    if (!s->latency) {
        s->latency = bw_summary_alloc(s, BW_TARGETS_MAX * sizeof(*s->latency));
    }
    l = &s->latency[s->n_latency++];
    bw_latency_init(l);
    PUT(l->circuit, "wan");
    PUT(l->probe, "%s", target);
    PUT(l->kind, "icmp");
    l->family = family;
    return l;
}

/* 299 answers around 20 ms, one of them slow, one packet lost. */
static void fill_latency(struct bw_summary *s, struct bw_latency *l)
{
    struct bw_hist *h = calloc(1, sizeof(*h));
    struct bw_buf b;
    l->sent = 300;
    l->lost = 1;
    l->late = 1;
    l->sum_us = 0;
    for (int64_t i = 0; i < 299; i++) {
        int64_t us = i == 298 ? 104000 : 20000 + i * 7;
        bw_hist_add(h, us);
        l->sum_us += us;
    }
    l->p50_us = 21000;
    l->p95_us = 22000;
    l->pdv_p95_us = 1990;
    bw_buf_init(&b, 8192);
    assert_int_equal(bw_hist_encode(h, &b), 0);
    l->rtt_hist = bw_summary_strdup(s, b.data);
    bw_buf_done(&b);
    free(h);
}

static void all_lost(struct bw_summary *s)
{
    struct bw_latency *l;
    head(s, 2);
    PUT(s->prev, HASH_B);
    circuit(s, "wan")->source = BW_SOURCE_NONE;
    l = latency(s, "provider-edge", 4);
    l->sent = 300;
    l->lost = 300;
    l->late = 0;
}

/* A box on a LAN port: nobody counts, so nothing is used, carried or saturated. */
static void source_none(struct bw_summary *s)
{
    struct bw_circuit_summary *c;
    struct bw_throughput *t;
    head(s, 2);
    PUT(s->prev, HASH_B);
    c = circuit(s, "wan");
    c->vantage = BW_VANTAGE_LAN_SIDE;
    c->behind = BW_BEHIND_NAT | BW_BEHIND_FILTER;
    c->source = BW_SOURCE_NONE;
    fill_latency(s, latency(s, "provider-edge", 4));
    s->n_throughput = 1;
    s->throughput = t = bw_summary_alloc(s, sizeof(*t));
    bw_throughput_init(t);
    PUT(t->circuit, "wan");
    PUT(t->probe, "state");
    PUT(t->kind, "http");
    t->direction = BW_UP;
    t->at_unix_ms = (START + 310) * 1000;
    t->duration_ms = 10000;
    t->bytes = 24500000;
    t->goodput_bps = 19600000;
}

static void full(struct bw_summary *s)
{
    struct bw_circuit_summary *c;
    struct bw_throughput *t;
    head(s, 42);
    PUT(s->prev, HASH_B);
    PUT(s->boot, "1f0c9f5e-8c5e-4d2c-9c0a-0a9f6f3c2b11");
    s->mono_ms = 12600250;
    s->clock.known = true;
    s->clock.synced = true;
    s->clock.max_error_us = 1800;
    s->clock.step_us = -250;
    s->seen.size = 81234;
    PUT(s->seen.root, HASH_A);
    c = circuit(s, "wan");
    c->vantage = BW_VANTAGE_ROUTER;
    c->source = BW_SOURCE_KERNEL;
    c->resolution_ms = 1000;
    c->layer = BW_LAYER_ETHERNET;
    c->covered_s = 300;
    c->link_bps = 1000000000;
    c->mtu = 1500;
    c->saturated_s = 12;
    c->flow[BW_DOWN].bytes = 2250000000;
    c->flow[BW_DOWN].packets = 1875000;
    c->flow[BW_DOWN].p95_1s_bps = 97500000;
    c->flow[BW_DOWN].peak_1s_bps = 99900000;
    c->flow[BW_DOWN].drops = 3;
    c->flow[BW_DOWN].errors = 0;
    c->flow[BW_UP].bytes = 150000000;
    c->flow[BW_UP].packets = 900000;
    c->flow[BW_UP].p95_1s_bps = 9000000;
    c->flow[BW_UP].peak_1s_bps = 18000000; /* its drops and errors are not told */
    c = circuit(s, "lte");
    c->vantage = BW_VANTAGE_WAN_SIDE;
    c->behind = BW_BEHIND_NAT | BW_BEHIND_FILTER | BW_BEHIND_PROXY;
    c->source = BW_SOURCE_SNMP;
    c->resolution_ms = 60000;
    c->layer = BW_LAYER_IP;
    c->covered_s = 0; /* the device did not answer */
    s->n_outages = 2;
    s->outages = bw_summary_alloc(s, 2 * sizeof(*s->outages));
    memset(s->outages, 0, 2 * sizeof(*s->outages));
    PUT(s->outages[0].circuit, "wan");
    s->outages[0].from_unix_ms = s->start_unix_s * 1000 + 12400;
    s->outages[0].to_unix_ms = s->start_unix_s * 1000 + 41100;
    s->outages[0].why = "targets silent";
    PUT(s->outages[1].circuit, "lte");
    s->outages[1].from_unix_ms = s->start_unix_s * 1000 - 100000;
    s->outages[1].to_unix_ms = BW_UNKNOWN;
    s->outages[1].why = "carrier down";
    fill_latency(s, latency(s, "provider-edge", 4));
    fill_latency(s, latency(s, "provider-edge", 6));
    s->n_throughput = 3;
    s->throughput = t = bw_summary_alloc(s, 3 * sizeof(*t));
    for (size_t i = 0; i < 3; i++) {
        bw_throughput_init(&t[i]);
        PUT(t[i].circuit, "wan");
        PUT(t[i].probe, "state");
        PUT(t[i].kind, "http");
        t[i].method = "http/1";
        PUT(t[i].server, "state-1");
        t[i].at_unix_ms = s->start_unix_s * 1000 + 100000 + (int64_t)i * 20000;
    }
    t[0].duration_ms = 10000;
    t[0].streams = 8;
    PUT(t[0].cc, "bbr");
    t[0].mtu = 1500;
    t[0].grade = BW_GRADE_RECEIPT;
    t[0].receipt = "eyJhIjoxfQ.eyJiIjoyfQ.c2ln";
    t[0].egress = BW_EGRESS_MATCH;
    t[0].bytes = 117250000;
    t[0].goodput_bps = 93800000;
    t[0].line_bps = 99100000;
    t[0].line_error_ppm = 10000;
    t[0].concurrent_bps = 1200000;
    t[0].rtt_idle_us = 20100;
    t[0].rtt_loaded_p95_us = 48000;
    t[0].retransmit_ppm = 310;
    t[0].tester_busy_ppm = 85000;
    t[0].flags[0] = "line-busy";
    t[0].flags[1] = "path-mtu-small";
    t[1].direction = BW_UP;
    t[1].state = BW_TEST_FAILED;
    t[1].reason = "the server said \"503\" \\ Überlast";
    t[1].retest_of = "17.wan.up";
    t[2].state = BW_TEST_DEFERRED;
    t[2].reason = "the line carries more than 10 % of its claim";
    s->n_traffic = 1;
    s->traffic = bw_summary_alloc(s, sizeof(*s->traffic));
    bw_traffic_init(s->traffic);
    PUT(s->traffic->circuit, "wan");
    s->traffic->sampled_1_in = 64;
    s->traffic->captured = 29297;
    s->traffic->capture_drops = 0;
    s->traffic->n_mix = 2;
    s->traffic->mix = bw_summary_alloc(s, 2 * sizeof(*s->traffic->mix));
    bw_traffic_share_init(&s->traffic->mix[0]);
    bw_traffic_share_init(&s->traffic->mix[1]);
    PUT(s->traffic->mix[0].klass, "quic");
    s->traffic->mix[0].down_ppm = 610000;
    s->traffic->mix[0].up_ppm = 480000;
    s->traffic->mix[0].error_ppm = 12000;
    PUT(s->traffic->mix[1].klass, "https");
    s->traffic->mix[1].down_ppm = 390000;
    s->traffic->tcp_rtt_hist = s->latency[0].rtt_hist;
    s->traffic->retransmit_ppm = 900;
    s->n_gaps = 2;
    s->gaps = bw_summary_alloc(s, 2 * sizeof(*s->gaps));
    s->gaps[0] = (struct bw_gap){
        .from_unix_s = START, .to_unix_s = START + 600, .why = BW_GAP_STOPPED};
    s->gaps[1] = (struct bw_gap){.from_unix_s = s->start_unix_s + 140,
                                 .to_unix_s = s->start_unix_s + 140,
                                 .why = BW_GAP_DEFERRED};
}

/* The first record of a day: what it binds, what it reveals, what is planned. */
static void schedule(struct bw_summary *s)
{
    head(s, 2);
    PUT(s->prev, HASH_B);
    vectors_bind(s, DAY);
    s->schedule.n_starts = 1;
    s->schedule.starts = bw_summary_alloc(s, sizeof(*s->schedule.starts));
    bw_schedule_starts_init(&s->schedule.starts[0]);
    PUT(s->schedule.starts[0].probe, "state");
    PUT(s->schedule.starts[0].kind, "http");
    s->schedule.starts[0].mean_ms = MEAN_MS;
    s->schedule.starts[0].give_up_ms = 3600000;
    s->schedule.starts[0].minutes = MINUTES;
    s->n_gaps = 1;
    s->gaps = bw_summary_alloc(s, sizeof(*s->gaps));
    s->gaps[0] = (struct bw_gap){
        .from_unix_s = START - 900, .to_unix_s = START - 300, .why = BW_GAP_STORAGE};
}

/* All that a schedule may hold, and runs that rest on it. */
static void campaign(struct bw_summary *s)
{
    head(s, 3);
    PUT(s->prev, HASH_B);
    vectors_campaign(s, DAY);
}

static const char *few(struct bw_summary *s, int64_t us)
{
    struct bw_hist *h = calloc(1, sizeof(*h));
    struct bw_buf b;
    const char *text;
    for (int64_t i = 0; i < 5; i++) {
        bw_hist_add(h, us + i * 100);
    }
    bw_buf_init(&b, 8192);
    assert_int_equal(bw_hist_encode(h, &b), 0);
    text = bw_summary_strdup(s, b.data);
    bw_buf_done(&b);
    free(h);
    return text;
}

/* What probes tell besides a round trip: one-way delays, answers, phases, paths, and the
 * far end of a test. */
static void probes(struct bw_summary *s)
{
    static const char *const phases[] = {"dns", "connect", "tls", "first-byte", "transfer"};
    struct bw_latency *l;
    struct bw_path *p;
    struct bw_throughput *t;
    head(s, 7);
    PUT(s->prev, HASH_B);
    circuit(s, "wan")->source = BW_SOURCE_NONE;
    l = latency(s, "hub", 4);
    PUT(l->kind, "stamp");
    fill_latency(s, l);
    l->lost_out = 1;
    l->lost_back = 0;
    l->out_hist = few(s, 9000);
    l->back_hist = few(s, 11000);
    l->one_way_error_us = 900;
    l = latency(s, "portal", 6);
    PUT(l->kind, "http_get");
    l->sent = 6;
    l->lost = 1;
    l->sum_us = 300000;
    l->rtt_hist = few(s, 60000);
    l->n_codes = 2;
    l->codes = bw_summary_alloc(s, 2 * sizeof(*l->codes));
    memset(l->codes, 0, 2 * sizeof(*l->codes));
    PUT(l->codes[0].code, "200");
    l->codes[0].n = 5;
    PUT(l->codes[1].code, "tls-expired");
    l->codes[1].n = 1;
    l->n_phases = 5;
    l->phases = bw_summary_alloc(s, 5 * sizeof(*l->phases));
    memset(l->phases, 0, 5 * sizeof(*l->phases));
    for (size_t i = 0; i < 5; i++) {
        PUT(l->phases[i].phase, "%s", phases[i]);
        l->phases[i].sum_us = 60000;
        l->phases[i].time_hist = few(s, 12000);
    }
    l->cert_days = -1;
    s->n_paths = 1;
    s->paths = p = bw_summary_alloc(s, sizeof(*p));
    bw_path_init(p);
    PUT(p->circuit, "wan");
    PUT(p->probe, "portal");
    PUT(p->method, "udp");
    p->family = 4;
    p->at_unix_ms = s->start_unix_s * 1000 + 1500;
    p->reached = 1;
    p->mtu = 1492;
    PUT(p->hash, HASH_A);
    p->changed = 1;
    p->n_hops = 2;
    p->hops = bw_summary_alloc(s, 2 * sizeof(*p->hops));
    memset(p->hops, 0, 2 * sizeof(*p->hops));
    p->hops[0] = (struct bw_hop){.ttl = 1, .sent = 3, .lost = 3, .rtt_us = BW_UNKNOWN};
    p->hops[1] = (struct bw_hop){.ttl = 2, .sent = 3, .lost = 0, .rtt_us = 19800};
    PUT(p->hops[1].hash, "aBc-_0123456");
    PUT(p->hops[1].name, "core-1.example");
    s->n_throughput = 1;
    s->throughput = t = bw_summary_alloc(s, sizeof(*t));
    bw_throughput_init(t);
    PUT(t->circuit, "wan");
    PUT(t->probe, "mlab");
    PUT(t->kind, "ndt7");
    t->method = "ndt7/wss";
    PUT(t->server, "mlab");
    t->at_unix_ms = (START + 310) * 1000;
    t->duration_ms = 10000;
    t->grade = BW_GRADE_ARCHIVE;
    t->receipt = "ndt-heron1_1789000510_0000000000001A2B";
    t->bytes = 117250000;
    t->goodput_bps = 93800000;
    t->machine = "ndt-heron1.example";
    t->loss_ppm = 120;
    t->delay_min_us = 0;
    t->delay_max_us = 31000;
    t->near.rtt_us = 21000;
    t->near.min_rtt_us = 19900;
    t->far.rtt_us = 22000;
    t->far.min_rtt_us = 20000;
    t->far.retransmit_ppm = 310;
    t->far.app_limited_ppm = 0;
    t->far.rwnd_limited_ppm = 1500;
    t->far.sndbuf_limited_ppm = 0;
}

static void traffic(struct bw_summary *s)
{
    smallest(s);
    vectors_traffic(s);
}

static const struct {
    const char *name;
    void (*make)(struct bw_summary *s);
} payloads[] = {{"smallest", smallest},       {"all-lost", all_lost},
                {"source-none", source_none}, {"schedule", schedule},
                {"campaign", campaign},       {"probes", probes},
                {"traffic", traffic},         {"full", full}};

/* ---- files -----------------------------------------------------------------------------
 */

/* The file holds exactly these bytes and a newline (or holds them now). */
static void same_file(const char *name, const char *data, size_t n)
{
    char path[512];
    struct bw_buf b;
    struct bw_err e = {.text = ""};
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    bw_buf_init(&b, 1u << 20);
    if (writing) {
        bw_buf_add(&b, data, n);
        bw_buf_putc(&b, '\n');
        if (bw_file_write(path, b.data, b.len, 0644, &e) < 0) {
            fail_msg("%s", e.text);
        }
    } else {
        if (bw_file_read(path, 1u << 20, &b, &e) < 0) {
            fail_msg("%s", e.text);
        }
        if (b.len != n + 1 || memcmp(b.data, data, n) != 0 || b.data[n] != '\n') {
            fail_msg("%s is not what the program makes:\n%.*s", path, (int)n, data);
        }
    }
    bw_buf_done(&b);
}

static void read_file(const char *name, struct bw_buf *b)
{
    char path[512];
    struct bw_err e = {.text = ""};
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    bw_buf_init(b, 1u << 20);
    if (bw_file_read(path, 1u << 20, b, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static struct bw_key *key(const char *name)
{
    struct bw_buf b;
    struct bw_key *k = NULL;
    struct bw_err e = {.text = ""};
    read_file(name, &b);
    if (bw_key_parse(b.data, b.len, &k, &e) < 0) {
        fail_msg("%s: %s", name, e.text);
    }
    bw_buf_done(&b);
    return k;
}

static void encode(struct bw_summary *s, struct bw_buf *b)
{
    struct bw_err e = {.text = ""};
    bw_buf_init(b, BW_PAYLOAD_MAX);
    if (bw_summary_encode(s, b, &e) < 0) {
        fail_msg("%s", e.text);
    }
    bw_summary_done(s);
}

static void sign(const struct bw_key *k, const struct bw_buf *payload, struct bw_buf *out)
{
    struct bw_err e = {.text = ""};
    if (bw_jws_sign(k, BW_TYP_SUMMARY, payload->data, payload->len, out, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void payloads_and_signatures_come_out_the_same(void **state)
{
    struct bw_key *ed = key("eddsa-1.jwk");
    struct bw_key *es = key("es256.jwk");
    (void)state;
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        char name[64];
        struct bw_summary s;
        struct bw_buf payload;
        struct bw_buf jws;
        struct bw_buf scratch;
        struct bw_jws j;
        struct bw_err e = {.text = ""};
        payloads[i].make(&s);
        encode(&s, &payload);
        PUT(name, "%s.json", payloads[i].name);
        same_file(name, payload.data, payload.len);
        bw_buf_init(&jws, BW_JWS_MAX);
        sign(ed, &payload, &jws);
        PUT(name, "%s.eddsa.jose", payloads[i].name);
        same_file(name, jws.data, jws.len);
        PUT(name, "%s.es256.jose", payloads[i].name);
        if (writing) {
            bw_buf_clear(&jws);
            sign(es, &payload, &jws);
            same_file(name, jws.data, jws.len);
        }
        bw_buf_done(&jws);
        read_file(name, &jws); /* ES256 differs each time: verify it */
        bw_buf_init(&scratch, BW_JWS_MAX);
        if (bw_jws_parse(jws.data, jws.len - 1, &scratch, &j, &e) < 0) {
            fail_msg("%s: %s", name, e.text);
        }
        assert_int_equal(bw_jws_verify(&j, bw_key_public(es)), 0);
        assert_int_equal(j.payload_len, payload.len);
        assert_memory_equal(j.payload, payload.data, payload.len);
        assert_int_equal(bw_summary_decode(j.payload, j.payload_len, &s, &e), 0);
        bw_summary_done(&s);
        bw_buf_done(&scratch);
        bw_buf_done(&jws);
        bw_buf_done(&payload);
    }
    bw_key_free(ed);
    bw_key_free(es);
}

static void the_chain_comes_out_the_same_and_holds(void **state)
{
    struct bw_key *keys[2] = {key("eddsa-1.jwk"), key("eddsa-2.jwk")};
    struct bw_pubkey pub[2] = {*bw_key_public(keys[0]), *bw_key_public(keys[1])};
    struct bw_check_opts opts = {.keys = pub, .n_keys = 2};
    struct bw_check *c = NULL;
    struct bw_check_result res;
    struct bw_buf file;
    struct bw_buf set;
    char prev[BW_HASH_LEN + 1] = "";
    (void)state;
    bw_buf_init(&file, 1u << 20);
    bw_buf_init(&set, 4096);
    assert_int_equal(bw_check_new(&opts, &c), 0);
    for (int64_t i = 1; i <= 6; i++) { /* four under the first key, two under the second */
        bool rotated = i > 4;
        struct bw_summary s;
        struct bw_buf payload;
        struct bw_buf jws;
        head(&s, i);
        s.seq = rotated ? i - 4 : i;
        s.clock.known = true;
        s.clock.synced = true;
        if (i == 1) {
            s.chain.why = BW_CHAIN_NEW;
        } else if (i == 5) {
            s.chain.why = BW_CHAIN_ROTATED;
            PUT(s.chain.prev_kid, "%s", pub[0].kid);
            s.chain.prev_seq = 4;
            PUT(s.chain.prev_hash, "%s", prev);
        } else {
            PUT(s.prev, "%s", prev);
        }
        encode(&s, &payload);
        bw_buf_init(&jws, BW_JWS_MAX);
        sign(keys[rotated], &payload, &jws);
        bw_sha256_text(jws.data, jws.len, prev);
        assert_int_equal(bw_check_add(c, jws.data, jws.len, i), 0);
        bw_buf_add(&file, jws.data, jws.len);
        if (i < 6) {
            bw_buf_putc(&file, '\n');
        }
        bw_buf_done(&jws);
        bw_buf_done(&payload);
    }
    same_file("chain.jose", file.data, file.len);
    bw_check_finish(c, &res);
    assert_int_equal(res.first, BW_FAULT_NONE);
    assert_int_equal(res.n_verified, 6);
    bw_buf_puts(&set, "{\"keys\":[");
    assert_int_equal(bw_pubkey_to_jwk(&pub[0], &set), 0);
    bw_buf_putc(&set, ',');
    assert_int_equal(bw_pubkey_to_jwk(&pub[1], &set), 0);
    bw_buf_puts(&set, "]}");
    same_file("chain.jwks", set.data, set.len);
    bw_check_free(c);
    bw_buf_done(&file);
    bw_buf_done(&set);
    bw_key_free(keys[0]);
    bw_key_free(keys[1]);
}

/* starts.vector: what the secret of DAY draws for the test that `schedule` plans. */
static void starts_come_out_the_same(void **state)
{
    uint8_t secret[BW_STARTS_SECRET_LEN];
    uint8_t allowed[BW_STARTS_DAY_MIN];
    int64_t at_ms[BW_STARTS_MAX];
    char text[64];
    struct bw_buf b;
    (void)state;
    vectors_secret(1, secret);
    assert_int_equal(bw_starts_minutes_parse(MINUTES, allowed), 0);
    size_t n =
        bw_starts_day(secret, "http/state", DAY, MEAN_MS, allowed, at_ms, BW_STARTS_MAX);
    assert_true(n > 8 && n < 30);
    bw_buf_init(&b, 4096);
    (void)bw_b64_encode(secret, sizeof(secret), text);
    bw_buf_printf(&b, "{\"secret\":\"%s\",\"kind\":\"http\",\"probe\":\"state\",", text);
    bw_buf_printf(&b, "\"day\":%" PRId64 ",\"mean_ms\":%" PRId64 ",\"minutes\":\"%s\",",
                  DAY, MEAN_MS, MINUTES);
    for (size_t i = 0; i < n; i++) {
        bw_buf_printf(&b, "%s%" PRId64, i ? "," : "\"starts_ms\":[", at_ms[i]);
    }
    bw_buf_puts(&b, "]}");
    same_file("starts.vector", b.data, b.len);
    bw_buf_done(&b);
}

/* draws.vector: the servers and the slots' starts that the secrets behind `campaign` draw.
 */
static void draws_come_out_the_same(void **state)
{
    struct bw_buf b;
    (void)state;
    bw_buf_init(&b, 4096);
    vectors_draws(DAY, &b);
    assert_int_equal(bw_buf_error(&b), 0);
    same_file("draws.vector", b.data, b.len);
    bw_buf_done(&b);
}

/* refused.jsonl: {"payload":…,"why":…} a line, each of which no reader may accept. */
static void refused_ones_are_refused(void **state)
{
    struct bw_buf b;
    int n = 0;
    (void)state;
    read_file("refused.jsonl", &b);
    for (char *at = b.data, *end = b.data + b.len; at < end; n++) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        json_t *o = NULL;
        const char *text = NULL;
        const char *says = NULL;
        struct bw_summary s;
        struct bw_err e = {.text = ""};
        assert_non_null(newline);
        assert_int_equal(bw_json_parse(at, (size_t)(newline - at), 65536, &o, &e), 0);
        assert_int_equal(bw_json_get_str(o, "payload", 65536, &text, &e), 0);
        assert_int_equal(bw_json_get_str(o, "says", 200, &says, &e), 0);
        if (bw_summary_decode(text, strlen(text), &s, &e) == 0) {
            fail_msg("accepted: %s", text);
        }
        if (!strstr(e.text, says)) {
            fail_msg("%s: says '%s', not '%s'", text, e.text, says);
        }
        json_decref(o);
        at = newline + 1;
    }
    assert_true(n >= 20);
    bw_buf_done(&b);
}

static int print_random(long n)
{
    struct gen g = {.state = 4711};
    for (long i = 0; i < n; i++) {
        struct bw_summary s;
        struct bw_buf b;
        bw_buf_init(&b, 1u << 16);
        gen_random_summary(&g, &s);
        if (bw_summary_encode(&s, &b, NULL) == 0) {
            (void)printf("%s\n", b.data);
        }
        bw_summary_done(&s);
        bw_buf_done(&b);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_and_signatures_come_out_the_same),
        cmocka_unit_test(the_chain_comes_out_the_same_and_holds),
        cmocka_unit_test(starts_come_out_the_same),
        cmocka_unit_test(draws_come_out_the_same),
        cmocka_unit_test(refused_ones_are_refused),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    if (argc == 3 && strcmp(argv[1], "--random") == 0) {
        return print_random(strtol(argv[2], NULL, 10));
    }
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        folder = argv[2];
        writing = true;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_summary.c - contract v1: what is written is read back the same, byte for byte; an
 * independent JSON reader sees the same values; everything else is refused by name. */
#include "buf.h"
#include "hash.h"
#include "hist.h"
#include "same_summary.h"
#include "summary_gen.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *encode(const struct bw_summary *s, size_t *n)
{
    struct bw_buf b;
    struct bw_err e = {.text = ""};
    bw_buf_init(&b, 1u << 20);
    if (bw_summary_encode(s, &b, &e) != 0) {
        fail_msg("%s", e.text);
    }
    return bw_buf_take(&b, n);
}

/* Compare a member with what jansson read: absent exactly when unknown. */
static void same_schedule(const struct bw_summary *s, const json_t *o)
{
    const json_t *a = json_object_get(o, "commits");
    assert_int_equal(json_array_size(a), s->schedule.n_commits);
    for (size_t i = 0; i < s->schedule.n_commits; i++) {
        same_int(json_array_get(a, i), "day", s->schedule.commits[i].day_unix_s);
        same_text(json_array_get(a, i), "sha256", s->schedule.commits[i].sha256);
    }
    a = json_object_get(o, "secrets");
    assert_int_equal(json_array_size(a), s->schedule.n_secrets);
    for (size_t i = 0; i < s->schedule.n_secrets; i++) {
        same_int(json_array_get(a, i), "day", s->schedule.secrets[i].day_unix_s);
        same_text(json_array_get(a, i), "secret", s->schedule.secrets[i].secret);
    }
    a = json_object_get(o, "starts");
    assert_int_equal(json_array_size(a), s->schedule.n_starts);
    for (size_t i = 0; i < s->schedule.n_starts; i++) {
        const json_t *p = json_array_get(a, i);
        same_text(p, "probe", s->schedule.starts[i].probe);
        same_text(p, "kind", s->schedule.starts[i].kind);
        same_int(p, "mean_ms", s->schedule.starts[i].mean_ms);
        same_int(p, "give_up_ms", s->schedule.starts[i].give_up_ms);
        same_text(p, "minutes", s->schedule.starts[i].minutes);
        same_text(p, "gate", s->schedule.starts[i].gate);
        same_text(p, "give_up_at", s->schedule.starts[i].give_up_at);
        same_text(p, "outside", s->schedule.starts[i].outside);
        same_text(p, "campaign", s->schedule.starts[i].campaign);
        same_int(p, "from", s->schedule.starts[i].from_unix_s);
        same_int(p, "slots", s->schedule.starts[i].slots);
        same_int(p, "slot_ms", s->schedule.starts[i].slot_ms);
        same_int(p, "spacing_ms", s->schedule.starts[i].spacing_ms);
    }
    assert_true(!o || json_object_size(o) > 0);
}

static void same_values(const struct bw_summary *s, const json_t *o)
{
    const json_t *j;
    assert_int_equal(json_integer_value(json_object_get(o, "v")), 1);
    same_text(o, "site", s->site);
    same_int(o, "seq", s->seq);
    same_text(o, "prev", s->prev);
    j = json_object_get(o, "chain");
    same_text(j, "why", bw_chain_why_name(s->chain.why));
    same_text(j, "prev_kid", s->chain.prev_kid);
    same_int(j, "prev_seq", s->chain.prev_seq);
    same_text(j, "prev_hash", s->chain.prev_hash);
    same_text(o, "agent", s->agent);
    same_text(o, "config", s->config);
    same_text(o, "boot", s->boot);
    same_int(o, "mono_ms", s->mono_ms);
    same_int(o, "start", s->start_unix_s);
    same_int(o, "end", s->end_unix_s);
    j = json_object_get(o, "clock");
    assert_int_equal(j != NULL, s->clock.known);
    if (j) {
        assert_int_equal(json_is_true(json_object_get(j, "synced")), s->clock.synced);
        same_int(j, "max_error_us", s->clock.max_error_us);
        same_int(j, "step_us", s->clock.step_us);
    }
    j = json_object_get(o, "seen");
    same_int(j, "size", s->seen.size);
    same_text(j, "root", s->seen.root);
    same_schedule(s, json_object_get(o, "schedule"));
    assert_int_equal(json_array_size(json_object_get(o, "circuits")), s->n_circuits);
    for (size_t i = 0; i < s->n_circuits; i++) {
        const struct bw_circuit_summary *c = &s->circuits[i];
        const json_t *k;
        static const char *const behind[] = {"nat", "filter", "proxy"};
        size_t n = 0;
        j = json_array_get(json_object_get(o, "circuits"), i);
        same_text(j, "id", c->id);
        same_text(j, "vantage", bw_vantage_name(c->vantage));
        same_text(j, "source", bw_source_name(c->source));
        same_text(j, "layer", bw_layer_name(c->layer));
        same_int(j, "resolution_ms", c->resolution_ms);
        same_int(j, "covered_s", c->covered_s);
        same_int(j, "link_bps", c->link_bps);
        same_int(j, "mtu", c->mtu);
        same_int(j, "saturated_s", c->saturated_s);
        same_int(j, "port_full_s", c->port_full_s);
        same_flow(j, "down", &c->flow[BW_DOWN]);
        same_flow(j, "up", &c->flow[BW_UP]);
        k = json_object_get(j, "behind");
        for (size_t b = 0; b < 3; b++) {
            if (c->behind & (1u << b)) {
                assert_string_equal(json_string_value(json_array_get(k, n++)), behind[b]);
            }
        }
        assert_int_equal(json_array_size(k), n);
    }
    assert_int_equal(json_array_size(json_object_get(o, "outages")), s->n_outages);
    for (size_t i = 0; i < s->n_outages; i++) {
        j = json_array_get(json_object_get(o, "outages"), i);
        same_text(j, "circuit", s->outages[i].circuit);
        same_int(j, "from_ms", s->outages[i].from_unix_ms);
        same_int(j, "to_ms", s->outages[i].to_unix_ms);
        same_text(j, "why", s->outages[i].why);
    }
    assert_int_equal(json_array_size(json_object_get(o, "latency")), s->n_latency);
    for (size_t i = 0; i < s->n_latency; i++) {
        const struct bw_latency *l = &s->latency[i];
        j = json_array_get(json_object_get(o, "latency"), i);
        same_text(j, "circuit", l->circuit);
        same_text(j, "probe", l->probe);
        same_text(j, "kind", l->kind);
        same_int(j, "family", l->family);
        same_int(j, "sent", l->sent);
        same_int(j, "lost", l->lost);
        same_int(j, "late", l->late);
        same_int(j, "sum_us", l->sum_us);
        same_text(j, "rtt_hist", l->rtt_hist);
        same_int(j, "p50_us", l->p50_us);
        same_int(j, "p95_us", l->p95_us);
        same_int(j, "pdv_p95_us", l->pdv_p95_us);
    }
    assert_int_equal(json_array_size(json_object_get(o, "throughput")), s->n_throughput);
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        size_t n = 0;
        j = json_array_get(json_object_get(o, "throughput"), i);
        same_text(j, "circuit", t->circuit);
        same_text(j, "probe", t->probe);
        same_text(j, "kind", t->kind);
        same_text(j, "method", t->method);
        same_text(j, "server", t->server);
        same_text(j, "campaign", t->campaign);
        same_text(j, "direction", t->direction == BW_DOWN ? "down" : "up");
        same_int(j, "at_ms", t->at_unix_ms);
        same_int(j, "duration_ms", t->duration_ms);
        same_text(j, "state", bw_test_state_name(t->state));
        same_text(j, "reason", t->reason);
        same_text(j, "retest_of", t->retest_of);
        same_int(j, "streams", t->streams);
        same_text(j, "cc", t->cc);
        same_int(j, "mtu", t->mtu);
        same_text(j, "grade", bw_grade_name(t->grade));
        same_text(j, "receipt", t->receipt);
        same_text(j, "egress", bw_egress_name(t->egress));
        same_int(j, "bytes", t->bytes);
        same_int(j, "goodput_bps", t->goodput_bps);
        same_int(j, "line_bps", t->line_bps);
        same_int(j, "line_error_ppm", t->line_error_ppm);
        same_int(j, "concurrent_bps", t->concurrent_bps);
        same_int(j, "rtt_idle_us", t->rtt_idle_us);
        same_int(j, "rtt_loaded_p95_us", t->rtt_loaded_p95_us);
        same_int(j, "retransmit_ppm", t->retransmit_ppm);
        same_int(j, "tester_busy_ppm", t->tester_busy_ppm);
        while (n < 7 && t->flags[n]) {
            assert_string_equal(
                json_string_value(json_array_get(json_object_get(j, "flags"), n)),
                t->flags[n]);
            n++;
        }
        assert_int_equal(json_array_size(json_object_get(j, "flags")), n);
    }
    assert_int_equal(json_array_size(json_object_get(o, "traffic")), s->n_traffic);
    for (size_t i = 0; i < s->n_traffic; i++) {
        same_traffic(json_array_get(json_object_get(o, "traffic"), i), &s->traffic[i]);
    }
    assert_int_equal(json_array_size(json_object_get(o, "gaps")), s->n_gaps);
    for (size_t i = 0; i < s->n_gaps; i++) {
        j = json_array_get(json_object_get(o, "gaps"), i);
        same_int(j, "from", s->gaps[i].from_unix_s);
        same_int(j, "to", s->gaps[i].to_unix_s);
        same_text(j, "why", bw_gap_why_name(s->gaps[i].why));
    }
}

static void random_ones_come_back(void **state)
{
    struct gen g = {.state = 20261122};
    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct bw_summary s;
        struct bw_summary back;
        struct bw_err e = {.text = ""};
        json_error_t je;
        size_t n;
        size_t m;
        char *bytes;
        char *again;
        json_t *o;
        gen_random_summary(&g, &s);
        bytes = encode(&s, &n);
        o = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &je);
        assert_non_null(o);
        same_values(&s, o);
        if (bw_summary_decode(bytes, n, &back, &e) != 0) {
            fail_msg("%s in %s", e.text, bytes);
        }
        same_values(&back, o);
        again = encode(&back, &m);
        assert_int_equal(n, m);
        assert_memory_equal(bytes, again, n);
        json_decref(o);
        free(bytes);
        free(again);
        bw_summary_done(&s);
        bw_summary_done(&back);
    }
}

/* What the reader takes, the encoder writes again: no second form of the same thing. */
static void every_changed_byte_is_refused_or_canonical(void **state)
{
    static const char chars[] = "0 \t\"\\,:{}[]-.eE19az\x01\xc3\xff";
    struct gen g = {.state = 7};
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct bw_summary s;
        size_t n;
        char *bytes;
        gen_random_summary(&g, &s);
        bytes = encode(&s, &n);
        bw_summary_done(&s);
        for (size_t i = 0; i < n; i++) {
            char keep = bytes[i];
            bytes[i] = chars[gen_between(&g, 0, sizeof(chars) - 1)];
            if (bw_summary_decode(bytes, n, &s, NULL) == 0) {
                size_t m;
                char *again = encode(&s, &m);
                assert_int_equal(n, m);
                assert_memory_equal(bytes, again, n);
                free(again);
                bw_summary_done(&s);
            }
            bytes[i] = keep;
        }
        for (size_t i = 0; i < n; i++) { /* cut short anywhere */
            assert_int_equal(bw_summary_decode(bytes, i, &s, NULL), -BW_EMALFORMED);
        }
        free(bytes);
    }
}

#define HASH "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
#define HEAD "{\"v\":1,\"site\":\"s-4f9k2\",\"seq\":2,\"prev\":\"" HASH "\","
#define AGENT "\"agent\":\"bandwitnessd/0.1.0\",\"config\":\"" HASH "\","
#define TIMES "\"start\":600,\"end\":900"
#define WAN "\"circuits\":[{\"id\":\"wan\",\"source\":\"kernel\",\"covered_s\":300}]"
#define LAN "\"circuits\":[{\"id\":\"wan\",\"source\":\"none\"}]"
#define FINE HEAD AGENT TIMES "," WAN
#define STARTS(s) HEAD AGENT TIMES ",\"schedule\":{\"starts\":[" s "]}}"
#define OWN "{\"probe\":\"a\",\"kind\":\"http\","
#define OWN_TAIL "\"give_up_ms\":5,\"minutes\":\"0-9\""
#define OF_CAMPAIGN(from, slots, slot_ms, spacing_ms)                                      \
    OWN "\"give_up_ms\":5,\"campaign\":\"c\",\"from\":" from ",\"slots\":" slots           \
        ",\"slot_ms\":" slot_ms ",\"spacing_ms\":" spacing_ms "}"

static void refusals_name_the_member(void **state)
{
    static const struct {
        const char *json;
        const char *says; /* NULL: it is fine */
    } rows[] = {
        {HEAD AGENT TIMES "}", NULL},
        {FINE "}", NULL},
        {STARTS(OWN "\"mean_ms\":1000," OWN_TAIL "}"), NULL},
        {STARTS(OWN OWN_TAIL "}"), "starts[0].mean_ms: missing"},
        {STARTS(OWN "\"mean_ms\":1000,\"give_up_ms\":5}"), "starts[0].minutes: not"},
        {STARTS(OWN "\"mean_ms\":1000," OWN_TAIL ",\"outside\":\"a+b\"}"), NULL},
        {STARTS(OWN "\"mean_ms\":1000," OWN_TAIL ",\"outside\":\"a+a\"}"),
         "starts[0].outside: not names"},
        {STARTS(OWN "\"mean_ms\":1000," OWN_TAIL ",\"give_up_at\":\"day\"}"), "give_up_at"},
        {STARTS(OWN "\"mean_ms\":1000," OWN_TAIL ",\"slots\":4}"), "are of a campaign"},
        {STARTS(OF_CAMPAIGN("600", "6", "3600000", "60000")), NULL},
        {STARTS(OF_CAMPAIGN("600", "6", "3600000", "3600000")), "of less than slot_ms"},
        {STARTS(OF_CAMPAIGN("600", "49", "3600000", "0")), "of 48 hours at most"},
        {STARTS(OWN "\"mean_ms\":1000,\"give_up_ms\":5,\"campaign\":\"c\"}"),
         "a campaign has slots, no mean_ms"},
        {STARTS(OWN "\"give_up_ms\":5,\"campaign\":\"c\",\"from\":600}"),
         "a campaign has from, slots"},
        {STARTS(
             OF_CAMPAIGN("600", "6", "1000", "0") "," OF_CAMPAIGN("900", "6", "1000", "0")),
         NULL},
        {STARTS(
             OF_CAMPAIGN("600", "6", "1000", "0") "," OF_CAMPAIGN("600", "7", "1000", "0")),
         "the same probe as starts[0]"},
        {"", "does not begin"},
        {"{\"v\":0,", "out of range"},
        {HEAD AGENT TIMES "} ", "bytes behind"},
        {HEAD AGENT TIMES, "neither ',' nor '}'"},
        {HEAD AGENT TIMES ",}", "a member is expected"},
        {HEAD AGENT "\"start\":600,\"end\": 900}", "end: not a whole number"},
        {HEAD AGENT "\"start\":600, \"end\":900}", "white space"},
        {HEAD AGENT "\"start\":600.0,\"end\":900}", "start: not a whole number"},
        {HEAD AGENT "\"start\":6e2,\"end\":900}", "start: not a whole number"},
        {HEAD AGENT "\"start\":0600,\"end\":900}", "start: a leading zero"},
        {HEAD AGENT "\"start\":-0,\"end\":900}", "start: minus zero"},
        {HEAD AGENT "\"start\":-1,\"end\":900}", "start: out of range"},
        {HEAD AGENT "\"start\":\"600\",\"end\":900}", "start: not a whole number"},
        {HEAD AGENT "\"start\":null,\"end\":900}", "start: not a whole number"},
        {HEAD AGENT "\"start\":99999999999999999999,\"end\":900}", "start: out of range"},
        {HEAD AGENT "\"start\":900,\"end\":600}", "end: not after start"},
        {HEAD AGENT "\"start\":600,\"end\":4201}", "end: more than 3600 s"},
        {HEAD AGENT "\"end\":900,\"start\":600}", "start: missing"},
        {HEAD AGENT "\"start\":600,\"start\":600,\"end\":900}",
         "member \"start\" twice or out of order"},
        {HEAD AGENT "\"start\":600,\"end\":900,\"zzz\":1}", "unknown member \"zzz\""},
        {HEAD "\"agent\":\"\",\"config\":\"" HASH "\"," TIMES "}", "agent: empty"},
        {HEAD "\"agent\":\"\\u0041\",\"config\":\"" HASH "\"," TIMES "}",
         "agent: an escape that is not canonical"},
        {HEAD "\"agent\":\"a\xff\",\"config\":\"" HASH "\"," TIMES "}",
         "agent: empty, not UTF"},
        {HEAD "\"agent\":\"a\nb\",\"config\":\"" HASH "\"," TIMES "}",
         "agent: empty, not UTF"},
        {HEAD
         "\"agent\":\"0123456789012345678901234567890123456789012345678901234567890123\","
         "\"config\":\"" HASH "\"," TIMES "}",
         "agent: too long"},
        {HEAD
         "\"agent\":\"a\",\"config\":\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV\"," TIMES
         "}",
         "config: not 32 bytes"},
        {"{\"v\":1,\"site\":\"S-4f9k2\",", "site: not a site"},
        {"{\"v\":1,\"site\":\"s-4f9k2\",\"seq\":2," AGENT TIMES "}", "prev: missing"},
        {"{\"v\":1,\"site\":\"s-4f9k2\",\"seq\":1," AGENT TIMES "}", "chain: missing"},
        {"{\"v\":1,\"site\":\"s-4f9k2\",\"seq\":1,\"prev\":\"" HASH
         "\",\"chain\":{\"why\":\"new\"}," AGENT TIMES "}",
         "prev: the record with seq 1 has none"},
        {"{\"v\":1,\"site\":\"s-4f9k2\",\"seq\":1,\"chain\":{\"why\":\"new\"}," AGENT TIMES
         "}",
         NULL},
        {"{\"v\":1,\"site\":\"s-4f9k2\",\"seq\":1,\"chain\":{\"why\":\"rotated\"}," AGENT
             TIMES "}",
         "chain: the predecessor"},
        {"{\"v\":1,\"site\":\"s-4f9k2\",\"seq\":1,\"chain\":{\"why\":\"new\",\"prev_seq\":"
         "3}," AGENT TIMES "}",
         "chain: prev_kid, prev_seq and prev_hash come together"},
        {"{\"v\":1,\"site\":\"s-4f9k2\",\"seq\":1,\"chain\":{}," AGENT TIMES "}",
         "chain.why: missing"},
        {FINE ",\"outages\":[]}", "outages[0]: not an object"},
        {FINE ",\"outages\":{}}", "outages: not an array"},
        {FINE
         ",\"outages\":[{\"circuit\":\"lte\",\"from_ms\":1,\"why\":\"carrier down\"}]}",
         "outages[0].circuit: 'lte' is not in circuits"},
        {FINE
         ",\"outages\":[{\"circuit\":\"wan\",\"from_ms\":5,\"to_ms\":5,\"why\":\"carrier "
         "down\"}]}",
         "outages[0].to_ms: not after"},
        {FINE ",\"outages\":[{\"circuit\":\"wan\",\"from_ms\":5,\"why\":\"bad luck\"}]}",
         "outages[0].why: not one of the contract's words"},
        {FINE ",\"latency\":[{\"circuit\":\"wan\",\"probe\":\"a\",\"kind\":\"icmp\","
              "\"sent\":9}]}",
         "latency[0].lost: missing"},
        {FINE
         ",\"latency\":[{\"circuit\":\"wan\",\"probe\":\"a\",\"kind\":\"icmp\",\"sent\":9,"
         "\"lost\":10}]}",
         "latency[0].lost: more than were sent"},
        {FINE
         ",\"latency\":[{\"circuit\":\"wan\",\"probe\":\"a\",\"kind\":\"icmp\",\"sent\":9,"
         "\"lost\":9,\"p50_us\":0}]}",
         "latency[0]: nothing came back"},
        {FINE
         ",\"latency\":[{\"circuit\":\"wan\",\"probe\":\"a\",\"kind\":\"icmp\",\"sent\":9,"
         "\"lost\":8,\"rtt_hist\":\"oAAC\"}]}",
         "latency[0].rtt_hist: not a histogram"},
        {FINE
         ",\"latency\":[{\"circuit\":\"wan\",\"probe\":\"a\",\"kind\":\"icmp\",\"sent\":9,"
         "\"lost\":8,\"rtt_hist\":\"EAI\"}]}",
         "latency[0].rtt_hist: holds 2 answers of 1"},
        {FINE
         ",\"latency\":[{\"circuit\":\"wan\",\"probe\":\"a\",\"kind\":\"icmp\",\"sent\":9,"
         "\"lost\":9},{\"circuit\":\"wan\",\"probe\":\"a\",\"kind\":\"icmp\",\"sent\":9,"
         "\"lost\":9}]}",
         "latency[1]: the same target as latency[0]"},
        {HEAD AGENT TIMES ",\"circuits\":[{\"id\":\"wan\",\"source\":\"kernel\"}]}",
         "circuits[0].covered_s: missing"},
        {HEAD AGENT TIMES
         ",\"circuits\":[{\"id\":\"wan\",\"source\":\"none\",\"covered_s\":0}]}",
         "circuits[0]: source is none"},
        {HEAD AGENT TIMES ",\"circuits\":[{\"id\":\"wan\",\"source\":\"none\","
                          "\"down\":{\"bytes\":0}}]}",
         "circuits[0]: source is none"},
        {HEAD AGENT TIMES
         ",\"circuits\":[{\"id\":\"wan\",\"source\":\"kernel\",\"covered_s\":1,"
         "\"down\":{}}]}",
         "circuits[0].down: empty"},
        {HEAD AGENT TIMES ",\"circuits\":[{\"id\":\"wan\",\"behind\":[\"proxy\",\"nat\"],"
                          "\"source\":\"none\"}]}",
         "circuits[0].behind[1]: out of order"},
        {HEAD AGENT TIMES ",\"circuits\":[{\"id\":\"wan\",\"source\":\"none\"},"
                          "{\"id\":\"wan\",\"source\":\"none\"}]}",
         "circuits[1].id: 'wan' stands there twice"},
        {HEAD AGENT TIMES "," LAN ",\"throughput\":[{\"circuit\":\"wan\",\"probe\":\"a\","
                          "\"kind\":\"http\",\"direction\":\"down\",\"at_ms\":1,"
                          "\"duration_ms\":5,\"state\":\"ok\",\"grade\":\"self\","
                          "\"egress\":\"unknown\",\"bytes\":1,\"goodput_bps\":1,"
                          "\"line_bps\":5}]}",
         "throughput[0]: its circuit has source none"},
        {FINE ",\"throughput\":[{\"circuit\":\"wan\",\"probe\":\"a\",\"kind\":\"http\","
              "\"direction\":\"down\",\"at_ms\":1,\"state\":\"failed\",\"grade\":\"self\","
              "\"egress\":\"unknown\",\"goodput_bps\":0}]}",
         "throughput[0]: state is not ok"},
        {FINE ",\"gaps\":[{\"from\":5,\"to\":4,\"why\":\"clock\"}]}",
         "gaps[0].to: before from"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_summary s;
        struct bw_err e = {.text = ""};
        int r = bw_summary_decode(rows[i].json, strlen(rows[i].json), &s, &e);
        if (!rows[i].says) {
            if (r != 0) {
                fail_msg("%s: %s", rows[i].json, e.text);
            }
            bw_summary_done(&s);
            continue;
        }
        if (r != -BW_EMALFORMED || !strstr(e.text, rows[i].says)) {
            fail_msg("%s: %d \"%s\", wanted \"%s\"", rows[i].json, r, e.text, rows[i].says);
        }
    }
}

static void another_version_wants_a_newer_reader(void **state)
{
    static const char json[] = "{\"v\":2,\"anything\":[1.5]}";
    struct bw_summary s;
    struct bw_err e = {.text = ""};
    (void)state;
    assert_int_equal(bw_summary_decode(json, sizeof(json) - 1, &s, &e), -BW_ENEWER);
    assert_non_null(strstr(e.text, "version 2"));
}

/* Nothing came back at all: no member of the round trip may be there, not even as 0. */
static void all_lost_has_no_rtt(void **state)
{
    static const char *const rtt[] = {"sum_us", "rtt_hist", "p50_us", "p95_us",
                                      "pdv_p95_us"};
    struct gen g = {.state = 1};
    struct bw_summary s;
    struct bw_buf b;
    struct bw_err e = {.text = ""};
    size_t n;
    char *bytes;
    json_t *o;
    (void)state;
    gen_plausible_summary(&g, 1, 1789000200, 300, 1, &s);
    s.latency[0].lost = s.latency[0].sent;
    bw_buf_init(&b, BW_PAYLOAD_MAX);
    assert_int_equal(bw_summary_encode(&s, &b, &e), -EINVAL); /* not signed by mistake */
    assert_non_null(strstr(e.text, "latency[0]"));
    assert_int_equal(b.len, 0);
    bw_buf_done(&b);
    s.latency[0].rtt_hist = NULL;
    s.latency[0].sum_us = s.latency[0].p50_us = BW_UNKNOWN;
    s.latency[0].p95_us = s.latency[0].pdv_p95_us = BW_UNKNOWN;
    bytes = encode(&s, &n);
    o = json_loadb(bytes, n, 0, NULL);
    assert_non_null(o);
    for (size_t i = 0; i < sizeof(rtt) / sizeof(rtt[0]); i++) {
        assert_null(
            json_object_get(json_array_get(json_object_get(o, "latency"), 0), rtt[i]));
        assert_null(strstr(bytes, rtt[i]));
    }
    assert_int_equal(json_integer_value(json_object_get(
                         json_array_get(json_object_get(o, "latency"), 0), "lost")),
                     300);
    json_decref(o);
    free(bytes);
    bw_summary_done(&s);
}

static void encoder_names_what_is_missing(void **state)
{
    struct gen g = {.state = 1};
    struct bw_summary s;
    struct bw_buf b;
    struct bw_err e = {.text = ""};
    (void)state;
    bw_buf_init(&b, BW_PAYLOAD_MAX);
    bw_buf_puts(&b, "kept");
    gen_plausible_summary(&g, 1, 1789000200, 300, 2, &s);
    s.latency[1].sent = BW_UNKNOWN;
    assert_int_equal(bw_summary_encode(&s, &b, &e), -EINVAL);
    assert_string_equal(e.text, "latency[1].sent: missing");
    s.latency[1].sent = 300;
    s.circuits[0].flow[BW_UP].bytes = -1;
    assert_int_equal(bw_summary_encode(&s, &b, &e), -EINVAL);
    assert_string_equal(e.text, "circuits[0].up.bytes: out of range");
    assert_string_equal(b.data, "kept");
    s.circuits[0].flow[BW_UP].bytes = 1;
    s.site[0] = '\0';
    assert_int_equal(bw_summary_encode(&s, &b, &e), -EINVAL);
    assert_string_equal(e.text, "site: missing");
    bw_summary_done(&s);
    bw_buf_done(&b);
}

/* A reason in somebody else's words never costs the record. */
static void foreign_text_is_made_fit(void **state)
{
    struct gen g = {.state = 3};
    struct bw_summary s;
    struct bw_summary back;
    char longest[301];
    size_t n;
    char *bytes;
    (void)state;
    memset(longest, 'x', 300);
    memcpy(longest, "a\nb\xff\"\\\xc3\xa4", 8);
    longest[198] = '\x01';
    longest[199] = '\xc3'; /* a character that would straddle the limit of 200 bytes */
    longest[200] = '\xa4';
    longest[300] = '\0';
    gen_plausible_summary(&g, 1, 1789000200, 300, 0, &s);
    s.n_throughput = 1;
    s.throughput = bw_summary_alloc(&s, sizeof(*s.throughput));
    bw_throughput_init(s.throughput);
    (void)snprintf(s.throughput->circuit, sizeof(s.throughput->circuit), "wan");
    (void)snprintf(s.throughput->probe, sizeof(s.throughput->probe), "state");
    (void)snprintf(s.throughput->kind, sizeof(s.throughput->kind), "http");
    s.throughput->at_unix_ms = 1789000201000;
    s.throughput->state = BW_TEST_FAILED;
    s.throughput->reason = longest;
    bytes = encode(&s, &n);
    assert_int_equal(bw_summary_decode(bytes, n, &back, NULL), 0);
    assert_memory_equal(back.throughput[0].reason, "a?b?\"\\\xc3\xa4", 8);
    assert_int_equal(strlen(back.throughput[0].reason), 199);
    assert_int_equal(back.throughput[0].reason[198], '?');
    bw_summary_done(&back);
    bw_summary_done(&s);
    free(bytes);
}

static void too_large_is_refused(void **state)
{
    struct gen g = {.state = 5};
    struct bw_summary s;
    struct bw_buf b;
    struct bw_err e = {.text = ""};
    char *blank = calloc(1, BW_PAYLOAD_MAX + 1);
    (void)state;
    gen_plausible_summary(&g, 1, 1789000200, 3600, 32, &s);
    for (size_t i = 0; i < s.n_latency; i++) { /* as spread out as delay can be */
        struct bw_hist *h = calloc(1, sizeof(*h));
        struct bw_buf text;
        for (int64_t v = 20; v < 200; v++) {
            bw_hist_add(h, v * v * v);
        }
        bw_buf_init(&text, 65536);
        (void)bw_hist_encode(h, &text);
        s.latency[i].rtt_hist = bw_summary_strdup(&s, text.data);
        bw_buf_done(&text);
        free(h);
    }
    bw_buf_init(&b, 1u << 20);
    assert_int_equal(bw_summary_encode(&s, &b, &e), -E2BIG);
    assert_int_equal(b.len, 0);
    assert_int_equal(bw_summary_decode(blank, BW_PAYLOAD_MAX + 1, &s, &e), -BW_EMALFORMED);
    bw_summary_done(&s);
    bw_buf_done(&b);
    free(blank);
}

static void words_go_both_ways(void **state)
{
    enum bw_vantage v;
    enum bw_source s;
    enum bw_layer l;
    (void)state;
    assert_int_equal(bw_vantage_parse("lan-side", &v), 0);
    assert_int_equal(v, BW_VANTAGE_LAN_SIDE);
    assert_int_equal(bw_source_parse("none", &s), 0);
    assert_int_equal(s, BW_SOURCE_NONE);
    assert_int_equal(bw_layer_parse("ip", &l), 0);
    assert_int_equal(bw_layer_parse("IP", &l), -EINVAL);
    assert_null(bw_vantage_name(BW_VANTAGE_UNKNOWN));
    assert_null(bw_chain_why_name(BW_CHAIN_CONTINUES));
    assert_string_equal(bw_gap_why_name(BW_GAP_STOPPED), "daemon stopped");
    assert_string_equal(bw_gap_why_name(BW_GAP_STORAGE), "storage full");
    assert_true(bw_site_valid("s-4f9k2"));
    assert_false(bw_site_valid("s-4f9k"));
    assert_false(bw_site_valid("s-4f9k1"));
    assert_true(bw_name_valid("provider-edge"));
    assert_false(bw_name_valid("-x"));
    assert_false(bw_name_valid(""));
}

/* What a far end made up is unknown, and costs no record. */
static void beyond_is_unknown(void **state)
{
    struct bw_throughput t;
    (void)state;
    bw_throughput_init(&t);
    t.duration_ms = 0;
    t.near.rtt_us = 20000;
    t.far.rtt_us = INT64_MAX;
    t.far.min_rtt_us = -1;
    t.far.retransmit_ppm = 1000001;
    t.far.app_limited_ppm = 1000000;
    bw_throughput_forget_beyond(&t);
    assert_true(t.duration_ms == BW_UNKNOWN && t.far.min_rtt_us == BW_UNKNOWN);
    assert_true(t.far.rtt_us == BW_UNKNOWN);
    assert_true(t.far.retransmit_ppm == BW_UNKNOWN && t.goodput_bps == BW_UNKNOWN);
    assert_true(t.near.rtt_us == 20000 && t.far.app_limited_ppm == 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beyond_is_unknown),
        cmocka_unit_test(random_ones_come_back),
        cmocka_unit_test(every_changed_byte_is_refused_or_canonical),
        cmocka_unit_test(refusals_name_the_member),
        cmocka_unit_test(another_version_wants_a_newer_reader),
        cmocka_unit_test(all_lost_has_no_rtt),
        cmocka_unit_test(encoder_names_what_is_missing),
        cmocka_unit_test(foreign_text_is_made_fit),
        cmocka_unit_test(too_large_is_refused),
        cmocka_unit_test(words_go_both_ways),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

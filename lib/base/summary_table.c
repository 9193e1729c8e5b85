/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_table.c - the members of contract v1 in their order, with kind, range and need.
 *
 * docs/summary-v1.md says the same in words; a change here is a change of the contract. */
#include "summary_table.h"
#include "starts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
#define KEY(k) .key = "\"" k "\":", .key_len = sizeof("\"" k "\":") - 1
#define INT(k, st, f, lo, hi) \
    {KEY(k), .kind = BW_KIND_INT, .at = offsetof(struct st, f), .min = (lo), .max = (hi)}
#define INT_REQ(k, st, f, lo, hi) \
    {KEY(k), .kind = BW_KIND_INT, .required = true, .at = offsetof(struct st, f), \
     .min = (lo), .max = (hi)}
#define CHARS(k, kind_, st, f, req) \
    {KEY(k), .kind = (kind_), .required = (req), .at = offsetof(struct st, f), \
     .size = sizeof(((struct st *)0)->f), .max = (int64_t)sizeof(((struct st *)0)->f) - 1}
#define PCHARS(k, kind_, st, f, n) \
    {KEY(k), .kind = (kind_), .at = offsetof(struct st, f), .max = (n)}
#define ENUM(k, st, f, w, req) \
    {KEY(k), .kind = BW_KIND_ENUM, .required = (req), .at = offsetof(struct st, f), .words = (w), \
     .n_words = sizeof(w) / sizeof((w)[0])}
#define ARRAY(k, st, f, n_f, members, n) \
    {KEY(k), .kind = BW_KIND_ARRAY, .at = offsetof(struct st, f), \
     .size = sizeof(*((struct st *)0)->f), .count_at = offsetof(struct st, n_f), \
     .max = (n), .sub = (members)}
#define END {.kind = BW_KIND_END}
/* clang-format on */

enum {
    OUTAGES_MAX = 64,
    LATENCY_MAX = 2 * BW_TARGETS_MAX, /* each target over IPv4 and over IPv6 */
    TESTS_MAX = 32,
    MIX_MAX = 16,
    CODES_MAX = 8,
    PHASES_MAX = 8,
    PATHS_MAX = 16,
    HOPS_MAX = 40,
    CERT_DAYS_MAX = 36600,
    COMMITS_MAX = 4,
    SECRETS_MAX = 8,
    STARTS_MAX = 32,
    MEAN_MS_MIN = 1000,
    FRAME_OFFSET_MAX = 64,
    HIST_MAX = 4096,
    DEVICES_MAX = 1 << 24,
    SLOTS_MAX = 1440,
    PPM = 1000000,
    PPM_WIDE = 1000000000, /* an error or a load may be more than the whole */
    HOUR_MS = 3600000
};

#define N_MAX BW_SUMMARY_INT_MAX
#define UNIX_S_MAX INT64_C(253402300799) /* the end of the year 9999 */
#define UNIX_MS_MAX (UNIX_S_MAX * 1000 + 999)
#define STEP_US_MAX N_MAX
#define US_MAX INT64_C(3600000000)
#define DAY_MS (INT64_C(86400) * 1000)
#define MONTH_MS (INT64_C(31) * 86400000)

/* The words by value; a value without one is NULL. */
static const char *const chain_whys[] = {[BW_CHAIN_NEW] = "new",
                                         [BW_CHAIN_ROTATED] = "rotated",
                                         [BW_CHAIN_REPLACED] = "replaced",
                                         [BW_CHAIN_FORK] = "fork",
                                         [BW_CHAIN_RESTORED] = "restored"};
static const char *const vantages[] = {[BW_VANTAGE_ROUTER] = "router",
                                       [BW_VANTAGE_BRIDGE] = "bridge",
                                       [BW_VANTAGE_WAN_SIDE] = "wan-side",
                                       [BW_VANTAGE_LAN_SIDE] = "lan-side",
                                       [BW_VANTAGE_MIRROR] = "mirror"};
static const char *const behinds[] = {"nat", "filter", "proxy"};
static const char *const sources[] = {[BW_SOURCE_NONE] = "none",
                                      [BW_SOURCE_KERNEL] = "kernel",
                                      [BW_SOURCE_SNMP] = "snmp",
                                      [BW_SOURCE_MIRROR] = "mirror"};
static const char *const layers[] = {
    [BW_LAYER_ETHERNET] = "ethernet", [BW_LAYER_IP] = "ip", [BW_LAYER_GOODPUT] = "goodput"};
static const char *const counter_layers[] = {
    [BW_LAYER_ETHERNET] = "ethernet", [BW_LAYER_IP] = "ip"};
static const char *const outage_whys[] = {"targets silent", "carrier down"};
static const char *const give_up_ats[] = {"hour"};
static const char *const gap_whys[] = {
    [BW_GAP_STOPPED] = "daemon stopped", [BW_GAP_CLOCK] = "clock",
    [BW_GAP_REFUSED] = "refused",        [BW_GAP_DEFERRED] = "deferred",
    [BW_GAP_COUNTER] = "counter",        [BW_GAP_STORAGE] = "storage full"};
static const char *const directions[] = {[BW_DOWN] = "down", [BW_UP] = "up"};
static const char *const test_states[] = {[BW_TEST_OK] = "ok",
                                          [BW_TEST_FAILED] = "failed",
                                          [BW_TEST_DEFERRED] = "deferred",
                                          [BW_TEST_CANCELLED] = "cancelled"};
static const char *const grades[] = {[BW_GRADE_SELF] = "self",
                                     [BW_GRADE_RECEIPT] = "receipt",
                                     [BW_GRADE_ARCHIVE] = "archive"};
static const char *const egresses[] = {[BW_EGRESS_UNKNOWN] = "unknown",
                                       [BW_EGRESS_MATCH] = "match",
                                       [BW_EGRESS_OTHER] = "other"};

#define N_WORDS(w) (sizeof(w) / sizeof((w)[0]))

static const char *word_of(const char *const *words, size_t n_words, unsigned v)
{
    return v < n_words ? words[v] : NULL;
}

static int value_of(const char *const *words, size_t n_words, const char *word)
{
    for (size_t i = 0; i < n_words; i++) {
        if (words[i] && strcmp(words[i], word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): a function's and a type's name */
#define DEFINE_NAME(fn, type, words)                                                       \
    const char *fn(enum type v)                                                            \
    {                                                                                      \
        return word_of(words, N_WORDS(words), (unsigned)v);                                \
    }
DEFINE_NAME(bw_chain_why_name, bw_chain_why, chain_whys)
DEFINE_NAME(bw_vantage_name, bw_vantage, vantages)
DEFINE_NAME(bw_source_name, bw_source, sources)
DEFINE_NAME(bw_layer_name, bw_layer, layers)
DEFINE_NAME(bw_gap_why_name, bw_gap_why, gap_whys)
DEFINE_NAME(bw_test_state_name, bw_test_state, test_states)
DEFINE_NAME(bw_grade_name, bw_grade, grades)
DEFINE_NAME(bw_egress_name, bw_egress, egresses)

const char *bw_behind_name(enum bw_behind bit)
{
    for (size_t i = 0; i < N_WORDS(behinds); i++) {
        if ((unsigned)bit == 1U << i) {
            return behinds[i];
        }
    }
    return NULL;
}

#define DEFINE_PARSE(fn, type, words)                                                      \
    int fn(const char *word, enum type *ret)                                               \
    {                                                                                      \
        int v = value_of(words, N_WORDS(words), word);                                     \
        if (v < 0) {                                                                       \
            return -EINVAL;                                                                \
        }                                                                                  \
        *ret = (enum type)v;                                                               \
        return 0;                                                                          \
    }
DEFINE_PARSE(bw_vantage_parse, bw_vantage, vantages)
DEFINE_PARSE(bw_source_parse, bw_source, sources)
DEFINE_PARSE(bw_layer_parse, bw_layer, layers)
/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */

/* ---- objects that are there or not --------------------------------------------------- */

static bool chain_present(const void *owner)
{
    const struct bw_summary *s = owner;
    return s->chain.why != BW_CHAIN_CONTINUES;
}

static bool clock_present(const void *owner)
{
    const struct bw_summary *s = owner;
    return s->clock.known;
}

static void clock_mark(void *owner)
{
    struct bw_summary *s = owner;
    s->clock.known = true;
}

static bool seen_present(const void *owner)
{
    const struct bw_summary *s = owner;
    return s->seen.size != BW_UNKNOWN;
}

static bool schedule_present(const void *owner)
{
    const struct bw_summary *s = owner;
    return s->schedule.n_commits > 0 || s->schedule.n_secrets > 0 || s->schedule.n_starts > 0;
}

static bool flow_known(const struct bw_flow *f)
{
    return f->bytes != BW_UNKNOWN || f->packets != BW_UNKNOWN || f->p95_1s_bps != BW_UNKNOWN ||
           f->peak_1s_bps != BW_UNKNOWN || f->peak_sliding_1s_bps != BW_UNKNOWN ||
           f->drops != BW_UNKNOWN || f->errors != BW_UNKNOWN ||
           f->frame_offset_bytes != BW_UNKNOWN;
}

static bool down_present(const void *owner)
{
    const struct bw_circuit_summary *c = owner;
    return flow_known(&c->flow[BW_DOWN]);
}

static bool up_present(const void *owner)
{
    const struct bw_circuit_summary *c = owner;
    return flow_known(&c->flow[BW_UP]);
}

static bool tcp_known(const struct bw_tcp_figures *e)
{
    return e->rtt_us != BW_UNKNOWN || e->min_rtt_us != BW_UNKNOWN ||
           e->retransmit_ppm != BW_UNKNOWN || e->app_limited_ppm != BW_UNKNOWN ||
           e->rwnd_limited_ppm != BW_UNKNOWN || e->sndbuf_limited_ppm != BW_UNKNOWN;
}

static bool near_present(const void *owner)
{
    const struct bw_throughput *t = owner;
    return tcp_known(&t->near);
}

static bool far_present(const void *owner)
{
    const struct bw_throughput *t = owner;
    return tcp_known(&t->far);
}

static bool way_known(const struct bw_tcp_way *w)
{
    return w->bytes != BW_UNKNOWN || w->resent_bytes != BW_UNKNOWN ||
           w->resent_ppm != BW_UNKNOWN || w->resent_low_ppm != BW_UNKNOWN ||
           w->resent_high_ppm != BW_UNKNOWN || w->reordered_ppm != BW_UNKNOWN ||
           w->reordered_low_ppm != BW_UNKNOWN || w->reordered_high_ppm != BW_UNKNOWN;
}

static bool tcp_down_present(const void *owner)
{
    const struct bw_traffic *t = owner;
    return way_known(&t->tcp[BW_DOWN]);
}

static bool tcp_up_present(const void *owner)
{
    const struct bw_traffic *t = owner;
    return way_known(&t->tcp[BW_UP]);
}

/* ---- the members ---------------------------------------------------------------------- */

#define FLOW(d) \
    INT("bytes", bw_circuit_summary, flow[d].bytes, 0, N_MAX), \
    INT("packets", bw_circuit_summary, flow[d].packets, 0, N_MAX), \
    INT("p95_1s_bps", bw_circuit_summary, flow[d].p95_1s_bps, 0, N_MAX), \
    INT("peak_1s_bps", bw_circuit_summary, flow[d].peak_1s_bps, 0, N_MAX), \
    INT("peak_sliding_1s_bps", bw_circuit_summary, flow[d].peak_sliding_1s_bps, 0, N_MAX), \
    INT("drops", bw_circuit_summary, flow[d].drops, 0, N_MAX), \
    INT("errors", bw_circuit_summary, flow[d].errors, 0, N_MAX), \
    INT("frame_offset_bytes", bw_circuit_summary, flow[d].frame_offset_bytes, \
        -FRAME_OFFSET_MAX, FRAME_OFFSET_MAX), \
    END

static const struct bw_member down_members[] = {FLOW(BW_DOWN)};
static const struct bw_member up_members[] = {FLOW(BW_UP)};

const struct bw_member bw_circuit_members[] = {
    CHARS("id", BW_KIND_NAME, bw_circuit_summary, id, true),
    ENUM("vantage", bw_circuit_summary, vantage, vantages, false),
    {KEY("behind"), .kind = BW_KIND_BITS, .at = offsetof(struct bw_circuit_summary, behind),
     .words = behinds, .n_words = N_WORDS(behinds)},
    ENUM("source", bw_circuit_summary, source, sources, true),
    INT("resolution_ms", bw_circuit_summary, resolution_ms, 1, HOUR_MS),
    ENUM("layer", bw_circuit_summary, layer, counter_layers, false),
    INT("covered_s", bw_circuit_summary, covered_s, 0, BW_INTERVAL_MAX_S),
    INT("link_bps", bw_circuit_summary, link_bps, 1, N_MAX),
    INT("mtu", bw_circuit_summary, mtu, 68, 1 << 20),
    INT("saturated_s", bw_circuit_summary, saturated_s, 0, BW_INTERVAL_MAX_S),
    INT("port_full_s", bw_circuit_summary, port_full_s, 0, BW_INTERVAL_MAX_S),
    {KEY("down"), .kind = BW_KIND_OBJECT, .sub = down_members, .present = down_present},
    {KEY("up"), .kind = BW_KIND_OBJECT, .sub = up_members, .present = up_present},
    END};

static const struct bw_member outage_members[] = {
    CHARS("circuit", BW_KIND_NAME, bw_outage, circuit, true),
    INT_REQ("from_ms", bw_outage, from_unix_ms, 0, UNIX_MS_MAX),
    INT("to_ms", bw_outage, to_unix_ms, 0, UNIX_MS_MAX),
    {KEY("why"), .kind = BW_KIND_STATIC, .required = true,
     .at = offsetof(struct bw_outage, why), .words = outage_whys,
     .n_words = N_WORDS(outage_whys)},
    END};

static const struct bw_member code_members[] = {
    CHARS("code", BW_KIND_WORD, bw_code, code, true),
    INT_REQ("n", bw_code, n, 1, UINT32_MAX),
    END};

static const struct bw_member phase_members[] = {
    CHARS("phase", BW_KIND_WORD, bw_phase_times, phase, true),
    INT("sum_us", bw_phase_times, sum_us, 0, N_MAX),
    PCHARS("time_hist", BW_KIND_PHIST, bw_phase_times, time_hist, 4096),
    END};

const struct bw_member bw_latency_members[] = {
    CHARS("circuit", BW_KIND_NAME, bw_latency, circuit, true),
    CHARS("probe", BW_KIND_NAME, bw_latency, probe, true),
    CHARS("kind", BW_KIND_WORD, bw_latency, kind, true),
    INT("family", bw_latency, family, 4, 6),
    INT_REQ("sent", bw_latency, sent, 0, UINT32_MAX),
    INT_REQ("lost", bw_latency, lost, 0, UINT32_MAX),
    INT("late", bw_latency, late, 0, UINT32_MAX),
    INT("sum_us", bw_latency, sum_us, 0, N_MAX),
    PCHARS("rtt_hist", BW_KIND_PHIST, bw_latency, rtt_hist, 4096),
    INT("p50_us", bw_latency, p50_us, 0, US_MAX),
    INT("p95_us", bw_latency, p95_us, 0, US_MAX),
    INT("pdv_p95_us", bw_latency, pdv_p95_us, 0, US_MAX),
    INT("lost_out", bw_latency, lost_out, 0, UINT32_MAX),
    INT("lost_back", bw_latency, lost_back, 0, UINT32_MAX),
    PCHARS("out_hist", BW_KIND_PHIST, bw_latency, out_hist, 4096),
    PCHARS("back_hist", BW_KIND_PHIST, bw_latency, back_hist, 4096),
    INT("one_way_error_us", bw_latency, one_way_error_us, 0, US_MAX),
    ARRAY("codes", bw_latency, codes, n_codes, code_members, CODES_MAX),
    ARRAY("phases", bw_latency, phases, n_phases, phase_members, PHASES_MAX),
    INT("cert_days", bw_latency, cert_days, -CERT_DAYS_MAX, CERT_DAYS_MAX),
    END};

static const struct bw_member hop_members[] = {
    INT_REQ("ttl", bw_hop, ttl, 1, 255),
    CHARS("hash", BW_KIND_TOKEN, bw_hop, hash, false),
    CHARS("name", BW_KIND_NAME, bw_hop, name, false),
    INT("sent", bw_hop, sent, 0, 255),
    INT("lost", bw_hop, lost, 0, 255),
    INT("rtt_us", bw_hop, rtt_us, 0, US_MAX),
    END};

const struct bw_member bw_path_members[] = {
    CHARS("circuit", BW_KIND_NAME, bw_path, circuit, true),
    CHARS("probe", BW_KIND_NAME, bw_path, probe, true),
    CHARS("method", BW_KIND_WORD, bw_path, method, true),
    INT_REQ("family", bw_path, family, 4, 6),
    INT_REQ("at_ms", bw_path, at_unix_ms, 0, UNIX_MS_MAX),
    INT_REQ("reached", bw_path, reached, 0, 1),
    INT("mtu", bw_path, mtu, 68, 1 << 20),
    CHARS("hash", BW_KIND_HASH, bw_path, hash, false),
    INT("changed", bw_path, changed, 0, 1),
    PCHARS("flag", BW_KIND_PTOKEN, bw_path, flag, 31),
    ARRAY("hops", bw_path, hops, n_hops, hop_members, HOPS_MAX),
    END};

/* NOLINTBEGIN(bugprone-macro-parentheses): a member's path takes none */
#define TCP_END(f) \
    INT("rtt_us", bw_throughput, f.rtt_us, 0, US_MAX), \
    INT("min_rtt_us", bw_throughput, f.min_rtt_us, 0, US_MAX), \
    INT("retransmit_ppm", bw_throughput, f.retransmit_ppm, 0, PPM), \
    INT("app_limited_ppm", bw_throughput, f.app_limited_ppm, 0, PPM), \
    INT("rwnd_limited_ppm", bw_throughput, f.rwnd_limited_ppm, 0, PPM), \
    INT("sndbuf_limited_ppm", bw_throughput, f.sndbuf_limited_ppm, 0, PPM), \
    END
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct bw_member near_members[] = {TCP_END(near)};
static const struct bw_member far_members[] = {TCP_END(far)};

const struct bw_member bw_throughput_members[] = {
    CHARS("circuit", BW_KIND_NAME, bw_throughput, circuit, true),
    CHARS("probe", BW_KIND_NAME, bw_throughput, probe, true),
    CHARS("kind", BW_KIND_WORD, bw_throughput, kind, true),
    PCHARS("method", BW_KIND_PTOKEN, bw_throughput, method, 31),
    CHARS("server", BW_KIND_NAME, bw_throughput, server, false),
    ENUM("direction", bw_throughput, direction, directions, true),
    INT_REQ("at_ms", bw_throughput, at_unix_ms, 0, UNIX_MS_MAX),
    INT("duration_ms", bw_throughput, duration_ms, 1, HOUR_MS),
    ENUM("state", bw_throughput, state, test_states, true),
    PCHARS("reason", BW_KIND_PTEXT, bw_throughput, reason, 200),
    PCHARS("retest_of", BW_KIND_PTOKEN, bw_throughput, retest_of, 63),
    INT("streams", bw_throughput, streams, 1, 1024),
    CHARS("cc", BW_KIND_WORD, bw_throughput, cc, false),
    INT("mtu", bw_throughput, mtu, 68, 1 << 20),
    ENUM("grade", bw_throughput, grade, grades, true),
    PCHARS("receipt", BW_KIND_PTOKEN, bw_throughput, receipt, 2048),
    ENUM("egress", bw_throughput, egress, egresses, true),
    INT("bytes", bw_throughput, bytes, 0, N_MAX),
    INT("goodput_bps", bw_throughput, goodput_bps, 0, N_MAX),
    INT("line_bps", bw_throughput, line_bps, 0, N_MAX),
    INT("line_error_ppm", bw_throughput, line_error_ppm, 0, PPM_WIDE),
    INT("concurrent_bps", bw_throughput, concurrent_bps, 0, N_MAX),
    INT("rtt_idle_us", bw_throughput, rtt_idle_us, 0, US_MAX),
    INT("rtt_loaded_p95_us", bw_throughput, rtt_loaded_p95_us, 0, US_MAX),
    INT("retransmit_ppm", bw_throughput, retransmit_ppm, 0, PPM),
    INT("tester_busy_ppm", bw_throughput, tester_busy_ppm, 0, PPM_WIDE),
    {KEY("flags"), .kind = BW_KIND_WORDS, .at = offsetof(struct bw_throughput, flags),
     .size = BW_FLAGS_MAX, .max = 31},
    PCHARS("machine", BW_KIND_PTOKEN, bw_throughput, machine, BW_NAME_MAX),
    INT("loss_ppm", bw_throughput, loss_ppm, 0, PPM),
    INT("delay_min_us", bw_throughput, delay_min_us, 0, US_MAX),
    INT("delay_max_us", bw_throughput, delay_max_us, 0, US_MAX),
    {KEY("near"), .kind = BW_KIND_OBJECT, .sub = near_members, .present = near_present},
    {KEY("far"), .kind = BW_KIND_OBJECT, .sub = far_members, .present = far_present},
    CHARS("campaign", BW_KIND_NAME, bw_throughput, campaign, false),
    END};

const struct bw_member bw_share_members[] = {
    CHARS("class", BW_KIND_WORD, bw_traffic_share, klass, true),
    INT("down_ppm", bw_traffic_share, down_ppm, 0, PPM),
    INT("down_low_ppm", bw_traffic_share, down_low_ppm, 0, PPM),
    INT("down_high_ppm", bw_traffic_share, down_high_ppm, 0, PPM),
    INT("up_ppm", bw_traffic_share, up_ppm, 0, PPM),
    INT("up_low_ppm", bw_traffic_share, up_low_ppm, 0, PPM),
    INT("up_high_ppm", bw_traffic_share, up_high_ppm, 0, PPM),
    INT("error_ppm", bw_traffic_share, error_ppm, 0, PPM_WIDE),
    END};

#define TCP_WAY(d) \
    INT("bytes", bw_traffic, tcp[d].bytes, 0, N_MAX), \
    INT("resent_bytes", bw_traffic, tcp[d].resent_bytes, 0, N_MAX), \
    INT("resent_ppm", bw_traffic, tcp[d].resent_ppm, 0, PPM), \
    INT("resent_low_ppm", bw_traffic, tcp[d].resent_low_ppm, 0, PPM), \
    INT("resent_high_ppm", bw_traffic, tcp[d].resent_high_ppm, 0, PPM), \
    INT("reordered_ppm", bw_traffic, tcp[d].reordered_ppm, 0, PPM), \
    INT("reordered_low_ppm", bw_traffic, tcp[d].reordered_low_ppm, 0, PPM), \
    INT("reordered_high_ppm", bw_traffic, tcp[d].reordered_high_ppm, 0, PPM), \
    END

static const struct bw_member tcp_down_members[] = {TCP_WAY(BW_DOWN)};
static const struct bw_member tcp_up_members[] = {TCP_WAY(BW_UP)};

const struct bw_member bw_traffic_members[] = {
    CHARS("circuit", BW_KIND_NAME, bw_traffic, circuit, true),
    CHARS("state", BW_KIND_WORD, bw_traffic, state, false),
    INT("covered_s", bw_traffic, covered_s, 0, BW_INTERVAL_MAX_S),
    INT("sampled_1_in", bw_traffic, sampled_1_in, 1, 1 << 20),
    INT("captured", bw_traffic, captured, 0, N_MAX),
    INT("capture_drops", bw_traffic, capture_drops, 0, N_MAX),
    INT("flows_1_in", bw_traffic, flows_1_in, 1, 1 << 20),
    ARRAY("mix", bw_traffic, mix, n_mix, bw_share_members, MIX_MAX),
    ARRAY("families", bw_traffic, families, n_families, bw_share_members, MIX_MAX),
    ARRAY("sizes", bw_traffic, sizes, n_sizes, bw_share_members, MIX_MAX),
    PCHARS("tcp_rtt_hist", BW_KIND_PHIST, bw_traffic, tcp_rtt_hist, HIST_MAX),
    PCHARS("saturated_rtt_hist", BW_KIND_PHIST, bw_traffic, saturated_rtt_hist, HIST_MAX),
    PCHARS("wan_min_hist", BW_KIND_PHIST, bw_traffic, wan_min_hist, HIST_MAX),
    PCHARS("lan_rtt_hist", BW_KIND_PHIST, bw_traffic, lan_rtt_hist, HIST_MAX),
    PCHARS("lan_min_hist", BW_KIND_PHIST, bw_traffic, lan_min_hist, HIST_MAX),
    PCHARS("flow_size_hist", BW_KIND_PHIST, bw_traffic, flow_size_hist, HIST_MAX),
    INT("flows", bw_traffic, flows, 0, N_MAX),
    INT("retransmit_ppm", bw_traffic, retransmit_ppm, 0, PPM),
    {KEY("tcp_down"), .kind = BW_KIND_OBJECT, .sub = tcp_down_members,
     .present = tcp_down_present},
    {KEY("tcp_up"), .kind = BW_KIND_OBJECT, .sub = tcp_up_members, .present = tcp_up_present},
    INT("devices_min", bw_traffic, devices_min, 0, DEVICES_MAX),
    {KEY("flags"), .kind = BW_KIND_WORDS, .at = offsetof(struct bw_traffic, flags),
     .size = BW_FLAGS_MAX, .max = 31},
    END};

static const struct bw_member gap_members[] = {
    INT_REQ("from", bw_gap, from_unix_s, 0, UNIX_S_MAX),
    INT_REQ("to", bw_gap, to_unix_s, 0, UNIX_S_MAX),
    ENUM("why", bw_gap, why, gap_whys, true),
    END};

static const struct bw_member chain_members[] = {
    ENUM("why", bw_summary, chain.why, chain_whys, true),
    CHARS("prev_kid", BW_KIND_HASH, bw_summary, chain.prev_kid, false),
    INT("prev_seq", bw_summary, chain.prev_seq, 1, N_MAX),
    CHARS("prev_hash", BW_KIND_HASH, bw_summary, chain.prev_hash, false),
    END};

static const struct bw_member clock_members[] = {
    {KEY("synced"), .kind = BW_KIND_BOOL, .required = true,
     .at = offsetof(struct bw_summary, clock.synced)},
    INT("max_error_us", bw_summary, clock.max_error_us, 0, N_MAX),
    INT("step_us", bw_summary, clock.step_us, -STEP_US_MAX, STEP_US_MAX),
    END};

static const struct bw_member seen_members[] = {
    INT_REQ("size", bw_summary, seen.size, 0, N_MAX),
    CHARS("root", BW_KIND_HASH, bw_summary, seen.root, true),
    END};

static const struct bw_member commit_members[] = {
    INT_REQ("day", bw_schedule_commit, day_unix_s, 0, UNIX_S_MAX),
    CHARS("sha256", BW_KIND_HASH, bw_schedule_commit, sha256, true),
    END};

static const struct bw_member secret_members[] = {
    INT_REQ("day", bw_schedule_secret, day_unix_s, 0, UNIX_S_MAX),
    CHARS("secret", BW_KIND_HASH, bw_schedule_secret, secret, true),
    END};

const struct bw_member bw_starts_members[] = {
    CHARS("probe", BW_KIND_NAME, bw_schedule_starts, probe, true),
    CHARS("kind", BW_KIND_WORD, bw_schedule_starts, kind, true),
    INT("mean_ms", bw_schedule_starts, mean_ms, MEAN_MS_MIN, MONTH_MS),
    INT_REQ("give_up_ms", bw_schedule_starts, give_up_ms, 0, MONTH_MS),
    PCHARS("minutes", BW_KIND_PTOKEN, bw_schedule_starts, minutes, BW_STARTS_MINUTES_MAX),
    CHARS("gate", BW_KIND_WORD, bw_schedule_starts, gate, false),
    {KEY("give_up_at"), .kind = BW_KIND_STATIC,
     .at = offsetof(struct bw_schedule_starts, give_up_at), .words = give_up_ats,
     .n_words = N_WORDS(give_up_ats)},
    PCHARS("outside", BW_KIND_PTOKEN, bw_schedule_starts, outside, BW_STARTS_OUTSIDE_MAX),
    CHARS("campaign", BW_KIND_NAME, bw_schedule_starts, campaign, false),
    INT("from", bw_schedule_starts, from_unix_s, 0, UNIX_S_MAX),
    INT("slots", bw_schedule_starts, slots, 1, SLOTS_MAX),
    INT("slot_ms", bw_schedule_starts, slot_ms, 1000, DAY_MS),
    INT("spacing_ms", bw_schedule_starts, spacing_ms, 0, DAY_MS),
    END};

static const struct bw_member schedule_members[] = {
    ARRAY("commits", bw_summary, schedule.commits, schedule.n_commits, commit_members,
          COMMITS_MAX),
    ARRAY("secrets", bw_summary, schedule.secrets, schedule.n_secrets, secret_members,
          SECRETS_MAX),
    ARRAY("starts", bw_summary, schedule.starts, schedule.n_starts, bw_starts_members, STARTS_MAX),
    END};

const struct bw_member bw_summary_members[] = {
    CHARS("site", BW_KIND_SITE, bw_summary, site, true),
    INT_REQ("seq", bw_summary, seq, 1, N_MAX),
    CHARS("prev", BW_KIND_HASH, bw_summary, prev, false),
    {KEY("chain"), .kind = BW_KIND_OBJECT, .sub = chain_members, .present = chain_present},
    CHARS("agent", BW_KIND_TEXT, bw_summary, agent, true),
    CHARS("config", BW_KIND_HASH, bw_summary, config, true),
    CHARS("boot", BW_KIND_WORD, bw_summary, boot, false),
    INT("mono_ms", bw_summary, mono_ms, 0, N_MAX),
    INT_REQ("start", bw_summary, start_unix_s, 0, UNIX_S_MAX),
    INT_REQ("end", bw_summary, end_unix_s, 0, UNIX_S_MAX),
    {KEY("clock"), .kind = BW_KIND_OBJECT, .sub = clock_members, .present = clock_present,
     .mark = clock_mark},
    {KEY("seen"), .kind = BW_KIND_OBJECT, .sub = seen_members, .present = seen_present},
    {KEY("schedule"), .kind = BW_KIND_OBJECT, .sub = schedule_members,
     .present = schedule_present},
    ARRAY("circuits", bw_summary, circuits, n_circuits, bw_circuit_members, BW_CIRCUITS_MAX),
    ARRAY("outages", bw_summary, outages, n_outages, outage_members, OUTAGES_MAX),
    ARRAY("latency", bw_summary, latency, n_latency, bw_latency_members, LATENCY_MAX),
    ARRAY("paths", bw_summary, paths, n_paths, bw_path_members, PATHS_MAX),
    ARRAY("throughput", bw_summary, throughput, n_throughput, bw_throughput_members, TESTS_MAX),
    ARRAY("traffic", bw_summary, traffic, n_traffic, bw_traffic_members, BW_CIRCUITS_MAX),
    ARRAY("gaps", bw_summary, gaps, n_gaps, gap_members, BW_GAPS_MAX),
    END};

/* clang-format on */

void bw_members_init(const struct bw_member *members, void *obj)
{
    const int64_t unknown = BW_UNKNOWN;
    for (const struct bw_member *m = members; m->kind != BW_KIND_END; m++) {
        if (m->kind == BW_KIND_INT) {
            memcpy((char *)obj + m->at, &unknown, sizeof(unknown));
        } else if (m->kind == BW_KIND_OBJECT) {
            bw_members_init(m->sub, obj);
        }
    }
}

void bw_where_text(const struct bw_where *w, char ret[200])
{
    char inner[202];
    ret[0] = '\0';
    for (const char *joint = ": "; w; w = w->up) {
        if (!w->member) {
            continue;
        }
        (void)snprintf(inner, sizeof(inner), "%s%s", joint, ret);
        if (w->index == SIZE_MAX) {
            (void)snprintf(ret, 200, "%.*s%.150s", BW_MEMBER_NAME_ARGS(w->member), inner);
        } else {
            (void)snprintf(ret, 200, "%.*s[%zu]%.150s", BW_MEMBER_NAME_ARGS(w->member),
                           w->index, inner);
        }
        joint = ".";
    }
}

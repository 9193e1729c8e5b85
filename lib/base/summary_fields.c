/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_fields.c - the descriptions, and the walk over the tables of the contract.
 *
 * Read by parents and by `bandwitness privacy-check`: plain words, one line each. */
#include "summary_fields.h"
#include "summary_table.h"

#include <stdio.h>
#include <string.h>

enum {
    PATH_CAP = 128,
    DEPTH_MAX = 8
};

struct row {
    const char *path;
    enum bw_field_from from;
    const char *meaning;
};

#define BOX BW_FIELD_FROM_BOX
#define COUNTER BW_FIELD_FROM_COUNTER
#define PROBE BW_FIELD_FROM_PROBE
#define HEADERS BW_FIELD_FROM_HEADERS

/* clang-format off */
static const struct row rows[] = {
    {"site", BOX, "the school's number at the state"},
    {"seq", BOX, "number of the record"},
    {"prev", BOX, "fingerprint of the record before"},
    {"chain.why", BOX, "why a new chain of records begins"},
    {"chain.prev_kid", BOX, "fingerprint of the key before"},
    {"chain.prev_seq", BOX, "last record under the key before"},
    {"chain.prev_hash", BOX, "fingerprint of that record"},
    {"agent", BOX, "name and version of the program"},
    {"config", BOX, "fingerprint of the configuration"},
    {"boot", BOX, "a number drawn anew at each start of the box"},
    {"mono_ms", BOX, "time since the box was started"},
    {"start", BOX, "first second of the interval"},
    {"end", BOX, "the second after its last"},
    {"clock.synced", BOX, "is the box's clock set by another"},
    {"clock.max_error_us", BOX, "how far the clock may be off"},
    {"clock.step_us", BOX, "how far the clock was moved"},
    {"seen.size", BOX, "length of the state's log when it was last seen"},
    {"seen.root", BOX, "fingerprint of that log"},
    {"schedule.commits[].day", BOX, "a day whose test times are fixed in advance"},
    {"schedule.commits[].sha256", BOX, "fingerprint of that day's secret"},
    {"schedule.secrets[].day", BOX, "a day that is over"},
    {"schedule.secrets[].secret", BOX, "its secret, which shows that test times were not chosen"},
    {"schedule.starts[].probe", BOX, "name of a planned test"},
    {"schedule.starts[].kind", BOX, "kind of that test"},
    {"schedule.starts[].mean_ms", BOX, "mean gap between two tests"},
    {"schedule.starts[].give_up_ms", BOX, "how long a test may be put off"},
    {"schedule.starts[].minutes", BOX, "minutes of the day in which tests may start"},
    {"schedule.starts[].gate", BOX, "how quiet the line must be for a test"},
    {"schedule.starts[].give_up_at", BOX, "when a test is given up"},
    {"schedule.starts[].outside", BOX, "configured names of further test servers"},
    {"schedule.starts[].campaign", BOX, "name of a campaign of tests"},
    {"schedule.starts[].from", BOX, "when the campaign begins"},
    {"schedule.starts[].slots", BOX, "how many tests it has"},
    {"schedule.starts[].slot_ms", BOX, "time for each of them"},
    {"schedule.starts[].spacing_ms", BOX, "smallest gap between two"},

    {"circuits[].id", BOX, "configured name of the line"},
    {"circuits[].vantage", BOX, "where the box stands"},
    {"circuits[].behind", BOX, "what stands between box and line"},
    {"circuits[].source", BOX, "who counts the line's bytes"},
    {"circuits[].resolution_ms", COUNTER, "how often the counters are read"},
    {"circuits[].layer", COUNTER, "what of a packet they count"},
    {"circuits[].covered_s", COUNTER, "seconds for which there are counts"},
    {"circuits[].link_bps", COUNTER, "speed of the port"},
    {"circuits[].mtu", COUNTER, "largest packet of the port"},
    {"circuits[].saturated_s", COUNTER, "seconds in which the line was full"},
    {"circuits[].port_full_s", COUNTER, "seconds in which the mirror's port was too full to show all"},
    {"circuits[].down/up.bytes", COUNTER, "bytes of the whole line"},
    {"circuits[].down/up.packets", COUNTER, "packets of the whole line"},
    {"circuits[].down/up.p95_1s_bps", COUNTER, "rate that 95 of 100 seconds stayed below"},
    {"circuits[].down/up.peak_1s_bps", COUNTER, "rate of the busiest second"},
    {"circuits[].down/up.peak_sliding_1s_bps", COUNTER, "rate of the busiest second, wherever it begins"},
    {"circuits[].down/up.drops", COUNTER, "packets the port dropped"},
    {"circuits[].down/up.errors", COUNTER, "packets that came damaged"},
    {"circuits[].down/up.frame_offset_bytes", COUNTER, "what the counter counts of a packet besides its content"},

    {"outages[].circuit", BOX, "configured name of the line"},
    {"outages[].from_ms", PROBE, "since when the line was out"},
    {"outages[].to_ms", PROBE, "until when"},
    {"outages[].why", PROBE, "how that was seen"},

    {"latency[].circuit", BOX, "configured name of the line"},
    {"latency[].probe", BOX, "configured name of the target"},
    {"latency[].kind", BOX, "kind of packet that was sent to it"},
    {"latency[].family", PROBE, "version of the Internet protocol"},
    {"latency[].sent", PROBE, "packets the box sent to it"},
    {"latency[].lost", PROBE, "of them: not answered"},
    {"latency[].late", PROBE, "of them: answered too late"},
    {"latency[].sum_us", PROBE, "sum of the round trips"},
    {"latency[].rtt_hist", PROBE, "how many round trips took how long"},
    {"latency[].p50_us", PROBE, "round trip that half stayed below"},
    {"latency[].p95_us", PROBE, "round trip that 95 of 100 stayed below"},
    {"latency[].pdv_p95_us", PROBE, "how unsteady the round trips were"},
    {"latency[].lost_out", PROBE, "packets lost on the way there"},
    {"latency[].lost_back", PROBE, "packets lost on the way back"},
    {"latency[].out_hist", PROBE, "how many took how long on the way there"},
    {"latency[].back_hist", PROBE, "how many took how long on the way back"},
    {"latency[].one_way_error_us", PROBE, "how far these may be off"},
    {"latency[].codes[].code", PROBE, "what the target answered, in a word"},
    {"latency[].codes[].n", PROBE, "how often"},
    {"latency[].phases[].phase", PROBE, "a part of the exchange with the target"},
    {"latency[].phases[].sum_us", PROBE, "how long it took, summed"},
    {"latency[].phases[].time_hist", PROBE, "how many took how long"},
    {"latency[].cert_days", PROBE, "days the target's certificate had left"},

    {"paths[].circuit", BOX, "configured name of the line"},
    {"paths[].probe", BOX, "configured name of the target"},
    {"paths[].method", BOX, "kind of packet that was sent to it"},
    {"paths[].family", PROBE, "version of the Internet protocol"},
    {"paths[].at_ms", PROBE, "when the way to the target was looked at"},
    {"paths[].reached", PROBE, "did the target answer"},
    {"paths[].mtu", PROBE, "largest packet that went through"},
    {"paths[].hash", PROBE, "fingerprint of the way, under a key that never leaves the box"},
    {"paths[].changed", PROBE, "is it another way than before"},
    {"paths[].flag", PROBE, "what a reader should know"},
    {"paths[].hops[].ttl", PROBE, "number of a router on the way to the target"},
    {"paths[].hops[].hash", PROBE, "fingerprint of the router, under the same key"},
    {"paths[].hops[].name", PROBE, "public name of the router, where it has one"},
    {"paths[].hops[].sent", PROBE, "packets the box sent to it"},
    {"paths[].hops[].lost", PROBE, "of them: not answered"},
    {"paths[].hops[].rtt_us", PROBE, "shortest round trip"},

    {"throughput[].circuit", BOX, "configured name of the line"},
    {"throughput[].probe", BOX, "configured name of the test"},
    {"throughput[].kind", BOX, "kind of the test"},
    {"throughput[].method", PROBE, "how exactly it was done"},
    {"throughput[].server", BOX, "configured name of the test server"},
    {"throughput[].direction", PROBE, "towards the school or from it"},
    {"throughput[].at_ms", PROBE, "when the test ran"},
    {"throughput[].duration_ms", PROBE, "how long"},
    {"throughput[].state", PROBE, "did it work"},
    {"throughput[].reason", PROBE, "why not, addresses taken out"},
    {"throughput[].retest_of", PROBE, "the test that this one repeats"},
    {"throughput[].streams", PROBE, "connections of the test"},
    {"throughput[].cc", PROBE, "how they share the line with others"},
    {"throughput[].mtu", PROBE, "largest packet of the test"},
    {"throughput[].grade", PROBE, "who else holds proof of the test"},
    {"throughput[].receipt", PROBE, "that proof, signed by the test server"},
    {"throughput[].egress", PROBE, "did the test leave by the school's line"},
    {"throughput[].bytes", PROBE, "bytes the test moved"},
    {"throughput[].goodput_bps", PROBE, "rate of the test"},
    {"throughput[].line_bps", COUNTER, "rate of the whole line meanwhile"},
    {"throughput[].line_error_ppm", COUNTER, "how far that may be off"},
    {"throughput[].concurrent_bps", COUNTER, "rate of everybody else together meanwhile"},
    {"throughput[].rtt_idle_us", PROBE, "round trip before the test"},
    {"throughput[].rtt_loaded_p95_us", PROBE, "round trip during the test"},
    {"throughput[].retransmit_ppm", PROBE, "share of the test's data sent again"},
    {"throughput[].tester_busy_ppm", BOX, "how busy the box itself was"},
    {"throughput[].flags", PROBE, "what a reader should know"},
    {"throughput[].machine", PROBE, "what the test server calls itself"},
    {"throughput[].loss_ppm", PROBE, "share of the test's packets lost"},
    {"throughput[].delay_min_us", PROBE, "smallest delay of the test's packets"},
    {"throughput[].delay_max_us", PROBE, "largest delay of the test's packets"},
    {"throughput[].near/far.rtt_us", PROBE, "round trip of the test's connections, at box/server"},
    {"throughput[].near/far.min_rtt_us", PROBE, "the smallest"},
    {"throughput[].near/far.retransmit_ppm", PROBE, "share of the test's data sent again"},
    {"throughput[].near/far.app_limited_ppm", PROBE, "share of time in which the sender held the test up"},
    {"throughput[].near/far.rwnd_limited_ppm", PROBE, "share of time in which the receiver did"},
    {"throughput[].near/far.sndbuf_limited_ppm", PROBE, "share of time in which memory did"},
    {"throughput[].campaign", BOX, "name of a campaign of tests"},

    {"traffic[].circuit", BOX, "configured name of the line"},
    {"traffic[].state", BOX, "why nothing was looked at for a time"},
    {"traffic[].covered_s", BOX, "seconds in which it was"},
    {"traffic[].sampled_1_in", HEADERS, "one in how many packets was looked at, drawn by lot"},
    {"traffic[].captured", HEADERS, "how many packets that were"},
    {"traffic[].capture_drops", HEADERS, "how many of them were lost before they were counted"},
    {"traffic[].flows_1_in", HEADERS, "one in how many connections was followed, drawn by lot"},
    {"traffic[].mix/families/sizes[].class", HEADERS, "a kind of traffic (web, mail, …), a version of the Internet protocol, or a size of packet"},
    {"traffic[].mix/families/sizes[].down_ppm", HEADERS, "its share of the bytes towards the school"},
    {"traffic[].mix/families/sizes[].down_low_ppm", HEADERS, "the share is hardly below this"},
    {"traffic[].mix/families/sizes[].down_high_ppm", HEADERS, "the share is hardly above this"},
    {"traffic[].mix/families/sizes[].up_ppm", HEADERS, "its share of the bytes from the school"},
    {"traffic[].mix/families/sizes[].up_low_ppm", HEADERS, "the share is hardly below this"},
    {"traffic[].mix/families/sizes[].up_high_ppm", HEADERS, "the share is hardly above this"},
    {"traffic[].mix/families/sizes[].error_ppm", HEADERS, "how far these may be off (older records)"},
    {"traffic[].tcp_rtt_hist", HEADERS, "how many round trips over the line took how long, all connections together"},
    {"traffic[].saturated_rtt_hist", HEADERS, "of them: those while the line was full"},
    {"traffic[].wan_min_hist", HEADERS, "the shortest round trip over the line of each connection"},
    {"traffic[].lan_rtt_hist", HEADERS, "how many round trips within the school took how long"},
    {"traffic[].lan_min_hist", HEADERS, "the shortest round trip within the school of each connection"},
    {"traffic[].flow_size_hist", HEADERS, "how many connections moved how many bytes"},
    {"traffic[].flows", HEADERS, "how many connections were followed to their end"},
    {"traffic[].retransmit_ppm", HEADERS, "share of all connections' data sent again"},
    {"traffic[].tcp_down/tcp_up.bytes", HEADERS, "bytes that all followed connections moved"},
    {"traffic[].tcp_down/tcp_up.resent_bytes", HEADERS, "of them: sent again"},
    {"traffic[].tcp_down/tcp_up.resent_ppm", HEADERS, "the share of that"},
    {"traffic[].tcp_down/tcp_up.resent_low_ppm", HEADERS, "the share is hardly below this"},
    {"traffic[].tcp_down/tcp_up.resent_high_ppm", HEADERS, "the share is hardly above this"},
    {"traffic[].tcp_down/tcp_up.reordered_ppm", HEADERS, "share that came out of order"},
    {"traffic[].tcp_down/tcp_up.reordered_low_ppm", HEADERS, "the share is hardly below this"},
    {"traffic[].tcp_down/tcp_up.reordered_high_ppm", HEADERS, "the share is hardly above this"},
    {"traffic[].devices_min", HEADERS, "how many devices were active at least; off unless chosen"},
    {"traffic[].flags", HEADERS, "what a reader should know"},

    {"gaps[].from", BOX, "begin of a time without a record"},
    {"gaps[].to", BOX, "its end"},
    {"gaps[].why", BOX, "why there is none"},
};
/* clang-format on */

enum {
    N_ROWS = sizeof(rows) / sizeof(rows[0])
};

const char *bw_summary_fields_described(size_t i)
{
    return i < N_ROWS ? rows[i].path : NULL;
}

const char *bw_field_from_text(enum bw_field_from from)
{
    static const char *const texts[] = {
        [BW_FIELD_FROM_BOX] = "the box itself",
        [BW_FIELD_FROM_COUNTER] = "counters of the line",
        [BW_FIELD_FROM_PROBE] = "the box's own test packets",
        [BW_FIELD_FROM_HEADERS] = "headers of sampled packets, summed",
        [BW_FIELD_FROM_NOBODY] = "not described"};
    return texts[from];
}

/* The unit is the last word of a name. */
static const char *unit_of(const char *path, const struct bw_member *m)
{
    static const struct {
        const char *suffix;
        const char *unit;
    } units[] = {{"size_hist", "bytes, counts"},
                 {"_us", "µs"},
                 {"_ms", "ms"},
                 {"_s", "s"},
                 {"_bps", "bit/s"},
                 {"_ppm", "millionths"},
                 {"bytes", "bytes"},
                 {"_days", "days"},
                 {"mtu", "bytes"},
                 {"_hist", "µs, counts"},
                 {"packets", "packets"}};
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t k = strlen(units[i].suffix);
        if (n >= k && strcmp(path + n - k, units[i].suffix) == 0) {
            return units[i].unit;
        }
    }
    return m->kind == BW_KIND_BOOL ? "yes, no" : "";
}

struct walk {
    int (*cb)(void *owner, const struct bw_field *f);
    void *owner;
    char path[PATH_CAP];
};

static int leaf(struct walk *w, const struct bw_member *m)
{
    struct bw_field f = {
        .path = w->path, .from = BW_FIELD_FROM_NOBODY, .unit = unit_of(w->path, m)};
    for (size_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i].path, w->path) == 0) {
            f.from = rows[i].from;
            f.meaning = rows[i].meaning;
        }
    }
    return w->cb(w->owner, &f);
}

static bool is_named(const struct bw_member *m, const char *name)
{
    return m->kind != BW_KIND_END && (size_t)m->key_len - 3 == strlen(name) &&
           strncmp(m->key + 1, name, strlen(name)) == 0;
}

/* Do both hold the same members, the one right behind the other? They are one in the list.
 */
static bool are_twins(const struct bw_member *a, const struct bw_member *b)
{
    static const char *const pairs[][2] = {
        {"down", "up"}, {"near", "far"}, {"tcp_down", "tcp_up"}};
    if (a->kind == BW_KIND_ARRAY) {
        return b->kind == BW_KIND_ARRAY && a->sub == b->sub;
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (a->kind == BW_KIND_OBJECT && is_named(a, pairs[i][0]) &&
            is_named(b, pairs[i][1])) {
            return true;
        }
    }
    return false;
}

static int walk_members(struct walk *w, const struct bw_member *members, int depth)
{
    size_t at = strlen(w->path);
    int r = 0;
    for (const struct bw_member *m = members;
         r == 0 && m->kind != BW_KIND_END && depth < DEPTH_MAX; m++) {
        bool within = m->kind == BW_KIND_OBJECT || m->kind == BW_KIND_ARRAY;
        size_t n = at;
        for (;; m++) {
            n += (size_t)snprintf(w->path + n, sizeof(w->path) - n, "%s%.*s",
                                  n > at ? "/" : "", BW_MEMBER_NAME_ARGS(m));
            n = n < sizeof(w->path) ? n : sizeof(w->path) - 1;
            if (!are_twins(m, m + 1)) {
                break;
            }
        }
        (void)snprintf(w->path + n, sizeof(w->path) - n, "%s",
                       m->kind == BW_KIND_ARRAY    ? "[]."
                       : m->kind == BW_KIND_OBJECT ? "."
                                                   : "");
        r = within ? walk_members(w, m->sub, depth + 1) : leaf(w, m);
        w->path[at] = '\0';
    }
    return r;
}

int bw_summary_fields(int (*cb)(void *owner, const struct bw_field *f), void *owner)
{
    struct walk w = {.cb = cb, .owner = owner, .path = ""};
    return walk_members(&w, bw_summary_members, 0);
}

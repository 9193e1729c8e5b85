/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary_check.c - what no single member of a summary can tell: which exclude, require
 * or name one another.
 *
 * The encoder and the reader both ask here, so a box never signs what a reader refuses. */
#include "hist.h"
#include "starts.h"
#include "summary_table.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    CAMPAIGN_DAY_MS_MAX = 48 * 3600 * 1000
};

#define WRONG(...) bw_err_set(reterr, -EINVAL, __VA_ARGS__)

static bool known(int64_t v)
{
    return v != BW_UNKNOWN;
}

static int check_chain(const struct bw_summary *s, struct bw_err *reterr)
{
    bool first = s->chain.why != BW_CHAIN_CONTINUES;
    int cited = (s->chain.prev_kid[0] != '\0') + known(s->chain.prev_seq) +
                (s->chain.prev_hash[0] != '\0');
    if (first != (s->seq == 1)) {
        return WRONG(first ? "chain: only the record with seq 1 has it"
                           : "chain: missing in the record with seq 1");
    }
    if (first == (s->prev[0] != '\0')) {
        return WRONG(first ? "prev: the record with seq 1 has none" : "prev: missing");
    }
    if (!first) {
        return 0;
    }
    if (cited != 0 && cited != 3) {
        return WRONG("chain: prev_kid, prev_seq and prev_hash come together");
    }
    if (s->chain.why == BW_CHAIN_NEW && cited) {
        return WRONG("chain: a new chain has no predecessor");
    }
    if (s->chain.why != BW_CHAIN_NEW && s->chain.why != BW_CHAIN_RESTORED && !cited) {
        return WRONG("chain: the predecessor (prev_kid, prev_seq, prev_hash) is missing");
    }
    return 0;
}

static bool flow_empty(const struct bw_flow *f)
{
    return !known(f->bytes) && !known(f->packets) && !known(f->p95_1s_bps) &&
           !known(f->peak_1s_bps) && !known(f->peak_sliding_1s_bps) && !known(f->drops) &&
           !known(f->errors) && !known(f->frame_offset_bytes);
}

static int check_circuit(const struct bw_summary *s, size_t i, struct bw_err *reterr)
{
    const struct bw_circuit_summary *c = &s->circuits[i];
    for (size_t j = 0; j < i; j++) {
        if (strcmp(s->circuits[j].id, c->id) == 0) {
            return WRONG("circuits[%zu].id: '%s' stands there twice", i, c->id);
        }
    }
    if (c->source != BW_SOURCE_NONE) {
        if (!known(c->covered_s)) {
            return WRONG("circuits[%zu].covered_s: missing", i);
        }
        return 0;
    }
    if (known(c->covered_s) || known(c->link_bps) || known(c->saturated_s) ||
        known(c->port_full_s) || known(c->resolution_ms) || c->layer != BW_LAYER_UNKNOWN ||
        !flow_empty(&c->flow[BW_DOWN]) || !flow_empty(&c->flow[BW_UP])) {
        return WRONG("circuits[%zu]: source is none, so resolution_ms, layer, covered_s, "
                     "link_bps, saturated_s, port_full_s, down and up are unknown",
                     i);
    }
    return 0;
}

static const struct bw_circuit_summary *circuit_of(const struct bw_summary *s,
                                                   const char *id)
{
    for (size_t i = 0; i < s->n_circuits; i++) {
        if (strcmp(s->circuits[i].id, id) == 0) {
            return &s->circuits[i];
        }
    }
    return NULL;
}

/* A histogram of at most `most` answers; NULL is none. */
static bool hist_wrong(const char *hist, int64_t most)
{
    int64_t total = 0;
    return hist &&
           (bw_hist_total(hist, strlen(hist), &total) < 0 || total == 0 || total > most);
}

static int check_details(const struct bw_latency *l, size_t i, struct bw_err *reterr)
{
    int64_t n = 0;
    if (known(l->lost_out) != known(l->lost_back)) {
        return WRONG("latency[%zu]: lost_out and lost_back come together", i);
    }
    if (known(l->lost_out) && l->lost_out + l->lost_back > l->lost) {
        return WRONG("latency[%zu]: lost_out and lost_back are more than lost", i);
    }
    if (!l->out_hist != !l->back_hist || (l->out_hist && !known(l->one_way_error_us))) {
        return WRONG("latency[%zu]: out_hist, back_hist and one_way_error_us come together",
                     i);
    }
    if (hist_wrong(l->out_hist, l->sent) || hist_wrong(l->back_hist, l->sent)) {
        return WRONG("latency[%zu]: out_hist or back_hist is not a histogram of what was "
                     "sent",
                     i);
    }
    for (size_t k = 0; k < l->n_codes; k++) {
        n += l->codes[k].n;
        for (size_t j = 0; j < k; j++) {
            if (strcmp(l->codes[j].code, l->codes[k].code) == 0) {
                return WRONG("latency[%zu].codes[%zu]: stands there twice", i, k);
            }
        }
    }
    if (n > l->sent) {
        return WRONG("latency[%zu].codes: more answers than were sent", i);
    }
    for (size_t k = 0; k < l->n_phases; k++) {
        if (hist_wrong(l->phases[k].time_hist, l->sent)) {
            return WRONG(
                "latency[%zu].phases[%zu].time_hist: not a histogram of what was sent", i,
                k);
        }
        for (size_t j = 0; j < k; j++) {
            if (strcmp(l->phases[j].phase, l->phases[k].phase) == 0) {
                return WRONG("latency[%zu].phases[%zu]: stands there twice", i, k);
            }
        }
    }
    return 0;
}

static int check_path(const struct bw_summary *s, size_t i, struct bw_err *reterr)
{
    const struct bw_path *p = &s->paths[i];
    int64_t ttl = 0;
    if (!circuit_of(s, p->circuit)) {
        return WRONG("paths[%zu].circuit: '%s' is not in circuits", i, p->circuit);
    }
    if (p->family == 5) {
        return WRONG("paths[%zu].family: neither 4 nor 6", i);
    }
    if (p->n_hops > 0 && p->hash[0] == '\0') {
        return WRONG("paths[%zu].hash: missing", i);
    }
    for (size_t k = 0; k < p->n_hops; k++) {
        const struct bw_hop *h = &p->hops[k];
        if (h->ttl <= ttl) {
            return WRONG("paths[%zu].hops[%zu].ttl: not after the one before", i, k);
        }
        ttl = h->ttl;
        if (known(h->lost) && (!known(h->sent) || h->lost > h->sent)) {
            return WRONG("paths[%zu].hops[%zu].lost: more than were sent", i, k);
        }
    }
    return 0;
}

static int check_latency(const struct bw_summary *s, size_t i, struct bw_err *reterr)
{
    const struct bw_latency *l = &s->latency[i];
    int64_t back = l->sent - l->lost;
    int64_t total = 0;
    if (!circuit_of(s, l->circuit)) {
        return WRONG("latency[%zu].circuit: '%s' is not in circuits", i, l->circuit);
    }
    for (size_t j = 0; j < i; j++) {
        const struct bw_latency *o = &s->latency[j];
        if (o->family == l->family && strcmp(o->probe, l->probe) == 0 &&
            strcmp(o->circuit, l->circuit) == 0 && strcmp(o->kind, l->kind) == 0) {
            return WRONG("latency[%zu]: the same target as latency[%zu]", i, j);
        }
    }
    if (l->family == 5) {
        return WRONG("latency[%zu].family: neither 4 nor 6", i);
    }
    if (back < 0) {
        return WRONG("latency[%zu].lost: more than were sent", i);
    }
    if (known(l->late) && l->late > l->lost) {
        return WRONG("latency[%zu].late: more than were lost", i);
    }
    if (back == 0 && (known(l->sum_us) || l->rtt_hist || known(l->p50_us) ||
                      known(l->p95_us) || known(l->pdv_p95_us))) {
        return WRONG("latency[%zu]: nothing came back, so sum_us, rtt_hist, p50_us, p95_us "
                     "and pdv_p95_us are unknown",
                     i);
    }
    if (l->rtt_hist &&
        (bw_hist_total(l->rtt_hist, strlen(l->rtt_hist), &total) < 0 || total == 0)) {
        return WRONG("latency[%zu].rtt_hist: not a histogram", i);
    }
    if (total > back) {
        return WRONG("latency[%zu].rtt_hist: holds %" PRId64 " answers of %" PRId64, i,
                     total, back);
    }
    return check_details(l, i, reterr);
}

static int check_test(const struct bw_summary *s, size_t i, struct bw_err *reterr)
{
    const struct bw_throughput *t = &s->throughput[i];
    const struct bw_circuit_summary *c = circuit_of(s, t->circuit);
    if (!c) {
        return WRONG("throughput[%zu].circuit: '%s' is not in circuits", i, t->circuit);
    }
    if (t->state == BW_TEST_OK) {
        if (!known(t->duration_ms) || !known(t->bytes) || !known(t->goodput_bps)) {
            return WRONG("throughput[%zu]: state is ok, so duration_ms, bytes and "
                         "goodput_bps are needed",
                         i);
        }
    } else if (known(t->goodput_bps) || known(t->line_bps) || known(t->line_error_ppm) ||
               known(t->concurrent_bps)) {
        return WRONG("throughput[%zu]: state is not ok, so goodput_bps, line_bps, "
                     "line_error_ppm and concurrent_bps are unknown",
                     i);
    }
    if (c->source == BW_SOURCE_NONE &&
        (known(t->line_bps) || known(t->line_error_ppm) || known(t->concurrent_bps))) {
        return WRONG("throughput[%zu]: its circuit has source none, so line_bps, "
                     "line_error_ppm and concurrent_bps are unknown",
                     i);
    }
    return 0;
}

/* A figure within its 95 % interval, which has two ends or none. */
static bool interval_wrong(int64_t v, int64_t low, int64_t high)
{
    return known(low) != known(high) || (known(low) && (!known(v) || low > v || v > high));
}

static int check_shares(const struct bw_traffic_share *shares,
                        size_t n,
                        const char *what,
                        size_t i,
                        struct bw_err *reterr)
{
    int64_t down = 0;
    int64_t up = 0;
    for (size_t k = 0; k < n; k++) {
        const struct bw_traffic_share *p = &shares[k];
        if (interval_wrong(p->down_ppm, p->down_low_ppm, p->down_high_ppm) ||
            interval_wrong(p->up_ppm, p->up_low_ppm, p->up_high_ppm)) {
            return WRONG("traffic[%zu].%s[%zu]: a share is not within its interval", i,
                         what, k);
        }
        for (size_t j = 0; j < k; j++) {
            if (strcmp(shares[j].klass, p->klass) == 0) {
                return WRONG("traffic[%zu].%s[%zu].class: '%s' stands there twice", i, what,
                             k, p->klass);
            }
        }
        down += known(p->down_ppm) ? p->down_ppm : 0;
        up += known(p->up_ppm) ? p->up_ppm : 0;
    }
    if (down > 1000000 || up > 1000000) {
        return WRONG("traffic[%zu].%s: the shares are more than the whole", i, what);
    }
    return 0;
}

static bool tcp_way_wrong(const struct bw_tcp_way *w)
{
    return interval_wrong(w->resent_ppm, w->resent_low_ppm, w->resent_high_ppm) ||
           interval_wrong(w->reordered_ppm, w->reordered_low_ppm, w->reordered_high_ppm) ||
           (known(w->resent_bytes) && (!known(w->bytes) || w->resent_bytes > w->bytes));
}

static int check_traffic(const struct bw_summary *s, size_t i, struct bw_err *reterr)
{
    const struct bw_traffic *t = &s->traffic[i];
    const char *const hists[] = {t->tcp_rtt_hist, t->saturated_rtt_hist, t->wan_min_hist,
                                 t->lan_rtt_hist, t->lan_min_hist,       t->flow_size_hist};
    static const char *const names[] = {"tcp_rtt_hist", "saturated_rtt_hist",
                                        "wan_min_hist", "lan_rtt_hist",
                                        "lan_min_hist", "flow_size_hist"};
    int64_t total = 0;
    int r;
    if (!circuit_of(s, t->circuit)) {
        return WRONG("traffic[%zu].circuit: '%s' is not in circuits", i, t->circuit);
    }
    for (size_t k = 0; k < sizeof(hists) / sizeof(hists[0]); k++) {
        if (hist_wrong(hists[k], INT64_MAX)) {
            return WRONG("traffic[%zu].%s: not a histogram", i, names[k]);
        }
    }
    if (t->saturated_rtt_hist && t->tcp_rtt_hist &&
        (bw_hist_total(t->tcp_rtt_hist, strlen(t->tcp_rtt_hist), &total) < 0 ||
         hist_wrong(t->saturated_rtt_hist, total))) {
        return WRONG("traffic[%zu].saturated_rtt_hist: more than tcp_rtt_hist", i);
    }
    r = check_shares(t->mix, t->n_mix, "mix", i, reterr);
    if (r == 0) {
        r = check_shares(t->families, t->n_families, "families", i, reterr);
    }
    if (r == 0) {
        r = check_shares(t->sizes, t->n_sizes, "sizes", i, reterr);
    }
    if (r < 0) {
        return r;
    }
    if (tcp_way_wrong(&t->tcp[BW_DOWN]) || tcp_way_wrong(&t->tcp[BW_UP])) {
        return WRONG(
            "traffic[%zu].%s: a figure is not within its interval, or more was sent "
            "again than was sent",
            i, tcp_way_wrong(&t->tcp[BW_DOWN]) ? "tcp_down" : "tcp_up");
    }
    return 0;
}

static int check_outage(const struct bw_summary *s, size_t i, struct bw_err *reterr)
{
    const struct bw_outage *o = &s->outages[i];
    if (!circuit_of(s, o->circuit)) {
        return WRONG("outages[%zu].circuit: '%s' is not in circuits", i, o->circuit);
    }
    if (known(o->to_unix_ms) && o->to_unix_ms <= o->from_unix_ms) {
        return WRONG("outages[%zu].to_ms: not after from_ms", i);
    }
    for (size_t j = 0; j < i; j++) {
        if (s->outages[j].from_unix_ms == o->from_unix_ms &&
            strcmp(s->outages[j].circuit, o->circuit) == 0) {
            return WRONG("outages[%zu]: the same as outages[%zu]", i, j);
        }
    }
    return 0;
}

/* The box's own tests have a mean gap in allowed minutes, those of a campaign slots. */
static int check_starts(const struct bw_schedule_starts *p, size_t i, struct bw_err *reterr)
{
    uint8_t allowed[BW_STARTS_DAY_MIN];
    if (p->outside && bw_starts_names_count(p->outside) < 1) {
        return WRONG("schedule.starts[%zu].outside: not names with + between", i);
    }
    if (p->campaign[0]) {
        if (known(p->mean_ms) || p->minutes || p->give_up_at || p->outside) {
            return WRONG("schedule.starts[%zu]: a campaign has slots, no mean_ms, minutes, "
                         "give_up_at or outside",
                         i);
        }
        if (!known(p->from_unix_s) || !known(p->slots) || !known(p->slot_ms) ||
            !known(p->spacing_ms)) {
            return WRONG("schedule.starts[%zu]: a campaign has from, slots, slot_ms and "
                         "spacing_ms",
                         i);
        }
        if (p->spacing_ms >= p->slot_ms || p->slots > CAMPAIGN_DAY_MS_MAX / p->slot_ms) {
            return WRONG("schedule.starts[%zu]: spacing_ms of less than slot_ms, and slots "
                         "of 48 hours at most",
                         i);
        }
        return 0;
    }
    if (known(p->from_unix_s) || known(p->slots) || known(p->slot_ms) ||
        known(p->spacing_ms)) {
        return WRONG("schedule.starts[%zu]: from, slots, slot_ms and spacing_ms are of a "
                     "campaign",
                     i);
    }
    if (!known(p->mean_ms)) {
        return WRONG("schedule.starts[%zu].mean_ms: missing", i);
    }
    if (!p->minutes || bw_starts_minutes_parse(p->minutes, allowed) < 0) {
        return WRONG("schedule.starts[%zu].minutes: not ranges of minutes", i);
    }
    return 0;
}

static int check_schedule(const struct bw_summary *s, struct bw_err *reterr)
{
    int64_t day_s = -1;
    for (size_t i = 0; i < s->schedule.n_commits; i++) {
        int64_t d = s->schedule.commits[i].day_unix_s;
        if (d % BW_STARTS_DAY_S != 0 || d <= day_s) {
            return WRONG("schedule.commits[%zu].day: not the start of a later UTC day", i);
        }
        day_s = d;
    }
    day_s = -1;
    for (size_t i = 0; i < s->schedule.n_secrets; i++) {
        int64_t d = s->schedule.secrets[i].day_unix_s;
        if (d % BW_STARTS_DAY_S != 0 || d <= day_s) {
            return WRONG("schedule.secrets[%zu].day: not the start of a later UTC day", i);
        }
        day_s = d;
    }
    for (size_t i = 0; i < s->schedule.n_starts; i++) {
        const struct bw_schedule_starts *p = &s->schedule.starts[i];
        int r = check_starts(p, i, reterr);
        for (size_t j = 0; r == 0 && j < i; j++) {
            const struct bw_schedule_starts *o = &s->schedule.starts[j];
            if (strcmp(o->probe, p->probe) == 0 && strcmp(o->kind, p->kind) == 0 &&
                strcmp(o->campaign, p->campaign) == 0 && o->from_unix_s == p->from_unix_s) {
                r = WRONG("schedule.starts[%zu]: the same probe as starts[%zu]", i, j);
            }
        }
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

int bw_summary_check(const struct bw_summary *s, struct bw_err *reterr)
{
    int r = check_chain(s, reterr);
    if (r < 0) {
        return r;
    }
    if (s->end_unix_s <= s->start_unix_s) {
        return WRONG("end: not after start");
    }
    if (s->end_unix_s - s->start_unix_s > BW_INTERVAL_MAX_S) {
        return WRONG("end: more than %d s after start", BW_INTERVAL_MAX_S);
    }
    r = check_schedule(s, reterr);
    for (size_t i = 0; r == 0 && i < s->n_circuits; i++) {
        r = check_circuit(s, i, reterr);
    }
    for (size_t i = 0; r == 0 && i < s->n_outages; i++) {
        r = check_outage(s, i, reterr);
    }
    for (size_t i = 0; r == 0 && i < s->n_latency; i++) {
        r = check_latency(s, i, reterr);
    }
    for (size_t i = 0; r == 0 && i < s->n_paths; i++) {
        r = check_path(s, i, reterr);
    }
    for (size_t i = 0; r == 0 && i < s->n_throughput; i++) {
        r = check_test(s, i, reterr);
    }
    for (size_t i = 0; r == 0 && i < s->n_traffic; i++) {
        r = check_traffic(s, i, reterr);
    }
    for (size_t i = 0; r == 0 && i < s->n_gaps; i++) {
        if (s->gaps[i].to_unix_s < s->gaps[i].from_unix_s) {
            r = WRONG("gaps[%zu].to: before from", i);
        }
    }
    return r;
}

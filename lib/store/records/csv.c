/* SPDX-License-Identifier: GPL-3.0-or-later
 * csv.c - a circuit's interval as a row of a table.
 *
 * Invariant: a row has as many fields as the header; an unknown figure is an empty field,
 * never 0. */
#include "csv.h"
#include "buf.h"
#include "clock.h"
#include "text.h"

#include <bw/records.h>
#include <bw/summary.h>
#include <string.h>

void bw_csv_head(struct bw_buf *out)
{
    static const char head[] =
        "site,circuit,start,end,interval_s,key,seq,received,egress,position,"
        "clock_synced,clock_max_error_us,clock_step_us,"
        "vantage,behind,source,layer,resolution_ms,covered_s,link_bps,mtu,saturated_s,"
        "down_bytes,down_packets,down_p95_1s_bps,down_peak_1s_bps,down_drops,down_errors,"
        "up_bytes,up_packets,up_p95_1s_bps,up_peak_1s_bps,up_drops,up_errors,"
        "outages,out_at_end,"
        "latency_targets,packets_sent,packets_lost,packets_late,"
        "nearest_target,nearest_rtt_p50_us,nearest_rtt_p95_us,"
        "tests_ok,tests_not_ok,down_goodput_bps,down_line_bps,up_goodput_bps,up_line_bps,"
        "record_sha256\r\n";
    bw_buf_puts(out, head);
}

static void field(struct bw_buf *out)
{
    bw_buf_putc(out, ',');
}

static void number(struct bw_buf *out, int64_t v)
{
    if (v != BW_UNKNOWN) {
        bw_buf_i64(out, v);
    }
    field(out);
}

static void word(struct bw_buf *out, const char *text)
{
    bw_text_csv(out, text ? text : "");
    field(out);
}

static void moment_s(struct bw_buf *out, int64_t unix_s)
{
    char text[32];
    bw_time_format_s(unix_s, text);
    word(out, text);
}

static void behind(struct bw_buf *out, uint32_t bits)
{
    const char *joint = "";
    for (unsigned bit = BW_BEHIND_NAT; bit <= BW_BEHIND_PROXY; bit <<= 1) {
        if (bits & bit) {
            bw_buf_printf(out, "%s%s", joint, bw_behind_name((enum bw_behind)bit));
            joint = "+";
        }
    }
    field(out);
}

static void flow(struct bw_buf *out, const struct bw_flow *f)
{
    number(out, f->bytes);
    number(out, f->packets);
    number(out, f->p95_1s_bps);
    number(out, f->peak_1s_bps);
    number(out, f->drops);
    number(out, f->errors);
}

/* An outage is told by two targets or by the carrier, of which counters tell. */
static bool outages_seen(const struct bw_summary *s, const struct bw_circuit_summary *c)
{
    const char *first = NULL;
    if (c->source != BW_SOURCE_NONE) {
        return true;
    }
    for (size_t i = 0; i < s->n_latency; i++) {
        const struct bw_latency *l = &s->latency[i];
        if (strcmp(l->circuit, c->id) != 0 || l->sent <= 0) {
            continue;
        }
        if (first && strcmp(first, l->probe) != 0) {
            return true;
        }
        first = l->probe;
    }
    return false;
}

static void
outages(struct bw_buf *out, const struct bw_summary *s, const struct bw_circuit_summary *c)
{
    int64_t n = 0;
    bool open = false;
    for (size_t i = 0; i < s->n_outages; i++) {
        if (strcmp(s->outages[i].circuit, c->id) == 0) {
            n++;
            open = open || s->outages[i].to_unix_ms == BW_UNKNOWN;
        }
    }
    if (n == 0 && !outages_seen(s, c)) {
        number(out, BW_UNKNOWN);
        word(out, "");
        return;
    }
    number(out, n);
    word(out, open ? "yes" : "no");
}

/* Packets of all targets; the round trip of the one that is nearest by its median, since
 * targets at different distances have no common percentile. */
static void latency(struct bw_buf *out, const struct bw_summary *s, const char *circuit)
{
    const struct bw_latency *nearest = NULL;
    int64_t n = 0;
    int64_t sent = BW_UNKNOWN;
    int64_t lost = BW_UNKNOWN;
    int64_t late = BW_UNKNOWN;
    bool late_unknown = false;
    for (size_t i = 0; i < s->n_latency; i++) {
        const struct bw_latency *l = &s->latency[i];
        if (strcmp(l->circuit, circuit) != 0) {
            continue;
        }
        sent = (n ? sent : 0) + l->sent;
        lost = (n ? lost : 0) + l->lost;
        late = (n ? late : 0) + (l->late == BW_UNKNOWN ? 0 : l->late);
        late_unknown = late_unknown || l->late == BW_UNKNOWN;
        n++;
        if (l->p50_us != BW_UNKNOWN && (!nearest || l->p50_us < nearest->p50_us)) {
            nearest = l;
        }
    }
    number(out, n);
    number(out, sent);
    number(out, lost);
    number(out, late_unknown ? BW_UNKNOWN : late);
    word(out, nearest ? nearest->probe : "");
    number(out, nearest ? nearest->p50_us : BW_UNKNOWN);
    number(out, nearest ? nearest->p95_us : BW_UNKNOWN);
}

/* How many runs, and the last good one of each direction. */
static void tests(struct bw_buf *out, const struct bw_summary *s, const char *circuit)
{
    const struct bw_throughput *last[BW_DIRECTIONS] = {NULL, NULL};
    int64_t ok = 0;
    int64_t not_ok = 0;
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        if (strcmp(t->circuit, circuit) != 0) {
            continue;
        }
        if (t->state != BW_TEST_OK) {
            not_ok++;
            continue;
        }
        ok++;
        if (!last[t->direction] || t->at_unix_ms >= last[t->direction]->at_unix_ms) {
            last[t->direction] = t;
        }
    }
    number(out, ok);
    number(out, not_ok);
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        number(out, last[d] ? last[d]->goodput_bps : BW_UNKNOWN);
        number(out, last[d] ? last[d]->line_bps : BW_UNKNOWN);
    }
}

void bw_csv_row(struct bw_buf *out,
                const struct bw_record *rec,
                const struct bw_summary *s,
                const struct bw_circuit_summary *c)
{
    char text[32];
    word(out, s->site);
    word(out, c->id);
    moment_s(out, s->start_unix_s);
    moment_s(out, s->end_unix_s);
    number(out, s->end_unix_s - s->start_unix_s);
    word(out, rec->kid);
    number(out, s->seq);
    bw_time_format_ms(rec->received_unix_ms, text);
    word(out, rec->received_unix_ms == BW_UNKNOWN ? "" : text);
    word(out, rec->egress == BW_EGRESS_UNKNOWN ? "" : bw_egress_name(rec->egress));
    number(out, rec->position);
    word(out, s->clock.known ? (s->clock.synced ? "yes" : "no") : "");
    number(out, s->clock.known ? s->clock.max_error_us : BW_UNKNOWN);
    number(out, s->clock.known ? s->clock.step_us : BW_UNKNOWN);
    word(out, bw_vantage_name(c->vantage));
    behind(out, c->behind);
    word(out, bw_source_name(c->source));
    word(out, bw_layer_name(c->layer));
    number(out, c->resolution_ms);
    number(out, c->covered_s);
    number(out, c->link_bps);
    number(out, c->mtu);
    number(out, c->saturated_s);
    flow(out, &c->flow[BW_DOWN]);
    flow(out, &c->flow[BW_UP]);
    outages(out, s, c);
    latency(out, s, c->id);
    tests(out, s, c->id);
    word(out, rec->sha256);
    if (!out->error) {
        out->len--; /* the last field's comma */
    }
    bw_buf_puts(out, "\r\n");
}

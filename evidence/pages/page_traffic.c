/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_traffic.c - what the line was full of, how round trips of real traffic fared, and
 * what they did while it was saturated.
 *
 * Invariant: a share stands beside its 95 % interval and the bytes it is of; how many
 * devices there were is not in a report. */
#include "pages_private.h"

#include <stdio.h>
#include <traffic_sum.h>
#include <words.h>

static void share(struct bw_doc *d, int64_t ppm, int64_t low_ppm, int64_t high_ppm)
{
    char low[BW_WORDS_MAX];
    char high[BW_WORDS_MAX];

    bw_sheet_percent(d, ppm);
    if (ppm != BW_UNKNOWN) {
        bw_words_percent(low_ppm, low);
        bw_words_percent(high_ppm, high);
        bw_doc_printf(d, BW_SPAN_SMALL, "%s to %s", low, high);
    }
}

static void row(struct bw_doc *d, const char *name, const char *small)
{
    bw_doc_row(d);
    bw_doc_put(d, name);
    bw_doc_span(d, BW_SPAN_SMALL, small);
}

/* ---- what it rests on ------------------------------------------------------------ */

static void basis(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_traffic_sum *t = &r->traffic;
    char n[BW_WORDS_MAX];
    char covered[BW_WORDS_MAX];
    char recorded[BW_WORDS_MAX];
    char text[BW_WORDS_MAX];

    bw_words_counted(t->n, "interval", "intervals", n);
    bw_words_length(t->covered_s * 1000, covered);
    bw_words_length(r->coverage.recorded_s * 1000, recorded);
    bw_words_percent(bw_words_ppm(t->covered_s, r->coverage.recorded_s), text);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  "Headers of packets were looked at in %s, for %s of %s recorded (%s)", n,
                  covered, recorded, text);
    if (t->n_broken > 0) {
        bw_words_count(t->n_broken, n);
        bw_doc_printf(d, BW_SPAN_PLAIN, "; in %s of them not all the time", n);
    }
    bw_words_count(t->captured, n);
    bw_words_count(t->drops, text);
    bw_doc_printf(d, BW_SPAN_PLAIN, ". Packets drawn: %s; lost to a full ring: %s.", n,
                  text);
    if (t->n_flows_full > 0) {
        bw_words_count(t->n_flows_full, n);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      " In %s there were more flows than there was room for.", n);
    }
}

/* From when to when some intervals lie, and what lies between them. */
static void stretch(struct bw_doc *d,
                    const struct bw_report *r,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    int64_t length_s)
{
    char from[BW_WORDS_MAX];
    char to[BW_WORDS_MAX];
    char gaps[BW_WORDS_MAX];
    int64_t gaps_s = to_unix_s - from_unix_s - length_s;

    bw_words_local(r->tz, from_unix_s, 0, from);
    bw_words_local(r->tz, to_unix_s, 0, to);
    bw_words_length((gaps_s > 0 ? gaps_s : 0) * 1000, gaps);
    bw_doc_printf(d, BW_SPAN_PLAIN, ", %s to %s, gaps between them %s", from, to,
                  gaps_s > 0 ? gaps : "none");
}

static void
left_out(struct bw_doc *d, const struct bw_report *r, enum bw_traffic_by by, int way)
{
    const struct bw_traffic_sum *t = &r->traffic;
    const struct bw_mix_basis *b = &t->by[by].basis[way];
    const char *bound = b->n && t->n_at_least > 0 ? "at least " : "";
    char n[4][BW_WORDS_MAX];
    char from[BW_WORDS_MAX];
    char total[BW_WORDS_MAX];
    char drawn[BW_WORDS_MAX];

    bw_words_counted(b->n, "interval", "intervals", from);
    bw_words_bytes(b->bytes, total);
    bw_words_count(b->n_with_test, n[0]);
    bw_words_count(b->n_short, n[1]);
    bw_words_count(b->n_untold, n[2]);
    bw_words_count(b->n_other_layer, n[3]);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s: %s with %s%s by the counter",
                  way == BW_DOWN ? "Down" : "Up", from, bound, b->n ? total : "nothing");
    if (b->n > 0) {
        bw_words_count(b->captured, drawn);
        bw_doc_printf(d, BW_SPAN_PLAIN, ", packets drawn: %s", drawn);
        stretch(d, r, b->from_unix_s, b->to_unix_s, b->length_s);
    }
    bw_doc_printf(d, BW_SPAN_PLAIN,
                  ". Left out: %s with a run of ours, %s looked at for less than half, %s "
                  "without a share or a count, %s counted at another layer.",
                  n[0], n[1], n[2], n[3]);
}

/* What the rows leave of the whole: no share of its own, and no interval. */
static void
untold(struct bw_doc *d, const struct bw_traffic_sum *t, enum bw_traffic_by by, int way)
{
    const struct bw_mix_basis *b = &t->by[by].basis[way];
    char text[BW_WORDS_MAX];

    if (b->untold_ppm > 0) {
        bw_words_percent(b->untold_ppm, text);
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "%s, these leave %s of the bytes: of too few devices to be told of, "
                      "or in intervals that do not tell one of them.",
                      way == BW_DOWN ? "Down" : "Up", text);
    }
}

/* ---- tables ---------------------------------------------------------------------- */

static const struct {
    const char *anchor;
    const char *heading;
    const char *column;
} tables[BW_BYS] = {
    [BW_BY_CLASS] = {"mix-class", "By kind of traffic", "Class"},
    [BW_BY_FAMILY] = {"mix-family", "By IP version", "IP version"},
    [BW_BY_SIZE] = {"mix-size", "By length of packet", "Bytes of a packet"}};

static void shares(struct bw_doc *d, const struct bw_report *r, enum bw_traffic_by by)
{
    const struct bw_traffic_sum *t = &r->traffic;
    const struct bw_traffic_table *table = &t->by[by];
    bool bound = t->n_at_least > 0;
    char name[BW_TRAFFIC_ROW_MAX];
    char title[BW_WORDS_MAX];
    const char *const names[] = {tables[by].column, "Down, share of bytes",
                                 bound ? "Down, at least" : "Down", "Up, share of bytes",
                                 bound ? "Up, at least" : "Up"};

    (void)snprintf(title, sizeof(title), "%s, %s layer", tables[by].heading,
                   bw_words_or(bw_words_layer(table->layer), "unnamed"));
    bw_doc_section(d, tables[by].anchor, title);
    if (table->n > 0) {
        bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 5, 1);
        for (size_t i = 0; i < table->n; i++) {
            const struct bw_class_sum *c = &table->rows[i];
            row(d, bw_traffic_row_name(by, c->klass, name), "");
            for (int way = 0; way < BW_DIRECTIONS; way++) {
                share(d, c->way[way].ppm, c->way[way].low_ppm, c->way[way].high_ppm);
                bw_sheet_bytes(d, c->way[way].bytes);
            }
        }
    }
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        left_out(d, r, by, way);
    }
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        untold(d, t, by, way);
    }
    bw_doc_end(d);
}

static void about_shares(struct bw_doc *d, const struct bw_traffic_sum *t)
{
    char n[BW_WORDS_MAX];

    if (t->n_at_least > 0) {
        bw_words_counted(t->n_at_least, "interval", "intervals", n);
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            "In %s a mirror port counted, which can miss traffic: the line carried "
            "at least these bytes, and was saturated at least as long as is said "
            "below.",
            n);
    }
    if (t->n_merged > 0) {
        bw_words_counted(t->n_merged, "interval", "intervals", n);
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "In %s something had too few devices to stand alone and is within "
                      "\"other\", or not told: the other shares are then at least these.",
                      n);
    }
}

static void flow_sizes(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {
        "Flows that ended, of those drawn", "Flows", "P10", "Median", "P90", "P99"};
    const struct bw_flow_sizes *s = &r->traffic.sizes;
    char n[BW_WORDS_MAX];

    bw_doc_section(d, "flow-sizes", "Sizes of flows");
    if (s->n == 0) {
        bw_sheet_none(d, "Not known: no record of the period tells it.");
        bw_doc_end(d);
        return;
    }
    bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 6, 1);
    row(d, "Bytes of a flow", "both ways together");
    bw_sheet_count(d, s->n);
    bw_sheet_bytes(d, s->p10_bytes);
    bw_sheet_bytes(d, s->p50_bytes);
    bw_sheet_bytes(d, s->p90_bytes);
    bw_sheet_bytes(d, s->p99_bytes);
    bw_words_counted(s->n_intervals, "interval", "intervals", n);
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN, "From %s", n);
    stretch(d, r, s->from_unix_s, s->to_unix_s, s->length_s);
    bw_doc_text(d, ".");
    bw_doc_end(d);
}

static void times_row(struct bw_doc *d,
                      const char *name,
                      const char *small,
                      const struct bw_detail_times *t)
{
    row(d, name, small);
    bw_sheet_count(d, t->n);
    bw_sheet_delay(d, t->min_us);
    bw_sheet_delay(d, t->p50_us);
    bw_sheet_delay(d, t->p95_us);
}

static void round_trips(struct bw_doc *d, const struct bw_traffic_sum *t)
{
    static const char *const names[] = {"Round trips of real TCP", "Values", "Lowest",
                                        "Median", "P95"};

    bw_doc_section(d, "user-round-trips", "Round trips");
    bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 5, 1);
    times_row(d, "Far side", "from the box over the line to the far ends", &t->wan);
    times_row(d, "Far side, smallest of each flow", "of flows that ended", &t->wan_min);
    times_row(d, "School side", "from the box to the school's devices", &t->lan);
    bw_doc_end(d);
}

static void resent(struct bw_doc *d, const struct bw_traffic_sum *t)
{
    static const char *const names[] = {"TCP payload, of flows drawn", "Intervals", "Seen",
                                        "Sent again", "Share"};

    bw_doc_section(d, "resent", "Sent again");
    bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 5, 1);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const struct bw_resent_sum *x = &t->resent[way];
        row(d, way == BW_DOWN ? "Down" : "Up", "");
        bw_sheet_count(d, x->n);
        bw_sheet_bytes(d, x->bytes);
        bw_sheet_bytes(d, x->resent_bytes);
        share(d, x->ppm, x->low_ppm, x->high_ppm);
    }
    bw_doc_end(d);
}

/* ---- while it was saturated ------------------------------------------------------ */

static void part(struct bw_doc *d,
                 const char *name,
                 const char *bound,
                 const struct bw_saturated_part *p)
{
    char length[BW_WORDS_MAX];

    row(d, name, "");
    bw_sheet_count(d, p->n);
    bw_words_length(p->seconds * 1000, length);
    bw_doc_cell(d);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s%s", bound, length);
    bw_sheet_count(d, p->times.n);
    bw_sheet_delay(d, p->times.min_us);
    bw_sheet_delay(d, p->times.p50_us);
    bw_sheet_delay(d, p->times.p95_us);
}

/* How long, for each layer that could tell. */
static bool saturated_lengths(struct bw_doc *d, const struct bw_report *r)
{
    char n[BW_WORDS_MAX];
    char full[BW_WORDS_MAX];
    char of[BW_WORDS_MAX];
    bool told = false;

    for (size_t i = 0; i < r->n_used; i++) {
        const struct bw_report_used *u = &r->used[i];
        if (u->saturated_s == BW_UNKNOWN) {
            continue;
        }
        told = true;
        bw_words_counted(u->saturated_n, "interval", "intervals", n);
        bw_words_length(u->saturated_s * 1000, full);
        bw_words_length(u->saturated_of_s * 1000, of);
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(d, BW_SPAN_PLAIN, "At 90 %% of the claim or more for %s",
                      u->n_mirror > 0 ? "at least " : "");
        bw_doc_span(d, BW_SPAN_STRONG, full);
        bw_doc_printf(d, BW_SPAN_PLAIN, " of the %s in which %s could tell (%s layer).", of,
                      n, bw_words_or(bw_words_layer(u->layer), "unnamed"));
    }
    return told;
}

static void saturation(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Far side, real TCP",
                                        "Intervals",
                                        "Time",
                                        "Round trips",
                                        "Lowest",
                                        "Median",
                                        "P95"};
    const struct bw_traffic_sum *t = &r->traffic;
    char n[BW_WORDS_MAX];

    if (!saturated_lengths(d, r)) {
        bw_sheet_none(d,
                      "Not known: without a claim in the box's configuration no second is "
                      "told to be saturated.");
        return;
    }
    if (t->saturated.times.n == 0 && t->others.times.n == 0) {
        bw_sheet_none(d, "No round trip of real traffic is known to lie within or outside "
                         "those seconds.");
        return;
    }
    bw_sheet_table(d, NULL, BW_TABLE_PLAIN, names, 7, 1);
    part(d, "Saturated seconds", t->n_at_least > 0 ? "at least " : "", &t->saturated);
    part(d, "All other seconds", t->n_at_least > 0 ? "at most " : "", &t->others);
    if (t->n_unsplit > 0) {
        bw_words_counted(t->n_unsplit, "interval", "intervals", n);
        bw_doc_para(d, BW_PARA_PLAIN);
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            "The round trips of %s are in neither: their records do not tell which "
            "of them lay in saturated seconds.",
            n);
    }
}

void bw_sheet_traffic(struct bw_doc *d, const struct bw_report *r)
{
    const struct bw_traffic_sum *t = &r->traffic;

    bw_sheet_head(d, "traffic", "What the line is full of",
                  BW_METHOD_MIX ", " BW_METHOD_FLOW_SIZES ", " BW_METHOD_USER_RTT
                                ", " BW_METHOD_RESENT ", " BW_METHOD_SATURATED_RTT
                                ", saturated/2");
    if (t->n == 0) {
        bw_sheet_none(d, "Not measured: this box did not look at packets of the circuit.");
        bw_doc_end(d);
        return;
    }
    basis(d, r);
    for (int by = 0; by < BW_BYS; by++) {
        shares(d, r, (enum bw_traffic_by)by);
    }
    about_shares(d, t);
    flow_sizes(d, r);
    round_trips(d, t);
    resent(d, t);
    bw_doc_section(d, "saturated", "While the line was saturated");
    saturation(d, r);
    bw_doc_end(d);
    bw_sheet_para(d,
                  "Below a share stands its 95 % interval. From headers of packets drawn "
                  "at random and of whole flows drawn at random; no address, name or "
                  "content is kept. A dash: no record of the period tells it.");
    bw_doc_end(d);
}

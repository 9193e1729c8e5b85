/* SPDX-License-Identifier: GPL-3.0-or-later
 * html_traffic.c - what the line was full of, how round trips of real traffic fared, and
 * what they did while it was saturated.
 *
 * Invariant: a share stands beside its 95 % interval and the bytes it is of; how many
 * devices there were is not in a report. */
#include "html.h"

#include <buf.h>
#include <stdio.h>
#include <text.h>
#include <words.h>

static void count(struct bw_buf *out, int64_t n)
{
    char text[BW_WORDS_MAX];

    bw_words_count(n, text);
    bw_html_number(out, n == BW_UNKNOWN ? "–" : text);
}

static void delay(struct bw_buf *out, int64_t us)
{
    char text[BW_WORDS_MAX];

    bw_words_delay(us, text);
    bw_html_number(out, us == BW_UNKNOWN ? "–" : text);
}

static void bytes(struct bw_buf *out, int64_t n)
{
    char text[BW_WORDS_MAX];

    bw_words_bytes(n, text);
    bw_html_number(out, n == BW_UNKNOWN ? "–" : text);
}

static void share(struct bw_buf *out, int64_t ppm, int64_t low_ppm, int64_t high_ppm)
{
    char text[BW_WORDS_MAX];
    char low[BW_WORDS_MAX];
    char high[BW_WORDS_MAX];

    if (ppm == BW_UNKNOWN) {
        bw_html_number(out, "–");
        return;
    }
    bw_words_percent(ppm, text);
    bw_words_percent(low_ppm, low);
    bw_words_percent(high_ppm, high);
    bw_buf_printf(out, "<td class=\"n\">%s<small>%s to %s</small></td>", text, low, high);
}

static void row(struct bw_buf *out, const char *name, const char *small)
{
    bw_buf_puts(out, "<tr><th scope=\"row\">");
    bw_text_html(out, name);
    if (small[0]) {
        bw_buf_puts(out, "<small>");
        bw_text_html(out, small);
        bw_buf_puts(out, "</small>");
    }
    bw_buf_puts(out, "</th>");
}

static void table_end(struct bw_buf *out)
{
    bw_buf_puts(out, "</tbody></table></div>\n");
}

/* ---- what it rests on ------------------------------------------------------------ */

static void basis(struct bw_buf *out, const struct bw_report *r)
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
    bw_buf_printf(out,
                  "<p>Headers of packets were looked at in %s, for %s of %s recorded "
                  "(%s)",
                  n, covered, recorded, text);
    if (t->n_broken > 0) {
        bw_words_count(t->n_broken, n);
        bw_buf_printf(out, "; in %s of them not all the time", n);
    }
    bw_words_count(t->captured, n);
    bw_words_count(t->drops, text);
    bw_buf_printf(out, ". Packets drawn: %s; lost to a full ring: %s.", n, text);
    if (t->n_flows_full > 0) {
        bw_words_count(t->n_flows_full, n);
        bw_buf_printf(out, " In %s there were more flows than there was room for.", n);
    }
    bw_buf_puts(out, "</p>\n");
}

/* From when to when some intervals lie, and what lies between them. */
static void stretch(struct bw_buf *out,
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
    bw_buf_printf(out, ", %s to %s, gaps between them %s", from, to,
                  gaps_s > 0 ? gaps : "none");
}

static void
left_out(struct bw_buf *out, const struct bw_report *r, enum bw_traffic_by by, int d)
{
    const struct bw_traffic_sum *t = &r->traffic;
    const struct bw_mix_basis *b = &t->by[by].basis[d];
    char n[4][BW_WORDS_MAX];
    char from[BW_WORDS_MAX];
    char total[BW_WORDS_MAX];
    char drawn[BW_WORDS_MAX];

    bw_words_counted(b->n, "interval", "intervals", from);
    bw_words_bytes(b->bytes, total);
    const char *bound = b->n && t->n_at_least > 0 ? "at least " : "";
    bw_words_count(b->n_with_test, n[0]);
    bw_words_count(b->n_short, n[1]);
    bw_words_count(b->n_untold, n[2]);
    bw_words_count(b->n_other_layer, n[3]);
    bw_buf_printf(out, "<p>%s: %s with %s%s by the counter", d == BW_DOWN ? "Down" : "Up",
                  from, bound, b->n ? total : "nothing");
    if (b->n > 0) {
        bw_words_count(b->captured, drawn);
        bw_buf_printf(out, ", packets drawn: %s", drawn);
        stretch(out, r, b->from_unix_s, b->to_unix_s, b->length_s);
    }
    bw_buf_printf(out,
                  ". Left out: %s with a run of ours, %s looked at for less than half, %s "
                  "without a share or a count, %s counted at another layer.</p>\n",
                  n[0], n[1], n[2], n[3]);
}

/* What the rows leave of the whole: no share of its own, and no interval. */
static void
untold(struct bw_buf *out, const struct bw_traffic_sum *t, enum bw_traffic_by by, int d)
{
    const struct bw_mix_basis *b = &t->by[by].basis[d];
    char text[BW_WORDS_MAX];

    if (b->untold_ppm > 0) {
        bw_words_percent(b->untold_ppm, text);
        bw_buf_printf(out,
                      "<p>%s, these leave %s of the bytes: of too few devices to be told "
                      "of, or in intervals that do not tell one of them.</p>\n",
                      d == BW_DOWN ? "Down" : "Up", text);
    }
}

/* ---- tables ---------------------------------------------------------------------- */

static const struct {
    const char *heading;
    const char *column;
} tables[BW_BYS] = {[BW_BY_CLASS] = {"By kind of traffic", "Class"},
                    [BW_BY_FAMILY] = {"By IP version", "IP version"},
                    [BW_BY_SIZE] = {"By length of packet", "Bytes of a packet"}};

static void shares(struct bw_buf *out, const struct bw_report *r, enum bw_traffic_by by)
{
    const struct bw_traffic_sum *t = &r->traffic;
    const struct bw_traffic_table *table = &t->by[by];
    bool bound = t->n_at_least > 0;
    char name[BW_TRAFFIC_ROW_MAX];
    const char *const names[] = {tables[by].column, "Down, share of bytes",
                                 bound ? "Down, at least" : "Down", "Up, share of bytes",
                                 bound ? "Up, at least" : "Up"};

    bw_buf_printf(out, "<h3>%s, %s layer</h3>\n", tables[by].heading,
                  bw_words_or(bw_words_layer(table->layer), "unnamed"));
    if (table->n > 0) {
        bw_buf_puts(out, "<div class=\"chart\"><table>");
        bw_html_columns(out, names, 5, 1);
        for (size_t i = 0; i < table->n; i++) {
            const struct bw_class_sum *c = &table->rows[i];
            row(out, bw_traffic_row_name(by, c->klass, name), "");
            for (int d = 0; d < BW_DIRECTIONS; d++) {
                share(out, c->way[d].ppm, c->way[d].low_ppm, c->way[d].high_ppm);
                bytes(out, c->way[d].bytes);
            }
            bw_buf_puts(out, "</tr>\n");
        }
        table_end(out);
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        left_out(out, r, by, d);
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        untold(out, t, by, d);
    }
}

static void about_shares(struct bw_buf *out, const struct bw_traffic_sum *t)
{
    char n[BW_WORDS_MAX];

    if (t->n_at_least > 0) {
        bw_words_counted(t->n_at_least, "interval", "intervals", n);
        bw_buf_printf(out,
                      "<p>In %s a mirror port counted, which can miss traffic: the line "
                      "carried at least these bytes, and was saturated at least as long as "
                      "is said below.</p>\n",
                      n);
    }
    if (t->n_merged > 0) {
        bw_words_counted(t->n_merged, "interval", "intervals", n);
        bw_buf_printf(out,
                      "<p>In %s something had too few devices to stand alone and is within "
                      "\"other\", or not told: the other shares are then at least "
                      "these.</p>\n",
                      n);
    }
}

static void flow_sizes(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {
        "Flows that ended, of those drawn", "Flows", "P10", "Median", "P90", "P99"};
    const struct bw_flow_sizes *s = &r->traffic.sizes;
    char n[BW_WORDS_MAX];

    bw_buf_puts(out, "<h3>Sizes of flows</h3>\n");
    if (s->n == 0) {
        bw_buf_puts(out, "<p class=\"none\">Not known: no record of the period tells "
                         "it.</p>\n");
        return;
    }
    bw_buf_puts(out, "<div class=\"chart\"><table>");
    bw_html_columns(out, names, 6, 1);
    row(out, "Bytes of a flow", "both ways together");
    count(out, s->n);
    bytes(out, s->p10_bytes);
    bytes(out, s->p50_bytes);
    bytes(out, s->p90_bytes);
    bytes(out, s->p99_bytes);
    bw_buf_puts(out, "</tr>\n");
    table_end(out);
    bw_words_counted(s->n_intervals, "interval", "intervals", n);
    bw_buf_printf(out, "<p>From %s", n);
    stretch(out, r, s->from_unix_s, s->to_unix_s, s->length_s);
    bw_buf_puts(out, ".</p>\n");
}

static void times_row(struct bw_buf *out,
                      const char *name,
                      const char *small,
                      const struct bw_detail_times *t)
{
    row(out, name, small);
    count(out, t->n);
    delay(out, t->min_us);
    delay(out, t->p50_us);
    delay(out, t->p95_us);
    bw_buf_puts(out, "</tr>\n");
}

static void round_trips(struct bw_buf *out, const struct bw_traffic_sum *t)
{
    static const char *const names[] = {"Round trips of real TCP", "Values", "Lowest",
                                        "Median", "P95"};

    bw_buf_puts(out, "<h3>Round trips</h3>\n<div class=\"chart\"><table>");
    bw_html_columns(out, names, 5, 1);
    times_row(out, "Far side", "from the box over the line to the far ends", &t->wan);
    times_row(out, "Far side, smallest of each flow", "of flows that ended", &t->wan_min);
    times_row(out, "School side", "from the box to the school's devices", &t->lan);
    table_end(out);
}

static void resent(struct bw_buf *out, const struct bw_traffic_sum *t)
{
    static const char *const names[] = {"TCP payload, of flows drawn", "Intervals", "Seen",
                                        "Sent again", "Share"};

    bw_buf_puts(out, "<h3>Sent again</h3>\n<div class=\"chart\"><table>");
    bw_html_columns(out, names, 5, 1);
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const struct bw_resent_sum *x = &t->resent[d];
        row(out, d == BW_DOWN ? "Down" : "Up", "");
        count(out, x->n);
        bytes(out, x->bytes);
        bytes(out, x->resent_bytes);
        share(out, x->ppm, x->low_ppm, x->high_ppm);
        bw_buf_puts(out, "</tr>\n");
    }
    table_end(out);
}

static void part(struct bw_buf *out,
                 const char *name,
                 const char *bound,
                 const struct bw_saturated_part *p)
{
    char length[BW_WORDS_MAX];
    char text[BW_WORDS_MAX + 16];

    row(out, name, "");
    count(out, p->n);
    bw_words_length(p->seconds * 1000, length);
    (void)snprintf(text, sizeof(text), "%s%s", bound, length);
    bw_html_number(out, text);
    count(out, p->times.n);
    delay(out, p->times.p50_us);
    delay(out, p->times.p95_us);
    bw_buf_puts(out, "</tr>\n");
}

static void saturation(struct bw_buf *out, const struct bw_report *r)
{
    static const char *const names[] = {"Far side, real TCP", "Intervals", "Time",
                                        "Round trips",        "Median",    "P95"};
    const struct bw_traffic_sum *t = &r->traffic;
    bool told = false;
    char n[BW_WORDS_MAX];
    char full[BW_WORDS_MAX];
    char of[BW_WORDS_MAX];

    bw_buf_puts(out, "<h3>While the line was saturated</h3>\n");
    for (size_t i = 0; i < r->n_used; i++) {
        const struct bw_report_used *u = &r->used[i];
        if (u->saturated_s == BW_UNKNOWN) {
            continue;
        }
        told = true;
        bw_words_counted(u->saturated_n, "interval", "intervals", n);
        bw_words_length(u->saturated_s * 1000, full);
        bw_words_length(u->saturated_of_s * 1000, of);
        bw_buf_printf(
            out,
            "<p>At 90 %% of the claim or more for %s<strong>%s</strong> of the %s "
            "in which %s could tell (%s layer).</p>\n",
            u->n_mirror > 0 ? "at least " : "", full, of, n,
            bw_words_or(bw_words_layer(u->layer), "unnamed"));
    }
    if (!told) {
        bw_buf_puts(out, "<p class=\"none\">Not known: without a claim in the box's "
                         "configuration no second is told to be saturated.</p>\n");
        return;
    }
    if (t->saturated.times.n == 0 && t->others.times.n == 0) {
        bw_buf_puts(out, "<p class=\"none\">No round trip of real traffic is known to lie "
                         "within or outside those seconds.</p>\n");
        return;
    }
    bw_buf_puts(out, "<div class=\"chart\"><table>");
    bw_html_columns(out, names, 6, 1);
    part(out, "Saturated seconds", t->n_at_least > 0 ? "at least " : "", &t->saturated);
    part(out, "All other seconds", t->n_at_least > 0 ? "at most " : "", &t->others);
    table_end(out);
    if (t->n_unsplit > 0) {
        bw_words_counted(t->n_unsplit, "interval", "intervals", n);
        bw_buf_printf(out,
                      "<p>The round trips of %s are in neither: their records do not tell "
                      "which of them lay in saturated seconds.</p>\n",
                      n);
    }
}

void bw_html_traffic(struct bw_buf *out, const struct bw_report *r)
{
    const struct bw_traffic_sum *t = &r->traffic;

    bw_html_head(out, "traffic", "What the line is full of",
                 BW_METHOD_MIX ", " BW_METHOD_FLOW_SIZES ", " BW_METHOD_USER_RTT
                               ", " BW_METHOD_RESENT ", " BW_METHOD_SATURATED_RTT
                               ", saturated/2");
    if (t->n == 0) {
        bw_buf_puts(out, "<p class=\"none\">Not measured: this box did not look at packets "
                         "of the circuit.</p>\n</section>\n");
        return;
    }
    basis(out, r);
    for (int by = 0; by < BW_BYS; by++) {
        shares(out, r, (enum bw_traffic_by)by);
    }
    about_shares(out, t);
    flow_sizes(out, r);
    round_trips(out, t);
    resent(out, t);
    saturation(out, r);
    bw_buf_puts(out, "<p>Below a share stands its 95 % interval. From headers of packets "
                     "drawn at random and of whole flows drawn at random; no address, name "
                     "or content is kept. A dash: no record of the period tells it.</p>\n"
                     "</section>\n");
}

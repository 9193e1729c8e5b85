/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_traffic.c - what a circuit's line was full of: the tables behind its graphs.
 *
 * Every share stands beside its 95 % interval, every figure beside what it rests on; what
 * no record tells is a dash, never a zero. How many devices were active is a lower bound,
 * shown here and nowhere else. */
#include "page_traffic.h"

#include "page_days.h"
#include <page_parts.h>

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <plural.h>
#include <readers.h>
#include <stdio.h>
#include <text.h>
#include <traffic_sum.h>

struct walk {
    struct bw_traffic_maker *maker;
    struct bw_err *reterr;
};

static int on_record(void *owner, const struct bw_record *rec)
{
    struct walk *w = owner;
    return bw_traffic_sum_add_record(w->maker, rec, w->reterr);
}

static int read_sum(struct bw_reader *r,
                    const char *site,
                    const char *circuit,
                    const struct bw_page_days *d,
                    struct bw_traffic_sum *ret,
                    struct bw_err *reterr)
{
    struct walk w = {.reterr = reterr};
    int n = bw_traffic_sum_begin(circuit, &w.maker);
    if (n == 0) {
        n = bw_records_each(r->records, site, d->from_unix_s, d->to_unix_s, on_record, &w,
                            reterr);
    }
    if (n == 0) {
        bw_traffic_sum_finish(w.maker, ret);
    }
    bw_traffic_sum_free(w.maker);
    return n;
}

/* --- pieces ------------------------------------------------------------------------- */

static void dash(struct bw_buf *b)
{
    bw_buf_puts(b, "<td class=\"n\">–</td>");
}

static void count_cell(struct bw_buf *b, int64_t n)
{
    bw_buf_puts(b, "<td class=\"n\">");
    bw_page_count(b, n);
    bw_buf_puts(b, "</td>");
}

static void ms_cell(struct bw_buf *b, int64_t us)
{
    if (us == BW_UNKNOWN) {
        dash(b);
        return;
    }
    bw_buf_puts(b, "<td class=\"n\">");
    bw_page_ms(b, us);
    bw_buf_puts(b, "</td>");
}

/* In hundredths of a percent, with `more` ppm on the way down: 0 down, 50 nearest, 99 up.
 */
static void percent(struct bw_buf *b, int64_t ppm, int64_t more)
{
    int64_t n = (ppm + more) / 100;
    bw_buf_printf(b, "%lld.%02lld", (long long)(n / 100), (long long)(n % 100));
}

/* "41.20 % 40.10 to 42.31": the interval is never shown narrower than it is. */
static void share_cell(struct bw_buf *b, int64_t ppm, int64_t low_ppm, int64_t high_ppm)
{
    if (ppm == BW_UNKNOWN) {
        dash(b);
        return;
    }
    bw_buf_puts(b, "<td class=\"n\">");
    percent(b, ppm, 50);
    bw_buf_puts(b, "&nbsp;% <span class=\"soft small iv\">");
    percent(b, low_ppm, 0);
    bw_buf_puts(b, " to ");
    percent(b, high_ppm, 99);
    bw_buf_puts(b, "</span></td>");
}

/* What lies between the intervals that count. */
static void write_gaps(struct bw_buf *b, int64_t gaps_s)
{
    if (gaps_s > 0) {
        bw_buf_puts(b, ", with gaps of ");
        bw_page_span(b, gaps_s);
    } else {
        bw_buf_puts(b, ", without a gap");
    }
}

/* --- tables ------------------------------------------------------------------------- */

static void
write_basis(struct bw_buf *b, const struct bw_page_days *d, const struct bw_traffic_sum *t)
{
    bw_buf_puts(b, "<p class=\"soft small\">Headers of packets looked at for ");
    bw_page_span(b, t->covered_s);
    bw_buf_puts(b, " of ");
    bw_page_span(b, d->covered_s);
    bw_buf_puts(b, " watched");
    if (t->captured != BW_UNKNOWN) {
        bw_buf_puts(b, "; ");
        bw_page_count(b, t->captured);
        bw_buf_printf(b, " %s drawn", bw_plural(t->captured, "packet", "packets"));
    }
    if (t->drops != BW_UNKNOWN) {
        bw_buf_puts(b, ", ");
        bw_page_count(b, t->drops);
        bw_buf_puts(b, " lost to a full ring");
    }
    if (t->n_broken > 0) {
        bw_buf_puts(b, "; not all the time in ");
        bw_page_count(b, t->n_broken);
        bw_buf_printf(b, " %s", bw_plural(t->n_broken, "interval", "intervals"));
    }
    bw_buf_puts(b, ". A dash: not told by any of them.</p>");
    if (t->devices_most != BW_UNKNOWN) {
        bw_buf_puts(b, "<p>Active devices: at least <b>");
        bw_page_count(b, t->devices_most);
        bw_buf_puts(b, "</b> in the fullest interval <span class=\"soft small\">(a lower "
                       "bound; a device may share an address with others)</span>.</p>");
    }
}

/* Which intervals the shares of some ways rest on. */
static void
write_basis_of(struct bw_buf *b, const char *which, const struct bw_mix_basis *x)
{
    bw_buf_printf(b, "%s: ", which);
    if (x->n == 0) {
        bw_buf_puts(b, "no interval tells it");
    } else {
        bw_page_count(b, x->n);
        bw_buf_printf(b, " %s from ", bw_plural(x->n, "interval", "intervals"));
        bw_page_time(b, x->from_unix_s);
        bw_buf_puts(b, " to ");
        bw_page_time(b, x->to_unix_s);
        bw_buf_puts(b, ", ");
        if (x->captured == BW_UNKNOWN) {
            bw_buf_puts(b, "nobody told how many packets were drawn");
        } else {
            bw_page_count(b, x->captured);
            bw_buf_printf(b, " %s drawn", bw_plural(x->captured, "packet", "packets"));
        }
        write_gaps(b, x->to_unix_s - x->from_unix_s - x->length_s);
    }
    const struct {
        int64_t n;
        const char *why;
    } out[] = {{x->n_with_test, " with a test of ours"},
               {x->n_short, " looked at for less than half"},
               {x->n_untold, " without a share or a count"},
               {x->n_other_layer, " counted at another layer"}};
    const char *before = "; left out: ";
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
        if (out[i].n > 0) {
            bw_buf_puts(b, before);
            bw_page_count(b, out[i].n);
            bw_buf_puts(b, out[i].why);
            before = ", ";
        }
    }
    bw_buf_puts(b, ". ");
}

static bool same_basis(const struct bw_mix_basis *x, const struct bw_mix_basis *y)
{
    return x->n == y->n && x->from_unix_s == y->from_unix_s &&
           x->to_unix_s == y->to_unix_s && x->length_s == y->length_s &&
           x->captured == y->captured && x->n_with_test == y->n_with_test &&
           x->n_short == y->n_short && x->n_untold == y->n_untold &&
           x->n_other_layer == y->n_other_layer;
}

static const struct {
    const char *label;
    const char *head;
} shares[BW_BYS] = {[BW_BY_CLASS] = {"By kind of traffic", "Kind of traffic"},
                    [BW_BY_FAMILY] = {"By IP version", "IP version"},
                    [BW_BY_SIZE] = {"By length of packet", "Bytes of a packet"}};

static void
write_shares(struct bw_buf *b, const struct bw_traffic_sum *t, enum bw_traffic_by by)
{
    const struct bw_traffic_table *table = &t->by[by];
    char head[320];
    char name[BW_TRAFFIC_ROW_MAX];
    (void)snprintf(head, sizeof(head),
                   "<th scope=\"col\">%s</th>"
                   "<th scope=\"col\" class=\"n\">Down, share of bytes</th>"
                   "<th scope=\"col\" class=\"n\">Up, share of bytes</th>",
                   shares[by].head);
    bw_buf_printf(b, "<h4>%s</h4>", shares[by].label);
    bw_page_table_begin(b, shares[by].label, head);
    for (size_t i = 0; i < table->n; i++) {
        const struct bw_class_sum *c = &table->rows[i];
        bw_buf_puts(b, "<tr><th scope=\"row\">");
        bw_text_html(b, bw_traffic_row_name(by, c->klass, name));
        bw_buf_puts(b, "</th>");
        for (int k = 0; k < BW_DIRECTIONS; k++) {
            share_cell(b, c->way[k].ppm, c->way[k].low_ppm, c->way[k].high_ppm);
        }
        bw_buf_puts(b, "</tr>\n");
    }
    bw_page_table_end(b);
    bw_buf_puts(b, "<p class=\"soft small\">");
    if (same_basis(&table->basis[BW_DOWN], &table->basis[BW_UP])) {
        write_basis_of(b, "Both ways", &table->basis[BW_DOWN]);
    } else {
        write_basis_of(b, "Down", &table->basis[BW_DOWN]);
        write_basis_of(b, "Up", &table->basis[BW_UP]);
    }
    bw_buf_puts(b, "</p>");
}

/* What holds for all tables of shares. */
static void write_about_shares(struct bw_buf *b, const struct bw_traffic_sum *t)
{
    const char *layer = bw_layer_name(t->by[BW_BY_CLASS].layer);
    bw_buf_printf(
        b,
        "<p class=\"soft small\">Shares are of the bytes that the counter saw (%s "
        "layer), by packets drawn at random; beside each stands its 95 %% "
        "interval. Of a time that is left out nothing is known here",
        layer ? layer : "unnamed");
    if (t->n_merged > 0) {
        bw_buf_puts(b, "; in ");
        bw_page_count(b, t->n_merged);
        bw_buf_printf(b,
                      " %s something had too few devices to stand alone and is within "
                      "“other”, or not told",
                      bw_plural(t->n_merged, "interval", "intervals"));
    }
    if (t->n_at_least > 0) {
        bw_buf_puts(b, "; in ");
        bw_page_count(b, t->n_at_least);
        bw_buf_printf(b,
                      " %s a mirror port counted: the line carried at least those bytes, "
                      "and the shares are of what the mirror showed",
                      bw_plural(t->n_at_least, "interval", "intervals"));
    }
    bw_buf_puts(b, ".</p>");
}

static void bytes_cell(struct bw_buf *b, int64_t bytes)
{
    bw_buf_puts(b, "<td class=\"n\">");
    bw_page_bytes(b, bytes);
    bw_buf_puts(b, "</td>");
}

static void write_sizes(struct bw_buf *b, const struct bw_flow_sizes *s)
{
    bw_buf_puts(b, "<h4>Sizes of flows</h4>");
    if (s->n == 0) {
        bw_buf_puts(b, "<p class=\"soft\">Not known: no interval tells it.</p>");
        return;
    }
    bw_page_table_begin(b, "Sizes of flows",
                        "<th scope=\"col\">Flows that ended</th>"
                        "<th scope=\"col\" class=\"n\">Flows drawn</th>"
                        "<th scope=\"col\" class=\"n\">P10</th>"
                        "<th scope=\"col\" class=\"n\">Median</th>"
                        "<th scope=\"col\" class=\"n\">P90</th>"
                        "<th scope=\"col\" class=\"n\">P99</th>");
    bw_buf_puts(b, "<tr><th scope=\"row\">Bytes, both ways</th>");
    count_cell(b, s->n);
    bytes_cell(b, s->p10_bytes);
    bytes_cell(b, s->p50_bytes);
    bytes_cell(b, s->p90_bytes);
    bytes_cell(b, s->p99_bytes);
    bw_buf_puts(b, "</tr>\n");
    bw_page_table_end(b);
    bw_buf_puts(b, "<p class=\"soft small\">");
    bw_page_count(b, s->n_intervals);
    bw_buf_printf(b, " %s from ", bw_plural(s->n_intervals, "interval", "intervals"));
    bw_page_time(b, s->from_unix_s);
    bw_buf_puts(b, " to ");
    bw_page_time(b, s->to_unix_s);
    write_gaps(b, s->to_unix_s - s->from_unix_s - s->length_s);
    bw_buf_puts(b,
                ". One flow in ten is no larger than P10, nine in ten than P90; right to "
                "3 %.</p>");
}

static void times_row(struct bw_buf *b,
                      const char *name,
                      const char *bound,
                      int64_t seconds,
                      const struct bw_detail_times *t)
{
    bw_buf_printf(b, "<tr><td>%s</td><td class=\"n\">%s", name, bound);
    if (seconds == BW_UNKNOWN) {
        bw_buf_puts(b, "all");
    } else {
        bw_page_span(b, seconds);
    }
    bw_buf_puts(b, "</td>");
    count_cell(b, t->n);
    ms_cell(b, t->p50_us);
    ms_cell(b, t->p95_us);
    bw_buf_puts(b, "</tr>\n");
}

static void write_times(struct bw_buf *b, const struct bw_traffic_sum *t)
{
    bw_buf_puts(b, "<h4>Round trips of real traffic</h4>");
    bw_page_table_begin(b, "Round trips of real traffic",
                        "<th scope=\"col\">Round trips of real TCP</th>"
                        "<th scope=\"col\" class=\"n\">Seconds</th>"
                        "<th scope=\"col\" class=\"n\">Values</th>"
                        "<th scope=\"col\" class=\"n\">Median</th>"
                        "<th scope=\"col\" class=\"n\">P95</th>");
    times_row(b, "Far side (the line and all behind it)", "", BW_UNKNOWN, &t->wan);
    times_row(b, "Far side, smallest of each flow", "", BW_UNKNOWN, &t->wan_min);
    times_row(b, "School side", "", BW_UNKNOWN, &t->lan);
    if (t->saturated.n + t->others.n > 0) {
        bool bound = t->n_at_least > 0;
        times_row(b, "Far side, line at 90 % of the claim or more",
                  bound ? "at least " : "", t->saturated.seconds, &t->saturated.times);
        times_row(b, "Far side, all other seconds", bound ? "at most " : "",
                  t->others.seconds, &t->others.times);
    }
    bw_page_table_end(b);
    if (t->n_unsplit > 0) {
        bw_buf_puts(b, "<p class=\"soft small\">");
        bw_page_count(b, t->n_unsplit);
        bw_buf_printf(
            b, " %s told apart by saturated seconds.</p>",
            bw_plural(t->n_unsplit, "interval could not be", "intervals could not be"));
    }
}

static void write_resent(struct bw_buf *b, const struct bw_traffic_sum *t)
{
    bw_buf_puts(b, "<h4>Sent again</h4>");
    bw_page_table_begin(b, "Sent again",
                        "<th scope=\"col\">TCP payload in flows drawn</th>"
                        "<th scope=\"col\" class=\"n\">Intervals</th>"
                        "<th scope=\"col\" class=\"n\">Sent again, and 95 % interval</th>");
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        const struct bw_resent_sum *x = &t->resent[d];
        bw_buf_printf(b, "<tr><td>%s</td>", d == BW_DOWN ? "down" : "up");
        count_cell(b, x->n);
        share_cell(b, x->ppm, x->low_ppm, x->high_ppm);
        bw_buf_puts(b, "</tr>\n");
    }
    bw_page_table_end(b);
}

int bw_page_traffic(struct bw_buf *b,
                    struct bw_reader *r,
                    const char *site,
                    const char *circuit,
                    const struct bw_page_days *d,
                    struct bw_err *reterr)
{
    struct bw_traffic_sum t = {.n = 0};
    int n = d->has_traffic ? read_sum(r, site, circuit, d, &t, reterr) : 0;
    if (n < 0 || t.n == 0) {
        return n;
    }
    bw_page_days_head(b, d, "What the line is full of");
    write_basis(b, d, &t);
    bool told = false;
    for (int by = 0; by < BW_BYS; by++) {
        if (t.by[by].n > 0) {
            write_shares(b, &t, (enum bw_traffic_by)by);
            told = true;
        }
    }
    if (told) {
        write_about_shares(b, &t);
    }
    write_sizes(b, &t.sizes);
    write_times(b, &t);
    write_resent(b, &t);
    return 0;
}

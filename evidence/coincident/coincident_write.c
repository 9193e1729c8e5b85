/* SPDX-License-Identifier: GPL-3.0-or-later
 * coincident_write.c - what circuits carry together as JSON and CSV, the same from the
 * collector and the command.
 *
 * Invariant: what is not known is absent or an empty cell. */
#include "coincident.h"

#include <buf.h>
#include <civil.h>
#include <json.h>
#include <stdio.h>
#include <text.h>
#include <tz.h>

static const struct {
    const char *name;
    const char *words;
} whys[BW_COINCIDENT_WHYS] = {
    [BW_COINCIDENT_IN] = {"", ""},
    [BW_COINCIDENT_UNKNOWN] = {"unknown", "there is no such circuit here"},
    [BW_COINCIDENT_NO_RECORD] = {"no-record", "no record of these days"},
    [BW_COINCIDENT_SET_APART] = {"set-apart", "every record is set apart"},
    [BW_COINCIDENT_NOT_COUNTED] = {"not-counted", "its box counts no traffic of it"},
    [BW_COINCIDENT_MIRROR] = {"mirror", "counted at a mirror's port: lower bounds alone"},
    [BW_COINCIDENT_LAYER] = {"layer", "its counts cannot be said at the layer of the sum"},
    [BW_COINCIDENT_NO_CLASS] = {"no-class", "nothing of class hours was counted"},
};

static const char *const ways[BW_DIRECTIONS] = {[BW_DOWN] = "down", [BW_UP] = "up"};

const char *bw_coincident_why_name(enum bw_coincident_why why)
{
    return whys[why].name;
}

const char *bw_coincident_why_words(enum bw_coincident_why why)
{
    return whys[why].words;
}

static void date(int64_t day, char out[BW_CIVIL_DATE_LEN + 1])
{
    out[0] = '\0';
    if (day != BW_UNKNOWN) {
        bw_civil_date(day, out);
    }
}

/* ---- JSON -----------------------------------------------------------------------------
 */

static void json_sum(const struct bw_coincident *c, int way, struct bw_jw *w)
{
    const struct bw_coincident_sum *s = &c->sum[way];
    char day[BW_CIVIL_DATE_LEN + 1];

    date(s->day, day);
    bw_jw_kobj(w, ways[way]);
    bw_jw_ki64(w, "peak_bps", s->peak_bps);
    bw_jw_ki64(w, "peak_s", s->peak_unix_s);
    bw_jw_ki64(w, "peak_circuits", s->peak_n);
    bw_jw_ki64(w, "p95_bps", s->p95_bps);
    bw_jw_ki64(w, "sum_of_peaks_bps", s->sum_peaks_bps);
    bw_jw_ki64(w, "sum_of_p95_bps", s->sum_p95_bps);
    bw_jw_ki64(w, "diversity_ppm", s->diversity_ppm);
    bw_jw_ki64(w, "peak_day_p95_bps", s->day_bps);
    bw_jw_kstr(w, "peak_day", day[0] ? day : NULL);
    bw_jw_ki64(w, "peak_day_bins", s->day_n);
    bw_jw_ki64(w, "sum_of_claims_bps", s->claims_bps);
    bw_jw_ki64(w, "full_bins", s->full_bins);
    bw_jw_ki64(w, "growth_weeks", s->growth.n_weeks);
    if (s->growth.state == BW_GROWTH_MADE) {
        bw_jw_ki64(w, "growth_a_year_low_bps", s->growth.year_bps[BW_GROWTH_LOW]);
        bw_jw_ki64(w, "growth_a_year_bps", s->growth.year_bps[BW_GROWTH_MID]);
        bw_jw_ki64(w, "growth_a_year_high_bps", s->growth.year_bps[BW_GROWTH_HIGH]);
    }
    bw_jw_kbool(w, "growth_counted", s->range.grown);
    bw_jw_ki64(w, "speed_low_bps", s->range.speed_bps[BW_RANGE_LOW]);
    bw_jw_ki64(w, "speed_high_bps", s->range.speed_bps[BW_RANGE_HIGH]);
    bw_jw_obj_end(w);
}

static void
json_circuit(const struct bw_coincident_circuit *x, const char *name, struct bw_jw *w)
{
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];

    (void)snprintf(id, sizeof(id), "%s%s%s", x->site, x->circuit[0] ? "." : "", x->circuit);
    bw_jw_obj(w);
    bw_jw_kstr(w, "circuit", id);
    bw_jw_kstr(w, "name", name[0] ? name : NULL);
    bw_jw_kbool(w, "in_sum", x->why == BW_COINCIDENT_IN);
    if (x->why != BW_COINCIDENT_IN) {
        bw_jw_kstr(w, "why", whys[x->why].name);
    } else {
        bw_jw_kstr(w, "counted_at", bw_layer_name(x->layer));
        bw_jw_ki64(w, "interval_s", x->interval_s);
        bw_jw_ki64(w, "class_bins_known", x->class_n);
        bw_jw_ki64(w, "in_use_bins", x->use_n);
        bw_jw_ki64(w, "in_use_of_bins", x->use_of_n);
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            const struct bw_coincident_way *d = &x->way[way];
            bw_jw_kobj(w, ways[way]);
            bw_jw_ki64(w, "bins", d->n);
            bw_jw_ki64(w, "claim_bps", x->claim_bps[way]);
            bw_jw_ki64(w, "peak_bps", d->peak_bps);
            bw_jw_ki64(w, "p95_bps", d->p95_bps);
            bw_jw_ki64(w, "at_peak_of_sum_bps", d->then_bps);
            bw_jw_ki64(w, "full_bins", d->full_n);
            bw_jw_ki64(w, "full_of_bins", d->told_n);
            bw_jw_obj_end(w);
        }
    }
    bw_jw_obj_end(w);
}

void bw_coincident_json(const struct bw_coincident *c,
                        bw_coincident_name_cb name,
                        void *owner,
                        struct bw_buf *out)
{
    char until[BW_CIVIL_DATE_LEN + 1];
    struct bw_jw w;

    bw_civil_date(c->end_day, until);
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "method", BW_METHOD_COINCIDENT_PEAK);
    bw_jw_kstr(&w, "use_method", BW_METHOD_COINCIDENT_USE);
    bw_jw_kstr(&w, "range_method", BW_METHOD_RANGE);
    bw_jw_ki64(&w, "from_s", c->ask.from_unix_s);
    bw_jw_ki64(&w, "to_s", c->ask.to_unix_s);
    bw_jw_kstr(&w, "tz", bw_tz_name(c->ask.tz));
    bw_jw_kstr(&w, "layer", bw_layer_name(c->ask.layer));
    bw_jw_ki64(&w, "bin_s", BW_COINCIDENT_BIN_S);
    bw_jw_ki64(&w, "circuits_asked", (int64_t)c->n);
    bw_jw_ki64(&w, "circuits_in_sum", c->n_in);
    bw_jw_ki64(&w, "circuits_needed", c->need_n);
    bw_jw_ki64(&w, "need_ppm", c->ask.need_ppm);
    bw_jw_ki64(&w, "class_bins", c->class_bins);
    bw_jw_ki64(&w, "bins", c->bins);
    bw_jw_ki64(&w, "bins_with_all", c->all_bins);
    bw_jw_ki64(&w, "bins_not_class_for_all", c->unlike_class_bins);
    bw_jw_ki64(&w, "circuits_full", c->n_full);
    bw_jw_ki64(&w, "circuits_converted", c->n_converted);
    bw_jw_ki64(&w, "circuits_with_long_intervals", c->n_long);
    bw_jw_kobj(&w, "in_use");
    bw_jw_ki64(&w, "all", c->all_use_n);
    bw_jw_ki64(&w, "none", c->none_use_n);
    bw_jw_ki64(&w, "of_bins", c->use_of_n);
    bw_jw_obj_end(&w);
    bw_jw_kstr(&w, "until", until);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        json_sum(c, way, &w);
    }
    bw_jw_karr(&w, "circuits");
    for (size_t i = 0; i < c->n; i++) {
        json_circuit(&c->circuits[i], name ? name(owner, &c->circuits[i]) : "", &w);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
}

/* ---- CSV ------------------------------------------------------------------------------
 */

static void cell_i64(struct bw_buf *b, int64_t v)
{
    bw_buf_putc(b, ',');
    if (v != BW_UNKNOWN) {
        bw_buf_i64(b, v);
    }
}

static void row(struct bw_buf *b,
                const struct bw_coincident *c,
                const char *figure,
                int way,
                int64_t value,
                const char *unit,
                const char *statistic,
                const char *method)
{
    bw_buf_printf(b, "%s,%s", figure, way < 0 ? "" : ways[way]);
    cell_i64(b, value);
    bw_buf_printf(b, ",%s,%s,%s", unit, way < 0 ? "" : bw_layer_name(c->ask.layer),
                  statistic);
    cell_i64(b, c->bins);
    bw_buf_printf(b, ",%s\r\n", method);
}

void bw_coincident_csv_sum(const struct bw_coincident *c, struct bw_buf *b)
{
    char text[BW_CIVIL_DATE_LEN + 1];

    bw_buf_puts(b, "figure,direction,value,unit,layer,statistic,n,method\r\n");
    row(b, c, "circuits_asked", -1, (int64_t)c->n, "1", "count", BW_METHOD_COINCIDENT_PEAK);
    row(b, c, "circuits_in_sum", -1, c->n_in, "1", "count", BW_METHOD_COINCIDENT_PEAK);
    row(b, c, "circuits_needed", -1, c->need_n, "1", "count", BW_METHOD_COINCIDENT_PEAK);
    row(b, c, "class_bins", -1, c->class_bins, "1", "count", BW_METHOD_COINCIDENT_PEAK);
    row(b, c, "circuits_full", -1, c->n_full, "1", "count", BW_METHOD_COINCIDENT_PEAK);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const struct bw_coincident_sum *s = &c->sum[way];
        row(b, c, "coincident_peak", way, s->peak_bps, "bit/s", "highest 5 min mean of sum",
            BW_METHOD_COINCIDENT_PEAK);
        row(b, c, "coincident_peak_at", way, s->peak_unix_s, "s", "since 1970",
            BW_METHOD_COINCIDENT_PEAK);
        row(b, c, "coincident_p95", way, s->p95_bps, "bit/s", "P95 of class hours of sum",
            BW_METHOD_COINCIDENT_PEAK);
        row(b, c, "sum_of_peaks", way, s->sum_peaks_bps, "bit/s", "sum of highest",
            BW_METHOD_DIVERSITY);
        row(b, c, "sum_of_p95", way, s->sum_p95_bps, "bit/s", "sum of P95",
            BW_METHOD_DIVERSITY);
        row(b, c, "diversity", way, s->diversity_ppm, "ppm", "sum of peaks over peak",
            BW_METHOD_DIVERSITY);
        row(b, c, "peak_day", way, s->day_bps, "bit/s", "P95 of busiest day of sum",
            BW_METHOD_COINCIDENT_DAY);
        row(b, c, "growth_a_year", way,
            s->growth.state == BW_GROWTH_MADE ? s->growth.year_bps[BW_GROWTH_MID]
                                              : BW_UNKNOWN,
            "bit/s", "slope", BW_METHOD_GROWTH);
        row(b, c, "speed_low", way, s->range.speed_bps[BW_RANGE_LOW], "bit/s", "low",
            BW_METHOD_RANGE);
        row(b, c, "speed_high", way, s->range.speed_bps[BW_RANGE_HIGH], "bit/s", "high",
            BW_METHOD_RANGE);
        row(b, c, "sum_of_claims", way, s->claims_bps, "bit/s", "sum", "");
    }
    bw_civil_date(c->end_day, text);
    bw_buf_printf(b, "speed_until,,%s,day,,,,%s\r\n", text, BW_METHOD_RANGE);
}

void bw_coincident_csv_circuits(const struct bw_coincident *c,
                                bw_coincident_name_cb name,
                                void *owner,
                                struct bw_buf *b)
{
    bw_buf_puts(b, "circuit,name,in_sum,why_not,layer,counted_at,interval_s");
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const char *d = ways[way];
        bw_buf_printf(b,
                      ",%s_claim_bps,%s_peak_bps,%s_p95_bps,%s_at_peak_of_sum_bps,%s_bins,"
                      "%s_full_bins,%s_full_of_bins",
                      d, d, d, d, d, d, d);
    }
    bw_buf_puts(b, ",in_use_bins,in_use_of_bins,method\r\n");
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_coincident_circuit *x = &c->circuits[i];
        bool in = x->why == BW_COINCIDENT_IN;
        bw_buf_printf(b, "%s%s%s,", x->site, x->circuit[0] ? "." : "", x->circuit);
        bw_text_csv(b, name ? name(owner, x) : "");
        bw_buf_printf(b, ",%s,%s,%s,%s", in ? "yes" : "no", whys[x->why].name,
                      bw_layer_name(c->ask.layer),
                      x->layer == BW_LAYER_UNKNOWN ? "" : bw_layer_name(x->layer));
        cell_i64(b, in ? x->interval_s : BW_UNKNOWN);
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            const struct bw_coincident_way *d = &x->way[way];
            cell_i64(b, x->claim_bps[way]);
            cell_i64(b, d->peak_bps);
            cell_i64(b, d->p95_bps);
            cell_i64(b, d->then_bps);
            cell_i64(b, in ? d->n : BW_UNKNOWN);
            cell_i64(b, in ? d->full_n : BW_UNKNOWN);
            cell_i64(b, in ? d->told_n : BW_UNKNOWN);
        }
        cell_i64(b, in ? x->use_n : BW_UNKNOWN);
        cell_i64(b, in ? x->use_of_n : BW_UNKNOWN);
        bw_buf_puts(b, "," BW_METHOD_COINCIDENT_PEAK "\r\n");
    }
}

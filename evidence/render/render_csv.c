/* SPDX-License-Identifier: GPL-3.0-or-later
 * render_csv.c - the report as tables for a spreadsheet (RFC 4180).
 *
 * Invariant: every row has the header's number of fields; a figure nobody measured is an
 * empty field; text of others goes through bw_text_csv(). */
#include "figures.h"
#include "render.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <model.h>
#include <string.h>
#include <text.h>
#include <words.h>

static void put_i64(struct bw_buf *out, int64_t v)
{
    if (v != BW_UNKNOWN) {
        bw_buf_i64(out, v);
    }
}

static int put_figure(void *owner, const struct bw_figure *f)
{
    struct bw_buf *out = owner;

    bw_text_csv(out, f->section);
    bw_buf_putc(out, ',');
    bw_text_csv(out, f->figure);
    bw_buf_putc(out, ',');
    if (f->text) {
        bw_text_csv(out, f->text);
    } else {
        put_i64(out, f->value);
    }
    bw_buf_putc(out, ',');
    bw_text_csv(out, f->unit);
    bw_buf_putc(out, ',');
    bw_text_csv(out, f->layer);
    bw_buf_putc(out, ',');
    bw_text_csv(out, f->statistic);
    bw_buf_putc(out, ',');
    put_i64(out, f->n);
    bw_buf_putc(out, ',');
    bw_text_csv(out, f->method);
    bw_buf_puts(out, "\r\n");
    return 0;
}

static int finish(struct bw_buf *out, struct bw_err *reterr)
{
    int r = bw_buf_error(out);

    return r < 0 ? bw_err_set(reterr, r, "the table does not fit into memory") : 0;
}

int bw_render_csv(const struct bw_report *r, struct bw_buf *out, struct bw_err *reterr)
{
    bw_buf_puts(out, "section,figure,value,unit,layer,statistic,n,method\r\n");
    (void)bw_report_figures(r, put_figure, out);
    return finish(out, reterr);
}

int bw_render_csv_intervals(const struct bw_report *r,
                            struct bw_buf *out,
                            struct bw_err *reterr)
{
    char text[32];

    bw_buf_puts(out,
                "start_utc,end_utc,seq,covered_s,layer,down_bytes,up_bytes,down_packets,"
                "up_packets,down_bps,up_bps,down_peak_1s_bps,up_peak_1s_bps,saturated_s,"
                "class_hours,own_test,clock_unsynchronised,clock_stepped,at_least\r\n");
    for (size_t i = 0; i < r->n_intervals; i++) {
        const struct bw_report_interval *v = &r->intervals[i];
        const int64_t numbers[] = {
            v->bytes[BW_DOWN],       v->bytes[BW_UP],       v->packets[BW_DOWN],
            v->packets[BW_UP],       v->rate_bps[BW_DOWN],  v->rate_bps[BW_UP],
            v->peak_1s_bps[BW_DOWN], v->peak_1s_bps[BW_UP], v->saturated_s};
        bw_words_utc_s(v->start_unix_s, text);
        bw_buf_puts(out, text);
        bw_buf_putc(out, ',');
        bw_words_utc_s(v->end_unix_s, text);
        bw_buf_puts(out, text);
        bw_buf_putc(out, ',');
        put_i64(out, v->seq);
        bw_buf_putc(out, ',');
        put_i64(out, v->covered_s);
        bw_buf_putc(out, ',');
        bw_buf_puts(out, bw_words_layer(v->layer));
        for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
            bw_buf_putc(out, ',');
            put_i64(out, numbers[k]);
        }
        bw_buf_puts(out, v->in_class ? ",1" : ",0");
        bw_buf_puts(out, v->with_test ? ",1" : ",0");
        bw_buf_puts(out, v->flags & BW_SLOT_UNSYNCED ? ",1" : ",0");
        bw_buf_puts(out, v->flags & BW_SLOT_STEPPED ? ",1" : ",0");
        bw_buf_puts(out, v->at_least ? ",1\r\n" : ",0\r\n");
    }
    return finish(out, reterr);
}

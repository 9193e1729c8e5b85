/* SPDX-License-Identifier: GPL-3.0-or-later
 * pack_write.c - a pack for programs: JSON (docs/pack-v1.schema.json) and CSV.
 *
 * Invariant: integers only, units beside them; what was not measured is absent in JSON and
 * an empty field in CSV; order is fixed, so the same pack gives the same bytes. */
#include "packs_private.h"

#include <buf.h>
#include <bw/err.h>
#include <json.h>
#include <text.h>
#include <words.h>

static void put_time(struct bw_jw *w, const char *name, int64_t unix_s)
{
    char text[32];

    bw_words_utc_s(unix_s, text);
    bw_jw_kstr(w, name, text);
}

static void put_word(struct bw_jw *w, const char *name, const char *text)
{
    bw_jw_kstr(w, name, text && text[0] ? text : NULL);
}

static void circuits(struct bw_jw *w, const struct bw_pack_made *m)
{
    bw_jw_karr(w, "circuits");
    for (size_t i = 0; m->asked->many && i < m->asked->many->n_lines; i++) {
        const struct bw_pack_line *x = &m->asked->many->lines[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "site", x->site);
        bw_jw_kstr(w, "circuit", x->circuit);
        put_word(w, "place", x->place);
        bw_jw_obj_end(w);
    }
    for (size_t i = 0; !m->asked->many && i < m->asked->n_reports; i++) {
        const struct bw_report *r = m->asked->reports[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "site", r->site);
        bw_jw_kstr(w, "circuit", r->circuit);
        put_word(w, "place", r->place);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void figures(struct bw_jw *w, const struct bw_pack_made *m)
{
    bw_jw_karr(w, "figures");
    for (size_t i = 0; i < m->n_figures; i++) {
        const struct bw_pack_figure *f = &m->figures[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "section", f->section);
        bw_jw_kstr(w, "figure", f->figure);
        if (f->text) {
            bw_jw_kstr(w, "text", f->text);
        } else {
            bw_jw_ki64(w, "value", f->value);
        }
        put_word(w, "unit", f->unit);
        put_word(w, "layer", f->layer);
        put_word(w, "statistic", f->statistic);
        bw_jw_ki64(w, "n", f->n);
        put_word(w, "method", f->method);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

int bw_pack_json(const struct bw_pack_made *m, struct bw_buf *out, struct bw_err *reterr)
{
    const struct bw_report *r = m->r;
    struct bw_jw w;
    int rc;

    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "pack", bw_pack_name(m->asked->pack));
    bw_jw_kstr(&w, "title", m->title);
    put_time(&w, "made_at", r->made_unix_s);
    bw_jw_kobj(&w, "period");
    put_time(&w, "from", r->from_unix_s);
    put_time(&w, "to", r->to_unix_s);
    bw_jw_kstr(&w, "time_zone", r->tz_name);
    bw_jw_obj_end(&w);
    bw_jw_kbool(&w, "provisional", m->provisional);
    put_time(&w, "final_from", r->to_unix_s + BW_PACK_PROVISIONAL_S);
    bw_jw_kstr(&w, "signatures", bw_words_check(r->check));
    circuits(&w, m);
    figures(&w, m);
    bw_jw_karr(&w, "absent");
    for (size_t i = 0; i < m->n_absent; i++) {
        bw_jw_obj(&w);
        bw_jw_kstr(&w, "what", m->absent[i].what);
        bw_jw_kstr(&w, "why", m->absent[i].why);
        bw_jw_obj_end(&w);
    }
    bw_jw_arr_end(&w);
    bw_jw_karr(&w, "other_packs");
    for (int i = 0; i < BW_PACKS; i++) {
        if (i != (int)m->asked->pack && bw_pack_name((enum bw_pack)i)) {
            bw_jw_str(&w, bw_pack_name((enum bw_pack)i));
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
    rc = bw_buf_error(out);
    return rc < 0 ? bw_err_set(reterr, rc, "the pack does not fit into memory") : 0;
}

static void put_i64(struct bw_buf *out, int64_t v)
{
    if (v != BW_UNKNOWN) {
        bw_buf_i64(out, v);
    }
}

int bw_pack_csv(const struct bw_pack_made *m, struct bw_buf *out, struct bw_err *reterr)
{
    int rc;

    bw_buf_puts(out, "section,figure,value,unit,layer,statistic,n,method\r\n");
    for (size_t i = 0; i < m->n_figures; i++) {
        const struct bw_pack_figure *f = &m->figures[i];
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
        bw_text_csv(out, f->statistic); /* of a finding its arithmetic, with commas */
        bw_buf_putc(out, ',');
        put_i64(out, f->n);
        bw_buf_putc(out, ',');
        bw_text_csv(out, f->method);
        bw_buf_puts(out, "\r\n");
    }
    for (size_t i = 0; i < m->n_absent; i++) {
        bw_buf_puts(out, "absent,");
        bw_text_csv(out, m->absent[i].what);
        bw_buf_putc(out, ',');
        bw_text_csv(out, m->absent[i].why);
        bw_buf_puts(out, ",,,,,\r\n");
    }
    rc = bw_buf_error(out);
    return rc < 0 ? bw_err_set(reterr, rc, "the table does not fit into memory") : 0;
}

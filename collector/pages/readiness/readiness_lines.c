/* SPDX-License-Identifier: GPL-3.0-or-later
 * readiness_lines.c - the rows of readiness, and how many places need how many sittings as
 * a bar. */
#include "readiness_parts.h"

#include <page_entity.h>
#include <page_parts.h>
#include <plural.h>
#include <text.h>
#include <words.h>

/* ---- rows -------------------------------------------------------------------------------
 */

static void write_place(struct bw_ready_job *j, const struct bw_ready_row *x)
{
    struct bw_buf *b = &j->out;
    const struct bw_room *r = j->r;

    if (x->entity != BW_ROOM_NONE) {
        bw_page_entity_link(b, &j->scope, x->entity);
    } else {
        bw_buf_puts(b, "<a href=\"/sites/");
        bw_text_url(b, r->sites[x->site].id);
        bw_buf_puts(b, "\">");
        bw_page_name(b, bw_room_place_name(r, x->entity, x->site));
        bw_buf_puts(b, "</a>");
    }
    if (x->line.circuit != BW_ROOM_NONE) {
        const struct bw_room_circuit *c = &r->circuits[x->line.circuit];
        bw_buf_puts(b, "<div class=\"id\">");
        bw_text_html(b, r->sites[c->site].id);
        bw_buf_putc(b, '.');
        bw_text_html(b, c->name);
        if (x->n_lines > 1) {
            bw_buf_printf(b, ", of %d lines the one with most free", (int)x->n_lines);
        }
        bw_buf_puts(b, "</div>");
    }
    if (x->testing_days >= 0) {
        bw_buf_printf(b, "<div class=\"id\">its calendar has %d testing %s then</div>",
                      (int)x->testing_days, bw_plural(x->testing_days, "day", "days"));
    }
}

static void count_or(struct bw_buf *b, int64_t n, const char *otherwise)
{
    if (n == BW_UNKNOWN) {
        bw_buf_puts(b, otherwise);
    } else {
        bw_page_count(b, n);
    }
}

static void rate_or(struct bw_buf *b, int64_t bps)
{
    if (bps == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_rate(b, bps);
    }
}

static void write_at_once(struct bw_ready_job *j, const struct bw_ready_row *x)
{
    struct bw_buf *b = &j->out;

    if (x->why != BW_READY_KNOWN) {
        bw_buf_puts(b, "<td>not known<div class=\"id\">");
        bw_buf_puts(b, bw_ready_why_words(x->why));
        bw_buf_puts(b, "</div></td>");
        return;
    }
    bw_buf_puts(b, "<td class=\"n\"><b>");
    count_or(b, x->at_once[j->ask.at], "not known");
    bw_buf_puts(b, "</b><div class=\"id\">");
    bw_buf_puts(b, j->ask.at == BW_READY_AT_P95 ? "at the peak " : "at P95 ");
    count_or(b, x->at_once[!j->ask.at], "not known");
    bw_buf_puts(b, "</div></td>");
}

static void write_sittings(struct bw_ready_job *j, const struct bw_ready_row *x)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<td class=\"n\">");
    if (x->shortfall == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_count(b, x->shortfall);
    }
    bw_buf_puts(b, "</td><td class=\"n\">");
    if (x->sittings == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else if (x->sittings == 0) {
        bw_buf_puts(b, "<span class=\"state down\">nobody can</span>");
    } else {
        bw_page_count(b, x->sittings);
    }
    bw_buf_puts(b, "</td>");
}

static void write_delivered(struct bw_ready_job *j, const struct bw_ready_line *l)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<td class=\"n\">");
    rate_or(b, l->bps[j->ask.of]);
    bw_buf_printf(b, "<div class=\"id\">%s ",
                  j->ask.of == BW_READY_TESTED ? "claimed" : "tested");
    rate_or(b, l->bps[!j->ask.of]);
    if (l->n_tests > 0) {
        bw_buf_printf(b, "; %d good %s", (int)l->n_tests,
                      bw_plural(l->n_tests, "run", "runs"));
    }
    if (l->layer != BW_LAYER_UNKNOWN) {
        bw_buf_printf(b, "; at %s", bw_words_layer_long(l->layer));
    }
    bw_buf_puts(b, "</div></td>");
}

static void write_carried(struct bw_ready_job *j, const struct bw_ready_line *l)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<td class=\"n\">");
    rate_or(b, l->carried_bps[j->ask.at]);
    bw_buf_printf(b, "<div class=\"id\">%s ",
                  j->ask.at == BW_READY_AT_P95 ? "peak" : "P95");
    rate_or(b, l->carried_bps[!j->ask.at]);
    bw_buf_puts(b, "</div></td><td class=\"n\">");
    if (l->expected > 0) {
        bw_page_count(b, l->known);
        bw_buf_puts(b, " of ");
        bw_page_count(b, l->expected);
        bw_buf_printf(b, "<div class=\"id\">on %d %s</div>", (int)l->n_days,
                      bw_plural(l->n_days, "day", "days"));
    } else {
        bw_buf_puts(b, "none");
    }
    bw_buf_puts(b, "</td>");
}

static void write_was(struct bw_ready_job *j, const struct bw_ready_line *l)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<td class=\"n\">");
    if (l->full_s == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_span(b, l->full_s);
        bw_buf_puts(b, "<div class=\"id\">of ");
        bw_page_span(b, l->full_of_s);
        bw_buf_puts(b, "</div>");
    }
    bw_buf_puts(b, "</td><td class=\"n\">");
    if (l->outage_class_ms == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_span(b, l->outage_class_ms / 1000);
    }
    bw_buf_puts(b, "</td>");
}

void bw_ready_rows(struct bw_ready_job *j, size_t from, size_t to)
{
    struct bw_buf *b = &j->out;

    for (size_t i = from; i < to; i++) {
        const struct bw_ready_row *x = &j->x.rows[i];
        bw_buf_puts(b, "<tr><td>");
        write_place(j, x);
        bw_buf_puts(b, "</td><td class=\"n\">");
        count_or(b, x->students, "not on file");
        bw_buf_puts(b, "</td>");
        write_at_once(j, x);
        write_sittings(j, x);
        bw_buf_puts(b, "<td class=\"n\">");
        rate_or(b, x->line.free_bps[j->ask.at]);
        bw_buf_puts(b, "</td>");
        write_delivered(j, &x->line);
        write_carried(j, &x->line);
        if (j->past) {
            write_was(j, &x->line);
        }
        bw_buf_puts(b, "</tr>\n");
    }
}

/* ---- the picture ------------------------------------------------------------------------
 */

enum band {
    BAND_ONE,
    BAND_TWO,
    BAND_FOUR,
    BAND_MORE,
    BAND_NOBODY,
    BAND_UNKNOWN,
    BANDS
};

static const struct {
    const char *words;
    const char *css;
} bands[BANDS] = {
    [BAND_ONE] = {"all at once", "b0"},    [BAND_TWO] = {"two sittings", "b1"},
    [BAND_FOUR] = {"three or four", "b2"}, [BAND_MORE] = {"five or more", "b3"},
    [BAND_NOBODY] = {"nobody can", "b4"},  [BAND_UNKNOWN] = {"not known", "b5"},
};

static enum band band_of(const struct bw_ready_row *x)
{
    return x->sittings == BW_UNKNOWN ? BAND_UNKNOWN
           : x->sittings == 0        ? BAND_NOBODY
           : x->sittings == 1        ? BAND_ONE
           : x->sittings == 2        ? BAND_TWO
           : x->sittings <= 4        ? BAND_FOUR
                                     : BAND_MORE;
}

void bw_ready_picture(struct bw_ready_job *j)
{
    struct bw_buf *b = &j->out;
    int64_t n[BANDS] = {0};
    int64_t students[BANDS] = {0};
    int64_t all = (int64_t)j->x.n;
    int64_t before = 0;

    for (size_t i = 0; i < j->x.n; i++) {
        enum band at = band_of(&j->x.rows[i]);
        n[at]++;
        students[at] += j->x.rows[i].students != BW_UNKNOWN ? j->x.rows[i].students : 0;
    }
    bw_buf_puts(b, "<figure class=\"bar\"><svg viewBox=\"0 0 1000 30\" "
                   "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Places by how "
                   "many sittings they need; the table below has the numbers\">");
    for (int i = 0; i < BANDS; i++) {
        int64_t from = all > 0 ? before * 1000 / all : 0;
        before += n[i];
        if (n[i] > 0) {
            bw_buf_printf(b,
                          "<rect class=\"%s\" x=\"%lld\" y=\"0\" width=\"%lld\" "
                          "height=\"30\"></rect>",
                          bands[i].css, (long long)from,
                          (long long)(before * 1000 / all - from));
        }
    }
    bw_buf_puts(b, "</svg></figure>");
    bw_page_table_begin(b, "Places by sittings",
                        "<th scope=\"col\">Sittings</th><th scope=\"col\" class=\"n\">"
                        "Places</th><th scope=\"col\" class=\"n\">Students on file</th>");
    for (int i = 0; i < BANDS; i++) {
        bw_buf_printf(
            b,
            "<tr><td><svg class=\"swatch\" viewBox=\"0 0 10 10\" aria-hidden=\"true\">"
            "<rect class=\"%s\" width=\"10\" height=\"10\"></rect></svg> %s</td>"
            "<td class=\"n\">",
            bands[i].css, bands[i].words);
        bw_page_count(b, n[i]);
        bw_buf_puts(b, "</td><td class=\"n\">");
        bw_page_count(b, students[i]);
        bw_buf_puts(b, "</td></tr>");
    }
    bw_page_table_end(b);
}

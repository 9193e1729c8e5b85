/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_members.c - members side by side in all measures: of a cohort, of a list by hand,
 * of a district. Only those that are seen come here. */
#include "compare_parts.h"

#include <page_parts.h>
#include <plural.h>
#include <stdlib.h>
#include <text.h>

enum {
    ROWS = 40 /* a page */
};

void bw_compare_row_link(struct bw_compare_job *j, const struct bw_compare_row *x)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, x->district                 ? "<a href=\"/districts/"
                   : x->entity != BW_ROOM_NONE ? "<a href=\"/schools/"
                                               : "<a href=\"/sites/");
    bw_text_url(b, x->id);
    bw_buf_puts(b, "\">");
    bw_page_name(b, x->name);
    bw_buf_puts(b, "</a>");
}

static void write_about(struct bw_compare_job *j, const struct bw_compare_row *x)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<div class=\"id\">");
    if (x->students == BW_UNKNOWN) {
        bw_buf_puts(b, "students not on file");
    } else {
        bw_page_count(b, x->students);
        bw_buf_printf(b, " %s", bw_plural(x->students, "student", "students"));
    }
    for (int by = BW_COMPARE_LOCALE; by < BW_COMPARE_BYS; by++) {
        const struct bw_compare_class *k = &j->c.classes[by][x->class[by]];
        if (k->label[0] && by != BW_COMPARE_REGION) {
            bw_buf_puts(b, "; ");
            bw_page_name(b, k->label);
        }
    }
    bw_buf_puts(b, "</div>");
}

static void write_like_link(struct bw_compare_job *j, const struct bw_compare_row *x)
{
    struct bw_buf *b = &j->out;

    if (x->entity == BW_ROOM_NONE) {
        return;
    }
    bw_buf_printf(b, "<a class=\"small\" href=\"/compare?of=%s&amp;like=",
                  j->districts ? "districts" : "schools");
    bw_text_url(b, x->id);
    bw_buf_puts(b, "\" aria-label=\"like it: ");
    bw_text_html(b, x->name);
    bw_buf_puts(b, "\">like it</a>");
}

static void write_member(struct bw_compare_job *j, size_t i, bool boxes)
{
    struct bw_buf *b = &j->out;
    const struct bw_compare_row *x = j->list[i];

    bw_buf_puts(b, "<tr>");
    if (boxes) {
        bw_buf_printf(b, "<td><input type=\"checkbox\" name=\"p%zu\" value=\"",
                      i % BW_COMPARE_PICK_MAX);
        bw_text_html(b, x->id);
        bw_buf_puts(b, "\" aria-label=\"");
        bw_text_html(b, x->name);
        bw_buf_puts(b, "\"></td>");
    }
    bw_buf_puts(b, "<th scope=\"row\">");
    bw_compare_row_link(j, x);
    write_about(j, x);
    write_like_link(j, x);
    bw_buf_puts(b, "</th>");
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        const struct bw_compare_value *v = &x->m[m];
        bw_buf_puts(b, "<td class=\"n\">");
        bw_compare_value_words(b, (enum bw_compare_measure)m, v->value);
        if (v->why != BW_COMPARE_KNOWN) {
            bw_buf_printf(b, "<div class=\"id\">%s</div>", bw_compare_why_words(v->why));
        } else if (v->n_known < v->n_places) {
            bw_buf_printf(b, "<div class=\"id\">of %d of %d</div>", (int)v->n_known,
                          (int)v->n_places);
        }
        bw_buf_puts(b, "</td>");
    }
    bw_buf_puts(b, "</tr>\n");
}

/* Median of the list, as its last line. */
static void write_medians(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<tr><th scope=\"row\">Median of these</th>");
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        struct bw_compare_spread x;
        bw_buf_puts(b, "<td class=\"n\">");
        if (bw_compare_spread_of(&j->c, j->list, j->n_list, (enum bw_compare_measure)m,
                                 &x) == 0) {
            bw_buf_puts(b, "<b>");
            bw_compare_value_words(b, (enum bw_compare_measure)m, x.median);
            bw_buf_printf(b, "</b><div class=\"id\">%lld of %lld tell</div>",
                          (long long)x.known, (long long)x.members);
        }
        bw_buf_puts(b, "</td>");
    }
    bw_buf_puts(b, "</tr>\n");
}

static void write_heads(struct bw_compare_job *j, bool boxes)
{
    struct bw_buf *b = &j->out;

    bw_buf_printf(b,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Side "
                  "by side\"><table class=\"wraps\"><thead><tr>%s<th scope=\"col\">%s</th>",
                  boxes ? "<th scope=\"col\">Choose</th>" : "",
                  j->districts ? "District" : "School");
    for (int m = 0; m < BW_COMPARE_MEASURES; m++) {
        bw_buf_printf(b, "<th scope=\"col\" class=\"n\">%s</th>",
                      bw_compare_measure_title((enum bw_compare_measure)m));
    }
    bw_buf_puts(b, "</tr></thead><tbody>\n");
}

static void write_paging(struct bw_compare_job *j, size_t pages)
{
    struct bw_buf *b = &j->out;

    if (pages < 2 || j->view != BW_COMPARE_COHORT) {
        return;
    }
    bw_buf_puts(b, "<nav class=\"pages\" aria-label=\"Pages of the list\">");
    for (int next = 0; next < 2; next++) {
        if (next ? j->page < pages : j->page > 1) {
            bw_buf_printf(b, "<a rel=\"%s\" href=\"", next ? "next" : "prev");
            bw_compare_url(j, j->by, j->measure);
            bw_buf_puts(b, "&amp;cohort=");
            bw_text_url(b, j->key);
            bw_buf_printf(b, "&amp;page=%zu#members\">%s</a>",
                          next ? j->page + 1 : j->page - 1, next ? "Next →" : "← Back");
        }
        if (!next) {
            bw_buf_printf(b, "<span>Page %zu of %zu</span>", j->page, pages);
        }
    }
    bw_buf_puts(b, "</nav>");
}

void bw_compare_write_members(struct bw_compare_job *j, bool boxes)
{
    struct bw_buf *b = &j->out;
    size_t rows = j->view == BW_COMPARE_COHORT ? ROWS : BW_COMPARE_PICK_MAX;
    size_t pages = (j->n_list + rows - 1) / rows;

    if (j->n_list == 0) {
        bw_buf_puts(b, "<p class=\"soft\">None.</p>");
        return;
    }
    j->page = j->page > pages ? pages : j->page;
    size_t from = (j->page - 1) * rows;
    size_t to = from + rows < j->n_list ? from + rows : j->n_list;
    if (boxes) {
        bw_buf_printf(b,
                      "<form action=\"/compare\" method=\"get\"><input type=\"hidden\" "
                      "name=\"of\" value=\"%s\">",
                      j->districts ? "districts" : "schools");
    }
    write_heads(j, boxes);
    for (size_t i = from; i < to; i++) {
        write_member(j, i, boxes);
    }
    if (!boxes) {
        write_medians(j);
    }
    bw_buf_puts(b, "</tbody></table></div>");
    bw_buf_puts(b, boxes ? "<p><button>Compare those chosen</button></p></form>" : "");
    if (to < j->n_list && j->view != BW_COMPARE_COHORT) {
        bw_buf_printf(b, "<p class=\"small soft\">The first %zu of %zu.</p>", to,
                      j->n_list);
    }
    write_paging(j, pages);
}

/* ---- by hand, or of one district --------------------------------------------------------
 */

static void write_strips(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;
    int64_t *values = calloc(j->n_list + 1, sizeof(*values));
    struct bw_compare_spread x;
    struct bw_compare_scale scale;
    int64_t target = bw_compare_target(j);
    size_t n = 0;

    if (!values || bw_compare_spread_of(&j->c, j->list, j->n_list, j->measure, &x) < 0) {
        free(values);
        return;
    }
    bw_compare_scale_begin(&scale, target);
    for (size_t i = 0; i < j->n_list; i++) {
        bw_compare_scale_value(&scale, j->list[i]->m[j->measure].value);
    }
    bw_compare_scale_end(&scale, j->measure);
    bw_compare_says(j);
    bw_buf_printf(b,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"One "
                  "measure\"><table><thead><tr><th scope=\"col\">%s</th><th scope=\"col\">",
                  j->districts ? "District" : "School");
    bw_compare_axis(b, &scale, j->measure);
    bw_buf_puts(b, "</th><th scope=\"col\" class=\"n\">Figure</th></tr></thead><tbody>\n");
    for (size_t i = 0; i <= j->n_list && i <= BW_COMPARE_PICK_MAX; i++) {
        const struct bw_compare_spread none = {.hidden = true};
        bool last = i == j->n_list || i == BW_COMPARE_PICK_MAX;
        int64_t v = last ? x.median : j->list[i]->m[j->measure].value;
        bw_buf_puts(b, "<tr><th scope=\"row\">");
        if (last) {
            bw_buf_puts(b, "All of these");
        } else {
            bw_page_name(b, j->list[i]->name);
        }
        bw_buf_puts(b, "</th><td class=\"strips\">");
        if (last) {
            bw_compare_strip(b, &scale, &x, values, n, target);
        } else {
            bw_compare_strip(b, &scale, &none, &v, v != BW_UNKNOWN, target);
            if (v != BW_UNKNOWN) {
                values[n++] = v;
            }
        }
        bw_buf_puts(b, last ? "</td><td class=\"n\">median " : "</td><td class=\"n\">");
        bw_compare_value_words(b, j->measure, v);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_buf_puts(b, "</tbody></table></div>");
    free(values);
}

void bw_compare_write_list(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"/compare\">Compare</a>");
    if (j->view == BW_COMPARE_WITHIN) {
        const struct bw_room_entity *e = &j->r->entities[j->within];
        bw_buf_puts(b, " › <a href=\"/districts/");
        bw_text_url(b, e->id);
        bw_buf_puts(b, "\">");
        bw_page_name(b, e->name[0] ? e->name : e->id);
        bw_buf_puts(b, "</a></p><h1>Schools side by side</h1>");
    } else {
        bw_buf_puts(b, "</p><h1>Side by side</h1>");
    }
    bw_buf_puts(b, "<p class=\"soft\">By the 28 local days before today as known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC. The target is ");
    bw_page_rate(b, j->c.target_bps);
    bw_buf_puts(b, " for each student.</p>");
    if (j->n_list == 0) {
        bw_buf_puts(b, "<p class=\"note\">Nobody of it is there to be compared.</p>");
        return;
    }
    bw_compare_measures(j);
    write_strips(j);
    bw_buf_puts(b, "<h2>All measures</h2>");
    bw_compare_write_members(j, false);
    bw_buf_puts(b,
                "<p class=\"small soft\">By " BW_COMPARE_METHOD " (docs/compare.md).</p>");
}

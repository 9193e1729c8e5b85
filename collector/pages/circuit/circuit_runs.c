/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_runs.c - the throughput tests of a range, each as a mark by its proof, and the
 * table behind it. The line's rate and the test's own payload never meet in one picture. */
#include "circuit_parts.h"

#include <page_parts.h>

#include <buf.h>
#include <bw/summary.h>
#include <inttypes.h>
#include <stdio.h>
#include <text.h>

enum {
    W = 1100,
    H = 260,
    LEFT = 78,
    RIGHT = 16,
    TOP = 14,
    BOTTOM = 34,
    ROWS_SHOWN = 60
};

struct plot {
    const struct bw_circuit_view *v;
    bool line; /* the line's rate; else payload */
    int64_t top_bps;
};

static int64_t rate(const struct plot *p, const struct bw_look_run *r)
{
    return p->line ? r->line_bps : r->goodput_bps;
}

static double x_of(const struct plot *p, int64_t unix_ms)
{
    const struct bw_look *k = p->v->look;
    double from = (double)k->listed_from_unix_s * 1000;
    double span = (double)k->to_unix_s * 1000 - from;
    return LEFT + ((double)unix_ms - from) / span * (W - LEFT - RIGHT);
}

static double y_of(const struct plot *p, int64_t bps)
{
    return H - BOTTOM - (double)bps / (double)p->top_bps * (H - BOTTOM - TOP);
}

/* 1, 2 or 5 times a power of ten, no less than this. */
static int64_t round_up(int64_t bps)
{
    static const int64_t nice[] = {1, 2, 5, 10};
    for (int64_t size = 1000; size < INT64_MAX / 100; size *= 10) {
        for (size_t i = 0; i < 4; i++) {
            if (nice[i] * size >= bps) {
                return nice[i] * size;
            }
        }
    }
    return bps;
}

static void axes(const struct plot *p)
{
    struct bw_buf *b = p->v->b;
    const struct bw_look *k = p->v->look;
    for (int i = 0; i <= 2; i++) {
        double y = y_of(p, p->top_bps * i / 2);
        bw_buf_printf(b,
                      "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                      "text-anchor=\"end\">",
                      LEFT, y, W - RIGHT, LEFT - 6, y + 4);
        bw_page_rate(b, p->top_bps * i / 2);
        bw_buf_puts(b, "</text>");
    }
    for (int i = 0; i <= 4; i++) {
        char local[BW_CIRCUIT_LOCAL];
        int64_t at = k->listed_from_unix_s + (k->to_unix_s - k->listed_from_unix_s) * i / 4;
        bw_circuit_local(p->v->tz, at, local);
        bw_buf_printf(b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.10s %.5s</text>",
                      x_of(p, at * 1000), H - 12,
                      i == 0   ? "start"
                      : i == 4 ? "end"
                               : "middle",
                      local, local + 11);
    }
}

static void claim(const struct plot *p, int d)
{
    const struct bw_room_claim *c = &p->v->circuit->claim;
    if (p->line && c->has && c->bps[d] != BW_UNKNOWN && c->bps[d] > 0) {
        double y = y_of(p, c->bps[d]);
        bw_buf_printf(p->v->b, "<path class=\"claim %s\" d=\"M%d %.1fH%d\"/>",
                      d == BW_DOWN ? "t-down" : "t-up", LEFT, y, W - RIGHT);
    }
}

/* A circle: the box's word; a square: a server's receipt; a rhomb: a public archive. */
static void mark(const struct plot *p, const struct bw_look_run *r)
{
    struct bw_buf *b = p->v->b;
    double x = x_of(p, r->at_unix_ms);
    double y = y_of(p, rate(p, r));
    const char *way = r->direction == BW_DOWN ? "t-down" : "t-up";
    const char *apart = r->apart == BW_APART_NOT ? "" : " apart";
    if (r->grade == BW_GRADE_RECEIPT) {
        bw_buf_printf(b, "<path class=\"%s%s\" d=\"M%.1f %.1fh9v9h-9z\"/>", way, apart,
                      x - 4.5, y - 4.5);
    } else if (r->grade == BW_GRADE_ARCHIVE) {
        bw_buf_printf(b, "<path class=\"%s%s\" d=\"M%.1f %.1fl6 6-6 6-6-6z\"/>", way, apart,
                      x, y - 6);
    } else {
        bw_buf_printf(b, "<circle class=\"%s%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/>", way,
                      apart, x, y);
    }
}

static void failed(const struct plot *p, const struct bw_look_run *r)
{
    bw_buf_printf(p->v->b, "<path class=\"fail\" d=\"M%.1f %dl8 8m0-8l-8 8\"/>",
                  x_of(p, r->at_unix_ms) - 4, H - BOTTOM - 10);
}

static void legend(const struct plot *p)
{
    struct bw_buf *b = p->v->b;
    const struct bw_room_claim *c = &p->v->circuit->claim;
    const char *layer = bw_layer_name(p->v->look->layer);
    const char *claimed = bw_layer_name(c->layer);
    bw_buf_puts(b, "<figcaption>");
    if (p->line) {
        bw_buf_printf(b,
                      "The line’s rate while a test ran, test and users together, %s layer",
                      layer ? layer : "unnamed");
    } else {
        bw_buf_puts(b, "The tests’ own payload: no counter saw the line");
    }
    bw_buf_puts(b, "; blue is down, orange up. ● the box’s own word, ■ with a server’s "
                   "receipt, ◆ in a public archive; hollow: set apart, in no figure; ×: "
                   "failed or cancelled.");
    if (p->line && c->has) {
        bw_buf_printf(b, " Dashed: the claim in force now, %s%s.",
                      claimed ? claimed : "names no layer", claimed ? " layer" : "");
    }
    bw_buf_puts(b, "</figcaption>");
}

static void draw(const struct bw_circuit_view *v)
{
    const struct bw_look *k = v->look;
    struct plot p = {.v = v};
    struct bw_buf *b = v->b;
    int64_t most = 0;
    for (size_t i = 0; i < k->n_runs; i++) {
        p.line =
            p.line || (k->runs[i].state == BW_TEST_OK && k->runs[i].line_bps != BW_UNKNOWN);
    }
    for (size_t i = 0; i < k->n_runs; i++) {
        int64_t bps = rate(&p, &k->runs[i]);
        most =
            k->runs[i].state == BW_TEST_OK && bps != BW_UNKNOWN && bps > most ? bps : most;
    }
    for (int d = 0; p.line && v->circuit->claim.has && d < BW_DIRECTIONS; d++) {
        int64_t bps = v->circuit->claim.bps[d];
        most = bps != BW_UNKNOWN && bps > most ? bps : most;
    }
    p.top_bps = round_up(most > 0 ? most : 1);
    bw_buf_printf(b,
                  "<figure><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                  "aria-label=\"Throughput tests one by one\"><svg class=\"own\" "
                  "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
                  "aria-label=\"Throughput tests one by one; the table below has their "
                  "figures\">",
                  W, H, W, H);
    axes(&p);
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        claim(&p, d);
    }
    for (size_t i = 0; i < k->n_runs; i++) {
        const struct bw_look_run *r = &k->runs[i];
        if (r->state == BW_TEST_OK && rate(&p, r) != BW_UNKNOWN) {
            mark(&p, r);
        } else if (r->state == BW_TEST_FAILED || r->state == BW_TEST_CANCELLED) {
            failed(&p, r);
        }
    }
    bw_buf_puts(b, "</svg></div>");
    legend(&p);
    bw_buf_puts(b, "</figure>");
}

static void result(struct bw_buf *b, const struct bw_look_run *r)
{
    static const char *const apart[BW_APARTS] = {
        [BW_APART_EGRESS] = "left by another line",
        [BW_APART_TESTER] = "the tester was the limit",
        [BW_APART_SERVER] = "the server was the limit",
        [BW_APART_UNTESTABLE] = "port or server cannot carry the claim",
        [BW_APART_IMPLAUSIBLE] = "implausible figure",
        [BW_APART_ERRATUM] = "an erratum excludes it"};
    bw_text_html(b, bw_test_state_name(r->state));
    if (r->reason[0]) {
        bw_buf_puts(b, ": ");
        bw_text_html(b, r->reason);
    }
    if (r->state == BW_TEST_OK) {
        bw_buf_puts(b, r->grade == BW_GRADE_RECEIPT   ? ", with receipt"
                       : r->grade == BW_GRADE_ARCHIVE ? ", in a public archive"
                                                      : ", the box’s own word");
    }
    if (r->retest) {
        bw_buf_puts(b, ", retest");
    }
    if (r->state == BW_TEST_OK && r->apart > BW_APART_NOT && r->apart < BW_APARTS) {
        bw_buf_printf(b, "; set apart: %s", apart[r->apart]);
    }
}

static void row(const struct bw_circuit_view *v, const struct bw_look_run *r)
{
    struct bw_buf *b = v->b;
    bw_buf_puts(b, "<tr><th scope=\"row\">");
    bw_circuit_when_write(b, v->tz, r->at_unix_ms / 1000);
    bw_buf_printf(b, "</th><td>%s</td>", r->direction == BW_DOWN ? "down" : "up");
    bw_circuit_rate_cell(b, r->line_bps);
    bw_circuit_rate_cell(b, r->goodput_bps);
    bw_circuit_ms_cell(b, r->rtt_idle_us);
    bw_circuit_ms_cell(b, r->rtt_loaded_us);
    bw_circuit_share_cell(b, r->retransmit_ppm, 1000000);
    bw_buf_puts(b, "<td>");
    bw_page_name(b, r->server[0] ? r->server : "–");
    bw_buf_puts(b, " <span class=\"soft\">");
    bw_text_html(b, r->kind);
    bw_buf_puts(b, "</span></td><td>");
    result(b, r);
    bw_buf_puts(b, "</td></tr>\n");
}

void bw_circuit_runs(const struct bw_circuit_view *v)
{
    const struct bw_look *k = v->look;
    struct bw_buf *b = v->b;
    bw_buf_puts(b, "<h2 id=\"tests\">Throughput tests</h2>");
    if (!k->chunk_s) {
        bw_buf_printf(b,
                      "<p class=\"small\">One by one: those of the last %d days of this "
                      "range. A range of up to 31 days has all of its own.</p>",
                      BW_LOOK_TAIL);
    }
    if (k->n_runs == 0) {
        bw_buf_puts(b, "<p class=\"soft\">No record of this time tells of a test.</p>");
        return;
    }
    draw(v);
    bw_buf_printf(b, "<details%s><summary>Table of the tests</summary>",
                  k->n_runs <= 12 ? " open" : "");
    bw_page_table_begin(
        b, "Throughput tests, one by one",
        "<th scope=\"col\">At</th><th scope=\"col\">Direction</th>"
        "<th scope=\"col\" class=\"n\">Line</th><th scope=\"col\" class=\"n\">Goodput</th>"
        "<th scope=\"col\" class=\"n\">Round trip idle</th>"
        "<th scope=\"col\" class=\"n\">loaded, P95</th>"
        "<th scope=\"col\" class=\"n\">Sent again</th>"
        "<th scope=\"col\">Server</th><th scope=\"col\">Result and proof</th>");
    size_t shown = 0;
    size_t n = 0;
    for (size_t i = k->n_runs; i > 0; i--) { /* a test that waits is put off at each look */
        bool begun = k->runs[i - 1].state != BW_TEST_DEFERRED;
        n += begun;
        if (begun && shown < ROWS_SHOWN) {
            row(v, &k->runs[i - 1]);
            shown++;
        }
    }
    bw_page_table_end(b);
    bw_buf_printf(
        b, "<p class=\"small soft\">The newest %zu of %zu that began; put off: ", shown, n);
    bw_page_count(b, (int64_t)(k->n_runs - n));
    bw_buf_puts(b, " times.</p>");
    bw_buf_puts(b, "</details>");
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_outages.c - outages of a range, gaps that the box tells of, what people know of
 * that time, and the form by which they say it. */
#include "circuit_parts.h"

#include <page_parts.h>

#include <buf.h>
#include <bw/summary.h>
#include <clock.h>
#include <inttypes.h>
#include <plural.h>
#include <stdio.h>
#include <text.h>
#include <tz.h>
#include <viewer.h>

enum {
    ROWS_SHOWN = 40
};

static bool may_say(const struct bw_circuit_view *v)
{
    return v->viewer && !v->viewer->open && bw_viewer_may(v->viewer, BW_NEED_SAY);
}

static int64_t end_ms(const struct bw_outage *o)
{
    return o->to_unix_ms == BW_UNKNOWN ? o->known_to_unix_ms : o->to_unix_ms;
}

/* What somebody said of some of it. */
static void known(const struct bw_circuit_view *v, const struct bw_outage *o)
{
    bool any = false;
    for (size_t i = 0; i < v->n_annotations; i++) {
        const struct bw_annotation *a = &v->annotations[i].annotation;
        if (a->from_unix_s * 1000 < end_ms(o) && a->to_unix_s * 1000 > o->from_unix_ms) {
            bw_buf_puts(v->b, any ? "; " : "");
            bw_page_name(v->b, a->text);
            any = true;
        }
    }
    if (any || !may_say(v)) {
        bw_buf_puts(v->b, any ? "" : "nobody said");
        return;
    }
    char from[32];
    char to[32];
    int64_t end = (end_ms(o) + 59999) / 60000 * 60;
    bw_time_format_s(o->from_unix_ms / 60000 * 60, from);
    bw_time_format_s(end, to);
    bw_buf_puts(v->b, "<a href=\"?range=");
    bw_text_html(v->b, v->range_text);
    char local[BW_CIRCUIT_LOCAL];
    bw_circuit_local(v->tz, o->from_unix_ms / 1000, local);
    bw_buf_printf(v->b,
                  "&amp;about=%s..%s#say\" aria-label=\"Say why the line was out %.10s "
                  "%.5s\">Say why</a>",
                  from, to, local, local + 11);
}

static void none(const struct bw_circuit_view *v)
{
    int64_t targets = 0;
    for (size_t i = 0; i < v->look->n_targets; i++) {
        for (size_t k = 0; k < v->look->n_rows; k++) {
            if (v->look->targets[i].rows[k].sent > 0) {
                targets++;
                break;
            }
        }
    }
    bw_buf_puts(
        v->b, v->look->n_records == 0 ? "<p class=\"soft\">Not known: no record tells "
                                        "of this time.</p>"
              : targets >= 2 || !v->look->chunk_s
                  ? "<p class=\"soft\">None in the records of this time. Minutes that "
                    "no record tells of are gaps, and no sign of a line that ran.</p>"
                  : "<p class=\"soft\">None in the records of this time; fewer than two "
                    "targets were asked, so a line that is silent would hardly show.</p>");
}

static void outages(const struct bw_circuit_view *v)
{
    const struct bw_look *k = v->look;
    struct bw_buf *b = v->b;
    if (!k->chunk_s) {
        bw_buf_printf(b,
                      "<p class=\"small\">One by one: those of the last %d days of this "
                      "range; months are in the table behind the round trip.</p>",
                      BW_LOOK_TAIL);
    }
    if (k->n_outages == 0) {
        none(v);
        return;
    }
    bw_page_table_begin(
        b, "Outages",
        "<th scope=\"col\">Began</th><th scope=\"col\" class=\"n\">Lasted</th>"
        "<th scope=\"col\">What was seen</th>"
        "<th scope=\"col\">What is known of it</th>");
    for (size_t i = k->n_outages; i > 0 && k->n_outages - i < ROWS_SHOWN; i--) {
        const struct bw_outage *o = &k->outages[i - 1];
        bw_buf_puts(b, "<tr><th scope=\"row\">");
        bw_circuit_when_write(b, v->tz, o->from_unix_ms / 1000);
        bw_buf_puts(b, "</th><td class=\"n\">");
        bw_buf_puts(b, o->to_unix_ms == BW_UNKNOWN ? "at least " : "");
        bw_page_span(b, (end_ms(o) - o->from_unix_ms) / 1000);
        bw_buf_printf(b, "</td><td>%s%s</td><td>", o->why,
                      o->to_unix_ms == BW_UNKNOWN ? "; its end is not known" : "");
        known(v, o);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
    if (k->n_outages > ROWS_SHOWN) {
        bw_buf_printf(b, "<p class=\"small soft\">The newest %d of %zu.</p>", ROWS_SHOWN,
                      k->n_outages);
    }
}

static void gaps(const struct bw_circuit_view *v)
{
    const struct bw_look *k = v->look;
    struct bw_buf *b = v->b;
    if (k->n_gaps == 0) {
        return;
    }
    bw_buf_printf(b, "<details><summary>%zu %s that the box itself tells of</summary>",
                  k->n_gaps, bw_plural((int64_t)k->n_gaps, "gap", "gaps"));
    bw_page_table_begin(
        b, "Gaps",
        "<th scope=\"col\">From</th><th scope=\"col\" class=\"n\">Length</th>"
        "<th scope=\"col\">Why</th>");
    for (size_t i = k->n_gaps; i > 0 && k->n_gaps - i < ROWS_SHOWN; i--) {
        const struct bw_gap *g = &k->gaps[i - 1];
        bw_buf_puts(b, "<tr><th scope=\"row\">");
        bw_circuit_when_write(b, v->tz, g->from_unix_s);
        bw_buf_puts(b, "</th>");
        bw_circuit_span_cell(b, g->to_unix_s - g->from_unix_s);
        bw_buf_puts(b, "<td>");
        bw_text_html(b, bw_gap_why_name(g->why));
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
    bw_buf_puts(b, "</details>");
}

static void annotations(const struct bw_circuit_view *v)
{
    struct bw_buf *b = v->b;
    bw_buf_puts(b, "<h3 id=\"annotations\">What people know of this time</h3>");
    if (v->n_unread > 0) {
        bw_buf_printf(b,
                      "<p class=\"note\">%" PRId64 " more are of a newer form than this "
                      "program reads.</p>",
                      v->n_unread);
    }
    if (v->n_annotations == 0) {
        bw_buf_puts(b, "<p class=\"soft\">Nobody said anything of it.</p>");
        return;
    }
    bw_page_table_begin(b, "What people know",
                        "<th scope=\"col\">From</th><th scope=\"col\">To</th>"
                        "<th scope=\"col\">Cause</th><th scope=\"col\">In their words</th>"
                        "<th scope=\"col\">Said by</th>");
    for (size_t i = v->n_annotations; i > 0 && v->n_annotations - i < ROWS_SHOWN; i--) {
        const struct bw_annotation_said *s = &v->annotations[i - 1];
        const char *cause = bw_cause_name((enum bw_cause)s->annotation.cause);
        bw_buf_puts(b, "<tr><th scope=\"row\">");
        bw_circuit_when_write(b, v->tz, s->annotation.from_unix_s);
        bw_buf_puts(b, "</th><td>");
        bw_circuit_when_write(b, v->tz, s->annotation.to_unix_s);
        bw_buf_printf(b, "</td><td>%s%s</td><td>", cause ? cause : "–",
                      s->annotation.exclude == 1 ? ", time to be left out" : "");
        bw_page_name(b, s->annotation.text);
        bw_buf_puts(b, "</td><td>");
        bw_page_name(b, s->by);
        bw_buf_puts(b, ", ");
        bw_circuit_when_write(b, v->tz, s->said_unix_s);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
    if (v->n_annotations > ROWS_SHOWN) {
        bw_buf_printf(b, "<p class=\"small soft\">The newest %d of %zu.</p>", ROWS_SHOWN,
                      v->n_annotations);
    }
}

static void form(const struct bw_circuit_view *v)
{
    static const char *const words[] = {
        [BW_CAUSE_POWER] = "Power was out at the school",
        [BW_CAUSE_PLANNED] = "Work that was announced",
        [BW_CAUSE_SCHOOL] = "The school’s own doing or equipment",
        [BW_CAUSE_PROVIDER] = "The provider said it was theirs",
        [BW_CAUSE_WEATHER] = "Weather",
        [BW_CAUSE_OTHER] = "Something else"};
    struct bw_buf *b = v->b;
    char from[BW_CIRCUIT_LOCAL] = "";
    char to[BW_CIRCUIT_LOCAL] = "";
    if (!may_say(v)) {
        return;
    }
    if (v->say_to_s > v->say_from_s) {
        bw_circuit_local(v->tz, v->say_from_s, from);
        bw_circuit_local(v->tz, v->say_to_s, to);
    }
    bw_buf_printf(b,
                  "<details id=\"say\"%s><summary>Say what you know of a stretch of "
                  "time</summary><form class=\"say\" method=\"post\" action=\"/circuits/",
                  from[0] ? " open" : "");
    bw_text_url(b, v->id);
    bw_buf_puts(b, "/annotate\">");
    bw_viewer_form(v->viewer, b);
    bw_buf_printf(b,
                  "<p><label for=\"s-from\">From</label><input id=\"s-from\" name=\"from\" "
                  "type=\"datetime-local\" required value=\"%s\"></p>"
                  "<p><label for=\"s-to\">To</label><input id=\"s-to\" name=\"to\" "
                  "type=\"datetime-local\" required value=\"%s\"></p>"
                  "<p><label for=\"s-cause\">Cause</label><select id=\"s-cause\" "
                  "name=\"cause\" required>",
                  from, to);
    for (int i = BW_CAUSE_POWER; i <= BW_CAUSE_OTHER; i++) {
        bw_buf_printf(b, "<option value=\"%s\">%s</option>",
                      bw_cause_name((enum bw_cause)i), words[i]);
    }
    bw_buf_printf(
        b,
        "</select></p><p><label for=\"s-text\">In your words; no names of people"
        "</label><textarea id=\"s-text\" name=\"text\" rows=\"3\" required "
        "maxlength=\"%d\"></textarea></p>"
        "<p><label><input type=\"checkbox\" name=\"exclude\" value=\"yes\"> Leave "
        "this time out of the total of outages where a contract lets it be; the "
        "full total stays beside it</label></p><p><button>Say it</button> <span "
        "class=\"small soft\">Times of ",
        BW_ANNOTATION_TEXT_MAX);
    bw_text_html(b, bw_tz_name(v->tz));
    bw_buf_puts(b, ". It stands in your name in the log and in every later report of that "
                   "time; records stay as they are.</span></p></form></details>");
}

void bw_circuit_outages(const struct bw_circuit_view *v)
{
    bw_buf_puts(v->b, "<h2 id=\"outages\">Outages</h2>");
    outages(v);
    gaps(v);
    annotations(v);
    form(v);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * progress_goal.c - one goal: who said it, how far it is reached, month by month, and each
 * member's own figure. */
#include "progress_parts.h"

#include <page_entity.h>
#include <page_parts.h>
#include <plural.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <viewer.h>
#include <words.h>

enum {
    MEMBERS = 200 /* on the page; programs get all */
};

void bw_progress_words(struct bw_buf *b, const struct bw_goal *g)
{
    bw_buf_puts(b, "at least ");
    bw_page_rate(b, g->target_bps);
    bw_buf_printf(b, " %s for each %s", bw_goal_of_name(g->of),
                  g->per == BW_GOAL_STUDENT ? "student" : "school");
    if (g->share_ppm < 1000000) {
        bw_buf_printf(b, ", at %lld&nbsp;%% of the schools",
                      (long long)(g->share_ppm / 10000));
    } else {
        bw_buf_puts(b, ", at every school");
    }
    if (g->students_min != BW_UNKNOWN) {
        bw_buf_puts(b, " from ");
        bw_page_count(b, g->students_min);
        bw_buf_puts(b, " students on");
    }
    if (g->students_max != BW_UNKNOWN) {
        bw_buf_puts(b, g->students_min != BW_UNKNOWN ? " up to " : " of up to ");
        bw_page_count(b, g->students_max);
        bw_buf_puts(b, g->students_min != BW_UNKNOWN ? "" : " students");
    }
}

void bw_progress_of(struct bw_buf *b, int64_t n, int64_t of)
{
    bw_page_count(b, n);
    bw_buf_puts(b, " of ");
    bw_page_count(b, of);
    if (of > 0) {
        int64_t permille = n * 1000 / of;
        bw_buf_printf(b, " (%lld.%lld&nbsp;%%)", (long long)(permille / 10),
                      (long long)(permille % 10));
    }
}

static void value_or(struct bw_buf *b, int64_t v)
{
    if (v == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_rate(b, v);
    }
}

static void write_said(struct bw_progress_job *j, const struct bw_goal_said *g)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<p class=\"small soft\">Said by ");
    bw_page_name(b, g->by);
    bw_buf_puts(b, " at ");
    bw_page_time(b, g->said_unix_s);
    bw_buf_printf(b, " UTC, statement <span class=\"mono\">%.8s</span>", g->id);
    if (g->n_versions > 1) {
        bw_buf_printf(b, ", %d of this name; the first at ", (int)g->n_versions);
        bw_page_time(b, g->first_said_unix_s);
    }
    if (g->goal.text[0]) {
        bw_buf_puts(b, ": ");
        bw_page_name(b, g->goal.text);
    }
    bw_buf_puts(b, ".</p>");
    if (g->ended) {
        bw_buf_puts(b, "<p class=\"note\">It holds no longer: withdrawn by ");
        bw_page_name(b, g->ended_by);
        bw_buf_puts(b, " at ");
        bw_page_time(b, g->ended_unix_s);
        bw_buf_puts(b, " UTC.</p>");
    }
}

static void write_now(struct bw_progress_job *j,
                      const struct bw_goal_said *g,
                      const struct bw_goals_progress *p)
{
    struct bw_buf *b = &j->out;
    const struct bw_goals_point *now = &p->points[BW_GOALS_NOW];

    bw_buf_puts(b, "<dl class=\"figures\"><div><dt>Meet it, last 28 days</dt><dd><div "
                   "class=\"v\">");
    if (now->n_known > 0) {
        bw_page_count(b, now->n_meet);
    } else {
        bw_buf_puts(b, "not known");
    }
    bw_buf_puts(b, "</div><div class=\"how\">of ");
    bw_page_count(b, (int64_t)p->n);
    bw_buf_puts(b, "; ");
    bw_page_count(b, p->n_wanted);
    bw_buf_printf(
        b, " are to, by %s</div></dd></div><div><dt>So far</dt><dd><div class=\"v\">",
        g->goal.by);
    bw_progress_state(j, g, p);
    bw_buf_puts(b, "</div><div class=\"how\">");
    if (now->n_known > 0) {
        bw_page_count(b, now->n_known - now->n_meet);
        bw_buf_puts(b, " do not meet it");
    }
    bw_buf_puts(b, "</div></dd></div><div><dt>Median</dt><dd><div "
                   "class=\"v\">");
    value_or(b, now->median);
    bw_buf_printf(b,
                  "</div><div class=\"how\">for each %s, of those that are known</div></dd>"
                  "</div><div><dt>Not known</dt><dd><div class=\"v\">",
                  g->goal.per == BW_GOAL_STUDENT ? "student" : "school");
    bw_page_count(b, (int64_t)p->n - now->n_known);
    bw_buf_puts(b, "</div><div class=\"how\">");
    for (int w = 1, n = 0; w < BW_GOALS_WHYS; w++) {
        if (now->n_why[w] > 0) {
            bw_buf_printf(b, "%s%lld: %s", n++ ? "; " : "", (long long)now->n_why[w],
                          bw_goals_why_words((enum bw_goals_why)w));
        }
    }
    bw_buf_puts(b, "</div></dd></div></dl>");
    if (p->n_unplaced > 0) {
        bw_buf_puts(b, "<p class=\"note\">Of ");
        bw_page_count(b, p->n_unplaced);
        bw_buf_printf(b,
                      " more %s students are not on file, so that nobody can say whether "
                      "they belong to it: they are not counted.</p>",
                      bw_plural(p->n_unplaced, "school", "schools"));
    }
}

static void month_row(struct bw_buf *b, const struct bw_goals_progress *p, size_t at)
{
    const struct bw_goals_point *x = &p->points[at];

    bw_buf_puts(b, "<tr><th scope=\"row\">");
    if (at == BW_GOALS_NOW) {
        bw_buf_puts(b, "last 28 days");
    } else {
        bw_progress_month(b, x->month);
    }
    bw_buf_puts(b, "</th><td class=\"n\">");
    if (x->n_known > 0) {
        bw_progress_of(b, x->n_meet, (int64_t)p->n);
    } else {
        bw_buf_puts(b, "not known");
    }
    bw_buf_puts(b, "</td><td class=\"n\">");
    if (x->n_known > 0) {
        bw_page_count(b, x->n_known - x->n_meet);
    } else {
        bw_buf_puts(b, "not known");
    }
    bw_buf_puts(b, "</td><td class=\"n\">");
    bw_page_count(b, (int64_t)p->n - x->n_known);
    bw_buf_puts(b, "</td><td class=\"n\">");
    value_or(b, x->median);
    bw_buf_puts(b, "</td><td class=\"small\">");
    for (int w = 1, n = 0; w < BW_GOALS_WHYS; w++) {
        if (x->n_why[w] > 0) {
            bw_buf_printf(b, "%s%lld: %s", n++ ? "; " : "", (long long)x->n_why[w],
                          bw_goals_why_words((enum bw_goals_why)w));
        }
    }
    bw_buf_puts(b, "</td></tr>\n");
}

static void write_months(struct bw_progress_job *j, const struct bw_goals_progress *p)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<h2>Month by month</h2>");
    bw_progress_chart(b, p);
    bw_page_table_begin(b, "Month by month",
                        "<th scope=\"col\">Month</th><th scope=\"col\" class=\"n\">Meet it"
                        "</th><th scope=\"col\" class=\"n\">Do not</th><th scope=\"col\" "
                        "class=\"n\">Not known</th><th scope=\"col\" class=\"n\">Median"
                        "</th><th scope=\"col\">Not known, why</th>");
    for (size_t i = BW_GOALS_POINTS; i-- > 0;) {
        if (i == BW_GOALS_NOW || p->points[i].month >= 0) {
            month_row(b, p, i);
        }
    }
    bw_page_table_end(b);
}

static void write_member(struct bw_progress_job *j, const struct bw_goals_member *m)
{
    struct bw_buf *b = &j->out;
    const struct bw_room *r = j->r;

    bw_buf_puts(b, "<tr><td>");
    if (m->entity != BW_ROOM_NONE) {
        bw_page_entity_link(b, &j->scope, m->entity);
    } else {
        bw_buf_puts(b, "<a href=\"/sites/");
        bw_text_url(b, r->sites[m->site].id);
        bw_buf_puts(b, "\">");
        bw_page_name(b, bw_room_place_name(r, m->entity, m->site));
        bw_buf_puts(b, "</a>");
    }
    if (m->now.circuit != BW_ROOM_NONE) {
        const struct bw_room_circuit *c = &r->circuits[m->now.circuit];
        bw_buf_puts(b, "<div class=\"id\">");
        bw_text_html(b, r->sites[c->site].id);
        bw_buf_putc(b, '.');
        bw_text_html(b, c->name);
        if (c->merged.claim_layer != BW_LAYER_UNKNOWN) {
            bw_buf_printf(b, ", at %s", bw_words_layer_long(c->merged.claim_layer));
        }
        bw_buf_puts(b, "</div>");
    }
    bw_buf_puts(b, "</td><td class=\"n\">");
    if (m->students == BW_UNKNOWN) {
        bw_buf_puts(b, "not on file");
    } else {
        bw_page_count(b, m->students);
    }
    bw_buf_puts(b, "</td><td class=\"n\">");
    value_or(b, m->now.bps);
    bw_buf_puts(b, "</td><td class=\"n\">");
    value_or(b, m->now.value);
    bw_buf_puts(b, "</td><td>");
    if (m->now.why == BW_GOALS_KNOWN) {
        bw_buf_puts(b, m->now.meets ? "<span class=\"state fresh\">meets it</span>"
                                    : "<span class=\"state down\">does not</span>");
    } else {
        bw_buf_puts(b, bw_goals_why_words(m->now.why));
    }
    bw_buf_puts(b, "</td></tr>\n");
}

static void write_members(struct bw_progress_job *j,
                          const struct bw_goal_said *g,
                          const struct bw_goals_progress *p)
{
    struct bw_buf *b = &j->out;
    size_t n = p->n < MEMBERS ? p->n : MEMBERS;

    bw_buf_puts(b, "<h2>School by school, last 28 days</h2>");
    bw_page_table_begin(
        b, "School by school",
        g->goal.of == BW_GOAL_TESTED
            ? "<th scope=\"col\">School</th><th scope=\"col\" class=\"n\">Students</th><th "
              "scope=\"col\" class=\"n\">Tested</th><th scope=\"col\" "
              "class=\"n\">Value</th>"
              "<th scope=\"col\">Goal</th>"
            : "<th scope=\"col\">School</th><th scope=\"col\" class=\"n\">Students</th><th "
              "scope=\"col\" class=\"n\">Claimed</th><th scope=\"col\" "
              "class=\"n\">Value</th>"
              "<th scope=\"col\">Goal</th>");
    for (size_t i = 0; i < n; i++) {
        write_member(j, &p->members[i]);
    }
    bw_page_table_end(b);
    if (n < p->n) {
        bw_buf_puts(b, "<p class=\"small\">The first ");
        bw_page_count(b, (int64_t)n);
        bw_buf_puts(b, " of ");
        bw_page_count(b, (int64_t)p->n);
        bw_buf_puts(b, "; the files below have all.</p>");
    }
}

static void write_how(struct bw_progress_job *j, const struct bw_goal_said *g)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<h2>How it is measured</h2><ul class=\"small\"><li>");
    bw_buf_puts(b,
                g->goal.of == BW_GOAL_TESTED
                    ? "Tested: the median good download run of the time, the line's own "
                      "rate at the layer that the claim names (tested-dist/2)."
                    : "Claimed: the download claim in force at the end of the time, at the "
                      "layer that it names.");
    bw_buf_puts(b,
                "</li><li>Students are those on file <em>now</em>, for every month: how "
                "many there were is on no file here.</li><li>A month is a report of its "
                "own; what is not known is never counted as missed. Several lines are not "
                "added up: one that is enough alone meets it.</li></ul><p>All of it: ");
    for (int i = 0; i < 2; i++) {
        bw_buf_printf(b, "%s<a href=\"/api/v1/goals?goal=%s&amp;format=%s\">%s</a>",
                      i ? ", " : "", g->name, i ? "json" : "csv", i ? "JSON" : "CSV");
    }
    bw_buf_puts(b, " (" BW_GOALS_METHOD ").</p>");
}

static void write_end(struct bw_progress_job *j, const struct bw_goal_said *g)
{
    struct bw_buf *b = &j->out;

    if (!bw_progress_may_end(j, g)) {
        return;
    }
    bw_buf_printf(b,
                  "<h2>Withdraw it</h2><form class=\"search\" method=\"post\" "
                  "action=\"/progress/%s/withdraw\">",
                  g->name);
    bw_viewer_form(j->viewer, b);
    bw_buf_puts(b, "<div><label for=\"w-text\">Why it holds no longer</label><input "
                   "id=\"w-text\" name=\"text\" maxlength=\"300\"></div><button>Withdraw"
                   "</button></form><p class=\"small soft\">It stays on record.</p>");
}

void bw_progress_goal(struct bw_progress_job *j, const struct bw_goal_said *g)
{
    struct bw_buf *b = &j->out;
    struct bw_goals_progress p;

    if (bw_progress_measure(j, g, true, &p) < 0) {
        j->status = 503;
        (void)bw_err_set(&j->err, 0, "out of memory");
        return;
    }
    bw_page_begin_at(b, g->goal.title, j->title, BW_PLACE_PROGRESS, j->viewer);
    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"/progress\">Progress</a></p><h1>");
    bw_page_name(b, g->goal.title);
    bw_buf_puts(b, "</h1><p>");
    if (p.entity != BW_ROOM_NONE) {
        bw_page_entity_link(b, &j->scope, p.entity);
    } else {
        bw_text_html(b, g->goal.entity);
    }
    bw_buf_puts(b, ": ");
    bw_progress_words(b, &g->goal);
    bw_buf_printf(b, ", by <time datetime=\"%s\">%s</time>.</p>", g->goal.by, g->goal.by);
    write_said(j, g);
    if (p.n == 0) {
        bw_buf_puts(b, "<p class=\"note\">Nobody belongs to it that you may see.</p>");
    } else {
        if (!bw_page_scope_entity(&j->scope, p.entity)) {
            bw_buf_puts(b,
                        "<p class=\"note\">Counted are the schools that you may see.</p>");
        }
        write_now(j, g, &p);
        write_months(j, &p);
        write_members(j, g, &p);
    }
    write_how(j, g);
    write_end(j, g);
    bw_page_end(b, j->r->made_unix_ms);
    bw_goals_done(&p);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_like.c - like one of them, but meeting the target: who, how near, with which
 * provider, connection and price; and of everybody of its size as a cohort. */
#include "compare_parts.h"

#include <page_parts.h>
#include <plural.h>
#include <text.h>

enum {
    NEAREST = 10
};

static void class_words(struct bw_compare_job *j, const struct bw_compare_row *x, int by)
{
    const struct bw_compare_class *k = &j->c.classes[by][x->class[by]];

    if (k->label[0]) {
        bw_page_name(&j->out, k->label);
    } else {
        bw_buf_puts(&j->out, "not on file");
    }
}

static void value_cell(struct bw_compare_job *j,
                       const struct bw_compare_row *x,
                       enum bw_compare_measure m)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<td class=\"n\">");
    bw_compare_value_words(b, m, x->m[m].value);
    if (x->m[m].why != BW_COMPARE_KNOWN) {
        bw_buf_printf(b, "<div class=\"id\">%s</div>", bw_compare_why_words(x->m[m].why));
    }
    bw_buf_puts(b, "</td>");
}

static void line_of(struct bw_compare_job *j,
                    const struct bw_compare_row *x,
                    const struct bw_compare_alike *a)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<tr><th scope=\"row\">");
    bw_compare_row_link(j, x);
    bw_buf_puts(b, "</th><td class=\"n\">");
    if (x->students == BW_UNKNOWN) {
        bw_buf_puts(b, "not on file");
    } else {
        bw_page_count(b, x->students);
    }
    if (!a) {
        bw_buf_puts(b, "<div class=\"id\">the one that is asked for</div>");
    } else if (a->times_milli < 1010) {
        bw_buf_puts(b, "<div class=\"id\">as many</div>");
    } else {
        bw_buf_printf(b, "<div class=\"id\">%s, by %lld.%02lld times</div>",
                      x->students > j->list[0]->students ? "more" : "fewer",
                      (long long)(a->times_milli / 1000),
                      (long long)(a->times_milli % 1000 / 10));
    }
    bw_buf_puts(b, "</td><td>");
    class_words(j, x, BW_COMPARE_LOCALE);
    if (a && a->locale_same) {
        bw_buf_puts(b, "<div class=\"id\">the same</div>");
    }
    bw_buf_puts(b, "</td>");
    value_cell(j, x, BW_COMPARE_STUDENTS);
    bw_buf_puts(b, "<td>");
    class_words(j, x, BW_COMPARE_TECHNOLOGY);
    bw_buf_puts(b, "</td><td>");
    class_words(j, x, BW_COMPARE_PROVIDER);
    bw_buf_puts(b, "</td>");
    value_cell(j, x, BW_COMPARE_PRICE);
    bw_buf_puts(b, "</tr>\n");
}

static void write_nearest(struct bw_compare_job *j, const struct bw_compare_row *x)
{
    struct bw_buf *b = &j->out;
    struct bw_compare_alike list[NEAREST];
    size_t alike = 0;
    size_t n = bw_compare_like(&j->c, x, list, NEAREST, &alike);
    const char *whom = j->districts ? "districts" : "schools";

    if (x->students <= 0) {
        bw_buf_puts(b,
                    "<p class=\"note\">How many students it has is not on file, so nobody "
                    "can be found who is like it.</p>");
        return;
    }
    bw_buf_puts(b, "<p>Alike are those with half to twice as many students (");
    bw_page_count(b, (x->students + 1) / 2);
    bw_buf_puts(b, " to ");
    bw_page_count(b, 2 * x->students);
    bw_buf_puts(b, "), ");
    if (j->c.classes[BW_COMPARE_LOCALE][x->class[BW_COMPARE_LOCALE]].label[0]) {
        bw_buf_puts(b, "in the same locale (");
        class_words(j, x, BW_COMPARE_LOCALE);
        bw_buf_puts(b, ") or one that is not on file");
    } else {
        bw_buf_puts(b, "wherever they are: its own locale is not on file");
    }
    bw_buf_printf(b, ". Of the %s that you see %zu %s alike.</p>", whom, alike,
                  bw_plural((int64_t)alike, "is", "are"));
    if (alike == 0) {
        return;
    }
    if (n == 0) {
        bw_buf_puts(b, "<p class=\"note\">None of these meets the target, as far as is "
                       "known.</p>");
        return;
    }
    bw_buf_printf(b, "<p>Of these, %s %zu that meet the target:</p>",
                  n == NEAREST ? "the nearest" : "all", n);
    bw_page_table_begin(
        b, "Like it, and meeting the target",
        "<th scope=\"col\">Name</th><th scope=\"col\" class=\"n\">Students"
        "</th><th scope=\"col\">Locale</th><th scope=\"col\" class=\"n\">"
        "Claimed for each student</th><th scope=\"col\">Connection</th>"
        "<th scope=\"col\">Provider</th><th scope=\"col\" class=\"n\">A month "
        "for each Mbit/s claimed</th>");
    line_of(j, x, NULL);
    for (size_t i = 0; i < n; i++) {
        line_of(j, list[i].row, &list[i]);
    }
    bw_page_table_end(b);
}

/* ---- everybody of its size -----------------------------------------------------------
 */

static void write_mix(struct bw_compare_job *j,
                      const struct bw_compare_set *meeting,
                      enum bw_compare_by by,
                      int64_t members)
{
    struct bw_buf *b = &j->out;
    int64_t told = 0;

    for (size_t k = 0; k < j->c.n_classes[by]; k++) {
        struct bw_compare_set s = *meeting;
        struct bw_compare_spread x;
        s.with = by;
        s.with_class = (uint32_t)k;
        if (!bw_compare_shows(&j->c, &s) ||
            bw_compare_spread(&j->c, &s, BW_COMPARE_PRICE, &x) < 0 || x.members <= 0) {
            continue;
        }
        told += x.members;
        bw_buf_printf(b, "<tr><td>%s</td><td>", bw_compare_by_title(by));
        bw_compare_label(j, by, (uint32_t)k);
        bw_buf_puts(b, "</td><td class=\"n\">");
        bw_page_count(b, x.members);
        bw_buf_puts(b, "</td><td class=\"n\">");
        if (x.hidden) {
            bw_buf_puts(b, "not shown");
        } else {
            bw_compare_about(b, BW_COMPARE_PRICE, x.median, x.rounded);
            bw_buf_printf(b, "<div class=\"id\">%lld tell</div>", (long long)x.known);
        }
        bw_buf_puts(b, "</td></tr>\n");
    }
    if (told < members) {
        bw_buf_printf(b,
                      "<tr><td>%s</td><td>%s, too few to be shown one by one</td><td "
                      "class=\"n\">",
                      bw_compare_by_title(by), told > 0 ? "others" : "all");
        bw_page_count(b, members - told);
        bw_buf_puts(b, "</td><td class=\"n\">not shown</td></tr>\n");
    }
}

static bool
shown_meeting(struct bw_compare_job *j, struct bw_compare_set *s, enum bw_compare_by by)
{
    s->by = by;
    s->meeting = true;
    if (!bw_compare_shows(&j->c, s)) {
        return false;
    }
    s->meeting = false;
    return bw_compare_shows(&j->c, s);
}

static void write_cohort(struct bw_compare_job *j, const struct bw_compare_row *x)
{
    struct bw_buf *b = &j->out;
    struct bw_compare_set s = {.class = x->class[BW_COMPARE_SIZE], .with = BW_COMPARE_ALL};
    struct bw_compare_spread all;
    struct bw_compare_spread of;

    bw_buf_puts(b, "<h2>As a cohort</h2>");
    if (!shown_meeting(j, &s, BW_COMPARE_SIZE) && !shown_meeting(j, &s, BW_COMPARE_ALL)) {
        bw_buf_puts(b, "<p class=\"note\">How many of its size meet the target is not "
                       "shown: those who do, or those who do not, are too few.</p>");
        return;
    }
    s.meeting = false;
    if (bw_compare_spread(&j->c, &s, BW_COMPARE_STUDENTS, &all) < 0) {
        return;
    }
    s.meeting = true;
    if (bw_compare_spread(&j->c, &s, BW_COMPARE_PRICE, &of) < 0) {
        return;
    }
    bw_buf_puts(
        b, s.by == BW_COMPARE_ALL
               ? "<p>Of its size too few meet the target, or too few do not, for it to "
                 "be shown. "
               : "<p>Of its size: ");
    bw_compare_label(j, s.by, s.class);
    bw_buf_puts(b, ": ");
    bw_page_count(b, of.members);
    bw_buf_puts(b, " of ");
    bw_page_count(b, all.members);
    bw_buf_puts(b, " meet the target, ");
    if (all.hidden) {
        bw_buf_puts(b, "how many tell is not shown");
    } else {
        bw_page_count(b, all.members - all.known);
        bw_buf_puts(b, " do not tell");
    }
    if (!of.hidden && of.median != BW_UNKNOWN) {
        bw_buf_puts(b, ". Those that meet it pay ");
        bw_compare_about(b, BW_COMPARE_PRICE, of.median, of.rounded);
        bw_buf_printf(b, " a month for each Mbit/s claimed in the median (%lld tell)",
                      (long long)of.known);
    }
    bw_buf_puts(b, ".</p>");
    if (of.members > 0) {
        bw_page_table_begin(
            b, "Those that meet the target",
            "<th scope=\"col\">By</th><th scope=\"col\">Those that meet the "
            "target</th><th scope=\"col\" class=\"n\">How many</th><th "
            "scope=\"col\" class=\"n\">Median, a month and Mbit/s</th>");
        write_mix(j, &s, BW_COMPARE_TECHNOLOGY, of.members);
        write_mix(j, &s, BW_COMPARE_PROVIDER, of.members);
        bw_page_table_end(b);
    }
}

void bw_compare_write_like(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;
    const struct bw_compare_row *x = j->list[0];
    int meets = bw_compare_meets(&j->c, x);

    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"");
    bw_compare_url(j, BW_COMPARE_SIZE, j->measure);
    bw_buf_puts(b, "\">Compare</a></p><h1>Like ");
    bw_page_name(b, x->name);
    bw_buf_puts(b, ", but meeting the target</h1><p class=\"soft\">The target is ");
    bw_page_rate(b, j->c.target_bps);
    bw_buf_puts(b,
                " claimed for each student, the <a href=\"/queue#weights\">queue’s</a>; by "
                "what is known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC. It has ");
    bw_compare_value_words(b, BW_COMPARE_STUDENTS, x->m[BW_COMPARE_STUDENTS].value);
    bw_buf_puts(b, meets == 1   ? " and meets the target itself.</p>"
                   : meets == 0 ? " and does not meet it.</p>"
                                : "");
    if (meets < 0) {
        bw_buf_printf(b, ": %s.</p>", bw_compare_why_words(x->m[BW_COMPARE_STUDENTS].why));
    }
    write_nearest(j, x);
    write_cohort(j, x);
    bw_buf_puts(b, "<p class=\"small soft\">Nearness is the larger number of students over "
                   "the smaller. Prices are of one line, the eligible part where it is "
                   "stated (unit-cost/4). By " BW_COMPARE_METHOD " (docs/compare.md).</p>");
}

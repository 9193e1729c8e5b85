/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_cohorts.c - the cohorts of an attribute in one measure, and one cohort in all of
 * them.
 *
 * Invariant: a class of which bw_compare_shows() says no is not named. */
#include "compare_parts.h"

#include <page_parts.h>
#include <plural.h>
#include <stdlib.h>
#include <text.h>

enum {
    COHORTS = 40 /* on a page */
};

void bw_compare_label(struct bw_compare_job *j, enum bw_compare_by by, uint32_t class)
{
    struct bw_buf *b = &j->out;

    if (by == BW_COMPARE_ALL) {
        bw_buf_puts(b, j->districts ? "All districts" : "All schools");
    } else if (!j->c.classes[by][class].label[0]) {
        bw_buf_puts(b, "not on file");
    } else {
        bw_page_name(b, j->c.classes[by][class].label);
    }
}

static void cohort_url(struct bw_compare_job *j, enum bw_compare_by by, uint32_t class)
{
    struct bw_buf *b = &j->out;

    bw_compare_url(j, by, j->measure);
    bw_buf_puts(b, "&amp;cohort=");
    bw_text_url(b, by == BW_COMPARE_ALL ? "all" : j->c.classes[by][class].key);
}

/* Values of the members that are seen; how many. */
static size_t seen_values(struct bw_compare_job *j,
                          const struct bw_compare_set *s,
                          enum bw_compare_measure m,
                          int64_t *values)
{
    size_t n = 0;

    for (size_t i = 0; i < j->c.n; i++) {
        const struct bw_compare_row *x = &j->c.rows[i];
        if (x->seen && x->m[m].why == BW_COMPARE_KNOWN && bw_compare_in(&j->c, s, x)) {
            values[n++] = x->m[m].value;
        }
    }
    return n;
}

static void number_cell(struct bw_compare_job *j,
                        enum bw_compare_measure m,
                        const struct bw_compare_spread *x,
                        int64_t v)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<td class=\"n\">");
    if (v == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_compare_about(b, m, v, x->rounded);
    }
    bw_buf_puts(b, "</td>");
}

/* Members, who tells, quartiles. */
static void spread_cells(struct bw_compare_job *j,
                         enum bw_compare_measure m,
                         const struct bw_compare_spread *x)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<td class=\"n\">");
    if (x->hidden) {
        bw_buf_puts(b, "–</td><td colspan=\"4\">not shown: too few tell</td>");
        return;
    }
    bw_page_count(b, x->known);
    bw_buf_puts(b, " of ");
    bw_page_count(b, x->members);
    bw_buf_puts(b, "</td>");
    number_cell(j, m, x, x->q1);
    bw_buf_puts(b, "<td class=\"n\"><b>");
    if (x->median == BW_UNKNOWN) {
        bw_buf_puts(b, "nobody tells");
    } else {
        bw_compare_about(b, m, x->median, x->rounded);
    }
    bw_buf_puts(b, "</b></td>");
    number_cell(j, m, x, x->q3);
    bw_buf_puts(b, "<td class=\"n\">");
    if (x->low == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_compare_value_words(b, m, x->low);
        bw_buf_puts(b, " to ");
        bw_compare_value_words(b, m, x->high);
    }
    bw_buf_puts(b, "</td>");
}

static const char spread_heads[] =
    "<th scope=\"col\" class=\"n\">Tell, of</th><th scope=\"col\" class=\"n\">Lower "
    "quartile"
    "</th><th scope=\"col\" class=\"n\">Median</th><th scope=\"col\" class=\"n\">Upper "
    "quartile</th><th scope=\"col\" class=\"n\">Lowest to highest</th>";

static void write_row(struct bw_compare_job *j,
                      const struct bw_compare_set *s,
                      const struct bw_compare_spread *x,
                      const struct bw_compare_scale *scale,
                      int64_t *values)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<tr><th scope=\"row\"><a href=\"");
    cohort_url(j, s->by, s->class);
    bw_buf_puts(b, "\">");
    bw_compare_label(j, s->by, s->class);
    bw_buf_puts(b, "</a></th><td class=\"strips\">");
    bw_compare_strip(b, scale, x, values, seen_values(j, s, j->measure, values),
                     bw_compare_target(j));
    bw_buf_puts(b, "</td>");
    spread_cells(j, j->measure, x);
    bw_buf_puts(b, "</tr>\n");
}

struct shown {
    struct bw_compare_set set;
    struct bw_compare_spread x;
};

/* Everybody first, then the classes that may be shown. */
static size_t
gather(struct bw_compare_job *j, struct shown *list, size_t cap, bool *ret_left)
{
    size_t classes = j->by == BW_COMPARE_ALL ? 0 : j->c.n_classes[j->by];
    size_t n = 0;

    *ret_left = false;
    for (size_t k = 0; k <= classes; k++) {
        struct bw_compare_set s = {.by = k == 0 ? BW_COMPARE_ALL : j->by,
                                   .class = (uint32_t)(k == 0 ? 0 : k - 1),
                                   .with = BW_COMPARE_ALL};
        if (!bw_compare_shows(&j->c, &s)) {
            *ret_left = true;
        } else if (n < cap) {
            list[n].set = s;
            if (bw_compare_spread(&j->c, &s, j->measure, &list[n].x) == 0) {
                n++;
            }
        }
    }
    return n;
}

static void write_left_out(struct bw_compare_job *j, bool left)
{
    struct bw_buf *b = &j->out;

    if (j->c.n_seen == j->c.n) {
        return;
    }
    bw_buf_printf(b,
                  "<p class=\"note\">Of others only cohorts are shown, in figures of two "
                  "digits, and no cohort by which fewer than %d districts could be told "
                  "apart from the rest, alone or together with the other cohorts that are "
                  "shown.%s Strokes are %s that you see.</p>",
                  BW_COMPARE_DISTRICTS_MIN, left ? " Here some are left out for that." : "",
                  j->districts ? "the districts" : "the schools");
}

static void write_table(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;
    struct shown *list = calloc(COHORTS, sizeof(*list));
    int64_t *values = calloc(j->c.n + 1, sizeof(*values));
    struct bw_compare_scale scale;
    bool left = false;
    size_t n = list && values ? gather(j, list, COHORTS, &left) : 0;

    bw_compare_scale_begin(&scale, bw_compare_target(j));
    for (size_t i = 0; i < n; i++) {
        bw_compare_scale_take(&scale, &list[i].x);
    }
    bw_compare_scale_end(&scale, j->measure);
    if (n == 0) {
        bw_buf_puts(b, "<p class=\"note\">No cohort here is large enough to be shown.</p>");
    } else {
        bw_compare_says(j);
        bw_buf_printf(b,
                      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\""
                      "Cohorts\"><table><thead><tr><th scope=\"col\">%s</th>"
                      "<th scope=\"col\">",
                      bw_compare_by_title(j->by));
        bw_compare_axis(b, &scale, j->measure);
        bw_buf_printf(b, "</th>%s</tr></thead><tbody>\n", spread_heads);
        for (size_t i = 0; i < n; i++) {
            write_row(j, &list[i].set, &list[i].x, &scale, values);
        }
        bw_buf_puts(b, "</tbody></table></div>");
        if (n == COHORTS) {
            bw_buf_puts(b, "<p class=\"small soft\">The largest of them; CSV and JSON have "
                           "all.</p>");
        }
    }
    write_left_out(j, left);
    free(list);
    free(values);
}

static void write_attributes(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<nav class=\"ranges\" aria-label=\"Whom\">");
    for (int districts = 1; districts >= 0; districts--) {
        bw_buf_printf(b, "<a href=\"/compare?of=%s&amp;by=%s&amp;measure=%s\"%s>%s</a>",
                      districts ? "districts" : "schools", bw_compare_by_name(j->by),
                      bw_compare_measure_name(j->measure),
                      j->districts == (districts != 0) ? " aria-current=\"true\"" : "",
                      districts ? "Districts" : "Schools");
    }
    bw_buf_puts(b, "</nav><nav class=\"ranges\" aria-label=\"By what\">");
    for (int by = 0; by < BW_COMPARE_BYS; by++) {
        bw_buf_puts(b, "<a href=\"");
        bw_compare_url(j, (enum bw_compare_by)by, j->measure);
        bw_buf_printf(b, "\"%s>%s</a>", (int)j->by == by ? " aria-current=\"true\"" : "",
                      bw_compare_by_title((enum bw_compare_by)by));
    }
    bw_buf_puts(b, "</nav>");
}

static void write_nothing_on_file(struct bw_compare_job *j)
{
    static const char no_locale[] = "The locale is on file for none of them. USAC’s entity "
                                    "information has none; a column "
                                    "<code>locale</code> of NCES codes put beside it is "
                                    "imported (<code>bandwitness import "
                                    "usac</code>).";
    static const char *const why[BW_COMPARE_BYS] = {
        [BW_COMPARE_SIZE] = "How many students they have is on file for none of them.",
        [BW_COMPARE_LOCALE] = no_locale,
        [BW_COMPARE_TECHNOLOGY] = "No claim that is bound to a line tells its connection.",
        [BW_COMPARE_PROVIDER] = "No claim on file names a provider.",
        [BW_COMPARE_REGION] = "None of them is below an entity of kind region."};

    if (j->by < BW_COMPARE_BYS && j->c.n_classes[j->by] == 1 &&
        !j->c.classes[j->by][0].label[0]) {
        bw_buf_printf(&j->out, "<p class=\"note\">%s</p>", why[j->by]);
    }
}

static void write_how(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b,
                "<h2 id=\"how\">How to read it</h2><p class=\"small\">The box reaches from "
                "the lower to the upper quartile, the long stroke in it is the median, the "
                "thin line reaches to the lowest and the highest, short strokes are single "
                "ones; what lies beyond the scale stands at its edge. Quartiles are by "
                "rank: of n figures in ascending order the ceil(n/4)th, ceil(n/2)th and "
                "ceil(3n/4)th, from four figures on; the ends from six. Who does not tell "
                "is in no figure and is counted beside it. A broken line is the target. ");
    bw_buf_puts(b, j->districts
                       ? "A district’s figure is made of its places (schools, and boxes at "
                         "the district) that know it, summed above and below the line; "
                         "where less than half of them do, it is not known. Connection and "
                         "provider are those of its largest claimed line."
                       : "A school’s figure is that of the line and direction where it is "
                         "worst; prices, connection and provider are those of its largest "
                         "claimed line.");
    bw_buf_puts(b, " All by " BW_COMPARE_METHOD " (docs/compare.md).</p>");
}

static void write_exports(struct bw_compare_job *j)
{
    static const char *const forms[] = {"csv", "json"};
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<p>All measures: ");
    for (int i = 0; i < 2; i++) {
        bw_buf_printf(b, "%s<a href=\"/api/v1/compare?format=%s&amp;of=%s&amp;by=%s",
                      i ? ", " : "", forms[i], j->districts ? "districts" : "schools",
                      bw_compare_by_name(j->by));
        if (j->view == BW_COMPARE_COHORT) {
            bw_buf_puts(b, "&amp;cohort=");
            bw_text_url(b, j->key);
        }
        bw_buf_printf(b, "\">%s</a>", i ? "JSON" : "CSV");
    }
    bw_buf_puts(b, ".</p>");
}

void bw_compare_write_cohorts(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_printf(b,
                  "<h1>Compare</h1><p class=\"soft\">%s beside others like them, by the 28 "
                  "local days before today as known at ",
                  j->districts ? "Districts" : "Schools");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC. The target is ");
    bw_page_rate(b, j->c.target_bps);
    bw_buf_puts(b, " for each student, the <a href=\"/queue#weights\">queue’s</a>.</p>");
    if (j->r->days_to_fill > 0) {
        bw_buf_puts(b, "<p class=\"note\">Days of the past are still being read; figures "
                       "may change.</p>");
    }
    write_attributes(j);
    bw_compare_measures(j);
    write_nothing_on_file(j);
    write_table(j);
    bw_buf_puts(b,
                "<p>A cohort opens in all measures, with its members. To choose by hand: "
                "<a href=\"");
    cohort_url(j, BW_COMPARE_ALL, 0);
    bw_buf_printf(b, "\">%s</a>.</p>", j->districts ? "all districts" : "all schools");
    write_how(j);
    write_exports(j);
}

/* ---- one of them ------------------------------------------------------------------------
 */

static void all_measures(struct bw_compare_job *j)
{
    const struct bw_compare_set all = {.by = BW_COMPARE_ALL, .with = BW_COMPARE_ALL};
    struct bw_buf *b = &j->out;
    int64_t *values = calloc(j->c.n + 1, sizeof(*values));
    bool wider = j->set.by != BW_COMPARE_ALL && bw_compare_shows(&j->c, &all);

    if (!values) {
        return;
    }
    bw_buf_printf(b,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All "
                  "measures\"><table><thead><tr><th scope=\"col\">Measure</th><th "
                  "scope=\"col\">From 0</th>%s%s</tr></thead><tbody>\n",
                  spread_heads,
                  wider ? "<th scope=\"col\" class=\"n\">Median of all</th>" : "");
    for (int k = 0; k < BW_COMPARE_MEASURES; k++) {
        enum bw_compare_measure m = (enum bw_compare_measure)k;
        int64_t target = m == BW_COMPARE_STUDENTS ? j->c.target_bps : BW_UNKNOWN;
        struct bw_compare_spread x;
        struct bw_compare_spread of_all;
        struct bw_compare_scale scale;
        if (bw_compare_spread(&j->c, &j->set, m, &x) < 0 ||
            bw_compare_spread(&j->c, &all, m, &of_all) < 0) {
            continue;
        }
        bw_compare_scale_begin(&scale, target);
        bw_compare_scale_take(&scale, &x);
        bw_compare_scale_end(&scale, m);
        bw_buf_printf(b,
                      "<tr><th scope=\"row\">%s<div class=\"id\">%s</div></th><td "
                      "class=\"strips\">",
                      bw_compare_measure_title(m), bw_compare_measure_methods(m));
        bw_compare_strip(b, &scale, &x, values, seen_values(j, &j->set, m, values), target);
        bw_buf_puts(b, "<div class=\"id\">to ");
        bw_compare_value_words(b, m, scale.top);
        bw_buf_puts(b, "</div></td>");
        spread_cells(j, m, &x);
        if (wider) {
            number_cell(j, m, &of_all, of_all.median);
        }
        bw_buf_puts(b, "</tr>\n");
    }
    bw_buf_puts(b, "</tbody></table></div>");
    free(values);
}

void bw_compare_write_cohort(struct bw_compare_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"");
    bw_compare_url(j, j->by == BW_COMPARE_ALL ? BW_COMPARE_SIZE : j->by, j->measure);
    bw_buf_printf(b, "\">Compare</a> › %s</p><h1>", bw_compare_by_title(j->by));
    bw_compare_label(j, j->set.by, j->set.class);
    bw_buf_puts(b, "</h1><p class=\"soft\">By the 28 local days before today as known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC.</p>");
    all_measures(j);
    write_left_out(j, false);
    bw_buf_printf(b, "<h2 id=\"members\">%s</h2>",
                  j->c.n_seen == j->c.n ? "Members" : "Members that you see");
    bw_compare_write_members(j, true);
    write_how(j);
    write_exports(j);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * review_draw.c - the page of a review: days, what holds of them, rows, words, the form. */
#include "review_parts.h"

#include <civil.h>
#include <http.h>
#include <page_parts.h>
#include <stdio.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

enum {
    ROWS_SHOWN = 12
};

/* ---- pieces -----------------------------------------------------------------------------
 */

static bool may_say(const struct bw_review *v)
{
    return bw_viewer_may(v->viewer, BW_NEED_SAY);
}

void bw_review_day(struct bw_buf *b, int64_t day)
{
    char date[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day < 0 ? 0 : day, date);
    bw_buf_puts(b, date);
}

static void put_days(struct bw_buf *b, const struct bw_opendata_said *s)
{
    bw_review_day(b, s->from_day);
    if (s->to_day == INT64_MAX) {
        bw_buf_puts(b, " and later");
    } else if (s->to_day != s->from_day) {
        bw_buf_puts(b, " to ");
        bw_review_day(b, s->to_day);
    }
}

static void hidden(struct bw_buf *b, const char *name, const char *value)
{
    bw_buf_printf(b, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    bw_text_html(b, value);
    bw_buf_puts(b, "\">");
}

static void hidden_where(const struct bw_review *v, struct bw_buf *b)
{
    char date[BW_CIVIL_DATE_LEN + 1];

    bw_viewer_form(v->viewer, b);
    hidden(b, "entity", v->entity);
    bw_civil_date(v->from_day, date);
    hidden(b, "from", date);
    bw_civil_date(v->to_day, date);
    hidden(b, "to", date);
}

static void url(const struct bw_review *v, const char *path, struct bw_buf *b)
{
    bw_buf_printf(b, "%s?entity=", path);
    bw_text_url(b, v->entity);
    bw_buf_puts(b, "&amp;from=");
    bw_review_day(b, v->from_day);
    bw_buf_puts(b, "&amp;to=");
    bw_review_day(b, v->to_day);
}

/* ---- who there is -----------------------------------------------------------------------
 */

bool bw_review_sees(const struct bw_review *v, const struct bw_opendata_district *d)
{
    return bw_viewer_sees_entity(v->viewer, d->id);
}

static const char *standing_words(const struct bw_opendata *o,
                                  const struct bw_opendata_district *d,
                                  int64_t day)
{
    struct bw_opendata_verdict x;

    bw_opendata_judge(bw_opendata_words(o)->said + d->said_first,
                      d->said_end - d->said_first, day, 0, "", &x);
    return x.state == BW_OPENDATA_STANDS    ? "stands: approved as it comes"
           : x.state == BW_OPENDATA_HELD    ? "held"
           : x.state == BW_OPENDATA_CHANGED ? "reviewed day by day"
                                            : "not approved";
}

void bw_review_list(struct bw_review *v, struct bw_opendata *o)
{
    struct bw_buf *b = &v->out;
    size_t n = 0;

    bw_buf_puts(b,
                "<h1>Review of open data</h1><p class=\"soft\">Whose rows to look at. The "
                "newest day that may be published is ");
    bw_review_day(b, v->last_day);
    bw_buf_puts(b, ".</p>");
    for (size_t i = 0; i < bw_opendata_n_districts(o); i++) {
        const struct bw_opendata_district *d = bw_opendata_district(o, i);
        if (!bw_review_sees(v, d)) {
            continue;
        }
        if (n++ == 0) {
            bw_page_table_begin(b, "Districts",
                                "<th scope=\"col\">District</th><th scope=\"col\" "
                                "class=\"n\">Lines</th><th scope=\"col\">Newest day</th>");
        }
        bw_buf_puts(b, "<tr><th scope=\"row\"><a href=\"/open-data/review?entity=");
        bw_text_url(b, d->id);
        bw_buf_puts(b, "\">");
        bw_page_name(b, d->name);
        bw_buf_printf(b, "</a></th><td class=\"n\">%zu</td><td>%s</td></tr>\n",
                      d->end - d->first, standing_words(o, d, v->last_day));
    }
    if (n > 0) {
        bw_page_table_end(b);
    } else {
        bw_buf_puts(b, "<p class=\"note\">There is nobody here whose rows you may see: no "
                       "box with records stands at a school of yours.</p>");
    }
}

/* ---- one district -----------------------------------------------------------------------
 */

static void write_words(struct bw_review *v,
                        struct bw_opendata *o,
                        const struct bw_opendata_district *d)
{
    struct bw_buf *b = &v->out;
    size_t n = 0;

    bw_buf_puts(b, "<h2>What was said</h2>");
    for (size_t i = d->said_end; i > d->said_first; i--) {
        const struct bw_opendata_said *s = &bw_opendata_words(o)->said[i - 1];
        bool over = s->ended_unix_s != BW_UNKNOWN;
        if (over && s->ended_unix_s < v->now_ms / 1000 - 90 * 86400) {
            continue;
        }
        if (n++ == 0) {
            bw_page_table_begin(
                b, "What was said",
                "<th scope=\"col\">Word</th><th scope=\"col\">Days</th><th scope=\"col\">By"
                "</th><th scope=\"col\">When (UTC)</th><th scope=\"col\">Reason</th>"
                "<th scope=\"col\">In force</th>");
        }
        bw_buf_printf(b, "<tr><td>%s</td><td>",
                      s->act == BW_OPENDATA_HOLD      ? "hold"
                      : s->act == BW_OPENDATA_APPROVE ? "approval"
                                                      : "standing approval");
        put_days(b, s);
        bw_buf_puts(b, "</td><td>");
        bw_page_name(b, s->by);
        bw_buf_puts(b, "</td><td>");
        bw_page_time(b, s->said_unix_s);
        bw_buf_puts(b, "</td><td>");
        bw_page_name(b, s->reason);
        bw_buf_puts(b, "</td><td class=\"acts\">");
        if (over) {
            bw_buf_puts(b, "withdrawn by ");
            bw_page_name(b, s->ended_by);
            bw_buf_puts(b, ", ");
            bw_page_time(b, s->ended_unix_s);
        } else if (may_say(v)) {
            bw_buf_puts(b, "<form method=\"post\" action=\"/open-data/review\">");
            hidden_where(v, b);
            hidden(b, "act", "withdraw");
            hidden(b, "id", s->id);
            bw_buf_printf(b, "<button aria-label=\"Withdraw the %s of ",
                          s->act == BW_OPENDATA_HOLD ? "hold" : "approval");
            put_days(b, s);
            bw_buf_puts(b, "\">Withdraw</button></form>");
        } else {
            bw_buf_puts(b, "yes");
        }
        bw_buf_puts(b, "</td></tr>\n");
    }
    if (n > 0) {
        bw_page_table_end(b);
    } else {
        bw_buf_puts(b, "<p>Nothing yet: nothing of this district is published.</p>");
    }
}

static void write_range(struct bw_review *v)
{
    struct bw_buf *b = &v->out;
    static const char *const names[] = {"from", "to"};

    bw_buf_puts(b, "<form class=\"search\" action=\"/open-data/review\" method=\"get\">");
    hidden(b, "entity", v->entity);
    for (int i = 0; i < 2; i++) {
        bw_buf_printf(b,
                      "<div><label for=\"%s\">%s</label><input id=\"%s\" name=\"%s\" "
                      "pattern=\"[0-9]{4}-[0-9]{2}-[0-9]{2}\" class=\"day\" value=\"",
                      names[i], i ? "Last day" : "First day", names[i], names[i]);
        bw_review_day(b, i ? v->to_day : v->from_day);
        bw_buf_puts(b, "\"></div>");
    }
    bw_buf_puts(b, "<button>Show</button></form>");
}

static void write_verdict(struct bw_buf *b, const struct bw_opendata_group *g)
{
    const struct bw_opendata_verdict *x = &g->verdict;

    if (g->n == 0) {
        bw_buf_puts(b, g->n_unfilled > 0 ? "not read yet" : "no records");
        return;
    }
    bw_buf_printf(b, "<span class=\"state %s\">%s</span>",
                  bw_opendata_is_published(x->state) ? "fresh"
                  : x->state == BW_OPENDATA_UNSAID   ? "never"
                                                     : "silent",
                  x->state == BW_OPENDATA_APPROVED  ? "published"
                  : x->state == BW_OPENDATA_STANDS  ? "published, standing"
                  : x->state == BW_OPENDATA_HELD    ? "held"
                  : x->state == BW_OPENDATA_CHANGED ? "changed since it was approved"
                                                    : "not approved");
    if (x->taken) {
        bw_buf_puts(b, " <span class=\"soft\">taken back ");
        bw_page_time(b, x->taken_unix_s);
        bw_buf_puts(b, "</span>");
    }
}

/* The first rows, with the columns that any of them has. */
static void write_rows(struct bw_buf *b, const struct bw_opendata_row *rows, size_t n)
{
    struct bw_buf cell;

    bw_buf_init(&cell, 4096);
    bw_page_table_begin(b, "The first rows", "<th scope=\"col\">Column</th>");
    b->len -= strlen("</tr></thead><tbody>\n");
    for (size_t i = 0; i < n; i++) {
        bw_buf_printf(b, "<th scope=\"col\" class=\"n\">%zu</th>", i + 1);
    }
    bw_buf_puts(b, "</tr></thead><tbody>\n");
    for (size_t k = 0; k < bw_opendata_n_columns; k++) {
        const struct bw_opendata_column *c = &bw_opendata_columns[k];
        size_t start = b->len;
        bool any = false;
        bw_buf_printf(b, "<tr><th scope=\"row\"><code>%s</code></th>", c->name);
        for (size_t i = 0; i < n; i++) {
            bw_buf_clear(&cell);
            bool known = bw_opendata_cell(c, rows[i].place, &rows[i].day, &cell);
            bw_buf_puts(b, "<td class=\"n\">");
            if (known) {
                bw_page_name(b, cell.data);
            }
            bw_buf_puts(b, "</td>");
            any = any || known;
        }
        bw_buf_puts(b, "</tr>\n");
        if (!any && bw_buf_error(b) == 0) {
            b->len = start;
        }
    }
    bw_page_table_end(b);
    bw_buf_done(&cell);
}

static void write_form(struct bw_review *v, const char *seen, bool whole)
{
    struct bw_buf *b = &v->out;

    if (!may_say(v)) {
        return;
    }
    bw_buf_puts(b, "<h2>Say what shall be done</h2><form class=\"door\" method=\"post\" "
                   "action=\"/open-data/review\">");
    hidden_where(v, b);
    hidden(b, "seen", seen);
    bw_buf_puts(b, "<p><label for=\"reason\">Reason (needed to hold; it is on record, and "
                   "not public)</label><input id=\"reason\" name=\"reason\" "
                   "maxlength=\"300\"></p><p class=\"say\">");
    if (whole && seen[0]) {
        bw_buf_puts(b, "<button name=\"act\" value=\"approve\">Approve the days above, as "
                       "they are</button> ");
    }
    bw_buf_puts(b, "<button name=\"act\" value=\"hold\">Hold the days above</button> "
                   "<button name=\"act\" value=\"hold-on\">Hold from ");
    bw_review_day(b, v->from_day);
    bw_buf_puts(b, " on</button> <button name=\"act\" value=\"standing\">Approve every day "
                   "from ");
    bw_review_day(b, v->from_day);
    bw_buf_puts(
        b,
        " on, as it comes</button></p></form><p class=\"small soft\">An approval of days "
        "is of the rows as they are above: should a late record or another claim change "
        "them, they are not published until somebody looked again. A standing approval "
        "covers changes, too. A hold is stronger than a standing approval, whichever is "
        "newer. What is held or withdrawn leaves the files at once, and copies that "
        "browsers and proxies keep within ten minutes; what others copied nobody can take "
        "back, and the page and the files say that it was taken back.</p>");
}

static int
write_days(struct bw_review *v, struct bw_opendata *o, const struct bw_opendata_district *d)
{
    struct bw_buf *b = &v->out;
    struct bw_buf seen;
    struct bw_opendata_row shown[ROWS_SHOWN];
    char hash[BW_HASH_LEN + 1] = "";
    size_t n_shown = 0;
    size_t n_rows = 0;
    bool whole = true;
    int r = 0;

    bw_buf_init(&seen, BW_OPENDATA_SEEN_MAX + 1);
    bw_page_table_begin(b, "Days",
                        "<th scope=\"col\">Day</th><th scope=\"col\" class=\"n\">Rows</th>"
                        "<th scope=\"col\">What holds</th>");
    for (int64_t day = v->to_day; r == 0 && day >= v->from_day; day--) {
        struct bw_opendata_group g;
        r = bw_opendata_group(o, d, day, &g, &v->err);
        if (r < 0) {
            break;
        }
        bw_buf_puts(b, "<tr><th scope=\"row\">");
        bw_review_day(b, day);
        bw_buf_printf(b, "</th><td class=\"n\">%zu</td><td>", g.n);
        write_verdict(b, &g);
        bw_buf_puts(b, "</td></tr>\n");
        for (size_t i = 0; i < g.n && n_shown < ROWS_SHOWN; i++) {
            shown[n_shown++] = g.rows[i];
        }
        n_rows += g.n;
        whole = whole && g.n_unfilled == 0;
        bw_opendata_group_done(&g);
    }
    bw_page_table_end(b);
    if (r == 0 && whole && n_rows > 0) {
        r = bw_opendata_seen(o, d, v->from_day, v->to_day, &seen, hash, &v->err);
    }
    if (r == 0 && !whole) {
        bw_buf_puts(b, "<p class=\"note\">Some of these days are still being read from "
                       "their records; they can be approved when that is done.</p>");
    }
    if (r == 0 && n_rows > 0) {
        bw_buf_printf(b,
                      "<h2>The rows</h2><p>%s%zu of %zu; an empty field was not measured. "
                      "<a href=\"",
                      n_shown < n_rows ? "The newest " : "All ", n_shown, n_rows);
        url(v, "/open-data/review/rows.csv", b);
        bw_buf_puts(b, "\">All of them, as they would be published (CSV)</a></p>");
        write_rows(b, shown, n_shown);
    }
    if (r == 0) {
        write_form(v, hash, whole);
    }
    bw_buf_done(&seen);
    return r;
}

int bw_review_one(struct bw_review *v,
                  struct bw_opendata *o,
                  const struct bw_opendata_district *d)
{
    struct bw_buf *b = &v->out;

    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"/open-data/review\">All reviews</a> · <a "
                   "href=\"/open-data\">Open data</a></p><h1>Open data of ");
    bw_page_name(b, d->name);
    bw_buf_printf(b,
                  "</h1><p class=\"soft\">%zu lines. The newest day that may be published "
                  "is ",
                  d->end - d->first);
    bw_review_day(b, v->last_day);
    bw_buf_puts(b, ".</p>");
    if (!v->on) {
        bw_buf_puts(b,
                    "<p class=\"note\">This state does not publish: its collector has no "
                    "section open_data. What is said here holds as soon as it does.</p>");
    }
    write_range(v);
    int r = write_days(v, o, d);
    if (r == 0) {
        write_words(v, o, d);
    }
    return r;
}

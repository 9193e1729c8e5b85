/* SPDX-License-Identifier: GPL-3.0-or-later
 * servers_lines.c - one measurement server: pictures with the table behind them, hours at
 * fault with what to do, reasons. */
#include "servers_parts.h"

#include <bw/summary.h>
#include <clock.h>
#include <page_parts.h>
#include <plural.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <verdicts.h>

enum {
    HOUR_S = 3600,
    DAY_S = 86400,
    HOURS = BW_SERVERS_DAYS * 24,
    PPM = 1000000
};

static const char *const level_css[BW_SERVER_LEVELS] = {
    [BW_SERVER_FEW] = "few",        [BW_SERVER_USUAL] = "usual",
    [BW_SERVER_LESS] = "less",      [BW_SERVER_FELL] = "fell",
    [BW_SERVER_AT_FAULT] = "fault", [BW_SERVER_BROKEN] = "broken"};
static const char *const level_words[BW_SERVER_LEVELS] = {
    [BW_SERVER_FEW] = "too few sites",     [BW_SERVER_USUAL] = "95 % of the usual or more",
    [BW_SERVER_LESS] = "90 to 95 %",       [BW_SERVER_FELL] = "fell below 90 %",
    [BW_SERVER_AT_FAULT] = "server fault", [BW_SERVER_BROKEN] = "no run was good"};
static const char *const ways[BW_DIRECTIONS] = {[BW_DOWN] = "download", [BW_UP] = "upload"};

/* ---- pictures ---------------------------------------------------------------------------
 */

/* The first hour that is shown: the end of the last one is the room's hour. */
static int64_t first_hour(const struct bw_room *r)
{
    return (r->made_unix_ms / 1000 / HOUR_S + 1 - HOURS) * HOUR_S;
}

/* How high it stands: its share of the usual, at most all of it, at least a fifth. */
static int height(const struct bw_room_server_hour *h, int full)
{
    int64_t ppm = h->median_ppm == BW_UNKNOWN ? PPM : h->median_ppm;

    ppm = ppm > PPM ? PPM : ppm < PPM / 5 ? PPM / 5 : ppm;
    return (int)(ppm * full / PPM);
}

/* The worst hours of both directions, at their places; NULL where nobody tested. */
static void worst(const struct bw_servers_job *j,
                  const struct bw_room_server *s,
                  int direction,
                  const struct bw_room_server_hour *ret[HOURS])
{
    int64_t first = first_hour(j->r);

    memset(ret, 0, sizeof(ret[0]) * HOURS);
    for (uint32_t i = s->first_hour; i < s->end_hour; i++) {
        const struct bw_room_server_hour *h = &j->r->server_hours[i];
        int64_t at = (h->from_unix_s - first) / HOUR_S;
        if (h->from_unix_s < first || at >= HOURS ||
            (direction >= 0 && h->direction != direction)) {
            continue;
        }
        if (!ret[at] || bw_server_level(h) > bw_server_level(ret[at])) {
            ret[at] = h;
        }
    }
}

/* All hours of a level are one path. */
static void begin_path(struct bw_buf *b, int level, bool *any)
{
    if (!*any) {
        bw_buf_printf(b, "<path class=\"%s\" d=\"",
                      level == BW_SERVER_NOTHING ? "ground" : level_css[level]);
        *any = true;
    }
}

void bw_servers_strip(struct bw_servers_job *j, const struct bw_room_server *s)
{
    const struct bw_room_server_hour *hours[HOURS];
    struct bw_buf *b = &j->out;
    enum {
        HIGH = 20
    };

    worst(j, s, -1, hours);
    bw_buf_printf(b,
                  "<svg class=\"heat\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
                  "aria-hidden=\"true\"><path class=\"ground\" d=\"M0 0h%dv%dH0z\"/>",
                  HOURS, HIGH, HOURS, HIGH);
    for (int level = BW_SERVER_FEW; level < BW_SERVER_LEVELS; level++) {
        bool any = false;
        for (int i = 0; i < HOURS; i++) {
            if (hours[i] && (int)bw_server_level(hours[i]) == level) {
                int high = height(hours[i], HIGH);
                begin_path(b, level, &any);
                bw_buf_printf(b, "M%d %dh1V%dh-1z", i, HIGH - high, HIGH);
            }
        }
        bw_buf_puts(b, any ? "\"/>" : "");
    }
    bw_buf_puts(b, "</svg>");
}

/* One direction, a row a day, a column an hour. */
static void write_grid(struct bw_servers_job *j, const struct bw_room_server *s, int way)
{
    const struct bw_room_server_hour *hours[HOURS];
    struct bw_buf *b = &j->out;
    int64_t first = first_hour(j->r) / DAY_S * DAY_S;
    enum {
        LABEL = 36,
        WIDE = 12,
        HIGH = 16,
        ROW = 19,
        TOP = 13,
        ROWS = BW_SERVERS_DAYS + 1
    };

    worst(j, s, way, hours);
    bw_buf_printf(b,
                  "<figure><svg class=\"heat grid\" viewBox=\"0 0 %d %d\" role=\"img\" "
                  "aria-label=\"%s, hour by hour; the table below has the numbers\">",
                  LABEL + 24 * WIDE, TOP + ROWS * ROW, ways[way]);
    for (int hour = 0; hour < 24; hour += 6) {
        bw_buf_printf(b, "<text x=\"%d\" y=\"9\">%02d</text>", LABEL + hour * WIDE, hour);
    }
    for (int row = 0; row < ROWS; row++) {
        char day[32];
        bw_time_format_s(first + (int64_t)row * DAY_S, day);
        bw_buf_printf(b, "<text x=\"0\" y=\"%d\">%.5s</text>", TOP + row * ROW + 12,
                      day + 5);
    }
    for (int level = BW_SERVER_NOTHING; level < BW_SERVER_LEVELS; level++) {
        bool any = false;
        for (int i = 0; i < HOURS; i++) {
            int64_t at = (first_hour(j->r) - first) / HOUR_S + i;
            int x = LABEL + (int)(at % 24) * WIDE;
            int y = TOP + (int)(at / 24) * ROW;
            int mine = hours[i] ? (int)bw_server_level(hours[i]) : BW_SERVER_NOTHING;
            int high = mine == BW_SERVER_NOTHING ? 1 : height(hours[i], HIGH);
            if (mine == level) {
                begin_path(b, level, &any);
                bw_buf_printf(b, "M%d %dh%dV%dh-%dz", x, y + HIGH - high, WIDE - 1,
                              y + HIGH, WIDE - 1);
            }
        }
        bw_buf_puts(b, any ? "\"/>" : "");
    }
    bw_buf_printf(b,
                  "</svg><figcaption>%s: columns are hours (UTC), the height is the hour's "
                  "share of the usual.</figcaption></figure>",
                  way == BW_DOWN ? "Download" : "Upload");
}

void bw_servers_legend(struct bw_servers_job *j)
{
    struct bw_buf *b = &j->out;

    bw_buf_puts(b, "<ul class=\"key-list\">");
    for (int level = BW_SERVER_FEW; level < BW_SERVER_LEVELS; level++) {
        bw_buf_printf(
            b,
            "<li><svg class=\"heat one\" viewBox=\"0 0 1 1\" aria-hidden=\"true\">"
            "<path class=\"%s\" d=\"M0 0h1v1H0z\"/></svg>%s</li>",
            level_css[level], level_words[level]);
    }
    bw_buf_puts(b, "</ul>");
}

/* ---- at fault ---------------------------------------------------------------------------
 */

/* The erratum that has all of this stretch; NULL: none. */
static const struct bw_erratum_said *erratum_of(const struct bw_servers_job *j,
                                                const char *server,
                                                const struct bw_server_fault *f)
{
    for (size_t i = 0; i < j->n_errata; i++) {
        const struct bw_erratum_said *e = &j->errata[i];
        if (strcmp(e->about.name, server) == 0 &&
            e->erratum.from_unix_s <= f->from_unix_s &&
            e->erratum.to_unix_s >= f->to_unix_s &&
            e->erratum.action == BW_ERRATUM_EXCLUDE &&
            bw_erratum_has(&e->erratum, BW_ERRATUM_THROUGHPUT)) {
            return e;
        }
    }
    return NULL;
}

static void write_command(struct bw_servers_job *j,
                          const struct bw_room_server *s,
                          const struct bw_server_fault *f)
{
    struct bw_buf *b = &j->out;
    char from[32];
    char to[32];

    bw_time_format_s(f->from_unix_s, from);
    bw_time_format_s(f->to_unix_s, to);
    bw_buf_puts(b, "<pre>bandwitness errata add --server ");
    bw_text_html(b, s->name);
    bw_buf_printf(
        b,
        " --from %s --to %s \\\n  --fields throughput --exclude --reason "
        "&#39;server fault: sites reached %lld %% of their usual, those of a second "
        "server did not fall&#39;</pre>",
        from, to, (long long)(f->lowest_ppm / 10000));
}

void bw_servers_faults(struct bw_servers_job *j, const struct bw_room_server *s, size_t *n)
{
    struct bw_buf *b = &j->out;
    struct bw_server_fault *list = NULL;
    size_t n_list = 0;

    if (bw_server_faults(j->r, s, &list, &n_list) < 0) {
        return;
    }
    for (size_t i = 0; i < n_list; i++) {
        const struct bw_server_fault *f = &list[i];
        const struct bw_erratum_said *e = erratum_of(j, s->name, f);
        bw_buf_puts(b, "<div class=\"note\"><p><b>");
        bw_text_html(b, s->name);
        bw_buf_puts(b, "</b>, ");
        bw_page_time(b, f->from_unix_s);
        bw_buf_puts(b, " to ");
        bw_page_time(b, f->to_unix_s);
        bw_buf_printf(b, " UTC, %s: down to %lld&nbsp;%% of the usual; ",
                      f->directions == (1U << BW_DOWN) ? "download"
                      : f->directions == (1U << BW_UP) ? "upload"
                                                       : "both directions",
                      (long long)(f->lowest_ppm / 10000));
        bw_page_count(b, f->n_good);
        bw_buf_printf(b, " good %s count in reports.</p>",
                      bw_plural(f->n_good, "run", "runs"));
        if (e) {
            bw_buf_printf(
                b,
                "<p>An erratum sets them apart (<span class=\"mono\">%.8s</span>); "
                "days are being made anew.</p>",
                e->id);
        } else {
            bw_buf_puts(b, "<p>An erratum sets them apart in every report, for good, in "
                           "somebody&#39;s name. Look first with --dry-run:</p>");
            write_command(j, s, f);
        }
        bw_buf_puts(b, "</div>");
    }
    *n += n_list;
    free(list);
}

void bw_servers_reasons(struct bw_servers_job *j, const struct bw_room_server *s)
{
    struct bw_buf *b = &j->out;

    if (s->first_reason == s->end_reason) {
        bw_buf_puts(b, "<p>Every run of the seven days was good.</p>");
        return;
    }
    bw_page_table_begin(
        b, "Why runs were not good, or are set apart",
        "<th scope=\"col\">What became of them</th><th scope=\"col\">Why, as "
        "boxes say</th><th scope=\"col\" class=\"n\">Runs</th>");
    for (uint32_t i = s->first_reason; i < s->end_reason; i++) {
        const struct bw_room_server_reason *x = &j->r->server_reasons[i];
        bw_buf_printf(b, "<tr><td>%s</td><td>", x->apart ? "set apart" : "failed");
        bw_page_name(b, x->words);
        bw_buf_puts(b, "</td><td class=\"n\">");
        bw_page_count(b, x->n);
        bw_buf_puts(b, "</td></tr>\n");
    }
    bw_page_table_end(b);
}

/* ---- one --------------------------------------------------------------------------------
 */

const struct bw_room_server_hour *bw_servers_newest(const struct bw_servers_job *j,
                                                    const struct bw_room_server *s,
                                                    int direction)
{
    const struct bw_room_server_hour *newest = NULL;

    for (uint32_t i = s->first_hour; i < s->end_hour; i++) {
        const struct bw_room_server_hour *h = &j->r->server_hours[i];
        if (h->direction == direction && h->median_ppm != BW_UNKNOWN) {
            newest = h;
        }
    }
    return newest;
}

static void write_hour(struct bw_buf *b, const struct bw_room_server_hour *h)
{
    bw_buf_puts(b, "<tr><td>");
    bw_page_time(b, h->from_unix_s);
    bw_buf_printf(b, "</td><td>%s</td><td class=\"n\">", ways[h->direction]);
    if (h->median_ppm == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_buf_printf(b, "%lld.%lld&nbsp;%%", (long long)(h->median_ppm / 10000),
                      (long long)(h->median_ppm % 10000 / 1000));
    }
    bw_buf_printf(
        b,
        "</td><td class=\"n\">%d</td><td class=\"n\">%d</td><td class=\"n\">%d</td>"
        "<td class=\"n\">%d</td><td>%s</td></tr>\n",
        (int)h->n_sites, (int)h->n_good, (int)h->n_apart, (int)h->n_failed,
        bw_server_word_words(h->word));
}

/* Day by day, the newest first; a day with an hour that fell is open. */
static void write_days(struct bw_servers_job *j, const struct bw_room_server *s)
{
    struct bw_buf *b = &j->out;
    int64_t first = first_hour(j->r) / DAY_S * DAY_S;

    bw_buf_puts(b, "<h2 id=\"hours\">Hour by hour</h2>");
    for (int64_t day = first + BW_SERVERS_DAYS * (int64_t)DAY_S; day >= first;
         day -= DAY_S) {
        char date[32];
        int n = 0;
        int fell = 0;
        for (uint32_t i = s->first_hour; i < s->end_hour; i++) {
            const struct bw_room_server_hour *h = &j->r->server_hours[i];
            bool mine = h->from_unix_s >= day && h->from_unix_s < day + DAY_S;
            n += mine;
            fell += mine && bw_server_level(h) >= BW_SERVER_FELL;
        }
        if (n == 0) {
            continue;
        }
        bw_time_format_s(day, date);
        bw_buf_printf(b, "<details%s><summary>%.10s: %d %s with tests", fell ? " open" : "",
                      date, n, bw_plural(n, "hour", "hours"));
        if (fell) {
            bw_buf_printf(b, ", %d of them below 90 %% or without a good run", fell);
        }
        bw_buf_puts(b, "</summary>");
        bw_page_table_begin(
            b, "Hours of a day",
            "<th scope=\"col\">Hour from (UTC)</th><th scope=\"col\">Direction</th>"
            "<th scope=\"col\" class=\"n\">Of the usual</th><th scope=\"col\" class=\"n\">"
            "Sites</th><th scope=\"col\" class=\"n\">Good</th><th scope=\"col\" "
            "class=\"n\">"
            "Set apart</th><th scope=\"col\" class=\"n\">Failed</th><th scope=\"col\">What "
            "it "
            "says</th>");
        for (uint32_t i = s->first_hour; i < s->end_hour; i++) {
            const struct bw_room_server_hour *h = &j->r->server_hours[i];
            if (h->from_unix_s >= day && h->from_unix_s < day + DAY_S) {
                write_hour(b, h);
            }
        }
        bw_page_table_end(b);
        bw_buf_puts(b, "</details>");
    }
}

static void write_errata(struct bw_servers_job *j, const struct bw_room_server *s)
{
    struct bw_buf *b = &j->out;
    size_t n = 0;

    for (size_t i = 0; i < j->n_errata; i++) {
        const struct bw_erratum_said *e = &j->errata[i];
        if (strcmp(e->about.name, s->name) != 0) {
            continue;
        }
        if (n++ == 0) {
            bw_buf_puts(b, "<h2 id=\"errata\">Errata on file</h2>");
            bw_page_table_begin(
                b, "Errata",
                "<th scope=\"col\">From (UTC)</th><th scope=\"col\">To (UTC)"
                "</th><th scope=\"col\">What</th><th scope=\"col\">Why</th>"
                "<th scope=\"col\">Who</th>");
        }
        bw_buf_puts(b, "<tr><td>");
        bw_page_time(b, e->erratum.from_unix_s);
        bw_buf_puts(b, "</td><td>");
        bw_page_time(b, e->erratum.to_unix_s);
        bw_buf_printf(b, "</td><td>%s<div class=\"id mono\">%.8s</div></td><td>",
                      e->erratum.action == BW_ERRATUM_EXCLUDE ? "left out" : "a note",
                      e->id);
        bw_page_name(b, e->erratum.reason);
        bw_buf_puts(b, "</td><td>");
        bw_page_name(b, e->by);
        bw_buf_puts(b, "</td></tr>\n");
    }
    if (n > 0) {
        bw_page_table_end(b);
    }
}

void bw_servers_one(struct bw_servers_job *j)
{
    struct bw_buf *b = &j->out;
    const struct bw_room_server *s = j->one;
    size_t n = 0;

    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"/servers\">Servers</a></p><h1>");
    bw_page_name(b, s->name);
    bw_buf_puts(
        b, "</h1><p class=\"soft\">The last seven days as the fleet saw it, as known at ");
    bw_page_time(b, j->r->made_unix_ms / 1000);
    bw_buf_puts(b, " UTC: ");
    bw_page_count(b, s->n_sites);
    bw_buf_printf(b, " %s tested there, ", bw_plural(s->n_sites, "site", "sites"));
    bw_page_count(b, s->n_good);
    bw_buf_printf(b, " good %s. A quick look; reports have the runs one by one.</p>",
                  bw_plural(s->n_good, "run", "runs"));
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        write_grid(j, s, way);
    }
    bw_servers_legend(j);
    bw_servers_faults(j, s, &n);
    bw_buf_puts(b, "<h2 id=\"reasons\">Runs that were not good</h2>");
    bw_servers_reasons(j, s);
    write_errata(j, s);
    write_days(j, s);
}

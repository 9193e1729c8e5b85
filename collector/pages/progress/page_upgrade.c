/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_upgrade.c - a line before and after a day: the claim's change, or one that is typed.
 * The days are read from room.db on a reader's thread. */
#include "page_upgrade.h"

#include "upgrade_parts.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <limits.h>
#include <page_entity.h>
#include <page_parts.h>
#include <page_scope.h>
#include <plural.h>
#include <readers.h>
#include <room.h>
#include <roomstore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <tz.h>
#include <upgrade.h>
#include <words.h>

enum {
    OUT_MAX = 1024 * 1024,
    DAYS_MAX = 2 * BW_UPGRADE_REACH + 4,
    DAY_S = 86400
};

struct upgrade_job {
    struct bw_http_req *req;
    const struct bw_room *r;
    struct bw_page_scope scope;
    uint32_t circuit;
    int64_t day; /* unknown: the claim's change, or none is */
    int64_t wanted;
    int64_t id; /* in room.db */
    char path[PATH_MAX + 16];
    char title[BW_LABEL_MAX + 1];
    struct bw_room_day *days; /* [DAYS_MAX] */
    size_t n;
    unsigned status;
    struct bw_err err;
    struct bw_buf out;
};

/* ---- words ------------------------------------------------------------------------------
 */

static void rate_or(struct bw_buf *b, int64_t bps)
{
    if (bps == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_rate(b, bps);
    }
}

static void span_or(struct bw_buf *b, int64_t s)
{
    if (s == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
    } else {
        bw_page_span(b, s);
    }
}

static void write_day(struct bw_buf *b, int64_t day)
{
    char text[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day, text);
    bw_buf_puts(b, text);
}

static void row(struct bw_buf *b, const char *words, const char *how)
{
    bw_buf_printf(b, "<tr><th scope=\"row\">%s<div class=\"id\">%s</div></th>", words, how);
}

enum figure {
    FIGURE_CLAIMED,
    FIGURE_TESTED,
    FIGURE_AT_80,
    FIGURE_P95,
    FIGURE_BUSIEST,
    FIGURE_LOADED,
    FIGURE_FULL,
    FIGURES
};

static const struct {
    const char *words;
    const char *how;
} figures[FIGURES] = {
    [FIGURE_CLAIMED] = {"Claimed", "on the last day"},
    [FIGURE_TESTED] = {"Tested", "median of the days' medians (tested-dist/2)"},
    [FIGURE_AT_80] = {"Good runs at 80 % of the claim", "claim-share/2, of each day"},
    [FIGURE_P95] = {"P95 of class hours", "median of the days' (util-p95/2)"},
    [FIGURE_BUSIEST] = {"… of the busiest day", "the highest of them"},
    [FIGURE_LOADED] = {"Round trip, line full", "median of the days' (loaded-rtt/1)"},
    [FIGURE_FULL] = {"Full in class hours", "at 90 % of the claim (day-bins/1)"},
};

static void write_figure(struct bw_buf *b, const struct bw_upgrade_way *w, enum figure f)
{
    switch (f) {
    case FIGURE_CLAIMED:
        rate_or(b, w->claim_bps);
        return;
    case FIGURE_TESTED:
        rate_or(b, w->tested_bps);
        return;
    case FIGURE_AT_80:
        if (w->n_compared == 0) {
            bw_buf_puts(b, "no run");
            return;
        }
        bw_page_count(b, w->n_at_80);
        bw_buf_puts(b, " of ");
        bw_page_count(b, w->n_compared);
        return;
    case FIGURE_P95:
        rate_or(b, w->class_p95_bps);
        return;
    case FIGURE_BUSIEST:
        rate_or(b, w->busiest_bps);
        return;
    case FIGURE_LOADED:
        if (w->loaded_p50_us == BW_UNKNOWN) {
            bw_buf_puts(b, "not known");
        } else {
            bw_page_ms(b, w->loaded_p50_us);
        }
        return;
    case FIGURE_FULL:
        span_or(b, w->full_s);
        if (w->full_of_s != BW_UNKNOWN) {
            bw_buf_puts(b, "<div class=\"id\">of ");
            bw_page_span(b, w->full_of_s);
            bw_buf_puts(b, "</div>");
        }
        return;
    case FIGURES:
    default:
        return;
    }
}

static void write_counted(struct bw_buf *b, const struct bw_upgrade_way *w)
{
    if (w->class_expected == BW_UNKNOWN) {
        bw_buf_puts(b, "not known");
        return;
    }
    bw_page_count(b, w->class_known);
    bw_buf_puts(b, " of ");
    bw_page_count(b, w->class_expected);
}

static void write_side_rows(struct bw_buf *b, const struct bw_upgrade *u)
{
    const struct bw_upgrade_side *const sides[] = {&u->before, &u->after};

    row(b, "Out in class hours", "outage-union/1");
    for (int i = 0; i < 2; i++) {
        bw_buf_puts(b, "<td class=\"n\" colspan=\"2\">");
        span_or(b, sides[i]->outage_class_ms == BW_UNKNOWN
                       ? BW_UNKNOWN
                       : sides[i]->outage_class_ms / 1000);
        bw_buf_puts(b, "</td>");
    }
    bw_buf_puts(b, "</tr>\n");
    row(b, "Records", "of these days' time; days between without any (coverage/1)");
    for (int i = 0; i < 2; i++) {
        int64_t permille =
            sides[i]->of_s > 0 ? sides[i]->recorded_s * 1000 / sides[i]->of_s : 0;
        bw_buf_printf(b, "<td class=\"n\" colspan=\"2\">%lld.%lld&nbsp;%%; %lld %s</td>",
                      (long long)(permille / 10), (long long)(permille % 10),
                      (long long)sides[i]->n_absent,
                      bw_plural(sides[i]->n_absent, "day", "days"));
    }
    bw_buf_puts(b, "</tr>\n");
}

static void write_table(struct upgrade_job *j, const struct bw_upgrade *u)
{
    struct bw_buf *b = &j->out;
    const struct bw_upgrade_side *const sides[] = {&u->before, &u->after};

    bw_page_table_begin(
        b, "Before and after",
        "<th scope=\"col\">Figure</th><th scope=\"col\" class=\"n\">Before, "
        "down</th><th scope=\"col\" class=\"n\">up</th><th scope=\"col\" "
        "class=\"n\">After, down</th><th scope=\"col\" class=\"n\">up</th>");
    for (int f = 0; f < FIGURES; f++) {
        row(b, figures[f].words, figures[f].how);
        for (int i = 0; i < 2 * BW_DIRECTIONS; i++) {
            bw_buf_puts(b, "<td class=\"n\">");
            write_figure(b, &sides[i / BW_DIRECTIONS]->way[i % BW_DIRECTIONS],
                         (enum figure)f);
            bw_buf_puts(b, "</td>");
        }
        bw_buf_puts(b, "</tr>\n");
    }
    row(b, "Counted", "intervals of class hours, of so many");
    for (int i = 0; i < 2 * BW_DIRECTIONS; i++) {
        bw_buf_puts(b, "<td class=\"n\">");
        write_counted(b, &sides[i / BW_DIRECTIONS]->way[i % BW_DIRECTIONS]);
        bw_buf_puts(b, "</td>");
    }
    bw_buf_puts(b, "</tr>\n");
    write_side_rows(b, u);
    bw_page_table_end(b);
}

static void write_doubts(struct bw_buf *b, const struct bw_upgrade *u)
{
    static const struct {
        uint32_t doubt;
        const char *words;
    } list[] = {
        {BW_UPGRADE_LITTLE, "On a side under half of the class hours are counted: what was "
                            "used is not comparable."},
        {BW_UPGRADE_LAYERS,
         "The claims name unlike layers: rates are not comparable, and are "
         "not converted."},
        {BW_UPGRADE_FAR,
         "The sides lie more than 60 days apart: use may be another at another "
         "time of the year."},
        {BW_UPGRADE_UNTESTED, "On a side there is no good test with a line rate: what was "
                              "delivered is not comparable."},
        {BW_UPGRADE_UNWATCHED,
         "On a side outages would have been seen in under half of the "
         "time: they are not comparable."},
    };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (u->doubts & list[i].doubt) {
            bw_buf_printf(b, "<p class=\"note\">%s</p>", list[i].words);
        }
    }
    if (u->before.no_calendar || u->after.no_calendar) {
        bw_buf_puts(
            b, "<p class=\"note\">No calendar is on file: school days are weekdays, and "
               "class hours the usual ones.</p>");
    }
}

/* ---- the picture ------------------------------------------------------------------------
 */

enum {
    BAR_LEFT = 120,
    BAR_WIDE = 460,
    BAR_HIGH = 18,
    BAR_STEP = 26
};

static void
bar(struct bw_buf *b, int at, const char *words, const char *css, int64_t v, int64_t most)
{
    int y = at * BAR_STEP;

    bw_buf_printf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", BAR_LEFT - 8,
                  y + 14, words);
    if (v != BW_UNKNOWN && most > 0) {
        bw_buf_printf(
            b,
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%lld\" height=\"%d\">"
            "</rect>",
            css, BAR_LEFT, y,
            (long long)(v / 1000 * BAR_WIDE / (most / 1000 > 0 ? most / 1000 : 1)),
            BAR_HIGH);
    } else {
        bw_buf_printf(b, "<text x=\"%d\" y=\"%d\">not known</text>", BAR_LEFT, y + 14);
    }
}

/* Claimed, tested and used downwards, side by side. */
static void write_picture(struct upgrade_job *j, const struct bw_upgrade *u)
{
    struct bw_buf *b = &j->out;
    const struct bw_upgrade_way *a = &u->before.way[BW_DOWN];
    const struct bw_upgrade_way *z = &u->after.way[BW_DOWN];
    const int64_t values[] = {a->claim_bps,  z->claim_bps,     a->tested_bps,
                              z->tested_bps, a->class_p95_bps, z->class_p95_bps};
    static const char *const words[] = {"claimed before", "after",      "tested before",
                                        "after",          "P95 before", "after"};
    int64_t most = 0;

    for (int i = 0; i < 6; i++) {
        most = values[i] > most ? values[i] : most;
    }
    bw_buf_printf(
        b,
        "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Picture of before and after\"><svg class=\"chart\" "
        "width=\"600\" height=\"%d\" viewBox=\"0 0 600 %d\" role=\"img\" "
        "aria-label=\"Claimed, tested and P95 of class hours downwards, before and "
        "after. The table below has the numbers.\">",
        6 * BAR_STEP, 6 * BAR_STEP);
    for (int i = 0; i < 6; i++) {
        bar(b, i, words[i], i % 2 ? "b0" : "b5", values[i], most);
    }
    bw_buf_puts(b, "</svg></div></figure>");
}

/* ---- the page ---------------------------------------------------------------------------
 */

static void write_form(struct upgrade_job *j)
{
    struct bw_buf *b = &j->out;
    const struct bw_room_circuit *c = &j->r->circuits[j->circuit];

    bw_buf_puts(b, "<form class=\"search\" method=\"get\" action=\"/upgrades/");
    bw_text_url(b, j->r->sites[c->site].id);
    bw_buf_putc(b, '.');
    bw_text_url(b, c->name);
    bw_buf_puts(
        b, "\"><div><label for=\"at\">First day of after</label><input class=\"short\" "
           "id=\"at\" name=\"at\" pattern=\"[0-9]{4}-[0-9]{2}-[0-9]{2}\" "
           "placeholder=\"2026-08-01\" value=\"");
    if (j->day != BW_UNKNOWN) {
        write_day(b, j->day);
    }
    bw_buf_printf(b,
                  "\"></div><div><label for=\"days\">School days of a side, at most</label>"
                  "<input class=\"short\" id=\"days\" name=\"days\" type=\"number\" "
                  "min=\"%d\" max=\"%d\" value=\"%lld\"></div><button>Show</button></form>",
                  BW_UPGRADE_DAYS_MIN, BW_UPGRADE_DAYS_MAX, (long long)j->wanted);
}

static void
write_side(struct upgrade_job *j, const struct bw_upgrade_side *s, const char *words)
{
    struct bw_buf *b = &j->out;
    const struct bw_room_circuit *c = &j->r->circuits[j->circuit];

    bw_buf_printf(b, "<li>%s: %lld school %s with records, ", words, (long long)s->n_days,
                  bw_plural(s->n_days, "day", "days"));
    write_day(b, s->first_day);
    bw_buf_puts(b, " to ");
    write_day(b, s->last_day);
    bw_buf_puts(b, " (<a href=\"/circuits/");
    bw_text_url(b, j->r->sites[c->site].id);
    bw_buf_putc(b, '.');
    bw_text_url(b, c->name);
    bw_buf_puts(b, "?from=");
    write_day(b, s->first_day);
    bw_buf_puts(b, "&amp;to=");
    write_day(b, s->last_day + 1);
    bw_buf_printf(b,
                  "\" aria-label=\"%s: its pictures and runs\">pictures and runs</a>)</li>",
                  words);
}

static void write_compared(struct upgrade_job *j)
{
    struct bw_buf *b = &j->out;
    struct bw_upgrade u;

    bw_upgrade_make(j->days, j->n, j->day, j->wanted, &u);
    if (u.doubts & BW_UPGRADE_FEW) {
        bw_buf_printf(b,
                      "<p class=\"note\">Not compared: of one side there are fewer than %d "
                      "school days with records that the state's room has read (%lld).</p>",
                      BW_UPGRADE_DAYS_MIN, (long long)u.before.n_days);
        return;
    }
    bw_buf_puts(b, "<ul class=\"small\">");
    write_side(j, &u.before, "Before");
    write_side(j, &u.after, "After");
    bw_buf_puts(b, "</ul>");
    write_doubts(b, &u);
    write_picture(j, &u);
    write_table(j, &u);
    bw_buf_printf(
        b,
        "<p class=\"small soft\">Rates are at the claim's layer (before %s, after "
        "%s). Every day's figure is that of its report; over the days they are "
        "medians, counts and times are sums (" BW_UPGRADE_METHOD
        "). What changed beside the line is not known here.</p>",
        u.before.claim_layer == BW_LAYER_UNKNOWN
            ? "none claimed"
            : bw_words_layer_long(u.before.claim_layer),
        u.after.claim_layer == BW_LAYER_UNKNOWN ? "none claimed"
                                                : bw_words_layer_long(u.after.claim_layer));
}

static void write_page(struct upgrade_job *j)
{
    struct bw_buf *b = &j->out;
    const struct bw_room_circuit *c = &j->r->circuits[j->circuit];
    const struct bw_room_site *s = &j->r->sites[c->site];
    uint32_t entity = s->entity;

    bw_page_begin_at(b, "Before and after", j->title, BW_PLACE_PROGRESS,
                     bw_door_viewer(j->req));
    bw_buf_puts(b,
                "<p class=\"crumbs\"><a href=\"/progress\">Progress</a></p><h1>Before and "
                "after</h1><p>");
    if (entity != BW_ROOM_NONE) {
        bw_page_entity_link(b, &j->scope, entity);
        bw_buf_puts(b, ", ");
    }
    bw_buf_puts(b, "circuit <a class=\"mono\" href=\"/circuits/");
    bw_text_url(b, s->id);
    bw_buf_putc(b, '.');
    bw_text_url(b, c->name);
    bw_buf_puts(b, "\">");
    bw_text_html(b, s->id);
    bw_buf_putc(b, '.');
    bw_text_html(b, c->name);
    bw_buf_puts(b, "</a>.</p>");
    bw_upgrade_change(b, c);
    write_form(j);
    if (j->day == BW_UNKNOWN) {
        bw_buf_puts(b,
                    "<p class=\"note\">No change of its claimed speed is known within the "
                    "last 400 days: type a day.</p>");
    } else {
        write_compared(j);
    }
    bw_page_end(b, j->r->made_unix_ms);
}

/* ---- candidates -------------------------------------------------------------------------
 */

bool bw_upgrade_known(const struct bw_room_circuit *c)
{
    const struct bw_room_claim *l = &c->claim;
    bool other = false;

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        other |= l->before_bps[way] != BW_UNKNOWN && l->bps[way] != BW_UNKNOWN &&
                 l->before_bps[way] != l->bps[way];
    }
    return l->has && other && l->from_unix_s != BW_UNKNOWN;
}

void bw_upgrade_change(struct bw_buf *b, const struct bw_room_circuit *c)
{
    const struct bw_room_claim *l = &c->claim;

    if (!bw_upgrade_known(c)) {
        return;
    }
    bw_buf_puts(b, "<p>Claimed download ");
    rate_or(b, l->before_bps[BW_DOWN]);
    bw_buf_puts(b, " → ");
    rate_or(b, l->bps[BW_DOWN]);
    bw_buf_puts(b, ", upload ");
    rate_or(b, l->before_bps[BW_UP]);
    bw_buf_puts(b, " → ");
    rate_or(b, l->bps[BW_UP]);
    bw_buf_puts(b, ", from ");
    bw_page_time(b, l->from_unix_s);
    bw_buf_puts(b, " UTC on.</p>");
}

/* ---- requests ---------------------------------------------------------------------------
 */

static int on_circuit(void *owner, const struct bw_roomstore_circuit *c)
{
    struct upgrade_job *j = owner;
    const struct bw_room_circuit *mine = &j->r->circuits[j->circuit];

    if (strcmp(c->name, mine->name) == 0 &&
        strcmp(c->site, j->r->sites[mine->site].id) == 0) {
        j->id = c->id;
        return 1;
    }
    return 0;
}

static int on_day(void *owner, int64_t circuit, const struct bw_room_day *d)
{
    struct upgrade_job *j = owner;

    (void)circuit;
    if (j->n < DAYS_MAX) {
        j->days[j->n++] = *d;
    }
    return 0;
}

/* The local day of the claim's change. */
static int find_day(struct upgrade_job *j)
{
    const struct bw_room_circuit *c = &j->r->circuits[j->circuit];
    struct bw_tz *tz = NULL;
    struct bw_civil at;
    int r;

    if (j->day != BW_UNKNOWN || !bw_upgrade_known(c)) {
        return 0;
    }
    r = bw_tz_load(j->r->sites[c->site].zone, &tz, &j->err);
    if (r == 0) {
        bw_tz_local(tz, c->claim.from_unix_s, &at);
        j->day = bw_civil_days(at.year, at.month, at.day);
        bw_tz_free(tz);
    }
    return r;
}

static void work(void *job, struct bw_reader *reader, const struct bw_err *err)
{
    struct upgrade_job *j = job;
    struct bw_roomstore *s = NULL;
    int r = find_day(j);

    (void)reader;
    (void)err;
    r = r < 0 || j->day == BW_UNKNOWN ? r : bw_roomstore_open_read(j->path, &s, &j->err);
    if (r == 0 && s) {
        r = bw_roomstore_circuits(s, on_circuit, j, &j->err);
        r = r < 0 ? r : 0;
    }
    if (r == 0 && s && j->id != BW_UNKNOWN) {
        r = bw_roomstore_days(s, j->id, BW_ROOM_SPAN_DAY, j->day - BW_UPGRADE_REACH,
                              j->day + BW_UPGRADE_REACH, on_day, j, &j->err);
    }
    bw_roomstore_close(s);
    j->status = r < 0 ? 503 : 200;
    if (r == 0) {
        write_page(j);
    }
}

static void job_free(struct upgrade_job *j)
{
    bw_room_drop(j->r);
    bw_buf_done(&j->out);
    free(j->days);
    free(j);
}

static void after(void *job, int cancelled)
{
    struct upgrade_job *j = job;

    if (cancelled || j->status != 200) {
        bw_page_sorry(j->req, 503, cancelled ? "the collector is stopping" : j->err.text);
    } else {
        bw_http_reply(j->req, 200, "text/html; charset=utf-8", &j->out);
    }
    job_free(j);
}

/* 0, or the status of a refusal. */
static unsigned read_words(struct upgrade_job *j)
{
    const char *at = bw_http_query(j->req, "at");
    const char *days = bw_http_query(j->req, "days");

    j->circuit = bw_room_circuit_find(j->r, bw_http_param(j->req, 0));
    j->day = BW_UNKNOWN;
    j->wanted = BW_UPGRADE_DAYS;
    j->id = BW_UNKNOWN;
    if (j->circuit == BW_ROOM_NONE || !bw_page_scope_circuit(&j->scope, j->circuit)) {
        return 404;
    }
    if (at && at[0] &&
        (strlen(at) != BW_CIVIL_DATE_LEN || bw_civil_date_parse(at, &j->day) < 0)) {
        return 400;
    }
    if (days && days[0]) {
        if (strlen(days) > 3 || strspn(days, "0123456789") != strlen(days)) {
            return 400;
        }
        j->wanted = strtoll(days, NULL, 10);
    }
    return j->wanted < BW_UPGRADE_DAYS_MIN || j->wanted > BW_UPGRADE_DAYS_MAX ? 400 : 0;
}

void bw_page_upgrade(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const struct bw_room *r = bw_room_take(c);
    struct upgrade_job *j = r ? calloc(1, sizeof(*j)) : NULL;
    unsigned status = 503;

    if (j) {
        j->req = req;
        j->r = r;
        bw_page_scope(r, bw_door_viewer(req), &j->scope);
        (void)snprintf(j->path, sizeof(j->path), "%s/room.db", c->data_folder);
        (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
        bw_buf_init(&j->out, OUT_MAX);
        j->days = calloc(DAYS_MAX, sizeof(*j->days));
        status = j->days ? read_words(j) : 503;
    }
    if (j && status == 0 && bw_readers_run(c->readers, work, after, j) < 0) {
        status = 429;
    }
    if (status != 0) {
        if (j) {
            job_free(j);
        } else {
            bw_room_drop(r);
        }
        bw_page_sorry(req, status,
                      status == 404   ? "there is no such circuit"
                      : status == 400 ? "at: a day, 2026-08-01; days: 5 to 60"
                      : status == 429 ? "too much at once; try again in 10 seconds"
                                      : "the state's room is being made; it takes some "
                                        "seconds after the start");
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_circuits.c - circuits as rows of a table: what is claimed, tested, carried and used,
 * of the last 28 days and the newest one.
 *
 * Figures of days are those of the evidence library, as the state's room has them, and name
 * layer and statistic; nothing is added up over circuits. What nobody measured is said. */
#include "page_circuits.h"

#include <page_parts.h>

#include <buf.h>
#include <civil.h>
#include <overview.h>
#include <room.h>
#include <text.h>

static void layer_words(struct bw_buf *b, enum bw_layer layer)
{
    const char *name = bw_layer_name(layer);
    bw_buf_printf(b, "<div class=\"id\">%s layer</div>", name ? name : "unnamed");
}

static void ways(struct bw_buf *b, int64_t down, int64_t up)
{
    static const char *const words[BW_DIRECTIONS][2] = {
        [BW_DOWN] = {"↓", "down"}, [BW_UP] = {"↑", "up"}};
    for (int i = 0; i < BW_DIRECTIONS; i++) {
        int64_t bps = i == BW_DOWN ? down : up;
        bw_buf_printf(b, "<div class=\"iv\"><span aria-hidden=\"true\">%s</span> ",
                      words[i][0]);
        if (bps == BW_UNKNOWN) {
            bw_buf_puts(b, "not known");
        } else {
            bw_page_rate(b, bps);
        }
        bw_buf_printf(b, " <span class=\"small soft\">%s</span></div>", words[i][1]);
    }
}

static bool both_unknown(int64_t down, int64_t up)
{
    return down == BW_UNKNOWN && up == BW_UNKNOWN;
}

static void percent(struct bw_buf *b, int64_t part, int64_t of)
{
    int64_t tenths = of > 0 ? part * 1000 / of : 0;
    bw_buf_printf(b, "%lld.%lld&nbsp;%%", (long long)(tenths / 10),
                  (long long)(tenths % 10));
}

static void date(struct bw_buf *b, int64_t day)
{
    int y;
    int m;
    int d;
    bw_civil_from_days(day, &y, &m, &d);
    bw_buf_printf(b, "<time datetime=\"%04d-%02d-%02d\">%04d-%02d-%02d</time>", y, m, d, y,
                  m, d);
}

static void write_claim(struct bw_buf *b, const struct bw_room_circuit *c)
{
    if (!c->claim.has) {
        bw_buf_puts(b, "no claim on file");
        return;
    }
    ways(b, c->claim.bps[BW_DOWN], c->claim.bps[BW_UP]);
    bw_buf_puts(b, "<div class=\"id\">");
    const char *layer = bw_layer_name(c->claim.layer);
    bw_buf_printf(b, "%s", layer ? layer : "names no layer, IP is taken");
    bw_buf_puts(b, layer ? " layer" : "");
    if (c->claim.provider[0]) {
        bw_buf_puts(b, "; ");
        bw_page_name(b, c->claim.provider);
    }
    bw_buf_puts(b, "</div>");
    if (c->students > 0 && c->claim.bps[BW_DOWN] != BW_UNKNOWN) {
        bw_buf_puts(b, "<div class=\"id\">");
        bw_page_rate(b, c->claim.bps[BW_DOWN] / c->students);
        bw_buf_puts(b, " down for each of ");
        bw_page_count(b, c->students);
        bw_buf_puts(b, " students</div>");
    } else if (c->students == BW_UNKNOWN) {
        bw_buf_puts(b, "<div class=\"id\">students not on file</div>");
    }
}

static void write_tested(struct bw_buf *b, const struct bw_room_day *d)
{
    const struct bw_room_way *down = &d->way[BW_DOWN];
    const struct bw_room_way *up = &d->way[BW_UP];
    bool line = !both_unknown(down->median_bps, up->median_bps);
    if (down->n_wanted + up->n_wanted == 0) {
        bw_buf_puts(b, "no test");
        return;
    }
    if (line || !both_unknown(down->goodput_bps, up->goodput_bps)) {
        ways(b, line ? down->median_bps : down->goodput_bps,
             line ? up->median_bps : up->goodput_bps);
    } else {
        bw_buf_puts(b, "no good run");
    }
    if (line) {
        layer_words(b, d->claim_layer);
    } else if (!both_unknown(down->goodput_bps, up->goodput_bps)) {
        bw_buf_puts(b, "<div class=\"id\">payload of the test</div>");
    }
    bw_buf_printf(b, "<div class=\"id\">down %d good of %d begun, up %d of %d",
                  (int)down->n_ok, (int)down->n_made, (int)up->n_ok, (int)up->n_made);
    if (down->n_apart + up->n_apart > 0) {
        bw_buf_printf(b, "; %d set apart", (int)(down->n_apart + up->n_apart));
    }
    if (down->n_deferred + up->n_deferred > 0) {
        bw_buf_printf(b, "; put off %d times", (int)(down->n_deferred + up->n_deferred));
    }
    bw_buf_puts(b, "</div>");
}

static bool
not_counted(struct bw_buf *b, const struct bw_room_circuit *c, const struct bw_room_day *d)
{
    if (c->source == BW_SOURCE_NONE) {
        bw_buf_puts(b, "not known: nobody counts this line");
        return true;
    }
    if (d->flags & BW_ROOM_DAY_MIRROR) {
        bw_buf_puts(b, "not known: a mirror port counts at least, and has no such figure");
        return true;
    }
    return false;
}

static void write_carried(struct bw_buf *b,
                          const struct bw_room_circuit *c,
                          const struct bw_room_day *d)
{
    if (not_counted(b, c, d)) {
        return;
    }
    if (both_unknown(d->way[BW_DOWN].peak_bps, d->way[BW_UP].peak_bps)) {
        bw_buf_puts(b, "not known");
        return;
    }
    ways(b, d->way[BW_DOWN].peak_bps, d->way[BW_UP].peak_bps);
    layer_words(b, d->layer);
}

static void share(struct bw_buf *b, const char *name, int64_t ppm)
{
    if (ppm != BW_UNKNOWN) {
        bw_buf_printf(b, "<div class=\"id\">%s ", name);
        percent(b, ppm, 1000000);
        bw_buf_puts(b, " of the claim</div>");
    }
}

static void
write_used(struct bw_buf *b, const struct bw_room_circuit *c, const struct bw_room_day *d)
{
    const struct bw_room_way *down = &d->way[BW_DOWN];
    const struct bw_room_way *up = &d->way[BW_UP];
    if (not_counted(b, c, d)) {
        return;
    }
    if (both_unknown(down->class_p95_bps, up->class_p95_bps)) {
        bw_buf_puts(b, d->class_s == BW_UNKNOWN ? "not known: no class hours are known"
                                                : "no class hours counted");
        return;
    }
    ways(b, down->class_p95_bps, up->class_p95_bps);
    layer_words(b, d->layer);
    share(b, "down", down->class_share_ppm);
    share(b, "up", up->class_share_ppm);
    if (down->class_expected != BW_UNKNOWN) {
        bw_buf_printf(b, "<div class=\"id\">%d of %lld intervals</div>",
                      (int)down->class_known, (long long)down->class_expected);
    }
    if (d->flags & BW_ROOM_DAY_NO_CALENDAR) {
        bw_buf_puts(b, "<div class=\"id\">usual class hours: no calendar on file</div>");
    }
    if (d->flags & BW_ROOM_DAY_TWO_LAYERS) {
        bw_buf_puts(b, "<div class=\"id\">counters changed their layer</div>");
    }
}

static void write_records(struct bw_buf *b, const struct bw_room_day *d)
{
    if (d->recorded_s == BW_UNKNOWN || d->to_unix_s <= d->from_unix_s) {
        bw_buf_puts(b, "not known");
        return;
    }
    percent(b, d->recorded_s, d->to_unix_s - d->from_unix_s);
    if (d->outage_ms == BW_UNKNOWN) {
        bw_buf_puts(b, "<div class=\"id\">outages not known: nothing could tell one</div>");
    } else if (d->outage_class_ms != BW_UNKNOWN) {
        bw_buf_puts(b, "<div class=\"id\">outages ");
        bw_page_span(b, d->outage_ms / 1000);
        bw_buf_puts(b, ", in class hours ");
        bw_page_span(b, d->outage_class_ms / 1000);
        bw_buf_puts(b, "</div>");
    } else {
        bw_buf_puts(b, "<div class=\"id\">outages ");
        bw_page_span(b, d->outage_ms / 1000);
        bw_buf_puts(b, "</div>");
    }
}

static void write_day_cells(struct bw_buf *b,
                            const struct bw_room_circuit *c,
                            const struct bw_room_day *d)
{
    bw_buf_puts(b, "<td>");
    write_tested(b, d);
    bw_buf_puts(b, "</td><td>");
    write_carried(b, c, d);
    bw_buf_puts(b, "</td><td>");
    write_used(b, c, d);
    bw_buf_puts(b, "</td><td>");
    write_records(b, d);
    bw_buf_puts(b, "</td></tr>\n");
}

static void write_conditions(struct bw_buf *b,
                             const struct bw_room *room,
                             const struct bw_room_circuit *c)
{
    for (int i = 0; i < BW_ROOM_CONDITIONS; i++) {
        const struct bw_room_spell *s =
            bw_room_circuit_spell(room, c, (enum bw_room_condition)i);
        if (i != BW_ROOM_SILENT && bw_room_spell_on(s)) {
            bw_buf_puts(b, "<div class=\"id\">");
            bw_text_html(b, bw_room_condition_words((enum bw_room_condition)i));
            bw_buf_puts(b, " since ");
            bw_page_time(b, s->since_unix_s);
            bw_buf_puts(b, "</div>");
        }
    }
}

void bw_page_site_state(struct bw_buf *b, const struct bw_room_site *s, int64_t now_unix_s)
{
    struct bw_site_row row = {.freshness = s->freshness,
                              .enrolled = s->state == BW_SITE_ENROLLED,
                              .last_received_unix_ms = s->last_received_unix_ms,
                              .late = s->late,
                              .clock_bad = s->clock_bad};
    bw_page_state(b, &row, now_unix_s);
}

void bw_page_site_link(struct bw_buf *b, const struct bw_room_site *s)
{
    bw_buf_puts(b, "<a href=\"/sites/");
    bw_text_url(b, s->id);
    bw_buf_puts(b, "\">");
    bw_page_name(b, s->name[0] ? s->name : s->id);
    bw_buf_puts(b, "</a>");
}

static void
write_newest(struct bw_buf *b, const struct bw_room_circuit *c, const struct bw_room_day *d)
{
    bw_buf_puts(b, "Newest day, ");
    date(b, d->day);
    if (d->flags & BW_ROOM_DAY_RUNNING) {
        bw_buf_puts(b, "<div class=\"id\">so far, until ");
        bw_page_time(b, d->to_unix_s);
        bw_buf_puts(b, " UTC</div>");
    }
    if (both_unknown(c->now_bps[BW_DOWN], c->now_bps[BW_UP])) {
        return;
    }
    bw_buf_puts(b, "<div class=\"id\">newest interval, a quick look: mean ");
    if (c->now_bps[BW_DOWN] != BW_UNKNOWN) {
        bw_page_rate(b, c->now_bps[BW_DOWN]);
        bw_buf_puts(b, " down ");
    }
    if (c->now_bps[BW_UP] != BW_UNKNOWN) {
        bw_page_rate(b, c->now_bps[BW_UP]);
        bw_buf_puts(b, " up");
    }
    bw_buf_puts(b, "</div>");
}

static void write_circuit(struct bw_buf *b,
                          const struct bw_room *room,
                          const struct bw_room_circuit *c,
                          int64_t now_s)
{
    const struct bw_room_site *s = &room->sites[c->site];
    const struct bw_room_day *newest = c->has_today       ? &c->today
                                       : c->has_yesterday ? &c->yesterday
                                                          : NULL;
    int rows = (c->has_merged ? 1 : 0) + (newest ? 1 : 0);
    bw_buf_printf(b, "<tr><th scope=\"rowgroup\" rowspan=\"%d\">", rows ? rows : 1);
    bw_page_site_link(b, s);
    bw_buf_puts(b, "<div class=\"id mono\"><a href=\"/circuits/");
    bw_text_url(b, s->id);
    bw_buf_putc(b, '.');
    bw_text_url(b, c->name);
    bw_buf_puts(b, "\">");
    bw_text_html(b, s->id);
    bw_buf_putc(b, '.');
    bw_text_html(b, c->name);
    bw_buf_puts(b, "</a></div>");
    bw_page_site_state(b, s, now_s);
    if (c->now_out) {
        bw_buf_puts(b, "<span class=\"state down\">▼ line silent</span>");
    }
    write_conditions(b, room, c);
    bw_buf_printf(b, "</th><td rowspan=\"%d\">", rows ? rows : 1);
    write_claim(b, c);
    bw_buf_puts(b, "</td>");
    if (rows == 0) {
        bw_buf_puts(b, "<td colspan=\"5\">its days are not worked out yet</td></tr>\n");
    }
    if (c->has_merged) {
        bw_buf_puts(b, "<td>28 days from ");
        date(b, c->merged.day);
        bw_buf_printf(b, "<div class=\"id\">%d with records</div></td>",
                      (int)c->merged.n_days);
        write_day_cells(b, c, &c->merged);
    }
    if (newest) {
        bw_buf_puts(b, c->has_merged ? "<tr><td>" : "<td>");
        write_newest(b, c, newest);
        bw_buf_puts(b, "</td>");
        write_day_cells(b, c, newest);
    }
}

void bw_page_circuits(struct bw_buf *b,
                      const struct bw_room *room,
                      uint32_t first,
                      uint32_t end,
                      int64_t now_s)
{
    bw_page_table_begin(
        b, "Circuits",
        "<th scope=\"col\">Circuit</th><th scope=\"col\">Claimed<div "
        "class=\"id\">now</div></th>"
        "<th scope=\"col\">Days</th>"
        "<th scope=\"col\">Tested<div class=\"id\">median of good runs</div></th>"
        "<th scope=\"col\">Carried<div class=\"id\">highest mean of an interval</div></th>"
        "<th scope=\"col\">Used<div class=\"id\">P95 of class hours</div></th>"
        "<th scope=\"col\">Records<div class=\"id\">share of the time</div></th>");
    for (uint32_t i = first; i < end; i++) {
        write_circuit(b, room, &room->circuits[i], now_s);
    }
    bw_page_table_end(b);
    bw_buf_puts(
        b, "<p class=\"small soft\">By the methods tested-dist/2, carried-max/2, "
           "util-p95/2, claim-share/2, coverage/1 and outage-union/1 of the reports, in "
           "the time zone of each school’s calendar. Runs of our own are not in what was "
           "carried and used. Lines are not added up: they are not full at the same "
           "moment. A circuit’s pictures and packs are on its own page.</p>");
}

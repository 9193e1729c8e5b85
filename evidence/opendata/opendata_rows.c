/* SPDX-License-Identifier: GPL-3.0-or-later
 * opendata_rows.c - the columns, and rows made by them. */
#include "opendata_rows.h"

#include <buf.h>
#include <bw/summary.h>
#include <civil.h>
#include <json.h>
#include <stdio.h>
#include <string.h>
#include <text.h>

enum text_column {
    TEXT_NONE,
    TEXT_DAY,
    TEXT_DISTRICT,
    TEXT_DISTRICT_NAME,
    TEXT_SCHOOL,
    TEXT_SCHOOL_NAME,
    TEXT_CIRCUIT,
    TEXT_WITHHELD,
    TEXT_FLAGS,
    TEXT_LAYER,
    TEXT_CLAIM_LAYER
};

#define WORD(column, which, words)                                                         \
    {                                                                                      \
        .name = (column), .text = (which), .about = (words)                                \
    }
#define DAY(column, member, of_unit, how, words)                                           \
    {                                                                                      \
        .name = (column), .at = offsetof(struct bw_room_day, member),                      \
        .narrow = sizeof(((struct bw_room_day *)NULL)->member) == 4, .unit = (of_unit),    \
        .method = (how), .about = (words)                                                  \
    }
#define WAY(column, dir, member, of_unit, how, at_layer, of_use, words)                    \
    {                                                                                      \
        .name = (column), .at = offsetof(struct bw_room_day, way[dir].member),             \
        .narrow = sizeof(((struct bw_room_way *)NULL)->member) == 4, .unit = (of_unit),    \
        .method = (how), .layer = (at_layer), .use = (of_use), .about = (words)            \
    }
#define WAYS(p, dir, to)                                                                   \
    WAY(p "claim_bps", dir, claim_bps, "bps", NULL, "claim_layer", false,                  \
        "claimed " to ", in force at the day's end"),                                      \
        WAY(p "tests_made", dir, n_made, NULL, "tested-dist/2", NULL, false,               \
            "throughput runs begun, " to),                                                 \
        WAY(p "tests_ok", dir, n_ok, NULL, "tested-dist/2", NULL, false,                   \
            "of them: good runs"),                                                         \
        WAY(p "tests_apart", dir, n_apart, NULL, "tested-dist/2", NULL, false,             \
            "of the good ones: set apart, in no figure"),                                  \
        WAY(p "tests_compared", dir, n_compared, NULL, "claim-share/2", NULL, false,       \
            "of the good ones: with a figure to hold against the claim"),                  \
        WAY(p "tests_at_80", dir, n_at_80, NULL, "claim-share/2", NULL, false,             \
            "of them: at 80 % of the claim or more"),                                      \
        WAY(p "tests_at_90", dir, n_at_90, NULL, "claim-share/2", NULL, false,             \
            "of them: at 90 % of the claim or more"),                                      \
        WAY(p "tested_best_bps", dir, best_bps, "bps", "tested-dist/2", "claim_layer",     \
            false, "highest good run, by the line's own counter"),                         \
        WAY(p "tested_median_bps", dir, median_bps, "bps", "tested-dist/2", "claim_layer", \
            false, "median of the good runs, by the line's own counter"),                  \
        WAY(p "goodput_median_bps", dir, goodput_bps, "bps", "tested-dist/2", NULL, false, \
            "median payload rate of the kind of test with most good runs; the layer is "   \
            "goodput"),                                                                    \
        WAY(p "idle_rtt_p50_us", dir, idle_p50_us, "us", "loaded-rtt/1", NULL, false,      \
            "median round trip before the runs"),                                          \
        WAY(p "loaded_rtt_p50_us", dir, loaded_p50_us, "us", "loaded-rtt/1", NULL, false,  \
            "median of the runs' P95 round trips while they filled the line"),             \
        WAY(p "bytes", dir, bytes, "bytes", "bytes-sum/1", "layer", true,                  \
            "counted " to ", our own tests included"),                                     \
        WAY(p "p95_bps", dir, p95_bps, "bps", "util-p95/2", "layer", true,                 \
            "P95 of the intervals' rates, all hours"),                                     \
        WAY(p "peak_bps", dir, peak_bps, "bps", "carried-max/2", "layer", true,            \
            "highest mean rate of an interval, all hours"),                                \
        WAY(p "class_p95_bps", dir, class_p95_bps, "bps", "util-p95/2", "layer", true,     \
            "P95 of the intervals' rates, class hours"),                                   \
        WAY(p "class_peak_bps", dir, class_peak_bps, "bps", "carried-max/2", "layer",      \
            true, "highest mean rate of an interval, class hours"),                        \
        WAY(p "class_p95_of_claim_ppm", dir, class_share_ppm, "ppm", "claim-share/2",      \
            "claim_layer", true, "class-hour P95 as a share of the claim"),                \
        WAY(p "class_full_s", dir, full_s, "s", "day-bins/1", NULL, true,                  \
            "class hours with the line at 90 % of the claim or more"),                     \
        WAY(p "class_full_of_s", dir, full_of_s, "s", "day-bins/1", NULL, true,            \
            "class hours in which that could be told"),                                    \
        WAY(p "class_intervals", dir, class_known, NULL, "day-bins/1", NULL, true,         \
            "intervals of class hours that the P95 rests on"),                             \
        WAY(p "class_intervals_of", dir, class_expected, NULL, "day-bins/1", NULL, true,   \
            "intervals of class hours that there could have been")

const struct bw_opendata_column bw_opendata_columns[] = {
    WORD("day", TEXT_DAY, "local date of the school"),
    WORD("district",
         TEXT_DISTRICT,
         "id of who reviewed it: the district, or a school without one"),
    WORD("district_name", TEXT_DISTRICT_NAME, "its name now"),
    WORD("school", TEXT_SCHOOL, "id of the entity at which the box stands"),
    WORD("school_name", TEXT_SCHOOL_NAME, "its name now"),
    WORD("circuit", TEXT_CIRCUIT, "the measured line, SITE.CIRCUIT"),
    WORD("withheld",
         TEXT_WITHHELD,
         "why figures of use are not given: few-students, students-unknown; else empty"),
    WORD("flags",
         TEXT_FLAGS,
         "words with spaces between: lower-bound (counted at a mirror port), two-layers "
         "(rates are of the longer part of the day), usual-class-hours (no calendar is on "
         "file: weekdays 07:00 to 17:00)"),
    WORD("layer", TEXT_LAYER, "of counted rates and bytes: ethernet or ip"),
    WORD("claim_layer", TEXT_CLAIM_LAYER, "of what is held against the claim"),
    DAY("recorded_s",
        recorded_s,
        "s",
        "coverage/1",
        "of the day, covered by signed records"),
    DAY("counted_s", counted_s, "s", "coverage/1", "of the day, covered by counters"),
    DAY("class_s", class_s, "s", "class-hours/1", "class hours of the day"),
    DAY("clock_unsynced_s",
        unsynced_s,
        "s",
        "clock/1",
        "recorded by a clock that was not synchronised"),
    DAY("watched_s",
        watched_s,
        "s",
        "outage-union/1",
        "of the day, in which an outage would have been seen"),
    DAY("outage_ms", outage_ms, "ms", "outage-union/1", "outages of the line"),
    DAY("outage_class_ms",
        outage_class_ms,
        "ms",
        "outage-union/1",
        "of them, in class hours"),
    DAY("outage_excluded_ms",
        outage_excluded_ms,
        "ms",
        "outage-excluded/1",
        "of them, what people exclude with a reason on record"),
    DAY("packets_sent", sent, NULL, "loss-wilson95/1", "echoes to all targets"),
    DAY("packets_lost",
        lost,
        NULL,
        "loss-wilson95/1",
        "of them, without an answer in time"),
    DAY("rtt_p50_us",
        rtt_p50_us,
        "us",
        "rtt-merged/1",
        "median round trip to the nearest target, all hours"),
    DAY("rtt_p95_us",
        rtt_p95_us,
        "us",
        "rtt-merged/1",
        "P95 to the same target, all hours"),
    DAY("class_rtt_p95_us",
        class_rtt_p95_us,
        "us",
        "rtt-merged/1",
        "P95 to the same target, class hours"),
    WAYS("down_", BW_DOWN, "towards the school"),
    WAYS("up_", BW_UP, "from the school"),
};
const size_t bw_opendata_n_columns =
    sizeof(bw_opendata_columns) / sizeof(bw_opendata_columns[0]);

const char *bw_opendata_withheld(const struct bw_opendata_place *p)
{
    return p->students == BW_UNKNOWN       ? "students-unknown"
           : p->students < BW_OPENDATA_FEW ? "few-students"
                                           : "";
}

/* ---- cells ------------------------------------------------------------------------------
 */

static void flags(const struct bw_room_day *d, struct bw_buf *out)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {{BW_ROOM_DAY_MIRROR, "lower-bound"},
                 {BW_ROOM_DAY_TWO_LAYERS, "two-layers"},
                 {BW_ROOM_DAY_NO_CALENDAR, "usual-class-hours"}};
    bool any = false;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (d->flags & words[i].bit) {
            bw_buf_printf(out, "%s%s", any ? " " : "", words[i].word);
            any = true;
        }
    }
}

static void text_cell(int which,
                      const struct bw_opendata_place *p,
                      const struct bw_room_day *d,
                      struct bw_buf *out)
{
    char date[BW_CIVIL_DATE_LEN + 1];
    const char *text = NULL;

    switch (which) {
    case TEXT_DAY:
        bw_civil_date(d->day, date);
        text = date;
        break;
    case TEXT_DISTRICT:
        text = p->district;
        break;
    case TEXT_DISTRICT_NAME:
        text = p->district_name;
        break;
    case TEXT_SCHOOL:
        text = p->school;
        break;
    case TEXT_SCHOOL_NAME:
        text = p->school_name;
        break;
    case TEXT_CIRCUIT:
        text = p->circuit;
        break;
    case TEXT_WITHHELD:
        text = bw_opendata_withheld(p);
        break;
    case TEXT_FLAGS:
        flags(d, out);
        break;
    case TEXT_LAYER:
        text = bw_layer_name(d->layer);
        break;
    case TEXT_CLAIM_LAYER:
        text = bw_layer_name(d->claim_layer);
        break;
    default:
        break;
    }
    bw_buf_puts(out, text ? text : "");
}

static int64_t number(const struct bw_opendata_column *c,
                      const struct bw_opendata_place *p,
                      const struct bw_room_day *d)
{
    int32_t narrow = 0;
    int64_t wide = 0;

    if (c->use && bw_opendata_withheld(p)[0]) {
        return BW_UNKNOWN;
    }
    if (c->narrow) {
        memcpy(&narrow, (const char *)d + c->at, sizeof(narrow));
        return narrow;
    }
    memcpy(&wide, (const char *)d + c->at, sizeof(wide));
    return wide;
}

bool bw_opendata_cell(const struct bw_opendata_column *c,
                      const struct bw_opendata_place *p,
                      const struct bw_room_day *d,
                      struct bw_buf *out)
{
    size_t before = out->len;

    if (c->text) {
        text_cell(c->text, p, d, out);
        return out->len > before;
    }
    int64_t v = number(c, p, d);
    if (v != BW_UNKNOWN) {
        bw_buf_i64(out, v);
    }
    return v != BW_UNKNOWN;
}

/* ---- a table ----------------------------------------------------------------------------
 */

void bw_opendata_csv_head(struct bw_buf *b)
{
    for (size_t i = 0; i < bw_opendata_n_columns; i++) {
        bw_buf_printf(b, "%s%s", i ? "," : "", bw_opendata_columns[i].name);
    }
    bw_buf_puts(b, "\r\n");
}

static bool is_name(const struct bw_opendata_column *c)
{
    return c->text == TEXT_DISTRICT_NAME || c->text == TEXT_SCHOOL_NAME;
}

void bw_opendata_csv_row(struct bw_buf *b,
                         const struct bw_opendata_place *p,
                         const struct bw_room_day *d,
                         bool named)
{
    for (size_t i = 0; i < bw_opendata_n_columns; i++) {
        const struct bw_opendata_column *c = &bw_opendata_columns[i];
        if (i) {
            bw_buf_putc(b, ',');
        }
        if (is_name(c)) {
            bw_text_csv(b, !named                        ? ""
                           : c->text == TEXT_SCHOOL_NAME ? p->school_name
                                                         : p->district_name);
        } else { /* ours, or an id: nothing to quote */
            (void)bw_opendata_cell(c, p, d, b);
        }
    }
    bw_buf_puts(b, "\r\n");
}

/* ---- JSON -------------------------------------------------------------------------------
 */

void bw_opendata_json_row(struct bw_jw *w,
                          const struct bw_opendata_place *p,
                          const struct bw_room_day *d)
{
    struct bw_buf cell;

    bw_buf_init(&cell, 1024);
    bw_jw_obj(w);
    for (size_t i = 0; i < bw_opendata_n_columns; i++) {
        const struct bw_opendata_column *c = &bw_opendata_columns[i];
        if (c->text) {
            bw_buf_clear(&cell);
            bw_jw_kstr(w, c->name, bw_opendata_cell(c, p, d, &cell) ? cell.data : NULL);
        } else {
            bw_jw_ki64(w, c->name, number(c, p, d));
        }
    }
    bw_jw_obj_end(w);
    bw_buf_done(&cell);
}

void bw_opendata_table_schema(struct bw_jw *w)
{
    bw_jw_obj(w);
    bw_jw_karr(w, "fields");
    for (size_t i = 0; i < bw_opendata_n_columns; i++) {
        const struct bw_opendata_column *c = &bw_opendata_columns[i];
        bw_jw_obj(w);
        bw_jw_kstr(w, "name", c->name);
        bw_jw_kstr(w, "type",
                   c->text == TEXT_DAY ? "date"
                   : c->text           ? "string"
                                       : "integer");
        bw_jw_kstr(w, "description", c->about);
        bw_jw_kstr(w, "bw:unit", c->unit);
        bw_jw_kstr(w, "bw:method", c->method);
        bw_jw_kstr(w, "bw:layer", c->layer);
        if (c->use) {
            bw_jw_kbool(w, "bw:withheld_where_few", true);
        }
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_karr(w, "missingValues");
    bw_jw_str(w, "");
    bw_jw_arr_end(w);
    bw_jw_karr(w, "primaryKey");
    bw_jw_str(w, "day");
    bw_jw_str(w, "circuit");
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

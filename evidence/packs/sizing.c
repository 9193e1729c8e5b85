/* SPDX-License-Identifier: GPL-3.0-or-later
 * sizing.c - how fast the next line has to be: the busiest school day, how long the line
 * was full, how use grows, and a range of speeds with its arithmetic.
 *
 * Invariant: a step of the arithmetic that is not known is left out and named; nothing is
 * filled in. Growth that is not shown is no growth, and the page says so. */
#include "packs_private.h"

#include <civil.h>
#include <errno.h>
#include <growth.h>
#include <pages_private.h>
#include <speed_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>
#include <words.h>

enum {
    LOW = BW_RANGE_LOW,
    HIGH = BW_RANGE_HIGH,
    ENDS = BW_RANGE_ENDS
};

struct need {
    struct bw_growth growth[BW_DIRECTIONS];
    int64_t end_day;                        /* of the year that is being bought */
    int end_year;                           /* it is funding year end_year - 1 */
    bool grown[BW_DIRECTIONS];              /* the growth until then can be said */
    int64_t added_bps[BW_DIRECTIONS][ENDS]; /* by it; 0 where it cannot */
    int64_t speed_bps[BW_DIRECTIONS][ENDS]; /* unknown without a peak day */
};

/* ---- arithmetic ----------------------------------------------------------------- */

int bw_pack_growth(const struct bw_pack_use *u, int way, struct bw_growth *ret)
{
    struct bw_growth_day *days = calloc(u->n_days + 1, sizeof(*days));
    int rc;

    if (!days) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < u->n_days; i++) {
        const struct bw_pack_day *x = &u->days[i];
        days[i] = (struct bw_growth_day){
            x->day, x->usable && x->n[way] > 0 ? x->p95_bps[way] : BW_UNKNOWN};
    }
    rc = bw_growth_make(days, u->n_days, ret);
    free(days);
    return rc;
}

static void reckon(const struct bw_pack_use *u, int way, struct need *n)
{
    struct bw_speed_range x;

    bw_speed_range(u->peak_bps[way], &n->growth[way], n->end_day, &x);
    n->grown[way] = x.grown;
    for (int end = 0; end < ENDS; end++) {
        n->added_bps[way][end] = x.added_bps[end];
        n->speed_bps[way][end] = x.speed_bps[end];
    }
}

/* ---- the answer ----------------------------------------------------------------- */

static void day_words(int64_t day, char out[BW_WORDS_MAX])
{
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    bw_words_date(y, m, d, bw_civil_weekday(day), out);
}

static void peak_fact(struct bw_pack_made *m, const struct bw_pack_use *u)
{
    int64_t claim = u->peak_claim_bps[BW_DOWN];
    int64_t peak = u->peak_bps[BW_DOWN];
    char figure[BW_WORDS_MAX];
    char day[BW_WORDS_MAX];
    char share[BW_WORDS_MAX];

    bw_words_rate(peak, figure);
    day_words(u->peak_day[BW_DOWN], day);
    bw_doc_fact(m->doc, figure);
    bw_doc_printf(
        m->doc, BW_SPAN_PLAIN,
        "download on the busiest school day, %s: 95 of 100 intervals of its class "
        "hours were at or below this, at %s",
        day, bw_words_layer_long(u->layer));
    if (claim != BW_UNKNOWN) {
        bw_words_percent(bw_words_ppm(peak, claim), share);
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "; %s of the claim", share);
    }
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, " (" BW_METHOD_PEAK_DAY ")");
}

static void full_fact(struct bw_pack_made *m, const struct bw_pack_use *u)
{
    char figure[BW_WORDS_MAX];
    char of[BW_WORDS_MAX];

    if (u->full_s[BW_DOWN] == BW_UNKNOWN) {
        bw_doc_fact(m->doc, "not known");
        bw_doc_text(m->doc,
                    "how long the line was full: that takes a claim at a layer that "
                    "the counters can be said at (" BW_METHOD_FULL ")");
        bw_pack_count_absent(m, "Time at 90 % of the claim",
                             "No claim is on file that the counters can be compared with.");
        return;
    }
    bw_words_length(u->full_s[BW_DOWN] * 1000, figure);
    bw_words_length(u->counted_s[BW_DOWN] * 1000, of);
    bw_doc_fact(m->doc, figure);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                  "of %s counted in class hours the download was at 90 %% of the claim or "
                  "more (" BW_METHOD_FULL ")",
                  of);
}

void bw_pack_growth_words(const struct bw_growth *g, int line, char out[BW_WORDS_MAX])
{
    int64_t ppm = g->year_ppm[line];
    char text[BW_WORDS_MAX];

    bw_words_percent(ppm < 0 && ppm != BW_UNKNOWN ? -ppm : ppm, text);
    (void)snprintf(out, BW_WORDS_MAX, "%s%.48s",
                   ppm == BW_UNKNOWN ? ""
                   : ppm < 0         ? "−"
                                     : "+",
                   text);
}

static void growth_fact(struct bw_pack_made *m, const struct need *n)
{
    const struct bw_growth *g = &n->growth[BW_DOWN];
    char figure[BW_WORDS_MAX];
    char low[BW_WORDS_MAX];
    char high[BW_WORDS_MAX];
    char why[160];

    if (g->state != BW_GROWTH_MADE || g->year_ppm[BW_GROWTH_MID] == BW_UNKNOWN) {
        (void)snprintf(why, sizeof(why),
                       "It takes %d weeks with three school days or more, over %d weeks; "
                       "here are %lld, over %lld.",
                       BW_GROWTH_WEEKS_MIN, BW_GROWTH_SPAN_MIN, (long long)g->n_weeks,
                       g->n_weeks ? (long long)g->span_weeks : 0LL);
        bw_doc_fact(m->doc, "not known");
        bw_doc_printf(m->doc, BW_SPAN_PLAIN, "how use grows. %s (" BW_METHOD_GROWTH ")",
                      why);
        bw_pack_count_absent(m, "Growth of use", why);
        return;
    }
    bw_pack_growth_words(g, BW_GROWTH_MID, figure);
    bw_pack_growth_words(g, BW_GROWTH_LOW, low);
    bw_pack_growth_words(g, BW_GROWTH_HIGH, high);
    bw_doc_fact(m->doc, figure);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                  "growth of the download a year; between %s and %s (95 %% interval, %lld "
                  "weeks; " BW_METHOD_GROWTH ")",
                  low, high, (long long)g->n_weeks);
    if (g->year_bps[BW_GROWTH_LOW] <= 0 && g->year_bps[BW_GROWTH_HIGH] >= 0) {
        bw_doc_text(m->doc,
                    ". The interval reaches from less to more: growth is not shown");
    }
}

static void range_fact(struct bw_pack_made *m, const struct need *n)
{
    char low[BW_WORDS_MAX];
    char high[BW_WORDS_MAX];
    char figure[2 * BW_WORDS_MAX + 8];
    const char *unit;

    bw_words_rate(n->speed_bps[BW_DOWN][LOW], low);
    bw_words_rate(n->speed_bps[BW_DOWN][HIGH], high);
    unit = strchr(low, ' ');
    if (unit && strchr(high, ' ') && strcmp(unit, strchr(high, ' ')) == 0) {
        low[unit - low] = '\0'; /* once is enough */
    }
    (void)snprintf(figure, sizeof(figure), "%s to %s", low, high);
    bw_doc_fact(m->doc, figure);
    if (n->grown[BW_DOWN]) {
        bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                      "download that does until 30 June %d, the end of funding year %d; "
                      "reasons below (" BW_METHOD_RANGE ")",
                      n->end_year, n->end_year - 1);
    } else {
        bw_doc_text(m->doc, "download for today's use, without any growth; reasons below "
                            "(" BW_METHOD_RANGE ")");
    }
}

/* ---- reasons -------------------------------------------------------------------- */

static void step(struct bw_pack_made *m,
                 const char *what,
                 const char *why,
                 int64_t values[BW_DIRECTIONS][ENDS])
{
    bw_doc_row(m->doc);
    bw_doc_put(m->doc, what);
    bw_doc_span(m->doc, BW_SPAN_SMALL, why);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        for (int end = 0; end < ENDS; end++) {
            bw_sheet_rate(m->doc, values[way][end]);
        }
    }
}

static void reasons(struct bw_pack_made *m, const struct bw_pack_use *u, struct need *n)
{
    static const char *const names[] = {"Step", "Download, low end", "Download, high end",
                                        "Upload, low end", "Upload, high end"};
    int64_t peak[BW_DIRECTIONS][ENDS];
    int64_t added[BW_DIRECTIONS][ENDS];
    int64_t then[BW_DIRECTIONS][ENDS];
    char title[96];

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        for (int end = 0; end < ENDS; end++) {
            peak[way][end] = u->peak_bps[way];
            added[way][end] = n->grown[way] ? n->added_bps[way][end] : BW_UNKNOWN;
            then[way][end] = peak[way][end] == BW_UNKNOWN
                                 ? BW_UNKNOWN
                                 : peak[way][end] + n->added_bps[way][end];
        }
    }
    (void)snprintf(title, sizeof(title), "Growth until 30 June %d", n->end_year);
    bw_sheet_table(m->doc, "range", BW_TABLE_PLAIN, names, 5, 1);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN, "How the range comes about, all at %s",
                  bw_words_layer_long(u->layer));
    step(m, "Busiest school day", "P95 of its class hours; " BW_METHOD_PEAK_DAY, peak);
    step(m, title,
         "ends of the 95 % interval, shrinking left out; a dash: not known, left out",
         added);
    step(m, "Need", "the two together", then);
    step(m, "Speed to ask for",
         "need × 1.30 and × 1.40: room above the busiest day, as EducationSuperHighway "
         "advises; " BW_METHOD_RANGE,
         n->speed_bps);
}

static void keep(struct bw_pack_made *m, const struct bw_pack_use *u, const struct need *n)
{
    static const char *const ends[] = {"low", "high"};
    static const char *const lines[] = {"low", "middle", "high"};
    char name[64];

    for (int way = 0; way < BW_DIRECTIONS; way++) {
        const char *dir = bw_words_direction(way);
        const struct bw_growth *g = &n->growth[way];
        (void)snprintf(name, sizeof(name), "peak_day.%s", dir);
        bw_pack_figure(m, name, u->peak_bps[way], "bit/s", u->layer, "P95", u->peak_n[way],
                       BW_METHOD_PEAK_DAY);
        if (u->peak_day[way] != BW_UNKNOWN) {
            char day[BW_CIVIL_DATE_LEN + 1];
            (void)snprintf(name, sizeof(name), "peak_day_on.%s", dir);
            bw_civil_date(u->peak_day[way], day);
            bw_pack_word(m, name, day);
        }
        (void)snprintf(name, sizeof(name), "full_time.%s", dir);
        bw_pack_figure(m, name, u->full_s[way], "s", u->layer, "sum", u->counted_n[way],
                       BW_METHOD_FULL);
        for (int i = 0; i < BW_GROWTH_LINES; i++) {
            (void)snprintf(name, sizeof(name), "growth_a_year.%s.%s", dir, lines[i]);
            bw_pack_figure(m, name, g->year_bps[i], "bit/s", u->layer, "slope", g->n_weeks,
                           BW_METHOD_GROWTH);
            (void)snprintf(name, sizeof(name), "growth_a_year_share.%s.%s", dir, lines[i]);
            bw_pack_figure(m, name, g->year_ppm[i], "ppm", u->layer, "slope", g->n_weeks,
                           BW_METHOD_GROWTH);
        }
        for (int end = 0; end < ENDS; end++) {
            (void)snprintf(name, sizeof(name), "speed.%s.%s", dir, ends[end]);
            bw_pack_figure(m, name, n->speed_bps[way][end], "bit/s", u->layer, ends[end],
                           u->n_usable, BW_METHOD_RANGE);
        }
    }
    bw_civil_date(n->end_day, name);
    bw_pack_word(m, "until", name);
}

static void per_student(struct bw_pack_made *m, const struct bw_pack_use *u)
{
    int64_t n = m->asked->students;
    char people[BW_WORDS_MAX];
    char rate[BW_WORDS_MAX];
    char why[256];

    if (n == BW_UNKNOWN || n <= 0) {
        bw_pack_absent(m, "Speed for each student",
                       bw_pack_no_people(m,
                                         "Nobody said how many students there are "
                                         "(--students).",
                                         why));
        return;
    }
    bw_words_count(n, people);
    bw_words_rate(u->peak_bps[BW_DOWN] / n, rate);
    bw_doc_para(m->doc, BW_PARA_PLAIN);
    bw_doc_printf(m->doc, BW_SPAN_PLAIN,
                  "That is %s for each of %s students (%s) on the busiest school day.",
                  rate, people, m->asked->people_origin);
    bw_pack_figure(m, "peak_day_per_student.down", u->peak_bps[BW_DOWN] / n, "bit/s",
                   u->layer, "P95", n, BW_METHOD_PEAK_DAY);
}

static void answer(struct bw_pack_made *m, const struct bw_pack_use *u, struct need *n)
{
    bw_doc_facts(m->doc);
    peak_fact(m, u);
    full_fact(m, u);
    growth_fact(m, n);
    range_fact(m, n);
    if (u->full_s[BW_DOWN] > 0) {
        bw_doc_note(m->doc, BW_NOTE_BAD);
        bw_doc_span(m->doc, BW_SPAN_STRONG, "The line was full at times. ");
        bw_doc_text(m->doc,
                    "What users would have drawn from a faster one is not known, so "
                    "all figures of need here are at least so much.");
    }
    reasons(m, u, n);
    bw_pack_full_soon(m, u, &n->growth[BW_DOWN]);
    per_student(m, u);
}

void bw_pack_sizing(struct bw_pack_made *m)
{
    struct bw_pack_use u = {.n_days = 0};
    struct need n = {.end_day = 0};
    int rc;

    m->section = "sizing";
    bw_doc_section(m->doc, "sizing", "The answer, and why");
    rc = bw_pack_use_make(m->r, &u);
    for (int way = 0; rc == 0 && way < BW_DIRECTIONS; way++) {
        rc = bw_pack_growth(&u, way, &n.growth[way]);
    }
    if (rc < 0) {
        m->error = rc;
        goto out;
    }
    bw_speed_range_until(m->r->tz, m->r->until_unix_s, &n.end_year, &n.end_day);
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        reckon(&u, way, &n);
    }
    keep(m, &u, &n);
    if (u.peak_bps[BW_DOWN] == BW_UNKNOWN) {
        bw_pack_absent(m, "How fast a line is needed",
                       m->r->n_used == 0
                           ? "This box counts no traffic of the circuit. What to add: the "
                             "counters of the edge device (source snmp), or a box at the "
                             "gateway."
                           : "No class hours of the period were counted without a test.");
    } else {
        answer(m, &u, &n);
    }
out:
    bw_doc_end(m->doc);
    bw_pack_use_done(&u);
}

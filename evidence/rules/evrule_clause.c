/* SPDX-License-Identifier: GPL-3.0-or-later
 * evrule_clause.c - one clause of a rule, read and checked by itself.
 *
 * Invariant: a clause that was taken has every number its form needs, and no two that
 * contradict each other. */
#include "evrule_private.h"

#include <bw/err.h>
#include <bw/opts.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    PPM = 1000000,
    HOUR_MIN = 60
};

static void copy_text(char *to, size_t cap, const char *from)
{
    (void)snprintf(to, cap, "%s", from);
}

static bool is_set(const struct bw_conf_node *at, const char *name)
{
    return bw_conf_str(at, name)[0] != '\0';
}

/* ---- values that are texts to the reader of configuration */

/* "80%", "99.95%": up to four decimals; more than 0, at most 100. */
int bw_evrule_percent(const struct bw_conf_node *at,
                      const char *name,
                      bool may_contract,
                      int64_t *ret_ppm,
                      struct bw_err *reterr)
{
    const char *p = bw_conf_str(at, name);
    int64_t ppm = 0;
    int64_t unit = 10000;

    if (strcmp(p, "contract") == 0 && may_contract) {
        *ret_ppm = BW_EVRULE_BY_CONTRACT;
        return 0;
    }
    for (; *p >= '0' && *p <= '9' && ppm <= 1000; p++) {
        ppm = ppm * 10 + (*p - '0');
    }
    ppm *= 10000;
    if (*p == '.' && p[1] >= '0' && p[1] <= '9') {
        for (p++; *p >= '0' && *p <= '9' && unit > 1; p++) {
            unit /= 10;
            ppm += (*p - '0') * unit;
        }
    }
    if (strcmp(p, "%") != 0 || ppm <= 0 || ppm > PPM) {
        return bw_conf_fault(at, name, reterr,
                             "'%s' is a share above 0%% and up to 100%%, as in 95%%%s",
                             name, may_contract ? ", or contract" : "");
    }
    *ret_ppm = ppm;
    return 0;
}

static int minute(const char *text)
{
    int h;
    int m;

    for (int i = 0; i < 5; i++) {
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9') {
            return -1;
        }
    }
    h = (text[0] - '0') * 10 + text[1] - '0';
    m = (text[3] - '0') * 10 + text[4] - '0';
    return m < HOUR_MIN && h * HOUR_MIN + m <= BW_EVRULE_DAY_MIN ? h * HOUR_MIN + m : -1;
}

static int weekday(const char *p)
{
    static const char words[7][4] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

    for (int i = 0; i < 7; i++) {
        if (strncmp(p, words[i], 3) == 0) {
            return i;
        }
    }
    return -1;
}

/* "mon-fri", "sat,sun" */
static uint32_t weekdays(const char *p)
{
    uint32_t days = 0;

    for (;;) {
        int from = weekday(p);
        int to = from;
        if (from < 0) {
            return 0;
        }
        p += 3;
        if (*p == '-') {
            to = weekday(p + 1);
            if (to < 0) {
                return 0;
            }
            p += 4;
        }
        for (int i = from; i != to; i = (i + 1) % 7) {
            days |= UINT32_C(1) << i;
        }
        days |= UINT32_C(1) << to;
        if (*p == '\0') {
            return days;
        }
        if (*p++ != ',') {
            return 0;
        }
    }
}

/* ---- parts that several forms have */

static int
window(const struct bw_conf_node *at, struct bw_evrule_window *w, struct bw_err *reterr)
{
    w->weekdays = weekdays(bw_conf_str(at, "weekdays"));
    w->from_min = minute(bw_conf_str(at, "from"));
    w->to_min = minute(bw_conf_str(at, "to"));
    w->lessons = (enum bw_evrule_lessons)bw_conf_int(at, "lessons");
    if (w->weekdays == 0) {
        return bw_conf_fault(at, "weekdays", reterr,
                             "'weekdays' is like mon-fri, or sat,sun");
    }
    if (w->from_min < 0) {
        return bw_conf_fault(at, "from", reterr, "'from' is a time like \"18:00\"");
    }
    if (w->to_min < 0) {
        return bw_conf_fault(at, "to", reterr, "'to' is a time like \"24:00\"");
    }
    if (w->to_min <= w->from_min) {
        return bw_conf_fault(at, "to", reterr,
                             "'to' is not after 'from': a window ends on its own day, at "
                             "\"24:00\" at the latest");
    }
    return 0;
}

static int
directions(const struct bw_conf_node *at, struct bw_evrule_clause *c, struct bw_err *reterr)
{
    int64_t bits = bw_conf_int(at, "direction");

    c->direction[BW_DOWN] = bits & 1;
    c->direction[BW_UP] = bits & 2;
    return bits ? 0
                : bw_conf_fault(at, "direction", reterr,
                                "'direction' names no way: down, up, or down,up");
}

static bool whole_hours(const struct bw_evrule_window *w)
{
    return w->from_min % HOUR_MIN == 0 && w->to_min % HOUR_MIN == 0;
}

/* Which hours a kind may look at: capacity and experience never meet. */
static int kind_fits(const struct bw_conf_node *at,
                     const struct bw_evrule_clause *c,
                     struct bw_err *reterr)
{
    enum bw_evrule_lessons l = c->window.lessons;

    if (c->kind == BW_EVRULE_CAPACITY && l != BW_EVRULE_OUT_OF_CLASS) {
        return bw_conf_fault(at, "lessons", reterr,
                             "a clause of kind capacity is about tests out of class hours: "
                             "write lessons = out");
    }
    if (c->kind == BW_EVRULE_EXPERIENCE && l != BW_EVRULE_IN_CLASS) {
        return bw_conf_fault(at, "lessons", reterr,
                             "a clause of kind experience is about class hours: write "
                             "lessons = in");
    }
    if (c->kind != BW_EVRULE_CAPACITY && c->kind != BW_EVRULE_EXPERIENCE &&
        c->kind != BW_EVRULE_SERVICE) {
        return bw_conf_fault(at, "kind", reterr,
                             "this clause's kind is capacity, experience or service");
    }
    return 0;
}

static int must_be(const struct bw_conf_node *at,
                   const struct bw_evrule_clause *c,
                   enum bw_evrule_kind kind,
                   struct bw_err *reterr)
{
    return c->kind == kind ? 0
                           : bw_conf_fault(at, "kind", reterr, "this clause's kind is %s",
                                           bw_evrule_kind_name(kind));
}

/* ---- the forms */

static int tests_counts(const struct bw_conf_node *at,
                        struct bw_evrule_clause *c,
                        struct bw_err *reterr)
{
    bool by_days = c->count != BW_EVRULE_SHARE;
    int64_t minutes = c->window.to_min - c->window.from_min;

    if (!by_days && !is_set(at, "share")) {
        return bw_conf_fault(at, "count", reterr,
                             "count = share needs the share: share = 80%%");
    }
    if (by_days && is_set(at, "share")) {
        return bw_conf_fault(at, "share", reterr,
                             "'share' goes with count = share; this clause counts days: "
                             "say 'days'");
    }
    if (by_days && c->days == BW_UNKNOWN) {
        return bw_conf_fault(at, "count", reterr,
                             "a clause that counts days needs how many: days = 2");
    }
    if (!by_days && c->days != BW_UNKNOWN) {
        return bw_conf_fault(at, "days", reterr,
                             "'days' goes with count = days-reached or days-below");
    }
    if (c->per_hour != BW_UNKNOWN && c->per_day != BW_UNKNOWN) {
        return bw_conf_fault(at, "per_day", reterr,
                             "say 'per_hour' or 'per_day', not both");
    }
    if (c->per_hour != BW_UNKNOWN && !whole_hours(&c->window)) {
        return bw_conf_fault(at, "per_hour", reterr,
                             "'per_hour' needs a window of whole hours");
    }
    if (c->least == BW_UNKNOWN && c->per_hour == BW_UNKNOWN && c->per_day == BW_UNKNOWN) {
        return bw_conf_fault(at, NULL, reterr,
                             "how many tests are enough? Say 'least', 'per_hour' or "
                             "'per_day'");
    }
    if (c->spacing_ms != BW_UNKNOWN && c->per_day != BW_UNKNOWN &&
        (c->per_day - 1) * c->spacing_ms >= minutes * 60000) {
        return bw_conf_fault(
            at, "spacing", reterr,
            "%lld tests that far apart have no room in the %lld minutes of "
            "a day's window",
            (long long)c->per_day, (long long)minutes);
    }
    return 0;
}

static int
take_tests(const struct bw_conf_node *at, struct bw_evrule_clause *c, struct bw_err *reterr)
{
    int r = window(at, &c->window, reterr);

    r = r < 0 ? r : directions(at, c, reterr);
    r = r < 0 ? r : kind_fits(at, c, reterr);
    r = r < 0 ? r : bw_evrule_percent(at, "part", true, &c->part_ppm, reterr);
    if (r == 0 && is_set(at, "share")) {
        r = bw_evrule_percent(at, "share", true, &c->share_ppm, reterr);
    }
    c->of = (enum bw_evrule_rate)bw_conf_int(at, "of");
    c->count = (enum bw_evrule_count)bw_conf_int(at, "count");
    c->days = bw_conf_int(at, "days");
    c->least = bw_conf_int(at, "least");
    c->per_hour = bw_conf_int(at, "per_hour");
    c->per_day = bw_conf_int(at, "per_day");
    c->spacing_ms = bw_conf_int(at, "spacing");
    c->duration_ms = bw_conf_int(at, "duration");
    return r < 0 ? r : tests_counts(at, c, reterr);
}

static int
take_bins(const struct bw_conf_node *at, struct bw_evrule_clause *c, struct bw_err *reterr)
{
    int64_t over = bw_conf_int(at, "over");
    int r = window(at, &c->window, reterr);

    r = r < 0 ? r : directions(at, c, reterr);
    r = r < 0 ? r : must_be(at, c, BW_EVRULE_USE, reterr);
    r = r < 0 ? r : bw_evrule_percent(at, "percentile", false, &c->percentile_ppm, reterr);
    r = r < 0 ? r : bw_evrule_percent(at, "least", false, &c->least, reterr);
    if (r == 0 && is_set(at, "at_most")) {
        r = bw_evrule_percent(at, "at_most", false, &c->part_ppm, reterr);
    }
    if (r < 0) {
        return r;
    }
    c->each = (enum bw_evrule_each)bw_conf_int(at, "each");
    c->least_days = bw_conf_int(at, "least_days");
    c->by_students = bw_conf_bool(at, "by_students");
    if ((c->each == BW_EVRULE_PERIOD) != (over == BW_UNKNOWN)) {
        return bw_conf_fault(
            at, over == BW_UNKNOWN ? "each" : "over", reterr,
            over == BW_UNKNOWN ? "several percentiles need what becomes of them: over = "
                                 "mean, or max"
                               : "'over' needs several percentiles: each = day, or month");
    }
    c->in = (enum bw_evrule_each)bw_conf_int(at, "in");
    if (c->in != BW_EVRULE_PERIOD && c->each != BW_EVRULE_DAY) {
        return bw_conf_fault(at, "in", reterr, "'in' goes with each = day");
    }
    if (c->in == BW_EVRULE_DAY) {
        return bw_conf_fault(at, "in", reterr, "'in' is month, quarter, year or period");
    }
    c->over = over == BW_EVRULE_MAX ? BW_EVRULE_MAX : BW_EVRULE_MEAN;
    return 0;
}

static int
take_delay(const struct bw_conf_node *at, struct bw_evrule_clause *c, struct bw_err *reterr)
{
    static const struct bw_optspec bound = {
        .name = "bound", .type = BW_OPT_DURATION, .min = 1, .max = 100000};
    const char *text = bw_conf_str(at, "bound");
    struct bw_err why = {""};
    int64_t ms;
    int r = window(at, &c->window, reterr);

    r = r < 0 ? r : kind_fits(at, c, reterr);
    r = r < 0 ? r : bw_evrule_percent(at, "share", true, &c->share_ppm, reterr);
    if (r < 0) {
        return r;
    }
    c->lost = (enum bw_evrule_lost)bw_conf_int(at, "lost");
    c->least = bw_conf_int(at, "least");
    if (!whole_hours(&c->window)) {
        return bw_conf_fault(at, "from", reterr,
                             "round trips are kept by the hour: write whole hours");
    }
    if (strcmp(text, "contract") == 0) {
        c->bound_us = BW_EVRULE_BY_CONTRACT;
        return 0;
    }
    if (bw_optspec_parse(&bound, text, &ms, &why) < 0) {
        return bw_conf_fault(at, "bound", reterr, "%s, or contract", why.text);
    }
    c->bound_us = ms * 1000;
    return 0;
}

static int
size_class(const struct bw_conf_node *at, struct bw_evrule_size *s, struct bw_err *reterr)
{
    copy_text(s->name, sizeof(s->name), bw_conf_title(at));
    s->from = bw_conf_int(at, "from");
    s->to = bw_conf_int(at, "to");
    s->each_bps = bw_conf_int(at, "each");
    s->least_bps = bw_conf_int(at, "least");
    if (s->to != BW_UNKNOWN && s->to < s->from) {
        return bw_conf_fault(at, "to", reterr, "'to' is less than 'from'");
    }
    return 0;
}

static int
take_ratio(const struct bw_conf_node *at, struct bw_evrule_clause *c, struct bw_err *reterr)
{
    int r = directions(at, c, reterr);

    r = r < 0 ? r : must_be(at, c, BW_EVRULE_SIZE, reterr);
    if (r < 0) {
        return r;
    }
    c->per = (enum bw_evrule_per)bw_conf_int(at, "per");
    c->n_sizes = bw_conf_count(at, "size");
    if (c->n_sizes > BW_EVRULE_SIZES_MAX) {
        return bw_conf_fault(bw_conf_child(at, "size", BW_EVRULE_SIZES_MAX), NULL, reterr,
                             "more than %d classes of size", BW_EVRULE_SIZES_MAX);
    }
    for (size_t i = 0; i < c->n_sizes; i++) {
        const struct bw_conf_node *node = bw_conf_child(at, "size", i);
        r = size_class(node, &c->sizes[i], reterr);
        if (r < 0) {
            return r;
        }
        for (size_t k = 0; k < i; k++) {
            const struct bw_evrule_size *a = &c->sizes[k];
            const struct bw_evrule_size *b = &c->sizes[i];
            if ((a->to == BW_UNKNOWN || b->from <= a->to) &&
                (b->to == BW_UNKNOWN || a->from <= b->to)) {
                return bw_conf_fault(
                    node, NULL, reterr,
                    "size \"%s\" and size \"%s\" overlap: a district would "
                    "have two targets",
                    a->name, b->name);
            }
        }
    }
    return 0;
}

static int take_outages(const struct bw_conf_node *at,
                        struct bw_evrule_clause *c,
                        struct bw_err *reterr)
{
    static const int64_t least_days[] = {1, 28, 90, 365, 1}; /* by enum bw_evrule_each */
    int r = must_be(at, c, BW_EVRULE_SERVICE, reterr);

    c->each = (enum bw_evrule_each)bw_conf_int(at, "each");
    c->at_most_ms = bw_conf_int(at, "at_most");
    c->excused = (uint32_t)bw_conf_int(at, "excused");
    if (r == 0 && is_set(at, "available")) {
        r = bw_evrule_percent(at, "available", true, &c->there_ppm, reterr);
    }
    if (r < 0) {
        return r;
    }
    if ((c->at_most_ms == BW_UNKNOWN) == (c->there_ppm == BW_UNKNOWN)) {
        return bw_conf_fault(at, c->there_ppm == BW_UNKNOWN ? NULL : "available", reterr,
                             "say one of 'at_most' and 'available'");
    }
    if (c->at_most_ms != BW_UNKNOWN && c->each != BW_EVRULE_PERIOD &&
        c->at_most_ms >= least_days[c->each] * INT64_C(86400000)) {
        return bw_conf_fault(at, "at_most", reterr,
                             "'at_most' is as long as that which it is added up in: no "
                             "outage could break it");
    }
    return 0;
}

int bw_evrule_take_clause(const struct bw_conf_node *at,
                          enum bw_evrule_form form,
                          struct bw_evrule_clause *ret,
                          struct bw_err *reterr)
{
    static int (*const takers[])(const struct bw_conf_node *, struct bw_evrule_clause *,
                                 struct bw_err *) = {
        [BW_EVRULE_TESTS] = take_tests,     [BW_EVRULE_BINS] = take_bins,
        [BW_EVRULE_DELAY] = take_delay,     [BW_EVRULE_RATIO] = take_ratio,
        [BW_EVRULE_OUTAGES] = take_outages,
    };
    struct bw_evrule_clause c = {.form = form,
                                 .part_ppm = BW_UNKNOWN,
                                 .share_ppm = BW_UNKNOWN,
                                 .days = BW_UNKNOWN,
                                 .least = BW_UNKNOWN,
                                 .least_days = BW_UNKNOWN,
                                 .per_hour = BW_UNKNOWN,
                                 .per_day = BW_UNKNOWN,
                                 .spacing_ms = BW_UNKNOWN,
                                 .duration_ms = BW_UNKNOWN,
                                 .percentile_ppm = BW_UNKNOWN,
                                 .bound_us = BW_UNKNOWN,
                                 .at_most_ms = BW_UNKNOWN,
                                 .there_ppm = BW_UNKNOWN};
    int r;

    copy_text(c.name, sizeof(c.name), bw_conf_title(at));
    copy_text(c.shows, sizeof(c.shows), bw_conf_str(at, "shows"));
    c.kind = (enum bw_evrule_kind)bw_conf_int(at, "kind");
    c.decides = bw_conf_bool(at, "decides");
    c.window = (struct bw_evrule_window){.weekdays = 0x7f, .to_min = BW_EVRULE_DAY_MIN};
    r = takers[form](at, &c, reterr);
    if (r == 0) {
        *ret = c;
    }
    return r;
}

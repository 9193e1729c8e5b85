/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal.c - a school's calendar: made, checked, and asked about days.
 *
 * Invariant: spans ascend by date and none is there twice; of_day[] names for each day of
 * the calendar the span that says what it is, and the one that marks it as testing. Two
 * spans of one day say the same of it; the shorter one names it. */
#include "schoolcal.h"

#include <bw/err.h>
#include <bw/units.h>
#include <civil.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8.h>

struct of_day {
    uint16_t span; /* number + 1; 0: none, it is as its weekday and term are */
    uint16_t testing;
};

struct bw_schoolcal {
    struct bw_schoolcal_spec spec; /* points to the members below */
    char name[BW_SCHOOLCAL_NAME_MAX + 1];
    char zone[BW_SCHOOLCAL_ZONE_MAX + 1];
    struct bw_schoolcal_span *terms;
    struct bw_schoolcal_span *spans;
    struct of_day *of_day;
};

const struct bw_schoolcal_hours bw_schoolcal_week_default[7] = {
    [1] = {7 * 60, 17 * 60}, [2] = {7 * 60, 17 * 60}, [3] = {7 * 60, 17 * 60},
    [4] = {7 * 60, 17 * 60}, [5] = {7 * 60, 17 * 60},
};

static const char *const words[] = {
    [BW_SCHOOLDAY_UNKNOWN] = "unknown",       [BW_SCHOOLDAY_CLASS] = "instruction",
    [BW_SCHOOLDAY_EARLY] = "early-release",   [BW_SCHOOLDAY_LATE] = "late-start",
    [BW_SCHOOLDAY_HOLIDAY] = "holiday",       [BW_SCHOOLDAY_SNOW] = "snow",
    [BW_SCHOOLDAY_CLOSED] = "closed",         [BW_SCHOOLDAY_WEEKEND] = "weekend",
    [BW_SCHOOLDAY_BREAK] = "outside-of-term", [BW_SCHOOLDAY_TESTING] = "testing",
};

bool bw_schoolday_has_class(enum bw_schoolday kind)
{
    return kind == BW_SCHOOLDAY_CLASS || kind == BW_SCHOOLDAY_EARLY ||
           kind == BW_SCHOOLDAY_LATE;
}

const char *bw_schoolday_word(enum bw_schoolday kind)
{
    return words[kind];
}

int bw_schoolday_parse(const char *word, enum bw_schoolday *ret)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0) {
            *ret = (enum bw_schoolday)i;
            return 0;
        }
    }
    return -EINVAL;
}

/* ---- what a day is ------------------------------------------------------------ */

static bool in_term(const struct bw_schoolcal *c, int64_t day)
{
    for (size_t i = 0; i < c->spec.n_terms; i++) {
        if (day >= c->terms[i].from_day && day <= c->terms[i].to_day) {
            return true;
        }
    }
    return c->spec.n_terms == 0;
}

static enum bw_schoolday usual(const struct bw_schoolcal *c, int64_t day)
{
    const struct bw_schoolcal_hours *h = &c->spec.week[bw_civil_weekday(day)];

    return !in_term(c, day)          ? BW_SCHOOLDAY_BREAK
           : h->from_min < h->to_min ? BW_SCHOOLDAY_CLASS
                                     : BW_SCHOOLDAY_WEEKEND;
}

/* A span's hours on one of its days. */
static struct bw_schoolcal_hours
hours_on(const struct bw_schoolcal *c, const struct bw_schoolcal_span *s, int64_t day)
{
    struct bw_schoolcal_hours h = c->spec.week[bw_civil_weekday(day)];

    if (s->hours.from_min != BW_SCHOOLCAL_AS_USUAL) {
        h.from_min = s->hours.from_min;
    }
    if (s->hours.to_min != BW_SCHOOLCAL_AS_USUAL) {
        h.to_min = s->hours.to_min;
    }
    return h;
}

static bool speaks_of(const struct bw_schoolcal *c, int64_t day)
{
    return c->spec.from_day == BW_UNKNOWN ||
           (day >= c->spec.from_day && day <= c->spec.to_day);
}

void bw_schoolcal_day(const struct bw_schoolcal *c,
                      int64_t day,
                      struct bw_schoolcal_day *ret)
{
    struct bw_schoolcal_day d = {.name = "", .testing_name = ""};
    const struct bw_schoolcal_span *s = NULL;
    const struct of_day *of = NULL;

    if (!speaks_of(c, day)) {
        *ret = d;
        return;
    }
    if (c->of_day) {
        of = &c->of_day[day - c->spec.from_day];
        s = of->span ? &c->spans[of->span - 1] : NULL;
    }
    d.kind = usual(c, day);
    if (s) {
        d.name = s->name;
        if (s->kind == BW_SCHOOLDAY_CLASS || d.kind == BW_SCHOOLDAY_CLASS) {
            d.kind = s->kind;
        }
    }
    if (bw_schoolday_has_class(d.kind)) {
        d.hours = s ? hours_on(c, s, day) : c->spec.week[bw_civil_weekday(day)];
        if (of && of->testing) {
            d.testing = true;
            d.testing_name = c->spans[of->testing - 1].name;
        }
    }
    *ret = d;
}

void bw_schoolcal_count(const struct bw_schoolcal *c,
                        int64_t from_day,
                        int64_t to_day,
                        struct bw_schoolcal_count *ret)
{
    *ret = (struct bw_schoolcal_count){.instructional = 0};
    for (int64_t day = from_day; day < to_day; day++) {
        struct bw_schoolcal_day d;
        bw_schoolcal_day(c, day, &d);
        ret->n[d.kind]++;
        ret->instructional += bw_schoolday_has_class(d.kind);
        ret->testing += d.testing;
    }
}

const struct bw_schoolcal_spec *bw_schoolcal_spec(const struct bw_schoolcal *c)
{
    return &c->spec;
}

/* ---- making ------------------------------------------------------------------- */

static bool good_name(const char *name, size_t least)
{
    size_t n = strlen(name);

    return n >= least && n <= BW_SCHOOLCAL_NAME_MAX && bw_utf8_valid(name, n) &&
           bw_utf8_hidden(name, n) == n;
}

static bool good_zone(const char *zone)
{
    size_t n = strlen(zone);

    return n > 0 && n <= BW_SCHOOLCAL_ZONE_MAX && zone[0] != '/' && !strstr(zone, "..") &&
           strspn(zone,
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-") ==
               n;
}

static bool good_hours(const struct bw_schoolcal_hours *h)
{
    return h->from_min >= 0 && h->from_min <= h->to_min && h->to_min <= BW_CIVIL_DAY_MIN;
}

static int
take_head(struct bw_schoolcal *c, const struct bw_schoolcal_spec *spec, struct bw_err *err)
{
    bool always = spec->from_day == BW_UNKNOWN && spec->to_day == BW_UNKNOWN;

    if (!spec->name || !good_name(spec->name, 1)) {
        return bw_err_set(err, -EINVAL,
                          "the calendar needs a name of 1 to %d bytes without control "
                          "characters",
                          BW_SCHOOLCAL_NAME_MAX);
    }
    if (!spec->zone || !good_zone(spec->zone)) {
        return bw_err_set(err, -EINVAL,
                          "the calendar needs the name of a time zone, like "
                          "America/Chicago");
    }
    for (int i = 0; i < 7; i++) {
        if (!good_hours(&spec->week[i])) {
            return bw_err_set(err, -EINVAL, "class hours end before they begin");
        }
        if (spec->week[i].from_min < spec->week[i].to_min) {
            c->spec.week[i] = spec->week[i];
        }
    }
    if (always && (spec->n_terms > 0 || spec->n_spans > 0)) {
        return bw_err_set(err, -EINVAL, "a calendar without dates has no terms and days");
    }
    if (!always && (spec->from_day == BW_UNKNOWN || spec->to_day == BW_UNKNOWN ||
                    spec->from_day < 0 || spec->from_day > spec->to_day ||
                    spec->to_day - spec->from_day >= BW_SCHOOLCAL_LENGTH_MAX)) {
        return bw_err_set(err, -EINVAL,
                          "a calendar has a first and a last day, at most %d days apart",
                          BW_SCHOOLCAL_LENGTH_MAX);
    }
    (void)snprintf(c->name, sizeof(c->name), "%s", spec->name);
    (void)snprintf(c->zone, sizeof(c->zone), "%s", spec->zone);
    c->spec.name = c->name;
    c->spec.zone = c->zone;
    c->spec.from_day = spec->from_day;
    c->spec.to_day = spec->to_day;
    return 0;
}

static int compare_spans(const void *a, const void *b)
{
    const struct bw_schoolcal_span *x = a;
    const struct bw_schoolcal_span *y = b;
    const int64_t pairs[][2] = {{x->from_day, y->from_day},
                                {x->to_day, y->to_day},
                                {x->kind, y->kind},
                                {x->hours.from_min, y->hours.from_min},
                                {x->hours.to_min, y->hours.to_min}};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i][0] != pairs[i][1]) {
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
        }
    }
    return strcmp(x->name, y->name);
}

static int check_span(const struct bw_schoolcal *c,
                      const struct bw_schoolcal_span *s,
                      int *ret_line,
                      struct bw_err *err)
{
    char a[BW_CIVIL_DATE_LEN + 1];
    char b[BW_CIVIL_DATE_LEN + 1];

    *ret_line = s->line;
    if (s->name && !good_name(s->name, 0)) {
        return bw_err_set(err, -EINVAL,
                          "a name has at most %d bytes of UTF-8 and no control characters",
                          BW_SCHOOLCAL_NAME_MAX);
    }
    if (s->from_day > s->to_day) {
        return bw_err_set(err, -EINVAL, "the last day comes before the first");
    }
    if (s->from_day < c->spec.from_day || s->to_day > c->spec.to_day) {
        bool before = s->from_day < c->spec.from_day;
        bw_civil_date(before ? s->from_day : s->to_day, a);
        bw_civil_date(before ? c->spec.from_day : c->spec.to_day, b);
        return bw_err_set(err, -EINVAL, "%s lies %s the calendar, which %s %s", a,
                          before ? "before" : "behind", before ? "begins" : "ends", b);
    }
    return 0;
}

/* Copies, sorted and each once. */
static int copy_spans(const struct bw_schoolcal *c,
                      const struct bw_schoolcal_span *from,
                      size_t n,
                      struct bw_schoolcal_span **ret,
                      size_t *ret_n,
                      int *ret_line,
                      struct bw_err *err)
{
    struct bw_schoolcal_span *to = calloc(n + 1, sizeof(*to));
    size_t kept = 0;

    *ret = to; /* freed with the calendar, half-built too */
    *ret_n = 0;
    if (!to) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        int rc = check_span(c, &from[i], ret_line, err);
        if (rc < 0) {
            return rc;
        }
        struct bw_schoolcal_span *s = &to[i];
        *s = from[i];
        s->name = bw_copy_text(from[i].name);
        if (!s->name) {
            return -ENOMEM;
        }
        *ret_n = i + 1;
    }
    if (n > 0) {
        qsort(to, n, sizeof(*to), compare_spans);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && compare_spans(&to[kept - 1], &to[i]) == 0) {
            free((void *)(uintptr_t)to[i].name);
        } else {
            to[kept++] = to[i];
        }
    }
    *ret_n = kept;
    return 0;
}

static int take_terms(struct bw_schoolcal *c,
                      const struct bw_schoolcal_spec *spec,
                      int *ret_line,
                      struct bw_err *err)
{
    int rc;

    if (spec->n_terms > BW_SCHOOLCAL_TERMS_MAX) {
        return bw_err_set(err, -EINVAL, "more than %d terms", BW_SCHOOLCAL_TERMS_MAX);
    }
    rc = copy_spans(c, spec->terms, spec->n_terms, &c->terms, &c->spec.n_terms, ret_line,
                    err);
    c->spec.terms = c->terms;
    for (size_t i = 0; i < c->spec.n_terms && rc == 0; i++) {
        c->terms[i].kind = BW_SCHOOLDAY_UNKNOWN;
        c->terms[i].hours = (struct bw_schoolcal_hours){0};
        if (i > 0 && c->terms[i].from_day <= c->terms[i - 1].to_day) {
            *ret_line = c->terms[i].line > c->terms[i - 1].line ? c->terms[i].line
                                                                : c->terms[i - 1].line;
            rc = bw_err_set(err, -EINVAL, "two terms share days");
        }
    }
    return rc;
}

/* Hours that the kind of span may not have, or lacks. */
static int check_hours(const struct bw_schoolcal_span *s, struct bw_err *err)
{
    bool from = s->hours.from_min != BW_SCHOOLCAL_AS_USUAL;
    bool to = s->hours.to_min != BW_SCHOOLCAL_AS_USUAL;

    switch (s->kind) {
    case BW_SCHOOLDAY_EARLY:
        if (!to) {
            return bw_err_set(err, -EINVAL, "an early release needs the time it ends");
        }
        break;
    case BW_SCHOOLDAY_LATE:
        if (!from) {
            return bw_err_set(err, -EINVAL, "a late start needs the time it begins");
        }
        break;
    case BW_SCHOOLDAY_CLASS:
        if (from != to) {
            return bw_err_set(
                err, -EINVAL,
                "a day of instruction has a beginning and an end, or neither");
        }
        break;
    case BW_SCHOOLDAY_HOLIDAY:
    case BW_SCHOOLDAY_SNOW:
    case BW_SCHOOLDAY_CLOSED:
    case BW_SCHOOLDAY_TESTING:
        if (from || to) {
            return bw_err_set(err, -EINVAL, "%s has no hours of its own",
                              bw_schoolday_word(s->kind));
        }
        break;
    case BW_SCHOOLDAY_UNKNOWN:
    case BW_SCHOOLDAY_WEEKEND:
    case BW_SCHOOLDAY_BREAK:
        return bw_err_set(err, -EINVAL, "no span says that a day is \"%s\"",
                          bw_schoolday_word(s->kind));
    }
    if ((from && (s->hours.from_min < 0 || s->hours.from_min >= BW_CIVIL_DAY_MIN)) ||
        (to && (s->hours.to_min < 1 || s->hours.to_min > BW_CIVIL_DAY_MIN))) {
        return bw_err_set(err, -EINVAL, "a time of day lies within 00:00 and 24:00");
    }
    return from && to && s->hours.from_min >= s->hours.to_min
               ? bw_err_set(err, -EINVAL, "the end comes before the beginning")
               : 0;
}

/* Hours of a day that has lessons by this span: do they exist, and are they what it says?
 */
static int check_hours_on(const struct bw_schoolcal *c,
                          const struct bw_schoolcal_span *s,
                          int64_t day,
                          struct bw_err *err)
{
    struct bw_schoolcal_hours u = c->spec.week[bw_civil_weekday(day)];
    struct bw_schoolcal_hours h = hours_on(c, s, day);
    char date[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day, date);
    if (s->kind == BW_SCHOOLDAY_EARLY && h.to_min >= u.to_min) {
        return bw_err_set(err, -EINVAL,
                          "%s: an early release ends before the usual %02d:%02d", date,
                          u.to_min / 60, u.to_min % 60);
    }
    if (s->kind == BW_SCHOOLDAY_LATE && h.from_min <= u.from_min) {
        return bw_err_set(err, -EINVAL, "%s: a late start begins after the usual %02d:%02d",
                          date, u.from_min / 60, u.from_min % 60);
    }
    if (h.from_min >= h.to_min) {
        return u.from_min == u.to_min
                   ? bw_err_set(err, -EINVAL,
                                "%s is on a weekday without class hours; say from when to "
                                "when there are lessons",
                                date)
                   : bw_err_set(err, -EINVAL, "%s: the end comes before the beginning",
                                date);
    }
    return 0;
}

static bool says_same(const struct bw_schoolcal_span *a, const struct bw_schoolcal_span *b)
{
    return a->kind == b->kind && a->hours.from_min == b->hours.from_min &&
           a->hours.to_min == b->hours.to_min;
}

static int contradicts(const struct bw_schoolcal_span *a,
                       const struct bw_schoolcal_span *b,
                       int64_t day,
                       int *ret_line,
                       struct bw_err *err)
{
    const struct bw_schoolcal_span *first = b->line < a->line ? b : a;
    const struct bw_schoolcal_span *here = first == a ? b : a;
    char date[BW_CIVIL_DATE_LEN + 1];
    char line[32] = "";

    bw_civil_date(day, date);
    *ret_line = here->line;
    if (first->line > 0) {
        (void)snprintf(line, sizeof(line), " in line %d", first->line);
    }
    return bw_err_set(err, -EINVAL, "%s is %s%s%s%s%s, and %s%s%s%s here", date,
                      bw_schoolday_word(first->kind), first->name[0] ? " (" : "",
                      first->name, first->name[0] ? ")" : "", line,
                      bw_schoolday_word(here->kind), here->name[0] ? " (" : "", here->name,
                      here->name[0] ? ")" : "");
}

static int
lay_span(struct bw_schoolcal *c, size_t number, int *ret_line, struct bw_err *err)
{
    const struct bw_schoolcal_span *s = &c->spans[number];
    bool changes = s->kind == BW_SCHOOLDAY_HOLIDAY || s->kind == BW_SCHOOLDAY_CLOSED;
    int rc;

    *ret_line = s->line;
    rc = check_hours(s, err);
    for (int64_t day = s->from_day; day <= s->to_day && rc == 0; day++) {
        struct of_day *of = &c->of_day[day - c->spec.from_day];
        const struct bw_schoolcal_span *t = of->span ? &c->spans[of->span - 1] : NULL;
        bool lessons = s->kind == BW_SCHOOLDAY_CLASS || usual(c, day) == BW_SCHOOLDAY_CLASS;
        if (t && !says_same(s, t)) {
            return contradicts(t, s, day, ret_line, err);
        }
        if (!t || s->to_day - s->from_day < t->to_day - t->from_day) {
            of->span = (uint16_t)(number + 1);
        }
        if (lessons && bw_schoolday_has_class(s->kind)) {
            rc = check_hours_on(c, s, day, err);
        }
        changes = changes || lessons;
    }
    if (rc == 0 && !changes) {
        char date[BW_CIVIL_DATE_LEN + 1];
        bw_civil_date(s->from_day, date);
        rc = bw_err_set(err, -EINVAL, "%s: there are no lessons anyway%s", date,
                        s->kind == BW_SCHOOLDAY_SNOW
                            ? ""
                            : "; \"instruction\" makes a day one with lessons");
    }
    return rc;
}

static int
lay_testing(struct bw_schoolcal *c, size_t number, int *ret_line, struct bw_err *err)
{
    const struct bw_schoolcal_span *s = &c->spans[number];
    bool any = false;
    int rc;

    *ret_line = s->line;
    rc = check_hours(s, err);
    for (int64_t day = s->from_day; day <= s->to_day && rc == 0; day++) {
        struct of_day *of = &c->of_day[day - c->spec.from_day];
        struct bw_schoolcal_day d;
        const struct bw_schoolcal_span *t = of->testing ? &c->spans[of->testing - 1] : NULL;
        if (!t || s->to_day - s->from_day < t->to_day - t->from_day) {
            of->testing = (uint16_t)(number + 1);
        }
        bw_schoolcal_day(c, day, &d);
        any = any || bw_schoolday_has_class(d.kind);
    }
    return rc == 0 && !any
               ? bw_err_set(err, -EINVAL, "no day of this time of testing has lessons")
               : rc;
}

static int take_spans(struct bw_schoolcal *c,
                      const struct bw_schoolcal_spec *spec,
                      int *ret_line,
                      struct bw_err *err)
{
    int rc;

    if (spec->n_spans > BW_SCHOOLCAL_SPANS_MAX) {
        return bw_err_set(err, -EINVAL, "more than %d holidays and other days",
                          BW_SCHOOLCAL_SPANS_MAX);
    }
    rc = copy_spans(c, spec->spans, spec->n_spans, &c->spans, &c->spec.n_spans, ret_line,
                    err);
    c->spec.spans = c->spans;
    if (rc < 0 || spec->from_day == BW_UNKNOWN) {
        return rc;
    }
    c->of_day = calloc((size_t)(spec->to_day - spec->from_day + 1), sizeof(*c->of_day));
    if (!c->of_day) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < c->spec.n_spans && rc == 0; i++) {
        rc = c->spans[i].kind == BW_SCHOOLDAY_TESTING ? 0 : lay_span(c, i, ret_line, err);
    }
    for (size_t i = 0; i < c->spec.n_spans && rc == 0; i++) {
        rc =
            c->spans[i].kind == BW_SCHOOLDAY_TESTING ? lay_testing(c, i, ret_line, err) : 0;
    }
    return rc;
}

int bw_schoolcal_make(const struct bw_schoolcal_spec *spec,
                      struct bw_schoolcal **ret,
                      int *reterr_line,
                      struct bw_err *reterr)
{
    struct bw_schoolcal *c = calloc(1, sizeof(*c));
    int line = 0;
    int rc = c ? 0 : -ENOMEM;

    rc = rc < 0 ? rc : take_head(c, spec, reterr);
    rc = rc < 0 ? rc : take_terms(c, spec, &line, reterr);
    rc = rc < 0 ? rc : take_spans(c, spec, &line, reterr);
    if (rc < 0) {
        goto out;
    }
    for (size_t i = 0; i < c->spec.n_spans; i++) {
        c->spans[i].line = 0;
    }
    for (size_t i = 0; i < c->spec.n_terms; i++) {
        c->terms[i].line = 0;
    }
    *ret = c;
    c = NULL;
out:
    if (rc == -ENOMEM) {
        (void)bw_err_set(reterr, rc, "out of memory");
    }
    if (rc < 0 && reterr_line) {
        *reterr_line = line;
    }
    bw_schoolcal_free(c);
    return rc;
}

static void free_spans(struct bw_schoolcal_span *s, size_t n)
{
    for (size_t i = 0; s && i < n; i++) {
        free((void *)(uintptr_t)s[i].name);
    }
    free(s);
}

void bw_schoolcal_free(struct bw_schoolcal *c)
{
    if (c) {
        free_spans(c->terms, c->spec.n_terms);
        free_spans(c->spans, c->spec.n_spans);
        free(c->of_day);
        free(c);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_csv.c - a calendar from the plain table of docs/calendar-csv.md.
 *
 * Invariant: every field that is written is used or refused; a date or time is read in one
 * form only, because 03/04 is March in one office and April in another. */
#include "schoolcal_csv.h"

#include "schoolcal_draft.h"
#include <bw/err.h>
#include <civil.h>
#include <csvrows.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum column {
    WHAT,
    FROM,
    TO,
    BEGIN,
    END,
    NAME,
    COLUMNS
};

static const char *const column_names[COLUMNS] = {"what",  "from", "to",
                                                  "begin", "end",  "name"};

enum {
    FIELD_MAX = 200
};

struct reader {
    struct bw_csv *csv;
    struct bw_schoolcal_draft draft;
    int of_column[COLUMNS]; /* which field of a row; -1: the file has none */
    char field[COLUMNS][FIELD_MAX + 1];
    int hours_line[7]; /* where a weekday got its hours */
    bool zone_in_file;
};

/* ---- fields ------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Without the spaces around it; false when it is too long. */
static bool trim(const struct bw_csv_field *f, char out[FIELD_MAX + 1])
{
    const char *p = f->text;
    size_t n = f->n;

    while (n > 0 && is_space(*p)) {
        p++;
        n--;
    }
    while (n > 0 && is_space(p[n - 1])) {
        n--;
    }
    if (n > FIELD_MAX) {
        return false;
    }
    memcpy(out, p, n);
    out[n] = '\0';
    return true;
}

static int
read_heading(struct reader *r, const struct bw_csv_field *f, size_t n, struct bw_err *err)
{
    char word[FIELD_MAX + 1];

    for (int c = 0; c < COLUMNS; c++) {
        r->of_column[c] = -1;
    }
    for (size_t i = 0; i < n; i++) {
        int c = 0;
        if (!trim(&f[i], word)) {
            return bw_err_set(err, -EINVAL, "column %zu has no name of this table", i + 1);
        }
        while (c < COLUMNS && strcasecmp(word, column_names[c]) != 0) {
            c++;
        }
        if (c == COLUMNS) {
            return bw_err_set(err, -EINVAL,
                              "there is no column \"%.40s\"; the columns are what, from, "
                              "to, begin, end, name",
                              word);
        }
        if (r->of_column[c] >= 0) {
            return bw_err_set(err, -EINVAL, "the column \"%s\" is there twice",
                              column_names[c]);
        }
        r->of_column[c] = (int)i;
    }
    return r->of_column[WHAT] < 0
               ? bw_err_set(err, -EINVAL,
                            "the first line names the columns: what,from,to,begin,end,name")
               : 0;
}

static int take_fields(struct reader *r, const struct bw_csv_field *f, struct bw_err *err)
{
    for (int c = 0; c < COLUMNS; c++) {
        r->field[c][0] = '\0';
        if (r->of_column[c] >= 0 && !trim(&f[r->of_column[c]], r->field[c])) {
            return bw_err_set(err, -EINVAL, "the field \"%s\" is longer than %d bytes",
                              column_names[c], FIELD_MAX);
        }
    }
    return 0;
}

static int get_date(const struct reader *r, enum column c, int64_t *ret, struct bw_err *err)
{
    const char *text = r->field[c];

    if (strlen(text) == BW_CIVIL_DATE_LEN && bw_civil_date_parse(text, ret) == 0) {
        return 0;
    }
    return text[0] ? bw_err_set(err, -EINVAL,
                                "\"%s\" is no date (column %s); write year-month-day, like "
                                "2026-11-26",
                                text, column_names[c])
                   : bw_err_set(err, -EINVAL, "the column %s wants a date, like 2026-11-26",
                                column_names[c]);
}

/* Absent: as usual. An hour may be written without its zero. */
static int get_minute(const struct reader *r, enum column c, int *ret, struct bw_err *err)
{
    const char *text = r->field[c];
    char padded[8] = "0";
    int minute;

    *ret = BW_SCHOOLCAL_AS_USUAL;
    if (!text[0]) {
        return 0;
    }
    if (strlen(text) == 4 && text[1] == ':') {
        (void)snprintf(padded + 1, sizeof(padded) - 1, "%s", text);
        text = padded;
    }
    minute = bw_civil_minute_parse(text);
    if (minute < 0) {
        return bw_err_set(err, -EINVAL,
                          "\"%.40s\" is no time of day (column %s); write it like 07:45 or "
                          "15:15, up to 24:00",
                          r->field[c], column_names[c]);
    }
    *ret = minute;
    return 0;
}

static int get_weekday(const char *text, int *ret)
{
    static const char *const names[] = {"sunday",   "monday", "tuesday", "wednesday",
                                        "thursday", "friday", "saturday"};
    size_t n = strlen(text);

    for (int i = 0; i < 7; i++) {
        if (n >= 3 && n <= strlen(names[i]) && strncasecmp(text, names[i], n) == 0 &&
            (n == 3 || n == strlen(names[i]))) {
            *ret = i;
            return 0;
        }
    }
    return -EINVAL;
}

static int only(const struct reader *r, unsigned columns, struct bw_err *err)
{
    for (int c = FROM; c < COLUMNS; c++) {
        if (r->field[c][0] && !(columns >> c & 1u)) {
            return bw_err_set(err, -EINVAL, "the row \"%s\" has nothing in column %s",
                              r->field[WHAT], column_names[c]);
        }
    }
    return 0;
}

/* ---- rows --------------------------------------------------------------------- */

static int take_calendar(struct reader *r, struct bw_err *err)
{
    struct bw_schoolcal_draft *d = &r->draft;
    int rc = only(r, 1u << FROM | 1u << TO | 1u << NAME, err);

    if (rc == 0 && d->from_day != BW_UNKNOWN) {
        rc =
            bw_err_set(err, -EINVAL, "a second row \"calendar\"; one file is one calendar");
    }
    rc = rc < 0 ? rc : get_date(r, FROM, &d->from_day, err);
    rc = rc < 0 ? rc : get_date(r, TO, &d->to_day, err);
    if (rc == 0 && d->to_day < d->from_day) {
        rc = bw_err_set(err, -EINVAL, "the last day comes before the first");
    }
    return rc < 0 ? rc : bw_schoolcal_draft_name(d, r->field[NAME], err);
}

static int take_zone(struct reader *r, struct bw_err *err)
{
    int rc = only(r, 1u << NAME, err);

    if (rc == 0 && r->zone_in_file) {
        rc = bw_err_set(err, -EINVAL, "a second row \"zone\"; one file is one calendar");
    }
    if (rc == 0 && r->draft.zone[0] && strcmp(r->draft.zone, r->field[NAME]) != 0) {
        rc = bw_err_set(err, -EINVAL, "the file says \"%.64s\", the command line \"%.64s\"",
                        r->field[NAME], r->draft.zone);
    }
    r->zone_in_file = true;
    return rc < 0 ? rc : bw_schoolcal_draft_zone(&r->draft, r->field[NAME], err);
}

static int take_hours(struct reader *r, int line, struct bw_err *err)
{
    struct bw_schoolcal_hours h = {0};
    int first = 0;
    int last = 0;
    int rc = only(r, 1u << FROM | 1u << TO | 1u << BEGIN | 1u << END, err);

    if (rc < 0) {
        return rc;
    }
    if (get_weekday(r->field[FROM], &first) < 0 ||
        (r->field[TO][0] && get_weekday(r->field[TO], &last) < 0)) {
        return bw_err_set(err, -EINVAL,
                          "hours are for weekdays: Mon in column from, Fri in column to");
    }
    last = r->field[TO][0] ? last : first;
    rc = get_minute(r, BEGIN, &h.from_min, err);
    rc = rc < 0 ? rc : get_minute(r, END, &h.to_min, err);
    if (rc < 0) {
        return rc;
    }
    if (h.from_min == BW_SCHOOLCAL_AS_USUAL || h.to_min == BW_SCHOOLCAL_AS_USUAL) {
        return bw_err_set(err, -EINVAL, "hours have a beginning and an end");
    }
    if (h.from_min >= h.to_min) {
        return bw_err_set(err, -EINVAL, "the hours end before they begin");
    }
    for (int i = first;; i = (i + 1) % 7) {
        if (r->hours_line[i]) {
            return bw_err_set(err, -EINVAL,
                              "a weekday that has its hours in line %d already",
                              r->hours_line[i]);
        }
        r->draft.week[i] = h;
        r->hours_line[i] = line;
        if (i == last) {
            break;
        }
    }
    r->draft.week_given = true;
    return 0;
}

static int get_days(const struct reader *r, struct bw_schoolcal_span *s, struct bw_err *err)
{
    int rc = get_date(r, FROM, &s->from_day, err);

    s->to_day = s->from_day;
    return rc < 0 || !r->field[TO][0] ? rc : get_date(r, TO, &s->to_day, err);
}

static int take_term(struct reader *r, int line, struct bw_err *err)
{
    struct bw_schoolcal_span s = {.line = line, .name = r->field[NAME]};
    int rc = only(r, 1u << FROM | 1u << TO | 1u << NAME, err);

    rc = rc < 0 ? rc : get_date(r, FROM, &s.from_day, err);
    rc = rc < 0 ? rc : get_date(r, TO, &s.to_day, err);
    return rc < 0 ? rc : bw_schoolcal_draft_term(&r->draft, &s, err);
}

static int take_span(struct reader *r, int line, struct bw_err *err)
{
    struct bw_schoolcal_span s = {.line = line, .name = r->field[NAME]};
    int rc;

    if (bw_schoolday_parse(r->field[WHAT], &s.kind) < 0 || s.kind == BW_SCHOOLDAY_UNKNOWN ||
        s.kind == BW_SCHOOLDAY_WEEKEND || s.kind == BW_SCHOOLDAY_BREAK) {
        return bw_err_set(
            err, -EINVAL,
            "there is no row \"%.40s\"; rows are calendar, zone, hours, term, "
            "holiday, snow, closed, early-release, late-start, instruction, "
            "testing",
            r->field[WHAT]);
    }
    rc = get_days(r, &s, err);
    rc = rc < 0 ? rc : get_minute(r, BEGIN, &s.hours.from_min, err);
    rc = rc < 0 ? rc : get_minute(r, END, &s.hours.to_min, err);
    return rc < 0 ? rc : bw_schoolcal_draft_span(&r->draft, &s, err);
}

static int take_row(struct reader *r, int line, struct bw_err *err)
{
    const char *what = r->field[WHAT];

    if (strcmp(what, "calendar") == 0) {
        return take_calendar(r, err);
    }
    if (strcmp(what, "zone") == 0) {
        return take_zone(r, err);
    }
    if (strcmp(what, "hours") == 0) {
        return take_hours(r, line, err);
    }
    return strcmp(what, "term") == 0 ? take_term(r, line, err) : take_span(r, line, err);
}

int bw_schoolcal_read_csv(struct bw_csv *csv,
                          const char *zone,
                          struct bw_schoolcal **ret,
                          struct bw_err *reterr)
{
    struct reader r = {.csv = csv};
    const char *file = bw_csv_name(csv);
    const struct bw_csv_field *fields = NULL;
    struct bw_err why = {""};
    bool heading = true;
    size_t n = 0;
    int rc;

    bw_schoolcal_draft_init(&r.draft);
    rc = zone ? bw_schoolcal_draft_zone(&r.draft, zone, reterr) : 0;
    while (rc == 0) {
        int more = bw_csv_next(csv, &fields, &n, reterr);
        if (more <= 0) {
            rc = more;
            break;
        }
        rc = heading ? read_heading(&r, fields, n, &why) : take_fields(&r, fields, &why);
        if (rc == 0 && !heading) {
            rc = take_row(&r, (int)bw_csv_line(csv), &why);
        }
        if (rc < 0) {
            rc = bw_err_set(reterr, rc, "%s:%" PRId64 ": %s", file, bw_csv_line(csv),
                            why.text);
        }
        heading = false;
    }
    if (rc == 0 && (r.draft.from_day == BW_UNKNOWN || !r.draft.zone[0])) {
        rc = bw_err_set(reterr, -EINVAL,
                        r.draft.from_day == BW_UNKNOWN
                            ? "%s: no row \"calendar\" says for which days it is"
                            : "%s: no row \"zone\" names its time zone, like "
                              "America/Chicago",
                        file);
    }
    rc = rc < 0 ? rc : bw_schoolcal_draft_finish(&r.draft, file, ret, reterr);
    bw_schoolcal_draft_done(&r.draft);
    return rc;
}

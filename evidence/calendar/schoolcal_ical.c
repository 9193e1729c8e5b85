/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_ical.c - a calendar from an iCalendar file, by libical.
 *
 * Invariant: an event is taken whole, with all its days, or it is told as left aside; a
 * time whose zone is not known, or a rule of repetition that says no days, is refused. */
#include "schoolcal_ical.h"

#include "schoolcal_draft.h"
#include "tz.h"
#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <libical/ical.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8.h>

enum {
    DAY_S = 86400,
    OVERRIDES_MAX = 2000
};

/* One day of a repeated event that another event of the file says anew. */
struct override {
    const char *uid; /* lent by its event */
    int64_t start_s; /* as occurrences have it */
};

struct reader {
    const char *name;
    const struct bw_ical_asked *asked;
    struct bw_schoolcal_draft draft;
    const struct bw_tz *tz;
    struct override *overrides;
    size_t n_overrides;
    int *lines; /* where the events begin, in the file's order */
    size_t n_events;
    size_t n_used;
    struct bw_err *reterr;
    /* the event whose days are being taken */
    icalcomponent *event;
    int line;
    bool is_date;
    bool is_floating;
    int64_t length_s; /* at least 1 */
    const struct bw_ical_word *word;
    int rc;
};

static int fault(struct reader *r, int code, const char *why)
{
    r->rc = bw_err_set(r->reterr, code, "%s:%d: %s", r->name, r->line, why);
    return r->rc;
}

/* ---- lines -------------------------------------------------------------------- */

/* Where each event begins: libical tells no lines, but keeps the order. */
static int find_lines(struct reader *r, const char *text, size_t n)
{
    static const char begin[] = "BEGIN:VEVENT";
    size_t cap = 0;
    int line = 1;

    for (size_t at = 0; at < n; line++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end ? (size_t)(end - text) - at : n - at;
        if (len >= sizeof(begin) - 1 &&
            strncasecmp(text + at, begin, sizeof(begin) - 1) == 0) {
            if (r->n_events == BW_ICAL_EVENTS_MAX) {
                return bw_err_set(r->reterr, -E2BIG, "%s:%d: more than %d events", r->name,
                                  line, BW_ICAL_EVENTS_MAX);
            }
            if (r->n_events == cap) {
                int *more = reallocarray(r->lines, cap ? cap * 2 : 64, sizeof(*more));
                if (!more) {
                    return -ENOMEM;
                }
                r->lines = more;
                cap = cap ? cap * 2 : 64;
            }
            r->lines[r->n_events++] = line;
        }
        at += len + 1;
    }
    return 0;
}

/* ---- words -------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char)c >= 0x80;
}

static bool holds(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = text; (p = strcasestr(p, word)) != NULL; p++) {
        if ((p == text || !is_letter(p[-1])) && !is_letter(p[n])) {
            return true;
        }
    }
    return false;
}

static bool has_category(icalcomponent *event, const char *word)
{
    for (icalproperty *p =
             icalcomponent_get_first_property(event, ICAL_CATEGORIES_PROPERTY);
         p; p = icalcomponent_get_next_property(event, ICAL_CATEGORIES_PROPERTY)) {
        const char *text = icalproperty_get_categories(p);
        if (text && strcasecmp(text, word) == 0) {
            return true;
        }
    }
    return false;
}

/* What the event means: 0 with r->word, NULL for nothing; two meanings are refused. */
static int find_word(struct reader *r, const char *summary)
{
    r->word = NULL;
    for (size_t i = 0; i < r->asked->n_words; i++) {
        const struct bw_ical_word *w = &r->asked->words[i];
        if (!holds(summary, w->text) && !has_category(r->event, w->text)) {
            continue;
        }
        if (r->word &&
            (r->word->kind != w->kind || r->word->hours.from_min != w->hours.from_min ||
             r->word->hours.to_min != w->hours.to_min)) {
            char why[240];
            (void)snprintf(
                why, sizeof(why),
                "\"%.60s\" means two things here: \"%.40s\" is %s, \"%.40s\" is %s",
                summary, r->word->text, bw_schoolday_word(r->word->kind), w->text,
                bw_schoolday_word(w->kind));
            return fault(r, -EINVAL, why);
        }
        r->word = w;
    }
    return 0;
}

/* A summary as a name: cut to what fits, control characters as spaces. */
static void name_of(const char *summary, char out[BW_SCHOOLCAL_NAME_MAX + 1])
{
    size_t n = bw_utf8_fit(summary, strlen(summary), BW_SCHOOLCAL_NAME_MAX);

    memcpy(out, summary, n);
    out[n] = '\0';
    if (!bw_utf8_valid(out, n)) {
        out[0] = '\0'; /* no name is better than a wrong one */
        return;
    }
    for (size_t at; (at = bw_utf8_hidden(out, n)) < n;) {
        size_t len = bw_utf8_char(out + at, n - at);
        memset(out + at, ' ', len);
    }
}

/* ---- times -------------------------------------------------------------------- */

static int64_t day_of(int64_t s)
{
    return s / DAY_S - (s % DAY_S < 0);
}

/* The local date of an instant of the event, as libical counts it: dates and floating times
 * as if they were UTC. */
static int64_t local_day(const struct reader *r, int64_t s)
{
    struct bw_civil c;

    if (r->is_date || r->is_floating) {
        return day_of(s);
    }
    bw_tz_local(r->tz, s, &c);
    return bw_civil_days(c.year, c.month, c.day);
}

/* A time with the name of a zone that nobody knows would be taken for a local one. */
static bool zone_known(icalcomponent *event, icalproperty_kind kind, struct icaltimetype t)
{
    icalproperty *p = icalcomponent_get_first_property(event, kind);

    return !p || t.is_date || t.zone || icaltime_is_utc(t) ||
           !icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
}

static int64_t seconds(struct icaltimetype t)
{
    return (int64_t)icaltime_as_timet_with_zone(
        t, t.zone ? t.zone : icaltimezone_get_utc_timezone());
}

/* libical takes 31 February for 3 March. */
static bool dates_exist(icalcomponent *event)
{
    static const icalproperty_kind kinds[] = {ICAL_DTSTART_PROPERTY, ICAL_DTEND_PROPERTY,
                                              ICAL_EXDATE_PROPERTY, ICAL_RDATE_PROPERTY,
                                              ICAL_RECURRENCEID_PROPERTY};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (icalproperty *p = icalcomponent_get_first_property(event, kinds[i]); p;
             p = icalcomponent_get_next_property(event, kinds[i])) {
            const char *text = icalproperty_get_value_as_string(p);
            char date[BW_CIVIL_DATE_LEN + 1];
            int64_t day;
            if (!text || strlen(text) < 8) {
                return false;
            }
            (void)snprintf(date, sizeof(date), "%.4s-%.2s-%.2s", text, text + 4, text + 6);
            if (bw_civil_date_parse(date, &day) < 0) {
                return false;
            }
        }
    }
    return true;
}

static int take_times(struct reader *r)
{
    struct icaltimetype start = icalcomponent_get_dtstart(r->event);
    struct icaltimetype end = icalcomponent_get_dtend(r->event);

    if (!dates_exist(r->event)) {
        return fault(r, -EINVAL, "the event has a date that does not exist");
    }
    if (icaltime_is_null_time(start) || start.year < 1970) {
        return fault(r, -EINVAL, "the event has no DTSTART from 1970 on");
    }
    if (!zone_known(r->event, ICAL_DTSTART_PROPERTY, start) ||
        !zone_known(r->event, ICAL_DTEND_PROPERTY, end)) {
        return fault(r, -EINVAL,
                     "the event's TZID is defined nowhere: neither a VTIMEZONE of the file "
                     "nor a zone like America/Chicago");
    }
    r->is_date = start.is_date;
    r->is_floating = !start.is_date && !start.zone && !icaltime_is_utc(start);
    r->length_s = r->is_date ? DAY_S : 1;
    if (!icaltime_is_null_time(end)) {
        int64_t length_s = seconds(end) - seconds(start);
        if (length_s < 0 || end.is_date != start.is_date) {
            return fault(r, -EINVAL, "the event ends before it begins, or in another form");
        }
        r->length_s = length_s > r->length_s ? length_s : r->length_s;
    }
    return 0;
}

/* Rules by hour, minute or second say no days, and would take for ever. */
static int check_rules(struct reader *r)
{
    for (icalproperty *p = icalcomponent_get_first_property(r->event, ICAL_RRULE_PROPERTY);
         p; p = icalcomponent_get_next_property(r->event, ICAL_RRULE_PROPERTY)) {
        struct icalrecurrencetype rule = icalproperty_get_rrule(p);
        if (rule.freq < ICAL_DAILY_RECURRENCE || rule.freq > ICAL_YEARLY_RECURRENCE) {
            return fault(r, -EINVAL,
                         "a rule of repetition by day, week, month or year is wanted");
        }
    }
    return 0;
}

/* ---- days --------------------------------------------------------------------- */

static bool is_overridden(const struct reader *r, int64_t start_s)
{
    const char *uid = icalcomponent_get_uid(r->event);
    struct icaltimetype own = icalcomponent_get_recurrenceid(r->event);

    if (!uid || !icaltime_is_null_time(own)) {
        return false;
    }
    for (size_t i = 0; i < r->n_overrides; i++) {
        if (r->overrides[i].start_s == start_s && strcmp(r->overrides[i].uid, uid) == 0) {
            return true;
        }
    }
    return false;
}

static void take_occurrence(icalcomponent *event, struct icaltime_span *span, void *owner)
{
    struct reader *r = owner;
    const char *summary = icalcomponent_get_summary(event);
    char name[BW_SCHOOLCAL_NAME_MAX + 1];
    struct bw_schoolcal_span s = {.name = name, .line = r->line};
    struct bw_err why = {""};
    int64_t first;
    int64_t last;

    if (r->rc < 0 || is_overridden(r, (int64_t)span->start)) {
        return;
    }
    first = local_day(r, (int64_t)span->start);
    last = local_day(r, (int64_t)span->start + r->length_s - 1);
    if (last < r->draft.from_day || first > r->draft.to_day) {
        return; /* another year's */
    }
    name_of(summary ? summary : "", name);
    s.from_day = first < r->draft.from_day ? r->draft.from_day : first;
    s.to_day = last > r->draft.to_day ? r->draft.to_day : last;
    s.kind = r->word->kind;
    s.hours = r->word->hours;
    if (bw_schoolcal_draft_span(&r->draft, &s, &why) < 0) {
        (void)fault(r, -E2BIG, why.text);
    }
}

static void tell_left(struct reader *r, const char *summary)
{
    struct icaltimetype start = icalcomponent_get_dtstart(r->event);
    char date[BW_CIVIL_DATE_LEN + 1] = "";

    if (!r->asked->left) {
        return;
    }
    if (!icaltime_is_null_time(start)) {
        bw_civil_date(bw_civil_days(start.year, start.month, start.day), date);
    }
    r->asked->left(r->asked->owner, r->line, date, summary);
}

static int take_event(struct reader *r)
{
    struct icaltimetype from = icaltime_from_timet_with_zone(
        (time_t)((r->draft.from_day - 40) * DAY_S), 0, icaltimezone_get_utc_timezone());
    struct icaltimetype to = icaltime_from_timet_with_zone(
        (time_t)((r->draft.to_day + 3) * DAY_S), 0, icaltimezone_get_utc_timezone());
    const char *summary = icalcomponent_get_summary(r->event);
    size_t before = r->draft.n_spans;

    summary = summary ? summary : "";
    if (icalcomponent_count_errors(r->event) > 0) {
        return fault(r, -EINVAL, "the event has a property that cannot be read");
    }
    if (icalcomponent_get_status(r->event) == ICAL_STATUS_CANCELLED) {
        return 0;
    }
    if (find_word(r, summary) < 0) {
        return r->rc;
    }
    if (!r->word) {
        tell_left(r, summary);
        return 0;
    }
    if (take_times(r) < 0 || check_rules(r) < 0) {
        return r->rc;
    }
    icalcomponent_foreach_recurrence(r->event, from, to, take_occurrence, r);
    r->n_used += r->draft.n_spans > before;
    return r->rc;
}

/* ---- the file ----------------------------------------------------------------- */

static int note_override(struct reader *r)
{
    struct icaltimetype id = icalcomponent_get_recurrenceid(r->event);
    icalproperty *p =
        icalcomponent_get_first_property(r->event, ICAL_RECURRENCEID_PROPERTY);
    const char *uid = icalcomponent_get_uid(r->event);

    if (!p) {
        return 0;
    }
    if (icaltime_is_null_time(id) || !uid || r->n_overrides == OVERRIDES_MAX ||
        icalproperty_get_first_parameter(p, ICAL_RANGE_PARAMETER)) {
        return fault(r, -EINVAL,
                     "a RECURRENCE-ID that names no single day of a repeated event");
    }
    if (!zone_known(r->event, ICAL_RECURRENCEID_PROPERTY, id)) {
        return fault(r, -EINVAL, "the TZID of RECURRENCE-ID is defined nowhere");
    }
    r->overrides[r->n_overrides++] = (struct override){.uid = uid, .start_s = seconds(id)};
    return 0;
}

static int each_event(struct reader *r, icalcomponent *file, int (*step)(struct reader *))
{
    size_t n = 0;
    int rc = 0;

    for (icalcomponent *e = icalcomponent_get_first_component(file, ICAL_VEVENT_COMPONENT);
         e && rc == 0; e = icalcomponent_get_next_component(file, ICAL_VEVENT_COMPONENT)) {
        r->event = e;
        r->line = n < r->n_events ? r->lines[n] : 0;
        rc = step(r);
        n++;
    }
    if (rc == 0 && n != r->n_events) {
        rc = bw_err_set(r->reterr, -EINVAL,
                        "%s: %zu events begin and %zu can be read; the file is damaged",
                        r->name, r->n_events, n);
    }
    return rc;
}

static int take_base(struct reader *r, icalcomponent *file)
{
    const struct bw_schoolcal_spec *b = &r->asked->base;
    struct bw_schoolcal_draft *d = &r->draft;
    const char *name = b->name;
    int rc;

    for (icalproperty *p = icalcomponent_get_first_property(file, ICAL_X_PROPERTY);
         p && !name; p = icalcomponent_get_next_property(file, ICAL_X_PROPERTY)) {
        const char *word = icalproperty_get_x_name(p);
        name = word && strcasecmp(word, "X-WR-CALNAME") == 0 ? icalproperty_get_x(p) : NULL;
    }
    if (!name) {
        return bw_err_set(r->reterr, -EINVAL, "%s: it has no name; give it one", r->name);
    }
    d->from_day = b->from_day;
    d->to_day = b->to_day;
    memcpy(d->week, b->week, sizeof(d->week));
    d->week_given = true;
    rc = bw_schoolcal_draft_name(d, name, r->reterr);
    rc = rc < 0 ? rc : bw_schoolcal_draft_zone(d, b->zone, r->reterr);
    for (size_t i = 0; i < b->n_terms && rc == 0; i++) {
        rc = bw_schoolcal_draft_term(d, &b->terms[i], r->reterr);
    }
    return rc;
}

static int read_file(struct reader *r, icalcomponent *file, struct bw_schoolcal **ret)
{
    int rc;

    if (!file || icalcomponent_isa(file) != ICAL_VCALENDAR_COMPONENT) {
        return bw_err_set(r->reterr, -EINVAL,
                          "%s: not an iCalendar file: one VCALENDAR is wanted", r->name);
    }
    r->overrides = calloc(OVERRIDES_MAX, sizeof(*r->overrides));
    rc = r->overrides ? take_base(r, file) : -ENOMEM;
    rc = rc < 0 ? rc : each_event(r, file, note_override);
    rc = rc < 0 ? rc : each_event(r, file, take_event);
    if (rc == 0 && r->n_used == 0) {
        rc = bw_err_set(r->reterr, -EINVAL,
                        "%s: none of its %zu events has one of the words on a day of the "
                        "calendar",
                        r->name, r->n_events);
    }
    return rc < 0 ? rc : bw_schoolcal_draft_finish(&r->draft, r->name, ret, r->reterr);
}

int bw_schoolcal_read_ical(const char *name,
                           const char *text,
                           size_t n,
                           const struct bw_ical_asked *asked,
                           struct bw_schoolcal **ret,
                           struct bw_err *reterr)
{
    struct reader r = {.name = name, .asked = asked, .reterr = reterr};
    icalcomponent *file = NULL;
    struct bw_tz *tz = NULL;
    int rc;

    bw_schoolcal_draft_init(&r.draft);
    icalerror_set_errors_are_fatal(0);
    if (!asked->base.zone || asked->base.from_day == BW_UNKNOWN ||
        asked->base.to_day == BW_UNKNOWN || asked->n_words == 0) {
        rc = bw_err_set(reterr, -EINVAL,
                        "%s: an iCalendar file says neither the school's time zone nor the "
                        "calendar's first and last day, nor which events are what; say "
                        "--tz, --from, --to and --no-school or the like",
                        name);
        goto out;
    }
    if (n > BW_ICAL_BYTES_MAX || memchr(text, '\0', n)) {
        rc = bw_err_set(reterr, -EINVAL, "%s: longer than %d bytes, or no text", name,
                        BW_ICAL_BYTES_MAX);
        goto out;
    }
    rc = bw_tz_load(asked->base.zone, &tz, reterr);
    rc = rc < 0 ? rc : find_lines(&r, text, n);
    if (rc < 0) {
        goto out;
    }
    r.tz = tz;
    file = icalparser_parse_string(text);
    rc = read_file(&r, file, ret);
out:
    if (rc == -ENOMEM) {
        (void)bw_err_set(reterr, rc, "out of memory");
    }
    if (file) {
        icalcomponent_free(file);
    }
    icaltimezone_free_builtin_timezones();
    icalmemory_free_ring();
    bw_schoolcal_draft_done(&r.draft);
    bw_tz_free(tz);
    free(r.overrides);
    free(r.lines);
    return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertdates.c - digests of a week and a month, and reminders, each once. */
#include "alertkeeper_private.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <dates.h>
#include <errno.h>
#include <grow.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <tz.h>

enum {
    DIGEST_BYTES = 200 * 1024,
    DIGEST_ROWS = 5000,
    LISTED = 40,
    PLACES = 10
};

/* ---- what a stretch of time had ---------------------------------------------------------
 */

struct place {
    char scope[97];
    char name[BW_ALERT_ROW_NAME + 1];
    int64_t n;
};

struct digest {
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t opened[BW_ALERT_KINDS];
    int64_t n_opened;
    int64_t n_open; /* now */
    int64_t n_unacked;
    struct bw_alert_row open[LISTED];
    size_t n_listed;
    struct place *places;
    size_t n_places, cap_places;
};

static int on_row(void *owner, const struct bw_alert_row *a)
{
    struct digest *d = owner;
    bool within = a->opened_unix_s >= d->from_unix_s && a->opened_unix_s < d->to_unix_s;
    size_t i = 0;

    for (int k = 0; within && k < BW_ALERT_KINDS; k++) {
        d->opened[k] += strcmp(a->kind, bw_alert_kind_name((enum bw_alert_kind)k)) == 0;
    }
    d->n_opened += within;
    if (a->closed_unix_s == BW_UNKNOWN) {
        d->n_open++;
        d->n_unacked += a->acked_unix_s == BW_UNKNOWN;
        if (d->n_listed < LISTED) {
            d->open[d->n_listed++] = *a;
        }
    }
    if (!within || !a->site[0]) {
        return 0;
    }
    while (i < d->n_places && strcmp(d->places[i].scope, a->site) != 0) {
        i++;
    }
    if (i == d->n_places) {
        struct place *room = bw_grow(d->places, d->n_places, &d->cap_places, sizeof(*room));
        if (!room) {
            return -ENOMEM;
        }
        d->places = room;
        d->places[d->n_places++].n = 0;
        (void)snprintf(d->places[i].scope, sizeof(d->places[i].scope), "%s", a->site);
        (void)snprintf(d->places[i].name, sizeof(d->places[i].name), "%s", a->name);
    }
    d->places[i].n++;
    return 0;
}

static int most_first(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;

    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->scope, y->scope);
}

static int64_t start_of(const struct bw_alertkeeper *k, int64_t day)
{
    int y;
    int m;
    int d;

    bw_civil_from_days(day, &y, &m, &d);
    return bw_tz_day_start(k->tz, y, m, d);
}

/* ---- the same in words, line by line: "- " begins one of a list, "# " a heading ---------
 */

static void say_state(const struct bw_room *r, struct bw_buf *b)
{
    int64_t n[BW_ROOM_CONDITIONS] = {0};
    int64_t watched = 0;

    for (size_t i = 0; i < r->n_sites; i++) {
        const struct bw_room_site *s = &r->sites[i];
        bool served = s->freshness == BW_FRESH || s->freshness == BW_SILENT;
        watched += served;
        for (int c = 0; served && c < BW_ROOM_BELOW; c++) {
            n[c] += bw_room_spell_on(&s->spell[c]);
        }
    }
    for (size_t i = 0; i < r->n_circuits; i++) {
        for (int c = 0; c < BW_ROOM_CONDITIONS - BW_ROOM_BELOW; c++) {
            n[c + BW_ROOM_BELOW] += bw_room_spell_on(&r->circuits[i].spell[c]);
        }
    }
    bw_buf_printf(
        b,
        "# Now\n- %" PRId64 " of %" PRId64 " boxes are silent\n- %" PRId64
        " circuits test below 80 %% of their claim\n- %" PRId64
        " circuits are full in class hours\n- %" PRId64 " circuits have evidence at risk\n",
        n[BW_ROOM_SILENT], watched, n[BW_ROOM_BELOW], n[BW_ROOM_FULL], n[BW_ROOM_AT_RISK]);
}

static void say(const struct bw_alertkeeper *k,
                const struct bw_room *r,
                struct digest *d,
                struct bw_buf *b)
{
    char from[40];
    char to[40];

    bw_alert_time(k->tz, d->from_unix_s, from);
    bw_alert_time(k->tz, d->to_unix_s, to);
    bw_buf_printf(b,
                  "%" PRId64 " alerts were opened from %s to %s; %" PRId64
                  " are open now, %" PRId64 " of these acknowledged by nobody.\n",
                  d->n_opened, from, to, d->n_open, d->n_unacked);
    for (int i = 0; i < BW_ALERT_KINDS; i++) {
        const char *kind = bw_alert_kind_name((enum bw_alert_kind)i);
        if (d->opened[i] > 0) {
            bw_buf_printf(b, "- %" PRId64 " × %s\n", d->opened[i], bw_alert_short(kind));
        }
    }
    if (d->n_places > 0) {
        qsort(d->places, d->n_places, sizeof(*d->places), most_first);
        bw_buf_puts(b, "# Most often\n");
    }
    for (size_t i = 0; i < d->n_places && i < PLACES; i++) {
        bw_buf_printf(b, "- %s %s: %" PRId64 "\n", d->places[i].scope, d->places[i].name,
                      d->places[i].n);
    }
    if (d->n_listed > 0) {
        bw_buf_puts(b, "# Open now\n");
    }
    for (size_t i = 0; i < d->n_listed; i++) {
        bw_alert_time(k->tz, d->open[i].since_unix_s, from);
        bw_buf_printf(b, "- %s %s: %s, since %s\n", d->open[i].scope, d->open[i].name,
                      bw_alert_short(d->open[i].kind), from);
    }
    say_state(r, b);
    if (k->url[0]) {
        bw_buf_printf(b, "%s/alerts\n", k->url);
    }
}

/* Lines as HTML. */
static void as_html(struct bw_buf *out, const char *lines)
{
    bool list = false;

    while (*lines) {
        size_t n = strcspn(lines, "\n");
        char one[1200];
        (void)snprintf(one, sizeof(one), "%.*s", (int)(n < 1190 ? n : 1190), lines);
        bool item = strncmp(one, "- ", 2) == 0;
        bool head = strncmp(one, "# ", 2) == 0;
        bool link = strncmp(one, "https://", 8) == 0 || strncmp(one, "http://", 7) == 0;
        if (item != list) {
            bw_buf_puts(out, item ? "<ul>\n" : "</ul>\n");
            list = item;
        }
        bw_buf_puts(out, item   ? "<li><bdi>"
                         : head ? "<h2>"
                         : link ? "<p><a href=\""
                                : "<p>");
        bw_text_html(out, one + (item || head ? 2 : 0));
        if (link) {
            bw_buf_puts(out, "\">");
            bw_text_html(out, one);
            bw_buf_puts(out, "</a>");
        }
        bw_buf_puts(out, item ? "</bdi></li>\n" : head ? "</h2>\n" : "</p>\n");
        lines += n + (lines[n] == '\n');
    }
    if (list) {
        bw_buf_puts(out, "</ul>\n");
    }
}

static int post_lines(struct bw_alertkeeper *k,
                      const char *key,
                      const char *subject,
                      const char *lines,
                      bool digest,
                      int64_t now_s,
                      struct bw_err *reterr)
{
    struct bw_buf text;
    struct bw_buf html;
    int r = 0;

    bw_buf_init(&text, DIGEST_BYTES);
    bw_buf_init(&html, DIGEST_BYTES);
    bw_text_terminal(&text, lines, strlen(lines));
    bw_alert_text_end(&k->voice, &text);
    bw_alert_html_begin(&html, subject);
    as_html(&html, lines);
    bw_alert_html_end(&k->voice, &html);
    for (size_t i = 0; r == 0 && i < k->conf.n_recipients; i++) {
        const struct bw_config_recipient *to = &k->conf.recipients[i];
        if (digest ? to->digests : to->reminders) {
            r = bw_alert_post_mail(k, key, NULL, to->address, subject, text.data, html.data,
                                   now_s, reterr);
        }
    }
    bw_buf_done(&text);
    bw_buf_done(&html);
    return r;
}

/* ---- what is due -----------------------------------------------------------------------
 */

static int post_digest(struct bw_alertkeeper *k,
                       const struct bw_room *r,
                       const char *what,
                       int64_t from_day,
                       int64_t to_day,
                       int64_t now_s,
                       struct bw_err *reterr)
{
    struct digest *d = calloc(1, sizeof(*d));
    struct bw_buf b;
    char key[64];
    char subject[256];
    char date[BW_CIVIL_DATE_LEN + 1];
    int rc = 0;

    bw_buf_init(&b, DIGEST_BYTES);
    if (!d) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_civil_date(from_day, date);
    (void)snprintf(key, sizeof(key), "digest/%s/%s", what, date);
    (void)snprintf(subject, sizeof(subject), "[%s] The %s from %s", k->title, what, date);
    rc = bw_alertstore_number(k->store, key, &d->from_unix_s, reterr);
    if (rc == 0 && d->from_unix_s == BW_UNKNOWN) { /* not made yet */
        d->from_unix_s = start_of(k, from_day);
        d->to_unix_s = start_of(k, to_day);
        rc = bw_alertstore_list(k->store, NULL, d->from_unix_s, d->to_unix_s, true,
                                DIGEST_ROWS, on_row, d, reterr);
        if (rc == 0) {
            say(k, r, d, &b);
            rc = post_lines(k, key, subject, b.data ? b.data : "", true, now_s, reterr);
        }
        rc = rc < 0 ? rc : bw_alertstore_set(k->store, key, now_s, reterr);
    }
    free(d->places);
    free(d);
    bw_buf_done(&b);
    return rc;
}

static int post_reminders(struct bw_alertkeeper *k,
                          int64_t began_day,
                          int64_t day,
                          int64_t now_s,
                          struct bw_err *reterr)
{
    struct bw_date due[BW_DATES_MAX];
    size_t n = bw_dates_due(day, due);
    char key[96];
    char subject[300];
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        if (due[i].day < began_day) {
            continue;
        }
        (void)snprintf(key, sizeof(key), "reminder/%s", due[i].key);
        (void)snprintf(subject, sizeof(subject), "[%s] %s", k->title, due[i].title);
        r = post_lines(k, key, subject, due[i].words, false, now_s, reterr);
    }
    return r;
}

int bw_alert_dates(struct bw_alertkeeper *k,
                   const struct bw_room *r,
                   int64_t now_unix_s,
                   struct bw_err *reterr)
{
    struct bw_civil now;
    struct bw_civil then;
    int64_t began = 0;
    int64_t from;
    int64_t to;
    int rc = bw_alertstore_number(k->store, "began", &began, reterr);

    bw_tz_local(k->tz, now_unix_s, &now);
    if (rc < 0 || began == BW_UNKNOWN || now.hour * 60 + now.minute < k->conf.digest_min) {
        return rc;
    }
    int64_t day = bw_civil_days(now.year, now.month, now.day);
    bw_tz_local(k->tz, began, &then);
    int64_t began_day = bw_civil_days(then.year, then.month, then.day);
    if (k->conf.weekly && bw_dates_week(day, &from, &to) && to > began_day) {
        rc = post_digest(k, r, "week", from, to, now_unix_s, reterr);
    }
    if (rc == 0 && k->conf.monthly && bw_dates_month(day, &from, &to) && to > began_day) {
        rc = post_digest(k, r, "month", from, to, now_unix_s, reterr);
    }
    return rc < 0 ? rc : post_reminders(k, began_day, day, now_unix_s, reterr);
}

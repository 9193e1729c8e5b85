/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_alerts.c - the page of alerts: which are open, which were, one with its history, and
 * the form that says that somebody knows.
 *
 * Invariant: of an alert is shown what its viewer may see of its site; one of no site is
 * the state's. */
#include "page_alerts.h"
#include <page_parts.h>

#include <alertstore.h>
#include <alertwords.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <inttypes.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

enum {
    PAGE_MAX = 1024 * 1024,
    ROWS = 300,
    DAYS = 28,
    BEFORE_S = 6 * 3600, /* of its pictures: before it began, and from then on */
    AFTER_S = 18 * 3600,
    DAY_S = 86400
};

struct alerts_page {
    struct bw_http_req *req;
    const struct bw_viewer *viewer;
    char path[PATH_MAX + 16];
    char title[128];
    int64_t id; /* unknown: the list */
    bool ack;
    int64_t now_s;
    bool open_part;
    int64_t n;
    struct bw_buf out;
    int r;
    struct bw_err err;
};

static bool sees(const struct alerts_page *p, const struct bw_alert_row *a)
{
    return a->site[0] ? bw_viewer_sees_site(p->viewer, a->site)
                      : bw_viewer_sees_state(p->viewer);
}

/* ---- the list --------------------------------------------------------------------------
 */

static void place(struct bw_buf *b, const struct bw_alert_row *a)
{
    const char *dot = strchr(a->scope, '.');

    if (!a->site[0]) {
        bw_buf_puts(b, "the collector");
        return;
    }
    bw_buf_puts(b, dot ? "<a href=\"/circuits/" : "<a href=\"/sites/");
    bw_text_url(b, dot ? a->scope : a->site);
    int64_t since = a->since_unix_s != BW_UNKNOWN ? a->since_unix_s : a->opened_unix_s;
    if (dot && since != BW_UNKNOWN) { /* its pictures, from before it began */
        bw_buf_printf(b, "?range=%" PRId64 "..%" PRId64 "#graphs", since - BEFORE_S,
                      since + AFTER_S);
    }
    bw_buf_puts(b, "\">");
    bw_page_name(b, a->name[0] ? a->name : a->scope);
    bw_buf_puts(b, "</a> <span class=\"mono soft\">");
    bw_text_html(b, a->scope);
    bw_buf_puts(b, "</span>");
}

static void matter(struct bw_buf *b, const struct bw_alert_row *a)
{
    bw_buf_printf(b, "<a href=\"/alerts/%" PRId64 "\">", a->id);
    bw_text_html(b, bw_alert_short(a->kind));
    bw_buf_puts(b, "</a>");
    if (a->closed_unix_s == BW_UNKNOWN && a->told_unix_s == BW_UNKNOWN && a->held[0]) {
        bw_buf_puts(b, " <span class=\"soft\">held: ");
        bw_text_html(b, a->held);
        bw_buf_puts(b, "</span>");
    }
}

static void when(struct bw_buf *b, int64_t unix_s)
{
    if (unix_s == BW_UNKNOWN) {
        bw_buf_puts(b, "–");
    } else {
        bw_page_time(b, unix_s);
    }
}

static int on_row(void *owner, const struct bw_alert_row *a)
{
    struct alerts_page *p = owner;
    struct bw_buf *b = &p->out;
    bool open = a->closed_unix_s == BW_UNKNOWN;

    if (open != p->open_part || !sees(p, a)) {
        return 0;
    }
    if (p->n++ == 0) {
        bw_page_table_begin(b, open ? "Open alerts" : "Alerts that are over",
                            open ? "<th scope=\"col\">What</th><th scope=\"col\">Where</th>"
                                   "<th scope=\"col\">Since (UTC)</th>"
                                   "<th scope=\"col\">Known to</th>"
                                 : "<th scope=\"col\">What</th><th scope=\"col\">Where</th>"
                                   "<th scope=\"col\">Since (UTC)</th>"
                                   "<th scope=\"col\">Closed</th>"
                                   "<th scope=\"col\">Cause</th>");
    }
    bw_buf_puts(b, "<tr><td>");
    matter(b, a);
    bw_buf_puts(b, "</td><td>");
    place(b, a);
    bw_buf_puts(b, "</td><td>");
    when(b, a->since_unix_s);
    bw_buf_puts(b, "</td><td>");
    if (open && a->acked_unix_s != BW_UNKNOWN) {
        bw_page_name(b, a->acked_by);
    } else if (open) {
        bw_buf_puts(b, "nobody yet");
    } else {
        when(b, a->closed_unix_s);
        bw_buf_puts(b, "</td><td>");
        bw_text_html(b, a->cause[0] ? a->cause : "–");
    }
    bw_buf_puts(b, "</td></tr>");
    return 0;
}

static int part(struct alerts_page *p, struct bw_alertstore *s, bool open)
{
    p->open_part = open;
    p->n = 0;
    bw_buf_puts(&p->out, open ? "<h2>Open</h2>" : "<h2>Over, of the last 28 days</h2>");
    int r = bw_alertstore_list(s, NULL, open ? 0 : p->now_s - (int64_t)DAYS * DAY_S,
                               open ? 0 : p->now_s + 1, open, open ? 20 * ROWS : ROWS,
                               on_row, p, &p->err);
    if (p->n > 0) {
        bw_page_table_end(&p->out);
    } else {
        bw_buf_puts(&p->out, "<p>None.</p>");
    }
    return r;
}

static int list(struct alerts_page *p, struct bw_alertstore *s)
{
    bw_page_begin_at(&p->out, "Alerts", p->title, BW_PLACE_ALERTS, p->viewer);
    bw_buf_puts(
        &p->out,
        "<h1>Alerts</h1><p class=\"soft\">What lasted for long enough to be told. A "
        "box that delivers nothing is silent; an outage is stated only by its own "
        "records. Figures are quick looks; reports have them with their gaps.</p>");
    if (!s) {
        bw_buf_puts(&p->out, "<p>None yet: nothing was looked at.</p>");
        return 0;
    }
    int r = part(p, s, true);
    return r < 0 ? r : part(p, s, false);
}

/* ---- one -------------------------------------------------------------------------------
 */

static void row(struct bw_buf *b, const char *head)
{
    bw_buf_printf(b, "<dt>%s</dt><dd>", head);
}

static int on_act(void *owner, const struct bw_alert_act *a)
{
    struct alerts_page *p = owner;

    bw_buf_puts(&p->out, "<tr><td>");
    bw_page_time(&p->out, a->at_unix_s);
    bw_buf_puts(&p->out, "</td><td>");
    bw_text_html(&p->out, a->what);
    bw_buf_puts(&p->out, "</td><td>");
    bw_page_name(&p->out, a->words);
    bw_buf_puts(&p->out, "</td></tr>");
    return 0;
}

static void facts(struct alerts_page *p, const struct bw_alert_row *a)
{
    struct bw_buf *b = &p->out;

    bw_buf_puts(b, "<dl class=\"facts\">");
    row(b, "Where");
    place(b, a);
    bw_buf_puts(b, "</dd>");
    row(b, "Since (UTC)");
    when(b, a->since_unix_s);
    bw_buf_puts(b, "</dd>");
    row(b, "Told");
    if (a->told_unix_s != BW_UNKNOWN) {
        bw_page_time(b, a->told_unix_s);
    } else {
        bw_buf_puts(b, "no, held: ");
        bw_text_html(b, a->held[0] ? a->held : "unknown");
        if (a->held_by > 0) {
            bw_buf_printf(b, " (<a href=\"/alerts/%" PRId64 "\">alert %" PRId64 "</a>)",
                          a->held_by, a->held_by);
        }
    }
    bw_buf_puts(b, "</dd>");
    if (a->closed_unix_s != BW_UNKNOWN) {
        row(b, "Over");
        when(b, a->over_unix_s != BW_UNKNOWN ? a->over_unix_s : a->closed_unix_s);
        bw_buf_puts(b, "</dd>");
    }
    if (strcmp(a->kind, "silent") == 0 && a->closed_unix_s != BW_UNKNOWN) {
        row(b, "Cause");
        if (a->cause[0]) {
            bw_text_html(b, a->cause_words);
            bw_buf_puts(b, ".");
        } else {
            bw_buf_puts(b, "not known yet: its records of that time have not all come");
        }
        bw_buf_puts(b, "</dd>");
    }
    if (a->acked_unix_s != BW_UNKNOWN) {
        row(b, "Known to");
        bw_page_name(b, a->acked_by);
        bw_buf_puts(b, ", ");
        bw_page_time(b, a->acked_unix_s);
        if (a->note[0]) {
            bw_buf_puts(b, ": ");
            bw_page_name(b, a->note);
        }
        bw_buf_puts(b, "</dd>");
    }
    bw_buf_puts(b, "</dl>");
}

static int one(struct alerts_page *p, struct bw_alertstore *s)
{
    struct bw_alert_row a;
    struct bw_buf *b = &p->out;
    char title[64];
    int r = bw_alertstore_get(s, p->id, &a, &p->err);

    if (r < 0 || !sees(p, &a)) {
        return r < 0 ? r : -ENOENT;
    }
    if (p->ack) {
        r = bw_alertstore_ack(s, p->id, p->now_s, p->viewer->name, "", &p->err);
        return r == -EALREADY ? 0 : r;
    }
    (void)snprintf(title, sizeof(title), "Alert %" PRId64, a.id);
    bw_page_begin_at(b, title, p->title, BW_PLACE_ALERTS, p->viewer);
    bw_buf_puts(b, "<p class=\"crumbs\"><a href=\"/alerts\">All alerts</a></p><h1>");
    bw_text_html(b, bw_alert_short(a.kind));
    bw_buf_puts(b, "</h1><p>");
    bw_page_name(b, a.words);
    bw_buf_puts(b, "</p>");
    facts(p, &a);
    if (a.closed_unix_s == BW_UNKNOWN && a.acked_unix_s == BW_UNKNOWN &&
        bw_viewer_may(p->viewer, BW_NEED_SAY) && !p->viewer->open) {
        bw_buf_printf(b, "<form method=\"post\" action=\"/alerts/%" PRId64 "/ack\">", a.id);
        bw_viewer_form(p->viewer, b);
        bw_buf_puts(b, "<p><button>I know of it</button></p></form>");
    }
    bw_buf_puts(b, "<h2>History</h2>");
    bw_page_table_begin(b, "History of the alert",
                        "<th scope=\"col\">When (UTC)</th><th scope=\"col\">What</th>"
                        "<th scope=\"col\">Words</th>");
    r = bw_alertstore_acts(s, a.id, on_act, p, &p->err);
    bw_page_table_end(b);
    return r;
}

/* ---- requests --------------------------------------------------------------------------
 */

static void work(void *job, struct bw_reader *reader, const struct bw_err *err)
{
    struct alerts_page *p = job;
    struct bw_alertstore *s = NULL;

    (void)reader;
    (void)err;
    p->r = p->ack ? bw_alertstore_open(p->path, false, &s, &p->err)
                  : bw_alertstore_open_read(p->path, &s, &p->err);
    if (p->r == 0 || (p->r == -ENOENT && p->id == BW_UNKNOWN)) {
        p->r = p->id == BW_UNKNOWN ? list(p, s) : one(p, s);
        bw_page_end(&p->out, p->now_s * 1000);
    }
    bw_alertstore_close(s);
}

static void after(void *job, int cancelled)
{
    struct alerts_page *p = job;

    if (cancelled) {
        bw_page_sorry(p->req, 503, "the collector is stopping");
    } else if (p->r == -ENOENT) {
        bw_page_sorry(p->req, 404, "there is no such alert");
    } else if (p->r < 0) {
        bw_page_sorry(p->req, 503, p->err.text);
    } else if (p->ack) {
        char to[40];
        (void)snprintf(to, sizeof(to), "/alerts/%" PRId64, p->id);
        bw_buf_clear(&p->out);
        bw_http_add(p->req, "Location", to);
        bw_http_reply(p->req, 303, "text/plain", &p->out);
    } else {
        bw_http_reply(p->req, 200, "text/html; charset=utf-8", &p->out);
    }
    bw_buf_done(&p->out);
    free(p);
}

static struct alerts_page *begin(struct bw_collector *c, struct bw_http_req *req)
{
    struct alerts_page *p = calloc(1, sizeof(*p));

    if (p) {
        p->req = req;
        p->viewer = bw_door_viewer(req);
        p->id = BW_UNKNOWN;
        p->now_s = bw_clock_unix_ms() / 1000;
        (void)snprintf(p->path, sizeof(p->path), "%s/alerts.db", c->data_folder);
        (void)snprintf(p->title, sizeof(p->title), "%s", c->conf->title);
        bw_buf_init(&p->out, PAGE_MAX);
    }
    return p;
}

static void run(struct bw_collector *c, struct bw_http_req *req, struct alerts_page *p)
{
    if (!p || bw_readers_run(c->readers, work, after, p) < 0) {
        free(p);
        bw_page_sorry(req, 503, "too many ask just now");
    }
}

static bool id_of(struct bw_http_req *req, int64_t *ret)
{
    const char *text = bw_http_param(req, 0);
    size_t n = strlen(text);

    if (n == 0 || n > 15 || strspn(text, "0123456789") != n) {
        bw_page_sorry(req, 404, "there is no such alert");
        return false;
    }
    *ret = strtoll(text, NULL, 10);
    return true;
}

void bw_page_alerts(void *owner, struct bw_http_req *req)
{
    run(owner, req, begin(owner, req));
}

void bw_page_alert(void *owner, struct bw_http_req *req)
{
    int64_t id = 0;

    if (id_of(req, &id)) {
        struct alerts_page *p = begin(owner, req);
        if (p) {
            p->id = id;
        }
        run(owner, req, p);
    }
}

void bw_page_alert_ack(void *owner, struct bw_http_req *req)
{
    int64_t id = 0;

    if (id_of(req, &id)) {
        struct alerts_page *p = begin(owner, req);
        if (p) {
            p->id = id;
            p->ack = true;
        }
        run(owner, req, p);
    }
}

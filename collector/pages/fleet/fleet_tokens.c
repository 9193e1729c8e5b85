/* SPDX-License-Identifier: GPL-3.0-or-later
 * fleet_tokens.c - tokens for many boxes: an administrator pastes a table of sites and gets
 * the same table back with a token in each row.
 *
 * Invariant: a token is in one answer and nowhere else; while one row is wrong, nothing is
 * made; the act is kept before anything is. */
#include "page_fleet.h"
#include <page_parts.h>

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <collector.h>
#include <csvrows.h>
#include <door.h>
#include <errno.h>
#include <http.h>
#include <people.h>
#include <plural.h>
#include <readers.h>
#include <roster.h>
#include <share_form.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

enum {
    PAGE_MAX = 2 * 1024 * 1024,
    DAYS_USUAL = 14,
    DAYS_MAX = 90,
    DAY_S = 86400
};

struct tokens_job {
    struct bw_http_req *req;
    struct bw_collector *c;
    char title[BW_LABEL_MAX + 1];
    char by[BW_PERSON_MAX + 1];
    char *table; /* as it was pasted */
    size_t n_table;
    char days[8];
    struct bw_roster *roster;
    bool acted;
    int r;
    struct bw_err err;
    struct bw_buf out; /* the table with tokens */
};

/* ---- the page ---------------------------------------------------------------------------
 */

static void write_wrong(struct bw_buf *b, const struct tokens_job *j)
{
    const char *words = NULL;
    size_t n = j->roster ? bw_roster_wrong(j->roster, &words) : 0;

    bw_buf_puts(b, "<div class=\"note\" role=\"alert\"><p>Nothing was made: ");
    bw_text_html(b, j->err.text);
    bw_buf_puts(b, ".</p>");
    if (n > 0) {
        bw_buf_puts(b, "<pre>");
        bw_text_html(b, words);
        if (n > BW_ROSTER_WRONG_MAX) {
            bw_buf_printf(b, "and %zu more", n - BW_ROSTER_WRONG_MAX);
        }
        bw_buf_puts(b, "</pre>");
    }
    bw_buf_puts(b, "</div>");
}

static void write_form(struct bw_buf *b, const struct tokens_job *j)
{
    bw_buf_puts(b, "<form class=\"door\" method=\"post\" action=\"/fleet/tokens\">");
    bw_viewer_form(bw_door_viewer(j->req), b);
    bw_buf_puts(b, "<p><label for=\"table\">Table of sites: CSV, or rows copied out of a "
                   "spreadsheet</label><textarea id=\"table\" name=\"table\" rows=\"12\" "
                   "required spellcheck=\"false\" autocomplete=\"off\" "
                   "aria-describedby=\"how\">");
    if (j->table) {
        bw_text_html(b, j->table);
    } else {
        bw_buf_puts(b, "id,name,entity\n");
    }
    bw_buf_printf(
        b,
        "</textarea></p><p><label for=\"days\">Days that the tokens are good for, 1 "
        "to %d</label><input id=\"days\" name=\"days\" required value=\"",
        DAYS_MAX);
    bw_text_html(b, j->days[0] ? j->days : "14");
    bw_buf_puts(b, "\" inputmode=\"numeric\" maxlength=\"3\"></p>"
                   "<p><button>Make the tokens</button></p></form>");
}

static void answer_page(struct tokens_job *j, unsigned status)
{
    struct bw_buf b;

    bw_buf_init(&b, PAGE_MAX);
    bw_page_begin_at(&b, "Tokens for many boxes", j->title, BW_PLACE_FLEET,
                     bw_door_viewer(j->req));
    bw_buf_puts(&b, "<p class=\"crumbs\"><a href=\"/fleet\">Fleet</a></p>"
                    "<h1>Tokens for many boxes</h1>");
    if (j->err.text[0]) {
        write_wrong(&b, j);
    }
    bw_buf_printf(
        &b,
        "<p id=\"how\">One site a line, at most %d. <b>entity</b> is a school or district "
        "by "
        "id or name. A line without <b>id</b> becomes a new site; one with the id of a "
        "site that waits for its box gets another token. What comes back is the same table "
        "with a token in each line, as a file, <b>once</b>: nobody can look it up again. "
        "Each token brings in one box. While a line is wrong, nothing is made.</p>",
        BW_ROSTER_ROWS_MAX);
    write_form(&b, j);
    bw_buf_puts(&b, "<p class=\"soft small\">On the collector's machine: <code>bandwitness "
                    "token create --csv FILE</code>.</p>");
    bw_page_end(&b, bw_clock_unix_ms());
    bw_http_add(j->req, "Cache-Control", "no-store");
    bw_http_reply(j->req, status, "text/html; charset=utf-8", &b);
}

/* ---- made -------------------------------------------------------------------------------
 */

static int keep_act(struct tokens_job *j)
{
    char detail[128];
    const struct bw_act_said act = {
        .act = "tokens-create", .by = j->by, .via = "web", .about = "", .detail = detail};

    (void)snprintf(detail, sizeof(detail), "%zu %s, %zu of them new, %s %s",
                   bw_roster_rows(j->roster),
                   bw_plural((int64_t)bw_roster_rows(j->roster), "site", "sites"),
                   bw_roster_n_new(j->roster), j->days,
                   bw_plural(strtoll(j->days, NULL, 10), "day", "days"));
    j->acted = true;
    return bw_door_act(j->c->door, &act, &j->err);
}

static int read_table(struct tokens_job *j)
{
    struct bw_buf csv_text;
    struct bw_csv *csv = NULL;
    int r;

    bw_buf_init(&csv_text, (size_t)4 * BW_ROSTER_BYTES_MAX);
    bw_roster_pasted(j->table, j->n_table, &csv_text);
    r = bw_buf_error(&csv_text);
    r = r < 0 ? bw_err_set(&j->err, r, "the table is too large")
              : bw_csv_memory("line", csv_text.data ? csv_text.data : "", csv_text.len,
                              &csv, &j->err);
    r = r < 0 ? r : bw_roster_read(csv, &j->roster, &j->err);
    bw_csv_close(csv);
    bw_buf_done(&csv_text);
    return r;
}

static void work(void *job, struct bw_reader *reader, const struct bw_err *err)
{
    struct tokens_job *j = job;
    int64_t now_s = bw_clock_unix_ms() / 1000;
    char *end = NULL;
    long days = strtol(j->days, &end, 10);
    const char *words;

    if (!reader) {
        j->r = -EIO;
        j->err = *err;
        return;
    }
    if (!j->days[0] || *end || days < 1 || days > DAYS_MAX) {
        j->r = bw_err_set(&j->err, -EINVAL, "tokens are good for 1 to %d days", DAYS_MAX);
        return;
    }
    j->r = read_table(j);
    j->r = j->r < 0 ? j->r : bw_roster_look(j->roster, reader->catalogue, &j->err);
    if (j->r == 0 && bw_roster_wrong(j->roster, &words) > 0) {
        j->r = bw_err_set(&j->err, -EINVAL, "%zu of %zu lines are wrong",
                          bw_roster_wrong(j->roster, &words), bw_roster_rows(j->roster));
    }
    j->r = j->r < 0 ? j->r : keep_act(j);
    j->r = j->r < 0 ? j->r
                    : bw_roster_make(j->roster, reader->catalogue, now_s,
                                     now_s + (int64_t)days * DAY_S, &j->err);
    if (j->r == 0) {
        bw_roster_write(j->roster, &j->out);
        j->r = bw_buf_error(&j->out);
    }
}

static void job_free(struct tokens_job *j)
{
    bw_roster_free(j->roster);
    bw_buf_done(&j->out);
    free(j->table);
    free(j);
}

static void after(void *job, int cancelled)
{
    struct tokens_job *j = job;

    if (j->acted) {
        bw_door_acted(j->c->door);
    }
    if (cancelled) {
        bw_page_sorry(j->req, 503, "not possible now; nothing was made");
    } else if (j->r < 0) {
        if (!j->err.text[0]) {
            (void)bw_err_set(&j->err, j->r, "%s", bw_strerror(j->r));
        }
        answer_page(j, 400);
    } else {
        bw_http_add(j->req, "Cache-Control", "no-store");
        bw_http_add(j->req, "Content-Disposition", "attachment; filename=\"tokens.csv\"");
        bw_http_reply(j->req, 200, "text/csv; charset=utf-8; header=present", &j->out);
    }
    job_free(j);
}

/* ---- requests ---------------------------------------------------------------------------
 */

static struct tokens_job *job_new(struct bw_collector *c, struct bw_http_req *req)
{
    struct tokens_job *j = calloc(1, sizeof(*j));

    if (!j) {
        bw_page_sorry(req, 503, "not possible now; nothing was made");
        return NULL;
    }
    j->req = req;
    j->c = c;
    (void)snprintf(j->title, sizeof(j->title), "%s", c->conf->title);
    (void)snprintf(j->by, sizeof(j->by), "%s", bw_door_viewer(req)->name);
    bw_buf_init(&j->out, PAGE_MAX);
    return j;
}

void bw_page_fleet_tokens(void *owner, struct bw_http_req *req)
{
    struct tokens_job *j = job_new(owner, req);

    if (j) {
        answer_page(j, 200);
        job_free(j);
    }
}

void bw_page_fleet_tokens_post(void *owner, struct bw_http_req *req)
{
    struct tokens_job *j = job_new(owner, req);
    size_t n = 0;
    const char *body = bw_http_body(req, &n);
    int r = 0;

    if (!j) {
        return;
    }
    j->table = calloc(1, BW_ROSTER_BYTES_MAX + 1);
    struct bw_share_form_field fields[] = {
        {.name = "table", .out = j->table, .cap = BW_ROSTER_BYTES_MAX + 1},
        {.name = "days", .out = j->days, .cap = sizeof(j->days)},
        {.name = NULL}};
    r = j->table ? bw_share_form_read_long(body, n, BW_FLEET_FORM_BYTES, fields) : -ENOMEM;
    for (size_t i = 0; i < fields[0].n && r == 0; i++) { /* browsers send CR LF */
        if (j->table[i] != '\r') {
            j->table[j->n_table++] = j->table[i];
        }
    }
    if (j->table) {
        j->table[j->n_table] = '\0';
    }
    if (r < 0) {
        (void)bw_err_set(&j->err, r,
                         r == -E2BIG ? "the table is too large; cut it in two"
                                     : "that was not this page's form");
        answer_page(j, 400);
        job_free(j);
    } else if (bw_readers_run(((struct bw_collector *)owner)->readers, work, after, j) <
               0) {
        after(j, 1);
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * claim_lines.c - the claims on file. */
#include "claim_lines.h"

#include <bound.h>
#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

static int take_claim(void *owner, const struct bw_said *said)
{
    struct claim_lines *l = owner;
    const struct bw_statement *s = said->statement;
    struct claim_row row;
    memset(&row, 0, sizeof(row));
    if (!s->body || bw_claimline_decode(s->body, s->n_body, &row.line, NULL) < 0) {
        bw_claimline_done(&row.line);
        l->unread++;
        return 0;
    }
    if (l->year != BW_UNKNOWN && row.line.year != l->year) {
        bw_claimline_done(&row.line);
        return 0;
    }
    void *room = bw_grow(l->rows, l->n, &l->cap, sizeof(*l->rows));
    if (!room) {
        bw_claimline_done(&row.line);
        return -ENOMEM;
    }
    l->rows = room;
    memcpy(row.about, s->about, sizeof(row.about));
    memcpy(row.id, said->id, sizeof(row.id));
    memcpy(row.by, s->by, sizeof(row.by));
    row.said_unix_s = s->said_unix_s;
    l->rows[l->n++] = row;
    return 0;
}

static bool is_listed(const struct claim_row *row, const char *circuit)
{
    for (size_t i = 0; i < row->n_bound; i++) {
        if (strcmp(row->bound[i], circuit) == 0) {
            return true;
        }
    }
    return false;
}

/* A circuit once, however often it was bound: for days that are apart. */
static int take_binding(void *owner, const char *about, const struct bw_bound *b)
{
    struct claim_lines *l = owner;
    const char *circuit = strncmp(about, "circuit:", 8) == 0 ? about + 8 : about;
    for (size_t i = 0; i < l->n; i++) {
        struct claim_row *row = &l->rows[i];
        if (strcmp(row->about, b->binding.claim) != 0 || is_listed(row, circuit)) {
            continue;
        }
        void *room =
            bw_grow(row->bound, row->n_bound, &row->cap_bound, sizeof(row->bound[0]));
        if (!room) {
            return -ENOMEM;
        }
        row->bound = room;
        (void)snprintf(row->bound[row->n_bound++], sizeof(row->bound[0]), "%s", circuit);
    }
    return 0;
}

int claim_lines_read(const struct bw_docket *d,
                     int64_t year,
                     struct claim_lines *ret,
                     struct bw_err *reterr)
{
    int64_t unread = 0;
    *ret = (struct claim_lines){.year = year};
    if (!d->catalogue) {
        return 0;
    }
    int r = bw_docket_each(d, &(struct bw_said_query){.kind = "claim"}, take_claim, ret,
                           reterr);
    r = r < 0 ? r
              : bw_bound_each(d->catalogue, NULL, NULL, take_binding, ret, &unread, reterr);
    ret->unread += unread;
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory; ask for one year") : r;
}

void claim_lines_done(struct claim_lines *l)
{
    for (size_t i = 0; i < l->n; i++) {
        bw_claimline_done(&l->rows[i].line);
        free(l->rows[i].bound);
    }
    free(l->rows);
    *l = (struct claim_lines){.n = 0};
}

const struct claim_row *claim_lines_find(const struct claim_lines *l, const char *text)
{
    for (size_t i = 0; i < l->n; i++) {
        const char *about = l->rows[i].about;
        if (strcmp(about, text) == 0 ||
            (strncmp(about, "frn:", 4) == 0 && strcmp(about + 4, text) == 0)) {
            return &l->rows[i];
        }
    }
    return NULL;
}

int claim_lines_year(const struct bw_verb *v, const char *text, int64_t *ret)
{
    const char *digits = strncmp(text, "FY", 2) == 0 ? text + 2 : text;
    return bw_cli_int(v, "--year", digits, 1998, 2200, ret);
}

int claim_lines_today(const struct bw_verb *v,
                      const char *zone,
                      int64_t now_unix_s,
                      char ret_day[BW_DATE_LEN + 1],
                      int64_t *ret_year)
{
    struct bw_err err = {.text = ""};
    struct bw_tz *tz = NULL;
    struct bw_civil c;
    char host[64];
    bw_tz_host_name(host, sizeof(host));
    if (bw_tz_load(zone ? zone : host, &tz, &err) < 0) {
        return bw_cli_usage(v, "%s", err.text);
    }
    bw_tz_local(tz, now_unix_s, &c);
    bw_tz_free(tz);
    bw_civil_date(bw_civil_days(c.year, c.month, c.day), ret_day);
    *ret_year = c.year - (c.month < 7);
    return 0;
}

const char *claim_lines_speed(const struct bw_speed *s, char out[64])
{
    char filed[BW_DECIMAL_TEXT_MAX + 1];
    if (s->bps == BW_UNKNOWN) {
        (void)snprintf(out, 64, "–");
    } else {
        bw_decimal_text(&s->filed, 0, filed);
        (void)snprintf(out, 64, "%s %s", filed, bw_speed_unit_name(s->unit));
    }
    return out;
}

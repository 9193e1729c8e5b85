/* SPDX-License-Identifier: GPL-3.0-or-later
 * plainclaims.c - the columns are the members of a claim, by their names.
 *
 * Invariant: every column is known and every cell is used or its row refused; days are
 * written in one form, for 03/04 is March in one office and April in another. */
#include "plainclaims.h"

#include <buf.h>
#include <bw/err.h>
#include <csvrows.h>
#include <errno.h>
#include <kept.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TOLD_BYTES_MAX = 256 * 1024,
    DOUBT_BYTES_MAX = 1024 * 1024,
    BODY_BYTES_MAX = 24 * 1024 * 1024,
    MEMBERS_MAX = 64,
    NAME_BYTES = 64
};

/* Columns beside the members: the units of the three speeds. */
static const char *const unit_columns[] = {"down_unit", "up_unit", "burst_unit"};
static const char *const speed_members[] = {"down", "up", "burst"};

struct bw_plain {
    struct bw_plain_sum sum;
    struct bw_csv *csv; /* while it is read */
    enum bw_speed_unit unit;
    int of_member[MEMBERS_MAX]; /* which field of a row; -1: the file has none */
    int of_unit[3];
    struct bw_buf refusals;
    struct bw_buf doubts;
    struct bw_kept kept;
};

static void refuse(struct bw_plain *p, const char *why)
{
    p->sum.refused++;
    if (p->refusals.len + strlen(why) + 512 < p->refusals.max) {
        bw_buf_printf(&p->refusals, "%s:%lld: %s\n", bw_csv_name(p->csv),
                      (long long)bw_csv_line(p->csv), why);
    }
}

/* Lower case, '_' for spaces and '-', no white space at its ends; false: too long. */
static bool bare(const struct bw_csv_field *f, char out[NAME_BYTES])
{
    const char *at = f->text;
    size_t n = f->n;
    while (n > 0 && at[n - 1] == ' ') {
        n--;
    }
    while (n > 0 && *at == ' ') {
        at++;
        n--;
    }
    if (n >= NAME_BYTES) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        bool gap = at[i] == ' ' || at[i] == '-';
        char c = at[i];
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        out[i] = '_';
        if (!gap) {
            out[i] = c;
        }
    }
    out[n] = '\0';
    return true;
}

/* Members that a person may say: not those that follow from others. */
static bool may_say(const struct bw_field *f)
{
    return f->kind != BW_FIELD_FLAGS && strcmp(f->name, "n_recipients") != 0;
}

/* Where a column's index goes; NULL: no such column. */
static int *place(struct bw_plain *p, const char *name)
{
    for (size_t i = 0; i < bw_claimline_n_fields; i++) {
        if (may_say(&bw_claimline_fields[i]) &&
            strcmp(bw_claimline_fields[i].name, name) == 0) {
            return &p->of_member[i];
        }
    }
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(unit_columns[i], name) == 0) {
            return &p->of_unit[i];
        }
    }
    return NULL;
}

static int has(const struct bw_plain *p, const char *member)
{
    for (size_t i = 0; i < bw_claimline_n_fields; i++) {
        if (strcmp(bw_claimline_fields[i].name, member) == 0) {
            return p->of_member[i] >= 0;
        }
    }
    return 0;
}

static int read_heading(struct bw_plain *p,
                        const struct bw_csv_field *f,
                        size_t n,
                        struct bw_err *reterr)
{
    const char *file = bw_csv_name(p->csv);
    char name[NAME_BYTES];
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        p->of_member[i] = -1;
    }
    for (size_t i = 0; i < 3; i++) {
        p->of_unit[i] = -1;
    }
    for (size_t i = 0; i < n; i++) {
        int *to = bare(&f[i], name) ? place(p, name) : NULL;
        if (!to) {
            return bw_err_set(reterr, -BW_EMALFORMED,
                              "%s:1: no column is called '%.60s' (docs/claims-csv.md lists "
                              "them)",
                              file, f[i].text);
        }
        if (*to >= 0) {
            return bw_err_set(reterr, -BW_EMALFORMED, "%s:1: two columns '%s'", file, name);
        }
        *to = (int)i;
    }
    if (!has(p, "year") || !(has(p, "own") || (has(p, "frn") && has(p, "line")))) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "%s:1: needed are the columns year, and own or frn with line",
                          file);
    }
    return 0;
}

static const char *cell(const struct bw_csv_field *f, int at)
{
    return at < 0 ? "" : f[at].text;
}

static int take_speed(const struct bw_plain *p,
                      const struct bw_csv_field *fields,
                      size_t member,
                      struct bw_claimline *c,
                      struct bw_err *why)
{
    const struct bw_field *f = &bw_claimline_fields[member];
    struct bw_speed *s = (struct bw_speed *)(void *)((char *)c + f->at);
    bool zero;
    size_t k = 0;
    while (k < 2 && strcmp(speed_members[k], f->name) != 0) {
        k++;
    }
    int r = bw_speed_take(cell(fields, p->of_member[member]), cell(fields, p->of_unit[k]),
                          p->unit, s, &zero, why);
    if (r == -ENODATA) {
        return bw_err_set(why, -EINVAL,
                          "%s %s has no unit; write \"%s Mbps\", or a column %s, or say "
                          "--unit Mbps",
                          f->name, cell(fields, p->of_member[member]),
                          cell(fields, p->of_member[member]), unit_columns[k]);
    }
    if (zero) {
        c->flags |= BW_CLAIM_SPEED_ZERO;
    }
    if (r == 0 && s->bps != BW_UNKNOWN && s->unit == BW_UNIT_GBPS &&
        s->bps > INT64_C(101000000000)) {
        c->flags |= BW_CLAIM_MBPS_TYPED_WRONG;
    }
    return r < 0 ? bw_err_prefix(why, -EINVAL, "%s", f->name) : 0;
}

/* "123456 234567", "123456;234567" */
static int take_numbers(const char *text, struct bw_claimline *c, struct bw_err *why)
{
    static const char between[] = " ;\t\r\n";
    char number[BW_NUMBER_MAX + 1];
    text += strspn(text, between);
    while (*text) {
        size_t n = strcspn(text, between);
        int r = n > BW_NUMBER_MAX ? -EINVAL : 0;
        if (r == 0) {
            memcpy(number, text, n);
            number[n] = '\0';
            r = bw_numbers_add(&c->recipients, number);
        }
        if (r == -E2BIG) {
            return bw_err_set(why, r, "recipients: more than %d numbers", BW_NUMBERS_MAX);
        }
        if (r < 0) {
            return bw_err_set(why, r, "recipients: '%.20s' is no entity number", text);
        }
        text += n;
        text += strspn(text, between);
    }
    if (c->recipients.n > 0) {
        c->n_recipients = (int64_t)c->recipients.n;
    }
    return 0;
}

/* A spreadsheet makes 3 of 003; both are one line item. */
static void three_digits(char line[8])
{
    size_t n = strlen(line);
    if (n > 0 && n < 3) {
        memmove(line + 3 - n, line, n + 1);
        memset(line, '0', 3 - n);
    }
}

static int take_row(const struct bw_plain *p,
                    const struct bw_csv_field *fields,
                    struct bw_claimline *c,
                    struct bw_err *why)
{
    for (size_t i = 0; i < bw_claimline_n_fields; i++) {
        const struct bw_field *f = &bw_claimline_fields[i];
        const char *text = cell(fields, p->of_member[i]);
        int r = 0;
        if (f->kind == BW_FIELD_SPEED) {
            r = take_speed(p, fields, i, c, why);
        } else if (f->kind == BW_FIELD_NUMBERS) {
            r = take_numbers(text, c, why);
        } else if (f->kind == BW_FIELD_DATE && strchr(text, '/')) {
            r = bw_err_set(why, -EINVAL, "%s '%.20s': days are written 2026-07-01", f->name,
                           text);
        } else if (may_say(f)) {
            bool fy = strcmp(f->name, "year") == 0 && strncasecmp(text, "FY", 2) == 0;
            r = bw_field_take(f, c, text + (fy ? 2 : 0), why);
        }
        if (r < 0) {
            return r;
        }
    }
    if (c->role == BW_ROLE_UNKNOWN) {
        c->role = bw_claim_role_of_purpose(c->purpose);
    }
    three_digits(c->line);
    return 0;
}

static int keep(struct bw_plain *p,
                const char *about,
                const struct bw_buf *body,
                struct bw_err *reterr)
{
    struct bw_kept_row *row;
    char why[200];
    int r = bw_kept_add(&p->kept, about, &row);
    if (r == 0 && row->data != BW_KEPT_NONE) {
        bool same = row->len == body->len &&
                    memcmp(bw_kept_data(&p->kept, row), body->data, body->len) == 0;
        (void)snprintf(why, sizeof(why), "%s is there twice, first in line %lld%s", about,
                       (long long)row->line,
                       same ? "" : ", with other values; neither is taken");
        refuse(p, why);
        if (!same && !row->mark) {
            row->mark = 1;
            p->sum.kept--;
            p->sum.refused++;
        }
        return 0;
    }
    if (r == 0) {
        row->line = bw_csv_line(p->csv);
        r = bw_kept_put(&p->kept, (size_t)(row - p->kept.rows), body->data, body->len);
    }
    if (r < 0) {
        return bw_err_set(reterr, r, "%s: more than %d rows, or no memory",
                          bw_csv_name(p->csv), BW_PLAIN_ROWS_MAX);
    }
    p->sum.kept++;
    return 0;
}

static int on_row(struct bw_plain *p, const struct bw_csv_field *f, struct bw_err *reterr)
{
    char about[BW_CLAIM_ABOUT_MAX + 1];
    struct bw_claimline c;
    struct bw_buf body;
    struct bw_err why = {.text = ""};
    bw_claimline_init(&c);
    bw_buf_init(&body, 16384);
    p->sum.rows++;
    int r = take_row(p, f, &c, &why);
    r = r < 0 ? r : bw_claimline_about(&c, about, &why);
    r = r < 0 ? r : bw_claimline_encode(&c, &body, &why);
    if (r == 0 && c.down.bps == BW_UNKNOWN && c.up.bps == BW_UNKNOWN) {
        r = bw_err_set(&why, -EINVAL, "no speed is said: down, up");
    }
    if (r < 0) {
        refuse(p, why.text);
        r = 0;
    } else {
        r = keep(p, about, &body, reterr);
        if (r == 0 && c.flags & BW_CLAIM_MBPS_TYPED_WRONG) {
            p->sum.doubtful++;
            bw_buf_printf(&p->doubts,
                          "%s:%lld: %s: more than 101 Gbps; Mbps typed wrong?\n",
                          bw_csv_name(p->csv), (long long)bw_csv_line(p->csv), about);
        }
    }
    bw_buf_done(&body);
    bw_claimline_done(&c);
    return r;
}

int bw_plain_read(struct bw_csv *csv,
                  enum bw_speed_unit unit,
                  struct bw_plain **ret,
                  struct bw_err *reterr)
{
    const struct bw_csv_field *f;
    size_t n;
    uint8_t hash[32];
    struct bw_plain *p = calloc(1, sizeof(*p));
    if (!p) {
        return bw_err_set(reterr, -ENOMEM, "no memory");
    }
    p->csv = csv;
    p->unit = unit;
    bw_buf_init(&p->refusals, TOLD_BYTES_MAX);
    bw_buf_init(&p->doubts, DOUBT_BYTES_MAX);
    bw_kept_init(&p->kept, BW_PLAIN_ROWS_MAX, BODY_BYTES_MAX);
    int r = bw_csv_next(csv, &f, &n, reterr);
    if (r == 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "%s:1: the file is empty", bw_csv_name(csv));
        goto out;
    }
    r = r < 0 ? r : read_heading(p, f, n, reterr);
    while (r == 0 && (r = bw_csv_next(csv, &f, &n, reterr)) > 0) {
        r = on_row(p, f, reterr);
    }
    r = r < 0 ? r : bw_csv_sha256(csv, hash);
    if (r < 0) {
        goto out;
    }
    (void)bw_b64_encode(hash, sizeof(hash), p->sum.sha256);
    p->sum.refusals = p->refusals.data ? p->refusals.data : "";
    p->sum.doubts = p->doubts.data ? p->doubts.data : "";
    *ret = p;
    p = NULL;
out:
    bw_plain_free(p);
    return r;
}

void bw_plain_free(struct bw_plain *p)
{
    if (p) {
        bw_buf_done(&p->refusals);
        bw_buf_done(&p->doubts);
        bw_kept_done(&p->kept);
        free(p);
    }
}

const struct bw_plain_sum *bw_plain_sum(const struct bw_plain *p)
{
    return &p->sum;
}

size_t bw_plain_claims(const struct bw_plain *p)
{
    return p->kept.n;
}

int bw_plain_claim(const struct bw_plain *p,
                   size_t i,
                   struct bw_claimline *ret,
                   int64_t *ret_line,
                   struct bw_err *reterr)
{
    const struct bw_kept_row *row = &p->kept.rows[i];
    *ret_line = row->line;
    if (row->mark) {
        return 0; /* another row contradicts it */
    }
    int r = bw_claimline_decode(bw_kept_data(&p->kept, row), row->len, ret, reterr);
    return r < 0 ? r : 1;
}

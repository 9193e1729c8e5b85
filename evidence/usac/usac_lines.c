/* SPDX-License-Identifier: GPL-3.0-or-later
 * usac_lines.c - one row of the line items as a claim.
 *
 * Invariant: a unit is taken from the row, or from whoever imports it, never from what
 * would be likely. */
#include "usac.h"
#include "usac_private.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GBPS_DOUBTFUL INT64_C(101)

/* The funding year of "2026" or "FY2026"; 0: none. */
static int64_t year_of(const char *cell)
{
    int64_t year = 0;
    if (strncasecmp(cell, "FY", 2) == 0) {
        cell += 2;
    }
    for (size_t i = 0; i < 4; i++) {
        if (cell[i] < '0' || cell[i] > '9') {
            return 0;
        }
        year = year * 10 + (cell[i] - '0');
    }
    return cell[4] == '\0' ? year : 0;
}

static bool asked_for(const struct bw_usac *u, const struct bw_usac_row *row)
{
    const struct bw_usac_options *o = u->options;
    if (o->year != BW_UNKNOWN && year_of(bw_usac_cell(row, BW_COL_YEAR)) != o->year) {
        return false;
    }
    if (o->state && strcasecmp(bw_usac_cell(row, BW_COL_STATE), o->state) != 0) {
        return false;
    }
    return o->n_payers == 0 || bw_usac_payer_asked(u, bw_usac_cell(row, BW_COL_BEN)) ||
           bw_kept_find(&u->asked, bw_usac_cell(row, BW_COL_FRN)) != NULL;
}

/* Is one of the words in the text, with no letter beside it? */
static bool has_word(const char *text)
{
    static const char *const words[] = {"tax",       "taxes",      "fee",    "fees",
                                        "surcharge", "surcharges", "charges"};
    while (*text) {
        size_t n = strcspn(text, " &,/-()");
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (n == strlen(words[i]) && strncasecmp(text, words[i], n) == 0) {
                return true;
            }
        }
        text += n;
        text += strspn(text, " &,/-()");
    }
    return false;
}

bool bw_usac_is_tax(const char *function, const char *product)
{
    return has_word(function) || has_word(product);
}

struct speed_cells {
    const char *name; /* as messages have it */
    enum bw_usac_column number;
    enum bw_usac_column unit;
    const char *unit_name;
};

/* 1: stated; 0: not; -EINVAL: *why. */
static int speed(const struct bw_usac *u,
                 const struct bw_usac_row *row,
                 const struct speed_cells *s,
                 struct bw_speed *ret,
                 struct bw_claimline *c,
                 struct bw_err *why)
{
    bool zero;
    int r = bw_speed_take(bw_usac_cell(row, s->number), bw_usac_cell(row, s->unit),
                          u->options->unit, ret, &zero, why);
    if (r == -ENODATA) {
        return bw_err_set(
            why, -EINVAL,
            "%s %s has no unit; say what it is by --unit Mbps (or Kbps, Gbps), "
            "or download the file with its column %s",
            s->name, bw_usac_cell(row, s->number), s->unit_name);
    }
    if (r < 0) {
        return bw_err_prefix(why, -EINVAL, "%s", s->name);
    }
    if (zero) {
        c->flags |= BW_CLAIM_SPEED_ZERO;
    }
    if (ret->bps != BW_UNKNOWN && ret->unit == BW_UNIT_GBPS &&
        ret->bps > GBPS_DOUBTFUL * 1000000000) {
        c->flags |= BW_CLAIM_MBPS_TYPED_WRONG;
    }
    return ret->bps != BW_UNKNOWN;
}

static int speeds(const struct bw_usac *u,
                  const struct bw_usac_row *row,
                  struct bw_claimline *c,
                  struct bw_err *why)
{
    static const struct speed_cells cells[] = {
        {"download_speed", BW_COL_DOWN, BW_COL_DOWN_UNIT,
         "form_471_download_speed_unit_name"},
        {"upload_speed", BW_COL_UP, BW_COL_UP_UNIT, "form_471_upload_speed_unit_name"},
        {"burstable_speed", BW_COL_BURST, BW_COL_BURST_UNIT, "burstable_speed_units"},
    };
    struct bw_speed *to[] = {&c->down, &c->up, &c->burst};
    int any = 0;
    for (size_t i = 0; i < 3; i++) {
        int r = speed(u, row, &cells[i], to[i], c, why);
        if (r < 0) {
            return r;
        }
        any |= r;
    }
    return any;
}

/* The plain members; -EINVAL and *why. */
static int
members(const struct bw_usac_row *row, struct bw_claimline *c, struct bw_err *why)
{
    static const struct {
        enum bw_usac_column column;
        const char *member;
    } cells[] = {
        {BW_COL_BEN, "payer"},
        {BW_COL_ORGANIZATION, "payer_name"},
        {BW_COL_STATE, "state"},
        {BW_COL_APPLICATION, "application"},
        {BW_COL_VERSION, "version"},
        {BW_COL_FUNCTION, "function"},
        {BW_COL_PRODUCT, "product"},
        {BW_COL_PURPOSE, "purpose"},
        {BW_COL_USED_BY, "used_by"},
        {BW_COL_DIRECT, "direct"},
        {BW_COL_SUPPORTS, "supports"},
        {BW_COL_QUANTITY, "quantity"},
        {BW_COL_MONTHS, "months"},
        {BW_COL_UNIT_MONTHLY, "unit_monthly"},
        {BW_COL_UNIT_ELIGIBLE, "unit_eligible"},
        {BW_COL_UNIT_INELIGIBLE, "unit_ineligible"},
        {BW_COL_MONTHLY, "monthly"},
        {BW_COL_RECURRING, "recurring"},
        {BW_COL_PRE_DISCOUNT, "pre_discount"},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        if (bw_field_take(bw_usac_field(cells[i].member), c,
                          bw_usac_cell(row, cells[i].column), why) < 0) {
            return -EINVAL;
        }
    }
    c->role = bw_claim_role_of_purpose(c->purpose);
    return 0;
}

/* Everything of the row: 1; 0: left out (counted); -EINVAL: *why. */
static int fill(struct bw_usac *u,
                const struct bw_usac_row *row,
                struct bw_claimline *c,
                char key[24],
                struct bw_err *why)
{
    const char *line = bw_usac_cell(row, BW_COL_LINE);
    if (bw_usac_is_tax(bw_usac_cell(row, BW_COL_FUNCTION),
                       bw_usac_cell(row, BW_COL_PRODUCT))) {
        bw_usac_leave_out(u, BW_LEFT_TAX);
        return 0;
    }
    int r = speeds(u, row, c, why);
    if (r < 0) {
        return r;
    }
    if (r == 0 &&
        bw_claim_role_of_purpose(bw_usac_cell(row, BW_COL_PURPOSE)) == BW_ROLE_UNKNOWN) {
        bw_usac_leave_out(u,
                          BW_LEFT_NO_SPEED); /* with a purpose: a line of unknown speed */
        return 0;
    }
    if (bw_usac_line_key(bw_usac_cell(row, BW_COL_FRN), line, c->frn, c->line, key) < 0 ||
        !c->line[0]) {
        return bw_err_set(why, -EINVAL,
                          "funding request number '%.20s' with line item '%.30s': not "
                          "like 1699048824 and 1699048824.003",
                          bw_usac_cell(row, BW_COL_FRN), line);
    }
    c->year = year_of(bw_usac_cell(row, BW_COL_YEAR));
    if (c->year == 0) {
        return bw_err_set(why, -EINVAL, "funding_year '%.20s': not a year",
                          bw_usac_cell(row, BW_COL_YEAR));
    }
    if (!bw_usac_cell(row, BW_COL_BEN)[0]) {
        return bw_err_set(why, -EINVAL, "no ben: who pays is not said");
    }
    return members(row, c, why) < 0 ? -EINVAL : 1;
}

static void doubt(struct bw_usac *u, const struct bw_usac_row *row, const char *key)
{
    u->sum.doubtful++;
    if (u->doubts.len + 512 < u->doubts.max) {
        bw_buf_printf(&u->doubts,
                      "%s:%lld: %s: more than 101 Gbps (%s down, %s up); Mbps typed wrong? "
                      "Kept as filed, and marked\n",
                      bw_csv_name(row->csv), (long long)bw_csv_line(row->csv), key,
                      bw_usac_cell(row, BW_COL_DOWN), bw_usac_cell(row, BW_COL_UP));
    }
}

static void payer_year(const struct bw_claimline *c, char ret[40])
{
    (void)snprintf(ret, 40, "%.11s %lld", c->payer, (long long)c->year);
}

enum bw_usac_stand bw_usac_stand(const struct bw_usac *u, const struct bw_claimline *c)
{
    const struct bw_kept_row *row;
    char key[40];
    char line[24];
    (void)snprintf(line, sizeof(line), "%.11s.%.7s", c->frn, c->line);
    row = bw_kept_find(&u->lines, line);
    if (row) {
        return row->mark & BW_MARK_REFUSED ? BW_USAC_REFUSED : BW_USAC_THERE;
    }
    if (bw_kept_find(&u->refused, line)) {
        return BW_USAC_REFUSED;
    }
    if (u->options->n_payers > 0 && !bw_usac_payer_asked(u, c->payer)) {
        return BW_USAC_THERE; /* of such a payer only some lines were looked at */
    }
    payer_year(c, key);
    return bw_kept_find(&u->payers, key) ? BW_USAC_GONE : BW_USAC_THERE;
}

/* A row that is not taken is a row all the same: what it says is on file is not gone. */
static int refuse(struct bw_usac *u, const struct bw_usac_row *row, const char *why)
{
    struct bw_kept_row *there;
    char frn[12];
    char line[8];
    char key[24];
    int r = bw_usac_line_key(bw_usac_cell(row, BW_COL_FRN), bw_usac_cell(row, BW_COL_LINE),
                             frn, line, key);
    if (r < 0 || !line[0] || bw_kept_add(&u->refused, key, &there) < 0) {
        u->sum.refused_unnamed++;
    }
    return bw_usac_refuse(u, row, why);
}

/* Frn and payer become known, so that the other files' rows are. */
static int follow(struct bw_usac *u, const struct bw_claimline *c, struct bw_err *reterr)
{
    struct bw_kept_row *there;
    char key[40];
    payer_year(c, key);
    int r = bw_kept_add(&u->frns, c->frn, &there);
    r = r < 0 ? r : bw_kept_add(&u->payers, key, &there);
    r = r < 0 ? r : bw_kept_add(&u->entities, c->payer, &there);
    if (r < 0) {
        return bw_usac_full(u, r, reterr);
    }
    there->mark |= BW_MARK_WANTED;
    return 0;
}

int bw_usac_take_line(struct bw_usac *u,
                      const struct bw_usac_row *row,
                      struct bw_err *reterr)
{
    struct bw_claimline c;
    struct bw_buf body;
    struct bw_err why = {.text = ""};
    char key[24] = "";
    if (!asked_for(u, row)) {
        bw_usac_leave_out(u, BW_LEFT_OUTSIDE);
        return 0;
    }
    if (!bw_usac_current(row)) {
        bw_usac_leave_out(u, BW_LEFT_VERSION);
        return 0;
    }
    bw_claimline_init(&c);
    bw_buf_init(&body, 16384);
    int r = fill(u, row, &c, key, &why);
    if (r > 0) {
        r = bw_claimline_encode(&c, &body, &why) < 0 ? -EINVAL : 1;
    }
    if (r < 0) {
        r = refuse(u, row, why.text);
    } else if (r > 0) {
        r = bw_usac_keep(u, &u->lines, key, row, body.data, body.len, reterr);
        if (r > 0 && c.flags & BW_CLAIM_MBPS_TYPED_WRONG) {
            doubt(u, row, key);
        }
        r = r > 0 ? follow(u, &c, reterr) : r;
        r = r == -EEXIST ? 0 : r;
    }
    bw_buf_done(&body);
    bw_claimline_done(&c);
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * claimed.c - claim lines of a district into one figure, line by line.
 *
 * Invariant: a line that cannot be counted is a row that says why, and makes the sum "at
 * least"; without any line the sum is unknown, not 0. */
#include "claimed.h"

#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bw_claimed_init(struct bw_claimed *c,
                     const char *number,
                     int64_t year,
                     const char *day,
                     const struct bw_numbers *users)
{
    memset(c, 0, sizeof(*c));
    (void)snprintf(c->payer, sizeof(c->payer), "%s", number);
    (void)snprintf(c->day, sizeof(c->day), "%s", day);
    c->year = year;
    c->users = users;
}

void bw_claimed_done(struct bw_claimed *c)
{
    free(c->rows);
    c->rows = NULL;
    c->n = 0;
    c->cap = 0;
}

bool bw_claimed_day_in_year(const char *day, int64_t year)
{
    char first[32];
    char last[32];
    (void)snprintf(first, sizeof(first), "%04lld-07-01", (long long)year);
    (void)snprintf(last, sizeof(last), "%04lld-06-30", (long long)year + 1);
    return strcmp(day, first) >= 0 && strcmp(day, last) <= 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool used_here(const struct bw_claimed *c, const struct bw_claimline *line)
{
    for (size_t i = 0; c->users && c->users->n > 0 && i < line->recipients.n; i++) {
        if (bsearch(line->recipients.text[i], c->users->text, c->users->n,
                    sizeof(c->users->text[0]), by_text)) {
            return true;
        }
    }
    return false;
}

/* Of so many users that its list is not kept: perhaps one is of here. */
static bool untold(const struct bw_claimline *line)
{
    return line->flags & BW_CLAIM_MANY_RECIPIENTS;
}

static enum bw_claimed_part part_of_role(enum bw_claim_role role)
{
    switch (role) {
    case BW_ROLE_INTERNET:
        return BW_CLAIMED_INTERNET;
    case BW_ROLE_ISP_ONLY:
        return BW_CLAIMED_ISP;
    case BW_ROLE_TRANSPORT:
        return BW_CLAIMED_TRANSPORT;
    case BW_ROLE_WAN:
    case BW_ROLE_BACKBONE:
    case BW_ROLE_BACKUP:
        return BW_CLAIMED_NOT;
    case BW_ROLE_UNKNOWN:
        break;
    }
    return BW_CLAIMED_OPEN;
}

static void set(struct bw_claimed_row *row, enum bw_claimed_part part, const char *why)
{
    row->part = part;
    (void)snprintf(row->why, sizeof(row->why), "%s", why);
}

/* What the line is for this district, in this order: one reason is enough. */
static void judge(const struct bw_claimed *c,
                  const struct bw_claimline *line,
                  struct bw_claimed_row *row)
{
    char why[160];
    row->part = part_of_role(row->role);
    if (bw_claimline_void(line)) {
        (void)snprintf(why, sizeof(why), "its request is %s", line->status);
        set(row, BW_CLAIMED_NOT, why);
    } else if ((line->from[0] && strcmp(c->day, line->from) < 0) ||
               (line->to[0] && strcmp(c->day, line->to) > 0)) {
        set(row, BW_CLAIMED_NOT, "not good on this day");
    } else if (row->part == BW_CLAIMED_NOT) {
        set(row, BW_CLAIMED_NOT,
            row->role == BW_ROLE_BACKUP ? "a backup line"
                                        : "between sites, not to the Internet");
    } else if (strcmp(line->payer, c->payer) != 0) {
        (void)snprintf(why, sizeof(why), "%.11s pays for it, for %lld users: %s",
                       line->payer[0] ? line->payer : "somebody else",
                       (long long)line->n_recipients,
                       untold(line) ? "whether one is of here and its share is not told"
                                    : "the share here is not stated");
        set(row, BW_CLAIMED_OPEN, why);
    } else if (row->part == BW_CLAIMED_OPEN) {
        set(row, BW_CLAIMED_OPEN, "its purpose does not say what it is for");
    } else if (line->flags & BW_CLAIM_MBPS_TYPED_WRONG) {
        set(row, BW_CLAIMED_OPEN, "more than 101 Gbps was filed; Mbps typed wrong?");
    } else if (row->quantity == BW_UNKNOWN || row->quantity <= 0) {
        set(row, BW_CLAIMED_OPEN, "how many lines it is is not stated as a whole number");
    }
}

int bw_claimed_add(struct bw_claimed *c, const char *about, const struct bw_claimline *line)
{
    const int64_t each[BW_DIRECTIONS] = {
        [BW_DOWN] = line->down.bps, [BW_UP] = line->up.bps};
    bool other = strcmp(line->payer, c->payer) != 0 && !used_here(c, line);
    if (line->year != c->year || (other && !untold(line))) {
        return 0;
    }
    struct bw_claimed_row *grown = bw_grow(c->rows, c->n, &c->cap, sizeof(c->rows[0]));
    if (!grown) {
        return -ENOMEM;
    }
    c->rows = grown;
    struct bw_claimed_row *row = &c->rows[c->n++];
    memset(row, 0, sizeof(*row));
    (void)snprintf(row->about, sizeof(row->about), "%s", about);
    memcpy(row->provider, line->provider, sizeof(row->provider));
    row->role = (enum bw_claim_role)line->role;
    row->layer = (enum bw_layer)line->layer;
    if (bw_decimal_whole(&line->quantity, 1, &row->quantity) < 0) {
        row->quantity = BW_UNKNOWN;
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        row->each_bps[d] = each[d];
        row->total_bps[d] = BW_UNKNOWN;
        if (each[d] != BW_UNKNOWN && row->quantity != BW_UNKNOWN &&
            __builtin_mul_overflow(each[d], row->quantity, &row->total_bps[d])) {
            row->total_bps[d] = BW_UNKNOWN;
        }
    }
    judge(c, line, row);
    if (other && untold(line) && row->part == BW_CLAIMED_NOT) {
        c->n--; /* nothing is missing for it, and it is hardly of here */
    }
    return 0;
}

/* Layers of rows that are added or likened, a bit for each; IP where a line names none. */
static unsigned layers_of(const struct bw_claimed *c, enum bw_claimed_part part, int d)
{
    unsigned bits = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct bw_claimed_row *row = &c->rows[i];
        if (row->part == part && row->total_bps[d] != BW_UNKNOWN) {
            bits |= 1U << (row->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : row->layer);
        }
    }
    return bits;
}

static bool several(unsigned bits)
{
    return (bits & (bits - 1)) != 0;
}

/* The sum of a part's rows; *at_least where a row has no figure. */
static int64_t
sum_of(const struct bw_claimed *c, enum bw_claimed_part part, int d, bool *at_least)
{
    int64_t sum = BW_UNKNOWN;
    if (several(layers_of(c, part, d))) {
        return BW_UNKNOWN;
    }
    for (size_t i = 0; i < c->n; i++) {
        int64_t add = c->rows[i].total_bps[d];
        if (c->rows[i].part != part) {
            continue;
        }
        int64_t more = 0;
        if (add == BW_UNKNOWN ||
            __builtin_add_overflow(sum == BW_UNKNOWN ? 0 : sum, add, &more)) {
            *at_least = true;
            continue;
        }
        sum = more;
    }
    return sum;
}

void bw_claimed_settle(struct bw_claimed *c)
{
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_claimed_sum *s = &c->sum[d];
        unsigned internet = layers_of(c, BW_CLAIMED_INTERNET, d);
        unsigned isp = layers_of(c, BW_CLAIMED_ISP, d);
        unsigned way = layers_of(c, BW_CLAIMED_TRANSPORT, d);
        unsigned apart = isp && way ? isp | way : 0; /* one alone counts nothing */
        s->at_least = false;
        s->two_layers = several(internet | apart);
        s->internet_bps = sum_of(c, BW_CLAIMED_INTERNET, d, &s->at_least);
        s->isp_bps = sum_of(c, BW_CLAIMED_ISP, d, &s->at_least);
        s->transport_bps = sum_of(c, BW_CLAIMED_TRANSPORT, d, &s->at_least);
        s->lesser_bps = BW_UNKNOWN;
        if (!several(apart) && s->isp_bps != BW_UNKNOWN && s->transport_bps != BW_UNKNOWN) {
            s->lesser_bps = s->isp_bps < s->transport_bps ? s->isp_bps : s->transport_bps;
        } else if (isp || way) {
            /* at unlike layers the lesser is not told, and one without the other says
             * nothing of what comes through */
            s->at_least = true;
        }
        s->bps = s->internet_bps;
        if (s->lesser_bps != BW_UNKNOWN) {
            s->bps = (s->bps == BW_UNKNOWN ? 0 : s->bps) + s->lesser_bps;
        }
        if (s->two_layers) {
            s->bps = BW_UNKNOWN;
        }
        for (size_t i = 0; i < c->n; i++) {
            s->at_least = s->at_least || c->rows[i].part == BW_CLAIMED_OPEN;
        }
    }
}

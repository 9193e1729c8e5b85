/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_months.c - which whole months of a circuit are folded, and their figures in memory.
 *
 * Invariant: a month that is not due has the figures of the records that were there when it
 * was folded, and none came for it since. */
#include "roomkeeper_private.h"

#include <civil.h>
#include <string.h>

int64_t bw_keep_month_of(int64_t day)
{
    int year;
    int month;
    int date;

    bw_civil_from_days(day, &year, &month, &date);
    return (int64_t)year * 12 + month - 1;
}

int64_t bw_keep_month_day(int64_t month)
{
    return bw_civil_days((int)(month / 12), (int)(month % 12) + 1, 1);
}

void bw_keep_months_place(struct keep_circuit *c)
{
    int64_t month = bw_keep_month_of(c->day);
    int64_t by = c->month == BW_UNKNOWN ? BW_ROOM_MONTHS : month - c->month;
    size_t old = 0;

    if (by > 0) {
        c->months_due = by < BW_ROOM_MONTHS ? c->months_due << by : 0;
        c->months_due |= (UINT32_C(2) << (by < BW_ROOM_MONTHS ? by : BW_ROOM_MONTHS)) - 2;
        c->months_due &= BW_KEEP_MONTHS_DUE;
        c->month = month;
        c->unkept = true;
    }
    while (old < c->n_months && c->months[old].month < month - BW_ROOM_MONTHS) {
        old++;
    }
    c->n_months -= old;
    memmove(c->months, c->months + old, c->n_months * sizeof(c->months[0]));
}

void bw_keep_months_mark(struct keep_circuit *c, int64_t day)
{
    int64_t ago = c->month - bw_keep_month_of(day);

    if (c->month != BW_UNKNOWN && ago > 0 && ago <= BW_ROOM_MONTHS &&
        !(c->months_due & UINT32_C(1) << ago)) {
        c->months_due |= UINT32_C(1) << ago;
        c->unkept = true;
    }
}

uint32_t bw_keep_months_reach(const struct keep_circuit *c)
{
    int64_t oldest = c->month == BW_UNKNOWN ? 0 : bw_keep_month_of(bw_keep_oldest_day(c));
    uint32_t reach = 0;

    for (int64_t ago = 1; c->month != BW_UNKNOWN && ago <= BW_ROOM_MONTHS; ago++) {
        reach |= c->month - ago >= oldest ? c->months_due & UINT32_C(1) << ago : 0;
    }
    return reach;
}

int64_t bw_keep_months_next(const struct keep_circuit *c)
{
    uint32_t reach = bw_keep_months_reach(c);

    for (int64_t ago = 1; ago <= BW_ROOM_MONTHS; ago++) {
        if (reach & UINT32_C(1) << ago) {
            return c->month - ago;
        }
    }
    return BW_UNKNOWN;
}

void bw_keep_months_put(struct keep_circuit *c, const struct bw_room_month *m)
{
    size_t i = 0;

    while (i < c->n_months && c->months[i].month < m->month) {
        i++;
    }
    bool there = i < c->n_months && c->months[i].month == m->month;
    if (m->n_days > 0 && there) {
        c->months[i] = *m;
    } else if (m->n_days > 0 && c->n_months < BW_ROOM_MONTHS) {
        memmove(&c->months[i + 1], &c->months[i], (c->n_months - i) * sizeof(*m));
        c->months[i] = *m;
        c->n_months++;
    } else if (there) {
        c->n_months--;
        memmove(&c->months[i], &c->months[i + 1], (c->n_months - i) * sizeof(*m));
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * refresh.h - how often does a device put new counts behind its interface?
 *
 * Agents answer from a cache: two questions within its life are answered alike. What can
 * be seen is the gap between two answers that differed from the one before them, which is
 * a whole number of refreshes and is known to one question's distance. The middle one of
 * the last gaps is hardly ever two refreshes (that takes a line on which nothing moved for
 * a whole refresh, half of the time); the mean of those near it is the estimate. It is
 * never below the distance of the questions: what is finer cannot be seen. Pure. */
#ifndef BW_SNMP_REFRESH_H
#define BW_SNMP_REFRESH_H

#include <bw/units.h>
#include <stdint.h>

enum {
    BW_SNMP_GAPS = 32,   /* looked back on */
    BW_SNMP_GAPS_MIN = 8 /* before anything is said */
};

/* Embedded by its owner. */
struct bw_snmp_refresh {
    int64_t gaps_ns[BW_SNMP_GAPS];
    uint64_t n; /* ever */
    int64_t last_ns;
};

void bw_snmp_refresh_init(struct bw_snmp_refresh *r);

/* The answer at this instant differed from the one before it. */
void bw_snmp_refresh_change(struct bw_snmp_refresh *r, int64_t mono_ns);
/* The gap to the next change says nothing: an answer was missed, or questions came at
 * another distance. */
void bw_snmp_refresh_skip(struct bw_snmp_refresh *r);

/* Milliseconds; unknown before BW_SNMP_GAPS_MIN gaps. every_ms: between questions. */
int64_t bw_snmp_refresh_ms(const struct bw_snmp_refresh *r, int64_t every_ms);

#endif

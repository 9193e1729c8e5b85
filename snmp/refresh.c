/* SPDX-License-Identifier: GPL-3.0-or-later
 * refresh.c - the gaps between changed counts → how often they are refreshed. */
#include "refresh.h"

#include <stdlib.h>
#include <string.h>

static const int64_t NS_PER_MS = 1000000;

void bw_snmp_refresh_init(struct bw_snmp_refresh *r)
{
    (void)memset(r, 0, sizeof(*r));
    r->last_ns = BW_UNKNOWN;
}

void bw_snmp_refresh_change(struct bw_snmp_refresh *r, int64_t mono_ns)
{
    if (r->last_ns != BW_UNKNOWN && mono_ns > r->last_ns) {
        r->gaps_ns[r->n++ % BW_SNMP_GAPS] = mono_ns - r->last_ns;
    }
    r->last_ns = mono_ns;
}

void bw_snmp_refresh_skip(struct bw_snmp_refresh *r)
{
    r->last_ns = BW_UNKNOWN;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t bw_snmp_refresh_ms(const struct bw_snmp_refresh *r, int64_t every_ms)
{
    int64_t sorted[BW_SNMP_GAPS];
    size_t kept = r->n < BW_SNMP_GAPS ? (size_t)r->n : BW_SNMP_GAPS;
    int64_t most;
    int64_t sum = 0;
    int64_t n = 0;
    int64_t ms;
    if (kept < BW_SNMP_GAPS_MIN) {
        return BW_UNKNOWN;
    }
    (void)memcpy(sorted, r->gaps_ns, kept * sizeof(sorted[0]));
    qsort(sorted, kept, sizeof(sorted[0]), by_size);
    /* Two refreshes are twice the middle one; half a question's distance is noise. */
    most = sorted[kept / 2] / 5 * 7 + every_ms * NS_PER_MS / 2;
    for (size_t i = 0; i < kept && sorted[i] <= most; i++) {
        sum += sorted[i];
        n++;
    }
    ms = n > 0 ? (sum / n + NS_PER_MS / 2) / NS_PER_MS : every_ms;
    return ms < every_ms ? every_ms : ms;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomkeeper_metrics.c - the keeper's figures in OpenMetrics text. */
#include "roomkeeper.h"

#include <buf.h>
#include <bw/units.h>

static void family(struct bw_buf *b, const char *name, const char *type, const char *help)
{
    bw_buf_printf(b, "# TYPE bandwitness_room_%s %s\n# HELP bandwitness_room_%s %s\n", name,
                  type, name, help);
}

static void counter(struct bw_buf *b, const char *name, const char *help, int64_t v)
{
    family(b, name, "counter", help);
    bw_buf_printf(b, "bandwitness_room_%s_total %lld\n", name, (long long)v);
}

static void gauge(struct bw_buf *b, const char *name, const char *help, int64_t v)
{
    if (v != BW_UNKNOWN) {
        family(b, name, "gauge", help);
        bw_buf_printf(b, "bandwitness_room_%s %lld\n", name, (long long)v);
    }
}

void bw_roomkeeper_metrics(struct bw_roomkeeper *k, struct bw_buf *b)
{
    struct bw_roomkeeper_stats s;

    if (!k) {
        return;
    }
    bw_roomkeeper_stats(k, &s);
    counter(b, "passes", "Looks at what is new, each with a room made.", s.passes);
    counter(b, "failures", "Looks and days that ended in trouble.", s.failures);
    counter(b, "days_folded", "Days of circuits folded.", s.days_folded);
    gauge(b, "days_left_to_fill", "Days of circuits of the past year not folded yet.",
          s.days_to_fill);
    gauge(b, "circuits_waiting", "Circuits with records newer than their folded day.",
          s.waiting);
    gauge(b, "lag_seconds", "Age of the oldest day of today that waits.", s.lag_s);
    family(b, "cpu_seconds", "counter", "CPU of the keeper's thread.");
    bw_buf_printf(b, "bandwitness_room_cpu_seconds_total %lld.%06lld\n",
                  (long long)(s.cpu_us / 1000000), (long long)(s.cpu_us % 1000000));
    gauge(b, "bytes", "Memory of the newest room.", s.room_bytes);
    gauge(b, "make_microseconds", "CPU that making the newest room took.", s.make_us);
    gauge(b, "timestamp_seconds", "When the newest room was made.",
          s.made_unix_ms == BW_UNKNOWN ? BW_UNKNOWN : s.made_unix_ms / 1000);
}

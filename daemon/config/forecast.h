/* SPDX-License-Identifier: GPL-3.0-or-later
 * forecast.h - how many bytes a configuration will move, and what it cannot test.
 *
 * Pure but for the local time zone. A forecast is of what is planned: neither retests, nor
 * runs that people ask for, nor campaigns are in it. Any thread. */
#ifndef BW_FORECAST_H
#define BW_FORECAST_H

#include "boxconf.h"

struct bw_latency;

enum {
    BW_FORECAST_DAYS = 28, /* looked at, so that weekends and days off weigh as they do */
    BW_FORECAST_MONTH_DAYS = 30
};

struct bw_forecast_probe {
    size_t probe;          /* index into the configuration */
    bool heavy;            /* else packets */
    bool never;            /* drawn, but no day is open for long enough */
    int64_t milliruns_day; /* thousandths of a run (of a packet) a day, in the mean */
    int64_t run_bytes;     /* at most, of one run; of one packet and its answer */
    int64_t day_bytes;
};

struct bw_forecast {
    struct bw_forecast_probe probes[BW_BOXCONF_PROBES_MAX];
    size_t n_probes;
    int64_t day_bytes; /* all together */
};

/* The days from day_unix_s on. link_bps[i] is the speed of circuit i's port, unknown where
 * it does not say. */
void bw_forecast_make(const struct bw_boxconf *c,
                      int64_t day_unix_s,
                      const int64_t link_bps[BW_CIRCUITS_MAX],
                      struct bw_forecast *ret);

/* Bytes at IP that the packets of a record's row (one target, one family) have moved, there
 * and back; 0 for a target of another configuration. */
int64_t bw_forecast_moved_bytes(const struct bw_boxconf *c, const struct bw_latency *l);
/* Most bytes of one run of a throughput probe on its circuit. */
int64_t bw_forecast_run_bytes(const struct bw_boxconf *c,
                              const struct bw_boxconf_probe *p,
                              int64_t link_bps);

/* Allowed time of one day. */
int64_t bw_forecast_open_ms(const uint8_t allowed[BW_BOXCONF_DAY_MIN]);

/* Thousandths of a run in so much allowed time; 0 without a mean gap. */
int64_t bw_forecast_milliruns(int64_t open_ms, int64_t every_ms);

enum bw_untestable {
    BW_TESTABLE,
    BW_UNTESTABLE_PORT,  /* the claim is more than the box's port carries */
    BW_UNTESTABLE_SERVER /* … than the test's servers carry */
};
/* Can this test show that the claim of its circuit is reached? Unknown rates stand in no
 * test's way. */
enum bw_untestable
bw_forecast_untestable(int64_t claim_bps, int64_t link_bps, int64_t server_bps);

#endif

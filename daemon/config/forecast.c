/* SPDX-License-Identifier: GPL-3.0-or-later
 * forecast.c - how many bytes a configuration will move, and what it cannot test.
 *
 * In integers; what rounds away is below a thousandth of a run. */
#include "forecast.h"

#include <bw/probe.h>
#include <bw/summary.h>
#include <errno.h>
#include <starts.h>
#include <stddef.h>
#include <string.h>

enum {
    DAY_S = 86400,
    MINUTE_MS = 60000,
    /* Mean of the drawn gaps over the mean that is asked for, in millionths: -ln(u) held
     * within 0.1 and 2.5 (starts.h) has the mean 0.1 + e^-0.1 - e^-2.5. */
    GAP_PPM = 922752,
    PACKET_BYTES = 200 /* where a kind does not say: there and back, with headers */
};

#define DAY_MS (INT64_C(86400) * 1000)

/* Bytes at IP of one packet and its answer; a mean where the kind does not say. */
static int64_t packet_bytes(const struct bw_boxconf_probe *p)
{
    int64_t said = p->ops->cost_bytes ? p->ops->cost_bytes(p->opts, BW_UNKNOWN) : 0;
    return said > 0 ? said : PACKET_BYTES;
}

int64_t bw_forecast_moved_bytes(const struct bw_boxconf *c, const struct bw_latency *l)
{
    for (size_t i = 0; i < c->n_probes && l->sent != BW_UNKNOWN; i++) {
        const struct bw_boxconf_probe *p = &c->probes[i];
        if (p->ops->klass != BW_CLASS_LATENCY || strcmp(p->ops->name, l->kind) != 0 ||
            strcmp(c->circuits[p->circuit].id, l->circuit) != 0) {
            continue;
        }
        for (size_t k = 0; k < bw_opts_n_targets(p->opts); k++) {
            if (strcmp(bw_opts_target(p->opts, k)->name, l->probe) == 0) {
                return l->sent * packet_bytes(p);
            }
        }
    }
    return 0; /* of the configuration before this one */
}

int64_t bw_forecast_run_bytes(const struct bw_boxconf *c,
                              const struct bw_boxconf_probe *p,
                              int64_t link_bps)
{
    const struct bw_boxconf_circuit *k = &c->circuits[p->circuit];
    int64_t line_bps = k->claim_bps[BW_DOWN];
    if (line_bps == BW_UNKNOWN ||
        (k->claim_bps[BW_UP] != BW_UNKNOWN && k->claim_bps[BW_UP] > line_bps)) {
        line_bps = k->claim_bps[BW_UP];
    }
    if (line_bps == BW_UNKNOWN) {
        line_bps = link_bps;
    }
    int64_t bytes = p->ops->cost_bytes ? p->ops->cost_bytes(p->opts, line_bps) : 0;
    return bytes == BW_UNKNOWN || bytes < 0 ? 0 : bytes;
}

/* Allowed time of each of the days, in ms. */
static void open_days(const struct bw_boxconf *c, int64_t day_unix_s, int64_t *ret_open_ms)
{
    uint8_t allowed[BW_BOXCONF_DAY_MIN];
    for (int i = 0; i < BW_FORECAST_DAYS; i++) {
        bw_boxconf_allowed(c, day_unix_s + (int64_t)i * DAY_S, allowed);
        ret_open_ms[i] = bw_forecast_open_ms(allowed);
    }
}

/* … of a day in the mean; days that are too short for any start are none. */
static int64_t usable_ms(const int64_t open_ms[BW_FORECAST_DAYS], int64_t every_ms)
{
    int64_t sum_ms = 0;
    for (int i = 0; i < BW_FORECAST_DAYS; i++) {
        sum_ms += bw_starts_can(every_ms, open_ms[i]) ? open_ms[i] : 0;
    }
    return sum_ms / BW_FORECAST_DAYS;
}

static int64_t packet_gap_ms(const struct bw_boxconf_probe *p)
{
    const struct bw_optspec *o = bw_optspec_find(p->ops->opts, "interval");
    int64_t ms = o && o->type == BW_OPT_DURATION ? bw_opt_int(p->opts, "interval") : 1000;
    return ms > 0 ? ms : 1000;
}

static int64_t packet_ways(const struct bw_boxconf_probe *p)
{
    return p->ops->ways ? p->ops->ways(p->opts) : (int64_t)bw_opts_n_targets(p->opts);
}

int64_t bw_forecast_open_ms(const uint8_t allowed[BW_BOXCONF_DAY_MIN])
{
    int64_t minutes = 0;
    for (int k = 0; k < BW_BOXCONF_DAY_MIN; k++) {
        minutes += allowed[k];
    }
    return minutes * MINUTE_MS;
}

int64_t bw_forecast_milliruns(int64_t open_ms, int64_t every_ms)
{
    return every_ms > 0 ? open_ms * 1000 / every_ms * 1000000 / GAP_PPM : 0;
}

void bw_forecast_make(const struct bw_boxconf *c,
                      int64_t day_unix_s,
                      const int64_t link_bps[BW_CIRCUITS_MAX],
                      struct bw_forecast *ret)
{
    int64_t open_ms[BW_FORECAST_DAYS];
    open_days(c, day_unix_s, open_ms);
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < c->n_probes; i++) {
        const struct bw_boxconf_probe *p = &c->probes[i];
        struct bw_forecast_probe *f = &ret->probes[ret->n_probes++];
        f->probe = i;
        f->heavy = p->ops->klass == BW_CLASS_THROUGHPUT;
        if (f->heavy) {
            f->run_bytes = bw_forecast_run_bytes(c, p, link_bps[p->circuit]);
            int64_t usable = usable_ms(open_ms, p->every_ms);
            f->never = p->every_ms > 0 && usable == 0;
            f->milliruns_day = bw_forecast_milliruns(usable, p->every_ms);
        } else {
            f->run_bytes = packet_bytes(p);
            f->milliruns_day = DAY_MS * 1000 / packet_gap_ms(p) * packet_ways(p);
        }
        if (f->run_bytes > 0 && f->milliruns_day > INT64_MAX / f->run_bytes) {
            f->day_bytes = INT64_MAX / BW_BOXCONF_PROBES_MAX / BW_FORECAST_MONTH_DAYS;
        } else {
            f->day_bytes = f->milliruns_day * f->run_bytes / 1000;
        }
        ret->day_bytes += f->day_bytes;
    }
}

enum bw_untestable
bw_forecast_untestable(int64_t claim_bps, int64_t link_bps, int64_t server_bps)
{
    if (claim_bps == BW_UNKNOWN) {
        return BW_TESTABLE;
    }
    if (link_bps != BW_UNKNOWN && claim_bps > link_bps) {
        return BW_UNTESTABLE_PORT;
    }
    return server_bps != BW_UNKNOWN && claim_bps > server_bps ? BW_UNTESTABLE_SERVER
                                                              : BW_TESTABLE;
}

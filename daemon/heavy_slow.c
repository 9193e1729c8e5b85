/* SPDX-License-Identifier: GPL-3.0-or-later
 * heavy_slow.c - tests on a line whose counts come in steps of more than 2 s: fewer users
 * may be there when one starts, and it lasts longer, so that what is counted around it
 * weighs less. Where the budget has no room for that it is as long as it is configured. */
#include "forecast.h"
#include "heavy_private.h"
#include "site.h"

#include <bw/opts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOW_MS = 2000,
    SLOW_GATE_PPM = 50000,
    SLOW_TEST_MS = 30000,
    LATE_UNKNOWN_S = 30, /* until it is known how often counts are new */
    LATE_SPARE_S = 2,    /* a question's distance and its answer's time */
    PAIRS_MAX = 64,
    PAIR_MAX = 1280
};

static bool is_slow(const struct bw_heavy *h, size_t circuit)
{
    int64_t refresh_ms = bw_site_refresh_ms(h->site, circuit);
    return bw_site_snmp(h->site, circuit) &&
           (refresh_ms == BW_UNKNOWN || refresh_ms > SLOW_MS);
}

int64_t heavy_late_s(const struct bw_heavy *h, size_t circuit)
{
    int64_t refresh_ms = bw_site_refresh_ms(h->site, circuit);
    if (!bw_site_snmp(h->site, circuit)) {
        return 0;
    }
    return refresh_ms == BW_UNKNOWN ? LATE_UNKNOWN_S
                                    : (2 * refresh_ms + 999) / 1000 + LATE_SPARE_S;
}

int64_t heavy_gate_ppm(const struct bw_heavy *h, size_t circuit, int64_t ppm)
{
    return is_slow(h, circuit) && ppm > SLOW_GATE_PPM ? SLOW_GATE_PPM : ppm;
}

/* All as it is, but for one option. NULL: it cannot be. */
static struct bw_opts *
with(const struct bw_boxconf_probe *p, const char *name, const char *value)
{
    char(*texts)[PAIR_MAX] = calloc(PAIRS_MAX, PAIR_MAX);
    const char *pairs[PAIRS_MAX];
    struct bw_target targets[BW_TARGETS_MAX];
    struct bw_opts *ret = NULL;
    struct bw_opts_head head = {.name = bw_opts_name(p->opts),
                                .circuit = bw_opts_circuit(p->opts),
                                .device = bw_opts_device(p->opts),
                                .source4 = bw_opts_source(p->opts, 4),
                                .source6 = bw_opts_source(p->opts, 6),
                                .targets = targets,
                                .n_targets = bw_opts_n_targets(p->opts)};
    size_t n = 0;
    bool fits = texts && head.n_targets <= BW_TARGETS_MAX;
    for (size_t i = 0; fits && i < head.n_targets; i++) {
        targets[i] = *bw_opts_target(p->opts, i);
    }
    for (const struct bw_optspec *o = p->ops->opts; fits && o->type != BW_OPT_END; o++) {
        const char *text =
            strcmp(o->name, name) == 0 ? value : bw_opts_text(p->opts, o->name);
        if (text[0] == '\0') {
            continue;
        }
        fits = n < PAIRS_MAX &&
               snprintf(texts[n], PAIR_MAX, "%s=%s", o->name, text) < PAIR_MAX;
        if (fits) {
            pairs[n] = texts[n];
            n++;
        }
    }
    if (fits && bw_opts_from_pairs(p->ops->opts, &head, pairs, n, &ret, NULL) < 0) {
        ret = NULL;
    }
    free(texts);
    if (ret && p->ops->check && p->ops->check(ret, NULL) < 0) {
        bw_opts_free(ret);
        ret = NULL;
    }
    return ret;
}

struct bw_opts *
heavy_longer(const struct bw_heavy *h, const struct bw_boxconf_probe *p, int64_t link_bps)
{
    const struct bw_optspec *o = bw_optspec_find(p->ops->opts, "duration");
    const struct bw_boxconf *c = h->config;
    struct bw_boxconf_probe longer = *p;
    char text[32];
    int64_t ms =
        o && o->type == BW_OPT_DURATION && o->max < SLOW_TEST_MS ? o->max : SLOW_TEST_MS;
    int64_t bytes;
    if (!is_slow(h, p->circuit) || !o || o->type != BW_OPT_DURATION ||
        bw_opt_int(p->opts, "duration") >= ms) {
        return NULL;
    }
    (void)snprintf(text, sizeof(text), "%llds", (long long)(ms / 1000));
    longer.opts = with(p, "duration", text);
    if (!longer.opts) {
        return NULL;
    }
    bytes = bw_forecast_run_bytes(c, &longer, link_bps);
    if (h->spent_bytes + bytes > c->tests.day_bytes ||
        (c->tests.month_bytes != BW_UNKNOWN &&
         h->spent_month_bytes + bytes > c->tests.month_bytes)) {
        bw_opts_free(longer.opts);
        return NULL;
    }
    return longer.opts;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_check_config.c - `bandwitness check-config`: would the daemon take this file? */
#include "box.h"
#include "boxconf.h"
#include "buf.h"
#include "cli.h"
#include "clock.h"
#include "forecast.h"
#include "hash.h"
#include "plural.h"

#include <bw/counter.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern const struct bw_verb bw_verb_check_config;

enum {
    PRINT_MAX = 4 * 1024 * 1024
};

static int print(const struct bw_boxconf *c)
{
    struct bw_buf out;
    bw_buf_init(&out, PRINT_MAX);
    int r = bw_boxconf_print(c, &out);
    if (r == 0 && out.len > 0 && fwrite(out.data, 1, out.len, stdout) != out.len) {
        r = -EIO;
    }
    bw_buf_done(&out);
    return r;
}

/* "3.1 GB"; a forecast has no more than two figures that mean something. */
static const char *size(int64_t bytes, char out[32])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    int64_t scale = 1;
    size_t u = 0;
    while (u + 1 < sizeof(units) / sizeof(units[0]) && bytes / scale >= 1000) {
        scale *= 1000;
        u++;
    }
    if (u == 0 || bytes / scale >= 10) {
        (void)snprintf(out, 32, "%" PRId64 " %s", (bytes + scale / 2) / scale, units[u]);
    } else {
        int64_t tenths = (bytes + scale / 20) / (scale / 10);
        (void)snprintf(out, 32, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10,
                       units[u]);
    }
    return out;
}

static void read_ports(const struct bw_boxconf *c, int64_t link_bps[BW_CIRCUITS_MAX])
{
    for (size_t i = 0; i < c->n_circuits; i++) {
        const struct bw_boxconf_circuit *k = &c->circuits[i];
        struct bw_counter *counter = NULL;
        struct bw_reading reading;
        link_bps[i] = BW_UNKNOWN;
        if (k->source == BW_SOURCE_KERNEL &&
            bw_counter_kernel.open(k->interface, k->faces_school, &counter, NULL) == 0) {
            if (bw_counter_kernel.read(counter, &reading) == 0) {
                link_bps[i] = reading.link_bps;
            }
            bw_counter_kernel.close(counter);
        }
    }
}

static void print_probe(const struct bw_boxconf *c, const struct bw_forecast_probe *f)
{
    const struct bw_boxconf_probe *p = &c->probes[f->probe];
    char a[32];
    char b[32];
    char m[32];
    char what[96];
    if (!f->heavy) {
        (void)snprintf(what, sizeof(what), "%" PRId64 " packets a day",
                       f->milliruns_day / 1000);
    } else if (p->every_ms == 0) {
        (void)snprintf(what, sizeof(what), "only when asked, at most %s a run",
                       size(f->run_bytes, a));
    } else {
        (void)snprintf(
            what, sizeof(what), "%" PRId64 ".%" PRId64 " runs a day, at most %s each",
            f->milliruns_day / 1000, f->milliruns_day % 1000 / 100, size(f->run_bytes, a));
    }
    (void)printf("  %-8s %-16s %-44s %s a day, %s a month\n", p->ops->name,
                 bw_opts_name(p->opts), what, size(f->day_bytes, b),
                 size(f->day_bytes * BW_FORECAST_MONTH_DAYS, m));
}

static void warn_of_budget(const char *name, int64_t budget_bytes, int64_t forecast_bytes)
{
    char a[32];
    char b[32];
    if (budget_bytes != BW_UNKNOWN && budget_bytes < forecast_bytes) {
        (void)printf("warning: tests { %s = %s } is less than that (%s): some of the tests "
                     "will be left out; raise it, or test less often (every)\n",
                     name, size(budget_bytes, a), size(forecast_bytes, b));
    }
}

static void warn_of_never(const struct bw_boxconf *c, const struct bw_forecast *f)
{
    for (size_t i = 0; i < f->n_probes; i++) {
        const struct bw_boxconf_probe *p = &c->probes[f->probes[i].probe];
        if (f->probes[i].never) {
            (void)printf("warning: %s \"%s\" will never run: class hours and windows leave "
                         "no day (UTC) more than a tenth of its every; leave more time, or "
                         "test more often (every)\n",
                         p->ops->name, bw_opts_name(p->opts));
        }
    }
}

static void warn_of_claims(const struct bw_boxconf *c,
                           const int64_t link_bps[BW_CIRCUITS_MAX])
{
    static const char *const words[BW_DIRECTIONS] = {[BW_DOWN] = "down", [BW_UP] = "up"};
    for (size_t i = 0; i < c->n_probes; i++) {
        const struct bw_boxconf_probe *p = &c->probes[i];
        const struct bw_boxconf_circuit *k = &c->circuits[p->circuit];
        for (int d = 0; d < BW_DIRECTIONS && p->ops->klass == BW_CLASS_THROUGHPUT; d++) {
            enum bw_untestable u = bw_forecast_untestable(
                k->claim_bps[d], link_bps[p->circuit], p->server_bps);
            if (u != BW_TESTABLE) {
                (void)printf(
                    "warning: circuit \"%s\": the claim of %" PRId64
                    " Mbit/s %s is not testable by %s \"%s\": %s carry %" PRId64
                    " Mbit/s\n",
                    k->id, k->claim_bps[d] / 1000000, words[d], p->ops->name,
                    bw_opts_name(p->opts),
                    u == BW_UNTESTABLE_PORT ? "this box's port can" : "its servers",
                    (u == BW_UNTESTABLE_PORT ? link_bps[p->circuit] : p->server_bps) /
                        1000000);
            }
        }
    }
}

static void note_captures(const struct bw_boxconf *c)
{
    for (size_t i = 0; i < c->n_circuits; i++) {
        const struct bw_boxconf_circuit *k = &c->circuits[i];
        if (k->capture.what == BW_BOXCONF_CAPTURE_OFF) {
            continue;
        }
        (void)printf("Circuit \"%s\": packets' headers are looked at on %s%s.\n", k->id,
                     k->capture.interface,
                     k->vantage == BW_VANTAGE_MIRROR ? ", which listens to all that arrives"
                                                     : "");
        if (k->vantage == BW_VANTAGE_ROUTER && !k->capture.faces_school) {
            (void)printf(
                "note: where this box translates addresses, all traffic of the line has "
                "one "
                "address, and nothing is told of so few devices: capture on the school's "
                "side (capture_interface, capture_side = school)\n");
        } else if (k->vantage == BW_VANTAGE_WAN_SIDE && !k->capture.by_mac) {
            (void)printf("note: outside the edge device addresses are seldom private: name "
                         "the `router`, or what is `inside`\n");
        }
    }
}

static void print_forecast(const struct bw_boxconf *c)
{
    int64_t link_bps[BW_CIRCUITS_MAX];
    struct bw_forecast f;
    char a[32];
    char b[32];
    int64_t now_s = bw_clock_unix_ms() / 1000;
    if (c->timezone[0]) {
        (void)setenv("TZ", c->timezone, 1); /* NOLINT(concurrency-mt-unsafe): one thread */
        tzset();
    }
    read_ports(c, link_bps);
    bw_forecast_make(c, now_s - now_s % 86400, link_bps, &f);
    (void)printf("This configuration will move about %s a day, %s a month:\n",
                 size(f.day_bytes, a), size(f.day_bytes * BW_FORECAST_MONTH_DAYS, b));
    for (size_t i = 0; i < f.n_probes; i++) {
        print_probe(c, &f.probes[i]);
    }
    warn_of_budget("day_bytes", c->tests.day_bytes, f.day_bytes);
    warn_of_budget("month_bytes", c->tests.month_bytes,
                   f.day_bytes * BW_FORECAST_MONTH_DAYS);
    warn_of_never(c, &f);
    warn_of_claims(c, link_bps);
    note_captures(c);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"print", no_argument, NULL, 'p'}, {0}};
    const struct bw_verb *v = &bw_verb_check_config;
    const char *path = BW_CLI_BOX_CONFIG;
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    bool show = false;
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        if (o != 'p') {
            return BW_EXIT_USAGE;
        }
        show = true;
    }
    if (argc - optind > 1) {
        return bw_cli_usage(v, "one file at a time");
    }
    if (optind < argc) {
        path = argv[optind];
    }
    if (bw_crypto_init() < 0) {
        return bw_cli_failed(v, "cryptography could not be set up");
    }
    if (bw_boxconf_load(path, &c, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    int r = show ? print(c) : 0;
    if (c->old_name[0]) {
        (void)fprintf(stderr, "bandwitness: %s\n", c->old_name);
    }
    if (!show) {
        (void)printf(
            "%s: fine (%zu %s, %zu %s, a record every %lld s)\n", path, c->n_circuits,
            bw_plural((int64_t)c->n_circuits, "circuit", "circuits"), c->n_probes,
            bw_plural((int64_t)c->n_probes, "probe", "probes"), (long long)c->interval_s);
        if (c->n_probes > 0) {
            print_forecast(c);
        }
    }
    bw_boxconf_unref(c);
    return bw_cli_flush(v, r < 0 ? BW_EXIT_FAILED : BW_EXIT_OK);
}

const struct bw_verb bw_verb_check_config = {
    .name = "check-config",
    .summary = "check the box's configuration file",
    .help =
        "[--print] [FILE]\n"
        "\n"
        "Reads FILE (default " BW_CLI_BOX_CONFIG ") as bandwitnessd would and says\n"
        "what is wrong with it, with its line and the nearest valid word. Needs no rights\n"
        "and changes nothing. Then it says how many bytes the probes will move a day and "
        "a\n"
        "month (at most, without retests, campaigns and runs by hand), and warns of "
        "budgets\n"
        "below that, of tests that never run and of claims that this box or its servers\n"
        "cannot reach.\n"
        "\n"
        "  --print    print the effective configuration, defaults included\n"
        "\n"
        "Exit status: 0 the daemon would take it, 1 it would not, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness check-config && systemctl reload bandwitness\n",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later
 * receipt_compare.c - a run's entry in a record, held against the server's receipt. The
 * bands are those of docs/receipt-v1.md, section 3. */
#include "receipt.h"

#include <bw/err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum {
    CLOCK_MS = 10000,        /* both clocks are right, and a run's ends are seen late */
    CLOCK_LOOSE_MS = 300000, /* nobody vouches for the box's */
    SHARE = 50,              /* a fiftieth: 2 % */
    RATE_SHARE = 1000,       /* a rate is worked out, not seen: a thousandth */
    SLACK_BYTES = 4 * 1024 * 1024
};

/* The most or least of any n whole seconds in a row. */
static int64_t of_seconds(const struct bw_receipt *r, int64_t n, bool most)
{
    int64_t best = BW_UNKNOWN;
    int64_t have = (int64_t)r->n_per_s;
    if (n >= have) {
        return r->bytes;
    }
    for (int64_t from = 0; from + n <= have; from++) {
        int64_t sum = 0;
        for (int64_t i = from; i < from + n; i++) {
            sum += r->per_s[i];
        }
        if (best == BW_UNKNOWN || (most ? sum > best : sum < best)) {
            best = sum;
        }
    }
    return best;
}

static enum bw_receipt_fault compare_bytes(const struct bw_receipt *r,
                                           const struct bw_throughput *t,
                                           struct bw_err *reterr)
{
    int64_t most = r->bytes;
    int64_t least = 0;
    if (r->n_per_s > 0) {
        int64_t floor_s = t->duration_ms / 1000 - 1;
        most = of_seconds(r, (t->duration_ms + 999) / 1000 + 1, true);
        least = floor_s > 0 && floor_s < (int64_t)r->n_per_s ? of_seconds(r, floor_s, false)
                                                             : 0;
    }
    most += most / SHARE + SLACK_BYTES;
    least -= least / SHARE + SLACK_BYTES;
    if (t->bytes > most || t->bytes < least) {
        (void)bw_err_set(reterr, 0,
                         "the run says %" PRId64 " bytes in %" PRId64
                         " ms, the server counted %" PRId64 " to %" PRId64
                         " in as many seconds",
                         t->bytes, t->duration_ms, least > 0 ? least : 0, most);
        return BW_RECEIPT_WRONG_BYTES;
    }
    return BW_RECEIPT_FINE;
}

/* A rate is the run's own bytes over its own time, which was cut to whole milliseconds:
 * beside true bytes any other could stand. Bytes are held already. */
static enum bw_receipt_fault compare_rate(const struct bw_throughput *t,
                                          struct bw_err *reterr)
{
    int64_t high;
    int64_t low;
    if (t->goodput_bps == BW_UNKNOWN || t->duration_ms < 1 || t->bytes < 0 ||
        t->bytes > INT64_MAX / 16000) {
        return BW_RECEIPT_FINE;
    }
    high = t->bytes * 8000 / t->duration_ms;
    low = t->bytes * 8000 / (t->duration_ms + 1);
    if (t->goodput_bps > high + high / RATE_SHARE + 1 ||
        t->goodput_bps < low - low / RATE_SHARE - 1) {
        (void)bw_err_set(reterr, 0,
                         "the run says %" PRId64 " bit/s, its own %" PRId64
                         " bytes in %" PRId64 " ms make %" PRId64,
                         t->goodput_bps, t->bytes, t->duration_ms, high);
        return BW_RECEIPT_WRONG_BYTES;
    }
    return BW_RECEIPT_FINE;
}

static bool same_run(const struct bw_receipt *r, const struct bw_throughput *t)
{
    return strcmp(r->circuit, t->circuit) == 0 &&
           strcmp(bw_test_kind_name(r->kind), t->kind) == 0 &&
           r->direction == t->direction && r->egress == t->egress;
}

enum bw_receipt_fault bw_receipt_compare(const struct bw_receipt *r,
                                         const struct bw_summary *s,
                                         const struct bw_throughput *t,
                                         const char *kid,
                                         struct bw_err *reterr)
{
    bool sure = s->clock.known && s->clock.synced &&
                (s->clock.step_us == BW_UNKNOWN || s->clock.step_us == 0);
    int64_t slack_ms = sure ? CLOCK_MS : CLOCK_LOOSE_MS;
    if (strcmp(r->kid, kid) != 0 || strcmp(r->site, s->site) != 0) {
        (void)bw_err_set(reterr, 0, "it was given to key %s of site %s", r->kid, r->site);
        return BW_RECEIPT_WRONG_KEY;
    }
    if (!same_run(r, t)) {
        (void)bw_err_set(reterr, 0, "it is of a test %s %s over circuit %s, egress %s",
                         bw_test_kind_name(r->kind), r->direction == BW_UP ? "up" : "down",
                         r->circuit, bw_egress_name(r->egress));
        return BW_RECEIPT_WRONG_RUN;
    }
    if (t->state != BW_TEST_OK || t->duration_ms == BW_UNKNOWN || t->bytes == BW_UNKNOWN) {
        return BW_RECEIPT_FINE; /* no figure rests on it */
    }
    if (t->at_unix_ms < r->at_unix_ms - slack_ms ||
        t->at_unix_ms + t->duration_ms > r->at_unix_ms + r->elapsed_us / 1000 + slack_ms) {
        (void)bw_err_set(reterr, 0,
                         "the run is at %" PRId64 " ms for %" PRId64
                         " ms, the test was at %" PRId64 " ms for %" PRId64 " ms",
                         t->at_unix_ms, t->duration_ms, r->at_unix_ms,
                         r->elapsed_us / 1000);
        return BW_RECEIPT_WRONG_WINDOW;
    }
    enum bw_receipt_fault f = compare_bytes(r, t, reterr);
    return f == BW_RECEIPT_FINE ? compare_rate(t, reterr) : f;
}

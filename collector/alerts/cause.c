/* SPDX-License-Identifier: GPL-3.0-or-later
 * cause.c - why a box was silent, by its own records of that time. */
#include "cause.h"

#include <bw/err.h>
#include <bw/records.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <errno.h>
#include <payload.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEFORE_S = 7200, /* records of before, for the machine's boot id */
    CIRCUITS_MAX = 16,
    NEARLY_TENTHS = 9
};

struct gather {
    struct bw_cause_facts *f;
    struct bw_payload payload;
    char boot[40];
    char names[CIRCUITS_MAX][BW_NAME_MAX + 1];
    int64_t outage_ms[CIRCUITS_MAX];
    int64_t carrier_ms[CIRCUITS_MAX];
    size_t n;
    struct bw_err *reterr;
};

static int64_t within(const struct bw_cause_facts *f, int64_t from_ms, int64_t to_ms)
{
    int64_t a = from_ms > f->from_unix_s * 1000 ? from_ms : f->from_unix_s * 1000;
    int64_t b = to_ms < f->to_unix_s * 1000 ? to_ms : f->to_unix_s * 1000;

    return b > a ? b - a : 0;
}

/* An outage that is still open comes in each record: of each the part in its own interval.
 */
static void
add_outage(struct gather *g, const struct bw_summary *s, const struct bw_outage *o)
{
    int64_t from = o->from_unix_ms;
    int64_t to = o->to_unix_ms == BW_UNKNOWN ? s->end_unix_s * 1000 : o->to_unix_ms;
    size_t i = 0;

    from = from < s->start_unix_s * 1000 ? s->start_unix_s * 1000 : from;
    while (i < g->n && strcmp(g->names[i], o->circuit) != 0) {
        i++;
    }
    if (i == CIRCUITS_MAX) {
        return;
    }
    if (i == g->n) {
        (void)snprintf(g->names[g->n++], sizeof(g->names[0]), "%s", o->circuit);
    }
    int64_t ms = within(g->f, from, to);
    g->outage_ms[i] += ms;
    g->carrier_ms[i] += o->why && strcmp(o->why, "carrier down") == 0 ? ms : 0;
}

static int on_record(void *owner, const struct bw_record *rec)
{
    struct gather *g = owner;
    struct bw_summary s;
    int r = bw_payload_take(&g->payload, rec, g->reterr);

    r = r < 0 ? r : bw_summary_decode(g->payload.json, g->payload.len, &s, g->reterr);
    if (r < 0) {
        return r == -BW_ENEWER ? 0 : r;
    }
    int64_t ms = within(g->f, s.start_unix_s * 1000, s.end_unix_s * 1000);
    g->f->covered_s += ms / 1000;
    for (size_t i = 0; i < s.n_outages; i++) {
        add_outage(g, &s, &s.outages[i]);
    }
    for (size_t i = 0; i < s.n_gaps; i++) {
        g->f->stopped = g->f->stopped || (s.gaps[i].why == BW_GAP_STOPPED &&
                                          within(g->f, s.gaps[i].from_unix_s * 1000,
                                                 s.gaps[i].to_unix_s * 1000) > 0);
    }
    g->f->rebooted =
        g->f->rebooted || (g->boot[0] && s.boot[0] && s.end_unix_s > g->f->from_unix_s &&
                           strcmp(g->boot, s.boot) != 0);
    (void)snprintf(g->boot, sizeof(g->boot), "%s", s.boot);
    bw_summary_done(&s);
    return 0;
}

int bw_cause_gather(struct bw_records *r,
                    const char *site,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_cause_facts *ret,
                    struct bw_err *reterr)
{
    struct gather *g = calloc(1, sizeof(*g));
    int rc;

    if (!g) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    *ret = (struct bw_cause_facts){.from_unix_s = from_unix_s, .to_unix_s = to_unix_s};
    g->f = ret;
    g->reterr = reterr;
    rc = bw_records_each(r, site, from_unix_s - BEFORE_S, to_unix_s + BEFORE_S, on_record,
                         g, reterr);
    for (size_t i = 0; i < g->n; i++) {
        if (g->outage_ms[i] / 1000 > ret->outage_s) {
            ret->outage_s = g->outage_ms[i] / 1000;
            ret->carrier_s = g->carrier_ms[i] / 1000;
        }
    }
    free(g);
    return rc;
}

const char *bw_cause_word(enum bw_cause_kind k)
{
    static const char *const words[] = {
        [BW_SILENCE_UNKNOWN] = "unknown", [BW_SILENCE_LINE] = "line",
        [BW_SILENCE_LAN] = "lan",         [BW_SILENCE_POWER] = "power",
        [BW_SILENCE_BOX] = "box",         [BW_SILENCE_WAY] = "way"};
    return words[k];
}

enum bw_cause_kind bw_cause_tell(const struct bw_cause_facts *f, char *words, size_t n)
{
    int64_t all = f->to_unix_s - f->from_unix_s;
    int64_t min = (all + 30) / 60;
    bool covered = f->covered_s * 10 >= all * NEARLY_TENTHS;
    bool bare = f->covered_s * 2 < all;

    if (f->outage_s * 2 >= all && f->carrier_s * 2 >= f->outage_s) {
        (void)snprintf(words, n,
                       "Its own records: its port had no carrier for %lld of these %lld "
                       "minutes (cable, or the device it is plugged into)",
                       (long long)f->carrier_s / 60, (long long)min);
        return BW_SILENCE_LAN;
    }
    if (f->outage_s * 2 >= all) {
        (void)snprintf(words, n,
                       "Its own records: its line was out for %lld of these %lld minutes",
                       (long long)f->outage_s / 60, (long long)min);
        return BW_SILENCE_LINE;
    }
    if (covered) {
        (void)snprintf(words, n,
                       "Its own records cover these %lld minutes with %lld minutes of "
                       "outage: it measured, and could not deliver (the way to the "
                       "collector, or the collector)",
                       (long long)min, (long long)f->outage_s / 60);
        return BW_SILENCE_WAY;
    }
    if (bare && f->rebooted) {
        (void)snprintf(
            words, n,
            "No record of %lld of these %lld minutes, and its machine began anew: "
            "it was off (power, or by hand)",
            (long long)(all - f->covered_s) / 60, (long long)min);
        return BW_SILENCE_POWER;
    }
    if (bare && f->stopped) {
        (void)snprintf(words, n,
                       "No record of %lld of these %lld minutes: its machine ran, and its "
                       "program did not",
                       (long long)(all - f->covered_s) / 60, (long long)min);
        return BW_SILENCE_BOX;
    }
    (void)snprintf(words, n,
                   "Its records tell of %lld of these %lld minutes, with %lld minutes of "
                   "outage: the cause is not known",
                   (long long)f->covered_s / 60, (long long)min,
                   (long long)f->outage_s / 60);
    return BW_SILENCE_UNKNOWN;
}

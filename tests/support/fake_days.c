/* SPDX-License-Identifier: GPL-3.0-or-later
 * fake_days.c - circuit-days made by hand; see fake_days.h. */
#include "fake_days.h"

#include "bw_test.h"
#include "tz.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

static int fake_each(struct bw_records *r,
                     const char *site,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     bw_record_cb cb,
                     void *owner,
                     struct bw_err *reterr)
{
    struct fake *f = (struct fake *)r;
    (void)site;
    (void)reterr;
    for (size_t i = 0; i < f->n_records; i++) {
        int rc = f->record[i].start_unix_s >= from_unix_s &&
                         f->record[i].start_unix_s < to_unix_s
                     ? cb(owner, &f->record[i])
                     : 0;
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static int fake_days(struct bw_records *r,
                     const char *site,
                     const char *circuit,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     bw_day_cb cb,
                     void *owner,
                     struct bw_err *reterr)
{
    struct fake *f = (struct fake *)r;
    (void)site;
    (void)from_unix_s;
    (void)to_unix_s;
    (void)reterr;
    for (size_t i = 0; i < f->n_days; i++) {
        int rc = strcmp(circuit, f->day[i].facts.id) == 0 ? cb(owner, &f->day[i]) : 0;
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static void fake_close(struct bw_records *r)
{
    free(r);
}

static const struct bw_records_ops fake_ops = {fake_each, fake_days, fake_close};

struct fake *fake_new(void)
{
    struct fake *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->base.ops = &fake_ops;
    return f;
}

/* A day of circuit "wan": the lists added after this call belong to it. */
struct bw_circuit_day *fake_day(struct fake *f, int64_t day_unix_s)
{
    struct bw_circuit_day *d = &f->day[f->n_days++];
    (void)snprintf(d->site, sizeof(d->site), "s-oaks2");
    bw_circuit_summary_init(&d->facts);
    (void)snprintf(d->facts.id, sizeof(d->facts.id), "wan");
    d->facts.vantage = BW_VANTAGE_ROUTER;
    d->facts.source = BW_SOURCE_KERNEL;
    d->facts.layer = BW_LAYER_ETHERNET;
    d->facts.mtu = 1500;
    d->day_unix_s = day_unix_s;
    d->max_clock_error_us = BW_UNKNOWN;
    d->slots = &f->slots[f->n_slots];
    d->tests = &f->tests[f->n_tests];
    d->outages = &f->outages[f->n_outages];
    d->gaps = &f->gaps[f->n_gaps];
    d->latency = &f->latency[f->n_latency];
    return d;
}

struct bw_slot *
fake_slot(struct fake *f, int64_t start_unix_s, int64_t length_s, int64_t down_bytes)
{
    struct bw_slot *s = &f->slots[f->n_slots++];
    *s = (struct bw_slot){.start_unix_s = start_unix_s,
                          .end_unix_s = start_unix_s + length_s,
                          .seq = (int64_t)f->n_slots,
                          .covered_s = length_s,
                          .saturated_s = BW_UNKNOWN,
                          .layer = f->day[f->n_days - 1].facts.layer};
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        bw_flow_init(&s->flow[d]);
    }
    s->flow[BW_DOWN].bytes = down_bytes;
    f->day[f->n_days - 1].n_slots++;
    return s;
}

struct bw_throughput *
fake_test(struct fake *f, int64_t at_unix_s, enum bw_test_state state, int64_t line_bps)
{
    struct bw_throughput *t = &f->tests[f->n_tests++];
    bw_throughput_init(t);
    (void)snprintf(t->probe, sizeof(t->probe), "state");
    (void)snprintf(t->kind, sizeof(t->kind), "http");
    t->direction = BW_DOWN;
    t->at_unix_ms = at_unix_s * 1000;
    t->duration_ms = 10000;
    t->state = state;
    t->line_bps = line_bps;
    t->goodput_bps = line_bps == BW_UNKNOWN ? BW_UNKNOWN : line_bps * 94 / 100;
    f->day[f->n_days - 1].n_tests++;
    return t;
}

void fake_outage(struct fake *f, int64_t from_ms, int64_t to_ms, int64_t known_to_ms)
{
    f->outages[f->n_outages++] = (struct bw_outage){.circuit = "wan",
                                                    .from_unix_ms = from_ms,
                                                    .to_unix_ms = to_ms,
                                                    .why = "targets silent",
                                                    .known_to_unix_ms = known_to_ms};
    f->day[f->n_days - 1].n_outages++;
}

void fake_gap(struct fake *f, int64_t from, int64_t to, enum bw_gap_why why)
{
    f->gaps[f->n_gaps++] = (struct bw_gap){from, to, why};
    f->day[f->n_days - 1].n_gaps++;
}

struct made fake_report(struct fake *f, const struct asked *a)
{
    struct made m = {.fake = f};
    struct bw_err err;
    struct bw_report_query q = {
        .records = &f->base,
        .site = "s-oaks2",
        .circuit = "wan",
        .from_unix_s = a->from,
        .to_unix_s = a->to,
        .class_hours = a->class_hours ? *a->class_hours : bw_report_class_hours_default,
        .calendars = a->calendars,
        .n_calendars = a->n_calendars,
        .claims = a->claim,
        .n_claims = a->claim ? 1 : 0,
        .made_unix_s = a->made ? a->made : a->to};
    assert_int_equal(bw_tz_load(a->tz ? a->tz : "UTC", &m.tz, &err), 0);
    q.tz = m.tz;
    if (bw_report_make(&q, &m.report, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return m;
}

void fake_drop(struct made *m)
{
    bw_report_free(m->report);
    bw_tz_free(m->tz);
    bw_records_close(&m->fake->base);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fake_days.h - circuit-days made by hand as records in memory, and reports of them; for
 * tests of the report alone. */
#ifndef BW_FAKE_DAYS_H
#define BW_FAKE_DAYS_H

#include "model.h"

#include <bw/records.h>
#include <stddef.h>
#include <stdint.h>

struct bw_tz;

enum {
    FAKE_SLOTS_MAX = 4000,
    FAKE_DAYS_MAX = 16,
    FAKE_LIST_MAX = 64
};

/* Records in memory: days with their slots, given as the contract says. */
struct fake {
    struct bw_records base;
    struct bw_circuit_day day[FAKE_DAYS_MAX];
    size_t n_days;
    struct bw_slot slots[FAKE_SLOTS_MAX];
    size_t n_slots;
    struct bw_throughput tests[FAKE_LIST_MAX];
    size_t n_tests;
    struct bw_outage outages[FAKE_LIST_MAX];
    size_t n_outages;
    struct bw_gap gaps[FAKE_LIST_MAX];
    size_t n_gaps;
    struct bw_latency_cell latency[FAKE_LIST_MAX];
    size_t n_latency;
    struct bw_record record[FAKE_LIST_MAX];
    size_t n_records;
};

/* Empty; bw_records_close(&f->base) frees it. */
struct fake *fake_new(void);
/* A day of circuit "wan" (router, kernel, Ethernet, MTU 1500); what is added after this
 * call belongs to it. */
struct bw_circuit_day *fake_day(struct fake *f, int64_t day_unix_s);
/* An interval wholly covered by counters that saw nothing upwards. */
struct bw_slot *
fake_slot(struct fake *f, int64_t start_unix_s, int64_t length_s, int64_t down_bytes);
/* A download of 10 s whose goodput is 94 % of the line rate. */
struct bw_throughput *
fake_test(struct fake *f, int64_t at_unix_s, enum bw_test_state state, int64_t line_bps);
void fake_outage(struct fake *f, int64_t from_ms, int64_t to_ms, int64_t known_to_ms);
void fake_gap(struct fake *f, int64_t from, int64_t to, enum bw_gap_why why);

struct asked {
    const char *tz;
    const struct bw_report_claim *claim;
    int64_t from;
    int64_t to;
    int64_t made;
    const struct bw_report_hours *class_hours; /* NULL: the default */
    const struct bw_report_calendar *calendars;
    size_t n_calendars;
};

/* Owns the zone for as long as the report. */
struct made {
    struct bw_report *report;
    struct bw_tz *tz;
    struct fake *fake;
};

/* The report of site s-oaks2, circuit wan; fails the test when there is none. */
struct made fake_report(struct fake *f, const struct asked *a);
void fake_drop(struct made *m);

#endif

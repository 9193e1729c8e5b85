/* SPDX-License-Identifier: GPL-3.0-or-later
 * records.h - one way to read signed records, wherever they are kept: the box's
 * journal, the collector's ledger, an exported file, a bag.
 *
 * Two views of the same evidence: the signed bytes in chain order (for verify and
 * export), and circuit-days (for reports and pages), which hold every interval's value
 * and mergeable histograms, never aggregates, so that any percentile of any period stays
 * exact. `verify` makes the second from the first again and compares. */
#ifndef BW_RECORDS_H
#define BW_RECORDS_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_records;

/* One signed record. Pointers are lent until the callback returns. */
struct bw_record {
    const char *jws;
    size_t jws_len;
    char kid[BW_KID_LEN + 1];
    char sha256[BW_HASH_LEN + 1]; /* of the compact JWS */
    char site[BW_SITE_MAX + 1];
    int64_t seq;
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t position;         /* in the ledger = leaf index; unknown in a journal */
    int64_t received_unix_ms; /* at the collector; unknown in a journal not yet acked */
    enum bw_egress egress;
};

enum bw_slot_flags {      /* bits */
    BW_SLOT_UNSYNCED = 1, /* the clock was not synchronised */
    BW_SLOT_STEPPED = 2,  /* the clock was stepped within the interval */
    BW_SLOT_LATE_1H = 4,  /* received more than one hour after its end */
    BW_SLOT_LATE_24H = 8, /* … more than 24 hours */
    BW_SLOT_OVERLAP = 16, /* starts before the slot before it ended: never add both up */
    BW_SLOT_TRAFFIC = 32  /* its record says what the line was full of; no day does */
};

/* One interval of one circuit. Absent figures are BW_UNKNOWN. */
struct bw_slot {
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t seq;
    int64_t covered_s;
    int64_t saturated_s;
    struct bw_flow flow[BW_DIRECTIONS];
    enum bw_layer layer; /* of its counters; unknown without any */
    uint32_t flags;
};

enum {
    BW_CELL_S = 300 /* of a day's latency; a whole number of them make every hour */
};

/* One target's latency in the intervals that start within the same BW_CELL_S (UTC): one
 * interval, where they are that long. So hours of any zone and any edge, which intervals
 * fit, are made of whole cells. */
struct bw_latency_cell {
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int family;
    int64_t start_unix_s;      /* of its first interval */
    int64_t last_start_unix_s; /* of its last; the same with one */
    int64_t end_unix_s;        /* of its last */
    int64_t n;                 /* intervals */
    int64_t sent;
    int64_t lost;
    int64_t late;
    int64_t sum_us;
    int64_t covered_s; /* length of the intervals in which it was asked (sent > 0) */
    int64_t p50_us;    /* as the interval told; unknown with several */
    int64_t p95_us;
    const char *rtt_hist; /* NULL when nothing came back */
};

/* Which interval told of a run: its end may lie in the next one, and over midnight. What
 * its line carried is at the layer of that interval's counters. */
struct bw_told {
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t seq;
    int64_t place; /* among the runs of that record */
    enum bw_layer layer;
    int64_t mtu; /* the circuit's */
};

/* One UTC day of one circuit. Everything is lent until the callback returns. */
struct bw_circuit_day {
    char site[BW_SITE_MAX + 1];
    struct bw_circuit_summary
        facts;                  /* of the last interval: id, vantage, source, layer … */
    int64_t day_unix_s;         /* 00:00:00 UTC */
    int64_t n_summaries;        /* intervals that name this circuit */
    int64_t n_vantage_changes;  /* intervals whose vantage or source differs from the one
                                   before on this day */
    int64_t max_clock_error_us; /* worst known within the day */
    struct bw_slot *slots;
    size_t n_slots;
    struct bw_latency_cell *latency; /* by probe, kind, family, start */
    size_t n_latency;
    struct bw_throughput
        *tests;                 /* every run that started on this day, whatever its state */
    const struct bw_told *told; /* n_tests; NULL: not known */
    size_t n_tests;
    struct bw_outage
        *outages; /* every outage named on this day, once, clipped to no border;
                     one over midnight comes on both days under the same
                     from_unix_ms: join (bw_outages_join) before adding up */
    size_t n_outages;
    struct bw_gap *gaps;
    size_t n_gaps;
};

typedef int (*bw_record_cb)(void *owner, const struct bw_record *r);
typedef int (*bw_day_cb)(void *owner, const struct bw_circuit_day *d);

struct bw_records_ops {
    /* Records of a site ("" = all) whose interval starts within [from, to), in chain
     * order (kid, seq) for a journal or file, in position order for a ledger. A callback
     * that gives non-zero ends the walk and that value is given back. */
    int (*each)(struct bw_records *r,
                const char *site,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_record_cb cb,
                void *owner,
                struct bw_err *reterr);
    /* Circuit-days of one circuit that touch [from, to), oldest first; intervals outside
     * are left out. Days without any summary do not appear. */
    int (*days)(struct bw_records *r,
                const char *site,
                const char *circuit,
                int64_t from_unix_s,
                int64_t to_unix_s,
                bw_day_cb cb,
                void *owner,
                struct bw_err *reterr);
    void (*close)(struct bw_records *r);
};

/* Every back end's handle begins with this; struct bodies stay in the .c files. */
struct bw_records {
    const struct bw_records_ops *ops;
};

static inline int bw_records_each(struct bw_records *r,
                                  const char *site,
                                  int64_t from_unix_s,
                                  int64_t to_unix_s,
                                  bw_record_cb cb,
                                  void *owner,
                                  struct bw_err *reterr)
{
    return r->ops->each(r, site, from_unix_s, to_unix_s, cb, owner, reterr);
}

static inline int bw_records_days(struct bw_records *r,
                                  const char *site,
                                  const char *circuit,
                                  int64_t from_unix_s,
                                  int64_t to_unix_s,
                                  bw_day_cb cb,
                                  void *owner,
                                  struct bw_err *reterr)
{
    return r->ops->days(r, site, circuit, from_unix_s, to_unix_s, cb, owner, reterr);
}

static inline void bw_records_close(struct bw_records *r)
{
    if (r) {
        r->ops->close(r);
    }
}

#endif

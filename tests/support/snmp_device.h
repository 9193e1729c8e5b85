/* SPDX-License-Identifier: GPL-3.0-or-later
 * snmp_device.h - an edge device, played with its cache, and what a reader hears of it; for
 * tests of the reader. */
#ifndef BW_SNMP_DEVICE_H
#define BW_SNMP_DEVICE_H

#include "bw_test.h"

#include "reader.h"

#include <stdio.h>
#include <string.h>

static const int64_t S = 1000000000;
static const int64_t MS = 1000000;
static const int64_t WRAP = INT64_C(1) << 32;

/* A device: a line that carries in_bps/8 bytes a second down, half of it up, and answers
 * out of a cache that it renews every refresh_ns. */
struct device {
    int64_t rate; /* bytes a second in */
    int64_t refresh_ns;
    int64_t cached_ns; /* when the cache was filled; INT64_MIN: never */
    int64_t in;        /* what it then held */
    int64_t out;
    int64_t base; /* of the counts */
    int64_t born_ns;
    int64_t idle_from_ns; /* nothing moves from here … */
    int64_t idle_to_ns;   /* … to here */
    int64_t high_speed_mbps;
    int64_t speed_bps;
    int64_t oper;
    int64_t discontinuity;
    bool only32;
    const char *name;
    int64_t if_type;
    int64_t uptime_step_cs; /* it renews its uptime so seldom; 0: always */
};

static inline struct device a_device(void)
{
    return (struct device){.rate = 1000000,
                           .refresh_ns = 0,
                           .cached_ns = INT64_MIN,
                           .base = 5000,
                           .idle_from_ns = INT64_MAX,
                           .idle_to_ns = INT64_MAX,
                           .high_speed_mbps = 1000,
                           .speed_bps = 1000000000,
                           .oper = 1,
                           .discontinuity = 0,
                           .name = "alder0",
                           .if_type = 6};
}

/* Bytes that went in by then. */
static inline int64_t carried(const struct device *d, int64_t ns)
{
    int64_t busy = ns - d->born_ns;
    if (ns > d->idle_from_ns) {
        busy -= (ns < d->idle_to_ns ? ns : d->idle_to_ns) - d->idle_from_ns;
    }
    return d->base + busy / 1000 * d->rate / 1000000;
}

static inline struct bw_snmp_answer ask(struct device *d, int64_t ns)
{
    struct bw_snmp_answer a = {.sent_ns = ns, .got_ns = ns + 2 * MS};
    int64_t at = ns + MS;
    if (d->cached_ns == INT64_MIN || at - d->cached_ns >= d->refresh_ns) {
        d->cached_ns = at;
        d->in = carried(d, at);
        d->out = d->in / 2;
    }
    a.uptime_cs = (at - d->born_ns) / (10 * MS) % WRAP;
    if (d->uptime_step_cs > 0) {
        a.uptime_cs -= a.uptime_cs % d->uptime_step_cs;
    }
    a.if_type = d->if_type;
    a.name_known = d->name != NULL;
    (void)snprintf(a.name, sizeof(a.name), "%s", d->name ? d->name : "");
    a.has64 = !d->only32;
    a.in64 = d->only32 ? 0 : (uint64_t)d->in;
    a.out64 = d->only32 ? 0 : (uint64_t)d->out;
    a.in32 = d->in % WRAP;
    a.out32 = d->out % WRAP;
    a.high_speed_mbps = d->only32 ? BW_UNKNOWN : d->high_speed_mbps;
    a.speed_bps = d->speed_bps;
    a.oper_status = d->oper;
    a.discontinuity_cs = d->discontinuity;
    return a;
}

static inline void find(struct bw_snmp_reader *r, int64_t index, int64_t now_ns)
{
    struct bw_snmp_said said = {0};
    bw_snmp_reader_look(r);
    bw_snmp_reader_row(r, 1, "lo", 2);
    bw_snmp_reader_row(r, index, "alder0", 6);
    bw_snmp_reader_row(r, index + 1, "alder01", 7);
    bw_snmp_reader_looked(r, now_ns, true, &said);
}

static inline struct bw_snmp_reader a_reader(void)
{
    struct bw_snmp_reader r;
    bw_snmp_reader_init(&r, "alder0", false, 1000);
    find(&r, 4, 0);
    return r;
}

/* Readings of one run of questions. */
struct heard {
    struct bw_snmp_reading readings[512];
    size_t n;
    struct bw_snmp_status status;
    struct bw_snmp_port port;
    size_t ports;
};

static inline void
question(struct bw_snmp_reader *r, struct device *d, int64_t ns, struct heard *h)
{
    struct bw_snmp_answer a = ask(d, ns);
    struct bw_snmp_said said = {0};
    bw_snmp_reader_answer(r, &a, &said);
    if (said.has_reading) {
        h->readings[h->n++ % 512] = said.reading;
    }
    if (said.has_port) {
        h->port = said.port;
        h->ports++;
    }
    h->status = r->status;
}

static inline void questions(
    struct bw_snmp_reader *r, struct device *d, int64_t from_s, int n, struct heard *h)
{
    for (int i = 0; i < n; i++) {
        question(r, d, (from_s + i) * S, h);
    }
}

/* Every reading lies where the device's truth was within its slack. */
static inline void assert_true_of(const struct device *d, const struct heard *h)
{
    for (size_t i = 1; i < h->n; i++) {
        const struct bw_snmp_reading *a = &h->readings[i - 1];
        const struct bw_snmp_reading *b = &h->readings[i];
        if (a->epoch != b->epoch) {
            continue;
        }
        int64_t most = carried(d, b->mono_ns) - carried(d, a->mono_ns - a->slack_ns);
        int64_t least = carried(d, b->mono_ns - b->slack_ns) - carried(d, a->mono_ns);
        assert_true(b->mono_ns > a->mono_ns);
        assert_true(b->in_bytes - a->in_bytes >= least - 1);
        assert_true(b->in_bytes - a->in_bytes <= most + 1);
    }
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * mirror.c - a port's bytes parted by drawn packets, second by second. */
#include "mirror.h"

#include <stdlib.h>

enum {
    RECENT = BW_MIRROR_AROUND_S + 3,
    LACKS_PPM = 900000,
    EXCEEDS_PPM = 1020000, /* borders of two clocks, and the draw */
    LEAST_BYTES = 1000000, /* of which a comparison means something */
    NO_WAY_PPM = 900000,   /* of what was drawn went neither way, … */
    NO_WAY_BYTES = 125000  /* … in a second that had so much */
};

static const int64_t NS_PER_S = 1000000000;

/* A second's end, as it was told. */
struct recent {
    int64_t unix_s;
    int64_t mono_ns;
    int64_t ifindex;
    int64_t rx_bytes;
    struct bw_mirror_seen seen;
    bool whole; /* port and packets, going on from the one before */
};

struct second {
    int64_t unix_s; /* of its end */
    int64_t shown[BW_DIRECTIONS];
    int64_t epoch;
    bool parted; /* the two above are known */
    bool rated;  /* whether the port was full is known */
    bool full;
};

struct bw_mirror {
    int64_t port_bps;
    struct recent recent[RECENT];
    uint64_t n; /* ever */
    struct second seconds[BW_MIRROR_SECONDS];
    int64_t shown[BW_DIRECTIONS]; /* ever rising within an epoch */
    int64_t waiting;              /* bytes of seconds without a drawn packet */
    int64_t epoch;
    bool no_way;
};

struct bw_mirror *bw_mirror_new(int64_t port_bps)
{
    struct bw_mirror *m = calloc(1, sizeof(*m));
    if (m) {
        m->port_bps = port_bps;
        m->epoch = 1;
    }
    return m;
}

void bw_mirror_free(struct bw_mirror *m)
{
    free(m);
}

static struct recent *recent_at(struct bw_mirror *m, uint64_t i)
{
    return &m->recent[i % RECENT];
}

static struct second *second_at(struct bw_mirror *m, int64_t unix_s)
{
    struct second *s = &m->seconds[(uint64_t)unix_s % BW_MIRROR_SECONDS];
    if (s->unix_s != unix_s) {
        *s = (struct second){.unix_s = unix_s};
    }
    return s;
}

static const struct second *second_of(const struct bw_mirror *m, int64_t unix_s)
{
    const struct second *s = &m->seconds[(uint64_t)unix_s % BW_MIRROR_SECONDS];
    return s->unix_s == unix_s ? s : NULL;
}

static void
rate_port(struct bw_mirror *m, const struct bw_reading *port, const struct recent *before)
{
    int64_t bps = m->port_bps != BW_UNKNOWN ? m->port_bps : port->link_bps;
    int64_t ns = port->mono_ns - before->mono_ns;
    int64_t bytes = port->dir[BW_DOWN].bytes - before->rx_bytes;
    struct second *s;
    if (bps == BW_UNKNOWN || bps <= 0 || ns <= 0 || ns > 2 * NS_PER_S || bytes < 0) {
        return;
    }
    s = second_at(m, before->unix_s + 1);
    s->rated = true;
    s->full =
        (double)bytes * 8e9 / (double)ns >= (double)bps / 1e6 * (double)BW_MIRROR_FULL_PPM;
}

static bool goes_on(const struct recent *a, const struct recent *b)
{
    return a->ifindex == b->ifindex && b->unix_s > a->unix_s &&
           b->unix_s - a->unix_s <= BW_MIRROR_AROUND_S && b->mono_ns > a->mono_ns &&
           b->rx_bytes >= a->rx_bytes && b->seen.down >= a->seen.down &&
           b->seen.up >= a->seen.up && b->seen.neither >= a->seen.neither;
}

/* false: the packets do not tell. */
static bool
part(struct bw_mirror *m, int64_t bytes, const struct recent *a, const struct recent *b)
{
    double down = (double)(b->seen.down - a->seen.down);
    double up = (double)(b->seen.up - a->seen.up);
    double neither = (double)(b->seen.neither - a->seen.neither);
    double all = down + up + neither;
    m->waiting += bytes;
    if (all <= 0) {
        return true;
    }
    if (bytes >= NO_WAY_BYTES && neither * 1e6 >= all * NO_WAY_PPM) {
        return false;
    }
    m->shown[BW_DOWN] += (int64_t)((double)m->waiting * down / all);
    m->shown[BW_UP] += (int64_t)((double)m->waiting * up / all);
    m->waiting = 0;
    return true;
}

bool bw_mirror_has_no_way(const struct bw_mirror *m)
{
    return m->no_way;
}

bool bw_mirror_second(struct bw_mirror *m,
                      int64_t unix_s,
                      const struct bw_reading *port,
                      const struct bw_mirror_seen *seen,
                      struct bw_reading *ret,
                      int64_t *ret_unix_s)
{
    struct recent *now = recent_at(m, m->n);
    const struct recent *from;
    const struct recent *to;
    struct second *s;
    uint64_t i;
    m->no_way = false;
    if (!port || port->dir[BW_DOWN].bytes == BW_UNKNOWN) {
        m->n = 0;
        m->waiting = 0;
        m->epoch++;
        return false;
    }
    *now = (struct recent){.unix_s = unix_s,
                           .mono_ns = port->mono_ns,
                           .ifindex = port->ifindex,
                           .rx_bytes = port->dir[BW_DOWN].bytes};
    if (m->n > 0 && recent_at(m, m->n - 1)->ifindex == port->ifindex &&
        recent_at(m, m->n - 1)->unix_s + 1 == unix_s) {
        rate_port(m, port, recent_at(m, m->n - 1));
    }
    if (seen) {
        now->seen = *seen;
        now->whole = m->n > 0 && goes_on(recent_at(m, m->n - 1), now);
    }
    m->n++;
    if (m->n < BW_MIRROR_LATE_S + 2) {
        return false;
    }
    /* The second that ended BW_MIRROR_LATE_S ago, if nothing was missed since. */
    i = m->n - 1 - BW_MIRROR_LATE_S;
    to = recent_at(m, i);
    for (uint64_t k = i; k < m->n; k++) {
        if (!recent_at(m, k)->whole) {
            m->waiting = 0;
            m->epoch++;
            return false;
        }
    }
    from = recent_at(m, i - 1);
    while (i > 1 && m->n - i < BW_MIRROR_AROUND_S && recent_at(m, i - 1)->whole) {
        i--;
    }
    m->no_way = !part(m, to->rx_bytes - from->rx_bytes, recent_at(m, i - 1), now);
    if (m->no_way) {
        m->waiting = 0;
        m->epoch++;
        return false;
    }
    s = second_at(m, to->unix_s);
    s->parted = true;
    s->epoch = m->epoch;
    *ret = (struct bw_reading){.mono_ns = to->mono_ns,
                               .ifindex = m->epoch,
                               .layer = port->layer,
                               .carrier = true,
                               .link_bps = BW_UNKNOWN,
                               .mtu = port->mtu};
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        s->shown[d] = m->shown[d];
        ret->dir[d] = (struct bw_counter_dir){.bytes = m->shown[d],
                                              .packets = BW_UNKNOWN,
                                              .drops = BW_UNKNOWN,
                                              .errors = BW_UNKNOWN};
    }
    *ret_unix_s = to->unix_s;
    return true;
}

int64_t bw_mirror_full_s(const struct bw_mirror *m, int64_t from_unix_s, int64_t to_unix_s)
{
    int64_t full = 0;
    bool any = false;
    for (int64_t t = from_unix_s + 1; t <= to_unix_s; t++) {
        const struct second *s = second_of(m, t);
        any = any || (s && s->rated);
        full += s && s->full;
    }
    return any ? full : BW_UNKNOWN;
}

bool bw_mirror_bytes(const struct bw_mirror *m,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     int64_t ret[BW_DIRECTIONS])
{
    const struct second *a = second_of(m, from_unix_s);
    const struct second *b = second_of(m, to_unix_s);
    if (!a || !b || !a->parted || !b->parted || a->epoch != b->epoch) {
        return false;
    }
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        ret[d] = b->shown[d] - a->shown[d];
    }
    return true;
}

enum bw_mirror_verdict bw_mirror_compare(const int64_t shown[BW_DIRECTIONS],
                                         const int64_t counted[BW_DIRECTIONS])
{
    enum bw_mirror_verdict v = BW_MIRROR_UNKNOWN;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (counted[d] == BW_UNKNOWN || counted[d] < LEAST_BYTES) {
            continue;
        }
        if ((double)shown[d] * 1e6 > (double)counted[d] * EXCEEDS_PPM) {
            return BW_MIRROR_EXCEEDS;
        }
        if ((double)shown[d] * 1e6 < (double)counted[d] * LACKS_PPM) {
            v = BW_MIRROR_LACKS;
        } else if (v == BW_MIRROR_UNKNOWN) {
            v = BW_MIRROR_AGREES;
        }
    }
    return v;
}

const char *bw_mirror_verdict_word(enum bw_mirror_verdict v)
{
    static const char *const words[] = {[BW_MIRROR_UNKNOWN] = "",
                                        [BW_MIRROR_AGREES] = "agrees",
                                        [BW_MIRROR_LACKS] = "lacks",
                                        [BW_MIRROR_EXCEEDS] = "exceeds"};
    return words[v];
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * rates.c - readings of one interface's counters → bytes and rates.
 *
 * Two lists: the spans between joined readings at whole seconds, which become an
 * interval's figures when they are cut; and the last readings of any moment, for the
 * bytes between two instants. A span of one second is a one-second rate; a longer one
 * bridges readings that were missed. */
#include "rates.h"

#include "sliding.h"

#include <bw/summary.h>
#include <errno.h>
#include <stat.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPANS_MAX = 4096,       /* an hour of seconds: far more than any interval */
    SATURATED_PPM = 900000, /* of the claim */
    IMPLAUSIBLE_TIMES = 4,  /* the link's speed: NICs that update late show up to twice */
    RECENT_AGE_S = 3
};

static const int64_t NS_PER_S = 1000000000;
static const int64_t NS_PER_MS = 1000000;

struct span {
    int64_t from_s;
    int64_t to_s;
    int64_t ns; /* measured */
    bool cut;   /* part of a longer one */
    struct bw_counter_dir d[BW_DIRECTIONS];
};

struct moment {
    int64_t mono_ns;
    int64_t bytes[BW_DIRECTIONS];
    int64_t ifindex;
    int64_t slack_ns;
    bool joined; /* to the one before */
};

struct bw_rates {
    int64_t claim_bps[BW_DIRECTIONS];
    int64_t next_s;         /* the first second that may be counted */
    struct bw_reading last; /* for joining spans */
    int64_t last_s;
    bool have_last;
    bool port_known; /* last.link_bps and mtu still hold */
    bool coarse;
    int64_t refresh_ns; /* of coarse readings; 0: not measured yet */
    struct span *spans;
    size_t n_spans;
    size_t cap_spans;
    struct bw_reading newest;
    bool have_newest;
    bool offset_whole[BW_DIRECTIONS]; /* known, and the same, since the last cut */
    struct bw_sliding sliding;
    struct moment *recent; /* ring */
    uint64_t n_recent;     /* ever */
};

struct bw_rates *bw_rates_new(int64_t start_unix_s, const int64_t claim_bps[BW_DIRECTIONS])
{
    struct bw_rates *r = calloc(1, sizeof(*r));
    if (!r) {
        return NULL;
    }
    r->recent = calloc(BW_RATES_RECENT, sizeof(*r->recent));
    if (!r->recent) {
        free(r);
        return NULL;
    }
    r->next_s = start_unix_s;
    r->offset_whole[BW_DOWN] = true;
    r->offset_whole[BW_UP] = true;
    bw_rates_set_claim(r, claim_bps);
    return r;
}

void bw_rates_free(struct bw_rates *r)
{
    if (r) {
        free(r->spans);
        free(r->recent);
        free(r);
    }
}

void bw_rates_set_claim(struct bw_rates *r, const int64_t claim_bps[BW_DIRECTIONS])
{
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        r->claim_bps[d] = claim_bps[d];
    }
}

void bw_rates_set_coarse(struct bw_rates *r, int64_t refresh_ns)
{
    r->coarse = true;
    r->refresh_ns = refresh_ns == BW_UNKNOWN ? 0 : refresh_ns;
}

/* How far apart two readings may be to be joined. A cache is believed to be idle after
 * ten refreshes without a change; what comes then is joined to what was before. */
static int64_t bridge_s(const struct bw_rates *r)
{
    int64_t steps_s = r->refresh_ns / NS_PER_S * 16;
    if (!r->coarse) {
        return BW_RATES_BRIDGE_S;
    }
    return steps_s > BW_RATES_COARSE_BRIDGE_S ? steps_s : BW_RATES_COARSE_BRIDGE_S;
}

/* Bits per second; in microseconds, so that a terabyte a second does not overflow. */
static int64_t rate_bps(int64_t bytes, int64_t ns)
{
    int64_t us = ns / 1000;
    if (us <= 0) {
        return BW_UNKNOWN;
    }
    if (bytes > INT64_MAX / 8 / 1000000) {
        return bytes / us * 8 * 1000000;
    }
    return bytes * 8 * 1000000 / us;
}

int64_t bw_rates_age_ns(int64_t slack_ns, int64_t refresh_ms, int64_t every_ms)
{
    int64_t most_ns = (refresh_ms == BW_UNKNOWN ? 2 * every_ms : refresh_ms) * NS_PER_MS;
    return (slack_ns < most_ns ? slack_ns : most_ns) / 2;
}

static int64_t difference(int64_t now, int64_t before)
{
    return now == BW_UNKNOWN || before == BW_UNKNOWN || now < before ? BW_UNKNOWN
                                                                     : now - before;
}

/* slack_ns: of the counts at mono_ns; what came since may have come in that much more. */
static bool can_join(int64_t ifindex,
                     int64_t mono_ns,
                     int64_t slack_ns,
                     const int64_t bytes[BW_DIRECTIONS],
                     const struct bw_reading *next)
{
    int64_t ns = next->mono_ns - mono_ns;
    if (ifindex != next->ifindex || ns <= 0) {
        return false;
    }
    ns += slack_ns;
    if (ns < NS_PER_S) {
        ns = NS_PER_S; /* a driver that updates late shows seconds of a line at once */
    }
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        int64_t n = difference(next->dir[d].bytes, bytes[d]);
        if (n == BW_UNKNOWN) {
            return false;
        }
        if (next->link_bps != BW_UNKNOWN && next->link_bps > 0 &&
            rate_bps(n, ns) / IMPLAUSIBLE_TIMES > next->link_bps) {
            return false; /* a counter that jumped */
        }
    }
    return true;
}

static struct moment *moment_at(const struct bw_rates *r, uint64_t i)
{
    return &r->recent[i % BW_RATES_RECENT];
}

static uint64_t oldest_moment(const struct bw_rates *r)
{
    return r->n_recent > BW_RATES_RECENT ? r->n_recent - BW_RATES_RECENT : 0;
}

/* What a counter counts of a frame is made up for only from when it is known on. */
static void note_offsets(struct bw_rates *r, const struct bw_reading *reading)
{
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        const struct bw_counter_dir *now = &reading->dir[d];
        if (!now->offset_known ||
            (r->have_newest && now->offset_bytes != r->newest.dir[d].offset_bytes)) {
            r->offset_whole[d] = false;
        }
    }
}

void bw_rates_add_extra(struct bw_rates *r, const struct bw_reading *reading)
{
    struct moment m = {.mono_ns = reading->mono_ns,
                       .ifindex = reading->ifindex,
                       .slack_ns = reading->slack_ns};
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        m.bytes[d] = reading->dir[d].bytes;
    }
    if (r->n_recent > 0) {
        const struct moment *b = moment_at(r, r->n_recent - 1);
        if (m.mono_ns <= b->mono_ns) {
            return; /* the same moment read twice, or out of order */
        }
        m.joined = can_join(b->ifindex, b->mono_ns, b->slack_ns, b->bytes, reading);
    }
    if (!r->coarse) {
        bw_sliding_add(&r->sliding, m.mono_ns, m.bytes, m.joined);
    }
    *moment_at(r, r->n_recent) = m;
    r->n_recent++;
    note_offsets(r, reading);
    r->newest = *reading;
    r->have_newest = true;
    r->port_known = true;
}

static int push_span(struct bw_rates *r, const struct span *s)
{
    if (r->n_spans == r->cap_spans) {
        size_t cap = r->cap_spans ? r->cap_spans * 2 : 64;
        struct span *grown;
        if (cap > SPANS_MAX) {
            return -ENOSPC;
        }
        grown = realloc(r->spans, cap * sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        r->spans = grown;
        r->cap_spans = cap;
    }
    r->spans[r->n_spans++] = *s;
    return 0;
}

int bw_rates_add(struct bw_rates *r, int64_t unix_s, const struct bw_reading *reading)
{
    int64_t bytes[BW_DIRECTIONS];
    struct span s;
    int result = -ESTALE;
    bw_rates_add_extra(r, reading);
    if (r->coarse && r->have_last && unix_s <= r->last_s &&
        r->last.ifindex == reading->ifindex) {
        return 0; /* two of one second: the next second's holds both */
    }
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        bytes[d] = r->last.dir[d].bytes;
    }
    if (r->have_last && unix_s > r->last_s && unix_s - r->last_s <= bridge_s(r) &&
        (!r->coarse || reading->mono_ns - r->last.mono_ns <= bridge_s(r) * NS_PER_S) &&
        can_join(r->last.ifindex, r->last.mono_ns, r->last.slack_ns, bytes, reading)) {
        s = (struct span){.from_s = r->last_s,
                          .to_s = unix_s,
                          .ns = reading->mono_ns - reading->age_ns - r->last.mono_ns +
                                r->last.age_ns};
        for (size_t d = 0; d < BW_DIRECTIONS; d++) {
            const struct bw_counter_dir *now = &reading->dir[d];
            const struct bw_counter_dir *before = &r->last.dir[d];
            s.d[d] = (struct bw_counter_dir){
                .bytes = difference(now->bytes, before->bytes),
                .packets = difference(now->packets, before->packets),
                .drops = difference(now->drops, before->drops),
                .errors = difference(now->errors, before->errors)};
        }
        result = s.to_s > r->next_s ? push_span(r, &s) : 0;
    }
    r->last = *reading;
    r->last_s = unix_s;
    r->have_last = true;
    return result;
}

void bw_rates_lost(struct bw_rates *r)
{
    r->port_known = false;
}

static int64_t part(int64_t whole, int64_t seconds, int64_t of_seconds)
{
    if (whole == BW_UNKNOWN) {
        return BW_UNKNOWN;
    }
    return whole / of_seconds * seconds + whole % of_seconds * seconds / of_seconds;
}

/* Divide *s at second `at`: *s keeps what is before, the rest is given back. What is lost
 * by rounding stays in the rest: nothing is counted twice, nothing is dropped. */
static struct span split(struct span *s, int64_t at)
{
    struct span rest = *s;
    int64_t whole = s->to_s - s->from_s;
    int64_t keep = at - s->from_s;
    s->to_s = at;
    s->cut = true;
    s->ns = part(s->ns, keep, whole);
    rest.from_s = at;
    rest.cut = true;
    rest.ns -= s->ns;
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_counter_dir *a = &s->d[d];
        struct bw_counter_dir *b = &rest.d[d];
        a->bytes = part(a->bytes, keep, whole);
        a->packets = part(a->packets, keep, whole);
        a->drops = part(a->drops, keep, whole);
        a->errors = part(a->errors, keep, whole);
        b->bytes = difference(b->bytes, a->bytes);
        b->packets = difference(b->packets, a->packets);
        b->drops = difference(b->drops, a->drops);
        b->errors = difference(b->errors, a->errors);
    }
    return rest;
}

static void add_to(int64_t *sum, int64_t n)
{
    *sum = *sum == BW_UNKNOWN || n == BW_UNKNOWN ? BW_UNKNOWN : *sum + n;
}

static bool is_saturated(const struct bw_rates *r, const struct span *s)
{
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        if (r->claim_bps[d] != BW_UNKNOWN && r->claim_bps[d] > 0 &&
            rate_bps(s->d[d].bytes, s->ns) >=
                r->claim_bps[d] / 1000000 * SATURATED_PPM +
                    r->claim_bps[d] % 1000000 * SATURATED_PPM / 1000000) {
            return true;
        }
    }
    return false;
}

int bw_rates_saturated(const struct bw_rates *r, int64_t unix_s)
{
    for (size_t i = r->n_spans; i > 0; i--) {
        const struct span *s = &r->spans[i - 1];
        if (s->from_s <= unix_s && unix_s < s->to_s) {
            return is_saturated(r, s);
        }
    }
    return -ENOENT;
}

static void sum_up(const struct bw_rates *r,
                   const struct span *spans,
                   size_t n,
                   struct bw_circuit_summary *ret)
{
    bool claimed = r->claim_bps[BW_DOWN] != BW_UNKNOWN || r->claim_bps[BW_UP] != BW_UNKNOWN;
    int64_t *rates = calloc(n, sizeof(*rates));
    ret->covered_s = 0;
    ret->saturated_s = claimed ? 0 : BW_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        int64_t seconds = spans[i].to_s - spans[i].from_s;
        ret->covered_s += seconds;
        if (claimed && is_saturated(r, &spans[i])) {
            ret->saturated_s += seconds;
        }
    }
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_flow *f = &ret->flow[d];
        size_t n_rates = 0;
        *f = (struct bw_flow){.p95_1s_bps = BW_UNKNOWN,
                              .peak_1s_bps = BW_UNKNOWN,
                              .peak_sliding_1s_bps = BW_UNKNOWN,
                              .frame_offset_bytes = BW_UNKNOWN};
        for (size_t i = 0; i < n; i++) {
            add_to(&f->bytes, spans[i].d[d].bytes);
            add_to(&f->packets, spans[i].d[d].packets);
            add_to(&f->drops, spans[i].d[d].drops);
            add_to(&f->errors, spans[i].d[d].errors);
            if (rates && !r->coarse && !spans[i].cut &&
                spans[i].to_s - spans[i].from_s == 1) {
                rates[n_rates++] = rate_bps(spans[i].d[d].bytes, spans[i].ns);
            }
        }
        if (n_rates > 0) {
            f->p95_1s_bps = bw_stat_percentile(rates, n_rates, 950000);
            f->peak_1s_bps = rates[n_rates - 1]; /* sorted by the line before */
        }
    }
    free(rates);
}

/* An aligned second is one of all seconds: the sliding peak is never below its. */
static void take_newest(struct bw_rates *r, struct bw_circuit_summary *ret)
{
    int64_t peaks[BW_DIRECTIONS];
    bw_sliding_cut(&r->sliding, ret->covered_s, peaks);
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_flow *f = &ret->flow[d];
        const struct bw_counter_dir *n = &r->newest.dir[d];
        f->frame_offset_bytes =
            ret->covered_s > 0 && r->offset_whole[d] ? n->offset_bytes : BW_UNKNOWN;
        r->offset_whole[d] = n->offset_known;
        f->peak_sliding_1s_bps =
            peaks[d] != BW_UNKNOWN && peaks[d] < f->peak_1s_bps ? f->peak_1s_bps : peaks[d];
    }
}

static void nothing_known(struct bw_circuit_summary *ret)
{
    ret->covered_s = 0;
    ret->saturated_s = BW_UNKNOWN;
    for (size_t d = 0; d < BW_DIRECTIONS; d++) {
        bw_flow_init(&ret->flow[d]);
    }
}

void bw_rates_cut(struct bw_rates *r,
                  int64_t end_unix_s,
                  int64_t next_unix_s,
                  struct bw_circuit_summary *ret)
{
    int64_t shift = next_unix_s - end_unix_s;
    size_t first = 0;
    size_t n = 0;
    struct span rest;
    bool have_rest = false;
    /* What began before this interval is not ours to count. */
    while (first < r->n_spans && r->spans[first].to_s <= r->next_s) {
        first++;
    }
    if (first < r->n_spans && r->spans[first].from_s < r->next_s) {
        r->spans[first] = split(&r->spans[first], r->next_s);
    }
    while (first + n < r->n_spans && r->spans[first + n].to_s <= end_unix_s) {
        n++;
    }
    if (first + n < r->n_spans && r->spans[first + n].from_s < end_unix_s) {
        rest = split(&r->spans[first + n], end_unix_s);
        have_rest = true;
        n++;
    }
    if (n > 0) {
        sum_up(r, r->spans + first, n, ret);
    } else {
        nothing_known(ret);
    }
    take_newest(r, ret);
    ret->link_bps = r->port_known ? r->newest.link_bps : BW_UNKNOWN;
    ret->mtu = r->port_known ? r->newest.mtu : BW_UNKNOWN;
    if (have_rest) {
        n--;
        r->spans[first + n] = rest;
    }
    r->n_spans -= first + n;
    if (r->n_spans > 0) {
        (void)memmove(r->spans, r->spans + first + n, r->n_spans * sizeof(*r->spans));
    }
    for (size_t i = 0; i < r->n_spans; i++) {
        r->spans[i].from_s += shift;
        r->spans[i].to_s += shift;
    }
    r->last_s += shift;
    r->next_s = next_unix_s;
}

/* The count at an instant, of the two readings around it. */
static int count_at(const struct bw_rates *r,
                    enum bw_direction dir,
                    int64_t t_ns,
                    uint64_t *ret_after,
                    int64_t *ret_bytes,
                    int64_t *ret_error)
{
    for (uint64_t i = oldest_moment(r); i < r->n_recent; i++) {
        const struct moment *b = moment_at(r, i);
        const struct moment *a;
        int64_t up;
        int64_t span_us;
        int64_t part_us;
        if (b->mono_ns < t_ns) {
            continue;
        }
        *ret_after = i;
        if (b->mono_ns == t_ns) {
            *ret_bytes = b->bytes[dir];
            *ret_error = 0;
            return 0;
        }
        if (i == oldest_moment(r)) {
            return -ERANGE;
        }
        a = moment_at(r, i - 1);
        if (!b->joined) {
            return -ESTALE;
        }
        span_us = (b->mono_ns - a->mono_ns) / 1000;
        part_us = (t_ns - a->mono_ns) / 1000;
        up = span_us > 0 ? (int64_t)((double)(b->bytes[dir] - a->bytes[dir]) *
                                     (double)part_us / (double)span_us)
                         : 0;
        *ret_bytes = a->bytes[dir] + up;
        *ret_error = b->bytes[dir] - a->bytes[dir] - up;
        if (*ret_error < up) {
            *ret_error = up;
        }
        return 0;
    }
    return -ERANGE;
}

int bw_rates_window(const struct bw_rates *r,
                    enum bw_direction dir,
                    int64_t t0_mono_ns,
                    int64_t t1_mono_ns,
                    int64_t *ret_bytes,
                    int64_t *ret_error_bytes)
{
    uint64_t after0 = 0;
    uint64_t after1 = 0;
    int64_t bytes0;
    int64_t bytes1;
    int64_t error0;
    int64_t error1;
    int result = count_at(r, dir, t0_mono_ns, &after0, &bytes0, &error0);
    if (result < 0) {
        return result;
    }
    result = count_at(r, dir, t1_mono_ns, &after1, &bytes1, &error1);
    if (result < 0) {
        return result;
    }
    for (uint64_t i = after0 + 1; i <= after1; i++) {
        if (!moment_at(r, i)->joined) {
            return -ESTALE;
        }
    }
    if (bytes1 < bytes0) {
        return -ESTALE;
    }
    *ret_bytes = bytes1 - bytes0;
    *ret_error_bytes = error0 + error1;
    return 0;
}

int bw_rates_around(const struct bw_rates *r,
                    enum bw_direction dir,
                    int64_t t0_mono_ns,
                    int64_t t1_mono_ns,
                    struct bw_rates_around *ret)
{
    const struct moment *a = NULL;
    uint64_t i = oldest_moment(r);
    bool joined = true;
    for (; i < r->n_recent && moment_at(r, i)->mono_ns <= t0_mono_ns; i++) {
        a = moment_at(r, i);
    }
    for (; a && i < r->n_recent; i++) {
        const struct moment *b = moment_at(r, i);
        joined = joined && b->joined;
        if (b->mono_ns - b->slack_ns >= t1_mono_ns) {
            if (!joined) {
                return -ESTALE;
            }
            *ret = (struct bw_rates_around){.bytes = b->bytes[dir] - a->bytes[dir],
                                            .from_mono_ns = a->mono_ns - a->slack_ns,
                                            .to_mono_ns = b->mono_ns};
            return 0;
        }
    }
    return -ERANGE;
}

static bool taken_since(const struct moment *m, int64_t since_mono_ns)
{
    return m->mono_ns - m->slack_ns >= since_mono_ns;
}

int64_t bw_rates_carried_since_bps(const struct bw_rates *r,
                                   enum bw_direction dir,
                                   int64_t span_s,
                                   int64_t since_mono_ns,
                                   int64_t now_mono_ns)
{
    const struct moment *newest;
    const struct moment *from;
    uint64_t i;
    if (r->n_recent == 0) {
        return BW_UNKNOWN;
    }
    i = r->n_recent - 1;
    newest = moment_at(r, i);
    from = newest;
    if (now_mono_ns - newest->mono_ns > RECENT_AGE_S * NS_PER_S + 2 * r->refresh_ns) {
        return BW_UNKNOWN;
    }
    while (i > oldest_moment(r) && moment_at(r, i)->joined &&
           taken_since(moment_at(r, i - 1), since_mono_ns) &&
           (newest->mono_ns - moment_at(r, i - 1)->mono_ns <=
                span_s * NS_PER_S + NS_PER_S / 2 ||
            (r->coarse && from == newest))) {
        i--;
        from = moment_at(r, i);
    }
    if (newest->mono_ns - from->mono_ns < NS_PER_S * 9 / 10) {
        return BW_UNKNOWN;
    }
    return rate_bps(newest->bytes[dir] - from->bytes[dir], newest->mono_ns - from->mono_ns);
}

int64_t bw_rates_carried_bps(const struct bw_rates *r,
                             enum bw_direction dir,
                             int64_t span_s,
                             int64_t now_mono_ns)
{
    return bw_rates_carried_since_bps(r, dir, span_s, INT64_MIN, now_mono_ns);
}

const struct bw_reading *bw_rates_last(const struct bw_rates *r)
{
    return r->have_newest && r->port_known ? &r->newest : NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * reader.c - what a device's answers mean.
 *
 * Totals are sums of differences within one epoch, so that neither wrap nor width of the
 * device's counters is seen by anybody else. */
#include "reader.h"

#include <bw/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    OPER_UP = 1, /* RFC 2863, ifOperStatus */
    OPER_DOWN = 2,
    OPER_TESTING = 3,
    OPER_DORMANT = 5,
    OPER_NOT_PRESENT = 6,
    OPER_LOWER_DOWN = 7,
    TYPE_ETHERNET = 6, /* IANAifType */
    TYPE_PPP = 23,
    TYPE_LOOPBACK = 24,
    TYPE_GIGABIT = 117,
    TYPE_TUNNEL = 131,
    TYPE_VLAN = 135,
    TYPE_IP_VLAN = 136,
    TYPE_LAG = 161,
    BITS_SHORT = 32,
    BITS_LONG = 64,
    UPTIME_SLACK_CS = 1000,
    UPTIME_STEP_CS = 60000 /* some renew it seldom: it may leap ahead by that */
};

static const int64_t NS_PER_MS = 1000000;
static const int64_t WRAP = INT64_C(1) << 32; /* of Counter32 and TimeTicks */

static void __attribute__((format(printf, 4, 5))) set_state(struct bw_snmp_reader *r,
                                                            enum bw_snmp_state state,
                                                            struct bw_snmp_said *ret,
                                                            const char *fmt,
                                                            ...)
{
    char text[sizeof(r->status.text)];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (r->status.state == state && strcmp(r->status.text, text) == 0) {
        return;
    }
    r->status.state = state;
    (void)memcpy(r->status.text, text, sizeof(text));
    if (state != BW_SNMP_COUNTING) {
        r->port_known = false; /* who hears this forgets it: told anew with an answer */
    }
    ret->has_status = true;
}

static const char *what_name(const struct bw_snmp_reader *r)
{
    return r->by_alias ? "ifAlias" : "ifName";
}

static void new_epoch(struct bw_snmp_reader *r)
{
    r->epoch++;
    r->have_last = false;
    r->in_bytes = 0;
    r->out_bytes = 0;
    r->changed_ns = BW_UNKNOWN;
    r->fresh_ns = BW_UNKNOWN;
    r->given_ns = BW_UNKNOWN;
}

static void forget_interface(struct bw_snmp_reader *r)
{
    new_epoch(r);
    bw_snmp_refresh_skip(&r->refresh);
    r->ifindex = BW_UNKNOWN;
    r->status.ifindex = BW_UNKNOWN;
    r->looked_ns = BW_UNKNOWN;
    r->n_over = 0;
    r->stated_bps = BW_UNKNOWN;
}

void bw_snmp_reader_init(struct bw_snmp_reader *r,
                         const char *name,
                         bool by_alias,
                         int64_t every_ms)
{
    (void)memset(r, 0, sizeof(*r));
    (void)snprintf(r->name, sizeof(r->name), "%s", name);
    r->by_alias = by_alias;
    r->every_ms = every_ms;
    r->status.state = BW_SNMP_STARTING;
    r->status.refresh_ms = BW_UNKNOWN;
    r->status.bits = BW_UNKNOWN;
    r->look_ns = INT64_MIN;
    r->look_gap_ms = BW_SNMP_LOOK_MIN_MS;
    bw_snmp_refresh_init(&r->refresh);
    forget_interface(r);
}

bool bw_snmp_reader_may_look(const struct bw_snmp_reader *r, int64_t now_ns)
{
    if (r->ifindex == BW_UNKNOWN || !r->port_known) {
        return false;
    }
    return r->port.up ? r->looked_ns != BW_UNKNOWN &&
                            now_ns - r->looked_ns >= BW_SNMP_LOOK_UP_MS * NS_PER_MS
                      : r->look_ns <= now_ns;
}

bool bw_snmp_reader_must_look(const struct bw_snmp_reader *r,
                              int64_t now_ns,
                              int64_t *ret_wait_ms)
{
    *ret_wait_ms = 0;
    if (r->ifindex != BW_UNKNOWN) {
        return false;
    }
    if (r->look_ns > now_ns) {
        *ret_wait_ms = (r->look_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
    }
    return true;
}

static bool is_up(int64_t oper_status)
{
    return oper_status != OPER_DOWN && oper_status != OPER_TESTING &&
           oper_status != OPER_DORMANT && oper_status != OPER_NOT_PRESENT &&
           oper_status != OPER_LOWER_DOWN;
}

/* ---- which interface */

void bw_snmp_reader_look(struct bw_snmp_reader *r)
{
    r->n_found = 0;
    r->looked_ns = r->have_last ? r->last.got_ns : BW_UNKNOWN;
    (void)memset(r->found_up, 0, sizeof(r->found_up));
}

void bw_snmp_reader_row(struct bw_snmp_reader *r,
                        int64_t ifindex,
                        const char *text,
                        size_t n)
{
    if (n == strlen(r->name) && memcmp(text, r->name, n) == 0) {
        if (r->n_found < BW_SNMP_CANDIDATES) {
            r->found[r->n_found] = ifindex;
        }
        r->n_found++;
    }
}

int64_t bw_snmp_reader_candidate(const struct bw_snmp_reader *r, uint32_t k)
{
    return r->n_found > 1 && r->n_found <= BW_SNMP_CANDIDATES && k < r->n_found
               ? r->found[k]
               : BW_UNKNOWN;
}

void bw_snmp_reader_is(struct bw_snmp_reader *r, uint32_t k, const struct bw_snmp_answer *a)
{
    r->found_up[k] = a->name_known && strcmp(a->name, r->name) == 0 &&
                     a->oper_status != BW_UNKNOWN && is_up(a->oper_status);
}

/* The one that is meant; unknown: none, or it cannot be told. What a device still shows of
 * an interface that was made anew has its name; but one description may be that of two
 * ports, of which one is down today. */
static int64_t chosen(const struct bw_snmp_reader *r)
{
    int64_t one = BW_UNKNOWN;
    if (r->n_found == 1) {
        return r->found[0];
    }
    if (r->by_alias) {
        return BW_UNKNOWN;
    }
    for (uint32_t k = 0; bw_snmp_reader_candidate(r, k) != BW_UNKNOWN; k++) {
        if (r->found_up[k] && one != BW_UNKNOWN) {
            return BW_UNKNOWN;
        }
        one = r->found_up[k] ? r->found[k] : one;
    }
    return one;
}

static void look_later(struct bw_snmp_reader *r, int64_t now_ns)
{
    r->look_ns = now_ns + r->look_gap_ms * NS_PER_MS;
    r->look_gap_ms =
        r->look_gap_ms * 2 > BW_SNMP_LOOK_MAX_MS ? BW_SNMP_LOOK_MAX_MS : r->look_gap_ms * 2;
}

void bw_snmp_reader_looked(struct bw_snmp_reader *r,
                           int64_t now_ns,
                           bool whole,
                           struct bw_snmp_said *ret)
{
    int64_t one = whole ? chosen(r) : BW_UNKNOWN;
    r->n_missed = 0;
    look_later(r, now_ns);
    if (whole && r->by_alias && r->n_found > 1) {
        forget_interface(r); /* also one that is counted: half a line is not told */
    }
    if (one != BW_UNKNOWN && one != r->ifindex) {
        forget_interface(r);
        r->ifindex = one;
        r->status.ifindex = one;
        ret->has_status = true;
    } else if (r->ifindex == BW_UNKNOWN) {
        if (!whole) {
            set_state(r, BW_SNMP_NO_INTERFACE, ret,
                      "the device has more interfaces than can be searched");
        } else if (r->n_found == 0) {
            set_state(r, BW_SNMP_NO_INTERFACE, ret,
                      "no interface of the device has the %s '%.128s'", what_name(r),
                      r->name);
        } else {
            set_state(r, BW_SNMP_AMBIGUOUS, ret,
                      "%u interfaces of the device have the %s '%.128s'",
                      (unsigned)r->n_found, what_name(r), r->name);
        }
    }
    ret->status = r->status;
}

/* ---- what an answer means */

/* RFC 2863: octets include the framing of the interface's own layer. */
static enum bw_layer layer_of(const struct bw_snmp_answer *a)
{
    switch (a->if_type) {
    case TYPE_ETHERNET:
    case TYPE_GIGABIT:
    case TYPE_VLAN:
    case TYPE_IP_VLAN:
    case TYPE_LAG:
        return BW_LAYER_ETHERNET;
    case TYPE_PPP:
    case TYPE_LOOPBACK:
    case TYPE_TUNNEL:
        return BW_LAYER_IP;
    default:
        return BW_LAYER_UNKNOWN;
    }
}

static int64_t stated_of(const struct bw_snmp_answer *a)
{
    if (a->high_speed_mbps != BW_UNKNOWN && a->high_speed_mbps > 0) {
        return a->high_speed_mbps * 1000000;
    }
    /* RFC 2863: 2^32 - 1 is "more than this can say". */
    if (a->speed_bps != BW_UNKNOWN && a->speed_bps > 0 && a->speed_bps < WRAP - 1) {
        return a->speed_bps;
    }
    return BW_UNKNOWN;
}

/* Its speed, where what it states can be. */
static int64_t link_of(const struct bw_snmp_reader *r, const struct bw_snmp_answer *a)
{
    return r->n_over < BW_SNMP_OVER_MAX ? stated_of(a) : BW_UNKNOWN;
}

static void look_at_port(struct bw_snmp_reader *r,
                         const struct bw_snmp_answer *a,
                         struct bw_snmp_said *ret)
{
    struct bw_snmp_port p = {.mono_ns = a->got_ns,
                             .up = is_up(a->oper_status),
                             .link_bps = link_of(r, a),
                             .layer = layer_of(a)};
    if (a->oper_status == BW_UNKNOWN) {
        return;
    }
    if (p.up) {
        r->look_ns = INT64_MIN;
        r->look_gap_ms = BW_SNMP_LOOK_MIN_MS;
    }
    if (!r->port_known || p.up != r->port.up || p.link_bps != r->port.link_bps ||
        p.layer != r->port.layer) {
        r->port_known = true;
        r->port = p;
        ret->has_port = true;
        ret->port = p;
    }
}

/* sysUpTime is behind what it must be by now, also where it rose meanwhile. That its 497
 * days are over makes no difference. */
static bool started_again(const struct bw_snmp_answer *before,
                          const struct bw_snmp_answer *now)
{
    int64_t elapsed_cs = (now->got_ns - before->got_ns) / NS_PER_MS / 10;
    int64_t behind_cs;
    if (before->uptime_cs == BW_UNKNOWN || now->uptime_cs == BW_UNKNOWN) {
        return false;
    }
    behind_cs = (before->uptime_cs + elapsed_cs - now->uptime_cs) & (WRAP - 1);
    return behind_cs > UPTIME_SLACK_CS && behind_cs < WRAP - UPTIME_STEP_CS;
}

static bool says_discontinuity(const struct bw_snmp_answer *before,
                               const struct bw_snmp_answer *now)
{
    return before->discontinuity_cs != BW_UNKNOWN && now->discontinuity_cs != BW_UNKNOWN &&
           before->discontinuity_cs != now->discontinuity_cs;
}

/* Octets that a line of this speed can carry in that time; more than 2^32 are as many. */
static bool can_wrap(int64_t link_bps, int64_t ns)
{
    return link_bps == BW_UNKNOWN ||
           (double)link_bps / 8 * ((double)ns / 1e9) >= (double)WRAP;
}

static int64_t refresh_ns(const struct bw_snmp_reader *r)
{
    int64_t ms = bw_snmp_refresh_ms(&r->refresh, r->every_ms);
    return ms == BW_UNKNOWN ? BW_UNKNOWN : ms * NS_PER_MS;
}

/* May the differences of these counts be believed? Sets the state where not. */
static bool width_is_enough(struct bw_snmp_reader *r,
                            const struct bw_snmp_answer *a,
                            struct bw_snmp_said *ret)
{
    int64_t bits = a->has64                                          ? BITS_LONG
                   : a->in32 != BW_UNKNOWN && a->out32 != BW_UNKNOWN ? BITS_SHORT
                                                                     : BW_UNKNOWN;
    int64_t link_bps = link_of(r, a);
    int64_t every_ns = r->every_ms * NS_PER_MS;
    int64_t span_ns = refresh_ns(r) == BW_UNKNOWN ? every_ns : refresh_ns(r);
    if (bits != r->status.bits) {
        r->status.bits = bits;
        ret->has_status = true;
        new_epoch(r); /* other counters */
    }
    if (bits == BW_UNKNOWN) {
        set_state(r, BW_SNMP_NO_COUNTERS, ret,
                  "the device shows no octet counters of '%.128s'; its view for this user "
                  "must include ifXTable",
                  r->name);
        return false;
    }
    if (bits == BITS_LONG) {
        return true;
    }
    if (link_bps == BW_UNKNOWN) {
        set_state(r, BW_SNMP_TOO_FAST, ret,
                  "the device has 32-bit counters only and does not say the port's speed, "
                  "so a count that wrapped could not be told");
        return false;
    }
    if (can_wrap(link_bps, span_ns + every_ns)) {
        set_state(r, BW_SNMP_TOO_FAST, ret,
                  "the device has 32-bit counters only, which at %lld Mbit/s can wrap "
                  "within the %lld ms from one count to the next",
                  (long long)(link_bps / 1000000),
                  (long long)((span_ns + every_ns) / NS_PER_MS));
        return false;
    }
    return true;
}

static bool same_counts(const struct bw_snmp_reader *r, const struct bw_snmp_answer *a)
{
    const struct bw_snmp_answer *b = &r->last;
    return r->status.bits == BITS_LONG ? a->in64 == b->in64 && a->out64 == b->out64
                                       : a->in32 == b->in32 && a->out32 == b->out32;
}

/* The speed that a device states may be what somebody wrote there for its routing. What it
 * cannot carry even in the longest time that the counts may be of, and that again and
 * again, is no leap of a counter. */
static void
watch_speed(struct bw_snmp_reader *r, const struct bw_snmp_answer *a, uint64_t bytes)
{
    int64_t stated_bps = stated_of(a);
    double seconds = (double)(a->got_ns - r->fresh_ns) / 1e9;
    if (stated_bps != r->stated_bps) {
        r->stated_bps = stated_bps;
        r->n_over = 0;
    }
    if (r->n_over >= BW_SNMP_OVER_MAX || stated_bps == BW_UNKNOWN || seconds <= 0) {
        return;
    }
    r->n_over = (double)bytes * 8 / seconds > (double)stated_bps * 1.25 ? r->n_over + 1 : 0;
}

/* Add what was counted since the last answer; false: the two cannot be subtracted. */
static bool add_counts(struct bw_snmp_reader *r, const struct bw_snmp_answer *a)
{
    const struct bw_snmp_answer *b = &r->last;
    uint64_t in;
    uint64_t out;
    if (r->changed_ns == BW_UNKNOWN) {
        return true; /* counting begins with this change: its age is the first known one */
    }
    if (r->status.bits == BITS_LONG) {
        if (a->in64 < b->in64 || a->out64 < b->out64) {
            return false;
        }
        in = a->in64 - b->in64;
        out = a->out64 - b->out64;
    } else {
        if (can_wrap(link_of(r, a), a->got_ns - r->fresh_ns)) {
            return false;
        }
        in = (uint64_t)(a->in32 - b->in32) & (uint64_t)(WRAP - 1);
        out = (uint64_t)(a->out32 - b->out32) & (uint64_t)(WRAP - 1);
    }
    if (in > (uint64_t)(INT64_MAX - r->in_bytes) ||
        out > (uint64_t)(INT64_MAX - r->out_bytes)) {
        return false;
    }
    watch_speed(r, a, in > out ? in : out);
    r->in_bytes += (int64_t)in;
    r->out_bytes += (int64_t)out;
    return true;
}

static void
give(struct bw_snmp_reader *r, int64_t mono_ns, int64_t slack_ns, struct bw_snmp_said *ret)
{
    ret->has_reading = true;
    ret->reading = (struct bw_snmp_reading){.mono_ns = mono_ns,
                                            .slack_ns = slack_ns,
                                            .epoch = r->epoch,
                                            .in_bytes = r->in_bytes,
                                            .out_bytes = r->out_bytes};
    r->given_ns = mono_ns;
}

/* Nothing moved for so many refreshes that the counts are the line's, not a cache's. */
static void maybe_idle(struct bw_snmp_reader *r,
                       const struct bw_snmp_answer *a,
                       struct bw_snmp_said *ret)
{
    int64_t refresh = refresh_ns(r);
    int64_t mono_ns;
    if (refresh == BW_UNKNOWN || r->changed_ns == BW_UNKNOWN) {
        return;
    }
    if (a->sent_ns - r->changed_ns < BW_SNMP_IDLE_REFRESHES * refresh ||
        a->sent_ns - r->changed_ns < BW_SNMP_IDLE_MIN_MS * NS_PER_MS) {
        return;
    }
    bw_snmp_refresh_skip(&r->refresh); /* a gap this long is not one refresh */
    mono_ns = a->sent_ns - 2 * refresh;
    if (mono_ns > r->given_ns) {
        give(r, mono_ns, 0, ret);
        r->fresh_ns = mono_ns;
    }
}

static void tell_refresh(struct bw_snmp_reader *r, struct bw_snmp_said *ret)
{
    int64_t ms = bw_snmp_refresh_ms(&r->refresh, r->every_ms);
    int64_t off;
    if (ms == BW_UNKNOWN) {
        return;
    }
    off = r->status.refresh_ms == BW_UNKNOWN ? ms : ms - r->status.refresh_ms;
    if ((off < 0 ? -off : off) * 10 > ms) {
        r->status.refresh_ms = ms;
        ret->has_status = true;
    }
}

/* Not before this did the device take counts that differ from the last answer's. */
static int64_t fresh_of(const struct bw_snmp_reader *r, const struct bw_snmp_answer *a)
{
    int64_t refresh = refresh_ns(r);
    int64_t by_refresh = refresh == BW_UNKNOWN ? INT64_MIN : a->sent_ns - 2 * refresh;
    return by_refresh > r->last.sent_ns ? by_refresh : r->last.sent_ns;
}

static void
count(struct bw_snmp_reader *r, const struct bw_snmp_answer *a, struct bw_snmp_said *ret)
{
    if (r->have_last && (started_again(&r->last, a) || says_discontinuity(&r->last, a))) {
        new_epoch(r);
        bw_snmp_refresh_skip(&r->refresh);
    }
    if (!width_is_enough(r, a, ret)) {
        new_epoch(r);
        bw_snmp_refresh_skip(&r->refresh);
        return;
    }
    if (r->n_over < BW_SNMP_OVER_MAX) {
        set_state(r, BW_SNMP_COUNTING, ret, "%s", "");
    } else {
        set_state(
            r, BW_SNMP_COUNTING, ret,
            "it carries more than the %lld Mbit/s that the device states as its speed "
            "(ifHighSpeed), which is taken for unknown",
            (long long)(r->stated_bps / 1000000));
    }
    if (!r->have_last) {
        r->have_last = true;
        r->looked_ns = r->looked_ns == BW_UNKNOWN ? a->got_ns : r->looked_ns;
    } else if (same_counts(r, a)) {
        maybe_idle(r, a, ret);
    } else {
        if (!r->fast) {
            bw_snmp_refresh_change(&r->refresh, a->got_ns);
        }
        if (!add_counts(r, a)) {
            new_epoch(r); /* … which begins with this change */
            r->have_last = true;
        }
        r->changed_ns = a->got_ns;
        r->fresh_ns = fresh_of(r, a);
        give(r, a->got_ns, a->got_ns - r->last.sent_ns, ret);
        tell_refresh(r, ret);
    }
    r->last = *a;
}

void bw_snmp_reader_answer(struct bw_snmp_reader *r,
                           const struct bw_snmp_answer *a,
                           struct bw_snmp_said *ret)
{
    r->n_missed = 0;
    if (r->ifindex == BW_UNKNOWN) {
        return;
    }
    if (!a->name_known || strcmp(a->name, r->name) != 0) {
        forget_interface(r); /* another one stands at this index: look at once */
        r->look_ns = INT64_MIN;
        r->look_gap_ms = BW_SNMP_LOOK_MIN_MS;
        set_state(r, BW_SNMP_NO_INTERFACE, ret,
                  "the interface with the %s '%.128s' is no longer where it was",
                  what_name(r), r->name);
        ret->status = r->status;
        return;
    }
    look_at_port(r, a, ret);
    count(r, a, ret);
    ret->status = r->status;
}

void bw_snmp_reader_missed(struct bw_snmp_reader *r,
                           enum bw_snmp_fault fault,
                           const char *why,
                           struct bw_snmp_said *ret)
{
    bw_snmp_refresh_skip(&r->refresh);
    r->n_missed++;
    if (fault == BW_SNMP_REFUSED) {
        set_state(r, BW_SNMP_WRONG_KEY, ret, "the device refuses us: %.160s", why);
    } else if (fault == BW_SNMP_ERROR && r->n_missed >= BW_SNMP_SILENT_AFTER) {
        set_state(r, BW_SNMP_FAULTY, ret,
                  "the device answers, but not what was asked: %.160s", why);
    } else if (r->n_missed >= BW_SNMP_SILENT_AFTER) {
        set_state(r, BW_SNMP_SILENT, ret, "no answer from the device%s%.160s",
                  why[0] ? ": " : "", why);
    }
    ret->status = r->status;
}

void bw_snmp_reader_fast(struct bw_snmp_reader *r, bool fast)
{
    if (r->fast != fast) {
        r->fast = fast;
        bw_snmp_refresh_skip(&r->refresh);
    }
}

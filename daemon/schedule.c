/* SPDX-License-Identifier: GPL-3.0-or-later
 * schedule.c - may a heavy test that is due start now?
 *
 * Nothing here reads a clock, a file or a random number: the same arguments give the
 * same answer, on every machine and in ten years. */
#include "schedule.h"

#include <inttypes.h>
#include <stdio.h>

/* The FCC's rule for performance testing (DA 18-710, 2018): a download waits while users
 * draw more than 64 kbit/s down, an upload while they send more than 32 kbit/s up. */
#define FCC_DOWN_BPS 64000
#define FCC_UP_BPS 32000

enum {
    HOUR_MS = 3600000,
    BLIND_MS = 3000 /* a counter is read each second: after two readings there is a rate */
};

/* What users may carry; unknown: anything, or the test does not load that direction. */
static int64_t limit_of(const struct bw_sched_state *s, enum bw_direction d)
{
    static const int64_t fcc_bps[BW_DIRECTIONS] = {
        [BW_DOWN] = FCC_DOWN_BPS, [BW_UP] = FCC_UP_BPS};
    int64_t of_bps = s->claim_bps[d] != BW_UNKNOWN ? s->claim_bps[d] : s->link_bps;
    if (!(d == BW_DOWN ? s->down : s->up)) {
        return BW_UNKNOWN;
    }
    if (s->gate == BW_SCHED_GATE_FCC) {
        return fcc_bps[d];
    }
    return s->gate == BW_SCHED_GATE_SHARE && of_bps != BW_UNKNOWN
               ? of_bps / 1000 * s->gate_ppm / 1000
               : BW_UNKNOWN;
}

/* The gate asks for a rate, and the counter that has it cannot be read. */
static bool is_blind(const struct bw_sched_state *s)
{
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (s->counted && s->carried_bps[d] == BW_UNKNOWN &&
            limit_of(s, (enum bw_direction)d) != BW_UNKNOWN) {
            return true;
        }
    }
    return false;
}

static bool too_busy(const struct bw_sched_state *s, char *reason, size_t cap)
{
    static const char *const words[BW_DIRECTIONS] = {[BW_DOWN] = "down", [BW_UP] = "up"};
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        int64_t limit_bps = limit_of(s, (enum bw_direction)d);
        if (limit_bps != BW_UNKNOWN && s->carried_bps[d] != BW_UNKNOWN &&
            s->carried_bps[d] > limit_bps) {
            (void)snprintf(reason, cap,
                           "busy: users draw %" PRId64 " kbit/s %s, the gate is %" PRId64
                           " kbit/s",
                           s->carried_bps[d] / 1000, words[d], limit_bps / 1000);
            return true;
        }
    }
    return false;
}

static bool over_budget(const struct bw_sched_state *s, char *reason, size_t cap)
{
    const struct {
        const char *word;
        int64_t spent_bytes;
        int64_t of_bytes;
    } budgets[] = {{"day", s->spent_bytes, s->day_bytes},
                   {"month", s->month_spent_bytes, s->month_bytes}};
    for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
        if (budgets[i].of_bytes != BW_UNKNOWN &&
            budgets[i].spent_bytes + s->cost_bytes > budgets[i].of_bytes) {
            (void)snprintf(reason, cap,
                           "budget: %" PRId64 " MB of the %s's %" PRId64
                           " MB are spent, this run may move %" PRId64 " MB",
                           budgets[i].spent_bytes / 1000000, budgets[i].word,
                           budgets[i].of_bytes / 1000000, s->cost_bytes / 1000000);
            return true;
        }
    }
    return false;
}

int64_t bw_sched_give_up_unix_ms(int64_t start_unix_ms, int64_t give_up_ms, bool at_hour)
{
    int64_t hour_ms = start_unix_ms - start_unix_ms % HOUR_MS + HOUR_MS;
    int64_t at_ms = start_unix_ms + give_up_ms;
    return at_hour && hour_ms < at_ms ? hour_ms : at_ms;
}

void bw_sched_decide(const struct bw_sched_state *s, struct bw_sched_decision *ret)
{
    ret->verdict = BW_SCHED_DEFER;
    ret->next_mono_ms = s->now_mono_ms + s->retry_ms;
    ret->reason[0] = '\0';

    if (s->now_mono_ms < s->due_mono_ms) {
        ret->verdict = BW_SCHED_WAIT;
        ret->next_mono_ms = s->due_mono_ms;
        return;
    }
    if (over_budget(s, ret->reason, sizeof(ret->reason))) {
        ret->verdict = BW_SCHED_GIVE_UP; /* more bytes come only with a new day or month */
    } else if (s->running) {
        (void)snprintf(ret->reason, sizeof(ret->reason), "another test is running");
    } else if (s->outage) {
        (void)snprintf(ret->reason, sizeof(ret->reason), "outage: the circuit is down");
    } else if (!s->asked && !s->minute_allowed) {
        (void)snprintf(ret->reason, sizeof(ret->reason),
                       "class hours or outside the test window");
    } else if (!s->asked && is_blind(s)) {
        (void)snprintf(ret->reason, sizeof(ret->reason),
                       "no counter: what users draw cannot be read");
        if (s->now_mono_ms < s->due_mono_ms + BLIND_MS) {
            ret->verdict = BW_SCHED_WAIT;
            ret->next_mono_ms = s->due_mono_ms + BLIND_MS;
            return;
        }
    } else if (s->asked || !too_busy(s, ret->reason, sizeof(ret->reason))) {
        ret->verdict = BW_SCHED_RUN;
        return;
    }
    if (ret->verdict == BW_SCHED_DEFER && s->asked) {
        ret->verdict = BW_SCHED_GIVE_UP; /* a person waits for the answer */
    }
    if (ret->next_mono_ms > s->give_up_mono_ms) {
        ret->verdict = BW_SCHED_GIVE_UP;
    }
}

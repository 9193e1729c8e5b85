/* SPDX-License-Identifier: GPL-3.0-or-later
 * schedule.c - when a heavy test starts, and whether it may.
 *
 * Nothing here reads a clock, a file or a random number: the same arguments give the
 * same answer, on every machine and in ten years. */
#include "schedule.h"

#include <hash.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MINUTE_MS = 60000,
    FRACTION_BITS = 30
};

/* ln 2 in units of 10^-8. */
#define LN2_E8 69314718

/* The gate of the FCC's Measuring Broadband America panels: a test waits while users
 * draw more than this. */
#define FCC_DOWN_BPS 64000
#define FCC_UP_BPS 32000

/* log2(u) with 30 fractional bits, a bit a squaring (the classical digit-by-digit way). */
static int64_t log2_q30(uint32_t u)
{
    int whole = 31 - __builtin_clz(u);
    uint64_t x = (uint64_t)u << (31 - whole); /* [1, 2) with 31 fractional bits */
    int64_t log = whole;
    for (int i = 0; i < FRACTION_BITS; i++) {
        x *= x; /* [1, 4) with 62 fractional bits */
        log *= 2;
        if (x >> 63) {
            log += 1;
            x >>= 32;
        } else {
            x >>= 31;
        }
    }
    return log;
}

int64_t bw_sched_neg_ln_ppm(uint32_t u)
{
    int64_t halvings = ((int64_t)32 << FRACTION_BITS) - log2_q30(u ? u : 1);
    return ((halvings * LN2_E8 >> FRACTION_BITS) + 50) / 100;
}

static int64_t draw_gap_ms(const uint8_t secret[BW_SCHED_SECRET_LEN],
                           const char *name,
                           int64_t day_unix_s,
                           size_t k,
                           int64_t mean_ms)
{
    char text[192];
    uint8_t mac[32];
    int n = snprintf(text, sizeof(text), "bandwitness-start/1 %s %" PRId64 " %zu", name,
                     day_unix_s, k);
    bw_hmac_sha256(secret, BW_SCHED_SECRET_LEN, text, (size_t)n, mac);
    uint32_t u =
        (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3];
    int64_t ppm = bw_sched_neg_ln_ppm(u);
    if (ppm < 100000) {
        ppm = 100000;
    }
    if (ppm > 2500000) {
        ppm = 2500000;
    }
    return mean_ms / 1000 * ppm / 1000 + mean_ms % 1000 * ppm / 1000000;
}

size_t bw_sched_day(const uint8_t secret[BW_SCHED_SECRET_LEN],
                    const char *name,
                    int64_t day_unix_s,
                    int64_t mean_ms,
                    const uint8_t allowed[BW_SCHED_DAY_MIN],
                    int64_t *ret_start_ms,
                    size_t cap)
{
    size_t n = 0;
    size_t minute = 0;
    int64_t minute_at_ms = 0; /* allowed time before `minute` */
    int64_t target_ms = 0;    /* in allowed time */

    if (mean_ms <= 0) {
        return 0;
    }
    for (size_t k = 0; n < cap; k++) {
        target_ms += draw_gap_ms(secret, name, day_unix_s, k, mean_ms);
        while (minute < BW_SCHED_DAY_MIN &&
               (!allowed[minute] || target_ms >= minute_at_ms + MINUTE_MS)) {
            minute_at_ms += allowed[minute] ? MINUTE_MS : 0;
            minute++;
        }
        if (minute == BW_SCHED_DAY_MIN) {
            break;
        }
        ret_start_ms[n++] = (int64_t)minute * MINUTE_MS + (target_ms - minute_at_ms);
    }
    return n;
}

static bool too_busy(const struct bw_sched_state *s, char *reason, size_t cap)
{
    static const char *const words[BW_DIRECTIONS] = {[BW_DOWN] = "down", [BW_UP] = "up"};
    static const int64_t fcc_bps[BW_DIRECTIONS] = {
        [BW_DOWN] = FCC_DOWN_BPS, [BW_UP] = FCC_UP_BPS};
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        int64_t limit_bps = BW_UNKNOWN;
        if (s->gate == BW_SCHED_GATE_FCC) {
            limit_bps = fcc_bps[d];
        } else if (s->gate == BW_SCHED_GATE_SHARE) {
            int64_t of = s->claim_bps[d] != BW_UNKNOWN ? s->claim_bps[d] : s->link_bps;
            if (of != BW_UNKNOWN) {
                limit_bps = of / 1000 * s->gate_ppm / 1000;
            }
        }
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
    if (s->day_bytes != BW_UNKNOWN && s->spent_bytes + s->cost_bytes > s->day_bytes) {
        (void)snprintf(ret->reason, sizeof(ret->reason),
                       "budget: %" PRId64 " MB of the day's %" PRId64
                       " MB are spent, this run may move %" PRId64 " MB",
                       s->spent_bytes / 1000000, s->day_bytes / 1000000,
                       s->cost_bytes / 1000000);
        ret->verdict = BW_SCHED_GIVE_UP; /* more bytes come only with a new day */
    } else if (s->running) {
        (void)snprintf(ret->reason, sizeof(ret->reason), "another test is running");
    } else if (s->outage) {
        (void)snprintf(ret->reason, sizeof(ret->reason), "outage: the circuit is down");
    } else if (!s->asked && !s->minute_allowed) {
        (void)snprintf(ret->reason, sizeof(ret->reason),
                       "class hours or outside the test window");
    } else if (s->asked || !too_busy(s, ret->reason, sizeof(ret->reason))) {
        ret->verdict = BW_SCHED_RUN;
        return;
    }
    if (ret->verdict == BW_SCHED_DEFER && s->asked) {
        ret->verdict = BW_SCHED_GIVE_UP; /* a person waits for the answer */
    }
    if (ret->next_mono_ms > s->due_mono_ms + s->give_up_ms) {
        ret->verdict = BW_SCHED_GIVE_UP;
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * schedule.h - when a heavy test starts, and whether it may: pure functions of (now,
 * state).
 *
 * Start times follow from a secret of the UTC day by HMAC, so that nobody who watches the
 * line can foresee them and everybody can check them once the secret is out: its hash is
 * written down the day before, the secret the day after. All arithmetic is on integers,
 * so that the check gives the same milliseconds on every machine. */
#ifndef BW_SCHED_H
#define BW_SCHED_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_SCHED_SECRET_LEN = 32,
    BW_SCHED_STARTS_MAX = 4096, /* of one test and day */
    BW_SCHED_DAY_MIN = 1440
};

/* Start times of test `name` ("state/0") on the UTC day that begins at day_unix_s,
 * ascending, as milliseconds since that day's start. The k-th gap is
 * mean · -ln(u_k), clamped to [mean/10, 2.5 mean], u_k from
 * HMAC-SHA-256(secret, "bandwitness-start/1 NAME DAY K"); gaps run over allowed time
 * only, the first one starts at the day's first allowed minute. Gives the number
 * written, at most cap. */
size_t bw_sched_day(const uint8_t secret[BW_SCHED_SECRET_LEN],
                    const char *name,
                    int64_t day_unix_s,
                    int64_t mean_ms,
                    const uint8_t allowed[BW_SCHED_DAY_MIN],
                    int64_t *ret_start_ms,
                    size_t cap);

/* -ln(u / 2^32) in millionths, for u in [1, 2^32 - 1]; exact to one millionth. */
int64_t bw_sched_neg_ln_ppm(uint32_t u);

enum bw_sched_gate {
    BW_SCHED_GATE_SHARE,
    BW_SCHED_GATE_FCC,
    BW_SCHED_GATE_OFF
};

/* All that a decision rests on. Rates are those of the last ten seconds. */
struct bw_sched_state {
    int64_t now_mono_ms;
    int64_t due_mono_ms; /* the drawn start */
    int64_t give_up_ms;  /* after this long past due it is given up */
    int64_t retry_ms;
    bool asked;          /* by a person: hours and gate are theirs to judge */
    bool running;        /* another heavy test runs */
    bool minute_allowed; /* hours and windows, now */
    bool outage;         /* the circuit is down: nothing to test, and it is known */
    int64_t cost_bytes;  /* most this run moves */
    int64_t spent_bytes; /* moved by heavy tests this UTC day */
    int64_t day_bytes;   /* the budget */
    enum bw_sched_gate gate;
    int64_t gate_ppm;
    int64_t claim_bps[BW_DIRECTIONS];   /* unknown: not claimed */
    int64_t link_bps;                   /* unknown: the port does not say */
    int64_t carried_bps[BW_DIRECTIONS]; /* unknown: no counter: then no gate */
};

enum bw_sched_verdict {
    BW_SCHED_RUN,
    BW_SCHED_WAIT,   /* not due yet */
    BW_SCHED_DEFER,  /* look again at next_mono_ms; the reason is recorded */
    BW_SCHED_GIVE_UP /* too late now; the reason of the last deferral stands */
};

struct bw_sched_decision {
    enum bw_sched_verdict verdict;
    int64_t next_mono_ms; /* WAIT, DEFER */
    char reason[128];     /* DEFER, GIVE_UP: for the record and for a person */
};

void bw_sched_decide(const struct bw_sched_state *s, struct bw_sched_decision *ret);

#endif

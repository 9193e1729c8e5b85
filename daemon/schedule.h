/* SPDX-License-Identifier: GPL-3.0-or-later
 * schedule.h - may a heavy test that is due start now? A pure function of (now, state).
 *
 * When it is due is drawn by starts.h. */
#ifndef BW_SCHED_H
#define BW_SCHED_H

#include <bw/units.h>
#include <stdbool.h>
#include <stdint.h>

enum bw_sched_gate {
    BW_SCHED_GATE_SHARE,
    BW_SCHED_GATE_FCC,
    BW_SCHED_GATE_OFF
};

/* All that a decision rests on. Rates are those of the last ten seconds. */
struct bw_sched_state {
    int64_t now_mono_ms;
    int64_t due_mono_ms;     /* the drawn start */
    int64_t give_up_mono_ms; /* after this it is given up */
    int64_t retry_ms;
    bool asked;                /* by a person: hours and gate are theirs to judge */
    bool running;              /* another heavy test runs */
    bool minute_allowed;       /* hours and windows, now */
    bool outage;               /* the circuit is down: nothing to test, and it is known */
    int64_t cost_bytes;        /* most this run moves */
    int64_t spent_bytes;       /* moved by all probes this UTC day … */
    int64_t day_bytes;         /* … of so many; unknown: no limit */
    int64_t month_spent_bytes; /* … and this calendar month */
    int64_t month_bytes;
    bool down; /* directions that the test loads: only these have to be free */
    bool up;
    enum bw_sched_gate gate;
    int64_t gate_ppm;
    int64_t claim_bps[BW_DIRECTIONS];   /* unknown: not claimed */
    int64_t link_bps;                   /* unknown: the port does not say */
    bool counted;                       /* the circuit has a counter … */
    int64_t carried_bps[BW_DIRECTIONS]; /* … unknown: it cannot be read, nobody knows
                                           whether users are there; without one: no gate */
};

enum bw_sched_verdict {
    BW_SCHED_RUN,
    BW_SCHED_WAIT,   /* not due yet, or for a moment, with a reason and nothing recorded */
    BW_SCHED_DEFER,  /* look again at next_mono_ms; the reason is recorded */
    BW_SCHED_GIVE_UP /* too late now; the reason of the last deferral stands */
};

struct bw_sched_decision {
    enum bw_sched_verdict verdict;
    int64_t next_mono_ms; /* WAIT, DEFER */
    char reason[128];     /* of all but RUN: for the record and for a person; "" before it
                             is due */
};

/* When a start that is put off again and again is given up: after give_up_ms, and with
 * at_hour at the latest when the hour (UTC) of the start is over. Unix time. */
int64_t bw_sched_give_up_unix_ms(int64_t start_unix_ms, int64_t give_up_ms, bool at_hour);

void bw_sched_decide(const struct bw_sched_state *s, struct bw_sched_decision *ret);

#endif

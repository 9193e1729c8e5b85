/* SPDX-License-Identifier: GPL-3.0-or-later
 * reader.h - what a device's answers mean: which interface is meant, what was counted
 * between two answers, and when nothing can be said.
 *
 * A state machine without I/O and without a clock. The interface is found by its ifName
 * or ifAlias; every later answer holds the name beside the counts, so that an ifIndex
 * which now means another interface is noticed in the very answer that would have misled.
 * Agents go on showing an interface that is gone, as down, beside the one made anew under
 * the same name: of several the one that is up is meant, and while the port is down it is
 * looked for again and again.
 * A new epoch begins wherever two counts cannot be subtracted: the device started again,
 * it says so itself (ifCounterDiscontinuityTime), the interface is under another index,
 * a 64-bit count went back, a 32-bit one may have wrapped unseen.
 *
 * A count is taken for fresh only when it differs from the answer before: then the device
 * took it after that answer, so its age is bounded. Equal counts are believed to be zero
 * traffic only after many refreshes without a change; until then nothing is said. */
#ifndef BW_SNMP_READER_H
#define BW_SNMP_READER_H

#include "refresh.h"

#include <bw/units.h>
#include <snmpline.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_SNMP_SILENT_AFTER = 3,   /* answers missed one after the other */
    BW_SNMP_LOOK_MIN_MS = 2000, /* between two searches for the interface … */
    BW_SNMP_LOOK_MAX_MS = 60000,
    BW_SNMP_LOOK_UP_MS = 3600000, /* … while all is well: another may have its name now */
    BW_SNMP_OVER_MAX = 3,         /* changes in a row that the stated speed cannot carry */
    BW_SNMP_CANDIDATES = 8,       /* interfaces of one name that are told apart */
    BW_SNMP_IDLE_REFRESHES = 10,  /* without a change: nothing moved … */
    BW_SNMP_IDLE_MIN_MS = 30000   /* … and at least that long */
};

/* One answer to all that is asked of an interface. What the device does not have is
 * BW_UNKNOWN, and the 64-bit counts are by their own flag. */
struct bw_snmp_answer {
    int64_t sent_ns; /* CLOCK_MONOTONIC, around question and answer */
    int64_t got_ns;
    int64_t uptime_cs; /* sysUpTime, 1/100 s, 32 bits */
    bool name_known;
    char name[BW_SNMP_NAME_MAX + 1];
    int64_t if_type; /* ifType, IANAifType */
    bool has64;
    uint64_t in64;
    uint64_t out64;
    int64_t in32;
    int64_t out32;
    int64_t high_speed_mbps; /* ifHighSpeed */
    int64_t speed_bps;       /* ifSpeed */
    int64_t oper_status;     /* ifOperStatus: 1 up, 2 down, … */
    int64_t discontinuity_cs;
};

/* Why there was no answer. */
enum bw_snmp_fault {
    BW_SNMP_TIMEOUT,
    BW_SNMP_REFUSED, /* user, key, level: a report of RFC 3414 §3.2 */
    BW_SNMP_ERROR    /* it answered, with an error or with nonsense */
};

/* What came of an event. */
struct bw_snmp_said {
    bool has_reading;
    bool has_port;
    bool has_status; /* something in it changed */
    struct bw_snmp_reading reading;
    struct bw_snmp_port port;
    struct bw_snmp_status status;
};

/* Embedded by its owner; all else is the reader's. */
struct bw_snmp_reader {
    char name[BW_SNMP_NAME_MAX + 1];
    bool by_alias;
    int64_t every_ms;

    struct bw_snmp_status status;
    int64_t ifindex; /* BW_UNKNOWN: to be looked for */
    int64_t look_ns; /* not before */
    int64_t look_gap_ms;
    int64_t looked_ns;                 /* BW_UNKNOWN: it is not counted since */
    int64_t found[BW_SNMP_CANDIDATES]; /* while looking: those of that name … */
    bool
        found_up[BW_SNMP_CANDIDATES]; /* … and which of them are up, if there are several */
    uint32_t n_found;
    uint32_t n_missed;

    bool have_last; /* an answer of this epoch */
    struct bw_snmp_answer last;
    int64_t epoch;
    int64_t in_bytes; /* since the epoch began */
    int64_t out_bytes;
    int64_t changed_ns; /* the newest answer that differed; BW_UNKNOWN: none yet */
    int64_t fresh_ns;   /* the counts are not older than this */
    int64_t given_ns;   /* mono_ns of the newest reading; BW_UNKNOWN: none in this epoch */
    bool fast;          /* questions come closer than every_ms */
    uint32_t n_over;    /* changes in a row above the speed that the device states … */
    int64_t stated_bps; /* … which was this */
    bool port_known;
    struct bw_snmp_port port;
    struct bw_snmp_refresh refresh;
};

void bw_snmp_reader_init(struct bw_snmp_reader *r,
                         const char *name,
                         bool by_alias,
                         int64_t every_ms);

/* Must the interface be looked for before it can be asked? *ret_wait_ms: how long first. */
bool bw_snmp_reader_must_look(const struct bw_snmp_reader *r,
                              int64_t now_ns,
                              int64_t *ret_wait_ms);
/* It can be asked, but its port is down, or an hour is over: look whether there is another
 * one by now. */
bool bw_snmp_reader_may_look(const struct bw_snmp_reader *r, int64_t now_ns);

/* A search: begin, every row of the column, an answer of each candidate where there are
 * several, end. `whole`: the column was read to its end; half a search finds nothing, since
 * a second one of that name may be in the other half. */
void bw_snmp_reader_look(struct bw_snmp_reader *r);
void bw_snmp_reader_row(struct bw_snmp_reader *r,
                        int64_t ifindex,
                        const char *text,
                        size_t n);
/* The k-th interface that must be asked before the end; BW_UNKNOWN: no more of them. */
int64_t bw_snmp_reader_candidate(const struct bw_snmp_reader *r, uint32_t k);
void bw_snmp_reader_is(struct bw_snmp_reader *r,
                       uint32_t k,
                       const struct bw_snmp_answer *a);
void bw_snmp_reader_looked(struct bw_snmp_reader *r,
                           int64_t now_ns,
                           bool whole,
                           struct bw_snmp_said *ret);

void bw_snmp_reader_answer(struct bw_snmp_reader *r,
                           const struct bw_snmp_answer *a,
                           struct bw_snmp_said *ret);
/* No answer, to a question of either kind. `why` is shown, and may be "". */
void bw_snmp_reader_missed(struct bw_snmp_reader *r,
                           enum bw_snmp_fault fault,
                           const char *why,
                           struct bw_snmp_said *ret);

/* Questions come closer together from now on, or again every every_ms. */
void bw_snmp_reader_fast(struct bw_snmp_reader *r, bool fast);

#endif

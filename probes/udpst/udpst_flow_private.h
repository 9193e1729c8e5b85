/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_flow_private.h - what the parts of a flow share: udpst_flow.c (life, timers, ends),
 * udpst_control.c (Setup and Test Activation), udpst_load.c (the load and its feedback). */
#ifndef BW_UDPST_FLOW_PRIVATE_H
#define BW_UDPST_FLOW_PRIVATE_H

#include "udpst_count.h"
#include "udpst_flow.h"
#include "udpst_io.h"
#include "udpst_pace.h"

#include <address.h>
#include <udpst.h>
#include <uv.h>
#include <whereis.h>

enum {
    UDPST_SILENCE_MS = 3000,  /* no valid datagram for this long: the test failed */
    UDPST_QUIET_MS = 1000,    /* … and for this long it says "receive traffic stopped" */
    UDPST_OVERTIME_MS = 2000, /* a server that does not stop is stopped after this */
    UDPST_STOP_MS = 200,      /* how long the stop is confirmed */
    UDPST_ECHOES = 128,       /* Status whose echo still counts as a round trip */
    UDPST_SECOND_NEAR_MS = 985,
    UDPST_SECOND_LEAST_MS = 900,
    UDPST_SECOND_MOST_MS = 1500
};

#define UDPST_NS_PER_MS INT64_C(1000000)
#define UDPST_NS_PER_S INT64_C(1000000000)

enum udpst_state {
    UDPST_RESOLVING,
    UDPST_SETTING_UP,
    UDPST_ACTIVATING,
    UDPST_TESTING,
    UDPST_CONFIRMING, /* the server said stop, and we say it too */
    UDPST_OVER
};

/* What was read and thrown away: the reason when nothing better comes. */
struct udpst_faults {
    uint32_t strangers; /* from another address or port */
    uint32_t foreign;   /* not this protocol, or not what was asked for */
    uint32_t lengths;   /* this protocol, with a length or field that cannot be */
    uint32_t versions;
    uint16_t version; /* the newest of them */
    uint32_t checksums;
    uint32_t unsigned_ones;
    uint32_t digests;
    int icmp; /* -errno */
};

struct udpst_flow {
    struct udpst_flow_plan plan;
    enum udpst_state state;
    bool closing;
    bool ended;
    int n_open;
    void (*closed)(void *owner);
    void *closed_owner;
    uv_timer_t watch;
    uv_poll_t socket;
    uv_poll_t tick;
    bool socket_made;
    int tick_fd;

    /* the way to the server */
    struct bw_whereis where;
    union bw_address server; /* with the control port, then the test port */
    struct udpst_io io;
    uint32_t header; /* bytes of IP and UDP */
    uint32_t payload_max;
    struct udpst_faults faults;
    char reason[256];

    /* Setup and activation */
    int64_t begun_mono_ns;
    int64_t deadline_mono_ns;
    int64_t resend_mono_ns;
    int n_sent;
    uint8_t
        pdu[BW_UDPST_CONTROL_MAX]; /* sent again as it is: its time is part of the key */
    size_t n_pdu;
    uint16_t version;
    uint16_t ident;
    bool authenticated;
    struct bw_udpst_keys keys;
    uint16_t trial_ms;
    uint16_t test_s;

    /* the load */
    int64_t max_bps;
    int64_t t0_mono_ns; /* activation */
    int64_t heard_mono_ns;
    int64_t stop_mono_ns;
    int64_t total_ip_bytes;
    int64_t second_cpu_us; /* when the running second began … */
    uint32_t second_drops;
    bool second_foretold;
    bool have_best;
    struct udpst_second best;
    uint32_t subinterval_seq;
    bool stop_heard;

    /* … received */
    struct udpst_count count;
    int64_t next_status_mono_ns;
    int64_t loads_begun_mono_ns; /* 0: none came yet */
    uint32_t status_seq;
    int64_t echoes_unix_ns[UDPST_ECHOES]; /* send times of the newest ones */
    int64_t echoed_unix_ns;               /* the newest that came back */
    struct bw_udpst_subinterval saved;
    int64_t accumulated_us;

    /* … sent */
    struct udpst_pace pace;
    uint32_t load_seq;
    uint64_t sent_payload_bytes;
    uint64_t sent_datagrams;
    uint64_t reported_payload_bytes;
    uint64_t reported_datagrams;
    struct udpst_past past; /* of total_ip_bytes */
    uint32_t heard_status_seq;
    uint16_t status_missed;
    uint32_t heard_s; /* of the newest Status */
    uint32_t heard_ns;
    int64_t rtt_least_ms; /* BW_UNKNOWN */
    int64_t rtt_sum_ms;
    int64_t n_rtts;
    int64_t live_mono_ns; /* when the running second began, by feedback */
    int64_t live_ip_bytes;
};

/* udpst_flow.c */

/* The flow is over; -errno and a sentence, or 0. Later calls do nothing. */
void udpst_flow_fail(struct udpst_flow *f, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void udpst_flow_succeed(struct udpst_flow *f);
/* The next precise wake-up. */
void udpst_flow_wake(struct udpst_flow *f, int64_t at_mono_ns);
/* Read the socket when something comes, or not. */
void udpst_flow_listen(struct udpst_flow *f, bool yes);
int64_t udpst_cpu_us(void);

/* udpst_control.c */

/* The server's address is known: ask for a test. */
void udpst_control_begin(struct udpst_flow *f);
void udpst_control_read(struct udpst_flow *f);
void udpst_control_watch(struct udpst_flow *f, int64_t now_mono_ns);
/* Sign what we send in mode 1 now; NULL in mode 0. */
const struct bw_udpst_sign *udpst_control_sign(const struct udpst_flow *f,
                                               struct bw_udpst_sign *mem);

/* udpst_load.c */

/* Activated, upstream with the first row. */
void udpst_load_begin(struct udpst_flow *f, const struct bw_udpst_row *row);
void udpst_load_tick(struct udpst_flow *f);
void udpst_load_read(struct udpst_flow *f); /* upstream and while the stop is confirmed */
void udpst_load_watch(struct udpst_flow *f, int64_t now_mono_ns);
/* Say stop: one datagram. */
void udpst_load_say_stop(struct udpst_flow *f);
void udpst_load_view(const struct udpst_flow *f, struct udpst_second *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * flows.h - what whole flows tell: the round trip of TCP on either side of here, data sent
 * again, data out of order, sizes. Wants every packet of the flows it is given, which may
 * be one in M of all (chosen by a symmetric hash, never packet by packet).
 *
 * The table has a fixed size and keeps no address: a flow is a 64-bit hash of its ends
 * under a secret key, so that nobody can make two of them collide on purpose. When it is
 * full the stalest flow of sixteen makes room, unanswered ones first, and `full` says so; a
 * flood of connections costs the figures of flows, never time or memory. No I/O, no
 * clock: stamps come with the packets.
 *
 * Round trips. What one end sent and the other must answer is timed here, so that the way
 * from here to the far end and back (the WAN half) and the way from here to the school's
 * device and back (the LAN half) are two numbers. With time stamps (RFC 7323): the first
 * packet that carries a TSval, until the first that echoes it; where an acknowledgement was
 * the first to carry it, nothing is timed, for nobody knows which of them is echoed.
 * Without: a segment's end, until the acknowledgement of just this end; nothing that was
 * sent again is timed, nor what waits for it (Karn). The handshake is timed in the same
 * way. Only what occupies sequence space is timed: an acknowledgement alone has no answer,
 * and waiting for the next data is no round trip. */
#ifndef BW_FLOWS_H
#define BW_FLOWS_H

#include "crowd.h"
#include "hist.h"
#include "inside.h"
#include "packet.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_flows;

enum bw_half {
    BW_HALF_WAN,
    BW_HALF_LAN,
    BW_HALVES
};

enum bw_flow_event {
    /* Data that had been seen here before, or that filled a hole and was sent after what
     * opened it: lost before it came here, and sent again. */
    BW_FLOW_RESENT,
    /* Data that filled a hole and was overtaken on its way: by its time stamp; else it came
     * sooner than it could have been sent again, within the flow's smallest round trip, or
     * 3 ms where that is less or not known. */
    BW_FLOW_REORDERED,
    BW_FLOW_EVENTS
};

/* Sums over flows, of payload. Segments are as the capture saw them: a port may have merged
 * many into one frame, so what they are good for is to be held against another program that
 * reads the same. */
struct bw_flow_sums {
    int64_t flows;
    int64_t segments;
    int64_t bytes;
    double bytes2; /* sum of squares over flows */
    struct {
        int64_t segments;
        int64_t bytes;
        double bytes2;
        double cross; /* sum of bytes * all bytes of the flow */
    } event[BW_FLOW_EVENTS];
};

struct bw_flows_figures {
    int64_t packets; /* of flows: with ports of TCP or UDP */
    int64_t others;  /* without */
    int64_t begun;   /* flows: new in the table … */
    int64_t ended;   /* … closed, idle, or put out */
    int64_t evicted; /* of the ended: still active, put out for want of room */
    bool full;       /* some were */
    struct bw_hist rtt[BW_HALVES];     /* every round trip */
    struct bw_hist rtt_min[BW_HALVES]; /* the smallest of each ended flow */
    struct bw_hist size_bytes;         /* of ended flows, both ways, on the wire; the last
                                          bucket is everything from 255 MB */
    struct bw_flow_sums tcp[BW_WAYS];
    /* Whose each of these is: devices that sent something. What nobody at the school
     * answers is nobody's. */
    struct {
        struct bw_crowd rtt[BW_HALVES];
        struct bw_crowd rtt_min[BW_HALVES];
        struct bw_crowd size;
        struct bw_crowd tcp[BW_WAYS];
    } of;
};

struct bw_flow_ratio {
    int64_t bytes;    /* of payload that was sent again, or overtaken … */
    int64_t of_bytes; /* … of all */
    int64_t ppm;      /* BW_UNKNOWN without any … */
    int64_t low_ppm;  /* … and its 95 % interval; equal: exact */
    int64_t high_ppm;
    int64_t segments; /* the same as frames */
    int64_t of_segments;
};

/* The median of a histogram of flows. */
struct bw_flow_median {
    int64_t n;     /* flows */
    int64_t value; /* BW_UNKNOWN without any; the middle of its bucket … */
    int64_t low;   /* … as are the ends of its 95 % interval */
    int64_t high;
};

struct bw_flows_size {
    size_t flows;       /* a power of two from 64 to 2^22 */
    size_t round_trips; /* being timed at once; the same */
};

/* For one flow in sixteen of a school's line: 80,000 flows a minute. */
enum {
    BW_FLOWS_LIVE = 16384,
    BW_FLOWS_LIVE_ROUND_TRIPS = 16384
};

/* Bytes that tables of this size take when they are full. */
size_t bw_flows_memory(const struct bw_flows_size *size);

/* -EINVAL, -ENOMEM. */
int bw_flows_new(const struct bw_flows_size *size,
                 const uint8_t key[16],
                 struct bw_flows **ret);
void bw_flows_free(struct bw_flows *f);

/* Told of every round trip as it enters the figures, with the stamp of the packet that
 * answered and whose it is; NULL: nobody. It must not change the table. */
typedef void (*bw_flows_rtt_cb)(void *owner,
                                enum bw_half half,
                                int64_t at_ns,
                                int64_t rtt_us,
                                const struct bw_crowd *who);
void bw_flows_on_rtt(struct bw_flows *f, bw_flows_rtt_cb on_rtt, void *owner);

void bw_flows_add(struct bw_flows *f,
                  const struct bw_packet *p,
                  enum bw_way way,
                  int64_t at_ns);

/* To be called at an interval's end, before its figures are read: flows that are over are
 * ended, and what running ones have counted so far is put into the figures. Idle for 60 s
 * is over, closed for 5 s too; what comes later begins another flow, swept or not. */
void bw_flows_sweep(struct bw_flows *f, int64_t now_ns);
/* End all flows: the capture is over, or a new key begins. */
void bw_flows_end(struct bw_flows *f);
/* The same, and forget them under another key. In the figures whoever was counted stays
 * counted once. */
void bw_flows_rekey(struct bw_flows *f, const uint8_t key[16]);

/* Lent until the next call. */
const struct bw_flows_figures *bw_flows_figures(const struct bw_flows *f);
/* Of a copy: take out, as if it had not been seen, each figure that is of fewer devices
 * than `least`, and data that went neither way. Gives whether any was; `ended` is
 * BW_UNKNOWN then, if sizes were. */
bool bw_flows_hold_back(struct bw_flows_figures *g, int least);
/* Begin new figures; running flows go on. */
void bw_flows_clear(struct bw_flows *f);
size_t bw_flows_live(const struct bw_flows *f);

/* One way's ratio (BW_WAYS: all), with its interval when flows were drawn one in `one_in`.
 */
void bw_flows_ratio(const struct bw_flows_figures *g,
                    enum bw_flow_event event,
                    enum bw_way way,
                    uint32_t one_in,
                    struct bw_flow_ratio *ret);

/* Of rtt_min[] (us) or size_bytes, whose entries are whole flows: rtt[] has many of one
 * flow, which is no news each. */
void bw_flows_median(const struct bw_hist *h, uint32_t one_in, struct bw_flow_median *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * flows_private.h - the table of flows, shared by its files.
 *
 * keys[] is apart from flows[], so that looking for a flow touches a cache line or two:
 * eight keys, one bucket. A flow's sides are its ends in the order of their addresses,
 * whichever way a packet goes: which of them is the school's is told by the first packet
 * whose way is known. Holes are rare, so they stand in a table of their own. */
#ifndef BW_FLOWS_PRIVATE_H
#define BW_FLOWS_PRIVATE_H

#include "flows.h"

enum {
    FLOW_BUCKET = 8,
    FLOW_HOLES = 2, /* remembered of a side: losses and overtaking seldom come alone */
    FLOW_HOLES_SHARE = 4, /* one place for the holes of a side in so many flows */
    FLOW_SENT = 1,        /* << side: something came from it */
    FLOW_SEQUENCE = 4,    /* << side: `next` is known */
    FLOW_STAMPED = 16,    /* << side: `mark` is the newest TSval seen */
    FLOW_FIN = 64,        /* << side */
    FLOW_RESET = 256,
    FLOW_TCP = 512,
    FLOW_BARRIER = 1024, /* << side: `mark` is where acknowledgements may be late up to */
    FLOW_DECIDED = 4096, /* which side is the school's: 1 … */
    FLOW_SWAPPED = 8192, /* … or 0 */
    FLOW_MET = 16384,    /* its device is known in these figures … */
    FLOW_WHO = 16        /* … and stands from this bit on, packed */
};

/* What was not seen of [begin, end); equal ends: none. */
struct flow_hole {
    uint32_t begin;
    uint32_t end;
    uint32_t at_us; /* when it was noticed */
};

struct flow_holes {
    uint64_t tag;                      /* of the side; 0: nobody's */
    struct flow_hole hole[FLOW_HOLES]; /* below its `next`; the newest first */
};

struct flow_side {
    uint32_t next;                  /* behind the highest byte seen */
    uint32_t mark;                  /* see FLOW_STAMPED, FLOW_BARRIER */
    uint32_t bytes;                 /* of payload, since the last fold … */
    uint32_t event[BW_FLOW_EVENTS]; /* … and those of them that … */
};

struct flow {
    uint32_t bytes; /* UINT32_MAX: that or more */
    uint32_t last_ms;
    uint32_t rtt_min_us[BW_HALVES]; /* UINT32_MAX: none */
    uint32_t state;
    struct flow_side side[2];
};

/* A packet that waits for its answer. */
struct flow_timed {
    uint64_t tag; /* 0: none */
    int64_t at_ns;
};

struct bw_flows {
    uint64_t *keys;
    struct flow *flows;
    struct flow_holes *holes;
    struct flow_timed *timed;
    size_t n_flows;
    size_t n_holes;
    size_t n_timed;
    size_t live;
    uint8_t key[16];
    uint8_t crowd_key[16]; /* of the figures' crowds: the same until they are cleared */
    struct bw_flows_figures figures;
    bw_flows_rtt_cb on_rtt; /* NULL: nobody */
    void *owner;
};

/* Which way a side's packets go, as far as is known. */
enum bw_way bw_flows_way(const struct flow *w, unsigned side);
/* The flow's device, where it is known, is one of those of a figure. */
void bw_flows_join(const struct flow *w, struct bw_crowd *of);
/* Put what a flow counted into the figures, and begin its counts again. */
void bw_flows_fold(struct bw_flows *f, struct flow *w);
/* One TCP packet of flow w (whose key it is) from `side`. */
void bw_flows_tcp(struct bw_flows *f,
                  uint64_t key,
                  struct flow *w,
                  const struct bw_packet *p,
                  unsigned side,
                  int64_t at_ns);
/* Is this the beginning of another connection between the same ends? */
bool bw_flows_tcp_restarts(const struct flow *w, const struct bw_packet *p, unsigned side);

/* A number under which something of a side is kept: chance for whoever has not the key. */
uint64_t bw_flows_tag(uint64_t key, uint64_t number);

/* Holes of a side: [begin, end) was skipped … */
void bw_flows_open_hole(struct bw_flows *f,
                        uint64_t key,
                        unsigned side,
                        uint32_t begin,
                        uint32_t end,
                        uint32_t at_us);
/* … and was this part of one? Then it is smaller by that; of what is parted only the later
 * half stays. */
bool bw_flows_fill_hole(struct bw_flows *f,
                        uint64_t key,
                        unsigned side,
                        uint32_t begin,
                        uint32_t end,
                        uint32_t *ret_at_us);
void bw_flows_forget_holes(struct bw_flows *f, uint64_t key, unsigned side);

/* FLOW_SENT and such, of a side. */
static inline uint32_t flow_bit(uint32_t of, unsigned side)
{
    return of << side;
}

/* Is a behind b, modulo 2^32? */
static inline bool flow_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

#endif

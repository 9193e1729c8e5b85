/* SPDX-License-Identifier: GPL-3.0-or-later
 * meter.h - everything this library tells of traffic, fed frame by frame: the same code
 * for a live capture and for a file.
 *
 * A capture that draws packets at random feeds a meter of the mix alone; one that draws
 * whole flows, a meter of flows and devices; one of everything may do all, and may leave
 * the drawing to the meter. */
#ifndef BW_METER_H
#define BW_METER_H

#include "devices.h"
#include "flows.h"
#include "inside.h"
#include "mix.h"
#include "packet.h"
#include <stdint.h>

enum bw_meter_part { /* bits */
    BW_METER_MIX = 1,
    BW_METER_FLOWS = 2,
    BW_METER_DEVICES = 4,
    BW_METER_CROWDS = 8 /* with BW_METER_MIX: what bw_mix_told() asks for */
};

/* Which of the frames given are counted: packets at random for the mix, flows and devices
 * by a hash of their ends. One seed draws the same of the same frames. 0 and 1: all. */
struct bw_meter_draw {
    uint32_t packets_one_in;
    uint32_t flows_one_in;
    uint64_t seed;
};

struct bw_meter_opts {
    uint32_t parts;
    struct bw_meter_draw draw;
    struct bw_inside inside;
    struct bw_flows_size flows; /* with BW_METER_FLOWS */
    size_t device_slots;        /* with BW_METER_DEVICES */
    uint8_t flow_key[16];       /* secret, of chance */
    uint8_t device_key[16];
    uint8_t crowd_key[16];
};

/* What became of the frames themselves. */
struct bw_meter_tally {
    int64_t frames;
    int64_t bytes; /* on the wire */
    int64_t stop[BW_PACKET_STOPS];
    int64_t no_ip;           /* whole, but of another protocol: ARP, LLDP, … */
    int64_t later_fragments; /* no ports in them */
    int64_t strays;          /* neither end is inside: see bw_inside_strays() */
    int64_t length_lies;     /* the IP header claims more than there was */
};

struct bw_meter { /* embedded by its users; its parts are for reading */
    uint32_t parts;
    struct bw_meter_draw draw;
    uint64_t chance; /* the state of what draws packets */
    uint8_t draw_key[16];
    struct bw_inside inside;
    struct bw_meter_tally tally;
    struct bw_mix_sums mix;
    struct bw_flows *flows;     /* NULL without the part */
    struct bw_devices *devices; /* the same */
};

/* -EINVAL, -ENOMEM; then nothing is held. */
int bw_meter_init(struct bw_meter *m, const struct bw_meter_opts *opts);
void bw_meter_done(struct bw_meter *m); /* zeroed is fine */

/* Of frame[captured] the first BW_PACKET_SNAP bytes are looked at. at_ns only has to be of
 * one clock. */
void bw_meter_frame(struct bw_meter *m,
                    enum bw_packet_link link,
                    const uint8_t *frame,
                    uint32_t captured,
                    uint32_t wire,
                    int64_t at_ns);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * tcp.h - connections between a device and a server, both ends simulated: handshake,
 * windows, delayed ACKs, time stamps (RFC 7323), SACK, fast retransmission (RFC 6675 in
 * short) and time-outs, FIN and RST. Losses and overtaking happen on the ways to and from
 * the tap. */
#ifndef TG_TCP_H
#define TG_TCP_H

#include "packet.h"

#include <stdint.h>

struct tg_sim;

enum tg_tcp_end {
    TG_END_DEVICE, /* the device closes */
    TG_END_SERVER,
    TG_END_RESET, /* the device resets in the midst of an answer */
    TG_END_NONE   /* left open, kept alive */
};

/* What the two talk about: exchanges of a request and an answer, one after another. */
struct tg_tcp_plan {
    enum tg_class class;
    uint16_t port;
    uint32_t exchanges;
    uint32_t request_bytes; /* at least; an octave of tails each */
    uint32_t request_octaves;
    uint32_t response_bytes;
    uint32_t response_octaves;
    uint64_t think_ns;   /* of the server, mean */
    uint64_t pause_ns;   /* of the device between exchanges, mean */
    uint32_t pushes;     /* after them: the server speaks up unasked, after silence */
    uint64_t segment_ns; /* between two segments of the server: its bottleneck */
    enum tg_tcp_end end;
    bool unanswered; /* nobody is there */
};

void tg_tcp_init(struct tg_sim *s);
void tg_tcp_start(struct tg_sim *s,
                  const struct tg_host *device,
                  const struct tg_host *server,
                  uint8_t family,
                  uint16_t device_port,
                  const struct tg_tcp_plan *plan);
/* After the run: the connections that were still open go into the truth. */
void tg_tcp_finish(struct tg_sim *s);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * dgram.h - all that is not TCP: DNS, NTP, QUIC-shaped UDP, VPNs, calls, echoes, and the
 * LAN's own talk. Their packets are placed by time at the tap; nobody sends any again. */
#ifndef TG_DGRAM_H
#define TG_DGRAM_H

#include "packet.h"

#include <stdint.h>

struct tg_sim;

enum tg_stream_kind {
    TG_STREAM_DNS, /* now and then an answer in fragments */
    TG_STREAM_NTP,
    TG_STREAM_QUIC,      /* windows of full packets down, few small ones up */
    TG_STREAM_WIREGUARD, /* both ways, now and then in fragments */
    TG_STREAM_ESP,
    TG_STREAM_CALL, /* even, both ways */
    TG_STREAM_PING,
    TG_STREAM_LOCAL /* one ARP request, mDNS question or MLD report */
};

void tg_dgram_init(struct tg_sim *s);
/* server is ignored for TG_STREAM_LOCAL. */
void tg_dgram_start(struct tg_sim *s,
                    enum tg_stream_kind kind,
                    const struct tg_host *device,
                    const struct tg_host *server,
                    uint8_t family,
                    uint16_t device_port);

#endif

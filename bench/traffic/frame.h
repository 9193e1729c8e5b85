/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame.h - a packet as an Ethernet frame, lengths and checksums right, written from the
 * RFCs and with nothing of the library that is to be judged by it. */
#ifndef TG_FRAME_H
#define TG_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct tg_packet;

enum {
    TG_FRAME_HEADERS_MAX = 256
};

struct tg_frame {
    uint8_t
        bytes[TG_FRAME_HEADERS_MAX]; /* headers and head; zeros follow up to wire_bytes */
    size_t n;
    uint32_t wire_bytes; /* the whole frame without its check sequence */
    uint32_t ip_bytes;   /* from the IP header on; 0 without one */
};

/* ip_id is IPv4's identification for what is no fragment. */
void tg_frame_build(const struct tg_packet *p, uint16_t ip_id, struct tg_frame *ret);

#endif

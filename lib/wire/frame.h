/* SPDX-License-Identifier: GPL-3.0-or-later
 * frame.h - a frame as the kernel's error queue gives it back: link header (or none), IP,
 * UDP, payload. Pure; any thread. */
#ifndef BW_FRAME_H
#define BW_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* The UDP payload of a frame sent from port src_port; *ret_len its length. The link header
 * is found by trying: an IP header must fit exactly what follows it. NULL (and 0): this is
 * not such a frame, or only a fragment of one. */
const uint8_t *bw_frame_udp(
    const uint8_t *frame, size_t n, int family, uint16_t src_port, size_t *ret_len);

#endif

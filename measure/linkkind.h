/* SPDX-License-Identifier: GPL-3.0-or-later
 * linkkind.h - what the kernel counts of a frame, by the kind of the interface.
 *
 * Kinds made of software count alike on every machine, so that is known here (Linux 4.x to
 * 6.x: net/8021q, net/bridge, drivers/net). A port counts what its driver pleases, a bond
 * what its ports do: that is only known by calibration. Pure; any thread. */
#ifndef BW_LINKKIND_H
#define BW_LINKKIND_H

#include "rtlink.h"

#include <bw/summary.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_linkkind {
    /* Of the counters once both offsets are mended; ip where frames have no Ethernet
     * header, unknown where nobody can tell. */
    enum bw_layer layer;
    bool known; /* the offsets are */
    int64_t
        rx_offset; /* what is counted of a frame, less its Ethernet frame without FCS; */
    int64_t tx_offset; /* of an IP packet without Ethernet: -14 */
};

struct bw_linkkind bw_linkkind_of(const struct bw_rtlink *l);

#endif

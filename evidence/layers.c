/* SPDX-License-Identifier: GPL-3.0-or-later
 * layers.c - rates and bytes of one layer as seen at another (layer-convert/1).
 *
 * Invariant: what cannot be converted is unknown, never taken as equal. */
#include "model.h"

enum {
    ETHERNET_HEADER_BYTES = 14, /* two addresses and a type; no FCS, no VLAN tag */
    IPV4_TCP_BYTES = 20 + 32    /* IPv4, and TCP with the time-stamp option (RFC 7323) */
};

/* Bytes of a full-size packet that a layer counts; 0 when that cannot be told. */
static int64_t full_size_bytes(enum bw_layer layer, int64_t mtu)
{
    switch (layer) {
    case BW_LAYER_ETHERNET:
        return mtu + ETHERNET_HEADER_BYTES;
    case BW_LAYER_IP:
        return mtu;
    case BW_LAYER_GOODPUT:
        return mtu - IPV4_TCP_BYTES;
    case BW_LAYER_UNKNOWN:
    default:
        return 0;
    }
}

int64_t bw_layer_convert_bps(int64_t bps, enum bw_layer from, enum bw_layer to, int64_t mtu)
{
    int64_t a;
    int64_t b;

    if (bps == BW_UNKNOWN || bps < 0 || from == BW_LAYER_UNKNOWN ||
        to == BW_LAYER_UNKNOWN) {
        return BW_UNKNOWN;
    }
    if (from == to) {
        return bps;
    }
    if (mtu == BW_UNKNOWN || mtu < 576 || mtu > 65535) {
        return BW_UNKNOWN;
    }
    a = full_size_bytes(to, mtu);
    b = full_size_bytes(from, mtu);
    if (bps > INT64_MAX / a) {
        return BW_UNKNOWN;
    }
    return bps * a / b;
}

int64_t
bw_layer_convert_bytes(int64_t bytes, int64_t packets, enum bw_layer from, enum bw_layer to)
{
    int64_t headers;

    if (bytes == BW_UNKNOWN || from == BW_LAYER_UNKNOWN || to == BW_LAYER_UNKNOWN) {
        return BW_UNKNOWN;
    }
    if (from == to) {
        return bytes;
    }
    if (packets == BW_UNKNOWN || packets < 0 ||
        packets > INT64_MAX / ETHERNET_HEADER_BYTES) {
        return BW_UNKNOWN;
    }
    headers = packets * ETHERNET_HEADER_BYTES;
    if (from == BW_LAYER_ETHERNET && to == BW_LAYER_IP) {
        return headers <= bytes ? bytes - headers : BW_UNKNOWN;
    }
    if (from == BW_LAYER_IP && to == BW_LAYER_ETHERNET) {
        return bytes + headers;
    }
    return BW_UNKNOWN;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * rtlink.h - rtnetlink's messages about one link as bytes (man7 rtnetlink): asking by
 * name, asking for counts alone by index, reading the answers. Pure; any thread. */
#ifndef BW_RTLINK_H
#define BW_RTLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_RTLINK_ASK_MAX = 128,
    BW_RTLINK_NAME_MAX = 15
};

struct bw_rtlink {
    int64_t ifindex;
    bool carrier;  /* up, and the other end is there */
    bool software; /* a veth, tun, bridge …: whatever speed it claims is made up */
    uint16_t type; /* ARPHRD_… */
    char kind[BW_RTLINK_NAME_MAX + 1];   /* "vlan", "bond" …; "": a port */
    char leg_of[BW_RTLINK_NAME_MAX + 1]; /* the kind of what it is a part of; "": none */
    int64_t master;                      /* … and its index; BW_UNKNOWN: none */
    int64_t lower;       /* index of the interface it stands on; BW_UNKNOWN: none, … */
    bool lower_is_far;   /* … or one of another network namespace */
    int64_t vlan;        /* its number; BW_UNKNOWN: none */
    bool vlan_in_header; /* frames are sent with the tag in them, not beside them */
    int64_t mtu;         /* BW_UNKNOWN when not told; so are the counters */
    int64_t rx_bytes;
    int64_t rx_packets;
    int64_t rx_drops;
    int64_t rx_errors;
    int64_t tx_bytes;
    int64_t tx_packets;
    int64_t tx_drops;
    int64_t tx_errors;
};

/* RTM_GETLINK of an interface by name into buf[BW_RTLINK_ASK_MAX]; gives the length, 0
 * when the name is too long. */
size_t bw_rtlink_ask(uint8_t *buf, uint32_t seq, const char *interface);

/* The same by index. */
size_t bw_rtlink_ask_index(uint8_t *buf, uint32_t seq, int64_t ifindex);

/* RTM_GETSTATS of an interface by index, for its counts alone: a sixth of the bytes, and
 * half of the time where caches are cold. Likewise; 0 never. */
size_t bw_rtlink_ask_counts(uint8_t *buf, uint32_t seq, int64_t ifindex);

/* One datagram of an answer to `seq`; to bw_rtlink_ask_counts() only ifindex and counts are
 * known. 0; -EAGAIN when it answers something else; the
 * kernel's own error (-ENODEV: no such interface); -EBADMSG when it breaks the format. */
int bw_rtlink_parse(const uint8_t *p, size_t n, uint32_t seq, struct bw_rtlink *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * linkkind.c - the table of kinds. */
#include "linkkind.h"

#include <net/if_arp.h>
#include <string.h>

enum {
    HEADER = 14, /* two addresses and a type */
    TAG = 4
};

static bool is(const struct bw_rtlink *l, const char *kind)
{
    return strcmp(l->kind, kind) == 0;
}

static struct bw_linkkind ip_only(void)
{
    return (struct bw_linkkind){
        .layer = BW_LAYER_IP, .known = true, .rx_offset = -HEADER, .tx_offset = -HEADER};
}

static struct bw_linkkind ethernet(int64_t rx_offset, int64_t tx_offset)
{
    return (struct bw_linkkind){.layer = BW_LAYER_ETHERNET,
                                .known = true,
                                .rx_offset = rx_offset,
                                .tx_offset = tx_offset};
}

struct bw_linkkind bw_linkkind_of(const struct bw_rtlink *l)
{
    switch (l->type) {
    case ARPHRD_PPP: /* without PPP's, PPPoE's and Ethernet's own bytes */
    case ARPHRD_RAWIP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
        return ip_only();
    case ARPHRD_NONE:
        if (is(l, "tun")) {
            return ip_only();
        }
        return (struct bw_linkkind){.layer = BW_LAYER_UNKNOWN}; /* wireguard: its own */
    case ARPHRD_LOOPBACK:
        return ethernet(-HEADER, -HEADER);
    case ARPHRD_ETHER:
        break;
    default:
        return (struct bw_linkkind){.layer = BW_LAYER_UNKNOWN};
    }
    if (is(l, "vlan")) {
        return ethernet(-HEADER, l->vlan_in_header ? TAG : 0);
    }
    if (is(l, "bridge")) {
        return ethernet(-HEADER, 0);
    }
    if (is(l, "macvlan")) {
        return ethernet(0, 0);
    }
    return (struct bw_linkkind){.layer = BW_LAYER_ETHERNET};
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * nic.c - man7 netdevice. */
#include "nic.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef ARPHRD_RAWIP
#define ARPHRD_RAWIP 519
#endif

_Static_assert(IFNAMSIZ == BW_NIC_NAME_MAX + 1, "names of interfaces");

static void read_kind(struct bw_nic *n, const struct sockaddr *hw)
{
    switch (hw->sa_family) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
        n->readable = true;
        n->link = BW_PACKET_LINK_ETHERNET;
        n->has_mac = hw->sa_family == ARPHRD_ETHER;
        (void)memcpy(n->mac, hw->sa_data, sizeof(n->mac));
        return;
    case ARPHRD_PPP: /* a packet socket sees these from the network header on */
    case ARPHRD_NONE:
    case ARPHRD_RAWIP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
        n->readable = true;
        n->link = BW_PACKET_LINK_IP;
        return;
    default:
        return;
    }
}

int bw_nic_look(int fd, const char *name, struct bw_nic *ret)
{
    struct ifreq ifr;
    struct bw_nic n = {0};
    size_t len = strlen(name);
    (void)memset(&ifr, 0, sizeof(ifr));
    if (len == 0 || len > BW_NIC_NAME_MAX) {
        return -ENODEV;
    }
    (void)memcpy(ifr.ifr_name, name, len);
    if (ioctl(fd, SIOCGIFINDEX, &ifr) < 0) {
        return -errno;
    }
    n.ifindex = ifr.ifr_ifindex;
    if (ioctl(fd, SIOCGIFFLAGS, &ifr) < 0) {
        return -errno;
    }
    n.up = ifr.ifr_flags & IFF_UP;
    if (ioctl(fd, SIOCGIFHWADDR, &ifr) < 0) {
        return -errno;
    }
    read_kind(&n, &ifr.ifr_hwaddr);
    *ret = n;
    return 0;
}

int bw_nic_name(int fd, int ifindex, char ret[BW_NIC_NAME_MAX + 1])
{
    struct ifreq ifr;
    (void)memset(&ifr, 0, sizeof(ifr));
    ifr.ifr_ifindex = ifindex;
    if (ioctl(fd, SIOCGIFNAME, &ifr) < 0) {
        return -errno;
    }
    (void)memcpy(ret, ifr.ifr_name, BW_NIC_NAME_MAX + 1);
    ret[BW_NIC_NAME_MAX] = '\0';
    return 0;
}

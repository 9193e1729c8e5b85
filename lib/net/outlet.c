/* SPDX-License-Identifier: GPL-3.0-or-later
 * outlet.c - by which interface or from which source address packets leave. The index of
 * an interface is never kept for longer than a second without a look. */
#include "outlet.h"

#include "address.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define LOOK_EVERY_NS INT64_C(1000000000)

void bw_outlet_init(struct bw_outlet *o, const char *device)
{
    *o = (struct bw_outlet){.device = device};
}

bool bw_outlet_follow(struct bw_outlet *o, int64_t now_mono_ns)
{
    unsigned index;
    if (o->device[0] == '\0' || now_mono_ns < o->next_look_mono_ns) {
        return false;
    }
    o->next_look_mono_ns = now_mono_ns + LOOK_EVERY_NS;
    index = if_nametoindex(o->device);
    if (index == o->ifindex) {
        return false;
    }
    o->ifindex = index;
    return true;
}

bool bw_outlet_missing(const struct bw_outlet *o)
{
    return o->device[0] != '\0' && o->ifindex == 0;
}

int bw_outlet_use(int fd, int family, unsigned ifindex)
{
    uint32_t index = htonl(ifindex); /* both options want network order */
    int level = family == 6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int name = family == 6 ? IPV6_UNICAST_IF : IP_UNICAST_IF;
    return setsockopt(fd, level, name, &index, sizeof(index)) < 0 ? -errno : 0;
}

int bw_outlet_bind_device(int fd, const char *device)
{
    if (device[0] == '\0') {
        return 0;
    }
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
                      (socklen_t)strlen(device) + 1) < 0
               ? -errno
               : 0;
}

int bw_outlet_bind(int fd, const union bw_address *source)
{
    if (bind(fd, &source->sa, bw_address_len(source)) == 0) {
        return 0;
    }
    /* Else it could not be told from a name that has no address. */
    return errno == EADDRNOTAVAIL ? -BW_ENOSOURCE : -errno;
}

int bw_outlet_bind_source(int fd, int family, const char *source)
{
    const int on = 1;
    union bw_address a = {.sa = {.sa_family = AF_UNSPEC}};
    if (source[0] == '\0') {
        return 0;
    }
    if (!bw_address_parse(source, &a)) {
        return -EINVAL;
    }
    if (bw_address_family(&a) != family) {
        return -EAFNOSUPPORT;
    }
    /* A stream's port is chosen when it connects, not now. */
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bw_outlet_bind(fd, &a);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * frametap.c - a packet socket that is read without a buffer. */
#include "frametap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NOBODYS = 0x88b5, /* IEEE 802: for experiments; a frame of it only costs a look */
    BUFFER = 1 << 20, /* asked for; the system's limit is most often 416 KiB */
    WHOLE = 1 << 18,  /* of a frame: its length is told as it was accepted */
    TAG = 4,
    SHORTEST = 64 /* what a card pads to, at most: with the FCS, or with a tag */
};

int bw_frametap_open(void)
{
    int size = BUFFER;
    int on = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0) {
        int r = -errno;
        (void)close(fd);
        return r;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    return fd;
}

static int hear(int fd, int64_t ifindex, uint16_t type)
{
    struct sockaddr_ll a = {
        .sll_family = AF_PACKET, .sll_protocol = htons(type), .sll_ifindex = (int)ifindex};
    return bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
}

int bw_frametap_bind(int fd, int64_t ifindex)
{
    return hear(fd, ifindex, ETH_P_ALL);
}

int bw_frametap_hear(int fd, bool received, bool sent)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, sent ? WHOLE : 0),
        BPF_STMT(BPF_RET | BPF_K, received ? WHOLE : 0),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
               ? -errno
               : 0;
}

void bw_frametap_silence(int fd, int64_t ifindex)
{
    struct bw_frametap_sums unheard = {0};
    (void)hear(fd, ifindex, NOBODYS);
    while (bw_frametap_read(fd, INT64_MAX, &unheard) > 0) {
    }
}

/* Was the tag taken out of the frame, to be told beside it? */
static int64_t tag_beside(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        struct tpacket_auxdata aux;
        if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA &&
            c->cmsg_len >= CMSG_LEN(sizeof(aux))) {
            (void)memcpy(&aux, CMSG_DATA(c), sizeof(aux));
            return (aux.tp_status & TP_STATUS_VLAN_VALID) != 0 ? TAG : 0;
        }
    }
    return 0;
}

int64_t bw_frametap_read(int fd, int64_t most, struct bw_frametap_sums *sums)
{
    int64_t n = 0;
    while (n < most) {
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
        struct sockaddr_ll from = {0};
        struct msghdr m = {.msg_name = &from,
                           .msg_namelen = offsetof(struct sockaddr_ll, sll_halen),
                           .msg_control = control,
                           .msg_controllen = sizeof(control)};
        ssize_t len = recvmsg(fd, &m, MSG_TRUNC | MSG_DONTWAIT);
        if (len < 0) {
            if (errno == EINTR || errno == ENETDOWN) {
                continue; /* the second is told once */
            }
            break;
        }
        len += tag_beside(&m);
        n++;
        if (from.sll_pkttype == PACKET_OUTGOING) {
            sums->tx_bytes += len;
            sums->tx_frames++;
            sums->tx_short += len < SHORTEST ? 1 : 0;
        } else {
            sums->rx_bytes += len;
            sums->rx_frames++;
        }
    }
    return n;
}

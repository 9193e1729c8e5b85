/* SPDX-License-Identifier: GPL-3.0-or-later
 * frametap.h - the lengths of the frames that pass an interface, and nothing else of them.
 *
 * Not one byte of a frame is read: the buffer has no length, and the kernel tells how long
 * the frame was. Nor are addresses: the part of the kernel's own account that has them is
 * not asked for. Making one needs CAP_NET_RAW; what follows does not. One thread. */
#ifndef BW_FRAMETAP_H
#define BW_FRAMETAP_H

#include <stdbool.h>
#include <stdint.h>

struct bw_frametap_sums {
    int64_t rx_bytes; /* as Ethernet frames without FCS, their VLAN tag included */
    int64_t rx_frames;
    int64_t tx_bytes;
    int64_t tx_frames;
    int64_t tx_short; /* of those: so short that a card may pad them, which is not heard */
};

/* A socket that hears nothing yet; -EPERM without the right. */
int bw_frametap_open(void);
/* Hear an interface. 0 or -errno. */
int bw_frametap_bind(int fd, int64_t ifindex);
/* Of what passes, hear only what is received, only what is sent, or (both) all. */
int bw_frametap_hear(int fd, bool received, bool sent);
/* Hear nothing more; what waits is thrown away. */
void bw_frametap_silence(int fd, int64_t ifindex);
/* Add what was heard since; gives the number of frames, at most `most`. */
int64_t bw_frametap_read(int fd, int64_t most, struct bw_frametap_sums *sums);

#endif

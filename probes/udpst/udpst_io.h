/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_io.h - the one UDP socket of a test: single datagrams while it is arranged, batches
 * while it runs. No call blocks.
 *
 * The socket keeps its local port from the first request to the last datagram: the server
 * (and every NAT on the way) knows the test by it. */
#ifndef BW_UDPST_IO_H
#define BW_UDPST_IO_H

#include <address.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <udpst.h>

struct bw_err;

enum {
    UDPST_SEND_BATCH = BW_UDPST_BURST_MAX + 1, /* a burst and its add-on */
    UDPST_RECEIVE_BATCH = 256,
    UDPST_PAYLOAD_MAX = 8972
};

struct udpst_io {
    int fd;             /* -1: closed */
    int family;         /* 4 or 6 */
    uint32_t own_drops; /* datagrams that found our receive buffer full, so far */
    struct udpst_scratch *scratch;
};

/* Open, bind to interface and source ("" none). -errno with the sentence. */
int udpst_io_open(struct udpst_io *io,
                  int family,
                  const char *device,
                  const char *source,
                  struct bw_err *reterr);
void udpst_io_close(struct udpst_io *io); /* NULL memory and closed are fine */

int udpst_io_send_to(struct udpst_io *io,
                     const union bw_address *to,
                     const uint8_t *pdu,
                     size_t n);
/* One datagram from anybody: its whole length (what is over `cap` is cut), or -EAGAIN and
 * other -errno. */
long udpst_io_receive_from(struct udpst_io *io,
                           uint8_t *buf,
                           size_t cap,
                           union bw_address *ret_from);
/* What ICMP errors said since the last call: -errno of the newest, 0 none. */
int udpst_io_errors(struct udpst_io *io);

/* From now on only with this peer, and with receive stamps by the kernel. 0 or -errno. */
int udpst_io_connect(struct udpst_io *io, const union bw_address *to);
int64_t udpst_io_mtu(const struct udpst_io *io); /* of the way to the peer, or BW_UNKNOWN */

int udpst_io_send(struct udpst_io *io, const uint8_t *pdu, size_t n);

/* The datagrams of a batch are written in place: their headers one after the other … */
uint8_t *udpst_io_header(struct udpst_io *io, size_t i); /* BW_UDPST_LOAD_LEN bytes */
void udpst_io_size(struct udpst_io *io, size_t i, uint32_t payload);
/* … and sent, filled up with bytes that do not compress. How many the kernel took, or
 * -errno (-EAGAIN: none, the queue is full). */
int udpst_io_send_batch(struct udpst_io *io, size_t n);

struct udpst_datagram {
    const uint8_t *head;      /* at least BW_UDPST_LOAD_LEN bytes where n has as many */
    size_t n;                 /* its whole length */
    int64_t received_unix_ns; /* the kernel's; BW_UNKNOWN */
};

/* Up to UDPST_RECEIVE_BATCH of them into the scratch: how many, 0 none, or -errno. Only the
 * first bytes of each are copied out of the kernel. */
int udpst_io_receive_batch(struct udpst_io *io);
void udpst_io_datagram(const struct udpst_io *io, size_t i, struct udpst_datagram *ret);
/* The whole of datagram i as far as it was copied: its length (at most what a control PDU
 * has). */
size_t udpst_io_head_len(const struct udpst_io *io, size_t i);

#endif

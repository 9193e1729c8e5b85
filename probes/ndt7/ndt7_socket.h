/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_socket.h - what the kernel says of a TCP socket, and how much it is to hold. */
#ifndef BW_NDT7_SOCKET_H
#define BW_NDT7_SOCKET_H

#include <ndt7.h>
#include <stdbool.h>
#include <stdint.h>

struct ndt7_path {
    int64_t mtu;          /* unknown when the kernel does not tell */
    int64_t header_bytes; /* of IP and TCP in a full packet */
    char cc[16];
};

/* TCP_INFO; elapsed_us is put beside it. */
bool ndt7_socket_tcp(int fd, int64_t elapsed_us, struct bw_ndt7_tcp *ret);
void ndt7_socket_path(int fd, uint8_t family, struct ndt7_path *ret);
/* Bytes handed over that the other side has not acknowledged. */
int64_t ndt7_socket_queued_bytes(int fd);
/* The socket is writable while less than this waits unsent. */
void ndt7_socket_hold(int fd, int bytes);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_link.h - a stream of bytes to one server, plain or TLS, without a buffer of its own
 * between the caller's and the socket (or OpenSSL's record). A link owns itself: it is
 * gone after _end(). */
#ifndef BW_NDT7_LINK_H
#define BW_NDT7_LINK_H

#include <bw/opts.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ndt7_link;
struct uv_loop_s;

struct ndt7_link_setup {
    struct uv_loop_s *loop;
    const struct bw_opts *opts; /* outlives the link */
    const char *host;
    uint16_t port;
    bool tls;
    const char *ca_file; /* "" : the system's certificates */
    const char *cc;
    /* Once: bytes may flow (error 0), or they never will, and why. */
    void (*opened)(void *owner, int error, const char *reason);
    /* The socket is readable, or writable while that is wanted. */
    void (*ready)(void *owner, bool readable, bool writable);
    void *owner;
};

/* 0 or -ENOMEM; opened() follows, later. */
int ndt7_link_start(const struct ndt7_link_setup *setup, struct ndt7_link **ret);
/* Nothing is called any more; the connection is closed. NULL is a no-op. */
void ndt7_link_end(struct ndt7_link *l);

/* Bytes; 0: none now; -EPIPE: the other side ended the stream; -errno. */
ssize_t ndt7_link_read(struct ndt7_link *l, void *buf, size_t cap);
/* Throw away up to n bytes that have come, without seeing them: plain links only, else
 * and when nothing has come 0. */
ssize_t ndt7_link_skip(struct ndt7_link *l, size_t n);
/* Bytes taken; 0: none now. After 0 the same bytes have to be offered again. */
ssize_t ndt7_link_write(struct ndt7_link *l, const void *buf, size_t n);
void ndt7_link_want_write(struct ndt7_link *l, bool want);
/* There is more to read that no poll will tell of. */
bool ndt7_link_holds_back(const struct ndt7_link *l);

int ndt7_link_fd(const struct ndt7_link *l); /* for TCP_INFO */
uint8_t ndt7_link_family(const struct ndt7_link *l);

#endif

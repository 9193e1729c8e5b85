/* SPDX-License-Identifier: GPL-3.0-or-later
 * dnsq.h - one DNS query to one server: over UDP from a port and with a number of its own,
 * over TCP (RFC 7766) where the answer was truncated, or from the start.
 *
 * No time is limited here: whoever asks closes the query at the deadline, and may leave it
 * open beyond it to hear of a late answer. A datagram that is not the answer (another
 * number, another question, not readable) is passed over, since anybody can send one; it is
 * remembered for the query's odd(). What comes from another address never reaches us: the
 * socket is connected. On the loop's thread only. */
#ifndef BW_DNSQ_H
#define BW_DNSQ_H

#include "address.h"

#include <dns.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_dnsq;
struct uv_loop_s;

/* Round trips are from the query's sending to the answer's receiving by the kernel's stamps
 * over UDP; of TCP the handshake by the kernel's clock and the answer by our own. The whole
 * is the sum of its parts: what this program did between them is no part of the line. */
struct bw_dnsq_result {
    int error;        /* 0: answered; else -errno … */
    const char *code; /* … the response code in its word, or what was wrong where the server
                         (or its host) said something; NULL: nobody said anything. Lent */
    const struct bw_dns_msg *msg; /* when answered. Lent */
    int64_t rtt_ns;               /* the whole; known when answered */
    int64_t udp_ns;               /* until the truncated answer; unknown: there was none */
    int64_t connect_ns;           /* TCP's handshake; unknown without */
    int64_t tcp_ns;               /* from the query over TCP to the answer */
};

struct bw_dnsq_setup {
    struct uv_loop_s *loop;
    union bw_address server; /* with the port */
    const char *device;      /* "" or NULL: by the routing table */
    const char *source;      /* "" or NULL: any */
    struct bw_dns_question question;
    uint16_t udp_bytes; /* EDNS: the answer's size that we take */
    bool tcp;           /* over TCP from the start */
    /* At most once, later, from the loop. The query is closed by its owner, here or later.
     */
    void (*done)(void *owner, struct bw_dnsq *q, const struct bw_dnsq_result *r);
    /* After bw_dnsq_close(), when its memory is gone. May be NULL. */
    void (*closed)(void *owner);
    void *owner;
};

/* Send it. -errno when it could not be sent. */
int bw_dnsq_start(const struct bw_dnsq_setup *setup, struct bw_dnsq **ret);

/* Read what has come, without waiting for the loop to say so. May be done with it. */
void bw_dnsq_look(struct bw_dnsq *q);

/* What the server said so far that was no answer: "truncated" (and nothing over TCP since),
 * "wrong-id", "wrong-question", "malformed", "no-response"; NULL: nothing. */
const char *bw_dnsq_odd(const struct bw_dnsq *q);

void bw_dnsq_close(struct bw_dnsq *q); /* NULL is a no-op */

#endif

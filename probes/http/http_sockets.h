/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_sockets.h - the sockets behind curl's transfers, and what the kernel's TCP_INFO
 * says of them. Counts of sockets that were closed stay in the sums. */
#ifndef BW_HTTP_SOCKETS_H
#define BW_HTTP_SOCKETS_H

#include "http_engine.h"

#include <curl/curl.h>
#include <net/if.h>
#include <netinet/in.h>

enum {
    HTTP_SOCKETS_MAX = 4 * HTTP_STREAMS_MAX
}; /* both families while connecting */

struct http_sockets {
    char device[IFNAMSIZ];
    char source4[INET6_ADDRSTRLEN]; /* "": by the routing table */
    char source6[INET6_ADDRSTRLEN];
    int fds[HTTP_SOCKETS_MAX];
    size_t n;
    int64_t closed_segments;
    int64_t closed_retransmits;
};

/* Sockets leave by the interface and from the address of their family; with an address of
 * one family only none of the other is opened. "" for none. */
void http_sockets_init(struct http_sockets *s,
                       const char *device,
                       const char *source4,
                       const char *source6);

/* Let curl open and close this handle's sockets through us. */
void http_sockets_follow(struct http_sockets *s, CURL *easy);

/* Fills everything of *ret but payload_bytes and tls. *ret_queued_bytes: written by curl
 * and not yet acknowledged. */
void http_sockets_read(const struct http_sockets *s,
                       struct http_tcp *ret,
                       int64_t *ret_queued_bytes);

/* Of the segments sent between two readings; unknown where the kernel did not count on. */
int64_t http_retransmit_ppm(const struct http_tcp *since, const struct http_tcp *now);

#endif

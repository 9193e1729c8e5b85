/* SPDX-License-Identifier: GPL-3.0-or-later
 * address.h - IP addresses with a port: from text, and what they have in common. Pure
 * (a zone is looked up in the kernel's list of interfaces); any thread. */
#ifndef BW_ADDRESS_H
#define BW_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    BW_HOST_MAX = 256 /* a host name or address with a zone, NUL included */
};

union bw_address {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* An address as it is written, with a zone for link-local ones ("fe80::1%eth0"), without a
 * port; *ret has port 0. false: it is a name (or nothing), and *ret is as it was. */
bool bw_address_parse(const char *text, union bw_address *ret);

/* "host", "host:862", "192.0.2.1:862", "2001:db8::1" or "[2001:db8::1]:862" into host and
 * port (`port` itself where the text has none). -EINVAL: none of these. */
int bw_address_split(const char *text,
                     uint16_t port,
                     char ret_host[BW_HOST_MAX],
                     uint16_t *ret_port);

int bw_address_family(const union bw_address *a); /* 4, 6; 0: nothing */
socklen_t bw_address_len(const union bw_address *a);
uint16_t bw_address_port(const union bw_address *a);
void bw_address_set_port(union bw_address *a, uint16_t port);
/* From what the kernel or a lookup gave; false when it is neither IPv4 nor IPv6. */
bool bw_address_from(const struct sockaddr *sa, union bw_address *ret);
/* Same family, address and port; zones are compared where both have one. */
bool bw_address_equal(const union bw_address *a, const union bw_address *b);

#endif

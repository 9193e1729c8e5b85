/* SPDX-License-Identifier: GPL-3.0-or-later
 * address.c - IP addresses with a port. What has no family (all zero) is no address. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

bool bw_address_parse(const char *text, union bw_address *ret)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 2];
    char *zone;
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        ret->in = in;
        return true;
    }
    if (snprintf(host, sizeof(host), "%s", text) >= (int)sizeof(host)) {
        return false;
    }
    zone = strchr(host, '%');
    if (zone) {
        *zone++ = '\0';
        in6.sin6_scope_id = if_nametoindex(zone);
    }
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        ret->in6 = in6;
        return true;
    }
    return false;
}

/* 1 … 65535 in decimal and nothing else; 0: it is none. */
static uint16_t port_of(const char *text)
{
    uint32_t port = 0;
    size_t n = strlen(text);
    if (n == 0 || n > 5 || strspn(text, "0123456789") != n) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

int bw_address_split(const char *text,
                     uint16_t port,
                     char ret_host[BW_HOST_MAX],
                     uint16_t *ret_port)
{
    const char *from = text;
    const char *end = text + strlen(text);
    const char *colon = strchr(text, ':');
    if (text[0] == '[') {
        from++;
        end = strchr(from, ']');
        if (!end || (end[1] != '\0' && end[1] != ':')) {
            return -EINVAL;
        }
        colon = end[1] == ':' ? end + 1 : NULL;
    } else if (colon && strchr(colon + 1, ':')) {
        colon = NULL; /* IPv6 without brackets has no port */
    } else if (colon) {
        end = colon;
    }
    if (colon) {
        port = port_of(colon + 1);
        if (port == 0) {
            return -EINVAL;
        }
    }
    if (end == from || end - from >= BW_HOST_MAX) {
        return -EINVAL;
    }
    (void)memcpy(ret_host, from, (size_t)(end - from));
    ret_host[end - from] = '\0';
    *ret_port = port;
    return 0;
}

int bw_address_family(const union bw_address *a)
{
    return a->sa.sa_family == AF_INET ? 4 : a->sa.sa_family == AF_INET6 ? 6 : 0;
}

socklen_t bw_address_len(const union bw_address *a)
{
    return a->sa.sa_family == AF_INET6 ? sizeof(a->in6) : sizeof(a->in);
}

uint16_t bw_address_port(const union bw_address *a)
{
    return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port : a->in.sin_port);
}

void bw_address_set_port(union bw_address *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET6) {
        a->in6.sin6_port = htons(port);
    } else {
        a->in.sin_port = htons(port);
    }
}

bool bw_address_from(const struct sockaddr *sa, union bw_address *ret)
{
    if (sa->sa_family == AF_INET) {
        (void)memcpy(&ret->in, sa, sizeof(ret->in));
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        (void)memcpy(&ret->in6, sa, sizeof(ret->in6));
        return true;
    }
    return false;
}

bool bw_address_equal(const union bw_address *a, const union bw_address *b)
{
    if (a->sa.sa_family != b->sa.sa_family) {
        return false;
    }
    if (a->sa.sa_family == AF_INET) {
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr &&
               a->in.sin_port == b->in.sin_port;
    }
    if (a->sa.sa_family == AF_INET6) {
        return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) ==
                   0 &&
               a->in6.sin6_port == b->in6.sin6_port &&
               (a->in6.sin6_scope_id == 0 || b->in6.sin6_scope_id == 0 ||
                a->in6.sin6_scope_id == b->in6.sin6_scope_id);
    }
    return false;
}

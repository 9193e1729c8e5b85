/* SPDX-License-Identifier: GPL-3.0-or-later
 * prefix_asked.c - an address prefix from text and back. */
#include "prefix_asked.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bw_prefix_asked(const char *text, struct bw_prefix *p)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof(address)) {
        return -EINVAL;
    }
    memcpy(address, text, n);
    address[n] = '\0';
    memset(p->addr, 0, sizeof(p->addr));
    if (inet_pton(AF_INET, address, p->addr) == 1) {
        p->family = 4;
    } else if (inet_pton(AF_INET6, address, p->addr) == 1) {
        p->family = 6;
    } else {
        return -EINVAL;
    }
    long bits = p->family == 4 ? 32 : 128;
    if (slash) {
        char *end = NULL;
        long given = strtol(slash + 1, &end, 10);
        if (end == slash + 1 || *end != '\0' || given < 0 || given > bits) {
            return -EINVAL;
        }
        bits = given;
    }
    p->bits = (uint8_t)bits;
    for (long i = bits; i < 128; i++) {
        p->addr[i / 8] = (uint8_t)(p->addr[i / 8] & ~(0x80 >> (i % 8)));
    }
    return 0;
}

void bw_prefix_text(const struct bw_prefix *p, char ret[64])
{
    char address[INET6_ADDRSTRLEN] = "?";
    (void)inet_ntop(p->family == 4 ? AF_INET : AF_INET6, p->addr, address, sizeof(address));
    (void)snprintf(ret, 64, "%s/%d", address, p->bits);
}

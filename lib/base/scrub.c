/* SPDX-License-Identifier: GPL-3.0-or-later
 * scrub.c - no address leaves in somebody else's words. */
#include "scrub.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    ADDRESS_MAX = 64,
    TEXT_MAX = 1024
};

static bool is_address(const char *text, size_t n)
{
    char copy[ADDRESS_MAX];
    struct in6_addr to; /* large enough for either */
    if (n == 0 || n >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text, n);
    copy[n] = '\0';
    return inet_pton(AF_INET, copy, &to) == 1 || inet_pton(AF_INET6, copy, &to) == 1;
}

/* Length of the address that begins here; 0: none. The longest run of its characters,
 * less what follows it: a port, a full stop. */
static size_t address_at(const char *text)
{
    size_t n = strspn(text, "0123456789abcdefABCDEF:.");
    if (isalnum((unsigned char)text[n])) {
        return 0; /* a word */
    }
    while (n > 0 && !is_address(text, n)) {
        n--;
        while (n > 0 && text[n] != ':' && text[n] != '.') {
            n--;
        }
    }
    return n;
}

void bw_scrub_addresses(char *text, size_t cap)
{
    static const char word[] = "(address)";
    char out[TEXT_MAX];
    size_t used = 0;
    for (size_t i = 0; text[i] && used + sizeof(word) < sizeof(out);) {
        size_t n =
            i == 0 || !isalnum((unsigned char)text[i - 1]) ? address_at(text + i) : 0;
        if (n > 0) {
            memcpy(out + used, word, sizeof(word) - 1);
            used += sizeof(word) - 1;
            i += n;
        } else {
            out[used++] = text[i++];
        }
    }
    out[used] = '\0';
    (void)snprintf(text, cap, "%s", out);
}

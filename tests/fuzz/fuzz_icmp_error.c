/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_icmp_error.c - bytes from the wire as an ICMP error (the first byte's lowest bit
 * chooses the family), and as a quote alone; what is read of a quote holds together. */
#include "icmp_error.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t protocols[] = {1, 17, 58, 6};
    struct bw_icmp_error e;
    struct bw_icmp_quote q;
    int family;
    if (size < 1) {
        return 0;
    }
    family = data[0] & 1 ? 6 : 4;
    data++;
    size--;
    if (bw_icmp_error_parse(data, size, family, &e) == 0) {
        must(e.kind == bw_icmp_error_kind(family, data[0], data[1]));
        must(e.kind != BW_ICMP_ERROR_NONE);
        must(e.mtu == 0 || e.kind == BW_ICMP_ERROR_TOO_BIG);
        must(size >= 8 + (family == 6 ? 40U : 20U) + 8);
        must(e.quote.protocol == 1 || e.quote.protocol == 17 || e.quote.protocol == 58);
        must(e.quote.protocol == 17 ||
             (e.quote.source_port == 0 && e.quote.udp_bytes == 0));
    }
    for (size_t i = 0; i < sizeof(protocols); i++) {
        if (bw_icmp_quote_parse(data, size, protocols[i], &q) == 0) {
            must(size >= 8 && protocols[i] != 6);
            must(!q.stamped || size >= 8 + BW_ICMP_STAMP);
        }
    }
    return 0;
}

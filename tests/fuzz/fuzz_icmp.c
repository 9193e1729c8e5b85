/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_icmp.c - bytes from the wire through the echo codec; what it reads of a stamp it
 * must build again. The first byte chooses family and payload. */
#include "icmp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[BW_ICMP_HEADER + BW_ICMP_PAYLOAD_MAX];
    struct bw_icmp_stamp stamp;
    struct bw_icmp_msg m;
    const uint8_t *inner;
    size_t n = 0;
    size_t payload;
    int family;
    if (size < 1) {
        return 0;
    }
    family = data[0] & 1 ? 6 : 4;
    payload = BW_ICMP_STAMP + (data[0] >> 1);
    data++;
    size--;
    inner = bw_icmp_skip_ipv4(data, size, &n);
    must(!inner || (inner >= data && inner + n == data + size));
    (void)bw_icmp_stamp_of_tail(data, size, payload, &stamp);
    (void)bw_icmp_checksum(data, size);
    if (bw_icmp_parse(data, size, family, &m) == 0 && m.stamped) {
        struct bw_icmp_msg back;
        n = bw_icmp_build(again, sizeof(again), family, m.ident, m.seq, &m.stamp, payload);
        must(n == BW_ICMP_HEADER + payload);
        must(bw_icmp_parse(again, n, family, &back) == 0);
        must(back.kind == BW_ICMP_REQUEST && back.ident == m.ident && back.seq == m.seq);
        must(memcmp(&back.stamp, &m.stamp, sizeof(m.stamp)) == 0);
    }
    return 0;
}

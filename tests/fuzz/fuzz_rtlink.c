/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_rtlink.c - datagrams of rtnetlink; the first four bytes are the number asked for. */
#include "linkkind.h"
#include "rtlink.h"

#include <bw/units.h>
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
    struct bw_rtlink l;
    uint32_t seq;
    int r;
    if (size < sizeof(seq)) {
        return 0;
    }
    (void)memcpy(&seq, data, sizeof(seq));
    r = bw_rtlink_parse(data + sizeof(seq), size - sizeof(seq), seq, &l);
    must(r <= 0);
    if (r == 0) {
        must(l.ifindex > 0);
        must(l.rx_bytes == BW_UNKNOWN || l.rx_bytes >= 0);
        must(l.tx_errors == BW_UNKNOWN || l.tx_errors >= 0);
        must(strnlen(l.kind, sizeof(l.kind)) < sizeof(l.kind));
        must(strnlen(l.leg_of, sizeof(l.leg_of)) < sizeof(l.leg_of));
        (void)bw_linkkind_of(&l);
    }
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_rows.c - what a row of sending rates may ask for and amounts to, and a server's
 * refusals in words. */
#include "udpst.h"

#include <errno.h>
#include <stddef.h>

static const char *
datagram_fault(uint32_t interval_us, uint32_t payload, uint32_t n, uint32_t payload_max)
{
    uint32_t size = payload & ~BW_UDPST_RANDOM;
    if (n == 0) {
        return NULL;
    }
    if (n > BW_UDPST_BURST_MAX) {
        return "a burst of more than 100 datagrams";
    }
    if (interval_us < BW_UDPST_INTERVAL_MIN_US || interval_us > BW_UDPST_INTERVAL_MAX_US) {
        return "an interval that is not 100 us to 1 s";
    }
    if (size < BW_UDPST_LOAD_LEN) {
        return "datagrams shorter than their header";
    }
    return size > payload_max ? "datagrams longer than was agreed" : NULL;
}

int bw_udpst_row_check(const struct bw_udpst_row *r,
                       uint32_t payload_max,
                       const char **ret_why)
{
    const char *why = datagram_fault(r->interval1_us, r->payload1, r->burst1, payload_max);
    if (!why) {
        why = datagram_fault(r->interval2_us, r->payload2, r->burst2, payload_max);
    }
    if (!why) {
        why = datagram_fault(r->interval2_us, r->addon2, r->addon2 ? 1 : 0, payload_max);
    }
    if (why) {
        *ret_why = why;
        return -ERANGE;
    }
    return 0;
}

int64_t bw_udpst_row_bps(const struct bw_udpst_row *r, uint32_t header)
{
    double bps = 0; /* of at most 10^11, where a double is exact to a bit */
    if (r->burst1) {
        bps +=
            8e6 * r->burst1 * ((r->payload1 & ~BW_UDPST_RANDOM) + header) / r->interval1_us;
    }
    if (r->burst2) {
        bps +=
            8e6 * r->burst2 * ((r->payload2 & ~BW_UDPST_RANDOM) + header) / r->interval2_us;
    }
    if (r->addon2) {
        bps += 8e6 * ((r->addon2 & ~BW_UDPST_RANDOM) + header) / r->interval2_us;
    }
    return (int64_t)bps;
}

/* ---- words */

const char *bw_udpst_setup_refusal(uint8_t response)
{
    static const char *const words[] = {
        [0] = "no answer to the request in its answer",
        [BW_UDPST_OK] = "no refusal",
        [2] = "another version of the protocol",
        [3] = "it has another setting of jumbo",
        [4] = "it has no key: leave out 'key_file'",
        [5] = "it wants a key: set 'key_file'",
        [6] = "it does not take this way of authentication",
        [7] = "wrong key",
        [8] = "the clocks differ too much for a signed request",
        [9] = "it wants to know the rate: set 'max_rate'",
        [10] = "it has no capacity left now",
        [11] = "it has another setting of full_mtu",
        [12] = "it does not take the parameters of the connections",
        [13] = "it could not make a connection",
    };
    return response < sizeof(words) / sizeof(words[0])
               ? words[response]
               : "a reason this version does not know";
}

const char *bw_udpst_activate_refusal(uint8_t response)
{
    static const char *const words[] = {
        [0] = "no answer to the request in its answer",
        [BW_UDPST_OK] = "no refusal",
        [2] = "it does not take these parameters of the test",
    };
    return response < sizeof(words) / sizeof(words[0])
               ? words[response]
               : "a reason this version does not know";
}

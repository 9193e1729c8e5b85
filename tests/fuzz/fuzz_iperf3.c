/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_iperf3.c - whatever a report says, no figure leaves its range and no text its
 * bounds; and a report that is taken has a rate or an error. */
#include "iperf3.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void range(int64_t v, int64_t max)
{
    if (v != BW_UNKNOWN && (v < 0 || v > max)) {
        abort();
    }
}

static void printable(const char *text, size_t cap)
{
    size_t n = strnlen(text, cap);
    if (n == cap) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const int64_t most = 9000000000000000;
    struct bw_iperf3_report r;
    if (bw_iperf3_read((const char *)data, n, &r, NULL) < 0) {
        return 0;
    }
    printable(r.error, sizeof(r.error));
    printable(r.cc, sizeof(r.cc));
    if (r.error[0] == '\0' && !r.measured) {
        abort();
    }
    if (r.measured && (r.window_us <= 0 || r.bytes < 0)) {
        abort();
    }
    range(r.streams, most);
    range(r.bytes, most);
    range(r.total_bytes, most);
    range(r.sent_bytes, most);
    range(r.packets, most);
    range(r.lost, most);
    range(r.block_bytes, most);
    range(r.mss, most);
    range(r.pmtu, 65535);
    range(r.retransmits, most);
    range(r.rtt_us, most);
    range(r.min_rtt_us, most);
    range(r.here_busy_ppm, most);
    range(r.there_busy_ppm, most);
    return 0;
}

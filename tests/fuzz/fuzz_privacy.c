/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_privacy.c - any bytes as a file of the box, and as a packet of a capture file. */
#include "bytes.h"
#include "seen.h"
#include "seen_private.h"

#include <pcap/dlt.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const int links[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL,
                                DLT_RAW};
    struct bw_privacy_report report = {0};
    struct bw_excepted excepted = {0};
    struct bw_seen *seen = bw_seen_new();
    if (!seen || n < 1) {
        bw_seen_free(seen);
        return 0;
    }
    size_t link = data[0] % (sizeof(links) / sizeof(links[0]));
    (void)bw_seen_packet(seen, links[link], data + 1, n - 1);
    struct bw_search s = {.seen = seen,
                          .excepted = &excepted,
                          .report = &report,
                          .where = "",
                          .n_told = n / 2,
                          .hosts = (data[0] & 128) != 0};
    bw_search_bytes(&s, data + 1, n - 1, data[0] & 64 ? BW_BYTES_TABLE : BW_BYTES_LOOSE);
    bw_search_judge(seen, &report);
    bw_report_done(&report);
    bw_seen_free(seen);
    return 0;
}

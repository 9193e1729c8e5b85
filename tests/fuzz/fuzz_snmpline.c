/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_snmpline.c - lines between the daemon and the reader of an edge device, as each of
 * the three kinds; what is taken in is in range and goes out as it came. */
#include "snmpline.h"

#include <buf.h>
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
    const char *text = size > 0 ? (const char *)data : "";
    struct bw_snmp_job job;
    struct bw_snmp_line line;
    struct bw_buf b;
    int64_t n = 0;
    bw_buf_init(&b, 64 * 1024);
    if (bw_snmp_job_decode(text, size, &job, &n, NULL) == 0) {
        must(job.port > 0 && job.every_ms >= BW_SNMP_EVERY_MIN_MS);
        must(strlen(job.name) <= BW_SNMP_NAME_MAX);
        must(bw_snmp_job_encode(&job, n, &b) == 0);
        must(bw_snmp_job_decode(b.data, b.len - 1, &job, &n, NULL) == 0);
    }
    if (bw_snmp_fast_decode(text, size, &n, NULL) == 0) {
        must(n >= 0 && n <= BW_SNMP_FAST_MAX_MS);
    }
    if (bw_snmp_line_decode(text, size, &line, NULL) == 0) {
        must(line.what != BW_SNMP_LINE_READING ||
             (line.reading.in_bytes >= 0 && line.reading.slack_ns <= line.reading.mono_ns));
        bw_buf_clear(&b);
        must(bw_snmp_line_encode(&line, &b) == 0);
        must(bw_snmp_line_decode(b.data, b.len - 1, &line, NULL) == 0);
    }
    bw_buf_done(&b);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_batch.c - any bytes as a post: inflated and split, never beyond the limits. */
#include <batch.h>
#include <buf.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct bw_batch_line lines[BW_POST_LINES_MAX];
    struct bw_buf out;
    size_t n_lines = 0;
    size_t bytes = 0;
    bw_buf_init(&out, BW_POST_BYTES_MAX + 1);
    if (bw_batch_inflate(data, n, &out, NULL) == 0) {
        if (out.len > BW_POST_BYTES_MAX) {
            abort();
        }
        (void)bw_batch_split(out.data ? out.data : "", out.len, lines, &n_lines, NULL);
    }
    if (bw_batch_split((const char *)data, n, lines, &n_lines, NULL) == 0) {
        for (size_t i = 0; i < n_lines; i++) {
            bytes += lines[i].len + 1;
        }
        if (n_lines == 0 || n_lines > BW_POST_LINES_MAX || bytes > n + 1) {
            abort();
        }
    }
    bw_buf_done(&out);
    return 0;
}

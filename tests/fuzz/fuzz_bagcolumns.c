/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_bagcolumns.c - any bytes as a part of columns: read without harm; what they give can
 * be written, and gives the same again. The same bytes as a payload come back. */
#include "../../evidence/bundle/bagcolumns.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    OUT_MAX = 1024 * 1024,
    PAYLOAD_MAX = 16 * 1024
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_err err = {""};
    struct bw_buf lines;
    struct bw_buf part;
    char *text = malloc(size + 1); /* of its own, so that a step beyond it shows */
    int r;
    if (!text) {
        abort();
    }
    memcpy(text, data, size);
    bw_buf_init(&lines, OUT_MAX);
    bw_buf_init(&part, (size_t)16 * OUT_MAX);
    if (bw_columns_read(text, size, &lines, &err) == 0) {
        r = bw_columns_write(lines.data, lines.len, &part, &err); /* checks itself */
        if (r < 0 && r != -EINVAL) {
            abort();
        }
    }
    bw_buf_clear(&lines);
    bw_buf_clear(&part);
    if (size > 0 && size <= PAYLOAD_MAX) {
        for (int i = 0; i < 2; i++) {
            bw_buf_puts(&lines, "e30.");
            bw_b64_append(&lines, text, size);
            bw_buf_puts(&lines, ".c2ln\n");
        }
        if (bw_columns_write(lines.data, lines.len, &part, &err) < 0) {
            abort();
        }
    }
    bw_buf_done(&lines);
    bw_buf_done(&part);
    free(text);
    return 0;
}

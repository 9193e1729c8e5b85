/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_statement.c - any bytes as a statement: what is taken of version 1 is written back
 * to the same bytes, and its body lies within them. */
#include "buf.h"
#include "statement.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct bw_statement s;
    struct bw_buf again;
    if (bw_statement_decode(text, size, &s, NULL) < 0) {
        return 0;
    }
    if (s.v != 1) {
        if (s.body || s.n_replaces > 0) {
            abort();
        }
        return 0;
    }
    if (s.body < text || s.body + s.n_body > text + size) {
        abort();
    }
    bw_buf_init(&again, BW_STATEMENT_MAX);
    if (bw_statement_encode(&s, &again, NULL) < 0 || again.len != size ||
        memcmp(again.data, text, size) != 0) {
        abort();
    }
    bw_buf_done(&again);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_promise.c - any bytes as the body of a contract's terms: what is taken is written
 * back to the same bytes, and its clauses are read or refused. */
#include "buf.h"
#include "promise.h"

#include <bw/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <terms.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_promise p;
    struct bw_finding_terms terms;
    struct bw_buf again;
    struct bw_err err;

    if (bw_promise_decode((const char *)data, size, &p, NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 32768);
    if (bw_promise_encode(&p, &again, NULL) < 0 || again.len != size ||
        memcmp(again.data, data, size) != 0) {
        abort();
    }
    bw_buf_done(&again);
    if (bw_terms_parse(p.clauses, strlen(p.clauses), "terms", &terms, &err) == 0 &&
        !terms.known) {
        abort();
    }
    return 0;
}

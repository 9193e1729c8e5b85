/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_check.c - a file of records under the verifier, without keys: any bytes end in a
 * result, and nothing counts twice. */
#include "check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bw_check_opts opts = {.n_keys = 0};
    struct bw_check *c = NULL;
    struct bw_check_result res;
    struct bw_check_chain chain;
    int64_t line = 0;
    int64_t in_chains = 0;
    if (bw_check_new(&opts, &c) != 0) {
        return 0;
    }
    for (const char *at = (const char *)data, *end = at + size; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = newline ? (size_t)(newline - at) : (size_t)(end - at);
        if (bw_check_add(c, at, n, ++line) != 0) {
            abort();
        }
        at += n + 1;
    }
    bw_check_finish(c, &res);
    for (size_t i = 0; bw_check_chain_at(c, i, &chain) == 0; i++) {
        in_chains += chain.n_records;
    }
    if (res.n_records > line || in_chains > res.n_records || res.n_verified != 0 ||
        (res.n_faults == 0) != (res.first == BW_FAULT_NONE) || res.n_missing < 0) {
        abort();
    }
    bw_check_free(c);
    return 0;
}

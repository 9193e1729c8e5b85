/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_accept.c - any bytes as an Accept-Encoding header: weights stay in their range, and
 * reading it twice asks for the same. */
#include "accept.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int wrong(int weight)
{
    return weight < BW_ACCEPT_UNNAMED || weight > 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct bw_accept a;

    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    bw_accept_init(&a);
    bw_accept_read(&a, text);
    enum bw_accept_answer first = bw_accept_answer(&a);
    bw_accept_read(&a, text);
    if (wrong(a.gzip) || wrong(a.identity) || wrong(a.any) ||
        bw_accept_answer(&a) != first) {
        abort();
    }
    free(text);
    return 0;
}

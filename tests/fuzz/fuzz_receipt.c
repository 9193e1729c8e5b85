/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_receipt.c - any bytes as a receipt, a ticket and a request for one: what is taken is
 * written back to the same bytes, and nothing is taken for two of them. */
#include "buf.h"
#include "receipt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct bw_buf *again, const char *text, size_t n)
{
    if (again->len != n || memcmp(again->data, text, n) != 0) {
        abort();
    }
    bw_buf_clear(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct bw_buf again;
    struct bw_receipt r;
    struct bw_ticket t;
    struct bw_ticket_request q;
    int taken = 0;
    bw_buf_init(&again, 8192);
    if (bw_receipt_decode(text, size, &r, NULL) == 0) {
        taken++;
        (void)bw_receipt_encode(&r, &again, NULL);
        same(&again, text, size);
    }
    if (bw_ticket_decode(text, size, &t, NULL) == 0) {
        taken++;
        (void)bw_ticket_encode(&t, &again, NULL);
        same(&again, text, size);
    }
    if (bw_ticket_request_decode(text, size, &q, NULL) == 0) {
        taken++;
        (void)bw_ticket_request_encode(&q, &again, NULL);
        same(&again, text, size);
    }
    if (taken > 1) {
        abort();
    }
    (void)bw_receipt_read(text, size, &r, NULL);
    bw_buf_done(&again);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_reply.c - any bytes as a reply's body, and as the words of one: what is taken is
 * written back to the same bytes, and words are kept or refused, never half. */
#include "buf.h"
#include "reply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void words(const char *text, size_t n)
{
    char out[BW_REPLY_TEXT_MAX + 1];
    char again[BW_REPLY_TEXT_MAX + 1];
    if (bw_reply_words(text, n, out, sizeof(out), true, NULL) < 0) {
        return;
    }
    if (bw_reply_words(out, strlen(out), again, sizeof(again), true, NULL) < 0 ||
        strcmp(out, again) != 0 || strchr(out, '\r')) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_reply r;
    struct bw_buf again;
    words((const char *)data, size);
    if (bw_reply_decode((const char *)data, size, &r, NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 65536);
    if (bw_reply_encode(&r, &again, NULL) < 0 || again.len != size ||
        memcmp(again.data, data, size) != 0 || r.to_unix_s <= r.from_unix_s ||
        !bw_reply_to_name(r.to) || !bw_reply_from_name(r.from)) {
        abort();
    }
    bw_buf_done(&again);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_stamp.c - packets of strangers through both readers; an answer is exactly as long as
 * what was asked, and says what was put into it. The first byte chooses the mode. */
#include "stamp.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bw_stamp_key secret = {.bytes = "0123456789abcdef", .n = 16};
    const struct bw_stamp_key *key;
    uint8_t buf[65536];
    struct bw_stamp_asked asked;
    struct bw_stamp_answer answer;
    struct bw_stamp_tlv tlv;
    size_t at;
    if (size < 1 || size > sizeof(buf)) {
        return 0;
    }
    key = data[0] & 1 ? &secret : NULL;
    data++;
    size--;
    at = key ? BW_STAMP_AUTH_PACKET : BW_STAMP_PACKET;
    while (bw_stamp_tlv_next(data, size, &at, &tlv)) {
        must(tlv.value + tlv.n == data + at && at <= size);
    }
    if (bw_stamp_read_answer(data, size, key, &answer) != -EBADMSG) {
        struct bw_stamp_error e = bw_stamp_error_decode(answer.error);
        struct bw_stamp_error back = bw_stamp_error_decode(bw_stamp_error_encode(&e));
        must(back.error_ns == e.error_ns || e.error_ns == 0 ||
             (e.error_ns != BW_UNKNOWN && back.error_ns >= e.error_ns));
        (void)bw_stamp_time_decode(answer.t2, e.ptp, 1790000000000000000);
    }
    if (bw_stamp_read_asked(data, size, key, &asked) != -EBADMSG) {
        struct bw_stamp_answer put = {.seq = 7,
                                      .t3 = 8,
                                      .error = 9,
                                      .ssid = asked.ssid,
                                      .t2 = 10,
                                      .asked_seq = asked.seq,
                                      .t1 = asked.t1,
                                      .asked_error = asked.error,
                                      .ttl = 64};
        size_t n = bw_stamp_write_answer(buf, sizeof(buf), data, size, &put, key);
        must(n == 0 || n == size);
        if (n > 0) {
            must(bw_stamp_read_answer(buf, n, key, &answer) == 0);
            must(answer.seq == 7 && answer.t1 == asked.t1 && answer.asked_seq == asked.seq);
            must(answer.ssid == asked.ssid && answer.t3 == 8 && answer.t2 == 10);
        }
    }
    return 0;
}

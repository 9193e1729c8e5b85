/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_block.c - a block of sealed records: any bytes are read without harm, and what is
 * read whole can be written again. */
#include <buf.h>
#include <hash.h>
#include <pack.h>
#include <segment_block.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_block(const void *data, size_t n)
{
    struct bw_block b;
    if (bw_block_decode(data, n, &b, NULL) == 0) {
        for (size_t i = 0; i < b.n; i++) {
            if (b.records[i].jws[b.records[i].jws_len] != '\0') {
                abort();
            }
        }
        bw_block_done(&b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_buf framed;
    struct bw_buf frame;
    struct bw_buf packed;
    static const char plain[] =
        "{\"a\":\x01,\"b\":[{\"class\":\"x\",\"rtt_hist\":\"\x02\",\"n\":\x01},"
        "{\"class\":\"y\",\"n\":\x01}],\"prev\":\"\x03\"}";
    try_block(data, size);
    /* The same bytes as the inside of a rightful frame, with signatures enough. */
    bw_buf_init(&frame, 1 << 20);
    bw_buf_init(&framed, 1 << 20);
    if (bw_pack_zstd(&frame, data, size, 1) == 0) {
        bw_pack_u64(&framed, 1);
        bw_pack_bytes(&framed, frame.data, frame.len);
        for (int i = 0; i < 256; i++) {
            bw_buf_putc(&framed, 'x');
        }
        try_block(framed.data, framed.len);
    }
    /* Of the newer form: a template with marks, and these bytes as what is coded. */
    bw_buf_clear(&frame);
    bw_buf_clear(&framed);
    bw_pack_u64(&frame, 9);
    bw_pack_bytes(&frame, "k", 1);
    bw_pack_bytes(&frame, "s", 1);
    bw_pack_bytes(&frame, "{}", 2);
    bw_pack_u64(&frame, 2);
    bw_pack_bytes(&frame, plain, sizeof(plain) - 1);
    if (size > 2) { /* and one that these bytes make */
        bw_pack_bytes(&frame, data, size / 3);
    } else {
        bw_pack_bytes(&frame, "{}", 2);
    }
    bw_pack_bytes(&frame, "kept whole", 10);
    bw_buf_init(&packed, 1 << 20);
    if (bw_pack_zstd(&packed, frame.data, frame.len, 1) == 0) {
        uint8_t hash[32];
        bw_pack_u64(&framed, 2);
        bw_pack_bytes(&framed, packed.data, packed.len);
        bw_pack_bytes(&framed, data, size);
        bw_sha256(data, size, hash);
        bw_buf_add(&framed, hash, 8);
        for (int i = 0; i < 9 * 64; i++) {
            bw_buf_putc(&framed, 'x');
        }
        try_block(framed.data, framed.len);
    }
    bw_buf_done(&packed);
    bw_buf_done(&frame);
    bw_buf_done(&framed);
    return 0;
}

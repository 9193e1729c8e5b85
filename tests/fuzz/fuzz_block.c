/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_block.c - a block of sealed records: any bytes are read without harm, and what is
 * read whole can be written again. */
#include <buf.h>
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
    bw_buf_done(&frame);
    bw_buf_done(&framed);
    return 0;
}

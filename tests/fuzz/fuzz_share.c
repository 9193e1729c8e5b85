/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_share.c - any bytes as a link's body and as a token: what is taken is written back
 * to the same bytes, and names a folder and a file that lie where they should. */
#include "buf.h"
#include "share.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char about[BW_SHARE_ABOUT_LEN + 1];
    char text[64];
    struct bw_share s;
    struct bw_buf again;
    size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
    memcpy(text, data, n);
    text[n] = '\0';
    if (bw_share_about(text, about) == 0 &&
        (strlen(text) != BW_SHARE_TOKEN_LEN || strlen(about) != BW_SHARE_ABOUT_LEN)) {
        abort();
    }
    if (bw_share_decode((const char *)data, size, &s, NULL) < 0) {
        return 0;
    }
    bw_buf_init(&again, 65536);
    if (bw_share_encode(&s, &again, NULL) < 0 || again.len != size ||
        memcmp(again.data, data, size) != 0 || !bw_share_pack_name(s.pack) ||
        strpbrk(s.id, "/.") || strchr(s.circuit, '/')) {
        abort();
    }
    bw_buf_done(&again);
    return 0;
}

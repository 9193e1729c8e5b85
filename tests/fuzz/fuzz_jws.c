/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_jws.c - any bytes as a compact JWS: what is accepted is written back to the same
 * bytes, so one signed thing has one text. */
#include "buf.h"
#include "hash.h"
#include "jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_buf scratch;
    struct bw_buf again;
    struct bw_jws j;
    struct bw_pubkey p = {.alg = BW_ALG_EDDSA};

    bw_buf_init(&scratch, BW_PAYLOAD_MAX);
    bw_buf_init(&again, 4 * BW_JWS_MAX);
    if (bw_jws_parse((const char *)data, size, &scratch, &j, NULL) == 0) {
        char header[200];
        int n = snprintf(header, sizeof(header),
                         "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"%s\"}",
                         bw_alg_name(j.alg), j.kid, j.typ);
        bw_b64_append(&again, header, (size_t)n);
        bw_buf_putc(&again, '.');
        bw_b64_append(&again, j.payload, j.payload_len);
        bw_buf_putc(&again, '.');
        bw_b64_append(&again, j.signature, sizeof(j.signature));
        if (again.len != size || memcmp(again.data, data, size) != 0) {
            abort();
        }
        p.alg = j.alg;
        memcpy(p.kid, j.kid, sizeof(p.kid));
        (void)bw_jws_verify(&j, &p); /* a key of zeros: refused, without harm */
    }
    bw_buf_done(&scratch);
    bw_buf_done(&again);
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_jwk.c - any bytes as a JWK, public and private: what is accepted is written in
 * its one form and read back to the same key. */
#include "buf.h"
#include "jws.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_pubkey p;
    struct bw_pubkey again;
    struct bw_key *k = NULL;
    struct bw_buf text;

    bw_buf_init(&text, 4096);
    if (bw_pubkey_parse((const char *)data, size, &p, NULL) == 0) {
        if (bw_pubkey_to_jwk(&p, &text) != 0 ||
            bw_pubkey_parse(text.data, text.len, &again, NULL) != 0 ||
            strcmp(p.kid, again.kid) != 0 || memcmp(p.raw, again.raw, sizeof(p.raw)) != 0) {
            abort();
        }
    }
    if (bw_key_parse((const char *)data, size, &k, NULL) == 0) {
        uint8_t signature[64];
        if (bw_key_sign(k, data, size, signature, NULL) != 0 ||
            bw_pubkey_verify(bw_key_public(k), data, size, signature) != 0) {
            abort();
        }
    }
    bw_key_free(k);
    bw_buf_done(&text);
    return 0;
}

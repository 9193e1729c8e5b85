/* SPDX-License-Identifier: GPL-3.0-or-later
 * jose_tool.c - our keys and signatures as a filter, so that a test in another language
 * can hold them against an independent library.
 *
 *     jose_tool generate EdDSA|ES256     a private JWK to standard output
 *     jose_tool sign KEYFILE TYP         payload in, compact JWS out
 *     jose_tool verify KEYFILE           compact JWS in, payload out; 1 when refused
 *     jose_tool kid KEYFILE              the thumbprint of a public JWK */
#include "buf.h"
#include "file.h"
#include "hash.h"
#include "jws.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

enum {
    INPUT_MAX = 1024 * 1024
};

static int fail(const struct bw_err *err)
{
    (void)fprintf(stderr, "jose_tool: %s\n", err->text);
    return 1;
}

static int put(const struct bw_buf *b)
{
    return fwrite(b->data, 1, b->len, stdout) == b->len && fflush(stdout) == 0 ? 0 : 1;
}

static int generate(const char *alg, struct bw_buf *out)
{
    struct bw_key *k = NULL;
    struct bw_err err = {""};
    int r =
        bw_key_generate(strcmp(alg, "ES256") == 0 ? BW_ALG_ES256 : BW_ALG_EDDSA, &k, &err);

    if (r == 0) {
        r = bw_key_to_jwk(k, out);
    }
    bw_key_free(k);
    return r < 0 ? fail(&err) : put(out);
}

static int sign(const char *path, const char *typ, struct bw_buf *in, struct bw_buf *out)
{
    struct bw_key *k = NULL;
    struct bw_err err = {""};
    int r = bw_key_load(path, &k, &err);

    r = r < 0 ? r : bw_jws_sign(k, typ, in->data, in->len, out, &err);
    bw_key_free(k);
    return r < 0 ? fail(&err) : put(out);
}

static int read_public(const char *path, struct bw_pubkey *ret, struct bw_err *reterr)
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, INPUT_MAX);
    r = bw_file_read(path, INPUT_MAX, &text, reterr);
    r = r < 0 ? r : bw_pubkey_parse(text.data ? text.data : "", text.len, ret, reterr);
    bw_buf_done(&text);
    return r;
}

static int verify(const char *path, struct bw_buf *in, struct bw_buf *out)
{
    struct bw_pubkey p;
    struct bw_jws j;
    struct bw_err err = {"the signature does not fit"};
    int r = read_public(path, &p, &err);

    r = r < 0 ? r : bw_jws_parse(in->data, in->len, out, &j, &err);
    r = r < 0 ? r : bw_jws_verify(&j, &p);
    return r < 0 ? fail(&err) : put(out);
}

int main(int argc, char **argv)
{
    struct bw_buf in;
    struct bw_buf out;
    struct bw_err err = {
        "usage: jose_tool generate ALG | sign KEY TYP | verify KEY | kid KEY"};
    struct bw_pubkey p;
    int status = 1;

    bw_buf_init(&in, INPUT_MAX);
    bw_buf_init(&out, 2 * INPUT_MAX);
    if (bw_crypto_init() < 0) {
        return 1;
    }
    if (argc == 3 && strcmp(argv[1], "generate") == 0) {
        status = generate(argv[2], &out);
    } else if (argc == 3 && strcmp(argv[1], "kid") == 0) {
        if (read_public(argv[2], &p, &err) < 0) {
            status = fail(&err);
        } else {
            bw_buf_puts(&out, p.kid);
            status = put(&out);
        }
    } else if (argc > 2 && bw_file_read("/dev/stdin", INPUT_MAX, &in, &err) < 0) {
        status = fail(&err);
    } else if (argc == 4 && strcmp(argv[1], "sign") == 0) {
        status = sign(argv[2], argv[3], &in, &out);
    } else if (argc == 3 && strcmp(argv[1], "verify") == 0) {
        status = verify(argv[2], &in, &out);
    } else {
        status = fail(&err);
    }
    bw_buf_done(&in);
    bw_buf_done(&out);
    return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * keeper_stamp.c - RFC 3161 by OpenSSL: a request with a nonce that asks for the stamper's
 * certificate, and whether an answer is a granted stamp on the same bytes. */
#include "keeper_private.h"

#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/objects.h>
#include <openssl/ts.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int imprint(TS_REQ *q, const void *data, size_t n)
{
    uint8_t hash[32];
    TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
    X509_ALGOR *a = X509_ALGOR_new();
    bw_sha256(data, n, hash);
    int ok = m && a &&
             X509_ALGOR_set0(a, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
             TS_MSG_IMPRINT_set_algo(m, a) == 1 &&
             TS_MSG_IMPRINT_set_msg(m, hash, (int)sizeof(hash)) == 1 &&
             TS_REQ_set_msg_imprint(q, m) == 1;
    X509_ALGOR_free(a);
    TS_MSG_IMPRINT_free(m);
    return ok;
}

static int nonce(TS_REQ *q)
{
    uint8_t bytes[16];
    bw_random(bytes, sizeof(bytes));
    bytes[0] = (uint8_t)(bytes[0] & 0x7f) | 0x40; /* a positive number of full length */
    BIGNUM *b = BN_bin2bn(bytes, (int)sizeof(bytes), NULL);
    ASN1_INTEGER *i = b ? BN_to_ASN1_INTEGER(b, NULL) : NULL;
    int ok = i && TS_REQ_set_nonce(q, i) == 1;
    ASN1_INTEGER_free(i);
    BN_free(b);
    return ok;
}

int bw_stamp_request(const void *data, size_t n, struct bw_buf *out, struct bw_err *reterr)
{
    TS_REQ *q = TS_REQ_new();
    unsigned char *der = NULL;
    int len = -1;
    if (q && TS_REQ_set_version(q, 1) == 1 && imprint(q, data, n) && nonce(q) &&
        TS_REQ_set_cert_req(q, 1) == 1) {
        len = i2d_TS_REQ(q, &der);
    }
    if (len > 0) {
        bw_buf_add(out, der, (size_t)len);
    }
    OPENSSL_free(der);
    TS_REQ_free(q);
    return len > 0 ? bw_buf_error(out)
                   : bw_err_set(reterr, -ENOMEM, "the request for a stamp cannot be made");
}

static int64_t time_of(const ASN1_GENERALIZEDTIME *t)
{
    struct tm tm;
    memset(&tm, 0, sizeof(tm));
    return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* Version, imprint and nonce of a token against those of the request. */
static int fits(TS_REQ *q, TS_RESP *p, int64_t *ret_unix_s, struct bw_err *reterr)
{
    TS_TST_INFO *info = TS_RESP_get_tst_info(p);
    const ASN1_INTEGER *status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(p));
    long granted = status ? ASN1_INTEGER_get(status) : -1;
    if (granted != 0 && granted != 1) { /* granted, granted with modifications */
        return bw_err_set(reterr, -BW_EREFUSED, "no stamp was granted (status %ld)",
                          granted);
    }
    if (!info) {
        return bw_err_set(reterr, -BW_EMALFORMED, "an answer without a stamp");
    }
    ASN1_OCTET_STRING *mine = TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(q));
    ASN1_OCTET_STRING *its = TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info));
    const ASN1_INTEGER *its_nonce = TS_TST_INFO_get_nonce(info);
    if (!its || ASN1_OCTET_STRING_cmp(mine, its) != 0) {
        return bw_err_set(reterr, -BW_ESIGNATURE, "a stamp on something else");
    }
    if (!its_nonce || ASN1_INTEGER_cmp(TS_REQ_get_nonce(q), its_nonce) != 0) {
        return bw_err_set(reterr, -BW_ESIGNATURE, "a stamp for another request");
    }
    *ret_unix_s = time_of(TS_TST_INFO_get_time(info));
    return 0;
}

int bw_stamp_answer(const void *request,
                    size_t n_request,
                    const void *answer,
                    size_t n_answer,
                    int64_t *ret_unix_s,
                    struct bw_err *reterr)
{
    const unsigned char *at = request;
    TS_REQ *q = d2i_TS_REQ(NULL, &at, (long)n_request);
    at = answer;
    TS_RESP *p = d2i_TS_RESP(NULL, &at, (long)n_answer);
    int r = 0;
    if (!q || !p || at != (const unsigned char *)answer + n_answer) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "what came is no answer of a time stamper");
    } else {
        r = fits(q, p, ret_unix_s, reterr);
    }
    TS_RESP_free(p);
    TS_REQ_free(q);
    return r;
}

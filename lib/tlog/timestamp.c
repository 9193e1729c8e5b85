/* SPDX-License-Identifier: GPL-3.0-or-later
 * timestamp.c - is this a stamp on these bytes, and who signed it? */
#include "timestamp.h"

#include <bw/err.h>
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <time.h>

/* SHA-2 of at least 256 bits alone: a stamp on a weaker hash proves little in ten years. */
static const EVP_MD *digest_of(TS_MSG_IMPRINT *m)
{
    const ASN1_OBJECT *object = NULL;

    X509_ALGOR_get0(&object, NULL, NULL, TS_MSG_IMPRINT_get_algo(m));
    switch (OBJ_obj2nid(object)) {
    case NID_sha256:
        return EVP_sha256();
    case NID_sha384:
        return EVP_sha384();
    case NID_sha512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

static int check_imprint(TS_TST_INFO *info, const void *data, size_t n, struct bw_err *e)
{
    TS_MSG_IMPRINT *m = TS_TST_INFO_get_msg_imprint(info);
    ASN1_OCTET_STRING *said = m ? TS_MSG_IMPRINT_get_msg(m) : NULL;
    const EVP_MD *md = m ? digest_of(m) : NULL;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (!md || !said) {
        return bw_err_set(e, -BW_EMALFORMED, "a stamp on a hash that is none of SHA-2");
    }
    if (EVP_Digest(data, n, hash, &len, md, NULL) != 1) {
        return bw_err_set(e, -ENOMEM, "out of memory");
    }
    if ((unsigned int)ASN1_STRING_length(said) != len ||
        memcmp(ASN1_STRING_get0_data(said), hash, len) != 0) {
        return bw_err_set(e, -BW_ESIGNATURE, "a stamp on something else");
    }
    return 0;
}

static int time_of(TS_TST_INFO *info, int64_t *ret, struct bw_err *e)
{
    const ASN1_GENERALIZEDTIME *t = TS_TST_INFO_get_time(info);
    struct tm tm;

    memset(&tm, 0, sizeof(tm));
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1) {
        return bw_err_set(e, -BW_EMALFORMED, "a stamp without a time");
    }
    *ret = (int64_t)timegm(&tm);
    return 0;
}

static void name_of(X509 *cert, char ret[200])
{
    BIO *out = BIO_new(BIO_s_mem());
    int n = 0;

    ret[0] = '\0';
    if (out && X509_NAME_print_ex(out, X509_get_subject_name(cert), 0,
                                  XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        n = BIO_read(out, ret, 199);
    }
    ret[n > 0 ? n : 0] = '\0';
    BIO_free(out);
}

/* Every certificate in the stamp is taken as an anchor: what is settled is that the
 * signature is that of the one named, and that it may sign stamps. */
static int check_signature(PKCS7 *token, int64_t unix_s, char signer[200], struct bw_err *e)
{
    STACK_OF(X509) *certs = PKCS7_type_is_signed(token) ? token->d.sign->cert : NULL;
    X509_STORE *store = X509_STORE_new();
    X509 *by = NULL;
    int r = 0;

    if (!store) {
        return bw_err_set(e, -ENOMEM, "out of memory");
    }
    if (!certs || sk_X509_num(certs) < 1) {
        X509_STORE_free(store);
        return bw_err_set(e, -ENOENT, "no certificate is in the stamp");
    }
    for (int i = 0; i < sk_X509_num(certs); i++) {
        (void)X509_STORE_add_cert(store, sk_X509_value(certs, i));
    }
    (void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)unix_s);
    if (TS_RESP_verify_signature(token, certs, store, &by) != 1) {
        r = bw_err_set(e, -BW_ESIGNATURE,
                       "the stamp's signature does not fit its certificate, or that one "
                       "may not sign stamps");
    } else {
        name_of(by, signer);
    }
    X509_free(by);
    X509_STORE_free(store);
    return r;
}

int bw_stamp_check(const void *answer,
                   size_t n_answer,
                   const void *data,
                   size_t n,
                   int64_t *ret_unix_s,
                   char ret_signer[200],
                   struct bw_err *reterr)
{
    const unsigned char *at = answer;
    TS_RESP *p = d2i_TS_RESP(NULL, &at, (long)n_answer);
    PKCS7 *token = p ? TS_RESP_get_token(p) : NULL;
    TS_TST_INFO *info = p ? TS_RESP_get_tst_info(p) : NULL;
    char signer[200] = "";
    int64_t unix_s = 0;
    int r;

    if (!token || !info || at != (const unsigned char *)answer + n_answer) {
        TS_RESP_free(p);
        return bw_err_set(reterr, -BW_EMALFORMED, "is no answer of a time stamper");
    }
    r = check_imprint(info, data, n, reterr);
    r = r < 0 ? r : time_of(info, &unix_s, reterr);
    r = r < 0 ? r : check_signature(token, unix_s, signer, reterr);
    TS_RESP_free(p);
    if (r == 0) {
        *ret_unix_s = unix_s;
        memcpy(ret_signer, signer, sizeof(signer));
    }
    return r;
}

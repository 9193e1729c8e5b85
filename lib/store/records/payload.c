/* SPDX-License-Identifier: GPL-3.0-or-later
 * payload.c - the payload of a signed record, taken out of its compact JWS.
 *
 * Invariant: what p holds is of one record whole, or p holds none. */
#include "payload.h"

#include "hash.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <string.h>

const char *bw_payload_text(const struct bw_record *rec, size_t *ret_n)
{
    const char *from = rec->jws_len ? memchr(rec->jws, '.', rec->jws_len) : NULL;
    const char *to;

    if (!from) {
        return NULL;
    }
    from++;
    to = memchr(from, '.', rec->jws_len - (size_t)(from - rec->jws));
    *ret_n = to ? (size_t)(to - from) : 0;
    return to ? from : NULL;
}

static int damaged(const struct bw_record *rec, const char *how, struct bw_err *reterr)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "record %lld of key %s %s",
                      (long long)rec->seq, rec->kid, how);
}

int bw_payload_take(struct bw_payload *p,
                    const struct bw_record *rec,
                    struct bw_err *reterr)
{
    size_t n = 0;
    const char *text = bw_payload_text(rec, &n);
    long got;

    if (text && p->len > 0 && rec->sha256[0] && strcmp(p->sha256, rec->sha256) == 0) {
        return 0;
    }
    p->len = 0;
    p->json[0] = p->sha256[0] = '\0';
    if (!text) {
        return damaged(rec, "is not a JWS", reterr);
    }
    if (n == 0) {
        return damaged(rec, "holds nothing", reterr);
    }
    got = bw_b64_decode(text, n, p->json, BW_PAYLOAD_MAX);
    if (got <= 0) {
        p->json[0] = '\0'; /* a part of it may have been written */
        return damaged(rec, got == -E2BIG ? "is too long" : "is not base64url", reterr);
    }
    p->json[got] = '\0';
    p->len = (size_t)got;
    memcpy(p->sha256, rec->sha256, sizeof(p->sha256));
    return 1;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * ticket.c - what a box asks for before a test, and the right to it: payloads of two
 * compact JWS, written and read; and whether a receipt is that right's. */
#include "buf.h"
#include "json.h"
#include "receipt.h"
#include "receipt_private.h"

#include <bw/err.h>
#include <bw/probe.h>
#include <errno.h>
#include <string.h>

enum {
    PAYLOAD_MAX = 768
};

#define N_MAX INT64_C(9007199254740991) /* 2^53 - 1: safe in any JSON reader */
#define UNIX_MS_MAX INT64_C(253402300799999)

/* By the bits of bw_ticket_request.directions. */
static const char *const asked[] = {"", "down", "up", "both", NULL};

/* ---- the request */

int bw_ticket_request_encode(const struct bw_ticket_request *q,
                             struct bw_buf *out,
                             struct bw_err *reterr)
{
    struct bw_jw w;
    int r = bw_receipt_check_text("aud", q->aud, BW_RECEIPT_HASH, reterr);
    r = r < 0 ? r : bw_receipt_check_text("nonce", q->nonce, BW_RECEIPT_NONCE, reterr);
    r = r < 0 ? r : bw_receipt_check_text("circuit", q->circuit, BW_RECEIPT_NAME, reterr);
    if (r == 0 && (q->at_unix_ms < 0 || q->at_unix_ms > UNIX_MS_MAX)) {
        r = bw_err_set(reterr, -EINVAL, "at_ms: out of range");
    }
    if (r == 0 && (q->directions == 0 || q->directions > 3)) {
        r = bw_err_set(reterr, -EINVAL, "direction: none");
    }
    if (r < 0) {
        return r;
    }
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "aud", q->aud);
    bw_jw_ki64(&w, "at_ms", q->at_unix_ms);
    bw_jw_kstr(&w, "nonce", q->nonce);
    bw_jw_kstr(&w, "circuit", q->circuit);
    bw_jw_kstr(&w, "kind", bw_test_kind_name(q->kind));
    bw_jw_kstr(&w, "direction", asked[q->directions]);
    bw_jw_obj_end(&w);
    return bw_buf_error(out);
}

static int
read_request(const json_t *o, struct bw_ticket_request *ret, struct bw_err *reterr)
{
    int64_t v = 0;
    int word = 0;
    int r = bw_json_get_i64(o, "v", 1, 1, &v, reterr);
    r = r < 0 ? r
              : bw_receipt_get_text(o, "aud", ret->aud, sizeof(ret->aud), BW_RECEIPT_HASH,
                                    reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "at_ms", 0, UNIX_MS_MAX, &ret->at_unix_ms, reterr);
    r = r < 0 ? r
              : bw_receipt_get_text(o, "nonce", ret->nonce, sizeof(ret->nonce),
                                    BW_RECEIPT_NONCE, reterr);
    r = r < 0 ? r
              : bw_receipt_get_text(o, "circuit", ret->circuit, sizeof(ret->circuit),
                                    BW_RECEIPT_NAME, reterr);
    r = r < 0 ? r : bw_receipt_get_kind(o, &ret->kind, reterr);
    r = r < 0 ? r : bw_receipt_get_word(o, "direction", asked, &word, reterr);
    ret->directions = (uint32_t)word;
    return r;
}

int bw_ticket_request_decode(const char *text,
                             size_t n,
                             struct bw_ticket_request *ret,
                             struct bw_err *reterr)
{
    json_t *o = NULL;
    struct bw_buf again;
    memset(ret, 0, sizeof(*ret));
    bw_buf_init(&again, PAYLOAD_MAX);
    int r = bw_json_parse(text, n, PAYLOAD_MAX, &o, reterr);
    r = r < 0 ? r : read_request(o, ret, reterr);
    if (r == 0) {
        r = bw_ticket_request_encode(ret, &again, reterr);
        r = r < 0 ? r : bw_receipt_canonical(&again, text, n, reterr);
    }
    json_decref(o);
    bw_buf_done(&again);
    return r < 0 && r != -ENOMEM ? -BW_EMALFORMED : r;
}

/* ---- the ticket */

int bw_ticket_encode(const struct bw_ticket *t, struct bw_buf *out, struct bw_err *reterr)
{
    struct bw_jw w;
    int r = bw_receipt_check_text("nonce", t->nonce, BW_RECEIPT_NONCE, reterr);
    r = r < 0 ? r : bw_receipt_check_text("kid", t->kid, BW_RECEIPT_HASH, reterr);
    r = r < 0 ? r : bw_receipt_check_text("site", t->site, BW_RECEIPT_SITE, reterr);
    r = r < 0 ? r : bw_receipt_check_text("circuit", t->circuit, BW_RECEIPT_NAME, reterr);
    r = r < 0 ? r : bw_receipt_check_text("server", t->server, BW_RECEIPT_NAME, reterr);
    if (r == 0 && (t->max_bytes < 1 || t->max_bytes > N_MAX || t->expires_unix_ms < 0 ||
                   t->expires_unix_ms > UNIX_MS_MAX)) {
        r = bw_err_set(reterr, -EINVAL, "max_bytes, expires_ms: out of range");
    }
    if (r < 0) {
        return r;
    }
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "nonce", t->nonce);
    bw_jw_kstr(&w, "kid", t->kid);
    bw_jw_kstr(&w, "site", t->site);
    bw_jw_kstr(&w, "circuit", t->circuit);
    bw_jw_kstr(&w, "kind", bw_test_kind_name(t->kind));
    bw_jw_kstr(&w, "server", t->server);
    bw_jw_kstr(&w, "direction", bw_receipt_direction_name(t->direction));
    bw_jw_ki64(&w, "max_bytes", t->max_bytes);
    bw_jw_ki64(&w, "expires_ms", t->expires_unix_ms);
    bw_jw_obj_end(&w);
    return bw_buf_error(out);
}

static int read_ticket(const json_t *o, struct bw_ticket *ret, struct bw_err *reterr)
{
    int64_t v = 0;
    int r = bw_json_get_i64(o, "v", 1, 1, &v, reterr);
    r = r < 0 ? r
              : bw_receipt_get_text(o, "nonce", ret->nonce, sizeof(ret->nonce),
                                    BW_RECEIPT_NONCE, reterr);
    r = r < 0 ? r
              : bw_receipt_get_text(o, "kid", ret->kid, sizeof(ret->kid), BW_RECEIPT_HASH,
                                    reterr);
    r = r < 0 ? r
              : bw_receipt_get_text(o, "site", ret->site, sizeof(ret->site),
                                    BW_RECEIPT_SITE, reterr);
    r = r < 0 ? r
              : bw_receipt_get_text(o, "circuit", ret->circuit, sizeof(ret->circuit),
                                    BW_RECEIPT_NAME, reterr);
    r = r < 0 ? r : bw_receipt_get_kind(o, &ret->kind, reterr);
    r = r < 0 ? r
              : bw_receipt_get_text(o, "server", ret->server, sizeof(ret->server),
                                    BW_RECEIPT_NAME, reterr);
    r = r < 0 ? r : bw_receipt_get_direction(o, &ret->direction, reterr);
    r = r < 0 ? r : bw_json_get_i64(o, "max_bytes", 1, N_MAX, &ret->max_bytes, reterr);
    return r < 0 ? r
                 : bw_json_get_i64(o, "expires_ms", 0, UNIX_MS_MAX, &ret->expires_unix_ms,
                                   reterr);
}

int bw_ticket_decode(const char *text,
                     size_t n,
                     struct bw_ticket *ret,
                     struct bw_err *reterr)
{
    json_t *o = NULL;
    struct bw_buf again;
    memset(ret, 0, sizeof(*ret));
    bw_buf_init(&again, PAYLOAD_MAX);
    int r = bw_json_parse(text, n, PAYLOAD_MAX, &o, reterr);
    r = r < 0 ? r : read_ticket(o, ret, reterr);
    if (r == 0) {
        r = bw_ticket_encode(ret, &again, reterr);
        r = r < 0 ? r : bw_receipt_canonical(&again, text, n, reterr);
    }
    json_decref(o);
    bw_buf_done(&again);
    return r < 0 && r != -ENOMEM ? -BW_EMALFORMED : r;
}

/* ---- the receipt that belongs to it */

static int nonce_of(const char *ticket, char ret[BW_NONCE_LEN + 1])
{
    json_t *o = NULL;
    int r =
        ticket ? bw_json_parse(ticket, strlen(ticket), BW_TICKET_MAX, &o, NULL) : -EINVAL;
    r = r < 0 ? r
              : bw_receipt_get_text(o, "nonce", ret, BW_NONCE_LEN + 1, BW_RECEIPT_NONCE,
                                    NULL);
    json_decref(o);
    return r;
}

int bw_receipt_read_for(const char *jws,
                        size_t n,
                        const char *ticket,
                        enum bw_test_kind kind,
                        enum bw_direction direction,
                        struct bw_receipt *ret,
                        struct bw_err *reterr)
{
    char nonce[BW_NONCE_LEN + 1];
    int r;
    if (nonce_of(ticket, nonce) < 0) {
        return bw_err_set(reterr, -BW_EREFUSED, "there was no ticket with a nonce");
    }
    r = bw_receipt_read(jws, n, ret, reterr);
    if (r == 0 && (ret->kind != kind || ret->direction != direction ||
                   strcmp(ret->nonce, nonce) != 0)) {
        r = bw_err_set(reterr, -BW_EREFUSED, "it is another test's");
    }
    return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_receipt.c - the receipts of tests in a sequence of records. */
#include "check_receipt.h"
#include "buf.h"
#include "jws.h"
#include "names.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bw_check_receipts {
    const struct bw_pubkey *keys;
    size_t n_keys;
    bool some;            /* not all there may be */
    struct bw_names seen; /* nonce and direction */
    struct bw_receipt_counts counts;
};

struct bw_check_receipts *
bw_check_receipts_new(const struct bw_pubkey *log_keys, size_t n, bool some)
{
    struct bw_check_receipts *c = calloc(1, sizeof(*c));
    if (c) {
        c->keys = log_keys;
        c->n_keys = n;
        c->some = some;
    }
    return c;
}

void bw_check_receipts_free(struct bw_check_receipts *c)
{
    if (c) {
        bw_names_done(&c->seen);
        free(c);
    }
}

/* 1: a log key signed it; 0: none was given to check it with; -BW_ESIGNATURE, also for a
 * key that is none of those given: anybody can make one. */
static int signed_by(struct bw_check_receipts *c, const char *jws, struct bw_err *reterr)
{
    struct bw_buf scratch;
    struct bw_jws j;
    bw_buf_init(&scratch, BW_RECEIPT_JWS_MAX);
    int r = bw_jws_parse(jws, strlen(jws), &scratch, &j, NULL);
    for (size_t i = 0; r == 0 && i < c->n_keys; i++) {
        if (strcmp(c->keys[i].kid, j.kid) == 0) {
            r = bw_jws_verify(&j, &c->keys[i]) < 0 ? -BW_ESIGNATURE : 1;
        }
    }
    if (r < 0) {
        (void)bw_err_set(reterr, 0, "its signature does not fit the log key and its bytes");
    } else if (r == 0) {
        c->counts.n_no_key++;
        if (c->n_keys > 0 && !c->some) {
            r = -BW_ESIGNATURE;
            (void)bw_err_set(reterr, 0,
                             "key %s signed it, which is none of the log keys given (a "
                             "collector that changed its own has several: --log-key for "
                             "each)",
                             j.kid);
        }
    }
    bw_buf_done(&scratch);
    return r;
}

static int shown_before(struct bw_check_receipts *c, const struct bw_receipt *r, bool *ret)
{
    char name[BW_NONCE_LEN + 4];
    size_t before = c->seen.n;
    (void)snprintf(name, sizeof(name), "%s/%c", r->nonce,
                   r->direction == BW_UP ? 'u' : 'd');
    long n = bw_names_add(&c->seen, name);
    *ret = n >= 0 && c->seen.n == before;
    return n < 0 ? -ENOMEM : 0;
}

static enum bw_check_receipt_fault of_compare(enum bw_receipt_fault f)
{
    switch (f) {
    case BW_RECEIPT_FINE:
        return BW_CHECK_RECEIPT_FINE;
    case BW_RECEIPT_WRONG_KEY:
        return BW_CHECK_RECEIPT_KEY;
    case BW_RECEIPT_WRONG_RUN:
        return BW_CHECK_RECEIPT_RUN;
    case BW_RECEIPT_WRONG_WINDOW:
        return BW_CHECK_RECEIPT_WINDOW;
    case BW_RECEIPT_WRONG_BYTES:
        break;
    }
    return BW_CHECK_RECEIPT_BYTES;
}

int bw_check_receipt_add(struct bw_check_receipts *c,
                         const struct bw_summary *s,
                         size_t i,
                         const char *kid,
                         bw_check_receipt_kin kin,
                         void *owner,
                         enum bw_check_receipt_fault *ret_fault,
                         struct bw_err *reterr)
{
    const struct bw_throughput *t = &s->throughput[i];
    struct bw_receipt r;
    bool again = false;
    *ret_fault = BW_CHECK_RECEIPT_FINE;
    c->counts.n++;
    if (!t->receipt) {
        (void)bw_err_set(reterr, 0, "the run says that it has one, and there is none");
        *ret_fault = BW_CHECK_RECEIPT_MALFORMED;
        return 0;
    }
    int e = bw_receipt_read(t->receipt, strlen(t->receipt), &r, reterr);
    if (e < 0) {
        *ret_fault = BW_CHECK_RECEIPT_MALFORMED;
        return e == -ENOMEM ? e : 0;
    }
    int by = signed_by(c, t->receipt, reterr);
    if (by < 0) {
        *ret_fault = BW_CHECK_RECEIPT_SIGNATURE;
        return by == -ENOMEM ? by : 0;
    }
    if (shown_before(c, &r, &again) < 0) {
        return -ENOMEM;
    }
    if (again) {
        (void)bw_err_set(reterr, 0, "another run has shown it already (nonce %s)", r.nonce);
        *ret_fault = BW_CHECK_RECEIPT_AGAIN;
        return 0;
    }
    bool other = strcmp(r.kid, kid) != 0 && kin && kin(owner, r.kid, s->site);
    *ret_fault = of_compare(bw_receipt_compare(&r, s, t, other ? r.kid : kid, reterr));
    c->counts.n_verified += by > 0 && *ret_fault == BW_CHECK_RECEIPT_FINE;
    return 0;
}

void bw_check_receipts_counts(const struct bw_check_receipts *c,
                              struct bw_receipt_counts *ret)
{
    *ret = c->counts;
}

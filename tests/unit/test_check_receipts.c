/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_check_receipts.c - a run's receipt is held against the run that shows it: whose it
 * is, when, how much, and shown once. */
#include "buf.h"
#include "chain_gen.h"
#include "check.h"
#include "hash.h"
#include "receipt.h"

#include <bw/err.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    LINES_MAX = 4
};
#define START (INT64_C(20700) * 86400)

struct file {
    char *line[LINES_MAX];
    size_t n;
};

static void add_line(struct file *f, struct bw_buf *b)
{
    assert_true(f->n < LINES_MAX);
    f->line[f->n] = strdup(b->data);
    assert_non_null(f->line[f->n]);
    f->n++;
    bw_buf_clear(b);
}

static void add_summary(struct file *f, struct chain_gen *c, struct bw_summary *s)
{
    struct bw_buf b;
    bw_buf_init(&b, BW_JWS_MAX);
    chain_gen_sign(c, s, &b);
    add_line(f, &b);
    bw_buf_done(&b);
}

static void file_done(struct file *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->line[i]);
    }
    f->n = 0;
}

/* ---- receipts of tests */

struct receipts {
    struct chain_gen chain;
    struct bw_key *log_key;
    struct file file;
};

static void receipt_of(const struct receipts *x, struct bw_receipt *r)
{
    bw_receipt_init(r);
    (void)snprintf(r->nonce, sizeof(r->nonce), "AAECAwQFBgcICQoLDA0ODw");
    (void)snprintf(r->kid, sizeof(r->kid), "%s", bw_key_public(x->chain.key)->kid);
    (void)snprintf(r->site, sizeof(r->site), "%s", x->chain.site);
    (void)snprintf(r->circuit, sizeof(r->circuit), "wan");
    (void)snprintf(r->method, sizeof(r->method), "ndt7/wss");
    (void)snprintf(r->server, sizeof(r->server), "state-1");
    r->at_unix_ms = x->chain.next_start_unix_s * 1000 + 5000;
    r->elapsed_us = 10000000;
    r->bytes = 100000000;
    for (int i = 0; i < 10; i++) {
        r->per_s[r->n_per_s++] = 10000000;
    }
    r->streams = 1;
    r->concurrent = 1;
    r->egress = BW_EGRESS_MATCH;
}

/* A record with one run that shows this receipt, signed by `key`. */
static void add_run(struct receipts *x,
                    const struct bw_receipt *r,
                    const struct bw_key *key,
                    int64_t bytes,
                    int64_t goodput_bps)
{
    struct bw_summary s;
    struct bw_throughput *t;
    struct bw_buf payload;
    struct bw_buf jws;
    chain_gen_summary(&x->chain, &s);
    t = bw_summary_alloc(&s, sizeof(*t));
    assert_non_null(t);
    bw_throughput_init(t);
    (void)snprintf(t->circuit, sizeof(t->circuit), "%s", s.circuits[0].id);
    (void)snprintf(t->probe, sizeof(t->probe), "state");
    (void)snprintf(t->kind, sizeof(t->kind), "ndt7");
    (void)snprintf(t->server, sizeof(t->server), "state-1");
    t->direction = BW_DOWN;
    t->state = BW_TEST_OK;
    t->at_unix_ms = s.start_unix_s * 1000 + 5100;
    t->duration_ms = 9900;
    t->bytes = bytes;
    t->goodput_bps = goodput_bps;
    t->grade = BW_GRADE_RECEIPT;
    t->egress = BW_EGRESS_MATCH;
    bw_buf_init(&payload, 4096);
    bw_buf_init(&jws, 4096);
    if (r) {
        struct bw_receipt mine = *r;
        (void)snprintf(mine.circuit, sizeof(mine.circuit), "%s", s.circuits[0].id);
        assert_int_equal(bw_receipt_encode(&mine, &payload, NULL), 0);
        assert_int_equal(
            bw_jws_sign(key, BW_TYP_TEST, payload.data, payload.len, &jws, NULL), 0);
        t->receipt = jws.data;
    }
    s.throughput = t;
    s.n_throughput = 1;
    s.clock.known = true;
    s.clock.synced = true;
    s.clock.step_us = BW_UNKNOWN;
    add_summary(&x->file, &x->chain, &s);
    bw_buf_done(&payload);
    bw_buf_done(&jws);
}

static struct bw_check_result check_runs(const struct receipts *x, bool log_key)
{
    struct bw_check_opts opts = {.keys = bw_key_public(x->chain.key),
                                 .n_keys = 1,
                                 .log_keys = bw_key_public(x->log_key),
                                 .n_log_keys = log_key ? 1 : 0};
    struct bw_check *c = NULL;
    struct bw_check_result res;
    assert_int_equal(bw_check_new(&opts, &c), 0);
    for (size_t i = 0; i < x->file.n; i++) {
        assert_int_equal(
            bw_check_add(c, x->file.line[i], strlen(x->file.line[i]), (int64_t)i + 1), 0);
    }
    bw_check_finish(c, &res);
    bw_check_free(c);
    return res;
}

static void receipts_are_held_against_runs(void **state)
{
    (void)state;
    enum {
        GOOD = 100000000,
        RATE = 80808080 /* in 9.9 s */
    };
    struct bw_key *other = NULL;
    assert_int_equal(bw_key_generate(BW_ALG_EDDSA, &other, NULL), 0);
    for (int form = 0; form < 11; form++) {
        static const enum bw_fault faults[] = {
            BW_FAULT_NONE,           BW_FAULT_RECEIPT_SIGNATURE,
            BW_FAULT_RECEIPT_KEY,    BW_FAULT_RECEIPT_RUN,
            BW_FAULT_RECEIPT_WINDOW, BW_FAULT_RECEIPT_BYTES,
            BW_FAULT_RECEIPT_AGAIN,  BW_FAULT_RECEIPT_MALFORMED,
            BW_FAULT_NONE,           BW_FAULT_RECEIPT_SIGNATURE,
            BW_FAULT_RECEIPT_BYTES,
        };
        struct receipts x = {.file = {.n = 0}};
        struct bw_receipt r;
        struct bw_check_result res;
        chain_gen_init(&x.chain, BW_ALG_EDDSA, START);
        assert_int_equal(bw_key_generate(BW_ALG_EDDSA, &x.log_key, NULL), 0);
        receipt_of(&x, &r);
        if (form == 2) {
            r.site[3] = r.site[3] == 'a' ? 'b' : 'a';
        } else if (form == 3) {
            r.direction = BW_UP;
        } else if (form == 4) {
            r.at_unix_ms -= 60000;
        }
        /* A box cannot sign its own receipts: its key is no log key. */
        add_run(&x, form == 7 ? NULL : &r, form == 9 ? x.chain.key : x.log_key,
                form == 5 ? 2 * GOOD : GOOD,
                form == 5    ? 2 * RATE
                : form == 10 ? 10 * RATE
                             : RATE);
        if (form == 6) {
            r.at_unix_ms += 300000;
            add_run(&x, &r, x.log_key, GOOD, RATE);
        }
        if (form == 1) { /* its name, another's signature */
            struct bw_pubkey forged = *bw_key_public(other);
            memcpy(forged.kid, bw_key_public(x.log_key)->kid, sizeof(forged.kid));
            struct bw_check_opts opts = {.log_keys = &forged, .n_log_keys = 1};
            struct bw_check *c = NULL;
            assert_int_equal(bw_check_new(&opts, &c), 0);
            assert_int_equal(bw_check_add(c, x.file.line[0], strlen(x.file.line[0]), 1), 0);
            bw_check_finish(c, &res);
            bw_check_free(c);
        } else {
            res = check_runs(&x, form != 8);
        }
        assert_string_equal(bw_fault_name(res.first), bw_fault_name(faults[form]));
        assert_int_equal(res.receipts.n, form == 6 ? 2 : 1);
        assert_int_equal(res.receipts.n_verified, form == 0 || form == 6 ? 1 : 0);
        assert_int_equal(res.receipts.n_no_key, form == 8 || form == 9 ? 1 : 0);
        file_done(&x.file);
        bw_key_free(x.log_key);
        chain_gen_done(&x.chain);
    }
    bw_key_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipts_are_held_against_runs),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

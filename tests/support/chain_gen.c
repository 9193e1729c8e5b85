/* SPDX-License-Identifier: GPL-3.0-or-later
 * chain_gen.c - signed chains for tests; see chain_gen.h. */
#include "chain_gen.h"
#include "buf.h"
#include "hash.h"

#include <bw/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void new_key(struct chain_gen *c, enum bw_alg alg)
{
    struct bw_err e = {.text = ""};
    bw_key_free(c->key);
    c->key = NULL;
    if (bw_key_generate(alg, &c->key, &e) != 0) {
        fail_msg("%s", e.text);
    }
}

void chain_gen_init(struct chain_gen *c, enum bw_alg alg, int64_t start_unix_s)
{
    *c = (struct chain_gen){.gen = {.state = (uint64_t)start_unix_s},
                            .next_start_unix_s = start_unix_s,
                            .length_s = 300};
    (void)snprintf(c->site, sizeof(c->site), "s-4f9k2");
    new_key(c, alg);
}

void chain_gen_done(struct chain_gen *c)
{
    bw_key_free(c->key);
    c->key = NULL;
}

void chain_gen_summary(struct chain_gen *c, struct bw_summary *ret)
{
    gen_plausible_summary(&c->gen, c->seq + 1, c->next_start_unix_s, c->length_s,
                          c->n_targets, ret);
    (void)snprintf(ret->site, sizeof(ret->site), "%s", c->site);
    if (c->seq > 0) {
        memcpy(ret->prev, c->prev, sizeof(ret->prev));
    }
}

void chain_gen_sign(struct chain_gen *c, struct bw_summary *s, struct bw_buf *out)
{
    struct bw_buf payload;
    struct bw_err e = {.text = ""};
    size_t from = out->len;
    bw_buf_init(&payload, BW_PAYLOAD_MAX);
    if (bw_summary_encode(s, &payload, &e) != 0 ||
        bw_jws_sign(c->key, BW_TYP_SUMMARY, payload.data, payload.len, out, &e) != 0) {
        fail_msg("%s", e.text);
    }
    c->seq = s->seq;
    c->next_start_unix_s = s->end_unix_s;
    bw_sha256_text(out->data + from, out->len - from, c->prev);
    bw_buf_done(&payload);
    bw_summary_done(s);
}

void chain_gen_record(struct chain_gen *c, struct bw_buf *out)
{
    struct bw_summary s;
    chain_gen_summary(c, &s);
    chain_gen_sign(c, &s, out);
}

void chain_gen_rotate(struct chain_gen *c,
                      struct bw_summary *ret_first,
                      enum bw_chain_why why)
{
    char kid[BW_KID_LEN + 1];
    char hash[BW_HASH_LEN + 1];
    int64_t seq = c->seq;
    memcpy(kid, bw_key_public(c->key)->kid, sizeof(kid));
    memcpy(hash, c->prev, sizeof(hash));
    new_key(c, bw_key_public(c->key)->alg);
    c->seq = 0;
    c->prev[0] = '\0';
    chain_gen_summary(c, ret_first);
    ret_first->chain.why = why;
    memcpy(ret_first->chain.prev_kid, kid, sizeof(kid));
    ret_first->chain.prev_seq = seq;
    memcpy(ret_first->chain.prev_hash, hash, sizeof(hash));
}

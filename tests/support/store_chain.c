/* SPDX-License-Identifier: GPL-3.0-or-later
 * store_chain.c - a box in small. Any failure here is the test's own and aborts it. */
#include "store_chain.h"

#include <bw/err.h>
#include <ftw.h>
#include <hash.h>
#include <jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "test support: %s: %s\n", what, why);
    abort();
}

void box_init(struct box *b, const char *site, int64_t start_unix_s)
{
    struct bw_err err = {""};
    memset(b, 0, sizeof(*b));
    b->gen.state = 7;
    for (const char *c = site; *c; c++) {
        b->gen.state = b->gen.state * 31 + (uint64_t)*c;
    }
    if (bw_crypto_init() < 0 || bw_key_generate(BW_ALG_EDDSA, &b->key, &err) < 0) {
        die("key", err.text);
    }
    (void)snprintf(b->kid, sizeof(b->kid), "%s", bw_key_public(b->key)->kid);
    (void)snprintf(b->site, sizeof(b->site), "%s", site);
    b->start_unix_s = start_unix_s;
    b->length_s = 300;
    b->n_targets = 2;
}

void box_done(struct box *b)
{
    bw_key_free(b->key);
    memset(b, 0, sizeof(*b));
}

static void add_test(struct box *b, struct bw_summary *u)
{
    struct bw_throughput *t = bw_summary_alloc(u, sizeof(*t));
    if (!t) {
        die("throughput", "no memory");
    }
    bw_throughput_init(t);
    (void)snprintf(t->circuit, sizeof(t->circuit), "wan");
    (void)snprintf(t->probe, sizeof(t->probe), "alder");
    (void)snprintf(t->kind, sizeof(t->kind), "http");
    (void)snprintf(t->server, sizeof(t->server), "alder-1");
    (void)snprintf(t->cc, sizeof(t->cc), "cubic");
    t->method = "http/1";
    t->direction = u->seq % 48 == 0 ? BW_UP : BW_DOWN;
    t->at_unix_ms = u->start_unix_s * 1000 + 12000;
    t->duration_ms = 10000;
    t->state = BW_TEST_OK;
    t->streams = 8;
    t->mtu = 1500;
    t->bytes = gen_between(&b->gen, 90000000, 120000000);
    t->goodput_bps = t->bytes * 8 / 10;
    t->line_bps = t->goodput_bps + t->goodput_bps / 20;
    t->concurrent_bps = 120000;
    t->rtt_idle_us = 20100;
    t->flags[0] = "short";
    t->flags[1] = "retested";
    u->throughput = t;
    u->n_throughput = 1;
}

static void add_outage(struct bw_summary *u)
{
    struct bw_outage *o = bw_summary_alloc(u, sizeof(*o));
    if (!o) {
        die("outage", "no memory");
    }
    memset(o, 0, sizeof(*o));
    (void)snprintf(o->circuit, sizeof(o->circuit), "wan");
    o->from_unix_ms = u->start_unix_s * 1000 + 31250;
    o->to_unix_ms = o->from_unix_ms + 15500;
    o->known_to_unix_ms = BW_UNKNOWN;
    o->why = "targets silent";
    u->outages = o;
    u->n_outages = 1;
}

static void sign(struct box *b, struct signed_summary *s)
{
    struct bw_err err = {""};
    struct bw_buf payload;
    bw_buf_init(&payload, BW_PAYLOAD_MAX);
    bw_buf_init(&s->jws, BW_JWS_MAX);
    if (bw_summary_encode(&s->summary, &payload, &err) < 0 ||
        bw_jws_sign(b->key, BW_TYP_SUMMARY, payload.data, payload.len, &s->jws, &err) < 0) {
        die("signing", err.text);
    }
    bw_buf_done(&payload);
    bw_sha256_text(s->jws.data, s->jws.len, s->sha256);
    (void)snprintf(s->kid, sizeof(s->kid), "%s", b->kid);
}

static void make(struct box *b, struct signed_summary *s)
{
    struct bw_summary *u = &s->summary;
    gen_plausible_summary(&b->gen, b->seq + 1, b->start_unix_s, b->length_s, b->n_targets,
                          u);
    (void)snprintf(u->site, sizeof(u->site), "%s", b->site);
    if (b->seq > 0) {
        memcpy(u->prev, b->hash, sizeof(u->prev));
    }
    if (u->seq % 24 == 0) {
        add_test(b, u);
    }
    if (u->seq % 50 == 0) {
        add_outage(u);
    }
    if (b->change) {
        b->change(u);
    }
    sign(b, s);
}

void box_next(struct box *b, struct signed_summary *ret)
{
    make(b, ret);
    b->seq++;
    b->start_unix_s += b->length_s;
    memcpy(b->hash, ret->sha256, sizeof(b->hash));
}

void box_fork(struct box *b, struct signed_summary *ret)
{
    b->gen.state ^= 0x5bd1e995;
    make(b, ret);
}

void signed_done(struct signed_summary *s)
{
    bw_summary_done(&s->summary);
    bw_buf_done(&s->jws);
}

char *tmp_folder(void)
{
    const char *base = getenv("TMPDIR");
    char path[256];
    int n = snprintf(path, sizeof(path), "%s/bwstore.XXXXXX", base ? base : "/tmp");
    if (n < 0 || (size_t)n >= sizeof(path) || !mkdtemp(path)) {
        die("folder", "cannot make one");
    }
    char *out = strdup(path);
    if (!out) {
        die("folder", "no memory");
    }
    return out;
}

static int drop_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    (void)remove(path);
    return 0;
}

void tmp_folder_drop(char *path)
{
    (void)nftw(path, drop_one, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

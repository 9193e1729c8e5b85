/* SPDX-License-Identifier: GPL-3.0-or-later
 * segments_fixture.h - a ledger with two sites, and all that a reader sees of it as
 * hashes: the same before and after sealing. */
#ifndef BW_TEST_SEGMENTS_FIXTURE_H
#define BW_TEST_SEGMENTS_FIXTURE_H

#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <bw/records.h>
#include <fold.h>
#include <hash.h>
#include <ledger.h>
#include <stdio.h>
#include <string.h>

enum {
    DAY = 86400,
    START = 1788998400,
    PER_DAY = 288
}; /* START: midnight UTC */

struct fixture {
    char *folder;
    char path[300];
    struct bw_ledger *l;
    struct box box[2];
    struct bw_err err;
};

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/ledger", f->folder);
    box_init(&f->box[0], "s-alder", START);
    box_init(&f->box[1], "s-birch", START);
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &f->l, &f->err), 0);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    bw_ledger_close(f->l);
    box_done(&f->box[0]);
    box_done(&f->box[1]);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

static inline void put(struct fixture *f,
                       const struct signed_summary *s,
                       int64_t late_s,
                       enum bw_ledger_verdict verdict)
{
    struct bw_ledger_result res;
    struct bw_ledger_entry e = {.summary = &s->summary,
                                .jws = s->jws.data,
                                .jws_len = s->jws.len,
                                .received_unix_ms = (s->summary.end_unix_s + late_s) * 1000,
                                .egress =
                                    s->summary.seq % 3 ? BW_EGRESS_MATCH : BW_EGRESS_OTHER};
    memcpy(e.kid, s->kid, sizeof(e.kid));
    memcpy(e.sha256, s->sha256, sizeof(e.sha256));
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, verdict);
}

static inline void fill(struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        for (int b = 0; b < 2; b++) {
            struct signed_summary s;
            box_next(&f->box[b], &s);
            put(f, &s, 7, BW_LEDGER_ACCEPTED);
            signed_done(&s);
        }
    }
}

/* Everything a reader can see, as one hash each. */
struct picture {
    struct bw_buf bytes;
    int64_t n;
    int64_t n_slots;
    int64_t last_position;
};

static inline int on_record(void *owner, const struct bw_record *r)
{
    struct picture *p = owner;
    char hash[BW_HASH_LEN + 1];
    bw_sha256_text(r->jws, r->jws_len, hash);
    assert_string_equal(hash, r->sha256);
    assert_true(r->position > p->last_position);
    p->last_position = r->position;
    bw_buf_printf(&p->bytes, "%s %s %s %lld %lld %lld %lld %lld %d\n", r->sha256, r->kid,
                  r->site, (long long)r->seq, (long long)r->start_unix_s,
                  (long long)r->end_unix_s, (long long)r->position,
                  (long long)r->received_unix_ms, (int)r->egress);
    p->n++;
    return 0;
}

static inline int
on_leaf(void *owner, int64_t position, const uint8_t hash[32], int64_t received)
{
    struct picture *p = owner;
    bw_buf_add(&p->bytes, hash, 32);
    bw_buf_printf(&p->bytes, "%lld %lld\n", (long long)position, (long long)received);
    return 0;
}

static inline int on_day(void *owner, const struct bw_circuit_day *d)
{
    struct picture *p = owner;
    assert_int_equal(bw_day_encode(d, &p->bytes, NULL), 0);
    p->n_slots += (int64_t)d->n_slots;
    p->n++;
    return 0;
}

static inline void finish(struct picture *p, char hash[BW_HASH_LEN + 1])
{
    assert_int_equal(bw_buf_error(&p->bytes), 0);
    bw_sha256_text(p->bytes.len ? p->bytes.data : "", p->bytes.len, hash);
    bw_buf_done(&p->bytes);
}

struct view {
    char all[BW_HASH_LEN + 1];
    char site[BW_HASH_LEN + 1];
    char part[BW_HASH_LEN + 1];
    char leaves[BW_HASH_LEN + 1];
    char days[BW_HASH_LEN + 1];
    char few[BW_HASH_LEN + 1];
    int64_t n;
    int64_t n_days;
    int64_t n_slots;
};

static inline void look(struct fixture *f, struct view *v)
{
    struct bw_records *r = NULL;
    struct bw_ledger *l = NULL;
    struct picture p = {.last_position = -1};
    enum {
        MAX = 1 << 26
    };
    assert_int_equal(bw_ledger_records(f->path, &r, &f->err), 0);
    bw_buf_init(&p.bytes, MAX);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, on_record, &p, &f->err), 0);
    v->n = p.n;
    assert_int_equal(p.last_position, p.n - 1); /* 0, 1, 2 … */
    finish(&p, v->all);
    p = (struct picture){.last_position = -1};
    bw_buf_init(&p.bytes, MAX);
    assert_int_equal(bw_records_each(r, "s-birch", 0, INT64_MAX, on_record, &p, &f->err),
                     0);
    finish(&p, v->site);
    p = (struct picture){.last_position = -1};
    bw_buf_init(&p.bytes, MAX);
    assert_int_equal(bw_records_each(r, "s-alder", START + DAY / 2, START + 2 * DAY + 500,
                                     on_record, &p, &f->err),
                     0);
    finish(&p, v->part);
    p = (struct picture){0};
    bw_buf_init(&p.bytes, MAX);
    assert_int_equal(
        bw_records_days(r, "s-alder", "wan", 0, START + 100 * DAY, on_day, &p, &f->err), 0);
    v->n_days = p.n;
    v->n_slots = p.n_slots;
    finish(&p, v->days);
    p = (struct picture){0};
    bw_buf_init(&p.bytes, MAX);
    assert_int_equal(bw_records_days(r, "s-alder", "wan", START + 1234, START + DAY + 4321,
                                     on_day, &p, &f->err),
                     0);
    finish(&p, v->few);
    bw_records_close(r);
    p = (struct picture){0};
    bw_buf_init(&p.bytes, MAX);
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_READ, &l, &f->err), 0);
    assert_int_equal(l->ops->leaves(l, 3, 1 << 20, on_leaf, &p, &f->err), 0);
    bw_ledger_close(l);
    finish(&p, v->leaves);
}

static inline void assert_same(const struct view *a, const struct view *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->n_days, b->n_days);
    assert_string_equal(a->all, b->all);
    assert_string_equal(a->site, b->site);
    assert_string_equal(a->part, b->part);
    assert_string_equal(a->leaves, b->leaves);
    assert_string_equal(a->days, b->days);
    assert_string_equal(a->few, b->few);
}

static inline int64_t now_after(int days)
{
    return (START + (int64_t)days * DAY + 3600) * 1000;
}

#endif

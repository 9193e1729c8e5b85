/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_ledger.c - the collector's book: once only, in order, without holes in positions. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <hash.h>
#include <ledger.h>
#include <stdio.h>
#include <string.h>

enum {
    START = 1789000200,
    MANY = 600
};

struct fixture {
    char *folder;
    char path[300];
    struct bw_ledger *l;
    struct box box;
    struct signed_summary made[MANY];
    size_t n_made;
    struct bw_err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/ledger", f->folder);
    box_init(&f->box, "s-alder", START);
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &f->l, &f->err), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bw_ledger_close(f->l);
    for (size_t i = 0; i < f->n_made; i++) {
        signed_done(&f->made[i]);
    }
    box_done(&f->box);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    bw_ledger_close(f->l);
    f->l = NULL;
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &f->l, &f->err), 0);
}

/* made[i] has seq i + 1. */
static void make(struct fixture *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        box_next(&f->box, &f->made[f->n_made++]);
    }
}

static struct bw_ledger_entry entry_of(const struct signed_summary *s)
{
    struct bw_ledger_entry e = {.summary = &s->summary,
                                .jws = s->jws.data,
                                .jws_len = s->jws.len,
                                .received_unix_ms = s->summary.end_unix_s * 1000 + 7000,
                                .egress = BW_EGRESS_MATCH};
    memcpy(e.kid, s->kid, sizeof(e.kid));
    memcpy(e.sha256, s->sha256, sizeof(e.sha256));
    return e;
}

static void append(struct fixture *f,
                   const struct signed_summary *s,
                   enum bw_ledger_verdict verdict,
                   int64_t position)
{
    struct bw_ledger_entry e = entry_of(s);
    struct bw_ledger_result res;
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, verdict);
    assert_int_equal(res.position, position);
}

static void append_range(struct fixture *f, size_t from, size_t to)
{
    struct bw_ledger_entry *e = calloc(to - from, sizeof(*e));
    struct bw_ledger_result *res = calloc(to - from, sizeof(*res));
    assert_non_null(e);
    assert_non_null(res);
    for (size_t i = from; i < to; i++) {
        e[i - from] = entry_of(&f->made[i]);
    }
    assert_int_equal(bw_ledger_append(f->l, e, to - from, res, &f->err), 0);
    free(e);
    free(res);
}

static int64_t acked(struct fixture *f)
{
    struct bw_ledger_head h;
    assert_int_equal(bw_ledger_head(f->l, f->box.kid, &h, &f->err), 0);
    return h.acked_through;
}

struct walk {
    int64_t next_position;
    int64_t n;
    const char *site;
};

static int on_record(void *owner, const struct bw_record *r)
{
    struct walk *w = owner;
    char hash[BW_HASH_LEN + 1];
    bw_sha256_text(r->jws, r->jws_len, hash);
    assert_string_equal(hash, r->sha256);
    assert_true(r->position >= w->next_position);
    w->next_position = r->position + 1;
    assert_int_equal(r->egress, BW_EGRESS_MATCH);
    w->n++;
    return 0;
}

static int64_t count_all(struct fixture *f)
{
    struct bw_records *r = NULL;
    struct walk w = {0};
    assert_int_equal(bw_ledger_records(f->path, &r, &f->err), 0);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, on_record, &w, &f->err), 0);
    bw_records_close(r);
    assert_int_equal(w.next_position, w.n); /* 0, 1, 2 … */
    return w.n;
}

static void test_accept_and_duplicate(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger_head h;
    make(f, 3);
    assert_int_equal(bw_ledger_head(f->l, f->box.kid, &h, &f->err), -ENOENT);
    append(f, &f->made[0], BW_LEDGER_ACCEPTED, 0);
    append(f, &f->made[1], BW_LEDGER_ACCEPTED, 1);
    append(f, &f->made[0], BW_LEDGER_DUPLICATE, 0);
    reopen(f);
    append(f, &f->made[1], BW_LEDGER_DUPLICATE, 1);
    append(f, &f->made[2], BW_LEDGER_ACCEPTED, 2);
    assert_int_equal(bw_ledger_head(f->l, f->box.kid, &h, &f->err), 0);
    assert_int_equal(h.acked_through, 3);
    assert_string_equal(h.hash, f->made[2].sha256);
    assert_int_equal(h.position, 2);
    assert_string_equal(h.site, "s-alder");
    assert_int_equal(count_all(f), 3);
}

static void test_one_batch_many_kinds(void **state)
{
    struct fixture *f = *state;
    struct box other;
    struct signed_summary o;
    struct bw_ledger_entry e[6];
    struct bw_ledger_result res[6];
    make(f, 4);
    box_init(&other, "s-birch", START);
    box_next(&other, &o);
    e[0] = entry_of(&f->made[0]);
    e[1] = entry_of(&f->made[0]); /* twice in one post */
    e[2] = entry_of(&o);
    e[3] = entry_of(&f->made[1]);
    e[4] = entry_of(&f->made[3]); /* 3 is missing */
    e[5] = entry_of(&f->made[2]);
    assert_int_equal(bw_ledger_append(f->l, e, 6, res, &f->err), 0);
    assert_int_equal(res[0].verdict, BW_LEDGER_ACCEPTED);
    assert_int_equal(res[1].verdict, BW_LEDGER_DUPLICATE);
    assert_int_equal(res[1].position, 0);
    assert_int_equal(res[2].verdict, BW_LEDGER_ACCEPTED);
    assert_int_equal(res[3].position, 2);
    assert_int_equal(res[4].verdict, BW_LEDGER_HELD);
    assert_int_equal(res[5].verdict, BW_LEDGER_ACCEPTED);
    assert_int_equal(acked(f), 4); /* the held one was linked */
    assert_int_equal(count_all(f), 5);
    signed_done(&o);
    box_done(&other);
}

static int64_t n_forks;
static int on_fork(void *owner, const struct bw_ledger_fork *k)
{
    const struct signed_summary *s = owner;
    assert_string_equal(k->sha256, s->sha256);
    assert_int_equal(k->jws_len, s->jws.len);
    n_forks++;
    return 0;
}

static void test_fork_keeps_both(void **state)
{
    struct fixture *f = *state;
    struct signed_summary clone;
    struct bw_ledger_entry e;
    struct bw_ledger_result res;
    make(f, 2);
    append_range(f, 0, 2);
    f->box.seq = 1; /* a clone of the box as it was after record 1 */
    memcpy(f->box.hash, f->made[0].sha256, sizeof(f->box.hash));
    box_fork(&f->box, &clone);
    e = entry_of(&clone);
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, BW_LEDGER_FORK);
    assert_string_equal(res.sha256, f->made[1].sha256);
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    n_forks = 0;
    assert_int_equal(f->l->ops->forks(f->l, f->box.kid, on_fork, &clone, &f->err), 0);
    assert_int_equal(n_forks, 1); /* kept once */
    signed_done(&clone);
    assert_int_equal(acked(f), 2);
    assert_int_equal(count_all(f), 2); /* not in the main sequence */
}

static void test_wrong_predecessor_is_a_fork(void **state)
{
    struct fixture *f = *state;
    struct signed_summary clone;
    make(f, 2);
    append_range(f, 0, 2);
    memcpy(f->box.hash, f->made[0].sha256, sizeof(f->box.hash));
    box_fork(&f->box, &clone); /* seq 3, but after record 1's hash */
    append(f, &clone, BW_LEDGER_FORK, BW_UNKNOWN);
    signed_done(&clone);
}

static void test_held_until_linked(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger_stat st;
    make(f, 10);
    append(f, &f->made[0], BW_LEDGER_ACCEPTED, 0);
    for (size_t i = 9; i > 1; i--) {
        append(f, &f->made[i], BW_LEDGER_HELD, BW_UNKNOWN);
    }
    append(f, &f->made[5], BW_LEDGER_HELD, BW_UNKNOWN); /* again */
    assert_int_equal(acked(f), 1);
    reopen(f);
    append(f, &f->made[1], BW_LEDGER_ACCEPTED, 1);
    assert_int_equal(acked(f), 10);
    assert_int_equal(f->l->ops->stat(f->l, &st, &f->err), 0);
    assert_int_equal(st.n_held, 0);
    assert_int_equal(st.n_positions, 10);
    assert_int_equal(count_all(f), 10);
}

static int on_hole(void *owner, const struct bw_ledger_hole *h)
{
    *(struct bw_ledger_hole *)owner = *h;
    return 0;
}

static void test_hole_declared_and_filled(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger_hole hole = {0};
    int64_t linked = -1;
    int64_t now = f->box.start_unix_s * 1000 + 3600000;
    struct signed_summary clone;
    make(f, 3);
    box_fork(&f->box, &clone); /* another record 4 */
    make(f, 5);
    append(f, &f->made[0], BW_LEDGER_ACCEPTED, 0);
    append(f, &f->made[4], BW_LEDGER_HELD, BW_UNKNOWN);
    append(f, &f->made[5], BW_LEDGER_HELD, BW_UNKNOWN);
    assert_int_equal(f->l->ops->expire_held(f->l, now, 86400, &linked, &f->err), 0);
    assert_int_equal(linked, 0);
    now += 90000000;
    assert_int_equal(f->l->ops->expire_held(f->l, now, 86400, &linked, &f->err), 0);
    assert_int_equal(linked, 2);
    assert_int_equal(acked(f), 6);
    assert_int_equal(f->l->ops->holes(f->l, NULL, on_hole, &hole, &f->err), 0);
    assert_int_equal(hole.from_seq, 2);
    assert_int_equal(hole.to_seq, 4);
    append(f, &f->made[6], BW_LEDGER_ACCEPTED, 3);
    /* one of the missing comes after all: it must fit its neighbours */
    append(f, &f->made[2], BW_LEDGER_CROWDED, BW_UNKNOWN);
    append(f, &clone, BW_LEDGER_FORK, BW_UNKNOWN);
    signed_done(&clone);
    append(f, &f->made[3], BW_LEDGER_ACCEPTED, 4);
    append(f, &f->made[1], BW_LEDGER_ACCEPTED, 5);
    append(f, &f->made[2], BW_LEDGER_ACCEPTED, 6);
    append(f, &f->made[2], BW_LEDGER_DUPLICATE, 6);
    assert_int_equal(acked(f), 7);
    assert_int_equal(count_all(f), 7);
}

static void test_two_holes_expire_at_once(void **state)
{
    struct fixture *f = *state;
    int64_t linked = -1;
    make(f, 12);
    append(f, &f->made[3], BW_LEDGER_HELD, BW_UNKNOWN); /* 1 to 3 never come */
    append(f, &f->made[7], BW_LEDGER_HELD, BW_UNKNOWN);
    append(f, &f->made[8], BW_LEDGER_HELD, BW_UNKNOWN);
    int64_t later = f->box.start_unix_s * 1000 + 100000000;
    assert_int_equal(f->l->ops->expire_held(f->l, later, 86400, &linked, &f->err), 0);
    assert_int_equal(linked, 3);
    assert_int_equal(acked(f), 9);
    assert_int_equal(count_all(f), 3);
}

static void test_held_fork_does_not_stop_the_chain(void **state)
{
    struct fixture *f = *state;
    struct signed_summary clone;
    struct bw_ledger_stat st;
    make(f, 2);
    box_fork(&f->box, &clone); /* another record 3 … */
    make(f, 2);
    append(f, &f->made[0], BW_LEDGER_ACCEPTED, 0);
    struct bw_ledger_entry e = entry_of(&clone); /* … whose predecessor is right */
    struct bw_ledger_result res;
    e.received_unix_ms -= 1000; /* and which came first */
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, BW_LEDGER_HELD);
    append(f, &f->made[2], BW_LEDGER_HELD, BW_UNKNOWN);
    append(f, &f->made[3], BW_LEDGER_HELD, BW_UNKNOWN);
    append(f, &f->made[1], BW_LEDGER_ACCEPTED, 1);
    assert_int_equal(f->l->ops->stat(f->l, &st, &f->err), 0);
    assert_int_equal(st.n_forks + st.n_held,
                     2); /* the one that came second, and its heir */
    assert_int_equal(count_all(f), 3);
    signed_done(&clone);
}

static void test_refused_links(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger_entry e;
    struct bw_ledger_result res;
    make(f, 3);
    append(f, &f->made[0], BW_LEDGER_ACCEPTED, 0);
    e = entry_of(&f->made[1]);
    e.refuse_type = "too-old";
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, BW_LEDGER_REFUSED);
    assert_int_equal(acked(f), 2);
    append(f, &f->made[1], BW_LEDGER_REFUSED, BW_UNKNOWN); /* again: the same answer */
    append(f, &f->made[2], BW_LEDGER_ACCEPTED, 1);
    assert_int_equal(count_all(f), 2);
}

static void test_too_many_held(void **state)
{
    struct fixture *f = *state;
    struct signed_summary first;
    box_next(&f->box, &first);
    f->box.n_targets = 0;
    for (int i = 0; i < BW_LEDGER_HELD_MAX + 1; i++) {
        struct signed_summary s;
        struct bw_ledger_entry e;
        struct bw_ledger_result res;
        if (i == 0) {
            box_next(&f->box, &s); /* left out */
            signed_done(&s);
        }
        box_next(&f->box, &s);
        e = entry_of(&s);
        assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
        assert_int_equal(res.verdict,
                         i < BW_LEDGER_HELD_MAX ? BW_LEDGER_HELD : BW_LEDGER_CROWDED);
        signed_done(&s);
    }
    signed_done(&first);
}

static int on_leaf(void *owner, int64_t position, const uint8_t hash[32], int64_t received)
{
    struct fixture *f = owner;
    char text[BW_HASH_LEN + 1];
    assert_int_equal(bw_b64_encode(hash, 32, text), BW_HASH_LEN);
    assert_string_equal(text, f->made[position].sha256);
    assert_int_equal(received, f->made[position].summary.end_unix_s * 1000 + 7000);
    return 0;
}

static int on_one(void *owner, const struct bw_record *r)
{
    *(int64_t *)owner = r->seq;
    return 0;
}

static int on_site(void *owner, const struct bw_ledger_site *s)
{
    *(struct bw_ledger_site *)owner = *s;
    return 0;
}

static int on_circuit(void *owner, const struct bw_ledger_circuit *c)
{
    *(struct bw_ledger_circuit *)owner = *c;
    return 0;
}

static void test_look_ups_and_latest(void **state)
{
    struct fixture *f = *state;
    int64_t seq = 0;
    struct bw_ledger_site site = {0};
    struct bw_ledger_circuit c = {0};
    make(f, 49);
    append_range(f, 0, 49);
    assert_int_equal(f->l->ops->at(f->l, 30, on_one, &seq, &f->err), 0);
    assert_int_equal(seq, 31);
    assert_int_equal(f->l->ops->at(f->l, 49, on_one, &seq, &f->err), -ENOENT);
    assert_int_equal(f->l->ops->by_seq(f->l, f->box.kid, 7, on_one, &seq, &f->err), 0);
    assert_int_equal(seq, 7);
    assert_int_equal(f->l->ops->by_seq(f->l, f->box.kid, 99, on_one, &seq, &f->err),
                     -ENOENT);
    assert_int_equal(f->l->ops->leaves(f->l, 0, 49, on_leaf, f, &f->err), 0);
    assert_int_equal(f->l->ops->sites(f->l, "s-alder", on_site, &site, &f->err), 0);
    assert_int_equal(site.end_unix_s, START + 49 * 300);
    assert_true(site.clock_known && site.clock_synced);
    assert_int_equal(f->l->ops->circuits(f->l, NULL, on_circuit, &c, &f->err), 0);
    assert_string_equal(c.facts.id, "wan");
    assert_int_equal(c.first_start_unix_s, START);
    assert_int_equal(c.end_unix_s, START + 49 * 300);
    assert_int_equal(c.facts.flow[BW_UP].bytes,
                     f->made[48].summary.circuits[0].flow[BW_UP].bytes);
    assert_int_equal(c.latency_sent, 600);
    assert_int_equal(c.test[BW_DOWN].goodput_bps,
                     f->made[23].summary.throughput[0].goodput_bps);
    assert_int_equal(c.test[BW_UP].at_unix_ms,
                     f->made[47].summary.throughput[0].at_unix_ms);
    assert_false(c.silent);
}

/* What is shown has yet to end when the next one comes: its clock was fast. */
static void test_a_fast_clock_hides_nothing(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger_site site = {0};
    struct bw_ledger_circuit c = {0};
    struct bw_ledger_entry e;
    struct bw_ledger_result res;
    make(f, 2);
    e = entry_of(&f->made[0]);
    e.received_unix_ms = (int64_t)(START - 86400) * 1000;
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    f->made[1].summary.start_unix_s = START - 86700;
    f->made[1].summary.end_unix_s = START - 86400;
    e = entry_of(&f->made[1]);
    e.received_unix_ms = (int64_t)(START - 86390) * 1000;
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, BW_LEDGER_ACCEPTED);
    assert_int_equal(f->l->ops->sites(f->l, "s-alder", on_site, &site, &f->err), 0);
    assert_int_equal(site.end_unix_s, START - 86400);
    assert_int_equal(f->l->ops->circuits(f->l, NULL, on_circuit, &c, &f->err), 0);
    assert_int_equal(c.end_unix_s, START - 86400);
    assert_int_equal(c.first_start_unix_s, START - 86700);
}

static void test_readers_beside_writer(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger *second = NULL;
    struct bw_ledger_entry e;
    struct bw_ledger_result res;
    make(f, 1);
    append_range(f, 0, 1);
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &second, &f->err), -EBUSY);
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_READ, &second, &f->err), 0);
    e = entry_of(&f->made[0]);
    assert_int_equal(bw_ledger_append(second, &e, 1, &res, &f->err), -EROFS);
    bw_ledger_close(second);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_accept_and_duplicate),
        T(test_one_batch_many_kinds),
        T(test_fork_keeps_both),
        T(test_wrong_predecessor_is_a_fork),
        T(test_held_until_linked),
        T(test_hole_declared_and_filled),
        T(test_two_holes_expire_at_once),
        T(test_held_fork_does_not_stop_the_chain),
        T(test_refused_links),
        T(test_too_many_held),
        T(test_look_ups_and_latest),
        T(test_a_fast_clock_hides_nothing),
        T(test_readers_beside_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

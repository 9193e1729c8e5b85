/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_ledger_log.c - the order of the log in the ledger: every record and every other leaf
 * at one index for ever, hot or sealed. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <leaf.h>
#include <ledger.h>
#include <stdio.h>
#include <string.h>

enum {
    START = 1789000200,
    DAY = 86400,
    MANY = 400
};

struct fixture {
    char *folder;
    char path[300];
    struct bw_ledger *l;
    struct box box;
    struct bw_leaf want[2 * MANY]; /* as they went in, by index */
    int64_t n_want;
    int64_t at; /* of a walk */
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

/* The next record; its index must be the next of all. */
static int64_t take_record(struct fixture *f)
{
    struct signed_summary s;
    struct bw_ledger_result res;
    struct bw_leaf *want = &f->want[f->n_want];
    int64_t index = -1;
    box_next(&f->box, &s);
    struct bw_ledger_entry e = {.summary = &s.summary,
                                .jws = s.jws.data,
                                .jws_len = s.jws.len,
                                .received_unix_ms = s.summary.end_unix_s * 1000 + 7};
    memcpy(e.kid, s.kid, sizeof(e.kid));
    memcpy(e.sha256, s.sha256, sizeof(e.sha256));
    assert_int_equal(bw_ledger_append(f->l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, BW_LEDGER_ACCEPTED);
    assert_int_equal(f->l->ops->log_index(f->l, res.position, &index, &f->err), 0);
    assert_int_equal(index, f->n_want);
    want->type = BW_LEAF_SUMMARY;
    want->unix_ms = e.received_unix_ms;
    bw_sha256(s.jws.data, s.jws.len, want->sha256);
    f->n_want++;
    signed_done(&s);
    return res.position;
}

static void take_other(struct fixture *f, int type)
{
    struct bw_leaf l = {.type = type, .unix_ms = 1789000000000 + f->n_want};
    int64_t added = -1;
    bw_sha256(&f->n_want, sizeof(f->n_want), l.sha256);
    assert_int_equal(f->l->ops->log_add(f->l, &l, 1, &added, &f->err), 0);
    assert_int_equal(added, 1);
    f->want[f->n_want++] = l;
}

static int on_leaf(void *owner, int64_t index, const struct bw_leaf *leaf)
{
    struct fixture *f = owner;
    assert_int_equal(index, f->at);
    assert_true(index < f->n_want);
    assert_int_equal(leaf->type, f->want[index].type);
    assert_int_equal(leaf->unix_ms, f->want[index].unix_ms);
    assert_memory_equal(leaf->sha256, f->want[index].sha256, 32);
    f->at++;
    return 0;
}

/* Every range of some begins and ends gives exactly its leaves. */
static void walk_all(struct fixture *f, struct bw_ledger *l)
{
    int64_t size = -1;
    assert_int_equal(l->ops->log_size(l, &size, &f->err), 0);
    assert_int_equal(size, f->n_want);
    for (int64_t from = 0; from <= size; from += from < 12 ? 1 : 37) {
        for (int64_t to = from; to <= size; to += to < 12 ? 1 : 41) {
            f->at = from;
            assert_int_equal(l->ops->log_leaves(l, from, to, on_leaf, f, &f->err), 0);
            assert_int_equal(f->at, to);
        }
    }
    for (int64_t i = 0; i < size; i++) { /* by what it stands for */
        const struct bw_leaf *w = &f->want[i];
        int64_t index = -1;
        int64_t unix_ms = -1;
        int r = l->ops->log_find(l, w->type, w->sha256, &index, &unix_ms, &f->err);
        if (w->type == BW_LEAF_SUMMARY) {
            assert_int_equal(r, -ENOENT);
        } else {
            assert_int_equal(r, 0);
            assert_int_equal(index, i);
            assert_int_equal(unix_ms, w->unix_ms);
        }
    }
    f->at = 0;
    assert_int_equal(l->ops->log_leaves(l, 0, size + 9, on_leaf, f, &f->err), 0);
    assert_int_equal(f->at, size);
}

static void empty(void **state)
{
    struct fixture *f = *state;
    walk_all(f, f->l);
    take_other(f, BW_LEAF_ENROLMENT); /* before the first record */
    walk_all(f, f->l);
    assert_int_equal(take_record(f), 0);
    walk_all(f, f->l);
}

static void mixed(void **state)
{
    struct fixture *f = *state;
    int64_t index = -1;
    struct bw_ledger *reader = NULL;
    int64_t position_of_9 = -1;
    for (int i = 0; i < MANY; i++) {
        if (i % 7 == 3 || i % 7 == 4 || i < 2) {
            take_other(f, BW_LEAF_CLAIM);
        } else {
            int64_t p = take_record(f);
            position_of_9 = f->n_want == 10 ? p : position_of_9;
        }
        if (i % 100 == 50) {
            reopen(f);
        }
    }
    walk_all(f, f->l);
    /* An old record's index has not moved. */
    assert_true(position_of_9 >= 0);
    assert_int_equal(f->l->ops->log_index(f->l, position_of_9, &index, &f->err), 0);
    assert_int_equal(index, 9);
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_READ, &reader, &f->err), 0);
    walk_all(f, reader);
    assert_int_equal(reader->ops->log_index(reader, position_of_9, &index, &f->err), 0);
    assert_int_equal(index, 9);
    struct bw_leaf l = {.type = BW_LEAF_CLAIM};
    assert_int_equal(reader->ops->log_add(reader, &l, 1, NULL, &f->err), -EROFS);
    bw_ledger_close(reader);
}

static void once(void **state)
{
    struct fixture *f = *state;
    struct bw_leaf l[3] = {{.type = BW_LEAF_CLAIM}, {.type = BW_LEAF_CLAIM}, {.type = 0}};
    int64_t added = -1;
    l[0].sha256[0] = 1;
    l[1].sha256[0] = 1; /* the same again in one call */
    l[2].type = BW_LEAF_BINDING;
    l[2].sha256[0] = 1; /* the same hash, another type */
    take_record(f);
    assert_int_equal(f->l->ops->log_add(f->l, l, 3, &added, &f->err), 0);
    assert_int_equal(added, 2);
    f->want[f->n_want++] = l[0];
    f->want[f->n_want++] = l[2];
    assert_int_equal(f->l->ops->log_add(f->l, l, 3, &added, &f->err), 0);
    assert_int_equal(added, 0);
    take_record(f);
    walk_all(f, f->l);
}

static void sealed(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger_seal_report report = {0};
    f->box.length_s = 3600;
    for (int i = 0; i < 200; i++) {
        if (i % 5 == 2) {
            take_other(f, BW_LEAF_ANNOTATION);
        } else {
            take_record(f);
        }
    }
    int64_t now_ms = (f->box.start_unix_s + DAY) * 1000;
    assert_int_equal(f->l->ops->seal(f->l, now_ms, 3, 0, &report, &f->err), 0);
    assert_true(report.segments >= 3);
    walk_all(f, f->l);
    assert_int_equal(
        f->l->ops->seal(f->l, now_ms + INT64_C(9) * DAY * 1000, 1, 0, &report, &f->err), 0);
    take_other(f, BW_LEAF_ERRATUM);
    take_record(f);
    reopen(f);
    walk_all(f, f->l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(empty, setup, teardown),
        cmocka_unit_test_setup_teardown(mixed, setup, teardown),
        cmocka_unit_test_setup_teardown(once, setup, teardown),
        cmocka_unit_test_setup_teardown(sealed, setup, teardown),
    };
    return bw_crypto_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

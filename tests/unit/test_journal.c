/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_journal.c - the box's book: what is answered with 0 stays, in order, once. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <fcntl.h>
#include <hash.h>
#include <journal.h>
#include <journal_private.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    START = 1789000200
};

struct fixture {
    char *folder;
    char path[300];
    struct bw_journal *j;
    struct box box;
    struct bw_err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/journal.db", f->folder);
    box_init(&f->box, "s-alder", START);
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &f->j, &f->err), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bw_journal_close(f->j);
    box_done(&f->box);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    bw_journal_close(f->j);
    f->j = NULL;
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &f->j, &f->err), 0);
}

static int append(struct fixture *f, const struct signed_summary *s)
{
    struct bw_journal_entry e = {
        .summary = &s->summary, .jws = s->jws.data, .jws_len = s->jws.len, .kid = s->kid};
    return bw_journal_append(f->j, &e, &f->err);
}

static void append_n(struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        struct signed_summary s;
        box_next(&f->box, &s);
        assert_int_equal(append(f, &s), 0);
        signed_done(&s);
    }
}

static void test_chain_goes_on(void **state)
{
    struct fixture *f = *state;
    struct bw_journal_head h;
    assert_int_equal(bw_journal_head(f->j, NULL, &h, &f->err), 0);
    assert_string_equal(h.kid, "");
    assert_int_equal(h.seq, 0);
    assert_int_equal(h.end_unix_s, BW_UNKNOWN);
    append_n(f, 3);
    reopen(f);
    assert_int_equal(bw_journal_head(f->j, NULL, &h, &f->err), 0);
    assert_string_equal(h.kid, f->box.kid);
    assert_int_equal(h.seq, 3);
    assert_string_equal(h.hash, f->box.hash);
    assert_int_equal(h.end_unix_s, START + 900);
    append_n(f, 2);
    assert_int_equal(bw_journal_head(f->j, f->box.kid, &h, &f->err), 0);
    assert_int_equal(h.seq, 5);
}

static void test_append_refuses_holes_and_forks(void **state)
{
    struct fixture *f = *state;
    struct signed_summary a;
    struct signed_summary clone;
    struct signed_summary later;
    box_fork(&f->box, &clone);
    box_next(&f->box, &a);
    assert_int_equal(append(f, &a), 0);
    assert_int_equal(append(f, &a), 0); /* the same again */
    assert_int_equal(append(f, &clone), -BW_EFORK);
    signed_done(&a);
    signed_done(&clone);
    box_next(&f->box, &a);
    box_next(&f->box, &later);
    assert_int_equal(append(f, &later), -BW_EHOLE);
    assert_int_equal(append(f, &a), 0);
    assert_int_equal(append(f, &later), 0);
    memcpy(f->box.hash, a.sha256, sizeof(f->box.hash)); /* the right number … */
    signed_done(&a);
    signed_done(&later);
    box_fork(&f->box, &clone); /* … after the wrong record */
    assert_int_equal(append(f, &clone), -BW_EHOLE);
    signed_done(&clone);
    struct bw_journal_stat st;
    assert_int_equal(bw_journal_stat(f->j, &st, &f->err), 0);
    assert_int_equal(st.rows, 3);
}

static void test_pending_and_ack(void **state)
{
    struct fixture *f = *state;
    struct bw_journal_batch b = {0};
    append_n(f, 10);
    assert_int_equal(bw_journal_pending(f->j, 4, 1 << 20, "", &b, &f->err), 0);
    assert_int_equal(b.n, 4);
    assert_int_equal(b.refs[0].seq, 1);
    assert_int_equal(b.refs[3].seq, 4);
    size_t lines = 0;
    for (size_t i = 0; i < b.body_len; i++) {
        lines += b.body[i] == '\n';
    }
    assert_int_equal(lines, 4);
    assert_int_equal(b.body[b.body_len - 1], '\n');
    size_t four = b.body_len;
    bw_journal_batch_done(&b);
    /* by bytes: three and a bit are three */
    assert_int_equal(bw_journal_pending(f->j, 100, four - 1, "", &b, &f->err), 0);
    assert_int_equal(b.n, 3);
    bw_journal_batch_done(&b);
    /* at least one */
    assert_int_equal(bw_journal_pending(f->j, 100, 1, "", &b, &f->err), 0);
    assert_int_equal(b.n, 1);
    bw_journal_batch_done(&b);

    assert_int_equal(
        bw_journal_ack(f->j, f->box.kid, 4, "receipt-4", 1789003000000, &f->err), 0);
    assert_int_equal(
        bw_journal_ack(f->j, f->box.kid, 2, "receipt-2", 1789003000001, &f->err), 0);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 11, "x", 1, &f->err), -ERANGE);
    assert_int_equal(bw_journal_ack(f->j, "nobody", 1, "x", 1, &f->err), -ENOENT);
    reopen(f);
    assert_int_equal(bw_journal_pending(f->j, 100, 1 << 20, "", &b, &f->err), 0);
    assert_int_equal(b.n, 6);
    assert_int_equal(b.refs[0].seq, 5);
    bw_journal_batch_done(&b);
    struct bw_buf text;
    bw_buf_init(&text, 1000);
    assert_int_equal(bw_journal_receipt(f->j, f->box.kid, 3, &text, &f->err), 0);
    assert_string_equal(text.data, "receipt-4");
    assert_int_equal(bw_journal_receipt(f->j, f->box.kid, 1, &text, &f->err), 0);
    assert_string_equal(text.data, "receipt-4"); /* the older ack left nothing */
    assert_int_equal(bw_journal_receipt(f->j, f->box.kid, 5, &text, &f->err), -ENOENT);
    bw_buf_done(&text);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 10, "all", 1789003000002, &f->err),
                     0);
    assert_int_equal(bw_journal_pending(f->j, 100, 1 << 20, "", &b, &f->err), 0);
    assert_int_equal(b.n, 0);
    assert_null(b.body);
    bw_journal_batch_done(&b);
}

/* A collector that was restored lacks what it acknowledged: it is pending again, if what
 * it still has is ours. */
static void test_rewind(void **state)
{
    struct fixture *f = *state;
    struct bw_journal_batch b = {0};
    struct bw_buf text;
    char hash[BW_HASH_LEN + 1];
    char head[BW_HASH_LEN + 1];
    bool moved = true;
    append_n(f, 4);
    memcpy(hash, f->box.hash, sizeof(hash));
    append_n(f, 6);
    memcpy(head, f->box.hash, sizeof(head));
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 9, "r9", 1, &f->err), 0);
    assert_int_equal(bw_journal_refused(f->j, f->box.kid, 6, "t", "d", &f->err), 0);
    /* another record 4; more than was acknowledged; a stranger's */
    assert_int_equal(bw_journal_rewind(f->j, f->box.kid, 4, head, &moved, &f->err), 0);
    assert_false(moved);
    assert_int_equal(bw_journal_rewind(f->j, f->box.kid, 10, head, &moved, &f->err), 0);
    assert_false(moved);
    assert_int_equal(bw_journal_rewind(f->j, "nobody", 4, hash, &moved, &f->err), -ENOENT);
    assert_int_equal(bw_journal_rewind(f->j, f->box.kid, 4, hash, &moved, &f->err), 0);
    assert_true(moved);
    reopen(f);
    assert_int_equal(bw_journal_pending(f->j, 100, 1 << 20, "", &b, &f->err), 0);
    assert_int_equal(b.n, 5); /* 5, 7, 8, 9, 10 */
    assert_int_equal(b.refs[0].seq, 5);
    assert_int_equal(b.refs[1].seq, 7);
    bw_journal_batch_done(&b);
    bw_buf_init(&text, 100);
    assert_int_equal(bw_journal_receipt(f->j, f->box.kid, 5, &text, &f->err), 0);
    assert_string_equal(text.data, "r9"); /* what was promised stays known */
    bw_buf_done(&text);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 10, "r10", 2, &f->err), 0);
    /* It knows nothing of this chain: record 1 is still here, so all go again. */
    assert_int_equal(bw_journal_rewind(f->j, f->box.kid, 0, "", &moved, &f->err), 0);
    assert_true(moved);
    assert_int_equal(bw_journal_pending(f->j, 100, 1 << 20, "", &b, &f->err), 0);
    assert_int_equal(b.n, 9);
    bw_journal_batch_done(&b);
}

static void test_refusal_becomes_gap(void **state)
{
    struct fixture *f = *state;
    struct bw_journal_refusal list[8];
    struct bw_journal_batch b = {0};
    struct signed_summary s;
    size_t n = 0;
    append_n(f, 3);
    assert_int_equal(bw_journal_refused(f->j, f->box.kid, 2, "too-large", "why", &f->err),
                     0);
    assert_int_equal(bw_journal_refused(f->j, f->box.kid, 2, "too-large", "why", &f->err),
                     0);
    assert_int_equal(bw_journal_pending(f->j, 100, 1 << 20, "", &b, &f->err), 0);
    assert_int_equal(b.n, 2);
    assert_int_equal(b.refs[1].seq, 3);
    bw_journal_batch_done(&b);
    assert_int_equal(bw_journal_refusals(f->j, list, 8, &n, &f->err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].seq, 2);
    assert_int_equal(list[0].start_unix_s, START + 300);
    assert_int_equal(list[0].end_unix_s, START + 600);
    assert_string_equal(list[0].type, "too-large");
    box_next(&f->box, &s);
    struct bw_journal_entry e = {.summary = &s.summary,
                                 .jws = s.jws.data,
                                 .jws_len = s.jws.len,
                                 .kid = s.kid,
                                 .reports_refusals_through = list[0].id};
    assert_int_equal(bw_journal_append(f->j, &e, &f->err), 0);
    signed_done(&s);
    assert_int_equal(bw_journal_refusals(f->j, list, 8, &n, &f->err), 0);
    assert_int_equal(n, 0);
}

static void test_fork_closes_chain(void **state)
{
    struct fixture *f = *state;
    struct bw_journal_refusal list[8];
    struct bw_journal_batch b = {0};
    struct bw_journal_head h;
    struct box next;
    struct signed_summary s;
    char both[2 * BW_KID_LEN + 2];
    size_t n = 0;
    append_n(f, 5);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 2, "r", 1, &f->err), 0);
    assert_int_equal(bw_journal_forked(f->j, f->box.kid, 3, "another is there", &f->err),
                     0);
    assert_int_equal(bw_journal_head(f->j, NULL, &h, &f->err), 0);
    assert_true(h.forked);
    assert_int_equal(h.acked_through, 2);
    assert_int_equal(bw_journal_pending(f->j, 10, 1 << 20, "", &b, &f->err), 0);
    assert_int_equal(b.n, 0);
    bw_journal_batch_done(&b);
    assert_int_equal(bw_journal_refusals(f->j, list, 8, &n, &f->err), 0);
    assert_int_equal(n, 3);
    assert_string_equal(list[0].type, "fork");
    box_next(&f->box, &s);
    assert_int_equal(append(f, &s), -BW_EFORK);
    signed_done(&s);
    /* a new key goes on */
    box_init(&next, "s-alder", f->box.start_unix_s);
    box_next(&next, &s);
    assert_int_equal(append(f, &s), 0);
    signed_done(&s);
    assert_int_equal(bw_journal_head(f->j, NULL, &h, &f->err), 0);
    assert_string_equal(h.kid, next.kid);
    assert_false(h.forked);
    assert_int_equal(bw_journal_pending(f->j, 10, 1 << 20, "", &b, &f->err), 0);
    assert_int_equal(b.n, 1);
    bw_journal_batch_done(&b);
    assert_int_equal(bw_journal_pending(f->j, 10, 1 << 20, next.kid, &b, &f->err), 0);
    assert_int_equal(b.n, 0);
    bw_journal_batch_done(&b);
    (void)snprintf(both, sizeof(both), "%s %s", f->box.kid, next.kid);
    assert_int_equal(bw_journal_pending(f->j, 10, 1 << 20, both, &b, &f->err), 0);
    assert_int_equal(b.n, 0);
    bw_journal_batch_done(&b);
    assert_int_equal(bw_journal_pending(f->j, 10, 1 << 20, f->box.kid, &b, &f->err), 0);
    assert_int_equal(b.n, 1);
    bw_journal_batch_done(&b);
    box_done(&next);
}

static void test_prune_needs_receipt_and_age(void **state)
{
    struct fixture *f = *state;
    struct bw_journal_head h;
    struct bw_journal_stat st;
    struct bw_buf text;
    size_t freed = 99;
    int64_t end = START + 10 * 300;
    append_n(f, 10);
    /* old enough, no receipt */
    assert_int_equal(bw_journal_prune(f->j, 1000, end + 100000, 0, &freed, &f->err), 0);
    assert_int_equal(freed, 0);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 3, "r3", 1, &f->err), 0);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 8, "r8", 2, &f->err), 0);
    /* a receipt, too young */
    assert_int_equal(bw_journal_prune(f->j, 1000000, end, 0, &freed, &f->err), 0);
    assert_int_equal(freed, 0);
    /* both: records 1 to 5 ended 1500 s or more before */
    assert_int_equal(bw_journal_prune(f->j, 1500, end, 0, &freed, &f->err), 0);
    assert_int_equal(freed, 5);
    bw_buf_init(&text, 100);
    assert_int_equal(bw_journal_receipt(f->j, f->box.kid, 1, &text, &f->err), 0);
    assert_string_equal(text.data, "r8"); /* r3 covers nothing any more */
    bw_buf_done(&text);
    /* refused ones wait until they are reported */
    assert_int_equal(bw_journal_refused(f->j, f->box.kid, 7, "t", "d", &f->err), 0);
    assert_int_equal(bw_journal_prune(f->j, 0, end, 0, &freed, &f->err), 0);
    assert_int_equal(freed, 2); /* 6 and 8 */
    assert_int_equal(bw_journal_stat(f->j, &st, &f->err), 0);
    assert_int_equal(st.rows, 3);
    reopen(f);
    assert_int_equal(bw_journal_head(f->j, NULL, &h, &f->err), 0);
    assert_int_equal(h.seq, 10);
    append_n(f, 1);
}

static void assert_plan(struct fixture *f, int stmt, const char *has, const char *has_not)
{
    struct bw_buf text;
    struct bw_buf plan;
    sqlite3_stmt *st = NULL;
    bw_buf_init(&text, 4096);
    bw_buf_init(&plan, 4096);
    bw_buf_printf(&text, "EXPLAIN QUERY PLAN %s", bw_journal_text[stmt]);
    assert_int_equal(sqlite3_prepare_v2(f->j->sql.db, text.data, (int)text.len, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        bw_buf_printf(&plan, "%s; ", (const char *)sqlite3_column_text(st, 3));
    }
    assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    assert_non_null(plan.data);
    assert_non_null(strstr(plan.data, has));
    assert_null(strstr(plan.data, has_not));
    bw_buf_done(&text);
    bw_buf_done(&plan);
}

/* What is asked after every job, and hourly, reads no rows of a year's journal. */
static void test_a_long_journal_is_not_walked(void **state)
{
    struct fixture *f = *state;
    struct bw_journal_stat st;
    assert_plan(f, STAT, "SEARCH t USING PRIMARY KEY (chain=? AND through<?)",
                "SCAN receipts");
    assert_plan(f, STAT_PENDING, "SEARCH r USING COVERING INDEX", "SCAN r ");
    assert_plan(f, PRUNE_PICK, "SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
                "SCAN records");
    assert_plan(f, PRUNE_PICK,
                "SEARCH records USING COVERING INDEX records_start (start<?)", "SCAN r ");
    append_n(f, 4);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 1, "r1", 11, &f->err), 0);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 3, "r3", 33, &f->err), 0);
    assert_int_equal(bw_journal_stat(f->j, &st, &f->err), 0);
    assert_int_equal(st.last_ack_unix_ms, 33);
    assert_int_equal(st.pending, 1);
    /* The newest was refused: it has no receipt, those before it keep theirs. */
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 4, NULL, BW_UNKNOWN, &f->err), 0);
    assert_int_equal(bw_journal_stat(f->j, &st, &f->err), 0);
    assert_int_equal(st.last_ack_unix_ms, 33);
    assert_int_equal(st.pending, 0);
}

static void test_values_and_usage(void **state)
{
    struct fixture *f = *state;
    struct bw_buf out;
    int64_t bytes = -1;
    bw_buf_init(&out, 100);
    assert_int_equal(bw_journal_meta_get(f->j, "site", &out, &f->err), -ENOENT);
    assert_int_equal(bw_journal_meta_set(f->j, "site", "s-alder", 7, &f->err), 0);
    assert_int_equal(bw_journal_meta_set(f->j, "site", "s-birch", 7, &f->err), 0);
    assert_int_equal(bw_journal_meta_set(f->j, "secret", "\0\1\2", 3, &f->err), 0);
    reopen(f);
    assert_int_equal(bw_journal_meta_get(f->j, "site", &out, &f->err), 0);
    assert_string_equal(out.data, "s-birch");
    assert_int_equal(bw_journal_meta_get(f->j, "secret", &out, &f->err), 0);
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.data, "\0\1\2", 3);
    assert_int_equal(bw_journal_meta_set(f->j, "site", NULL, 0, &f->err), 0);
    assert_int_equal(bw_journal_meta_get(f->j, "site", &out, &f->err), -ENOENT);
    bw_buf_done(&out);
    assert_int_equal(bw_journal_usage(f->j, 0, INT64_MAX, NULL, &bytes, &f->err), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(bw_journal_usage_add(f->j, 86400, "wan", 1000, &f->err), 0);
    assert_int_equal(bw_journal_usage_add(f->j, 86400, "wan", 500, &f->err), 0);
    assert_int_equal(bw_journal_usage_add(f->j, 172800, "lte", 70, &f->err), 0);
    assert_int_equal(bw_journal_usage(f->j, 0, INT64_MAX, NULL, &bytes, &f->err), 0);
    assert_int_equal(bytes, 1570);
    assert_int_equal(bw_journal_usage(f->j, 86400, 172800, "wan", &bytes, &f->err), 0);
    assert_int_equal(bytes, 1500);
    assert_int_equal(bw_journal_usage(f->j, 172800, 259200, "wan", &bytes, &f->err), 0);
    assert_int_equal(bytes, 0);
}

/* ---- reading ------------------------------------------------------------------- */

struct seen {
    int64_t next_seq;
    int64_t n;
    int64_t received;
};

static int on_record(void *owner, const struct bw_record *r)
{
    struct seen *s = owner;
    char hash[BW_HASH_LEN + 1];
    bw_sha256_text(r->jws, r->jws_len, hash);
    assert_string_equal(hash, r->sha256);
    assert_int_equal(r->seq, s->next_seq++);
    assert_int_equal(r->position, BW_UNKNOWN);
    s->received += r->received_unix_ms != BW_UNKNOWN;
    s->n++;
    return 0;
}

static int stop_at_two(void *owner, const struct bw_record *r)
{
    (void)owner;
    return r->seq == 2 ? 17 : 0;
}

struct day_seen {
    size_t days;
    size_t slots;
    size_t tests;
    size_t outages;
    int64_t sent;
};

static int on_day(void *owner, const struct bw_circuit_day *d)
{
    struct day_seen *s = owner;
    assert_string_equal(d->site, "s-alder");
    assert_string_equal(d->facts.id, "wan");
    s->days++;
    s->slots += d->n_slots;
    s->tests += d->n_tests;
    s->outages += d->n_outages;
    for (size_t i = 0; i < d->n_latency; i++) {
        s->sent += d->latency[i].sent;
    }
    for (size_t i = 0; i < d->n_tests; i++) {
        assert_string_equal(d->tests[i].method, "http/1");
        assert_string_equal(d->tests[i].flags[1], "retested");
        assert_null(d->tests[i].flags[2]);
        assert_int_equal(d->tests[i].line_error_ppm, BW_UNKNOWN);
    }
    return 0;
}

static void test_records_beside_writer(void **state)
{
    struct fixture *f = *state;
    struct bw_records *r = NULL;
    struct seen seen = {.next_seq = 1};
    struct day_seen days = {0};
    append_n(f, 300);
    assert_int_equal(bw_journal_ack(f->j, f->box.kid, 100, "r", 1789100000000, &f->err), 0);
    assert_int_equal(bw_journal_records(f->path, &r, &f->err), 0);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, on_record, &seen, &f->err), 0);
    assert_int_equal(seen.n, 300);
    assert_int_equal(seen.received, 100);
    append_n(f, 1); /* the writer goes on, the reader sees it */
    seen = (struct seen){.next_seq = 300};
    assert_int_equal(bw_records_each(r, "s-alder", START + 299 * 300, INT64_MAX, on_record,
                                     &seen, &f->err),
                     0);
    assert_int_equal(seen.n, 2);
    seen = (struct seen){.next_seq = 1};
    assert_int_equal(bw_records_each(r, "s-birch", 0, INT64_MAX, on_record, &seen, &f->err),
                     0);
    assert_int_equal(seen.n, 0);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, stop_at_two, NULL, &f->err), 17);
    assert_int_equal(
        bw_records_days(r, "s-alder", "wan", START, START + 90000, on_day, &days, &f->err),
        0);
    assert_int_equal(days.slots, 300);
    assert_int_equal(days.tests, 300 / 24);
    assert_int_equal(days.outages, 300 / 50);
    assert_int_equal(days.sent, 300 * 2 * 300);
    assert_int_equal(days.days, 2);
    bw_records_close(r);
}

static void test_records_without_writer(void **state)
{
    struct fixture *f = *state;
    struct bw_records *r = NULL;
    struct seen seen = {.next_seq = 1};
    append_n(f, 3);
    bw_journal_close(f->j);
    f->j = NULL;
    assert_int_equal(bw_journal_records(f->path, &r, &f->err), 0);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, on_record, &seen, &f->err), 0);
    assert_int_equal(seen.n, 3);
    bw_records_close(r);
    assert_int_equal(bw_journal_records("/nonexistent/j.db", &r, &f->err), -ENOENT);
    assert_non_null(strstr(f->err.text, "/nonexistent/j.db"));
}

/* ---- what it must not open ----------------------------------------------------- */

static void test_second_writer_is_refused(void **state)
{
    struct fixture *f = *state;
    struct bw_journal *second = NULL;
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &second, &f->err), -EBUSY);
    assert_non_null(strstr(f->err.text, "another process"));
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_READ, &second, &f->err), 0);
    bw_journal_close(second);
}

static void overwrite(const char *path, off_t at, const void *data, size_t n)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, n, at), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

static void test_newer_and_damaged(void **state)
{
    struct fixture *f = *state;
    static const unsigned char newer[4] = {0, 0, 0,
                                           99}; /* user_version, big endian, at 60 */
    struct bw_journal *j = NULL;
    append_n(f, 3);
    bw_journal_close(f->j);
    f->j = NULL;
    overwrite(f->path, 60, newer, sizeof(newer));
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err), -BW_ENEWER);
    assert_non_null(strstr(f->err.text, "newer version"));
    overwrite(f->path, 0, "not a data base", 16);
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err),
                     -BW_EMALFORMED);
    assert_non_null(strstr(f->err.text, "damaged"));
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkfifo(f->path, 0600), 0); /* refused, not waited for */
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_READ, &j, &f->err), -EINVAL);
    assert_non_null(strstr(f->err.text, "not a plain file"));
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(bw_store_bin(-BW_EMALFORMED), BW_STORE_BROKEN);
}

static void test_other_data_base(void **state)
{
    struct fixture *f = *state;
    static const unsigned char other[4] = {1, 2, 3, 4}; /* application_id at 68 */
    struct bw_journal *j = NULL;
    bw_journal_close(f->j);
    f->j = NULL;
    overwrite(f->path, 68, other, sizeof(other));
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err),
                     -BW_EMALFORMED);
    assert_non_null(strstr(f->err.text, "something else"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_chain_goes_on),
        T(test_append_refuses_holes_and_forks),
        T(test_pending_and_ack),
        T(test_rewind),
        T(test_refusal_becomes_gap),
        T(test_fork_closes_chain),
        T(test_prune_needs_receipt_and_age),
        T(test_a_long_journal_is_not_walked),
        T(test_values_and_usage),
        T(test_records_beside_writer),
        T(test_records_without_writer),
        T(test_second_writer_is_refused),
        T(test_newer_and_damaged),
        T(test_other_data_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

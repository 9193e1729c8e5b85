/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_writer.c - a disk that stays full until memory is full too: what is lost then is
 * named by the next record, once, and what must not be lost is kept. So is a record that
 * cannot be made. */
#include "bw_test.h"
#include "chain.h"
#include "writer.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <bw/summary.h>
#include <errno.h>
#include <ftw.h>
#include <hash.h>
#include <journal.h>
#include <jws.h>
#include <log.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#define START INT64_C(1795305600)

static atomic_bool full;
static atomic_int tries;

int __real_bw_chain_append(struct bw_chain *c,
                           struct bw_summary *s,
                           struct bw_chain_signed *keep,
                           struct bw_err *reterr);
int __wrap_bw_chain_append(struct bw_chain *c,
                           struct bw_summary *s,
                           struct bw_chain_signed *keep,
                           struct bw_err *reterr);

/* A full disk: the record is signed, but not written. */
int __wrap_bw_chain_append(struct bw_chain *c,
                           struct bw_summary *s,
                           struct bw_chain_signed *keep,
                           struct bw_err *reterr)
{
    if (!full) {
        return __real_bw_chain_append(c, s, keep, reterr);
    }
    tries++;
    keep->tried = true;
    keep->own_gaps = s->n_gaps;
    return bw_err_set(reterr, -ENOSPC, "no space left on the disk");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

struct seen {
    size_t n_records;
    int64_t first_start_s;
    int64_t next_s; /* the end of the newest */
    size_t n_gaps;
    struct bw_gap gaps[16];
    size_t gap_record[16]; /* which record tells it */
    struct bw_buf scratch;
};

static int look(void *owner, const struct bw_record *r)
{
    struct seen *l = owner;
    struct bw_jws jws;
    struct bw_summary s;
    struct bw_err err = {0};
    assert_int_equal(bw_jws_parse(r->jws, r->jws_len, &l->scratch, &jws, &err), 0);
    assert_int_equal(bw_summary_decode(jws.payload, jws.payload_len, &s, &err), 0);
    if (l->n_records == 0) {
        l->first_start_s = s.start_unix_s;
    }
    for (size_t i = 0; i < s.n_gaps; i++) {
        assert_true(l->n_gaps < 16);
        l->gap_record[l->n_gaps] = l->n_records;
        l->gaps[l->n_gaps++] = s.gaps[i];
    }
    l->next_s = s.end_unix_s;
    l->n_records++;
    bw_summary_done(&s);
    return 0;
}

/* `mean_ms` of the one planned test; 0: none. */
static void put_planned(struct bw_writer *w, int64_t n, int64_t mean_ms)
{
    struct bw_summary s;
    bw_summary_init(&s);
    (void)snprintf(s.agent, sizeof(s.agent), "test/1");
    bw_sha256_text("config", 6, s.config);
    s.start_unix_s = START + n * 300;
    s.end_unix_s = s.start_unix_s + 300;
    if (mean_ms > 0) {
        struct bw_schedule_starts *p = bw_summary_alloc(&s, sizeof(*p));
        assert_non_null(p);
        bw_schedule_starts_init(p);
        (void)snprintf(p->probe, sizeof(p->probe), "state");
        (void)snprintf(p->kind, sizeof(p->kind), "http");
        p->mean_ms = mean_ms;
        p->minutes = "0-1440";
        p->give_up_ms = 3600000;
        s.schedule.starts = p;
        s.schedule.n_starts = 1;
    }
    assert_int_equal(bw_writer_summary(w, &s, NULL, 0), 0);
}

static void put(struct bw_writer *w, int64_t n)
{
    put_planned(w, n, 0);
}

static void flag(void *owner)
{
    *(bool *)owner = true;
}

/* The thread has worked off what it was given: all is held, or all is written. */
static void settle(uv_loop_t *loop, const struct bw_writer *w, int64_t n)
{
    const struct bw_writer_status *st = bw_writer_status(w);
    while (st->held + st->rows + st->dropped < n || (!full && st->held > 0)) {
        (void)uv_run(loop, UV_RUN_ONCE);
    }
}

/* Bytes moved that day and the next ones by a circuit. */
static int64_t moved_bytes(struct bw_journal *j, const char *circuit)
{
    int64_t bytes = 0;
    assert_int_equal(
        bw_journal_usage(j, START, START + INT64_C(30) * 86400, circuit, &bytes, NULL), 0);
    return bytes;
}

static void lost_intervals_are_told_once(void **state)
{
    const int64_t n_lost = 4;
    /* as long as that of a campaign's state can be */
    static const char long_name[] =
        "campaign.a-rule-of-the-longest-name-that-a-rule-may-have-123456-20261122";
    int64_t sum = 0;
    char folder[] = "/tmp/bw-writer-XXXXXX";
    char path[96];
    const struct bw_writer_events none = {0};
    struct bw_writer *w = NULL;
    struct bw_records *r = NULL;
    struct bw_err err = {0};
    struct bw_buf kept;
    struct seen l = {0};
    uv_loop_t loop;
    bool closed = false;
    (void)state;
    bw_log_set_level(BW_ERROR);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/journal.db", folder);
    const struct bw_writer_params p = {
        .state_dir = folder, .interval_s = 300, .keep_s = 86400};
    assert_int_equal(uv_loop_init(&loop), 0);
    if (bw_writer_open(&loop, &p, &none, NULL, &w, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(bw_writer_run(w, &err), 0);

    full = true;
    put(w, 0);
    assert_int_equal(bw_writer_set(w, "a.name", "an older value"), 0);
    for (int64_t i = 1; i < BW_WRITER_HELD_MAX + n_lost; i++) {
        put(w, i);
        assert_int_equal(bw_writer_moved(w, "alder", START + i * 300, i), 0);
        assert_int_equal(bw_writer_moved(w, "birch", START + i * 300, 2 * i), 0);
        sum += i;
        settle(&loop, w, i);
    }
    assert_int_equal(bw_writer_set(w, "a.name", "its value"), 0);
    assert_int_equal(bw_writer_set(w, long_name, "a campaign"), 0);
    settle(&loop, w, BW_WRITER_HELD_MAX + n_lost);
    /* Named values and byte counts have their room. */
    assert_int_equal(bw_writer_status(w)->dropped, n_lost);
    assert_int_equal(bw_writer_status(w)->held, BW_WRITER_HELD_MAX);
    assert_true(tries > 0);
    full = false;
    settle(&loop, w, BW_WRITER_HELD_MAX + n_lost);
    put(w, BW_WRITER_HELD_MAX + n_lost);
    settle(&loop, w, BW_WRITER_HELD_MAX + n_lost + 1);

    bw_writer_close(w, 20000, flag, &closed);
    while (!closed) {
        (void)uv_run(&loop, UV_RUN_ONCE);
    }
    assert_int_equal(uv_loop_close(&loop), 0);

    bw_buf_init(&l.scratch, BW_JWS_MAX);
    assert_int_equal(bw_journal_records(path, &r, NULL), 0);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX / 2, look, &l, NULL), 0);
    bw_records_close(r);
    bw_buf_done(&l.scratch);
    assert_int_equal(l.n_records, BW_WRITER_HELD_MAX + 1);
    assert_int_equal(l.n_gaps, 1);
    assert_int_equal(l.gap_record[0], 0); /* by the first that was written */
    assert_int_equal(l.gaps[0].why, BW_GAP_STORAGE);
    assert_int_equal(l.gaps[0].from_unix_s, START);
    assert_int_equal(l.gaps[0].to_unix_s, l.first_start_s); /* nothing between */
    assert_int_equal(l.first_start_s, START + n_lost * 300);
    assert_int_equal(l.next_s, START + (BW_WRITER_HELD_MAX + n_lost + 1) * 300);

    struct bw_journal *j = NULL;
    bw_buf_init(&kept, 256);
    assert_int_equal(bw_journal_open(path, BW_JOURNAL_READ, &j, &err), 0);
    assert_int_equal(bw_journal_meta_get(j, "a.name", &kept, &err), 0);
    assert_string_equal(kept.data, "its value");
    bw_buf_done(&kept);
    bw_buf_init(&kept, 256);
    assert_int_equal(bw_journal_meta_get(j, long_name, &kept, &err), 0);
    assert_string_equal(kept.data, "a campaign");
    assert_int_equal(moved_bytes(j, "alder"), sum);
    assert_int_equal(moved_bytes(j, "birch"), 2 * sum);
    bw_journal_close(j);
    bw_buf_done(&kept);
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* A member out of its range: our own fault, and no reason to be silent of that time. */
static void what_cannot_be_a_record_is_told(void **state)
{
    const int64_t day_ms = 86400000;
    char folder[] = "/tmp/bw-writer-XXXXXX";
    char path[96];
    const struct bw_writer_events none = {0};
    struct bw_writer *w = NULL;
    struct bw_records *r = NULL;
    struct bw_err err = {0};
    struct seen l = {0};
    uv_loop_t loop;
    bool closed = false;
    (void)state;
    bw_log_set_level(BW_ERROR);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/journal.db", folder);
    const struct bw_writer_params p = {
        .state_dir = folder, .interval_s = 300, .keep_s = 86400};
    assert_int_equal(uv_loop_init(&loop), 0);
    if (bw_writer_open(&loop, &p, &none, NULL, &w, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(bw_writer_run(w, &err), 0);
    put_planned(w, 0, day_ms);
    put_planned(w, 1, 45 * day_ms);
    put_planned(w, 2, 45 * day_ms);
    settle(&loop, w, 3);
    put_planned(w, 3, day_ms);
    put_planned(w, 4, day_ms);
    settle(&loop, w, 5);
    assert_int_equal(bw_writer_status(w)->dropped, 2);
    bw_writer_close(w, 20000, flag, &closed);
    while (!closed) {
        (void)uv_run(&loop, UV_RUN_ONCE);
    }
    assert_int_equal(uv_loop_close(&loop), 0);

    bw_buf_init(&l.scratch, BW_JWS_MAX);
    assert_int_equal(bw_journal_records(path, &r, NULL), 0);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX / 2, look, &l, NULL), 0);
    bw_records_close(r);
    bw_buf_done(&l.scratch);
    assert_int_equal(l.n_records, 3);
    int64_t told_to_s = START + 300;
    for (size_t i = 0; i < l.n_gaps; i++) {
        assert_int_equal(l.gap_record[i], 1); /* by the next one */
        assert_int_equal(l.gaps[i].why, BW_GAP_STORAGE);
        assert_int_equal(l.gaps[i].from_unix_s, told_to_s);
        told_to_s = l.gaps[i].to_unix_s;
    }
    assert_int_equal(told_to_s, START + 900);
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_intervals_are_told_once),
        cmocka_unit_test(what_cannot_be_a_record_is_told),
    };
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

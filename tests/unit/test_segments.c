/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_segments.c - sealing: the same records and days before and after, whatever breaks
 * off in the middle. */
#include "bw_test.h"
#include "segments_fixture.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <fcntl.h>
#include <fold.h>
#include <hash.h>
#include <ledger.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- breaking off: the nth of these calls ends the process --------------------------- */

static int steps_left = -1;

static void step(void)
{
    if (steps_left > 0 && --steps_left == 0) {
        _exit(42);
    }
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    step();
    int r = __real_fsync(fd);
    step();
    return r;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    step();
    int r = __real_rename(from, to);
    step();
    return r;
}

int __real_sqlite3_exec(sqlite3 *db,
                        const char *text,
                        int (*cb)(void *, int, char **, char **),
                        void *owner,
                        char **err);
int __wrap_sqlite3_exec(sqlite3 *db,
                        const char *text,
                        int (*cb)(void *, int, char **, char **),
                        void *owner,
                        char **err);
int __wrap_sqlite3_exec(sqlite3 *db,
                        const char *text,
                        int (*cb)(void *, int, char **, char **),
                        void *owner,
                        char **err)
{
    step();
    int r = __real_sqlite3_exec(db, text, cb, owner, err);
    step();
    return r;
}

/* ---- sealing --------------------------------------------------------------------------
 */

static int seq_of(void *owner, const struct bw_record *r)
{
    *(int64_t *)owner = r->seq;
    return 0;
}

static void test_seal_changes_nothing_seen(void **state)
{
    struct fixture *f = *state;
    struct view before;
    struct view after;
    struct bw_ledger_seal_report report;
    struct bw_ledger_stat st;
    int64_t seq = 0;
    fill(f, 3 * PER_DAY + 20);
    look(f, &before);
    assert_int_equal(before.n, 2 * (3 * PER_DAY + 20));
    assert_int_equal(before.n_days, 4);
    assert_int_equal(before.n_slots, 3 * PER_DAY + 20);
    assert_int_equal(f->l->ops->seal(f->l, now_after(3), 3, 0, &report, &f->err), 0);
    assert_int_equal(report.segments, 0); /* too young */
    assert_int_equal(f->l->ops->seal(f->l, now_after(5), 3, 1, &report, &f->err), 0);
    assert_int_equal(report.segments, 1);
    assert_int_equal(report.rows, 2 * PER_DAY);
    look(f, &after);
    assert_same(&before, &after);
    assert_int_equal(f->l->ops->seal(f->l, now_after(9), 3, 0, &report, &f->err), 0);
    assert_int_equal(report.segments, 3);
    look(f, &after);
    assert_same(&before, &after);
    assert_int_equal(f->l->ops->stat(f->l, &st, &f->err), 0);
    assert_int_equal(st.n_hot, 0);
    assert_int_equal(st.n_segments, 4);
    assert_int_equal(f->l->ops->at(f->l, 1001, seq_of, &seq, &f->err), 0);
    assert_int_equal(seq, 501);
    assert_int_equal(f->l->ops->by_seq(f->l, f->box[1].kid, 77, seq_of, &seq, &f->err), 0);
    assert_int_equal(seq, 77);
    /* the chain goes on */
    fill(f, 2);
    look(f, &after);
    assert_int_equal(after.n, before.n + 4);
}

static void test_old_duplicates_and_forks(void **state)
{
    struct fixture *f = *state;
    struct signed_summary first;
    struct signed_summary clone;
    struct bw_ledger_seal_report report;
    box_fork(&f->box[0], &clone);
    box_next(&f->box[0], &first);
    put(f, &first, 7, BW_LEDGER_ACCEPTED);
    fill(f, 30);
    assert_int_equal(f->l->ops->seal(f->l, now_after(9), 3, 0, &report, &f->err), 0);
    put(f, &first, 7, BW_LEDGER_DUPLICATE);
    put(f, &clone, 7, BW_LEDGER_FORK);
    signed_done(&first);
    signed_done(&clone);
}

/* A box that was offline: its old records come after their days are sealed. */
static void test_late_records(void **state)
{
    struct fixture *f = *state;
    struct signed_summary late[60];
    struct view sealed;
    struct view plain;
    struct bw_ledger_seal_report report;
    fill(f, PER_DAY - 30);
    for (size_t i = 0; i < 60; i++) {
        box_next(&f->box[0], &late[i]); /* over midnight */
    }
    assert_int_equal(f->l->ops->seal(f->l, now_after(6), 3, 0, &report, &f->err), 0);
    for (size_t i = 0; i < 60; i++) {
        put(f, &late[i], 8 * DAY, BW_LEDGER_ACCEPTED);
        signed_done(&late[i]);
    }
    look(f, &plain); /* the day row is stale: from the records */
    assert_int_equal(plain.n_slots, PER_DAY + 30);
    assert_int_equal(f->l->ops->seal(f->l, now_after(20), 3, 0, &report, &f->err), 0);
    assert_int_equal(report.rows, 60);
    look(f, &sealed);
    assert_same(&plain, &sealed);
    assert_int_equal(sealed.n_days, 2);
}

static void test_reader_keeps_its_view(void **state)
{
    struct fixture *f = *state;
    struct view before;
    struct view after;
    struct bw_ledger_seal_report report;
    struct bw_records *r = NULL;
    struct picture p = {.last_position = -1};
    fill(f, PER_DAY);
    look(f, &before);
    assert_int_equal(bw_ledger_records(f->path, &r, &f->err), 0);
    assert_int_equal(f->l->ops->seal(f->l, now_after(9), 3, 0, &report, &f->err), 0);
    bw_buf_init(&p.bytes, 1 << 26);
    assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, on_record, &p, &f->err), 0);
    assert_int_equal(p.n, before.n);
    bw_buf_done(&p.bytes);
    bw_records_close(r);
    look(f, &after);
    assert_same(&before, &after);
}

/* What a reader says who wants everything: 0, or the first error with its sentence. */
static int read_everything(struct fixture *f, struct view *v)
{
    struct bw_records *r = NULL;
    struct picture p = {.last_position = -1};
    int n = 0;
    assert_int_equal(bw_ledger_records(f->path, &r, &f->err), 0);
    bw_buf_init(&p.bytes, 1 << 26);
    n = bw_records_each(r, "", 0, INT64_MAX, on_record, &p, &f->err);
    finish(&p, v->all);
    p = (struct picture){0};
    bw_buf_init(&p.bytes, 1 << 26);
    if (n == 0) {
        n = bw_records_days(r, "s-alder", "wan", 0, START + 100 * DAY, on_day, &p, &f->err);
        finish(&p, v->days);
    }
    if (n == 0) {
        p = (struct picture){0};
        bw_buf_init(&p.bytes, 1 << 26);
        n = bw_records_days(r, "s-birch", "wan", 0, START + 100 * DAY, on_day, &p, &f->err);
        finish(&p, v->few);
    }
    bw_buf_done(&p.bytes);
    bw_records_close(r);
    return n;
}

/* One byte, anywhere: whoever reads what it belongs to is told, with the file's name and
 * the way out, and no figure is given that is not the one written. */
static void test_any_flipped_byte_is_told(void **state)
{
    struct fixture *f = *state;
    char path[600];
    struct bw_ledger_seal_report report;
    struct signed_summary first;
    struct view v;
    struct stat st;
    box_next(&f->box[0], &first);
    put(f, &first, 7, BW_LEDGER_ACCEPTED);
    fill(f, 12);
    assert_int_equal(f->l->ops->seal(f->l, now_after(9), 3, 0, &report, &f->err), 0);
    assert_int_equal(read_everything(f, &v), 0);
    (void)snprintf(path, sizeof(path), "%s/segments/%012d-%012d.bws", f->path, 0, 25);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(chmod(path, 0600), 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (off_t at = 0; at < st.st_size; at++) {
        char c = 0;
        assert_int_equal(pread(fd, &c, 1, at), 1);
        char bad = (char)(c ^ (1 << (at % 8)));
        assert_int_equal(pwrite(fd, &bad, 1, at), 1);
        int r = read_everything(f, &v);
        assert_true(r < 0);
        assert_non_null(strstr(f->err.text, ".bws"));
        assert_true(strstr(f->err.text, "restore it from a backup") || r == -BW_ENEWER);
        assert_int_equal(pwrite(fd, &c, 1, at), 1);
    }
    assert_int_equal(read_everything(f, &v), 0);
    /* and the writer goes on: only what would stand there is put off */
    assert_int_equal(pwrite(fd, "x", 1, 40), 1);
    put(f, &first, 7, BW_LEDGER_UNREADABLE);
    fill(f, 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(read_everything(f, &v), -EIO);
    assert_non_null(strstr(f->err.text, "restore it from a backup"));
    signed_done(&first);
}

/* Records come while the file is built and between the steps, also of the day that is
 * being sealed: nothing seen changes but what came. */
static void test_appends_between_the_steps(void **state)
{
    struct fixture *f = *state;
    struct signed_summary late[3];
    struct bw_seal *job = NULL;
    struct view before;
    struct view after;
    int steps = 0;
    fill(f, PER_DAY);
    for (size_t i = 0; i < 3; i++) {
        box_next(&f->box[0], &late[i]);
    }
    assert_int_equal(f->l->ops->seal_plan(f->l, now_after(2), 3, &job, &f->err), 0);
    assert_null(job); /* too young */
    assert_int_equal(f->l->ops->seal_plan(f->l, now_after(9), 3, &job, &f->err), 0);
    assert_non_null(job);
    assert_int_equal(f->l->ops->seal_step(f->l, job, &f->err), -EINVAL);
    assert_int_equal(f->l->ops->seal_build(job, &f->err), 0);
    look(f, &before);
    for (int more = 1; more > 0; steps++) {
        if (steps < 3) {
            put(f, &late[steps], 8 * DAY, BW_LEDGER_ACCEPTED);
            look(f, &before);
        }
        more = f->l->ops->seal_step(f->l, job, &f->err);
        assert_true(more >= 0);
        look(f, &after);
        assert_same(&before, &after);
    }
    assert_true(steps > 5);
    f->l->ops->seal_free(job, NULL);
    assert_int_equal(before.n, 2 * PER_DAY + 3);
    for (size_t i = 0; i < 3; i++) {
        signed_done(&late[i]);
    }
}

/* Broken off between any two steps without a crash: the file that nobody named is gone,
 * and the next sealing goes on from there. */
static void test_given_up_between_the_steps(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger_seal_report report;
    struct bw_ledger_stat st;
    struct view before;
    struct view after;
    bool over = false;
    fill(f, 40);
    look(f, &before);
    for (int steps = 0; !over; steps++) {
        struct bw_seal *job = NULL;
        assert_int_equal(f->l->ops->seal_plan(f->l, now_after(9), 3, &job, &f->err), 0);
        if (!job) {
            break;
        }
        f->l->ops->seal_stop(job);
        int r = f->l->ops->seal_build(job, &f->err);
        assert_true(r == -ECANCELED || steps >= 3); /* then only rows are left to go */
        f->l->ops->seal_free(job, NULL);
        assert_int_equal(f->l->ops->seal_plan(f->l, now_after(9), 3, &job, &f->err), 0);
        assert_int_equal(f->l->ops->seal_build(job, &f->err), 0);
        for (int i = 0; i < steps && !over; i++) {
            over = f->l->ops->seal_step(f->l, job, &f->err) == 0;
        }
        f->l->ops->seal_free(job, NULL);
        look(f, &after);
        assert_same(&before, &after);
    }
    assert_int_equal(f->l->ops->seal(f->l, now_after(9), 3, 0, &report, &f->err), 0);
    assert_int_equal(f->l->ops->stat(f->l, &st, &f->err), 0);
    assert_int_equal(st.n_hot, 0);
    assert_int_equal(st.n_segments, 1);
    look(f, &after);
    assert_same(&before, &after);
}

/* End the process before and after every sync, rename and statement of sealing; each time
 * the next start finds every record once. */
static void test_sealing_breaks_off_anywhere(void **state)
{
    struct fixture *f = *state;
    struct view before;
    struct view after;
    struct bw_ledger_seal_report report;
    int broken = 0;
    int status = 0;
    fill(f, 40);
    look(f, &before);
    bw_ledger_close(f->l);
    f->l = NULL;
    for (int n = 1; n < 200; n++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct bw_ledger *l = NULL;
            steps_left = n;
            int r = bw_ledger_open(f->path, BW_LEDGER_WRITE, &l, NULL);
            if (r == 0) {
                r = l->ops->seal(l, now_after(9), 3, 0, &report, NULL);
            }
            _exit(r == 0 ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 1);
        look(f, &after); /* as a reader, with nobody having mended anything */
        assert_same(&before, &after);
        if (WEXITSTATUS(status) == 0) {
            break;
        }
        broken++;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(broken > 10);
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &f->l, &f->err), 0);
    assert_non_null(f->l);
    struct bw_ledger_stat st;
    assert_int_equal(f->l->ops->stat(f->l, &st, &f->err), 0);
    assert_int_equal(st.n_hot, 0);
    assert_int_equal(st.n_segments, 1);
    fill(f, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_seal_changes_nothing_seen),
        T(test_old_duplicates_and_forks),
        T(test_late_records),
        T(test_reader_keeps_its_view),
        T(test_any_flipped_byte_is_told),
        T(test_appends_between_the_steps),
        T(test_given_up_between_the_steps),
        T(test_sealing_breaks_off_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

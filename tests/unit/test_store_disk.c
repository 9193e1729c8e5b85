/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_store_disk.c - a disk that is full, a disk gone read-only, a data base another
 * process has locked: each answered in its bin, nothing lost, and on it goes afterwards.
 *
 * The disks are small tmpfs in a mount namespace of the test's own. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <fcntl.h>
#include <journal.h>
#include <ledger.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum {
    START = 1788998400,
    DAY = 86400
};

struct fixture {
    char *folder;
    char path[300];
    struct box box;
    struct bw_err err;
};

static const char *why_not; /* the reason when there are no mounts of our own */

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, text, strlen(text)) < 0) {
            why_not = "cannot map user ids";
        }
        (void)close(fd);
    }
}

/* Root has mounts of its own; others get them with a user namespace where allowed. */
static int enter_namespace(void **state)
{
    (void)state;
    char map[64];
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) < 0) {
        why_not = "no mount namespace is permitted here";
        return 0;
    }
    if (uid != 0) {
        write_text("/proc/self/setgroups", "deny");
        (void)snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
        write_text("/proc/self/uid_map", map);
        (void)snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
        write_text("/proc/self/gid_map", map);
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        why_not = "mounts cannot be made private here";
    }
    return 0;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->folder = tmp_folder();
    if (!why_not && mount("tmpfs", f->folder, "tmpfs", 0, "size=1m,mode=700") < 0) {
        why_not = "tmpfs cannot be mounted here";
    }
    (void)snprintf(f->path, sizeof(f->path), "%s/store", f->folder);
    box_init(&f->box, "s-alder", START);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)umount2(f->folder, MNT_DETACH);
    box_done(&f->box);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

static void need_mounts(void)
{
    if (why_not) {
        print_message("skipped: %s\n", why_not);
        skip();
    }
}

static void remount(struct fixture *f, unsigned long flags, const char *options)
{
    assert_int_equal(mount("tmpfs", f->folder, "tmpfs", MS_REMOUNT | flags, options), 0);
}

static int append(struct fixture *f, struct bw_journal *j, const struct signed_summary *s)
{
    struct bw_journal_entry e = {
        .summary = &s->summary, .jws = s->jws.data, .jws_len = s->jws.len, .kid = s->kid};
    return bw_journal_append(j, &e, &f->err);
}

static void test_journal_on_a_full_disk(void **state)
{
    struct fixture *f = *state;
    struct bw_journal *j = NULL;
    struct bw_journal_head h;
    struct signed_summary s;
    int r = 0;
    need_mounts();
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err), 0);
    for (int i = 0; i < 2000; i++) {
        box_next(&f->box, &s);
        r = append(f, j, &s);
        if (r < 0) {
            break;
        }
        signed_done(&s);
    }
    assert_int_equal(bw_store_bin(r), BW_STORE_FULL);
    assert_non_null(strstr(f->err.text, "full"));
    assert_int_equal(bw_store_bin(append(f, j, &s)), BW_STORE_FULL); /* and again */
    assert_int_equal(bw_journal_head(j, NULL, &h, &f->err), 0);      /* reading goes on */
    assert_int_equal(h.seq, s.summary.seq - 1);
    remount(f, 0, "size=16m,mode=700");
    assert_int_equal(append(f, j, &s), 0); /* the very record that found no room */
    signed_done(&s);
    bw_journal_close(j);
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err), 0);
    assert_int_equal(bw_journal_head(j, NULL, &h, &f->err), 0);
    assert_int_equal(h.seq, f->box.seq);
    assert_string_equal(h.hash, f->box.hash);
    bw_journal_close(j);
}

static void test_journal_opened_on_a_full_disk(void **state)
{
    struct fixture *f = *state;
    struct bw_journal *j = NULL;
    char path[400];
    static const char filler[4096];
    need_mounts();
    (void)snprintf(path, sizeof(path), "%s/filler", f->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, filler, sizeof(filler)) > 0) {
    }
    assert_int_equal(close(fd), 0);
    int r = bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err);
    assert_int_equal(bw_store_bin(r), BW_STORE_FULL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err), 0);
    bw_journal_close(j);
}

static void test_journal_on_a_read_only_disk(void **state)
{
    struct fixture *f = *state;
    struct bw_journal *j = NULL;
    struct bw_journal *reader = NULL;
    struct bw_journal_head h;
    struct signed_summary s;
    need_mounts();
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err), 0);
    box_next(&f->box, &s);
    assert_int_equal(append(f, j, &s), 0);
    signed_done(&s);
    bw_journal_close(j);
    j = NULL;
    remount(f, MS_RDONLY, NULL);
    int r = bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err);
    assert_int_equal(r, -EROFS);
    assert_int_equal(bw_store_bin(r), BW_STORE_RETRY);
    /* looking is possible: no shared memory file can be made, none is needed */
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_READ, &reader, &f->err), 0);
    assert_int_equal(bw_journal_head(reader, NULL, &h, &f->err), 0);
    assert_int_equal(h.seq, 1);
    bw_journal_close(reader);
    remount(f, 0, "size=4m,mode=700");
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err), 0);
    box_next(&f->box, &s);
    assert_int_equal(append(f, j, &s), 0);
    signed_done(&s);
    bw_journal_close(j);
}

static void put(struct fixture *f, struct bw_ledger *l)
{
    struct signed_summary s;
    struct bw_ledger_result res;
    box_next(&f->box, &s);
    struct bw_ledger_entry e = {.summary = &s.summary,
                                .jws = s.jws.data,
                                .jws_len = s.jws.len,
                                .received_unix_ms = s.summary.end_unix_s * 1000};
    memcpy(e.kid, s.kid, sizeof(e.kid));
    memcpy(e.sha256, s.sha256, sizeof(e.sha256));
    assert_int_equal(bw_ledger_append(l, &e, 1, &res, &f->err), 0);
    assert_int_equal(res.verdict, BW_LEDGER_ACCEPTED);
    signed_done(&s);
}

static int count(void *owner, const struct bw_record *r)
{
    assert_int_equal(r->position, *(int64_t *)owner);
    ++*(int64_t *)owner;
    return 0;
}

static void test_sealing_on_a_full_disk(void **state)
{
    struct fixture *f = *state;
    struct bw_ledger *l = NULL;
    struct bw_records *rec = NULL;
    struct bw_ledger_seal_report report;
    char path[400];
    static const char filler[1024];
    int64_t n = 0;
    int64_t now = (START + 9 * (int64_t)DAY) * 1000;
    need_mounts();
    remount(f, 0, "size=8m,mode=700");
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &l, &f->err), 0);
    for (int i = 0; i < 100; i++) {
        put(f, l);
    }
    (void)snprintf(path, sizeof(path), "%s/filler", f->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, filler, sizeof(filler)) > 0) {
    }
    assert_int_equal(close(fd), 0);
    int r = l->ops->seal(l, now, 3, 0, &report, &f->err);
    assert_int_equal(bw_store_bin(r), BW_STORE_FULL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(bw_ledger_records(f->path, &rec, &f->err), 0);
    assert_int_equal(bw_records_each(rec, "", 0, INT64_MAX, count, &n, &f->err), 0);
    assert_int_equal(n, 100);
    assert_int_equal(l->ops->seal(l, now, 3, 0, &report, &f->err), 0);
    assert_int_equal(report.rows, 100);
    n = 0;
    assert_int_equal(bw_records_each(rec, "", 0, INT64_MAX, count, &n, &f->err), 0);
    assert_int_equal(n, 100);
    bw_records_close(rec);
    bw_ledger_close(l);
}

/* ---- locked ----------------------------------------------------------------------- */

static void test_locked_by_another(void **state)
{
    struct fixture *f = *state;
    struct bw_journal *j = NULL;
    struct bw_catalogue *c = NULL;
    struct bw_site site = {.id = "s-heron"};
    struct signed_summary s;
    sqlite3 *other = NULL;
    char path[400];
    assert_int_equal(bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &f->err), 0);
    assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    box_next(&f->box, &s);
    int r = append(f, j, &s);
    assert_int_equal(r, -EAGAIN);
    assert_int_equal(bw_store_bin(r), BW_STORE_RETRY);
    assert_non_null(strstr(f->err.text, "locked"));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(append(f, j, &s), 0);
    signed_done(&s);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    bw_journal_close(j);

    (void)snprintf(path, sizeof(path), "%s/catalogue", f->folder);
    assert_int_equal(bw_catalogue_open(path, &c, &f->err), 0);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(c->ops->site_add(c, &site, &f->err), -EAGAIN);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(c->ops->site_add(c, &site, &f->err), 0);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    bw_catalogue_close(c);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_journal_on_a_full_disk),      T(test_journal_opened_on_a_full_disk),
        T(test_journal_on_a_read_only_disk), T(test_sealing_on_a_full_disk),
        T(test_locked_by_another),
    };
    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}

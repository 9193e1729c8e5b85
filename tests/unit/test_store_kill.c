/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_store_kill.c - kill -9 of a writer under load, fifty times in a row: what was
 * answered with success is there, once, and the chain and the positions go on. And two
 * readers beside a writer that seals: each sees every position once, at any moment. */
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <hash.h>
#include <journal.h>
#include <ledger.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    START = 1788998400,
    ROUNDS = 50,
    POOL = 3000,
    BATCH_MAX = 20
};

/* What the writer tells once the store has answered. */
struct told {
    int64_t place; /* seq, or position */
    char sha256[BW_HASH_LEN + 1];
};

struct fixture {
    char *folder;
    char path[300];
    struct box box;
    struct gen gen;
    char (*want)[BW_HASH_LEN + 1]; /* by place */
    int64_t n_want;                /* the highest place told, plus 1 */
    int64_t cap;
    struct bw_err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/store", f->folder);
    box_init(&f->box, "s-alder", START);
    f->gen.state = 4711;
    f->cap = 200000;
    f->want = calloc((size_t)f->cap, sizeof(*f->want));
    assert_non_null(f->want);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    box_done(&f->box);
    tmp_folder_drop(f->folder);
    free(f->want);
    free(f);
    return 0;
}

static void tell(int fd, int64_t place, const char *sha256)
{
    struct told t = {.place = place};
    memcpy(t.sha256, sha256, sizeof(t.sha256));
    if (write(fd, &t, sizeof(t)) != (ssize_t)sizeof(t)) {
        _exit(3);
    }
}

/* Run `writer` in a process of its own and kill it after some of its answers. */
static void run_and_kill(struct fixture *f, void (*writer)(struct fixture *f, int fd))
{
    int pipes[2];
    int status = 0;
    int64_t wait_for = gen_between(&f->gen, 1, 120);
    int linger_ms = (int)gen_between(&f->gen, 0, 12);
    struct told t;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(pipes[0]);
        writer(f, pipes[1]);
        _exit(0);
    }
    assert_int_equal(close(pipes[1]), 0);
    bool killed = false;
    while (read(pipes[0], &t, sizeof(t)) == (ssize_t)sizeof(t)) {
        assert_true(t.place >= 0 && t.place < f->cap);
        if (f->want[t.place][0] != '\0') {
            assert_string_equal(f->want[t.place], t.sha256); /* a place never changes */
        }
        memcpy(f->want[t.place], t.sha256, sizeof(t.sha256));
        f->n_want = t.place + 1 > f->n_want ? t.place + 1 : f->n_want;
        if (--wait_for <= 0 && !killed) {
            struct pollfd none = {.fd = -1};
            (void)poll(&none, 1, linger_ms);
            assert_int_equal(kill(pid, SIGKILL), 0);
            killed = true;
        }
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    assert_int_equal(close(pipes[0]), 0);
}

/* ---- the journal ------------------------------------------------------------------ */

static void journal_writer(struct fixture *f, int fd)
{
    struct bw_journal *j = NULL;
    struct bw_journal_head h;
    struct bw_err err = {""};
    size_t freed = 0;
    if (bw_journal_open(f->path, BW_JOURNAL_WRITE, &j, &err) < 0 ||
        bw_journal_head(j, f->box.kid, &h, &err) < 0) {
        (void)fprintf(stderr, "writer: %s\n", err.text);
        _exit(2);
    }
    f->box.seq = h.seq; /* as the daemon does after a restart */
    memcpy(f->box.hash, h.hash, sizeof(h.hash));
    f->box.start_unix_s = START + h.seq * 300;
    for (int i = 0; i < 400; i++) {
        struct signed_summary s;
        box_next(&f->box, &s);
        struct bw_journal_entry e = {
            .summary = &s.summary, .jws = s.jws.data, .jws_len = s.jws.len, .kid = s.kid};
        int r = bw_journal_append(j, &e, &err);
        if (r == 0) {
            tell(fd, s.summary.seq, s.sha256);
        }
        if (r == 0 && i % 5 == 4) {
            r = bw_journal_ack(j, s.kid, s.summary.seq - 2, "receipt", 1, &err);
        }
        if (r == 0 && i % 30 == 29) { /* nothing of it is old enough to go */
            r = bw_journal_prune(j, 1000000000, s.summary.end_unix_s, 0, &freed, &err);
        }
        signed_done(&s);
        if (r < 0 || freed > 0) {
            (void)fprintf(stderr, "writer: %s\n", err.text);
            _exit(2);
        }
    }
}

struct check {
    struct fixture *f;
    int64_t next;
    char prev[BW_HASH_LEN + 1];
};

static int check_record(void *owner, const struct bw_record *r)
{
    struct check *c = owner;
    char hash[BW_HASH_LEN + 1];
    assert_int_equal(r->seq, c->next);
    bw_sha256_text(r->jws, r->jws_len, hash);
    assert_string_equal(hash, r->sha256);
    if (c->f->want[r->seq][0] != '\0') {
        assert_string_equal(c->f->want[r->seq], hash);
    }
    c->next++;
    return 0;
}

static void test_journal_killed(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < ROUNDS; i++) {
        struct bw_records *r = NULL;
        struct check c = {.f = f, .next = 1};
        run_and_kill(f, journal_writer);
        assert_int_equal(bw_journal_records(f->path, &r, &f->err), 0);
        assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, check_record, &c, &f->err),
                         0);
        bw_records_close(r);
        assert_true(c.next >= f->n_want);     /* nothing told is missing */
        assert_true(c.next <= f->n_want + 1); /* at most one was written and not told */
    }
    assert_true(f->n_want > ROUNDS);
}

/* ---- the ledger ------------------------------------------------------------------- */

static struct signed_summary *pool; /* made once, before the writers are forked */

static struct bw_ledger_entry entry_of(const struct signed_summary *s)
{
    struct bw_ledger_entry e = {.summary = &s->summary,
                                .jws = s->jws.data,
                                .jws_len = s->jws.len,
                                .received_unix_ms = s->summary.end_unix_s * 1000 + 5000};
    memcpy(e.kid, s->kid, sizeof(e.kid));
    memcpy(e.sha256, s->sha256, sizeof(e.sha256));
    return e;
}

/* Sealing as the collector does it: built beside the appends, taken over between them. */
struct sealing {
    struct bw_ledger *l;
    struct bw_seal *job;
    pthread_t thread;
    atomic_bool built;
    bool building;
    int build_r;
};

static void *builder(void *arg)
{
    struct sealing *s = arg;
    s->build_r = s->l->ops->seal_build(s->job, NULL);
    atomic_store(&s->built, true);
    return NULL;
}

static int seal_turn(struct sealing *s, bool wait, int64_t now_unix_ms, struct bw_err *err)
{
    int r = 0;
    if (!s->job) {
        atomic_store(&s->built, false);
        r = s->l->ops->seal_plan(s->l, now_unix_ms, 1, &s->job, err);
        s->building = r == 0 && s->job && pthread_create(&s->thread, NULL, builder, s) == 0;
        return r;
    }
    if (s->building) {
        if (!wait && !atomic_load(&s->built)) {
            return 0;
        }
        (void)pthread_join(s->thread, NULL);
        s->building = false;
        return s->build_r;
    }
    r = s->l->ops->seal_step(s->l, s->job, err);
    if (r == 0) {
        s->l->ops->seal_free(s->job, NULL);
        s->job = NULL;
    }
    return r < 0 ? r : 0;
}

static void ledger_writer(struct fixture *f, int fd)
{
    struct bw_ledger *l = NULL;
    struct bw_ledger_head h = {.acked_through = 0};
    struct bw_err err = {""};
    struct sealing sealing = {.job = NULL};
    int r = bw_ledger_open(f->path, BW_LEDGER_WRITE, &l, &err);
    sealing.l = l;
    if (r == 0) {
        r = bw_ledger_head(l, f->box.kid, &h, &err);
        r = r == -ENOENT ? 0 : r;
    }
    int64_t at = h.acked_through; /* pool[at] is the next one */
    f->gen.state += (uint64_t)at * 77 + 1;
    while (r == 0 && at < POOL) {
        struct bw_ledger_entry e[BATCH_MAX];
        struct bw_ledger_result res[BATCH_MAX];
        size_t n = (size_t)gen_between(&f->gen, 1, BATCH_MAX);
        int64_t from = at - gen_between(&f->gen, 0, 5); /* some again */
        from = from < 0 ? 0 : from;
        n = (int64_t)n > POOL - from ? (size_t)(POOL - from) : n;
        for (size_t i = 0; i < n; i++) {
            e[i] = entry_of(&pool[from + (int64_t)i]);
        }
        if (n > 2 && gen_chance(&f->gen, 30)) { /* out of order */
            struct bw_ledger_entry t = e[n - 1];
            e[n - 1] = e[n - 2];
            e[n - 2] = t;
        }
        r = bw_ledger_append(l, e, n, res, &err);
        for (size_t i = 0; r == 0 && i < n; i++) {
            if (res[i].position != BW_UNKNOWN) {
                tell(fd, res[i].position, e[i].sha256);
            }
        }
        at = from + (int64_t)n > at ? from + (int64_t)n : at;
        if (r == 0 && (sealing.job || gen_chance(&f->gen, 15))) {
            r = seal_turn(&sealing, gen_chance(&f->gen, 40),
                          (pool[at - 1].summary.end_unix_s + 3600) * 1000, &err);
        }
    }
    if (sealing.building) {
        (void)pthread_join(sealing.thread, NULL);
    }
    if (r < 0) {
        (void)fprintf(stderr, "writer: %s\n", err.text);
        _exit(2);
    }
}

static int check_position(void *owner, const struct bw_record *r)
{
    struct check *c = owner;
    assert_int_equal(r->position, c->next);
    assert_int_equal(r->seq, c->next + 1); /* one chain: in order, each once */
    assert_string_equal(r->sha256, pool[c->next].sha256);
    c->next++;
    return 0;
}

static void test_ledger_killed(void **state)
{
    struct fixture *f = *state;
    pool = calloc(POOL, sizeof(*pool));
    assert_non_null(pool);
    for (size_t i = 0; i < POOL; i++) {
        box_next(&f->box, &pool[i]);
    }
    int64_t sealed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct bw_records *r = NULL;
        struct bw_ledger *l = NULL;
        struct bw_ledger_stat st;
        struct check c = {.f = f};
        run_and_kill(f, ledger_writer);
        assert_int_equal(bw_ledger_records(f->path, &r, &f->err), 0);
        assert_int_equal(bw_records_each(r, "", 0, INT64_MAX, check_position, &c, &f->err),
                         0);
        bw_records_close(r);
        assert_true(c.next >= f->n_want);
        assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_READ, &l, &f->err), 0);
        assert_int_equal(l->ops->stat(l, &st, &f->err), 0);
        assert_int_equal(st.n_positions, c.next);
        assert_int_equal(st.n_forks, 0);
        sealed = st.n_segments;
        bw_ledger_close(l);
    }
    assert_true(sealed > 2); /* it was sealing too */
    for (size_t i = 0; i < POOL; i++) {
        signed_done(&pool[i]);
    }
    free(pool);
    pool = NULL;
}

/* ---- readers beside the writer ------------------------------------------------------ */

static int next_position(void *owner, const struct bw_record *r)
{
    int64_t *next = owner;
    return r->position == (*next)++ ? 0 : -EBADMSG;
}

/* Read again and again until the writer's end of the pipe closes. */
static int read_along(struct fixture *f, int fd)
{
    int64_t seen = 0;
    int64_t rounds = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, 0) == 0) {
        struct bw_records *r = NULL;
        int64_t n = 0;
        if (bw_ledger_records(f->path, &r, &f->err) < 0) {
            return 2;
        }
        for (int i = 0; i < 3; i++) { /* the same handle sees it grow */
            n = 0;
            if (bw_records_each(r, "", 0, INT64_MAX, next_position, &n, &f->err) != 0 ||
                n < seen) {
                return 3;
            }
            seen = n;
        }
        bw_records_close(r);
        rounds++;
    }
    return rounds > 0 ? 0 : 4;
}

static void test_readers_beside_the_writer(void **state)
{
    enum {
        READERS = 2,
        RECORDS = 800
    };
    struct fixture *f = *state;
    struct bw_ledger *l = NULL;
    struct bw_ledger_seal_report report;
    int pipes[2];
    pid_t readers[READERS];
    int64_t sealed = 0;
    assert_int_equal(bw_ledger_open(f->path, BW_LEDGER_WRITE, &l, &f->err), 0);
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < READERS; i++) {
        readers[i] = fork();
        assert_true(readers[i] >= 0);
        if (readers[i] == 0) {
            (void)close(pipes[1]);
            int r = read_along(f, pipes[0]);
            if (r != 0) {
                (void)fprintf(stderr, "reader: %s\n", f->err.text);
            }
            _exit(r);
        }
    }
    assert_int_equal(close(pipes[0]), 0);
    for (int i = 0; i < RECORDS; i++) {
        struct signed_summary s;
        struct bw_ledger_result res;
        box_next(&f->box, &s);
        struct bw_ledger_entry e = entry_of(&s);
        assert_int_equal(bw_ledger_append(l, &e, 1, &res, &f->err), 0);
        if (i % 50 == 49) {
            int64_t now = (s.summary.end_unix_s + 3600) * 1000;
            assert_int_equal(l->ops->seal(l, now, 1, 1, &report, &f->err), 0);
            sealed += report.rows;
        }
        signed_done(&s);
    }
    assert_int_equal(close(pipes[1]), 0);
    for (int i = 0; i < READERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(readers[i], &status, 0), readers[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_true(sealed > 0);
    bw_ledger_close(l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_journal_killed),
        T(test_ledger_killed),
        T(test_readers_beside_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

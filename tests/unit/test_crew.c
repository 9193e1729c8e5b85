/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_crew.c - jobs among processes: order, what is caught, a worker that dies, a signal;
 * and the words of progress. */
#include <buf.h>
#include <bw/err.h>
#include <crew.h>
#include <errno.h>
#include <poll.h>
#include <progress.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    JOBS = 12,
    DIES = 5,
    FAILS = 7
};

struct world {
    struct bw_buf heard; /* of all jobs, as done() got them */
    size_t n_done;
    size_t most;
    size_t own; /* jobs that this worker did */
    bool kill;
    bool stop;
};

static int job(void *owner, size_t i, struct bw_buf *out)
{
    struct world *w = owner;

    w->own++;
    if (i % 3 == 0) {
        (void)poll(NULL, 0, 30); /* later jobs of others are ready before it */
    }
    if (w->kill && i == DIES) {
        (void)fprintf(stderr, "last words\n");
        (void)raise(SIGKILL);
    }
    if (w->stop && i == 2) {
        (void)kill(getppid(), SIGTERM);
        (void)poll(NULL, 0, 60000);
    }
    bw_buf_printf(out, "result %zu", i);
    (void)printf("said %zu\n", i);
    (void)fprintf(stderr, "told %zu\n", i);
    return i == FAILS ? 1 : 0;
}

static void done(void *owner, const struct bw_crew_done *d)
{
    struct world *w = owner;

    assert_int_equal(d->job, w->n_done);
    w->n_done++;
    bw_buf_printf(&w->heard, "%zu %d %d <%.*s> <%.*s> <%.*s>;", d->job, d->status,
                  d->signal, (int)d->n_result, d->result, (int)d->n_said, d->said,
                  (int)d->n_told, d->told);
}

static void progress(void *owner, size_t n)
{
    struct world *w = owner;

    assert_true(n > w->most);
    w->most = n;
}

static int go(struct world *w, size_t n_workers)
{
    const struct bw_crew_plan plan = {.n_jobs = JOBS,
                                      .n_workers = n_workers,
                                      .do_job = job,
                                      .done = done,
                                      .progress = progress,
                                      .owner = w};
    struct bw_err err = {""};
    int r;

    bw_buf_init(&w->heard, 65536);
    r = bw_crew_run(&plan, &err);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
    assert_int_equal(errno, ECHILD);
    assert_int_equal(w->own, 0); /* all of it was done elsewhere */
    return r;
}

static void wanted(struct bw_buf *out, bool kill)
{
    for (size_t i = 0; i < JOBS; i++) {
        if (kill && i == DIES) {
            bw_buf_printf(out, "%zu -1 9 <> <> <last words\n>;", i);
        } else {
            bw_buf_printf(out, "%zu %d 0 <result %zu> <said %zu\n> <told %zu\n>;", i,
                          i == FAILS, i, i, i);
        }
    }
}

static void in_order_whatever_their_number(void **state)
{
    static const size_t numbers[] = {1, 2, 5, BW_CREW_WORKERS_MAX};
    (void)state;

    for (size_t k = 0; k < 2 * sizeof(numbers) / sizeof(numbers[0]); k++) {
        struct world w = {.kill = k % 2};
        struct bw_buf want;
        bw_buf_init(&want, 65536);
        wanted(&want, w.kill);
        assert_int_equal(go(&w, numbers[k / 2]), 0);
        assert_string_equal(w.heard.data, want.data);
        assert_int_equal(w.n_done, JOBS);
        assert_int_equal(w.most, JOBS);
        bw_buf_done(&w.heard);
        bw_buf_done(&want);
    }
}

static void a_signal_ends_all(void **state)
{
    struct world w = {.stop = true};
    (void)state;

    assert_int_equal(go(&w, 1), -EINTR);
    assert_int_equal(w.n_done, 2);
    bw_buf_done(&w.heard);
}

static void words_of_progress(void **state)
{
    struct bw_progress p = {.what = "circuits", .n = 300, .begun_mono_ms = 1000};
    char out[160];
    (void)state;

    bw_progress_words(&p, 0, 1000, true, out);
    assert_string_equal(out, "[..............................] 0 of 300 circuits");
    bw_progress_words(&p, 150, 2999, true, out); /* 1.999 s: too soon to guess */
    assert_string_equal(out, "[###############...............] 150 of 300 circuits");
    bw_progress_words(&p, 100, 11000, false, out); /* 10 s for 100: 20 s for 200 */
    assert_string_equal(out, "100 of 300 circuits, about 21 s left");
    bw_progress_words(&p, 3, 11000, false, out); /* 10 s · 297 / 3 = 990 s = 16.5 min */
    assert_string_equal(out, "3 of 300 circuits, about 17 min left");
    bw_progress_words(&p, 300, 99000, true, out);
    assert_string_equal(out, "[##############################] 300 of 300 circuits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_whatever_their_number),
        cmocka_unit_test(a_signal_ends_all),
        cmocka_unit_test(words_of_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_errand.c - errands: what they say, their limits, their order, their end. */
#include "errand.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

enum {
    PLENTY_MS = 30000
};

struct scene {
    uv_loop_t loop;
    struct bw_errands *e;
    int n_busy;
    bool is_busy;
    bool closed;
    char order[16];
};

struct seen {
    struct scene *s;
    char name;
    int n;
    int status;
    char said[BW_ERRAND_SAID_MAX];
};

static void on_busy(void *owner, bool on)
{
    struct scene *s = owner;

    assert_true(s->is_busy != on);
    s->is_busy = on;
    s->n_busy += on;
}

static void on_end(void *owner, const struct bw_errand_end *end)
{
    struct seen *x = owner;
    size_t at = strlen(x->s->order);

    x->n++;
    x->status = end->status;
    (void)snprintf(x->said, sizeof(x->said), "%s", end->said);
    x->s->order[at] = x->name;
}

static void on_closed(void *owner)
{
    struct scene *s = owner;

    s->closed = true;
}

static void begin(struct scene *s)
{
    const struct bw_errands_opts opts = {.program = "/bin/sh", .busy = on_busy, .owner = s};

    memset(s, 0, sizeof(*s));
    assert_int_equal(uv_loop_init(&s->loop), 0);
    assert_int_equal(bw_errands_new(&s->loop, &opts, &s->e), 0);
}

static void end(struct scene *s)
{
    bw_errands_close(s->e, on_closed, s);
    assert_false(s->closed);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_true(s->closed);
    assert_false(s->is_busy);
    assert_int_equal(uv_loop_close(&s->loop), 0);
}

static int run(struct seen *x, const char *script, int64_t limit_ms, bool quiet)
{
    const char *const words[] = {"-c", script, NULL};

    return bw_errands_run(x->s->e, words, limit_ms, quiet, on_end, x);
}

static void test_status_and_last_words(void **state)
{
    struct scene s;
    struct seen good = {.s = &s, .name = 'a'};
    struct seen bad = {.s = &s, .name = 'b'};
    struct seen much = {.s = &s, .name = 'c'};
    struct bw_errands_stats stats;

    (void)state;
    begin(&s);
    assert_int_equal(
        run(&good, "test \"$(nice)\" = 19 && test -z \"$(cat)\"", PLENTY_MS, false), 0);
    assert_int_equal(run(&bad, "echo no such line >&2; exit 3", PLENTY_MS, false), 0);
    assert_int_equal(run(&much,
                         "i=0; while [ $i -lt 2000 ]; do echo 12345678901234567890 >&2; "
                         "i=$((i+1)); done; echo the end >&2",
                         PLENTY_MS, false),
                     0);
    assert_int_equal(good.n, 0); /* never before it returns */
    (void)uv_run(&s.loop, UV_RUN_DEFAULT);
    assert_string_equal(s.order, "abc");
    assert_int_equal(good.status, 0);
    assert_string_equal(good.said, "");
    assert_int_equal(bad.status, 3);
    assert_string_equal(bad.said, "no such line\n");
    assert_int_equal(much.status, 0);
    assert_int_equal(strlen(much.said), BW_ERRAND_SAID_MAX - 1);
    assert_string_equal(much.said + BW_ERRAND_SAID_MAX - 1 - 8, "the end\n");
    assert_int_equal(s.n_busy, 3);
    bw_errands_stats(s.e, &stats);
    assert_int_equal(stats.done, 3);
    assert_int_equal(stats.failed, 1);
    end(&s);
}

static void test_what_takes_too_long_ends_with_all_it_started(void **state)
{
    struct scene s;
    struct seen x = {.s = &s, .name = 'a'};
    struct seen after = {.s = &s, .name = 'b'};

    (void)state;
    begin(&s);
    /* sh waits for a child that holds its standard error */
    assert_int_equal(run(&x, "sleep 600; true", 200, false), 0);
    assert_int_equal(run(&after, "exit 0", PLENTY_MS, false), 0);
    (void)uv_run(&s.loop, UV_RUN_DEFAULT);
    assert_true(x.status < 0);
    assert_string_equal(x.said, "it took too long");
    assert_int_equal(after.status, 0);
    end(&s);
}

static void test_quiet_ones_wait_and_queues_are_bounded(void **state)
{
    struct scene s;
    struct seen quiet = {.s = &s, .name = 'q'};
    struct seen loud = {.s = &s, .name = 'l'};
    struct seen more = {.s = &s, .name = 'm'};

    (void)state;
    begin(&s);
    assert_int_equal(run(&quiet, "exit 0", PLENTY_MS, true), 0);
    assert_int_equal(run(&loud, "exit 0", PLENTY_MS, false), 0);
    for (int i = 1; i < BW_ERRANDS_WAITING_MAX; i++) {
        assert_int_equal(run(&more, "exit 0", PLENTY_MS, false), 0);
    }
    assert_int_equal(run(&more, "exit 0", PLENTY_MS, false), -EBUSY);
    (void)uv_run(&s.loop, UV_RUN_DEFAULT);
    assert_string_equal(s.order, "lmmmmmmmq");
    assert_int_equal(more.n, BW_ERRANDS_WAITING_MAX - 1);
    end(&s);
}

static void test_an_end_tells_everybody_once(void **state)
{
    struct scene s;
    struct seen runs = {.s = &s, .name = 'r'};
    struct seen waits = {.s = &s, .name = 'w'};

    (void)state;
    begin(&s);
    assert_int_equal(run(&runs, "sleep 600", PLENTY_MS, false), 0);
    assert_int_equal(run(&waits, "exit 0", PLENTY_MS, false), 0);
    while (!s.is_busy) {
        (void)uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    end(&s);
    assert_int_equal(runs.n, 1);
    assert_int_equal(waits.n, 1);
    assert_true(runs.status < 0 && waits.status < 0);
    assert_string_equal(waits.said, "the collector is stopping");
}

static void test_no_program_is_told(void **state)
{
    const struct bw_errands_opts opts = {.program = "/nowhere/bandwitness"};
    struct scene s;
    struct seen x = {.s = &s, .name = 'a'};
    struct bw_errands *sh;

    (void)state;
    begin(&s);
    sh = s.e;
    assert_int_equal(bw_errands_new(&s.loop, &opts, &s.e), 0);
    assert_int_equal(run(&x, "exit 0", PLENTY_MS, false), 0);
    (void)uv_run(&s.loop, UV_RUN_DEFAULT);
    assert_int_equal(x.status, 127);
    assert_non_null(strstr(x.said, "/nowhere/bandwitness: "));
    bw_errands_close(s.e, NULL, NULL);
    s.e = sh;
    end(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_and_last_words),
        cmocka_unit_test(test_what_takes_too_long_ends_with_all_it_started),
        cmocka_unit_test(test_quiet_ones_wait_and_queues_are_bounded),
        cmocka_unit_test(test_an_end_tells_everybody_once),
        cmocka_unit_test(test_no_program_is_told),
    };

    if (argc > 1 && strcmp(argv[1], "--errand") == 0) {
        return bw_errand_child_main(argc - 2, argv + 2);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

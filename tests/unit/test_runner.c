/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_runner.c - whatever the child of a throughput run does, its end is told once, with
 * one final sample for each direction. This program plays the children itself: it is
 * started again as `test_runner --run-child`, and the name of the job says what to do. */
#include "bw_test.h"

#include "buf.h"
#include "child.h"
#include "host.h"
#include "job.h"
#include "runner.h"

#include <bw/err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

struct outcome {
    int n_end;
    int status;
    char reason[256];
    int n_final[BW_DIRECTIONS];
    int n_samples;
    struct bw_run_sample last[BW_DIRECTIONS];
    char last_reason[BW_DIRECTIONS][256];
    struct bw_runner *runner;
    int cancel_at_sample; /* 0: never */
};

static void on_sample(void *owner, const struct bw_run_sample *s)
{
    struct outcome *o = owner;
    assert_int_equal(o->n_end, 0);
    assert_true(s->direction < BW_DIRECTIONS);
    o->n_samples++;
    o->n_final[s->direction] += s->final;
    o->last[s->direction] = *s;
    (void)snprintf(o->last_reason[s->direction], sizeof(o->last_reason[0]), "%s",
                   s->reason ? s->reason : "");
    if (o->cancel_at_sample == o->n_samples) {
        bw_runner_cancel(o->runner);
        bw_runner_cancel(o->runner); /* idempotent */
    }
}

static void on_end(void *owner, int status, const char *reason)
{
    struct outcome *o = owner;
    o->n_end++;
    o->status = status;
    (void)snprintf(o->reason, sizeof(o->reason), "%s", reason ? reason : "");
}

/* Run a job by the name of what its child plays. */
static struct outcome
play(const char *name, const char *direction, uint32_t hard_ms, int cancel)
{
    static const struct bw_runner_callbacks callbacks = {.sample = on_sample,
                                                         .end = on_end};
    const struct bw_target target = {.name = "t", .address = "http://127.0.0.1:9/"};
    const struct bw_opts_head head = {
        .name = name, .circuit = "wan", .targets = &target, .n_targets = 1};
    const char *pairs[] = {direction, "connect_timeout=1s"};
    struct outcome o = {.cancel_at_sample = cancel};
    struct bw_runner_job job = {.ops = bw_probe_find("http"), .hard_ms = hard_ms};
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(bw_opts_from_pairs(job.ops->opts, &head, pairs, 2, &opts, &err), 0);
    job.opts = opts;
    if (bw_runner_start(&loop, &job, &callbacks, &o, &o.runner, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(o.n_end, 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    bw_opts_free(opts);
    assert_int_equal(o.n_end, 1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    assert_int_equal(errno, ECHILD);
    return o;
}

static void expect_failed(const struct outcome *o, int status, const char *words)
{
    assert_int_equal(o->status, status);
    if (!strstr(o->reason, words)) {
        fail_msg("'%s' has no '%s'", o->reason, words);
    }
    assert_int_equal(o->n_final[BW_DOWN], 1);
    assert_int_equal(o->n_final[BW_UP], 1);
    assert_int_equal(o->last[BW_DOWN].bytes, BW_UNKNOWN);
}

static void in_order(void **state)
{
    struct outcome o = play("good", "direction=both", 0, 0);
    (void)state;
    assert_int_equal(o.status, 0);
    assert_string_equal(o.reason, "");
    assert_int_equal(o.n_final[BW_DOWN], 1);
    assert_int_equal(o.n_final[BW_UP], 1);
    assert_int_equal(o.last[BW_DOWN].state, BW_OK);
    assert_int_equal(o.last[BW_DOWN].bytes, 123456789);
    assert_int_equal(o.last[BW_DOWN].rtt_us, BW_UNKNOWN);
    assert_string_equal(o.last[BW_UP].cc, "bbr");
    assert_int_equal(o.last[BW_UP].streams, 8);
}

static void killed(void **state)
{
    struct outcome o = play("kill", "direction=both", 0, 0);
    (void)state;
    expect_failed(&o, -EPIPE, "signal 9");
    assert_int_equal(o.last[BW_UP].state, BW_FAILED);
    assert_non_null(strstr(o.last_reason[BW_UP], "signal 9"));
}

static void hung(void **state)
{
    struct outcome o = play("hang", "direction=both", 300, 0);
    (void)state;
    expect_failed(&o, -ETIMEDOUT, "in time");
}

static void hung_and_deaf(void **state)
{
    struct outcome o = play("deaf", "direction=both", 20000, 1); /* ignores SIGTERM */
    (void)state;
    assert_int_equal(o.status, -ECANCELED);
    assert_int_equal(o.last[BW_UP].state, BW_SKIPPED);
}

static void garbage(void **state)
{
    struct outcome o = play("garbage", "direction=both", 0, 0);
    (void)state;
    expect_failed(&o, -EBADMSG, "no result");
}

static void endless_line(void **state)
{
    struct outcome o = play("endless", "direction=both", 0, 0);
    (void)state;
    expect_failed(&o, -EBADMSG, "does not end");
}

static void exits_without_a_word(void **state)
{
    struct outcome o = play("exit", "direction=both", 0, 0);
    (void)state;
    expect_failed(&o, -EPIPE, "status 3");
}

static void result_twice(void **state)
{
    struct outcome o = play("twice", "direction=down", 0, 0);
    (void)state;
    assert_int_equal(o.status, -EBADMSG);
    assert_int_equal(o.n_final[BW_DOWN], 1);
}

static void result_of_another_direction(void **state)
{
    struct outcome o = play("good", "direction=down", 0, 0);
    (void)state;
    assert_int_equal(o.status, -EBADMSG);
    assert_int_equal(o.n_final[BW_DOWN], 1);
    assert_int_equal(o.n_final[BW_UP], 0);
}

static void result_missing(void **state)
{
    struct outcome o = play("silent", "direction=down", 0, 0);
    (void)state;
    assert_int_equal(o.status, 0); /* it did end in order */
    assert_int_equal(o.n_final[BW_DOWN], 1);
    assert_int_equal(o.last[BW_DOWN].state, BW_FAILED);
}

/* The real child, against a port where nobody listens. */
static void refused(void **state)
{
    struct outcome o = play("real", "direction=both", 0, 0);
    (void)state;
    assert_int_equal(o.status, 0);
    assert_int_equal(o.n_final[BW_DOWN], 1);
    assert_int_equal(o.n_final[BW_UP], 1);
    assert_int_equal(o.last[BW_DOWN].state, BW_FAILED);
    assert_int_equal(o.last[BW_DOWN].error, -ECONNREFUSED);
}

static void no_rights_in_the_child(void **state)
{
    struct outcome o = play("rights", "direction=down", 0, 0);
    (void)state;
    assert_int_equal(o.status, 0);
    assert_string_equal(o.last_reason[BW_DOWN], "none");
}

static void no_such_program(void **state)
{
    static const struct bw_runner_callbacks callbacks = {.sample = on_sample,
                                                         .end = on_end};
    const struct bw_target target = {.name = "t", .address = "http://127.0.0.1:9/"};
    const struct bw_opts_head head = {.targets = &target, .n_targets = 1};
    struct bw_runner_job job = {.ops = bw_probe_find("http"), .program = "/nonexistent"};
    struct outcome o = {.n_end = 0};
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    uv_loop_t loop;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(bw_opts_from_pairs(job.ops->opts, &head, NULL, 0, &opts, &err), 0);
    job.opts = opts;
    assert_int_equal(bw_runner_start(&loop, &job, &callbacks, &o, &o.runner, &err),
                     -ENOENT);
    assert_non_null(strstr(err.text, "cannot be started"));
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(o.n_end, 0); /* the starter told already */
    bw_opts_free(opts);
}

static void lines_round_trip(void **state)
{
    struct bw_run_sample s;
    struct bw_child_line line;
    struct bw_buf out;
    struct bw_err err = {""};
    static const char *const bad[] = {"",
                                      "{}",
                                      "[]",
                                      "{\"done\":1}",
                                      "{\"done\":\"x\"}",
                                      "{\"sample\":{}}",
                                      "{\"sample\":3}",
                                      "nonsense",
                                      "{\"sample\":{\"direction\":2}}"};
    (void)state;
    bw_run_sample_init(&s);
    s.direction = BW_UP;
    s.final = 1;
    s.state = BW_OK;
    s.method = "http/1";
    s.t0_mono_ns = 1;
    s.t1_mono_ns = INT64_MAX;
    s.bytes = INT64_MAX;
    bw_buf_init(&out, BW_CHILD_LINE_MAX);
    assert_int_equal(bw_child_sample_encode(&s, &out), 0);
    assert_int_equal(bw_child_line_decode(out.data, out.len, &line, &err), 0);
    assert_int_equal(line.what, BW_CHILD_SAMPLE);
    assert_int_equal(line.sample.bytes, INT64_MAX);
    assert_int_equal(line.sample.t1_mono_ns, INT64_MAX);
    assert_int_equal(line.sample.mtu, BW_UNKNOWN);
    assert_null(line.sample.reason);
    assert_string_equal(line.sample.method, "http/1");
    bw_buf_clear(&out);
    assert_int_equal(bw_child_done_encode(-ETIMEDOUT, &out), 0);
    assert_int_equal(bw_child_line_decode(out.data, out.len, &line, &err), 0);
    assert_int_equal(line.what, BW_CHILD_DONE);
    assert_int_equal(line.status, -ETIMEDOUT);
    bw_buf_done(&out);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_child_line_decode(bad[i], strlen(bad[i]), &line, &err),
                         -EBADMSG);
    }
}

/* What a child wrote of `reason`, read again; with `raw` a line of another writer. */
static void reads_reason(const char *reason, bool raw, const char *expected)
{
    struct bw_run_sample s;
    struct bw_child_line line;
    struct bw_buf out;
    struct bw_err err = {""};
    bw_run_sample_failed(&s, BW_UP, -EBUSY, reason);
    s.t0_mono_ns = 1;
    s.t1_mono_ns = 2;
    s.flags[0] = "server-busy";
    bw_buf_init(&out, BW_CHILD_LINE_MAX);
    if (raw) {
        bw_buf_printf(&out,
                      "{\"sample\":{\"direction\":1,\"family\":4,\"final\":1,\"state\":%d,"
                      "\"error\":-16,\"reason\":\"%s\",\"t0_mono_ns\":1,"
                      "\"t1_mono_ns\":2,\"grade\":0,\"egress\":0,"
                      "\"flags\":[\"server-busy\"]}}",
                      BW_FAILED, reason);
    } else {
        assert_int_equal(bw_child_sample_encode(&s, &out), 0);
    }
    if (bw_child_line_decode(out.data, out.len, &line, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(line.sample.state, BW_FAILED);
    assert_int_equal(line.sample.error, -EBUSY);
    assert_string_equal(line.sample.reason, expected);
    assert_string_equal(line.sample.flags[0], "server-busy");
    bw_buf_done(&out);
}

static void fill(char *text, size_t cap, const char *with)
{
    size_t n = strlen(with);
    for (size_t i = 0; i + 1 < cap; i++) {
        text[i] = with[i % n];
    }
    text[cap - 1] = '\0';
}

static void long_reasons_end_early(void **state)
{
    char two[2 * 300 + 1];
    char cut[2 * 127 + 1];
    char none[256]; /* no UTF-8 */
    char shown[3 * 85 + 1];
    (void)state;
    fill(two, sizeof(two), "\xc3\xa9");
    fill(cut, sizeof(cut), "\xc3\xa9");
    fill(none, sizeof(none), "\xc3");
    fill(shown, sizeof(shown), "\xef\xbf\xbd");
    reads_reason(two, false, cut);
    reads_reason(two, true, cut);
    reads_reason(none, false, shown);
    reads_reason("a reason", false, "a reason");
}

/* The children ----------------------------------------------------------------- */

static void say(const struct bw_run_sample *s)
{
    struct bw_buf out;
    bw_buf_init(&out, BW_CHILD_LINE_MAX);
    (void)bw_child_sample_encode(s, &out);
    (void)printf("%s\n", out.data);
    (void)fflush(stdout);
    bw_buf_done(&out);
}

static void say_result(enum bw_direction d, int final)
{
    struct bw_run_sample s;
    bw_run_sample_init(&s);
    s.direction = (uint8_t)d;
    s.final = final != 0;
    s.state = BW_OK;
    s.bytes = 123456789;
    s.streams = 8;
    (void)snprintf(s.cc, sizeof(s.cc), "bbr");
    say(&s);
}

/* What is left of rights after bw_child_main() dropped them: asked of a job that failed
 * to start, since nothing of it can be run. */
static void say_rights(void)
{
    struct bw_run_sample s;
    struct rlimit core;
    char text[512] = "";
    FILE *f = fopen("/proc/self/status", "re");
    bool none = f != NULL;
    while (f && fgets(text, sizeof(text), f)) {
        if (strncmp(text, "CapEff:", 7) == 0 || strncmp(text, "CapPrm:", 7) == 0) {
            none = none && strtoull(text + 7, NULL, 16) == 0;
        }
        if (strncmp(text, "NoNewPrivs:", 11) == 0) {
            none = none && strtol(text + 11, NULL, 10) == 1;
        }
    }
    if (f) {
        (void)fclose(f);
    }
    none =
        none && getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && geteuid() != 0;
    bw_run_sample_init(&s);
    s.final = 1;
    s.state = BW_OK;
    s.reason = none ? "none" : "some";
    say(&s);
}

static int child(void)
{
    char job[BW_CHILD_JOB_MAX + 1];
    ssize_t n = read(STDIN_FILENO, job, BW_CHILD_JOB_MAX);
    job[n > 0 ? n : 0] = '\0';
    if (strstr(job, "\"name\":\"kill\"")) {
        say_result(BW_DOWN, 0);
        (void)raise(SIGKILL);
    } else if (strstr(job, "\"name\":\"hang\"")) {
        (void)pause();
    } else if (strstr(job, "\"name\":\"deaf\"")) {
        (void)sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
        say_result(BW_DOWN, 0);
        (void)pause();
    } else if (strstr(job, "\"name\":\"garbage\"")) {
        (void)printf("{\"sample\":42}\n");
    } else if (strstr(job, "\"name\":\"endless\"")) {
        for (int i = 0; i < 100000; i++) {
            (void)putchar('x');
        }
    } else if (strstr(job, "\"name\":\"exit\"")) {
        return 3;
    } else if (strstr(job, "\"name\":\"good\"")) {
        say_result(BW_DOWN, 0);
        say_result(BW_DOWN, 1);
        say_result(BW_UP, 1);
    } else if (strstr(job, "\"name\":\"twice\"")) {
        say_result(BW_DOWN, 1);
        say_result(BW_DOWN, 1);
    } else if (strstr(job, "\"name\":\"rights\"")) {
        if (bw_child_drop_rights() == 0) {
            say_rights();
        }
    }
    (void)printf("{\"done\":0}\n");
    return 0;
}

/* The real child must find its job unread; so whether it is meant is in the environment. */
static int setup_real(void **state)
{
    (void)state;
    return setenv("BW_TEST_REAL_CHILD", "1", 1);
}

static int teardown_real(void **state)
{
    (void)state;
    return unsetenv("BW_TEST_REAL_CHILD");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(killed),
        cmocka_unit_test(hung),
        cmocka_unit_test(hung_and_deaf),
        cmocka_unit_test(garbage),
        cmocka_unit_test(endless_line),
        cmocka_unit_test(exits_without_a_word),
        cmocka_unit_test(result_twice),
        cmocka_unit_test(result_of_another_direction),
        cmocka_unit_test(result_missing),
        cmocka_unit_test_setup_teardown(refused, setup_real, teardown_real),
        cmocka_unit_test(no_rights_in_the_child),
        cmocka_unit_test(no_such_program),
        cmocka_unit_test(lines_round_trip),
        cmocka_unit_test(long_reasons_end_early),
    };
    if (argc > 1 && strcmp(argv[1], "--run-child") == 0) {
        return getenv("BW_TEST_REAL_CHILD") ? bw_child_main() : child();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

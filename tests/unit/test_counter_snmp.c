/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_counter_snmp.c - keeping the reader of an edge device running: what it says is
 * heard, what is no line ends it, and it is started again. The program is a script here;
 * the real one is tried against a real agent elsewhere. */
#include "bw_test.h"

#include "counter_snmp.h"

#include <bw/err.h>
#include <file.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

static char path[64];

struct scene {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct bw_snmp_meter *m;
    struct bw_snmp_reading readings[8];
    size_t n_readings;
    struct bw_snmp_status statuses[8];
    size_t n_statuses;
    size_t want_readings;
    size_t want_statuses;
    bool late;
    bool closed;
};

static void on_closed(void *owner)
{
    struct scene *s = owner;
    s->closed = true;
    if (!uv_is_closing((uv_handle_t *)&s->deadline)) {
        uv_close((uv_handle_t *)&s->deadline, NULL);
    }
}

static void maybe_enough(struct scene *s)
{
    if (s->m && s->n_readings >= s->want_readings && s->n_statuses >= s->want_statuses) {
        bw_snmp_meter_close(s->m, on_closed, s);
        s->m = NULL;
    }
}

static void on_reading(void *owner, const struct bw_snmp_reading *r)
{
    struct scene *s = owner;
    s->readings[s->n_readings++ % 8] = *r;
    maybe_enough(s);
}

static void on_status(void *owner, const struct bw_snmp_status *st)
{
    struct scene *s = owner;
    s->statuses[s->n_statuses++ % 8] = *st;
    maybe_enough(s);
}

static void on_deadline(uv_timer_t *t)
{
    struct scene *s = t->data;
    s->late = true;
    if (s->m) {
        bw_snmp_meter_close(s->m, on_closed, s);
        s->m = NULL;
    }
}

static void play(struct scene *s, const char *script, size_t readings, size_t statuses)
{
    static const struct bw_snmp_meter_callbacks callbacks = {.reading = on_reading,
                                                             .status = on_status};
    struct bw_snmp_job job = {.port = 161, .every_ms = 1000};
    struct bw_err err = {""};
    (void)memset(s, 0, sizeof(*s));
    s->want_readings = readings;
    s->want_statuses = statuses;
    if (script) {
        assert_int_equal(bw_file_write(path, script, strlen(script), 0755, &err), 0);
        assert_int_equal(chmod(path, 0755), 0);
    } else {
        (void)unlink(path);
    }
    (void)snprintf(job.address, sizeof(job.address), "192.0.2.1");
    (void)snprintf(job.name, sizeof(job.name), "alder0");
    assert_int_equal(uv_loop_init(&s->loop), 0);
    (void)uv_timer_init(&s->loop, &s->deadline);
    s->deadline.data = s;
    (void)uv_timer_start(&s->deadline, on_deadline, 20000, 0);
    assert_int_equal(bw_snmp_meter_new(&s->loop, path, &job, &callbacks, s, &s->m, &err),
                     0);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_true(s->closed);
    assert_false(s->late);
    assert_int_equal(uv_loop_close(&s->loop), 0);
}

static void what_it_says_is_heard(void **state)
{
    struct scene s;
    (void)state;
    /* It answers only where the job came whole. */
    play(&s,
         "#!/bin/sh\n"
         "read job\n"
         "case $job in *'\"name\":\"alder0\"'*) ;; *) exit 3 ;; esac\n"
         "echo '{\"status\":{\"state\":\"counting\",\"text\":\"\",\"bits\":64}}'\n"
         "echo '{\"port\":{\"mono_ns\":1,\"up\":true}}'\n"
         "echo '{\"reading\":{\"mono_ns\":5,\"slack_ns\":1,\"epoch\":2,\"in_bytes\":7,"
         "\"out_bytes\":8}}'\n"
         "read more\n",
         1, 1);
    assert_int_equal(s.statuses[0].state, BW_SNMP_COUNTING);
    assert_int_equal(s.statuses[0].bits, 64);
    assert_int_equal(s.readings[0].in_bytes, 7);
    assert_int_equal(s.readings[0].epoch, (INT64_C(1) << 32) + 2);
}

static void one_that_ends_is_started_again(void **state)
{
    struct scene s;
    (void)state;
    play(&s,
         "#!/bin/sh\n"
         "read job\n"
         "echo '{\"reading\":{\"mono_ns\":5,\"slack_ns\":1,\"epoch\":2,\"in_bytes\":7,"
         "\"out_bytes\":8}}'\n"
         "exit 7\n",
         2, 1);
    assert_int_equal(s.statuses[0].state, BW_SNMP_NOT_RUNNING);
    assert_non_null(strstr(s.statuses[0].text, "status 7"));
    /* Its counts cannot be subtracted from those of the one before. */
    assert_int_equal(s.readings[1].epoch, (INT64_C(2) << 32) + 2);
}

static void its_own_fault_is_the_last_word(void **state)
{
    struct scene s;
    (void)state;
    play(&s,
         "#!/bin/sh\n"
         "read job\n"
         "echo '{\"status\":{\"state\":\"not-running\",\"text\":\"no such secret\"}}'\n"
         "exit 1\n",
         0, 2);
    assert_string_equal(s.statuses[0].text, "no such secret");
    assert_string_equal(s.statuses[1].text, "no such secret"); /* of the second child */
}

static void what_is_no_line_ends_it(void **state)
{
    struct scene s;
    (void)state;
    play(&s,
         "#!/bin/sh\n"
         "read job\n"
         "echo '{\"reading\":{\"mono_ns\":5}}'\n"
         "echo '{\"status\":{\"state\":\"counting\",\"text\":\"\"}}'\n"
         "read more\n",
         0, 1);
    assert_int_equal(s.statuses[0].state, BW_SNMP_NOT_RUNNING);
    assert_non_null(strstr(s.statuses[0].text, "slack_ns"));
    play(&s, "#!/bin/sh\nread job\nyes x | tr -d '\\n'\n", 0, 1);
    assert_non_null(strstr(s.statuses[0].text, "does not end"));
}

static void none_to_start(void **state)
{
    struct scene s;
    (void)state;
    play(&s, NULL, 0, 2);
    assert_int_equal(s.statuses[1].state, BW_SNMP_NOT_RUNNING);
    assert_non_null(strstr(s.statuses[1].text, "install the package"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says_is_heard),
        cmocka_unit_test(one_that_ends_is_started_again),
        cmocka_unit_test(its_own_fault_is_the_last_word),
        cmocka_unit_test(what_is_no_line_ends_it),
        cmocka_unit_test(none_to_start),
    };
    int r;
    (void)snprintf(path, sizeof(path), "/tmp/bw-snmp-meter-%ld", (long)getpid());
    r = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return r;
}
